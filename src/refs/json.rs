//! Finds what the JSON files of the web name: web app manifests, import maps, source maps.
//!
//! They are read with their places, which a value tree would lose.

use std::ops::Range;

use self::strings::{Path, Role, Step, decode, visit_strings};
use super::excerpt::Excerpt;
use super::reference::{Checkable, Found, Kind, MapThere, Obstacle, Reference, Remark, Slot};
use super::url::file_url;

mod strings;
#[cfg(test)]
mod tests;

use Step::{Any, Element, Member};

/// Adds what a web app manifest names: its images, and the pages that it leads to.
/// <https://www.w3.org/TR/appmanifest/>
pub fn web_manifest(text: &Excerpt<'_>, found: &mut Found) {
    const IMAGES: &[&[Step<'_>]] = &[
        &[Member("icons"), Element, Member("src")],
        &[Member("screenshots"), Element, Member("src")],
        &[Member("shortcuts"), Element, Member("icons"), Element, Member("src")],
        &[Member("file_handlers"), Element, Member("icons"), Element, Member("src")],
    ];
    const PAGES: &[&[Step<'_>]] = &[&[Member("start_url")], &[Member("shortcuts"), Element, Member("url")]];
    read(text, 0, found, |role, path, string, found| {
        let is = |paths: &[&[Step<'_>]]| role == Role::Value && paths.iter().any(|steps| path.is(steps));
        if is(IMAGES) {
            push_url(text, string, Kind::Resource, found);
        } else if is(PAGES) {
            push_url(text, string, Kind::Link, found);
        }
    });
}

/// Adds what an import map names. Keys that are URLs are names of modules just as the values are, for a rewritten
/// module asks for the rewritten name; but nothing needs to lie there, for what lies there is never loaded. Of several
/// in a page, the first is the one to which entries can be added.
///
/// The hashes of its `integrity` become [`Checkable`]s that have an `integrity` to replace and to which nothing can
/// be added: their `reference` is the place of the key, their `end` that of the hash's end, and they count as having
/// a `crossorigin`.
/// <https://html.spec.whatwg.org/multipage/webappapis.html#import-maps>
pub fn import_map(text: &Excerpt<'_>, found: &mut Found) {
    // The place of the last key of `integrity`, if it is a URL.
    let mut key = None;
    // The places of the first members: of the whole, of `imports` and of `integrity`; and whether there are these two.
    let (mut whole, mut imports, mut integrity) = (None, None, None);
    let (mut has_imports, mut has_integrity) = (false, false);
    read(text, 0, found, |role, path, string, found| {
        if role == Role::Key {
            let quote = text.place(string.start - 1);
            let firsts = [(&mut whole, Any, None), (&mut imports, Member("imports"), Some(Any))];
            for (first, outer, inner) in firsts.into_iter().chain([(&mut integrity, Member("integrity"), Some(Any))]) {
                let steps: Vec<Step<'_>> = std::iter::once(outer).chain(inner).collect();
                if path.is(&steps) {
                    first.get_or_insert(quote);
                }
            }
            has_imports |= path.is(&[Member("imports")]);
            has_integrity |= path.is(&[Member("integrity")]);
        }
        let is_module = path.is(&[Member("imports"), Any]) || path.is(&[Member("scopes"), Any, Any]);
        let is_integrity = path.is(&[Member("integrity"), Any]);
        match role {
            Role::Value if is_module => {
                push_specifier(text, string, Kind::Mapped, found);
            }
            Role::Key if is_module => {
                push_specifier(text, string, Kind::Asked, found);
            }
            // A hash is that of one module.
            Role::Key if is_integrity && text.text()[string.clone()].ends_with('/') => key = None,
            Role::Key if is_integrity => key = push_specifier(text, string, Kind::Mention, found),
            Role::Value if is_integrity => found.checkable.extend(key.map(|reference| {
                let integrity = text.place(string.start)..text.place(string.end);
                Checkable { reference, end: integrity.end, integrity: Some(integrity), has_crossorigin: true }
            })),
            Role::Key if path.is(&[Member("scopes"), Any]) => {
                push_specifier(text, string, Kind::Mention, found);
            }
            _ => {}
        }
    });
    let slot = |inside: Option<usize>, is_there: bool| match inside {
        Some(place) => Some(Slot::Inside(place)),
        None if is_there => None,
        None => whole.map(Slot::Around),
    };
    let (imports, integrity) = (slot(imports, has_imports), slot(integrity, has_integrity));
    found.map.there.get_or_insert(MapThere { place: text.place(0), imports, integrity });
}

/// Adds what a source map names: the file that it is of, and the maps of its sections. Its sources stay as they are.
/// <https://tc39.es/ecma426/>
pub fn source_map(text: &Excerpt<'_>, found: &mut Found) {
    // A first line that keeps the map from being run as a script.
    let start = if text.text().starts_with(")]}'") { text.text().find('\n').unwrap_or(text.text().len()) } else { 0 };
    read(text, start, found, |role, path, string, found| {
        let is = |steps: &[Step<'_>]| role == Role::Value && path.is(steps);
        if is(&[Member("file")]) || is(&[Member("sections"), Element, Member("map"), Member("file")]) {
            push_url(text, string, Kind::Mention, found);
        } else if is(&[Member("sections"), Element, Member("url")]) {
            push_url(text, string, Kind::SourceMap, found);
        }
    });
}

/// Adds what `take` finds of the strings of a JSON text; nothing but a remark where it is not JSON.
fn read(
    text: &Excerpt<'_>,
    start: usize,
    found: &mut Found,
    mut take: impl FnMut(Role, &Path<'_>, Range<usize>, &mut Found),
) {
    let mut inside = Found::default();
    let visited = visit_strings(text.text(), start, &mut |role, path, string| take(role, path, string, &mut inside));
    match visited {
        Ok(()) => {
            found.references.append(&mut inside.references);
            found.checkable.append(&mut inside.checkable);
        }
        Err(malformed) => found.remarks.push(Remark {
            place: text.place(malformed.index),
            what: Obstacle::Unparsable(format!("not JSON: expected {}", malformed.expected)),
        }),
    }
}

fn push_url(text: &Excerpt<'_>, string: Range<usize>, kind: Kind, found: &mut Found) {
    if let Some(value) = file_url(decode(text, string)) {
        found.references.push(Reference { value, kind });
    }
}

/// Adds a key or value of an import map that is a URL, and not a bare name. One that ends with a slash stands for all
/// modules below a folder. Returns its place.
fn push_specifier(text: &Excerpt<'_>, string: Range<usize>, kind: Kind, found: &mut Found) -> Option<usize> {
    let value = file_url(decode(text, string))?;
    let url = value.text();
    let scheme = url.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    let is_absolute = ["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
    let is_url = is_absolute || ["/", "./", "../"].iter().any(|start| url.starts_with(start));
    if !is_url {
        return None;
    }
    let place = value.place(0);
    found.references.push(Reference { value, kind });
    Some(place)
}
