//! Moments and spans, to the second, as the store's clock gives them.
//!
//! Nothing here reads a clock: that is the business of `clock.rs`.

use std::fmt;
use std::time::Duration;

/// A moment, in whole seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `seconds` after the Unix epoch.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, e.g. `2026-11-22T04:00:00Z`.
    pub fn parse(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.parse().ok()?;
        Some(Self(moment.as_second()))
    }

    /// Reads the form of the HTTP `Date` and `Last-Modified` headers (RFC 9110, section 5.6.7).
    pub fn parse_http(text: &str) -> Option<Self> {
        let moment = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Self(moment.timestamp().as_second()))
    }

    /// How long before `later` this was; zero when it was not before.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_secs(later.0.saturating_sub(self.0).max(0).unsigned_abs())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(moment) => write!(f, "{moment}"),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

/// Reads a span such as `90s`, `15m`, `12h`, `7d` or `2w`; nothing else, so that `m` is never taken for months.
pub fn parse_span(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        "w" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    Some(Duration::from_secs(count.parse::<u64>().ok()?.checked_mul(seconds)?))
}

/// Writes a span in the largest unit that divides it: the inverse of [`parse_span`].
pub fn format_span(span: Duration) -> String {
    let seconds = span.as_secs();
    for (unit, length) in [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds != 0 && seconds.is_multiple_of(length) {
            return format!("{}{unit}", seconds / length);
        }
    }
    format!("{seconds}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_back_as_written() {
        for text in ["0s", "90s", "15m", "12h", "6d", "2w"] {
            assert_eq!(format_span(parse_span(text).expect(text)), text);
        }
        for text in ["", "7", "d", "7 d", "7mo", "-1d", "1.5h", "99999999999999999999d"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn moments_read_from_both_forms() {
        let moment = Timestamp::from_unix(1_795_320_000);
        assert_eq!(moment.to_string(), "2026-11-22T04:00:00Z");
        assert_eq!(Timestamp::parse("2026-11-22T04:00:00Z"), Some(moment));
        assert_eq!(Timestamp::parse_http("Sun, 22 Nov 2026 04:00:00 GMT"), Some(moment));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
