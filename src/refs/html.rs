//! Finds what a page names: by its attributes, its styles and scripts, its import map, and the pages within it.
//!
//! It knows HTML, and who to ask about the rest: what is CSS or JavaScript is handed to the caller's parser.

use std::cell::RefCell;
use std::mem::take;
use std::ops::Range;

use lol_html::html_content::{Element, TextChunk};
use lol_html::{HtmlRewriter, Settings, element, text};

use self::entities::Decoded;
use self::rules::{ScriptType, script_type};
use self::tag::{Namespace, PRESENTATION, Tag};
use super::excerpt::Excerpt;
use super::json;
use super::reference::{Found, Obstacle, Remark};

mod entities;
mod rules;
mod srcset;
mod tag;
#[cfg(test)]
mod tests;

/// How far pages are looked for within pages: a `<noscript>` in an `<iframe srcdoc>` in the page.
const DEEPEST: usize = 2;

/// The language of text inside a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedded {
    /// A style sheet.
    Css,
    /// A list of declarations in CSS, or a single value.
    Declarations,
    /// A JavaScript module.
    Module,
    /// A classic script.
    Script,
}

/// Whoever finds what embedded text names.
type Finder<'f> = dyn FnMut(Embedded, &Excerpt<'_>, &mut Found) + 'f;

/// Adds what a page names to `found`, and puts all of that in the order of places. `embedded` does the same for the
/// CSS and JavaScript in it, in any order.
///
/// A page is parsed as a browser with scripts does it, but what stands in `<noscript>` counts too.
pub fn find(text: &Excerpt<'_>, embedded: &mut Finder<'_>, found: &mut Found) {
    scan(text, 0, embedded, found);
    found.references.sort_by_key(|reference| reference.value.place(0));
    found.checkable.sort_by_key(|checkable| checkable.reference);
    found.remarks.sort_by_key(|remark| remark.place);
}

fn scan(text: &Excerpt<'_>, depth: usize, embedded: &mut Finder<'_>, found: &mut Found) {
    let mut inside = Found::default();
    let page = RefCell::new(Page { text, depth, embedded, found: &mut inside, based: false, open: None });
    let settings = Settings::new()
        // Strictness would give up a whole page for the sake of a style in a `<select>`, which is valid by now.
        .with_strict(false)
        .append_element_content_handler(element!(rules::elements(text.text()), |element| {
            page.borrow_mut().start(element);
            Ok(())
        }))
        .append_element_content_handler(text!("script, style, noscript", |chunk| {
            page.borrow_mut().gather(chunk);
            Ok(())
        }));
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    let parsed = rewriter.write(text.text().as_bytes()).and_then(|()| rewriter.end());
    page.into_inner().close();
    match parsed {
        Ok(()) => {
            found.references.append(&mut inside.references);
            found.checkable.append(&mut inside.checkable);
            found.remarks.append(&mut inside.remarks);
            found.base = found.base.take().or(inside.base);
            found.map = inside.map;
        }
        Err(error) => {
            let what = Obstacle::Unparsable(error.to_string());
            found.remarks.push(Remark { place: text.place(0), what });
        }
    }
}

/// What is known of a page so far.
struct Page<'p> {
    text: &'p Excerpt<'p>,
    /// How many pages this one lies within.
    depth: usize,
    embedded: &'p mut Finder<'p>,
    found: &'p mut Found,
    /// Whether a `<base>` has been seen: only the first counts.
    based: bool,
    open: Option<Open>,
}

/// An element whose text is being gathered.
struct Open {
    content: Content,
    /// Where its text stands, and whether it stands there without character references.
    pieces: Vec<(Range<usize>, bool)>,
}

/// What an element's text is.
#[derive(Clone, Copy)]
enum Content {
    Embedded(Embedded),
    ImportMap,
    /// A page's part, in a `<noscript>`.
    Markup,
}

impl Page<'_> {
    fn start(&mut self, element: &Element<'_, '_>) {
        self.close();
        let Some(tag) = Tag::read(element, self.text) else { return };
        rules::read(&tag, self.found);
        self.styles(&tag);
        if tag.namespace == Namespace::Html {
            if self.depth == 0 && rules::takes_import_map(&tag) {
                let place = element.source_location().bytes().start;
                self.found.map.before.get_or_insert(self.text.place(place));
            }
            self.base(&tag);
            self.page_within(&tag);
        }
        self.open = self.content(&tag).map(|content| Open { content, pieces: Vec::new() });
    }

    fn gather(&mut self, chunk: &TextChunk<'_>) {
        let Some(open) = &mut self.open else { return };
        let bytes = chunk.source_location().bytes();
        let verbatim = !chunk.text_type().allows_html_entities();
        match open.pieces.last_mut() {
            Some((last, as_it_is)) if last.end == bytes.start && *as_it_is == verbatim => last.end = bytes.end,
            _ => open.pieces.push((bytes, verbatim)),
        }
    }

    /// Looks through the text of the open element, which is complete.
    fn close(&mut self) {
        let Some(Open { content, pieces }) = take(&mut self.open) else { return };
        let text = match &pieces[..] {
            [] => return,
            [(range, true)] => self.text.part(range.clone()),
            [.., (last, _)] => {
                let mut decoded = Decoded::default();
                for (range, verbatim) in &pieces {
                    let piece = &self.text.text()[range.clone()];
                    let push = if *verbatim { Decoded::push_verbatim } else { Decoded::push };
                    push(&mut decoded, piece, range.start);
                }
                decoded.finish(self.text, last.end)
            }
        };
        match content {
            _ if text.text().trim_ascii().is_empty() => {}
            Content::Embedded(language) => (self.embedded)(language, &text, self.found),
            Content::ImportMap => json::import_map(&text, self.found),
            Content::Markup => {
                let mut inside = Found::default();
                scan(&text, self.depth + 1, self.embedded, &mut inside);
                // Its `<base>` counts only where scripts do not run.
                inside.base = None;
                self.append(inside);
            }
        }
    }

    fn append(&mut self, mut inside: Found) {
        self.found.references.append(&mut inside.references);
        self.found.checkable.append(&mut inside.checkable);
        self.found.remarks.append(&mut inside.remarks);
    }

    fn styles(&mut self, tag: &Tag<'_>) {
        let presentation = if tag.namespace == Namespace::Svg { PRESENTATION } else { &[] };
        for name in presentation.iter().chain(&["style"]) {
            if tag.may_hold_function(name)
                && let Some(value) = tag.value(name)
            {
                (self.embedded)(Embedded::Declarations, &value, self.found);
            }
        }
    }

    fn base(&mut self, tag: &Tag<'_>) {
        if tag.name() != "base" || self.based {
            return;
        }
        self.based = tag.has("href");
        // An empty one, or one that no file can lie under, leaves the page's own address in force.
        self.found.base = tag.url("href").map(|url| url.text().to_owned());
    }

    /// `<iframe srcdoc>`: its references are resolved against this page, unless it has a base of its own.
    fn page_within(&mut self, tag: &Tag<'_>) {
        if tag.name() != "iframe" || self.depth == DEEPEST {
            return;
        }
        let Some(source) = tag.value("srcdoc") else { return };
        let mut inside = Found::default();
        scan(&source, self.depth + 1, self.embedded, &mut inside);
        if inside.base.is_some() {
            return;
        }
        // Nothing may be added in there, for its quotes would end the attribute; what is there can be replaced.
        inside.checkable.retain_mut(|checkable| {
            checkable.has_crossorigin = true;
            checkable.integrity.is_some()
        });
        self.append(inside);
    }

    fn content(&self, tag: &Tag<'_>) -> Option<Content> {
        match (tag.name(), tag.namespace) {
            (_, Namespace::MathMl) => None,
            ("style", _) => {
                matches!(tag.keyword("type").as_str(), "" | "text/css").then_some(Content::Embedded(Embedded::Css))
            }
            ("script", Namespace::Html) if tag.has("src") => None,
            ("script", Namespace::Svg) if tag.has("href") || tag.has("xlink:href") => None,
            ("script", _) => match script_type(tag) {
                ScriptType::Classic => Some(Content::Embedded(Embedded::Script)),
                ScriptType::Module => Some(Content::Embedded(Embedded::Module)),
                ScriptType::ImportMap => Some(Content::ImportMap),
                ScriptType::Data => None,
            },
            ("noscript", Namespace::Html) => (self.depth < DEEPEST).then_some(Content::Markup),
            _ => None,
        }
    }
}
