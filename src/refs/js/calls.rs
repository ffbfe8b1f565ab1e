//! References in the arguments of calls: `new URL("a", import.meta.url)`, `import.meta.resolve("a")`,
//! `importScripts("a")`, and what is relative to the page (`fetch("a")`, `new Worker("a")`).
//!
//! Works on the parser's tokens and not on its tree: a tree can be too deep to be walked, and tokens are enough for
//! calls of names that are known. Names are compared as written, so one with an escape in it is not known.

use std::ops::Range;

use oxc_parser::{Kind as TokenKind, Token};

use super::{literal, taken};
use crate::refs::excerpt::Excerpt;
use crate::refs::reference::{Found, Kind};

/// What a call means for its arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callee {
    /// `new URL(reference, import.meta.url)`.
    Url,
    /// The first argument is relative to the page, and of interest only as a literal.
    Document,
    /// All arguments are scripts.
    ImportScripts,
    /// `import.meta.resolve(specifier)`.
    Resolve,
}

/// A bracket that is open.
struct Open {
    callee: Option<Callee>,
    /// The token that the current argument begins with.
    argument: usize,
    /// The first argument, once it has ended.
    first: Option<Range<usize>>,
}

/// Finds the references in calls among `tokens`, which are those of `text`.
pub(super) fn find(text: &Excerpt<'_>, tokens: &[Token], found: &mut Found) {
    let tokens = Tokens { text, tokens };
    let mut open: Vec<Open> = Vec::new();
    for (index, token) in tokens.tokens.iter().enumerate() {
        match token.kind() {
            TokenKind::LParen => {
                open.push(Open { callee: tokens.callee(index), argument: index + 1, first: None });
            }
            TokenKind::LBrack | TokenKind::LCurly | TokenKind::TemplateHead => {
                open.push(Open { callee: None, argument: index + 1, first: None });
            }
            TokenKind::Comma => {
                if let Some(call) = open.last_mut() {
                    tokens.argument(call, index, found);
                }
            }
            TokenKind::RParen | TokenKind::RBrack | TokenKind::RCurly | TokenKind::TemplateTail => {
                if let Some(mut call) = open.pop() {
                    tokens.argument(&mut call, index, found);
                }
            }
            _ => {}
        }
    }
}

struct Tokens<'a> {
    text: &'a Excerpt<'a>,
    tokens: &'a [Token],
}

impl Tokens<'_> {
    /// The kind of a token, or that of the end for one that is not there.
    fn kind(&self, index: usize) -> TokenKind {
        self.tokens.get(index).map_or(TokenKind::Eof, Token::kind)
    }

    fn span(&self, tokens: &Range<usize>) -> Range<usize> {
        self.tokens[tokens.start].start() as usize..self.tokens[tokens.end - 1].end() as usize
    }

    /// The text of the token `back` tokens before `index`, or nothing.
    fn before(&self, index: usize, back: usize) -> &str {
        let token = index.checked_sub(back).and_then(|index| self.tokens.get(index));
        token.and_then(|token| self.text.text().get(token.start() as usize..token.end() as usize)).unwrap_or("")
    }

    /// What is called by the parenthesis at `index`.
    fn callee(&self, index: usize) -> Option<Callee> {
        let name = if self.before(index, 1) == "?." { index.checked_sub(2)? } else { index.checked_sub(1)? };
        let is_member = |back| matches!(self.before(name, back), "." | "?.");
        match self.before(name, 0) {
            "URL" if self.before_global(name) == "new" => Some(Callee::Url),
            "Worker" | "SharedWorker" if self.before_global(name) == "new" => Some(Callee::Document),
            "fetch" if !matches!(self.before_global(name), "." | "?." | "new") => Some(Callee::Document),
            "importScripts" if !matches!(self.before_global(name), "." | "?." | "new") => Some(Callee::ImportScripts),
            "register" if is_member(1) && self.before(name, 2) == "serviceWorker" => {
                (is_member(3) && self.before(name, 4) == "navigator").then_some(Callee::Document)
            }
            "addModule" if is_member(1) && self.before(name, 2).ends_with("Worklet") => Some(Callee::Document),
            "resolve" if is_member(1) && self.is_import_meta(name, 2) => Some(Callee::Resolve),
            _ => None,
        }
    }

    /// The token before a global name, which may be written as a property of the global object.
    fn before_global(&self, name: usize) -> &str {
        let is_property = matches!(self.before(name, 1), "." | "?.");
        if is_property && matches!(self.before(name, 2), "window" | "self" | "globalThis") {
            self.before(name, 3)
        } else {
            self.before(name, 1)
        }
    }

    /// Whether `import.meta` ends `back` tokens before `index`.
    fn is_import_meta(&self, index: usize, back: usize) -> bool {
        self.before(index, back) == "meta"
            && self.before(index, back + 1) == "."
            && index.checked_sub(back + 2).is_some_and(|index| self.kind(index) == TokenKind::Import)
            && !matches!(self.before(index, back + 3), "." | "?.")
    }

    /// Takes note of the argument that ends before the token at `end`.
    fn argument(&self, call: &mut Open, end: usize, found: &mut Found) {
        let Some(callee) = call.callee else { return };
        let argument = self.bare(call.argument..end);
        call.argument = end + 1;
        if argument.is_empty() {
            return;
        }
        match (callee, &call.first) {
            (Callee::Url, Some(first)) => {
                if argument.len() == 5 && self.before(argument.end, 1) == "url" && self.is_import_meta(argument.end, 3)
                {
                    self.note(found, Kind::Resource, first);
                }
                call.callee = None;
            }
            (Callee::Url, None) => {}
            (Callee::Document, _) => {
                if let Some(value) = self.literal(&argument) {
                    taken::reference(found, Kind::Document, value);
                }
                call.callee = None;
            }
            (Callee::ImportScripts, _) => self.note(found, Kind::Script, &argument),
            (Callee::Resolve, _) => {
                self.note(found, Kind::Module, &argument);
                call.callee = None;
            }
        }
        call.first.get_or_insert(argument);
    }

    /// An expression without the parentheses around it.
    fn bare(&self, mut tokens: Range<usize>) -> Range<usize> {
        while tokens.len() > 2
            && self.kind(tokens.start) == TokenKind::LParen
            && self.kind(tokens.end - 1) == TokenKind::RParen
        {
            tokens = tokens.start + 1..tokens.end - 1;
        }
        tokens
    }

    fn literal(&self, tokens: &Range<usize>) -> Option<Excerpt<'static>> {
        let is_literal = matches!(self.kind(tokens.start), TokenKind::Str | TokenKind::NoSubstitutionTemplate);
        if tokens.len() == 1 && is_literal { literal::value(self.text, self.span(tokens)) } else { None }
    }

    fn note(&self, found: &mut Found, kind: Kind, tokens: &Range<usize>) {
        taken::note(found, kind, self.literal(tokens), self.text.place(self.span(tokens).start));
    }
}
