//! XML whose values keep their places in the file. Entities that a document defines itself are understood for the
//! names of elements and namespaces, but no value is taken from them: there is no one place to rewrite.

use std::ops::Range;

use roxmltree::{Attribute, Document, Error, Node, ParsingOptions};

use super::excerpt::Excerpt;
use super::reference::{Found, Obstacle, Remark};

mod bounds;

/// Parses a document. Where it is not well-formed, or holds what takes too long, remarks so and returns `None`.
pub(super) fn parse<'t>(text: &'t Excerpt<'_>, found: &mut Found) -> Option<Document<'t>> {
    if let Some((place, why)) = bounds::exceeded(text.text()) {
        found.remarks.push(Remark { place: text.place(place), what: Obstacle::Unparsable(why.to_owned()) });
        return None;
    }
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    match Document::parse_with_options(text.text(), options) {
        Ok(document) => Some(document),
        Err(error) => {
            let place = text.place(offset(text.text(), &error));
            // The place goes with the remark; the parser says it in its message once more.
            let what = error.to_string().replacen(&format!(" at {}", error.pos()), "", 1);
            found.remarks.push(Remark { place, what: Obstacle::Unparsable(what) });
            None
        }
    }
}

/// Where an error is; the parser counts lines, and characters in them, from 1.
fn offset(text: &str, error: &Error) -> usize {
    if matches!(error, Error::UnclosedRootNode | Error::UnexpectedEndOfStream) {
        return text.len();
    }
    let (line, column) = (error.pos().row as usize, error.pos().col as usize);
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let before = text[start..].char_indices().nth(column - 1);
    before.map_or(text.len(), |(index, _)| start + index)
}

/// An attribute's value, if it stands in the file as such and not in an entity.
pub(super) fn value(text: &Excerpt<'_>, attribute: &Attribute<'_, '_>) -> Option<Excerpt<'static>> {
    let range = attribute.range();
    // Not `range_value()`, which is wrong behind a long name or much white space; neither can hold a quote.
    let quote = text.text().get(range.clone())?.find(['"', '\''])?;
    let mut pieces = Pieces::default();
    pieces.text(text.text(), range.start + quote + 1..range.end - 1, true)?;
    Some(pieces.excerpt(text))
}

/// The attributes that stand in a processing instruction at `range`, as `<?xml-stylesheet href="…"?>` has them; those
/// that come after anything else are left out.
pub(super) fn pseudo_attributes<'t>(text: &'t Excerpt<'_>, range: Range<usize>) -> Vec<(&'t str, Excerpt<'static>)> {
    let mut attributes = Vec::new();
    let end = range.end - "?>".len();
    let Some(behind_target) = text.text()[range.start..end].find(is_space) else { return attributes };
    let mut start = range.start + behind_target;
    loop {
        let rest = &text.text()[start..end];
        let Some((name, after)) = rest.split_once('=') else { return attributes };
        let quoted = after.trim_start_matches(is_space);
        let Some(quote @ ('"' | '\'')) = quoted.chars().next() else { return attributes };
        let Some(length) = quoted[1..].find(quote) else { return attributes };
        let value = end - quoted.len() + 1;
        let mut pieces = Pieces::default();
        if pieces.text(text.text(), value..value + length, true).is_some() {
            attributes.push((name.trim_matches(is_space), pieces.excerpt(text)));
        }
        start = value + length + 1;
    }
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Where the root element begins: what stands before it is not content, nor is what entities declared there hold.
pub(super) fn content_start(document: &Document<'_>) -> usize {
    document.root_element().range().start
}

/// The text inside of an element, CDATA sections among it, if it all stands in the file as such and no element is in
/// it, whose own values would lie inside of the text's.
pub(super) fn inside(text: &Excerpt<'_>, element: Node<'_, '_>) -> Option<Excerpt<'static>> {
    let (whole, range) = (text.text(), element.range());
    let source = whole.get(range.clone())?;
    let mut start = range.start + start_tag(source);
    let end = range.start + source.rfind("</")?;
    let mut pieces = Pieces::default();
    for child in element.children().filter(|child| !child.is_text()) {
        let place = child.range();
        if child.is_element() || place.start < start {
            return None;
        }
        pieces.character_data(whole, start..place.start)?;
        start = place.end;
    }
    pieces.character_data(whole, start..end)?;
    Some(pieces.excerpt(text))
}

/// The length of the start tag at the beginning of an element; its attributes can hold `>`.
fn start_tag(element: &str) -> usize {
    let mut quote = None;
    for (index, byte) in element.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return index + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    element.len()
}

/// Pieces of a text put together, entities decoded, and the index of each byte in that text.
#[derive(Default)]
struct Pieces {
    meaning: String,
    places: Vec<usize>,
    end: usize,
}

impl Pieces {
    fn verbatim(&mut self, text: &str, range: Range<usize>) {
        self.meaning.push_str(&text[range.clone()]);
        self.end = range.end;
        self.places.extend(range);
    }

    /// Text with entities; an attribute's white space is spaces. `None` if it has entities that are not XML's own.
    fn text(&mut self, text: &str, range: Range<usize>, in_attribute: bool) -> Option<()> {
        let mut start = range.start;
        self.end = start;
        while let Some(index) = text.get(start..range.end)?.find(['&', '\t', '\n', '\r']) {
            let special = start + index;
            self.verbatim(text, start..special);
            let mut length = 1;
            let character = match text[special..].chars().next()? {
                '&' => {
                    length = text[special..range.end].find(';')? + 1;
                    entity(&text[special + 1..special + length - 1])?
                }
                _ if in_attribute => ' ',
                other => other,
            };
            self.meaning.push(character);
            self.places.resize(self.meaning.len(), special);
            start = special + length;
            self.end = start;
        }
        self.verbatim(text, start..range.end);
        Some(())
    }

    /// Text in which CDATA sections may stand.
    fn character_data(&mut self, text: &str, range: Range<usize>) -> Option<()> {
        const OPEN: &str = "<![CDATA[";
        let mut start = range.start;
        while let Some(index) = text.get(start..range.end)?.find(OPEN) {
            self.text(text, start..start + index, false)?;
            start += index + OPEN.len();
            let length = text[start..range.end].find("]]>")?;
            self.verbatim(text, start..start + length);
            start += length + "]]>".len();
        }
        self.text(text, start..range.end, false)
    }

    fn excerpt(mut self, text: &Excerpt<'_>) -> Excerpt<'static> {
        self.places.push(self.end);
        text.meaning(self.meaning, self.places)
    }
}

/// The character that an entity between `&` and `;` stands for, if it is one of XML's own.
fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix('x') {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => digits.parse(),
            };
            char::from_u32(number.ok()?)?
        }
    })
}
