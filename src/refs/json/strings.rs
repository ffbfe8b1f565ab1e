//! The strings of a JSON text, each with its path and its place, in one pass.
//!
//! It checks the whole text against the grammar (RFC 8259), takes nothing that is not in it, and remembers nothing
//! but where it is.

use std::ops::Range;

use memchr::memchr2;

use crate::refs::excerpt::Excerpt;

/// How deep arrays and objects may lie within one another. No file that is read here comes near.
const DEEPEST: usize = 512;

/// Why a text is not JSON, or none that is read here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// The byte index where it shows.
    pub(super) index: usize,
    /// What would have to stand there.
    pub(super) expected: &'static str,
}

/// What a string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A member's name; the path ends with it.
    Key,
    /// A value.
    Value,
}

/// One step of a path that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'n> {
    /// The member of this name.
    Member(&'n str),
    /// Any member.
    Any,
    /// Any element of an array.
    Element,
}

/// Where a string stands in the structure.
pub(super) struct Path<'t> {
    text: &'t str,
    /// For each object the place of the key, without quotes; `None` for an array.
    keys: Vec<Option<Range<usize>>>,
}

impl Path<'_> {
    /// Whether it is the path of these steps.
    pub(super) fn is(&self, steps: &[Step<'_>]) -> bool {
        self.keys.len() == steps.len()
            && self.keys.iter().zip(steps).all(|(key, step)| match (key, step) {
                (Some(key), Step::Member(name)) => self.names(key, name),
                (Some(_), Step::Any) | (None, Step::Element) => true,
                _ => false,
            })
    }

    /// Whether a key, whose escapes are not undone, is a name; looks at no more of it than that decides.
    fn names(&self, key: &Range<usize>, name: &str) -> bool {
        let mut raw = &self.text[key.clone()];
        for expected in name.chars() {
            let Some(first) = raw.chars().next() else { return false };
            let (c, length) = if first == '\\' { escape(&raw[1..]) } else { (first, first.len_utf8()) };
            if c != expected {
                return false;
            }
            raw = &raw[length..];
        }
        raw.is_empty()
    }
}

/// Calls `visit` for each string of the JSON text that begins at the byte index `start` of `text`, with the place of
/// what stands between its quotes.
///
/// # Errors
/// The first place where the text is not JSON; what was visited before is then of no use.
pub(super) fn visit_strings(
    text: &str,
    start: usize,
    visit: &mut dyn FnMut(Role, &Path<'_>, Range<usize>),
) -> Result<(), Malformed> {
    let mut lexer = Lexer { text, at: start };
    let mut path = Path { text, keys: Vec::new() };
    loop {
        let opened = match lexer.next_byte() {
            Some(b'"') => {
                let value = lexer.string()?;
                visit(Role::Value, &path, value);
                None
            }
            Some(opening @ (b'{' | b'[')) => {
                lexer.at += 1;
                Some(opening)
            }
            _ => {
                lexer.scalar()?;
                None
            }
        };
        if opened.is_some() && path.keys.len() == DEEPEST {
            return Err(lexer.malformed("fewer levels"));
        }
        match opened {
            Some(b'{') if lexer.next_byte() == Some(b'}') => lexer.at += 1,
            Some(b'[') if lexer.next_byte() == Some(b']') => lexer.at += 1,
            Some(b'{') => {
                path.keys.push(None);
                lexer.key(&mut path, visit)?;
                continue;
            }
            Some(_) => {
                path.keys.push(None);
                continue;
            }
            None => {}
        }
        // Behind a value: closes what ends here, up to the next value.
        loop {
            let Some(innermost) = path.keys.last() else {
                return lexer.next_byte().map_or(Ok(()), |_| Err(lexer.malformed("the end")));
            };
            let (is_object, next) = (innermost.is_some(), lexer.next_byte());
            lexer.at += 1;
            match (is_object, next) {
                (true, Some(b'}')) | (false, Some(b']')) => drop(path.keys.pop()),
                (true, Some(b',')) => break lexer.key(&mut path, visit)?,
                (false, Some(b',')) => break,
                _ => {
                    lexer.at -= 1;
                    return Err(lexer.malformed(if is_object { "a comma or a brace" } else { "a comma or a bracket" }));
                }
            }
        }
    }
}

/// Returns a string with its escapes undone; `string` is its place in `text`, without quotes.
pub(super) fn decode(text: &Excerpt<'_>, string: Range<usize>) -> Excerpt<'static> {
    let raw = text.part(string);
    if !raw.text().contains('\\') {
        return raw;
    }
    let (meaning, places) = meaning(raw.text());
    raw.meaning(meaning, places)
}

/// What a well-formed string means, and of which index each byte and the end came.
fn meaning(raw: &str) -> (String, Vec<usize>) {
    let mut text = String::with_capacity(raw.len());
    let mut places = Vec::with_capacity(raw.len() + 1);
    let mut at = 0;
    while let Some(c) = raw[at..].chars().next() {
        let (c, length) = if c == '\\' { escape(&raw[at + 1..]) } else { (c, c.len_utf8()) };
        text.push(c);
        if raw.as_bytes()[at] == b'\\' {
            places.resize(text.len(), at);
        } else {
            places.extend(at..at + length);
        }
        at += length;
    }
    places.push(at);
    (text, places)
}

/// The character of an escape, from behind its backslash on, and the escape's length with the backslash.
fn escape(rest: &str) -> (char, usize) {
    let unit = |at: usize| rest.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let c = match rest.as_bytes().first() {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let high = unit(1).unwrap_or_default();
            let low = unit(7).filter(|_| rest.get(5..7) == Some("\\u"));
            return match low {
                Some(low @ 0xdc00..=0xdfff) if (0xd800..0xdc00).contains(&high) => {
                    let number = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    (char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
                }
                _ => (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
            };
        }
        Some(other) => char::from(*other),
        None => '\\',
    };
    (c, 2)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl Lexer<'_> {
    fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { index: self.at.min(self.text.len()), expected }
    }

    /// The next byte that is not white space, which stays to be read.
    fn next_byte(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let blank = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.at += blank;
        rest.get(blank).copied()
    }

    fn key(
        &mut self,
        path: &mut Path<'_>,
        visit: &mut dyn FnMut(Role, &Path<'_>, Range<usize>),
    ) -> Result<(), Malformed> {
        if self.next_byte() != Some(b'"') {
            return Err(self.malformed("a member's name"));
        }
        let key = self.string()?;
        if let Some(innermost) = path.keys.last_mut() {
            *innermost = Some(key.clone());
        }
        visit(Role::Key, path, key);
        if self.next_byte() != Some(b':') {
            return Err(self.malformed("a colon"));
        }
        self.at += 1;
        Ok(())
    }

    /// Passes the string whose opening quote is next; returns the place of what stands between its quotes.
    fn string(&mut self) -> Result<Range<usize>, Malformed> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        let start = self.at;
        loop {
            let length = memchr2(b'"', b'\\', &bytes[self.at..]);
            let end = length.map_or(bytes.len(), |length| self.at + length);
            // Without a way out of the loop, the compiler compares many bytes at once.
            let control = bytes[self.at..end].iter().fold(false, |found, byte| found | (*byte < b' '));
            if control {
                self.at += bytes[self.at..end].iter().take_while(|byte| **byte >= b' ').count();
                return Err(self.malformed("no control character"));
            }
            self.at = end;
            match bytes.get(end) {
                None => return Err(self.malformed("a quote")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(start..end);
                }
                Some(_) => self.escape()?,
            }
        }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        let rest = &self.text.as_bytes()[self.at + 1..];
        let length = match rest {
            [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'u', digits @ ..] if digits.len() >= 4 && digits[..4].iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return Err(self.malformed("an escape")),
        };
        self.at += length;
        Ok(())
    }

    /// Passes a number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Result<(), Malformed> {
        let rest = &self.text[self.at..];
        if let Some(word) = ["true", "false", "null"].iter().find(|word| rest.starts_with(**word)) {
            self.at += word.len();
            return Ok(());
        }
        self.at += usize::from(rest.starts_with('-'));
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            self.at -= whole.len() - 1;
            return Err(self.malformed("no leading zero"));
        }
        if self.text[self.at..].starts_with('.') {
            self.at += 1;
            self.digits()?;
        }
        if self.text[self.at..].starts_with(['e', 'E']) {
            self.at += 1;
            self.at += usize::from(self.text[self.at..].starts_with(['+', '-']));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<&str, Malformed> {
        let start = self.at;
        self.at += self.text.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if self.at == start { Err(self.malformed("a value")) } else { Ok(&self.text[start..self.at]) }
    }
}
