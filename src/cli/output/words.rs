//! Numbers, sizes, causes and foreign text as people read them.

use std::borrow::Cow;
use std::time::Duration;

use crate::error::Error;

/// A number with its thousands set apart.
pub(crate) fn number(value: impl TryInto<u64>) -> String {
    let digits = value.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 request`, `2,000 requests`.
pub(crate) fn several(value: impl TryInto<u64>, thing: &str) -> String {
    let count = number(value);
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// A number of bytes, in units of a thousand.
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KB", "MB", "GB", "TB"] {
        // What would be shown as a thousand belongs to the next unit.
        if value < 999.5 {
            return if unit == "B" || value >= 9.95 {
                format!("{value:.0} {unit}")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1000.0;
    }
    format!("{value:.0} PB")
}

/// A span of time as it is felt.
pub(crate) fn seconds(span: Duration) -> String {
    match span.as_secs() {
        0 if span.as_millis() < 100 => format!("{} ms", span.as_millis()),
        0..60 => format!("{:.1} s", span.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Text of others without what could move a terminal's cursor or change its colours.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
    } else {
        Cow::Borrowed(text)
    }
}

/// The first `most` characters, with a mark where some are missing.
pub(crate) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
        None => Cow::Borrowed(text),
    }
}

/// The texts of what lies behind an error, without those that only repeat the one before.
pub(crate) fn causes(error: &Error) -> Vec<String> {
    let mut told = vec![error.to_string()];
    for cause in error.causes().map(ToString::to_string) {
        if told.last().is_some_and(|last| !last.ends_with(&cause)) {
            told.push(cause);
        }
    }
    told.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes() {
        for (value, text) in [(0_u64, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(value), text);
        }
        assert_eq!((several(1_usize, "file"), several(0_usize, "file")), ("1 file".to_owned(), "0 files".to_owned()));
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KB"),
            (9_940, "9.9 KB"),
            (9_960, "10 KB"),
            (340_400, "340 KB"),
            (999_600, "1.0 MB"),
            (12_000_000_000, "12 GB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
        assert_eq!(seconds(Duration::from_millis(37)), "37 ms");
        assert_eq!(seconds(Duration::from_millis(1240)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 5 s");
    }

    #[test]
    fn foreign_text_cannot_steer_a_terminal() {
        assert_eq!(plain("naïve ⊗"), "naïve ⊗");
        assert_eq!(plain("a\u{1b}[31mb\nc"), "a\u{fffd}[31mb\u{fffd}c");
        assert_eq!((shortened("abc", 3), shortened("abcd", 3)), ("abc".into(), "ab…".into()));
    }
}
