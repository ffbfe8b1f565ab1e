//! References of SVG images: `href`, the styles in them, presentation attributes, and `<?xml-stylesheet?>`.

use roxmltree::{Attribute, Document, Node};

use super::excerpt::Excerpt;
use super::reference::{Found, Kind, Reference};
use super::url::file_url;
use super::{css, xml};

const SVG: &str = "http://www.w3.org/2000/svg";
const XHTML: &str = "http://www.w3.org/1999/xhtml";
const XLINK: &str = "http://www.w3.org/1999/xlink";

/// The attributes that are CSS properties whose values can hold a URL, and those that animate them.
const STYLED: [&str; 14] = [
    "fill",
    "stroke",
    "filter",
    "mask",
    "clip-path",
    "marker",
    "marker-start",
    "marker-mid",
    "marker-end",
    "cursor",
    "from",
    "to",
    "by",
    "values",
];

/// Finds the references of an SVG image. Where it is not well-formed, remarks so and finds none.
pub fn find(text: &Excerpt<'_>, found: &mut Found) {
    let Some(document) = xml::parse(text, found) else { return };
    let start = xml::content_start(&document);
    style_sheets(text, &document, found);
    for element in document.descendants().filter(|node| node.is_element() && node.range().start >= start) {
        // Editors keep data of their own in elements that no browser draws.
        if !matches!(element.tag_name().namespace(), None | Some(SVG | XHTML)) {
            continue;
        }
        for attribute in element.attributes() {
            in_attribute(text, element, &attribute, found);
        }
        let is_css = |kind: &str| kind.is_empty() || kind.trim().eq_ignore_ascii_case("text/css");
        let is_style = element.tag_name().name() == "style" && element.attribute("type").is_none_or(is_css);
        if is_style && let Some(style) = xml::inside(text, element) {
            css::find(&style, found);
        }
    }
}

fn in_attribute(text: &Excerpt<'_>, element: Node<'_, '_>, attribute: &Attribute<'_, '_>, found: &mut Found) {
    match (attribute.namespace(), attribute.name()) {
        (None | Some(XLINK), "href") => {
            let kind = match element.tag_name().name() {
                "a" => Kind::Link,
                "script" => Kind::Script,
                _ => Kind::Resource,
            };
            found.references.extend(xml::value(text, attribute).and_then(|value| reference(value, kind)));
        }
        (None, name) if (name == "style" || STYLED.contains(&name)) && attribute.value().contains('(') => {
            if let Some(value) = xml::value(text, attribute) {
                css::find_in_value(&value, found);
            }
        }
        _ => {}
    }
}

fn reference(value: Excerpt<'static>, kind: Kind) -> Option<Reference> {
    file_url(value).map(|value| Reference { value, kind })
}

/// Finds what the `<?xml-stylesheet?>` instructions before the root element name.
fn style_sheets(text: &Excerpt<'_>, document: &Document<'_>, found: &mut Found) {
    let prolog = document.root().children().take_while(|node| !node.is_element());
    for node in prolog.filter(|node| node.pi().is_some_and(|instruction| instruction.target == "xml-stylesheet")) {
        let attributes = xml::pseudo_attributes(text, node.range());
        let value = |name| attributes.iter().find(|(found, _)| *found == name).map(|(_, value)| value);
        let transforms = value("type").is_some_and(|kind| !kind.text().trim().eq_ignore_ascii_case("text/css"));
        let kind = if transforms { Kind::Resource } else { Kind::Style };
        found.references.extend(value("href").and_then(|href| reference(href.clone(), kind)));
    }
}

#[cfg(test)]
mod tests;
