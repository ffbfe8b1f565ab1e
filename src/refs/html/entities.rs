//! Character references undone: `a&amp;b` means `a&b`.
//!
//! The rules are those for attributes everywhere, though in text a named reference without its semicolon would also
//! count before a letter: only text of an SVG is read through this, and style sheets and scripts hold none of those.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::refs::excerpt::Excerpt;

/// Every named reference of the standard, from `&` on, with its semicolon where it takes one.
static NAMED: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| entities::ENTITIES.iter().map(|entity| (entity.entity, entity.characters)).collect());

/// Text together with the index, in the text it came of, of each of its bytes.
#[derive(Default)]
pub(super) struct Decoded {
    text: String,
    places: Vec<usize>,
}

impl Decoded {
    /// Adds text that stands for itself and begins at the index `start`.
    pub(super) fn push_verbatim(&mut self, text: &str, start: usize) {
        self.text.push_str(text);
        self.places.extend(start..start + text.len());
    }

    /// Adds text that begins at the index `start`, its character references undone.
    pub(super) fn push(&mut self, text: &str, start: usize) {
        let mut at = 0;
        for (ampersand, _) in text.match_indices('&') {
            // One ampersand of `&&amp;` begins no reference; none lies within a reference.
            let Some((meaning, length)) = character_reference(&text[ampersand..]) else { continue };
            self.push_verbatim(&text[at..ampersand], start + at);
            self.text.push_str(&meaning);
            self.places.resize(self.text.len(), start + ampersand);
            at = ampersand + length;
        }
        self.push_verbatim(&text[at..], start + at);
    }

    /// What was added, as the meaning of a part of `source` that ends at the index `end`.
    pub(super) fn finish(mut self, source: &Excerpt<'_>, end: usize) -> Excerpt<'static> {
        self.places.push(end);
        source.meaning(self.text, self.places)
    }
}

/// Returns an attribute's value with its character references undone.
pub(super) fn decode(value: Excerpt<'static>) -> Excerpt<'static> {
    if !value.text().contains('&') {
        return value;
    }
    let mut decoded = Decoded::default();
    decoded.push(value.text(), 0);
    decoded.finish(&value, value.text().len())
}

/// What the character reference at the beginning of `text` means, and its length.
/// <https://html.spec.whatwg.org/multipage/parsing.html#character-reference-state>
fn character_reference(text: &str) -> Option<(String, usize)> {
    let rest = &text[1..];
    let (digits, radix) = match rest.strip_prefix('#') {
        None => return named(text),
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => (hexadecimal, 16),
            None => (number, 10),
        },
    };
    let length = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    let number = digits[..length].bytes().fold(0_u32, |number, byte| {
        number.saturating_mul(radix).saturating_add(char::from(byte).to_digit(radix).unwrap_or_default())
    });
    let end = text.len() - digits.len() + length;
    let end = end + usize::from(text[end..].starts_with(';'));
    (length > 0).then(|| (numeric(number).to_string(), end))
}

fn named(text: &str) -> Option<(String, usize)> {
    let end = 1 + text[1..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    if text[end..].starts_with(';') {
        return NAMED.get(&text[..=end]).map(|meaning| ((*meaning).to_owned(), end + 1));
    }
    // `?a=b&copy=1`: an attribute's query is not to be taken for a reference.
    if text[end..].starts_with('=') {
        return None;
    }
    NAMED.get(&text[..end]).map(|meaning| ((*meaning).to_owned(), end))
}

/// The character of a number; those that are none have U+FFFD, those of 0x80 to 0x9F what windows-1252 has there.
/// <https://html.spec.whatwg.org/multipage/parsing.html#numeric-character-reference-end-state>
fn numeric(number: u32) -> char {
    const WINDOWS_1252: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match number {
        0 => char::REPLACEMENT_CHARACTER,
        0x80..=0x9f => WINDOWS_1252[(number - 0x80) as usize],
        _ => char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_undone_as_in_an_attribute() {
        for (raw, meaning) in [
            ("a&amp;b", "a&b"),
            ("&amp;amp;", "&amp;"),
            ("&AMP&quot;&lt;&gt;&apos;&nbsp;", "&\"<>'\u{a0}"),
            ("caf&eacute;.png", "café.png"),
            ("&sol;&period;&num;&colon;", "/.#:"),
            ("&acE;", "\u{223e}\u{333}"),
            ("?a&b", "?a&b"),
            ("?a=1&amp=2&copy=3&copy;4", "?a=1&amp=2&copy=3©4"),
            ("&copyx&copy x&copy", "&copyx© x©"),
            ("&notit;&nosuch;&;&", "&notit;&nosuch;&;&"),
            ("&&amp;&", "&&&"),
            ("&#97;&#x61;&#X61&#97b", "aaaab"),
            ("&#;&#x;&#xg&#", "&#;&#x;&#xg&#"),
            ("&#0;&#xD800;&#x110000;&#99999999999999;", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            ("&#x80;&#129;&#x9F;", "€\u{81}Ÿ"),
            ("&#10;&#xe9;é", "\né\u{e9}"),
        ] {
            assert_eq!(decode(Excerpt::verbatim(raw, 0).part(0..raw.len())).text(), meaning, "{raw}");
        }
    }

    #[test]
    fn each_byte_knows_the_reference_it_came_of() {
        let value = decode(Excerpt::verbatim("é&amp;x&eacute;&#x80;.", 5).part(0..23));
        assert_eq!(value.text(), "é&xé€.");
        let places: Vec<usize> = (0..=value.text().len()).map(|index| value.place(index)).collect();
        assert_eq!(places, [5, 6, 7, 12, 13, 13, 21, 21, 21, 27, 28]);
    }
}
