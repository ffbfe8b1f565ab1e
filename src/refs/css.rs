//! References of style sheets: `@import`, `url()`, `src()`, `image-set()` and the comment that names the source map.
//!
//! Reads the tokens once, front to back, and keeps of the nesting only what decides whether a URL is one that a
//! browser loads: the depth of blocks and the brackets open in a value. What a browser would drop as invalid is
//! mostly still read, because the grammar of every property would be needed to tell.

use std::ops::Range;

use self::tokens::{Token, Tokens, is_name, unescaped};
use super::excerpt::Excerpt;
use super::reference::{Found, Kind, Reference};
use super::url::file_url;

mod tokens;

/// Finds the references of a style sheet: a file, or a `<style>` element's text.
///
/// An `@import` counts wherever it stands between the rules at the top level, though behind other rules browsers
/// ignore it: which rules are valid, and so stand before it, differs between them.
pub fn find(text: &Excerpt<'_>, found: &mut Found) {
    let first = found.references.len();
    let mut finder = Finder::new(text, found);
    finder.is_sheet = true;
    let source_map = finder.run();
    if let Some(source_map) = source_map.and_then(|range| verbatim(text, range, Kind::SourceMap)) {
        let place = source_map.value.place(0);
        let index = found.references[first..].partition_point(|reference| reference.value.place(0) < place);
        found.references.insert(first + index, source_map);
    }
}

/// Finds the references of declarations (`style="…"`) or of one property's value (`fill="url(a.svg#b)"`).
pub fn find_in_value(text: &Excerpt<'_>, found: &mut Found) {
    Finder::new(text, found).run();
}

/// What the tokens outside of brackets belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statement {
    /// Nothing yet: the next token decides.
    Start,
    /// An at-rule up to its block: conditions, names, but nothing to load, except what `@import` begins with.
    AtRule,
    /// A rule at the top level up to its block: selectors.
    Selector,
    /// Inside of a block: a declaration, or a nested rule's selector.
    Declaration,
}

/// An open bracket inside of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bracket {
    /// Ended by this byte.
    Until(u8),
    /// `image-set(`, whose strings are URLs.
    ImageSet,
}

impl Bracket {
    fn end(self) -> u8 {
        match self {
            Self::Until(end) => end,
            Self::ImageSet => b')',
        }
    }
}

struct Finder<'a, 'f> {
    text: &'a Excerpt<'a>,
    found: &'f mut Found,
    is_sheet: bool,
    /// How many blocks of rules are open.
    depth: usize,
    statement: Statement,
    /// The brackets that are open in the statement; a `{` among them, as in `--x: ({})`, is not a rule's block.
    brackets: Vec<Bracket>,
    /// What the next token names if it is a string or URL: set behind `@import`, `url(` and `src(`.
    expected: Option<Kind>,
}

impl<'a, 'f> Finder<'a, 'f> {
    fn new(text: &'a Excerpt<'a>, found: &'f mut Found) -> Self {
        let (statement, brackets) = (Statement::Start, Vec::new());
        Self { text, found, is_sheet: false, depth: 0, statement, brackets, expected: None }
    }

    /// Reads everything; returns where the last comment that names a source map has its URL.
    fn run(&mut self) -> Option<Range<usize>> {
        let mut source_map = None;
        for token in Tokens::new(self.text.text()) {
            match token {
                Token::Space => {}
                Token::Comment(range) => source_map = self.source_map(range).or(source_map),
                other => self.token(other),
            }
        }
        source_map
    }

    fn token(&mut self, token: Token) {
        let at_top = self.is_sheet && self.depth == 0;
        let expected = self.expected.take();
        if self.statement == Statement::Start {
            match &token {
                // No selector at all; the rule's block is read like that of any other.
                Token::Open(b'{') => {}
                Token::Markup if at_top => return,
                Token::AtKeyword(name) => {
                    self.statement = Statement::AtRule;
                    let imports = at_top && self.is(name, "import");
                    self.expected = imports.then_some(Kind::Style);
                    return;
                }
                _ if at_top => self.statement = Statement::Selector,
                _ => self.statement = Statement::Declaration,
            }
        }
        let loads = self.statement == Statement::Declaration;
        match token {
            Token::Text(range) => {
                let in_set = loads && self.brackets.last() == Some(&Bracket::ImageSet);
                if let Some(kind) = expected.or(in_set.then_some(Kind::Resource)) {
                    self.add(range, kind);
                }
            }
            Token::Url(range) => {
                if let Some(kind) = expected.or(loads.then_some(Kind::Resource)) {
                    self.add(range, kind);
                }
            }
            Token::Function(name) => self.function(&name, expected),
            Token::Open(b'{') if self.brackets.is_empty() => {
                self.depth += 1;
                self.statement = Statement::Start;
            }
            Token::Open(open) => self.brackets.push(Bracket::Until(closing(open))),
            Token::Close(close) => self.close(close),
            Token::Semicolon if self.brackets.is_empty() && self.statement != Statement::Selector => {
                self.statement = Statement::Start;
            }
            _ => {}
        }
    }

    fn function(&mut self, name: &Range<usize>, expected: Option<Kind>) {
        let loads = self.statement == Statement::Declaration;
        let mut bracket = Bracket::Until(b')');
        if self.is(name, "url") || self.is(name, "src") {
            self.expected = expected.or(loads.then_some(Kind::Resource));
        } else if loads && (self.is(name, "image-set") || self.is(name, "-webkit-image-set")) {
            bracket = Bracket::ImageSet;
        }
        self.brackets.push(bracket);
    }

    /// A bracket closes only what was opened last; any other is a token like any, and an error.
    fn close(&mut self, close: u8) {
        match self.brackets.last() {
            Some(last) if last.end() == close => drop(self.brackets.pop()),
            None if close == b'}' && self.depth > 0 => {
                self.depth -= 1;
                self.statement = Statement::Start;
            }
            _ => {}
        }
    }

    fn is(&self, name: &Range<usize>, word: &str) -> bool {
        is_name(&self.text.text()[name.clone()], word)
    }

    fn add(&mut self, range: Range<usize>, kind: Kind) {
        let raw = &self.text.text()[range.clone()];
        if memchr::memchr2(b'\\', 0, raw.as_bytes()).is_none() {
            self.found.references.extend(verbatim(self.text, range, kind));
            return;
        }
        let (meaning, mut places) = unescaped(raw);
        places.iter_mut().for_each(|place| *place += range.start);
        let value = file_url(self.text.meaning(meaning, places));
        self.found.references.extend(value.map(|value| Reference { value, kind }));
    }

    /// The URL in a comment `# sourceMappingURL=…`, or of the older form with `@`, up to the next white space.
    fn source_map(&self, comment: Range<usize>) -> Option<Range<usize>> {
        let inside = &self.text.text()[comment.clone()];
        let rest = inside.strip_prefix(['#', '@'])?.trim_ascii_start().strip_prefix("sourceMappingURL=")?;
        let start = comment.end - rest.len();
        let length = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        Some(start..start + length)
    }
}

fn closing(open: u8) -> u8 {
    match open {
        b'{' => b'}',
        b'[' => b']',
        _ => b')',
    }
}

/// The reference by a part of the text that holds no escapes, if it can name a file.
fn verbatim(text: &Excerpt<'_>, range: Range<usize>, kind: Kind) -> Option<Reference> {
    file_url(text.part(range)).map(|value| Reference { value, kind })
}

#[cfg(test)]
mod tests;
