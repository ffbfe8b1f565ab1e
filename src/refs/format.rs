//! Which files hold references, and which parser finds them.

use std::borrow::Cow;

use super::excerpt::Excerpt;
use super::html::Embedded;
use super::js::Goal;
use super::reference::{Found, Obstacle, Remark};
use super::{browserconfig, css, html, js, json, svg};
use crate::model::path::AssetPath;

/// A language whose references are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A style sheet.
    Css,
    /// A script or module.
    Script,
    /// Certainly a module.
    Module,
    /// A page.
    Html,
    /// A drawing.
    Svg,
    /// A web application's manifest.
    WebManifest,
    /// An import map in a file of its own.
    ImportMap,
    /// A source map.
    SourceMap,
    /// What old Windows asks for.
    BrowserConfig,
}

impl Format {
    /// The format of a file, by its name.
    pub fn of(path: &AssetPath) -> Option<Self> {
        if path.file_name().eq_ignore_ascii_case("browserconfig.xml") {
            return Some(Self::BrowserConfig);
        }
        Some(match path.extension()?.to_ascii_lowercase().as_str() {
            "css" => Self::Css,
            "js" => Self::Script,
            "mjs" => Self::Module,
            "html" | "htm" => Self::Html,
            "svg" => Self::Svg,
            "webmanifest" => Self::WebManifest,
            "importmap" => Self::ImportMap,
            "map" => Self::SourceMap,
            _ => return None,
        })
    }

    /// Everything that a file of this format refers to. Text that is not UTF-8 is read as far as it is ASCII.
    pub fn find(self, bytes: &[u8]) -> Found {
        let mut found = Found::default();
        if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            let what =
                Obstacle::Unparsable("it is UTF-16; only UTF-8 and what ASCII is a part of can be read".to_owned());
            found.remarks.push(Remark { place: 0, what });
            return found;
        }
        let start = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let text = ascii_at_least(&bytes[start..]);
        let is_masked = matches!(text, Cow::Owned(_));
        self.find_in(&Excerpt::verbatim(text, start), &mut found);
        if is_masked {
            found.references.retain(|reference| bytes[reference.value.span()].is_ascii());
        }
        found
    }

    fn find_in(self, text: &Excerpt<'_>, found: &mut Found) {
        let mut embedded = |language, text: &Excerpt<'_>, found: &mut Found| match language {
            Embedded::Css => css::find(text, found),
            Embedded::Declarations => css::find_in_value(text, found),
            Embedded::Module => js::find(text, Goal::Module, found),
            Embedded::Script => js::find(text, Goal::Script, found),
        };
        match self {
            Self::Css => css::find(text, found),
            Self::Script => js::find(text, Goal::Either, found),
            Self::Module => js::find(text, Goal::Module, found),
            Self::Html => html::find(text, &mut embedded, found),
            Self::Svg => svg::find(text, found),
            Self::WebManifest => json::web_manifest(text, found),
            Self::ImportMap => json::import_map(text, found),
            Self::SourceMap => json::source_map(text, found),
            Self::BrowserConfig => browserconfig::find(text, found),
        }
        found.references.sort_by_key(|reference| reference.value.place(0));
    }
}

/// The bytes as text in which every character has the place that it has in the bytes. Where they are not UTF-8, each
/// byte outside ASCII is one letter, so that what stands around it can be parsed.
fn ascii_at_least(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { 'x' }).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, text: &str) -> Vec<String> {
        let format = Format::of(&AssetPath::new(path).expect("a plain path")).expect("a known format");
        let found = format.find(text.as_bytes());
        found.references.iter().map(|reference| reference.value.text().to_owned()).collect()
    }

    #[test]
    fn what_a_page_embeds_is_read_in_its_own_language() {
        let page = "<p style=\"background: url('a.png')\"><style>b { background: url(b.png) }</style>\
                    <svg><rect fill='url(c.svg#d)'/></svg><script type=module>import './d.js'</script>";
        assert_eq!(texts("index.html", page), ["a.png", "b.png", "c.svg#d", "./d.js"]);
        let drawing = "<svg xmlns='http://www.w3.org/2000/svg'><rect style='fill: url(a.svg#b)'/></svg>";
        assert_eq!(texts("a.svg", drawing), ["a.svg#b"]);
    }
}
