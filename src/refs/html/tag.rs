//! A start tag of a page: those of its attributes that matter here, and where they stand.

use std::borrow::Cow;
use std::ops::Range;

use lol_html::html_content::Element;

use super::entities::decode;
use crate::refs::excerpt::Excerpt;
use crate::refs::url::file_url;

/// The attributes that say where a file is or what it is for; no others are looked at.
const ATTRIBUTES: &[&str] = &[
    "href",
    "src",
    "style",
    "type",
    "rel",
    "content",
    "name",
    "property",
    "srcset",
    "as",
    "integrity",
    "crossorigin",
    "itemprop",
    "http-equiv",
    "imagesrcset",
    "poster",
    "data",
    "background",
    "srcdoc",
    "language",
    "xlink:href",
    "clip-path",
    "cursor",
    "fill",
    "filter",
    "marker",
    "marker-end",
    "marker-mid",
    "marker-start",
    "mask",
    "stroke",
];

/// The attributes of an SVG that hold a CSS value in which a URL may stand.
pub(super) const PRESENTATION: &[&str] =
    &["clip-path", "cursor", "fill", "filter", "marker", "marker-end", "marker-mid", "marker-start", "mask", "stroke"];

/// The language that an element is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    Html,
    Svg,
    MathMl,
}

/// A start tag.
pub(super) struct Tag<'p> {
    page: &'p Excerpt<'p>,
    name: Cow<'p, str>,
    pub(super) namespace: Namespace,
    /// Name and value, raw, of those of [`ATTRIBUTES`] that there are. The first of a name counts.
    attributes: Vec<(&'static str, Range<usize>)>,
    end: usize,
}

impl<'p> Tag<'p> {
    /// Reads the tag of `element`, which stands in `page`; `None` where it is of no interest.
    pub(super) fn read(element: &Element<'_, '_>, page: &'p Excerpt<'p>) -> Option<Self> {
        let text = page.text();
        let start = element.source_location().bytes().start + 1;
        let length = text.as_bytes()[start..].iter().position(|byte| is_name_end(*byte));
        let mut end = length.map_or(text.len(), |length| start + length);
        let name = &text[start..end];
        let has_content = ["script", "style", "noscript"].iter().any(|known| known.eq_ignore_ascii_case(name));
        let is_read = has_content || name.eq_ignore_ascii_case("base");
        if !is_read && !may_name_known(&text.as_bytes()[end..element.source_location().bytes().end.max(end)]) {
            return None;
        }
        let mut attributes: Vec<(&'static str, Range<usize>)> = Vec::with_capacity(4);
        for attribute in element.attributes() {
            let Some(location) = attribute.name_source_location() else { continue };
            let location = location.bytes();
            let value = attribute.value_source_location().map(|location| location.bytes());
            if let Some(value) = &value {
                let quoted = matches!(text.as_bytes()[value.start - 1], b'"' | b'\'');
                end = value.end + usize::from(quoted);
            }
            let name = &text[location.clone()];
            let Some(name) = ATTRIBUTES.iter().find(|known| known.eq_ignore_ascii_case(name)) else { continue };
            if attributes.iter().all(|(earlier, _)| earlier != name) {
                attributes.push((name, value.unwrap_or(location.end..location.end)));
            }
        }
        (has_content || !attributes.is_empty()).then(|| Self {
            page,
            name: if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                name.to_ascii_lowercase().into()
            } else {
                name.into()
            },
            namespace: namespace(element),
            attributes,
            end,
        })
    }

    /// The element's name, in lower case.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where in the page attributes can be added: right behind the last one that has a value, or behind the name.
    /// Behind one without a value would not do, for `<script defer=>` would take what follows for the value.
    pub(super) fn end(&self) -> usize {
        self.page.place(self.end)
    }

    /// Whether there is an attribute of this name, with a value or without.
    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// The bytes of the page that an attribute's value takes, without its quotes.
    pub(super) fn span(&self, name: &str) -> Option<Range<usize>> {
        self.raw(name).map(|range| self.page.place(range.start)..self.page.place(range.end))
    }

    /// An attribute's value, its character references undone.
    pub(super) fn value(&self, name: &str) -> Option<Excerpt<'static>> {
        self.raw(name).map(|range| decode(self.page.part(range)))
    }

    /// An attribute's value as a URL that may name a file.
    pub(super) fn url(&self, name: &str) -> Option<Excerpt<'static>> {
        let raw = self.raw(name)?;
        // Most links of large sites lead elsewhere in the page; these are not worth a copy.
        if self.page.text()[raw.clone()].starts_with('#') { None } else { file_url(decode(self.page.part(raw))) }
    }

    /// An attribute's value as a keyword: in lower case, without space around it; empty where there is none.
    pub(super) fn keyword(&self, name: &str) -> String {
        self.value(name).map(|value| value.text().trim_ascii().to_ascii_lowercase()).unwrap_or_default()
    }

    /// Whether an attribute's value, still raw, holds a parenthesis, which every CSS function has.
    pub(super) fn may_hold_function(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|range| {
            let value = &self.page.text()[range];
            value.contains('(') || value.contains('&')
        })
    }

    fn raw(&self, name: &str) -> Option<Range<usize>> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, range)| range.clone())
    }
}

/// Whether one of [`ATTRIBUTES`] may have a value in a raw tag: a known name stands before an equals sign. Most tags of
/// most pages have none, and are not worth taking apart.
fn may_name_known(tag: &[u8]) -> bool {
    memchr::memchr_iter(b'=', tag).any(|equals| {
        let name = name_before(&tag[..equals]);
        ATTRIBUTES.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name))
    })
}

/// The longest of [`ATTRIBUTES`].
const LONGEST: usize = "marker-start".len();

/// The name of an attribute that may end a part of a page, white space behind it left out; of a name that is longer
/// than all that are known only the end.
pub(super) fn name_before(part: &[u8]) -> &[u8] {
    let part = part.trim_ascii_end();
    let is_in_name = |byte: &&u8| !is_name_end(**byte) && !matches!(byte, b'"' | b'\'');
    let length = part.iter().rev().take(LONGEST + 1).take_while(is_in_name).count();
    &part[part.len() - length..]
}

fn is_name_end(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')
}

fn namespace(element: &Element<'_, '_>) -> Namespace {
    match element.namespace_uri() {
        "http://www.w3.org/2000/svg" => Namespace::Svg,
        "http://www.w3.org/1998/Math/MathML" => Namespace::MathMl,
        _ => Namespace::Html,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_known_name_is_longer_than_the_longest() {
        assert_eq!(ATTRIBUTES.iter().map(|name| name.len()).max(), Some(LONGEST));
    }

    #[test]
    fn a_tag_that_is_passed_over_names_nothing() {
        for (tag, may) in [
            ("", false),
            (" class=\"a href\" id=x", false),
            (" title='a' data-href=x", false),
            (" CLASS=a HREF=b", true),
            (" class=\"a\"href=b", true),
            (" a/src \n = x", true),
            (" title='x style=y'", true),
            (" href", false),
        ] {
            assert_eq!(may_name_known(tag.as_bytes()), may, "{tag}");
        }
    }
}
