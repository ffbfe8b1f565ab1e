//! What there may be in a script, told from a few words and what stands beside them: parsing is what takes time.
//!
//! Every answer errs on one side. What is ruled out here the parser would not find in a text that it can parse; what is
//! not ruled out is looked for with the parser. A byte that may begin a comment, or is not of ASCII and may be a space,
//! stands for anything.

use std::ops::Range;

use memchr::memmem;

use super::comment;

/// What there may be in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Imports and re-exports, dynamic ones too.
    pub(super) modules: bool,
    /// Calls whose arguments are references.
    pub(super) calls: bool,
    pub(super) source_map: SourceMap,
}

const REGISTER: &[u8] = b"register";
/// How far the end of a clause is looked for, in bytes.
const CLAUSE: usize = 64 << 10;

/// What is known of a comment that names a source map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SourceMap {
    None,
    /// There is one at the end; this is where its URL stands.
    At(Range<usize>),
    /// Only the parser can tell.
    Maybe,
}

impl Wanted {
    /// What there may be in `text`.
    pub fn of(text: &str) -> Self {
        let words = Words(text.as_bytes());
        let imports = words.imports();
        Self {
            modules: imports.modules || words.exports_from(),
            calls: imports.meta && words.uses_meta() || words.import_scripts() || words.names_documents(),
            source_map: source_map(text),
        }
    }

    /// Whether all of it can be told without a parser.
    pub fn needs_no_parser(&self) -> bool {
        !self.modules && !self.calls && self.source_map != SourceMap::Maybe
    }
}

/// What `import` is used for.
#[derive(Default)]
struct Imports {
    modules: bool,
    meta: bool,
}

/// The bytes of a script, to be asked for words.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn imports(&self) -> Imports {
        let mut imports = Imports::default();
        for word in self.all("import") {
            match self.after(word.end) {
                b'(' => {
                    let argument = self.gap(word.end) + 1;
                    // `import()` stands in comments and messages only: it needs an argument.
                    imports.modules |= !self.is_property(word.start) && self.after(argument) != b')';
                }
                b'.' => {
                    let name = self.gap(self.gap(word.end) + 1);
                    let is_meta = self.0[name..].starts_with(b"meta");
                    imports.meta |= is_meta || matches!(self.at(name), b'/' | 0x80..);
                    imports.modules |= !is_meta;
                }
                b'/' | 0x80.. => (imports.modules, imports.meta) = (true, true),
                after => imports.modules |= is_clause(after) && self.may_begin_item(word.start),
            }
            if imports.modules && imports.meta {
                break;
            }
        }
        imports
    }

    /// `export … from "…"`.
    fn exports_from(&self) -> bool {
        let is_from = |word: &Range<usize>| match self.after(word.end) {
            b'*' | b'/' | 0x80.. => true,
            b'{' => self.may_be_from(self.gap(word.end)),
            _ => false,
        };
        self.all("export").any(|word| is_from(&word) && self.may_begin_item(word.start))
    }

    /// Whether `from` may follow the clause that the brace at `open` begins.
    fn may_be_from(&self, open: usize) -> bool {
        let rest = &self.0[open..self.0.len().min(open + CLAUSE)];
        let Some(length) = memchr::memchr(b'}', rest) else { return true };
        let is_unclear = |byte: &u8| matches!(byte, b'"' | b'\'' | b'/' | 0x80..);
        rest[..length].iter().any(is_unclear) || matches!(self.after(open + length + 1), b'f' | b'/' | 0x80..)
    }

    /// `new URL(…)`, `….resolve(…)`: given `import.meta`, calls that may use it.
    fn uses_meta(&self) -> bool {
        self.all("URL").chain(self.all("resolve")).any(|word| self.is_called(word.end))
    }

    fn import_scripts(&self) -> bool {
        self.all("importScripts").any(|word| self.is_called(word.end))
    }

    /// Calls whose argument is relative to the page, and of interest only as a literal.
    fn names_documents(&self) -> bool {
        let is_global = |word: &Range<usize>| !self.is_property(word.start) || self.may_be_of_global(word.start);
        ["Worker", "SharedWorker", "fetch"]
            .iter()
            .any(|name| self.all(name).any(|word| self.takes_literal(word.end) && is_global(&word)))
            || self.all("addModule").any(|word| self.takes_literal(word.end))
            || self.all("serviceWorker").any(|word| {
                let dot = self.gap(word.end);
                let name = self.gap(dot + if self.at(dot) == b'?' { 2 } else { 1 });
                let registers = || self.0[name..].starts_with(REGISTER) && self.takes_literal(name + REGISTER.len());
                match self.at(dot) {
                    b'/' | 0x80.. => true,
                    b'.' | b'?' => matches!(self.at(name), b'/' | 0x80..) || registers(),
                    _ => false,
                }
            })
    }

    /// Where a word stands that no letter or digit extends.
    fn all<'w>(&'w self, word: &'w str) -> impl Iterator<Item = Range<usize>> {
        memmem::find_iter(self.0, word).map(|at| at..at + word.len()).filter(|word| {
            let before = word.start.checked_sub(1).map_or(0, |before| self.0[before]);
            !is_letter(before) && !is_letter(self.at(word.end))
        })
    }

    /// The byte at an index, or zero behind the end.
    fn at(&self, index: usize) -> u8 {
        self.0.get(index).copied().unwrap_or(0)
    }

    /// Where the white space from `at` on ends.
    fn gap(&self, at: usize) -> usize {
        let rest = self.0.get(at..).unwrap_or_default();
        at.min(self.0.len()) + rest.iter().position(|byte| !is_space(*byte)).unwrap_or(rest.len())
    }

    /// The first byte from `at` on that is no space.
    fn after(&self, at: usize) -> u8 {
        self.at(self.gap(at))
    }

    /// Where the white space before `at` begins.
    fn gap_before(&self, at: usize) -> usize {
        self.0[..at].iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1)
    }

    /// Whether a line ends in the white space before `at`: what stands before that may be a comment.
    fn begins_line(&self, at: usize) -> bool {
        self.0[self.gap_before(at)..at].iter().any(|byte| matches!(byte, b'\n' | b'\r'))
    }

    /// Whether an import or export may begin at `at`: behind the end of a statement or line, at the beginning.
    fn may_begin_item(&self, at: usize) -> bool {
        let before = self.0[..self.gap_before(at)].last();
        self.begins_line(at) || matches!(before, None | Some(b';' | b'}' | b')' | b'/' | 0x80..))
    }

    /// Whether a dot stands before `at`, and not the dots of `...`.
    fn is_property(&self, at: usize) -> bool {
        let before = &self.0[..self.gap_before(at)];
        !self.begins_line(at) && before.ends_with(b".") && !before.ends_with(b"...")
    }

    /// Whether what stands before `at`, behind a dot, may be the global object.
    fn may_be_of_global(&self, at: usize) -> bool {
        let dot = self.gap_before(at).saturating_sub(1);
        let dot = if self.0[..dot].ends_with(b"?") { dot - 1 } else { dot };
        let object = &self.0[..self.gap_before(dot)];
        let is_global = ["window", "self", "globalThis"].iter().any(|name| object.ends_with(name.as_bytes()));
        is_global || self.begins_line(dot) || matches!(object.last(), Some(b'/' | 0x80..))
    }

    /// Whether what ends at `at` is called.
    fn is_called(&self, at: usize) -> bool {
        matches!(self.after(at), b'(' | b'?' | b'/' | 0x80..)
    }

    /// Whether what ends at `at` is called with a literal.
    fn takes_literal(&self, at: usize) -> bool {
        let mut at = self.gap(at);
        if self.at(at) == b'?' {
            at = self.gap(at + 2);
        }
        if self.at(at) == b'(' {
            while self.at(at) == b'(' {
                at = self.gap(at + 1);
            }
            return matches!(self.at(at), b'"' | b'\'' | b'`' | b'/' | 0x80..);
        }
        matches!(self.at(at), b'/' | 0x80..)
    }
}

/// Whether a byte may begin what follows `import` in a declaration.
fn is_clause(byte: u8) -> bool {
    is_letter(byte) || matches!(byte, b'"' | b'\'' | b'{' | b'*' | b'\\')
}

/// Whether a byte of ASCII is one of those that names are made of.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0xb | 0xc)
}

/// Looks for comments that name a source map. The last one counts, and it usually stands at the end of the text, where
/// in a text that can be parsed nothing but a comment can look like it: whatever else began before would not end.
fn source_map(text: &str) -> SourceMap {
    const WORD: &str = "sourceMappingURL=";
    let trimmed = text.trim_end();
    let last = trimmed.rsplit(['\n', '\r', '\u{2028}', '\u{2029}']).next().unwrap_or_default().trim_start();
    if last.starts_with("//")
        && !last.contains("*/")
        && let Some(url) = comment::source_map(last)
    {
        let start = trimmed.len() - last.len();
        return SourceMap::At(start + url.start..start + url.end);
    }
    let may_name = |word: usize| {
        let before = text[..word].trim_end();
        before.ends_with(['#', '@']) && {
            let before = &before[..before.len() - 1];
            let url = text[word + WORD.len()..].trim_start();
            (before.ends_with("//") || before.ends_with("/*")) && !url.starts_with(['"', '\'', '`']) && !url.is_empty()
        }
    };
    if memmem::find_iter(text.as_bytes(), WORD).any(may_name) { SourceMap::Maybe } else { SourceMap::None }
}

#[cfg(test)]
mod tests;
