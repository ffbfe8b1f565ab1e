//! The tokens of CSS, as far as references need them told apart: [CSS Syntax 3](https://www.w3.org/TR/css-syntax-3/)
//! section 4. One flat sequence: nothing here nests, so no depth of blocks can exhaust a stack.

use std::ops::Range;

/// A token; ranges are of bytes of the text, escapes not undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// White space.
    Space,
    /// A comment, without its delimiters.
    Comment(Range<usize>),
    /// A string, without its quotes.
    Text(Range<usize>),
    /// `url(…)` without quotes: its URL.
    Url(Range<usize>),
    /// A name and the `(` behind it: the name. `url` only if a quote follows.
    Function(Range<usize>),
    /// `@` and a name: the name.
    AtKeyword(Range<usize>),
    /// `{`, `(` or `[` that belongs to no function.
    Open(u8),
    /// `}`, `)` or `]`.
    Close(u8),
    /// `;`
    Semicolon,
    /// `<!--` or `-->`, which between rules stand for nothing.
    Markup,
    /// Anything else, a string and a `url(` that went wrong among it.
    Other,
}

const SPACE: u8 = 1;
const NAME: u8 = 2;
const NAME_START: u8 = 4;
const DIGIT: u8 = 8;
/// What ends the plain part of a string: a quote, a line's end, an escape.
const STRING_STOP: u8 = 16;
/// What ends the plain part of an unquoted URL: its end, what it must not hold, an escape.
const URL_STOP: u8 = 32;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        let mut class = 0;
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c') {
            class |= SPACE | URL_STOP;
        }
        // A NUL is read as U+FFFD, which a name can hold.
        if byte.is_ascii_alphabetic() || matches!(byte, b'_' | 0 | 0x80..) {
            class |= NAME | NAME_START;
        }
        if byte.is_ascii_digit() {
            class |= NAME | DIGIT;
        }
        if byte == b'-' {
            class |= NAME;
        }
        if matches!(byte, b'"' | b'\'' | b'\\' | b'\n' | b'\r' | b'\x0c') {
            class |= STRING_STOP;
        }
        if matches!(byte, b'"' | b'\'' | b'\\' | b'(' | b')' | 1..=0x1f | 0x7f) {
            class |= URL_STOP;
        }
        classes[index] = class;
        index += 1;
    }
    classes
};

/// The tokens of a text.
pub(super) struct Tokens<'a> {
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Tokens<'a> {
    /// Begins at the start of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), position: 0 }
    }

    /// The byte `ahead` of the present one; a space behind the end, which ends whatever stands there.
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.position + ahead).copied().unwrap_or(b' ')
    }

    fn is(&self, ahead: usize, class: u8) -> bool {
        CLASSES[usize::from(self.peek(ahead))] & class != 0
    }

    fn at_end(&self) -> bool {
        self.position >= self.bytes.len()
    }

    /// Passes over the bytes that are of a class, or are not.
    fn skip(&mut self, class: u8, are: bool) {
        let rest = &self.bytes[self.position..];
        let differs = |byte: &u8| (CLASSES[usize::from(*byte)] & class != 0) != are;
        self.position += rest.iter().position(differs).unwrap_or(rest.len());
    }

    /// Whether a `\` stands there that makes an escape. At the very end of the text it does.
    fn is_escape(&self, ahead: usize) -> bool {
        self.peek(ahead) == b'\\' && !matches!(self.peek(ahead + 1), b'\n' | b'\r' | b'\x0c')
    }

    fn is_name_start(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            b'-' => self.is(ahead + 1, NAME_START) || self.peek(ahead + 1) == b'-' || self.is_escape(ahead + 1),
            _ => self.is(ahead, NAME_START) || self.is_escape(ahead),
        }
    }

    fn is_number_start(&self) -> bool {
        let unsigned = usize::from(matches!(self.peek(0), b'+' | b'-'));
        self.is(unsigned, DIGIT) || (self.peek(unsigned) == b'.' && self.is(unsigned + 1, DIGIT))
    }

    /// Passes over an escape: up to six hexadecimal digits and one white space, or one character, of whose bytes only
    /// the first could be taken for anything else.
    fn escape(&mut self) {
        self.position = (self.position + 1 + escape_length(&self.bytes[self.position + 1..])).min(self.bytes.len());
    }

    fn name(&mut self) -> Range<usize> {
        let start = self.position;
        loop {
            self.skip(NAME, true);
            if !self.is_escape(0) {
                return start..self.position;
            }
            self.escape();
        }
    }

    fn number(&mut self) -> Token {
        self.position += usize::from(matches!(self.peek(0), b'+' | b'-'));
        self.skip(DIGIT, true);
        if self.peek(0) == b'.' && self.is(1, DIGIT) {
            self.position += 1;
            self.skip(DIGIT, true);
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.is(1 + sign, DIGIT) {
                self.position += 1 + sign;
                self.skip(DIGIT, true);
            }
        }
        if self.is_name_start(0) {
            self.name();
        }
        Token::Other
    }

    fn text(&mut self, quote: u8) -> Token {
        self.position += 1;
        let start = self.position;
        loop {
            self.skip(STRING_STOP, false);
            let end = self.position;
            match self.bytes.get(end) {
                None => return Token::Text(start..end),
                Some(&byte) if byte == quote => {
                    self.position += 1;
                    return Token::Text(start..end);
                }
                // An escaped line end joins the two lines.
                Some(b'\\') if self.peek(1) == b'\r' && self.peek(2) == b'\n' => self.position += 3,
                Some(b'\\') if matches!(self.peek(1), b'\n' | b'\r' | b'\x0c') => self.position += 2,
                Some(b'\\') => self.escape(),
                Some(b'"' | b'\'') => self.position += 1,
                Some(_) => return Token::Other,
            }
        }
    }

    fn named(&mut self) -> Token {
        let name = self.name();
        if self.peek(0) != b'(' {
            return Token::Other;
        }
        self.position += 1;
        if !is_name(&self.text[name.clone()], "url") {
            return Token::Function(name);
        }
        let behind = self.position;
        self.skip(SPACE, true);
        if matches!(self.peek(0), b'"' | b'\'') {
            self.position = behind;
            return Token::Function(name);
        }
        self.url()
    }

    fn url(&mut self) -> Token {
        let start = self.position;
        loop {
            self.skip(URL_STOP, false);
            if !self.is_escape(0) {
                break;
            }
            self.escape();
        }
        let end = self.position;
        self.skip(SPACE, true);
        if self.at_end() || self.peek(0) == b')' {
            self.position += usize::from(!self.at_end());
            return Token::Url(start..end);
        }
        loop {
            let rest = &self.bytes[self.position..];
            match memchr::memchr2(b')', b'\\', rest) {
                None => self.position = self.bytes.len(),
                Some(index) if rest[index] == b')' => self.position += index + 1,
                Some(index) => {
                    self.position = (self.position + index + 2).min(self.bytes.len());
                    continue;
                }
            }
            return Token::Other;
        }
    }

    fn comment(&mut self) -> Token {
        let start = self.position + 2;
        let length = memchr::memmem::find(&self.bytes[start..], b"*/");
        let end = length.map_or(self.bytes.len(), |length| start + length);
        self.position = (end + 2).min(self.bytes.len());
        Token::Comment(start..end)
    }

    fn single(&mut self, token: Token) -> Token {
        self.position += 1;
        token
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let byte = *self.bytes.get(self.position)?;
        Some(match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' => {
                self.skip(SPACE, true);
                Token::Space
            }
            b'"' | b'\'' => self.text(byte),
            b'/' if self.peek(1) == b'*' => self.comment(),
            b'{' | b'(' | b'[' => self.single(Token::Open(byte)),
            b'}' | b')' | b']' => self.single(Token::Close(byte)),
            b';' => self.single(Token::Semicolon),
            b'@' if self.is_name_start(1) => {
                self.position += 1;
                Token::AtKeyword(self.name())
            }
            b'#' if self.is(1, NAME) || self.is_escape(1) => {
                self.position += 1;
                self.name();
                Token::Other
            }
            b'0'..=b'9' | b'+' | b'-' | b'.' if self.is_number_start() => self.number(),
            b'-' if self.bytes[self.position..].starts_with(b"-->") => {
                self.position += 3;
                Token::Markup
            }
            b'<' if self.bytes[self.position..].starts_with(b"<!--") => {
                self.position += 4;
                Token::Markup
            }
            _ if self.is_name_start(0) => self.named(),
            _ => self.single(Token::Other),
        })
    }
}

/// The length of what stands behind the `\` of an escape: hexadecimal digits with one white space, or one byte.
fn escape_length(bytes: &[u8]) -> usize {
    let digits = bytes.iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
    match &bytes[digits..] {
        _ if digits == 0 => 1,
        [b'\r', b'\n', ..] => digits + 2,
        [b' ' | b'\t' | b'\n' | b'\r' | b'\x0c', ..] => digits + 1,
        _ => digits,
    }
}

/// Whether a name, escapes not undone, is `name` in any letter case.
pub(super) fn is_name(raw: &str, name: &str) -> bool {
    raw.eq_ignore_ascii_case(name) || (raw.contains('\\') && unescaped(raw).0.eq_ignore_ascii_case(name))
}

/// What the inside of a token means, and of each byte of it, and of its end, the index in `raw` that it came of. A `\`
/// that is the last of the text stands for nothing, as in a string; elsewhere CSS reads it as U+FFFD, behind which
/// nothing could be inserted.
pub(super) fn unescaped(raw: &str) -> (String, Vec<usize>) {
    let (mut meaning, mut places) = (String::with_capacity(raw.len()), Vec::with_capacity(raw.len() + 1));
    let mut index = 0;
    while let Some(character) = raw[index..].chars().next() {
        let start = index;
        index += character.len_utf8();
        let mut meant = character;
        if character == '\\' {
            let rest = &raw[index..];
            let line_end = ["\r\n", "\n", "\r", "\x0c"].into_iter().find(|end| rest.starts_with(end));
            if let Some(line_end) = line_end {
                index += line_end.len();
                continue;
            }
            if rest.is_empty() {
                break;
            }
            let hexadecimal = rest.starts_with(|first: char| first.is_ascii_hexdigit());
            meant = if hexadecimal { code_point(rest) } else { rest.chars().next().unwrap_or('\0') };
            let length = if hexadecimal { escape_length(rest.as_bytes()) } else { meant.len_utf8() };
            index = (index + length).min(raw.len());
        }
        if meant == '\0' {
            meant = char::REPLACEMENT_CHARACTER;
        }
        meaning.push(meant);
        if meant == character {
            places.extend(start..start + meant.len_utf8());
        } else {
            places.resize(meaning.len(), start);
        }
    }
    places.push(raw.len());
    (meaning, places)
}

/// The character that up to six hexadecimal digits stand for.
fn code_point(digits: &str) -> char {
    let values = digits.chars().take(6).map_while(|digit| digit.to_digit(16));
    char::from_u32(values.fold(0, |sum, value| sum * 16 + value)).unwrap_or(char::REPLACEMENT_CHARACTER)
}
