//! How much stack the parser may take for a text: it is recursive, and no file may overflow it.
//!
//! A text is read once, with strings, comments, templates and regular expressions told apart, and whatever makes the
//! parser recurse is weighed: brackets, operators that bind to the right, statements within statements. Where it
//! cannot be told without parsing how a text reads on (a `/` behind a `}` may divide or begin a regular expression),
//! a bound stands in that no reading can exceed.

/// What is counted in: this many bytes of stack. Measured with the pinned parser on 64 bits; a build without
/// optimisation takes up to four times as much.
const UNIT: usize = if cfg!(debug_assertions) { 400 } else { 100 };
/// A bracket and all binary operators before it, of rising precedence: 4.1 kB, 15.9 kB without optimisation.
const BRACKET: usize = 45;
/// An operator whose right side may be one like it (`a ? b : …`, `a = …`, `a => …`, `new …`): 1.2 kB.
const OPERATOR: usize = 13;
/// A statement within a statement (`if (a) …`, `else …`, `a: …`): 0.5 kB.
const STATEMENT: usize = 6;
/// One more link of a chain (`a.b`, `a + b`), which the parser walks only to mark what `@__PURE__` stands before.
const LINK: usize = 1;
/// What a parse takes beside all nesting.
const BASE: usize = 64 << 10;
/// A text that takes more is not parsed: 44,000 brackets in one another, or 150,000 conditional operators.
const LIMIT: usize = 2_000_000;

/// The bytes of stack that parsing `text` takes at most, or `None` where it is nested too deeply to be parsed. It need
/// not be known any better once it is known to be no more than what there is, `room`.
pub(super) fn stack(text: &str, room: usize) -> Option<usize> {
    let whole = bound(text.as_bytes());
    if whole <= LIMIT && BASE + whole * UNIT <= room {
        return Some(BASE + whole * UNIT);
    }
    let mut scan = Scan::new(text.as_bytes());
    scan.run();
    let units = if scan.sure { scan.deepest } else { scan.deepest.max(whole.min(LIMIT)) };
    (units <= LIMIT).then_some(BASE + units * UNIT)
}

/// What no reading of a text can exceed: every bracket opens, every other sign that is no letter and no digit stands
/// for an operator or ends the name of one.
fn bound(text: &[u8]) -> usize {
    // Counts of so few bytes fit into one each, so that many are counted at once.
    let counts = text.chunks(usize::from(u8::MAX)).map(|chunk| {
        let brackets = chunk.iter().map(|byte| u8::from(matches!(byte, b'(' | b'[' | b'{'))).sum::<u8>();
        let signs = chunk.iter().map(|byte| u8::from(!byte.is_ascii_alphanumeric())).sum::<u8>();
        usize::from(brackets) * (BRACKET + STATEMENT - OPERATOR) + usize::from(signs) * OPERATOR
    });
    counts.sum()
}

/// What a `/` means behind a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slash {
    /// It begins a regular expression.
    Begins,
    /// It divides.
    Divides,
    /// One of the two.
    Either,
}

/// What was opened, and how much is on the stack since then.
#[derive(Clone, Copy)]
struct Frame {
    /// What closes it ends a template's `${`.
    template: bool,
    /// What a `/` behind its end means.
    after: Slash,
    /// Statements that hold the current one.
    statements: usize,
    /// Operators that wait for their right side, and links of the chain.
    operators: usize,
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    frames: Vec<Frame>,
    frame: Frame,
    /// The weight of all frames but the current one.
    outside: usize,
    deepest: usize,
    slash: Slash,
    /// What the last token and the one before it were: the byte itself, `a` for words, `k` for `case` and `default`,
    /// `0` for other values.
    last: [u8; 2],
    sure: bool,
}

/// The bytes that words are made of.
const WORD: u8 = 1;
/// Those of them that the parser may take for something else: an escape, a space that is not of ASCII.
const DOUBTFUL: u8 = 2;

/// What each byte may be part of.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = match byte {
            b'\\' | 0x80.. => WORD | DOUBTFUL,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$' | b'#' => WORD,
            _ => 0,
        };
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    classes
};

fn is_word(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & WORD != 0
}

impl<'a> Scan<'a> {
    fn new(text: &'a [u8]) -> Self {
        let frame = Frame { template: false, after: Slash::Divides, statements: 0, operators: 0 };
        let at = if text.starts_with(b"#!") { memchr::memchr(b'\n', text).unwrap_or(text.len()) } else { 0 };
        let (frames, slash, last) = (Vec::new(), Slash::Begins, [b';'; 2]);
        Self { text, at, frames, frame, outside: 0, deepest: 0, slash, last, sure: true }
    }

    fn run(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | 0xb | 0xc => {
                    let rest = &self.text[self.at..];
                    self.at += rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len()).max(1);
                }
                b'"' | b'\'' => self.string(byte),
                b'`' => {
                    self.link();
                    self.at += 1;
                    self.template();
                }
                b'.' if self.text[self.at..].starts_with(b"...") => {
                    self.at += 3;
                    self.token(b',', Slash::Begins);
                }
                b'0'..=b'9' => self.number(),
                byte if is_word(byte) => self.word(),
                b'/' => self.slash(),
                _ => self.mark(byte),
            }
        }
        self.weigh();
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn token(&mut self, what: u8, slash: Slash) {
        self.last = [self.last[1], what];
        self.slash = slash;
    }

    /// Compares what is on the stack with the most that has been. To be called before anything is taken off.
    fn weigh(&mut self) {
        self.deepest = self.deepest.max(self.outside + self.frame.statements + self.frame.operators);
    }

    fn operator(&mut self) {
        self.frame.operators += OPERATOR;
    }

    fn statement(&mut self) {
        self.frame.statements += STATEMENT;
    }

    fn link(&mut self) {
        self.frame.operators += LINK;
    }

    fn open(&mut self, template: bool, after: Slash) {
        self.frames.push(self.frame);
        self.outside += self.frame.statements + self.frame.operators + BRACKET;
        self.frame = Frame { template, after, statements: 0, operators: 0 };
    }

    /// Takes the current frame off, and says what it was.
    fn close(&mut self) -> Frame {
        self.weigh();
        let closed = self.frame;
        if let Some(frame) = self.frames.pop() {
            self.frame = frame;
            self.outside -= frame.statements + frame.operators + BRACKET;
            self.link();
        }
        closed
    }

    /// A string. One that does not end where its line does is an error, which ends the parse.
    fn string(&mut self, quote: u8) {
        self.at += 1;
        while let Some(found) = memchr::memchr3(quote, b'\\', b'\n', &self.text[self.at..]) {
            self.at += found + 1;
            match self.text[self.at - 1] {
                b'\\' if self.peek(0) == b'\r' && self.peek(1) == b'\n' => self.at += 2,
                b'\\' => self.at = self.text.len().min(self.at + 1),
                // Behind `import "a"`, a `/` in the next line begins a regular expression.
                _ => return self.token(b'0', Slash::Either),
            }
        }
        self.at = self.text.len();
    }

    /// The text of a template, up to its end or to the next `${`.
    fn template(&mut self) {
        while let Some(found) = memchr::memchr3(b'`', b'\\', b'$', &self.text[self.at..]) {
            self.at += found + 1;
            match self.text[self.at - 1] {
                b'\\' => self.at = self.text.len().min(self.at + 1),
                b'$' if self.peek(0) == b'{' => {
                    self.at += 1;
                    self.open(true, Slash::Divides);
                    return self.token(b'{', Slash::Begins);
                }
                b'$' => {}
                _ => return self.token(b'0', Slash::Divides),
            }
        }
        self.at = self.text.len();
    }

    fn number(&mut self) {
        let digits = |text: &[u8]| text.iter().take_while(|byte| is_word(**byte) && byte.is_ascii()).count();
        self.at += digits(&self.text[self.at..]);
        if self.peek(0) == b'.' && self.last[1] != b'.' {
            self.at += 1;
            self.at += self.text[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        }
        self.token(b'0', Slash::Divides);
    }

    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let mut length = 0;
        let mut classes = 0;
        while let Some(&byte) = rest.get(length) {
            let class = CLASSES[usize::from(byte)];
            if class == 0 {
                break;
            }
            classes |= class;
            length += 1;
        }
        self.at += length;
        self.sure &= classes & DOUBTFUL == 0;
        if length == 1 || length > LONGEST || self.last[1] == b'.' {
            return self.token(b'a', Slash::Divides);
        }
        let kind = Word::of(&rest[..length]);
        match kind {
            Word::Other => return self.token(b'a', Slash::Divides),
            Word::Unary | Word::Maybe => self.operator(),
            Word::Statement | Word::Condition => self.statement(),
            Word::Value | Word::Case => self.link(),
        }
        let slash = if kind == Word::Maybe { Slash::Either } else { Slash::Begins };
        let what = match kind {
            Word::Case => b'k',
            Word::Condition => b'i',
            Word::Maybe => b'w',
            _ => b'a',
        };
        self.token(what, slash);
    }

    /// A comment, a regular expression, or a division.
    fn slash(&mut self) {
        match self.peek(1) {
            b'/' => {
                let rest = &self.text[self.at..];
                let line = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                // The separators of lines and paragraphs end it, too.
                let separator = memchr::memmem::find(&rest[..line], b"\xe2\x80");
                let end = separator.filter(|at| matches!(rest.get(at + 2), Some(0xa8 | 0xa9)));
                self.sure &= separator.is_none() || end.is_some();
                self.at += end.map_or(line, |at| at + 3);
            }
            b'*' => {
                let end = memchr::memmem::find(&self.text[self.at + 2..], b"*/");
                self.at = end.map_or(self.text.len(), |end| self.at + end + 4);
            }
            _ => {
                self.sure &= self.slash != Slash::Either;
                if self.slash == Slash::Divides {
                    self.link();
                    self.at += 1;
                    self.token(b'/', Slash::Begins);
                } else {
                    self.regular_expression();
                }
            }
        }
    }

    fn regular_expression(&mut self) {
        let mut class = false;
        self.at += 1;
        while let Some(&byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => break,
                b'\n' | b'\r' => break,
                _ => {}
            }
        }
        self.at = self.text.len().min(self.at);
        self.token(b'0', Slash::Divides);
    }

    /// A punctuator.
    fn mark(&mut self, byte: u8) {
        let next = self.peek(1);
        self.at += 1;
        let slash = match byte {
            b'(' => {
                let after = match self.last[1] {
                    b'i' => Slash::Begins,
                    b'w' => Slash::Either,
                    _ => Slash::Divides,
                };
                self.open(false, after);
                Slash::Begins
            }
            b'[' | b'{' => {
                self.open(false, if byte == b'{' { Slash::Either } else { Slash::Divides });
                Slash::Begins
            }
            b')' | b']' => self.close().after,
            b'}' => {
                let closed = self.close();
                if closed.template {
                    return self.template();
                }
                self.statement_may_end();
                closed.after
            }
            b';' => {
                self.weigh();
                self.frame.operators = 0;
                let rest = &self.text[self.next_token()..];
                if !rest.starts_with(b"else") && !rest.starts_with(b"/") {
                    self.frame.statements = 0;
                }
                Slash::Begins
            }
            b',' => {
                self.weigh();
                self.frame.operators = 0;
                Slash::Begins
            }
            b':' => {
                if matches!(self.last[1], b'a' | b'w') && !matches!(self.last[0], b',' | b'?' | b'.' | b'k') {
                    self.statement();
                }
                Slash::Begins
            }
            b'+' | b'-' if next == byte => {
                // `-->` may begin a comment.
                self.sure &= byte == b'+' || self.peek(1) != b'>';
                self.operator();
                self.at += 1;
                Slash::Either
            }
            _ => self.operator_mark(byte, next),
        };
        self.token(byte, slash);
    }

    fn operator_mark(&mut self, byte: u8, next: u8) -> Slash {
        match byte {
            b'?' if next == b'?' || (next == b'.' && !self.peek(1).is_ascii_digit()) => {
                self.at += usize::from(next == b'?');
                self.link();
            }
            b'=' | b'!' if next == b'=' => {
                self.at += 1 + usize::from(self.peek(1) == b'=');
                self.link();
            }
            b'*' if next == b'*' => {
                self.at += 1;
                self.operator();
            }
            b'+' | b'-' if self.slash != Slash::Begins => self.link(),
            b'?' | b'=' | b'!' | b'~' | b'+' | b'-' => self.operator(),
            _ => {
                // `<!--` may begin a comment.
                self.sure &= byte != b'<' || !self.text[self.at..].starts_with(b"!--");
                self.link();
            }
        }
        Slash::Begins
    }

    /// Behind a `}` that a word of another statement follows, nothing waits any more.
    fn statement_may_end(&mut self) {
        let rest = &self.text[self.next_token()..];
        let word = &rest[..rest.iter().take_while(|byte| is_word(**byte)).count()];
        let goes_on: [&[u8]; 8] = [b"else", b"while", b"catch", b"finally", b"in", b"of", b"instanceof", b"from"];
        if word.first().is_some_and(u8::is_ascii_alphabetic) && !goes_on.contains(&word) {
            self.weigh();
            self.frame.statements = 0;
            self.frame.operators = 0;
        }
    }

    /// Where white space ends.
    fn next_token(&self) -> usize {
        let space = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.at + space
    }
}

/// The length of `instanceof`, the longest word that matters.
const LONGEST: usize = 10;

/// What a word does to the nesting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// A name, or a keyword that nests nothing.
    Other,
    /// An operator before what it is about.
    Unary,
    /// An operator or a name, depending on where it stands.
    Maybe,
    /// A statement that holds another one.
    Statement,
    /// The same, with a condition in parentheses first.
    Condition,
    /// What follows is a value, or begins a statement.
    Value,
    /// A value follows, or none, and then a colon.
    Case,
}

impl Word {
    fn of(word: &[u8]) -> Self {
        match word {
            b"typeof" | b"void" | b"delete" | b"new" | b"class" | b"extends" => Self::Unary,
            b"await" | b"yield" | b"async" | b"of" | b"let" => Self::Maybe,
            b"else" | b"do" => Self::Statement,
            b"if" | b"for" | b"while" | b"with" => Self::Condition,
            b"return" | b"throw" | b"in" | b"instanceof" | b"break" | b"continue" | b"debugger" => Self::Value,
            b"case" | b"default" => Self::Case,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests;
