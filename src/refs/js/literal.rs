//! String and template literals of JavaScript: what they say, and where each byte of it stands.

use std::ops::Range;

use crate::refs::excerpt::Excerpt;

/// What the string or template literal that fills `range` says, or `None` where something else stands there: any
/// other expression, or a template with expressions in it.
///
/// A surrogate without its other half becomes U+FFFD, for a Rust string cannot hold it.
pub(super) fn value(text: &Excerpt<'_>, range: Range<usize>) -> Option<Excerpt<'static>> {
    let source = text.text().get(range.clone())?;
    let quote = source.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))?;
    let inside = source.get(1..)?.strip_suffix(quote)?;
    let start = range.start + 1;
    if memchr::memchr3(b'\\', quote as u8, b'$', inside.as_bytes()).is_none() && !inside.contains('\r') {
        return Some(text.part(start..start + inside.len()));
    }
    let mut unescaped = Unescaped::default();
    let mut rest = inside;
    while let Some(first) = rest.chars().next() {
        let at = start + inside.len() - rest.len();
        if first == quote || (quote == '`' && rest.starts_with("${")) {
            return None;
        }
        let (meaning, length) = match first {
            '\\' => escape(rest)?,
            '\r' => (Meaning::Char('\n'), if rest.starts_with("\r\n") { 2 } else { 1 }),
            other => (Meaning::Char(other), other.len_utf8()),
        };
        unescaped.push(meaning, at);
        rest = &rest[length..];
    }
    unescaped.settle();
    unescaped.places.push(start + inside.len());
    Some(text.meaning(unescaped.text, unescaped.places))
}

/// What one escape stands for.
enum Meaning {
    /// A line break that was escaped.
    Nothing,
    Char(char),
    /// A UTF-16 surrogate, whose other half may follow.
    Surrogate(u16),
}

/// The meaning of the escape that `rest` begins with, and how many bytes it takes.
///
/// <https://tc39.es/ecma262/#prod-EscapeSequence>, and for `\141` <https://tc39.es/ecma262/#prod-LegacyOctalEscapeSequence>.
fn escape(rest: &str) -> Option<(Meaning, usize)> {
    let letter = rest[1..].chars().next()?;
    let end = 1 + letter.len_utf8();
    let simple = |meaning| Some((Meaning::Char(meaning), end));
    match letter {
        'n' => simple('\n'),
        't' => simple('\t'),
        'r' => simple('\r'),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        'v' => simple('\u{b}'),
        '\r' if rest[end..].starts_with('\n') => Some((Meaning::Nothing, end + 1)),
        '\r' | '\n' | '\u{2028}' | '\u{2029}' => Some((Meaning::Nothing, end)),
        'x' => Some((unit(rest.get(end..end + 2)?)?, end + 2)),
        'u' if rest[end..].starts_with('{') => {
            let close = end + rest[end..].find('}')?;
            Some((unit(&rest[end + 1..close])?, close + 1))
        }
        'u' => Some((unit(rest.get(end..end + 4)?)?, end + 4)),
        '0'..='7' => {
            let longest = if letter <= '3' { 3 } else { 2 };
            let digits = rest[1..].bytes().take(longest).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            let value = u32::from_str_radix(&rest[1..=digits], 8).ok()?;
            Some((Meaning::Char(char::from_u32(value)?), 1 + digits))
        }
        other => simple(other),
    }
}

/// The code point or surrogate that hexadecimal digits name.
fn unit(digits: &str) -> Option<Meaning> {
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(digits, 16).ok()?;
    match char::from_u32(value) {
        Some(found) => Some(Meaning::Char(found)),
        None => u16::try_from(value).ok().map(Meaning::Surrogate),
    }
}

/// Text that is being put together, with the place of each of its bytes.
#[derive(Default)]
struct Unescaped {
    text: String,
    places: Vec<usize>,
    /// The first half of a pair of surrogates, and its place.
    half: Option<(u16, usize)>,
}

impl Unescaped {
    fn push(&mut self, meaning: Meaning, place: usize) {
        match meaning {
            Meaning::Nothing => {}
            Meaning::Char(found) => {
                self.settle();
                self.put(found, place);
            }
            Meaning::Surrogate(unit) => match self.half.take() {
                Some((high, first)) if (0xDC00..0xE000).contains(&unit) => {
                    let pair = char::decode_utf16([high, unit]).next();
                    self.put(pair.and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER), first);
                }
                before => {
                    self.half = before;
                    self.settle();
                    self.half = Some((unit, place));
                }
            },
        }
    }

    /// Puts a surrogate that stayed alone.
    fn settle(&mut self) {
        if let Some((_, place)) = self.half.take() {
            self.put(char::REPLACEMENT_CHARACTER, place);
        }
    }

    fn put(&mut self, found: char, place: usize) {
        self.text.push(found);
        self.places.resize(self.text.len(), place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(literal: &str) -> Option<String> {
        value(&Excerpt::verbatim(literal, 0), 0..literal.len()).map(|value| value.text().to_owned())
    }

    #[test]
    fn escapes_mean_what_the_language_says() {
        for (literal, expected) in [
            (r#""./a.js""#, "./a.js"),
            (r"'it\'s'", "it's"),
            (r#""\u0063\x63\u{63}\143\0""#, "cccc\0"),
            (r#""\n\t\q\\""#, "\n\tq\\"),
            ("\"a\\\nb\\\r\nc\\\u{2028}d\"", "abcd"),
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\ud83dx\ude00""#, "\u{fffd}x\u{fffd}"),
            (r#""\ud83d\ud83d\ude00\ud83d""#, "\u{fffd}😀\u{fffd}"),
            ("`a\r\nb$c`", "a\nb$c"),
            (r"`\${a}`", "${a}"),
            ("\"${a}\"", "${a}"),
            (r#""\777\477""#, "?7'7"),
        ] {
            assert_eq!(meaning(literal).as_deref(), Some(expected), "{literal}");
        }
    }

    #[test]
    fn what_is_not_one_whole_literal_says_nothing() {
        for literal in
            ["", "\"", "a", "\"a\"+\"b\"", "`${a}`", "'a'.b", "\"\\\"", "(\"a\")", "\"\\u{110000}\"", "\"\\xé\""]
        {
            assert_eq!(meaning(literal), None, "{literal}");
        }
    }

    #[test]
    fn each_byte_stands_where_its_escape_begins() {
        let source = r#"  "\u0061é\x62\ud83d\ude00.js""#;
        let value = value(&Excerpt::verbatim(source, 100), 2..source.len()).expect("it is a literal");
        assert_eq!(value.text(), "aéb😀.js");
        let places: Vec<_> = (0..=value.text().len()).map(|index| value.place(index)).collect();
        assert_eq!(places, [103, 109, 109, 111, 115, 115, 115, 115, 127, 128, 129, 130]);
    }
}
