//! Which attributes of which elements name files, and what for.
//!
//! Left out is what names something to send to and not something to load (`action`, `ping`), and what only says where
//! something is from (`cite`, `longdesc`).

use std::ops::Range;

use super::srcset::candidates;
use super::tag::{Namespace, Tag, name_before};
use crate::refs::excerpt::Excerpt;
use crate::refs::reference::{Checkable, Found, Kind, Reference};
use crate::refs::url::file_url;

/// Kinds of `<link>` whose file the page itself loads or hands to the browser.
const LOADED_LINKS: &[&str] = &[
    "icon",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "apple-touch-startup-image",
    "fluid-icon",
    "mask-icon",
    "image_src",
    "manifest",
    "prefetch",
    "compression-dictionary",
    "stylesheet/less",
];

/// Kinds of `<link>` that name a host, an endpoint or a vocabulary.
const IDLE_LINKS: &[&str] =
    &["preconnect", "dns-prefetch", "pingback", "webmention", "micropub", "edituri", "profile", "expect"];

/// What `<meta>` names of which `content` is a file.
const FILES_OF_META: &[&str] = &[
    "og:image",
    "og:image:url",
    "og:image:secure_url",
    "og:video",
    "og:video:url",
    "og:video:secure_url",
    "og:audio",
    "og:audio:url",
    "og:audio:secure_url",
    "twitter:image",
    "twitter:image:src",
    "twitter:player:stream",
    "msapplication-config",
    "msapplication-tileimage",
    "msapplication-square70x70logo",
    "msapplication-square150x150logo",
    "msapplication-square310x310logo",
    "msapplication-wide310x150logo",
    "thumbnail",
];

/// What the text or file of a `<script>` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScriptType {
    Classic,
    Module,
    ImportMap,
    /// Nothing that the browser runs.
    Data,
}

/// From this size on it pays to tell the parser the names of elements, which takes it some 30 µs for each page.
const LARGE: usize = 16 << 10;

/// The elements of a page that may name something, as a selector: in a large page all of them only where a style may
/// stand in any tag, or another language than HTML is spoken. Those that are passed over cost the parser half as much.
pub(super) fn elements(page: &str) -> &'static str {
    let page = page.as_bytes();
    let begins = |at: usize, name: &str| {
        page[at..].get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()))
    };
    let is_foreign = |at: usize| begins(at, "<svg") || begins(at, "<math");
    let is_style = |at: usize| name_before(&page[..at]).eq_ignore_ascii_case(b"style");
    if page.len() < LARGE
        || memchr::memchr_iter(b'=', page).any(is_style)
        || memchr::memchr_iter(b'<', page).any(is_foreign)
    {
        "*"
    } else {
        "a, area, audio, base, bgsound, body, embed, frame, iframe, image, img, input, link, meta, mi, mn, mo, ms, mtext, \
         noscript, object, script, source, style, table, tbody, td, tfoot, th, thead, tr, track, video"
    }
}

/// Adds what a tag's attributes name, other than by CSS or by a page within.
pub(super) fn read(tag: &Tag<'_>, found: &mut Found) {
    if tag.namespace != Namespace::Html {
        return foreign(tag, found);
    }
    let named: &[(&str, Kind)] = match tag.name() {
        "link" => return link(tag, found),
        "script" => return script(tag, found),
        "meta" => return meta(tag, found),
        "a" | "area" => &[("href", Kind::Link)],
        // Of MathML; the parser counts them to the HTML that they may hold.
        "mi" | "mn" | "mo" | "ms" | "mtext" => &[("href", Kind::Link)],
        // The parser makes an `<img>` of an `<image>`.
        "img" | "image" | "source" => {
            several(tag, "srcset", found);
            &[("src", Kind::Resource)]
        }
        "video" => &[("src", Kind::Resource), ("poster", Kind::Resource)],
        "audio" | "track" | "embed" | "bgsound" => &[("src", Kind::Resource)],
        "input" if tag.keyword("type") == "image" => &[("src", Kind::Resource)],
        "iframe" | "frame" => &[("src", Kind::Link)],
        "object" => &[("data", Kind::Resource)],
        "body" | "table" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th" => &[("background", Kind::Resource)],
        _ => &[],
    };
    for (name, kind) in named {
        one(tag, name, *kind, found);
    }
}

/// What kind of script a `<script>` is.
/// <https://html.spec.whatwg.org/multipage/scripting.html#prepare-the-script-element>
pub(super) fn script_type(tag: &Tag<'_>) -> ScriptType {
    let language = tag.keyword("language");
    let kind = match tag.keyword("type") {
        kind if tag.has("type") => kind,
        _ if language.is_empty() => String::new(),
        _ => format!("text/{language}"),
    };
    match kind.as_str() {
        "module" => ScriptType::Module,
        "importmap" => ScriptType::ImportMap,
        "" | "text/javascript" | "application/javascript" | "application/x-javascript" | "text/x-javascript" => {
            ScriptType::Classic
        }
        "text/ecmascript" | "application/ecmascript" | "application/x-ecmascript" | "text/x-ecmascript" => {
            ScriptType::Classic
        }
        "text/jscript" | "text/livescript" => ScriptType::Classic,
        versioned => match versioned.strip_prefix("text/javascript1.") {
            Some("0" | "1" | "2" | "3" | "4" | "5") => ScriptType::Classic,
            _ => ScriptType::Data,
        },
    }
}

/// Whether modules may be asked for from this tag on, so that an import map has to stand before it.
pub(super) fn takes_import_map(tag: &Tag<'_>) -> bool {
    match tag.name() {
        "script" => matches!(script_type(tag), ScriptType::Classic | ScriptType::Module),
        "link" => tag.keyword("rel").split_ascii_whitespace().any(|rel| rel == "modulepreload"),
        _ => false,
    }
}

/// SVG and MathML.
fn foreign(tag: &Tag<'_>, found: &mut Found) {
    let kind = match (tag.namespace, tag.name()) {
        (Namespace::MathMl, _) | (_, "a") => Kind::Link,
        (_, "script") => script_kind(tag),
        _ => Kind::Resource,
    };
    one(tag, "href", kind, found);
    one(tag, "xlink:href", kind, found);
}

/// The file of a data block is loaded, if at all, by a script (`text/babel`).
fn script_kind(tag: &Tag<'_>) -> Kind {
    match script_type(tag) {
        ScriptType::Classic | ScriptType::Module => Kind::Script,
        ScriptType::ImportMap | ScriptType::Data => Kind::Resource,
    }
}

fn script(tag: &Tag<'_>, found: &mut Found) {
    let kind = script_kind(tag);
    let place = one(tag, "src", kind, found);
    if kind == Kind::Script {
        checkable(tag, place, found);
    }
}

fn link(tag: &Tag<'_>, found: &mut Found) {
    several(tag, "imagesrcset", found);
    let rel = tag.keyword("rel");
    let is = |known: &[&str]| rel.split_ascii_whitespace().any(|token| known.contains(&token));
    let kind = if is(&["stylesheet"]) {
        Kind::Style
    } else if is(&["modulepreload"]) {
        Kind::Script
    } else if is(&["preload"]) {
        match tag.keyword("as").as_str() {
            "script" => Kind::Script,
            "style" => Kind::Style,
            "document" => Kind::Link,
            _ => Kind::Resource,
        }
    } else if is(LOADED_LINKS) || is_image(tag) {
        Kind::Resource
    } else if is(IDLE_LINKS) || rel.is_empty() && !tag.has("itemprop") {
        return;
    } else {
        Kind::Link
    };
    let place = one(tag, "href", kind, found);
    if matches!(kind, Kind::Style | Kind::Script) {
        checkable(tag, place, found);
    }
}

fn meta(tag: &Tag<'_>, found: &mut Found) {
    let Some(content) = tag.value("content") else { return };
    let names = [tag.keyword("property"), tag.keyword("name")];
    let mut names = names.iter().flat_map(|names| names.split_ascii_whitespace());
    if tag.keyword("http-equiv") == "refresh" {
        if let Some(url) = refresh_target(content.text()) {
            push(content.part(url), Kind::Link, found);
        }
    } else if (is_image(tag) || names.any(|name| FILES_OF_META.contains(&name)))
        // `msapplication-config` can say that there is none.
        && !content.text().trim_ascii().eq_ignore_ascii_case("none")
    {
        push(content, Kind::Resource, found);
    }
}

/// Whether it is an item's image as microdata.
fn is_image(tag: &Tag<'_>) -> bool {
    tag.keyword("itemprop").split_ascii_whitespace().any(|name| name == "image")
}

/// Where in the `content` of a `<meta http-equiv=refresh>` the URL stands.
/// <https://html.spec.whatwg.org/multipage/semantics.html#shared-declarative-refresh-steps>
fn refresh_target(content: &str) -> Option<Range<usize>> {
    let trim = |text: &'_ str| text.len() - text.trim_ascii_start().len();
    let time = content.trim_ascii_start();
    let rest = time.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if rest.len() == time.len() || !rest.starts_with([';', ',', ' ', '\t', '\n', '\x0c', '\r']) {
        return None;
    }
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_ascii_start();
    let start = content.len() - rest.len();
    let named = rest.get(..3).filter(|name| name.eq_ignore_ascii_case("url")).and_then(|_| {
        let equals = 3 + trim(&rest[3..]);
        rest[equals..].starts_with('=').then(|| equals + 1 + trim(&rest[equals + 1..]))
    });
    let start = start + named.unwrap_or_default();
    let quote = content[start..].chars().next().filter(|c| matches!(c, '"' | '\''));
    let start = start + usize::from(quote.is_some());
    let end = quote.and_then(|quote| content[start..].find(quote)).map_or(content.len(), |length| start + length);
    Some(start..end)
}

/// Adds an attribute's URL, and returns its place.
fn one(tag: &Tag<'_>, name: &str, kind: Kind, found: &mut Found) -> Option<usize> {
    Some(add(tag.url(name)?, kind, found))
}

/// Adds the URLs of a `srcset`.
fn several(tag: &Tag<'_>, name: &str, found: &mut Found) {
    let Some(value) = tag.value(name) else { return };
    for url in candidates(value.text()) {
        push(value.part(url), Kind::Resource, found);
    }
}

/// Adds a part of an attribute's value if it is a URL.
fn push(value: Excerpt<'static>, kind: Kind, found: &mut Found) {
    if let Some(url) = file_url(value) {
        add(url, kind, found);
    }
}

/// Adds a URL, and returns its place.
fn add(value: Excerpt<'static>, kind: Kind, found: &mut Found) -> usize {
    let place = value.place(0);
    found.references.push(Reference { value, kind });
    place
}

fn checkable(tag: &Tag<'_>, reference: Option<usize>, found: &mut Found) {
    let Some(reference) = reference else { return };
    let integrity = tag.span("integrity");
    let has_crossorigin = tag.has("crossorigin");
    found.checkable.push(Checkable { reference, end: tag.end(), integrity, has_crossorigin });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_names_its_target_in_many_ways() {
        for (content, target) in [
            ("0; url=a.html", Some("a.html")),
            (" 5;URL = 'a b.html' x", Some("a b.html")),
            ("0.5, url=\"a.html", Some("a.html")),
            ("0 url=a.html", Some("a.html")),
            ("0;a.html", Some("a.html")),
            ("0;'a.html'", Some("a.html")),
            ("0;url a.html", Some("url a.html")),
            ("0;ur.html", Some("ur.html")),
            ("0;é", Some("é")),
            ("0;", Some("")),
            ("0", None),
            ("url=a.html", None),
            ("0x;a.html", None),
            ("", None),
        ] {
            assert_eq!(refresh_target(content).map(|range| &content[range]), target, "{content:?}");
        }
    }
}
