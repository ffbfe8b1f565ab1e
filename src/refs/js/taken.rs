//! Which of the strings at the places of references are references.

use crate::refs::excerpt::Excerpt;
use crate::refs::reference::{Found, Kind, Obstacle, Reference, Remark};

/// Notes what is said at the place of a reference: a reference, or an obstacle where it cannot be known.
pub(super) fn note(found: &mut Found, kind: Kind, value: Option<Excerpt<'static>>, place: usize) {
    match value {
        Some(value) => reference(found, kind, value),
        None => found.remarks.push(Remark { place, what: Obstacle::Computed }),
    }
}

/// Notes a reference, unless it names nothing that can be a file of the site.
pub(super) fn reference(found: &mut Found, kind: Kind, value: Excerpt<'static>) {
    let blank = |letter: char| letter <= ' ';
    let text = value.text();
    let end = text.trim_end_matches(blank).len();
    // A specifier with white space before it is a bare one, whatever follows.
    let start = if kind == Kind::Module { 0 } else { text[..end].len() - text[..end].trim_start_matches(blank).len() };
    let name = &text[start..end];
    if name.is_empty() || name.starts_with('#') || name.starts_with(blank) || has_foreign_scheme(name) {
        return;
    }
    let value = if name.len() == text.len() { value } else { value.part(start..end) };
    found.references.push(Reference { value, kind });
}

/// Whether a URL has a scheme other than those of the web.
fn has_foreign_scheme(url: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'))
    };
    url.split_once(':').is_some_and(|(scheme, _)| {
        is_scheme(scheme) && !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https")
    })
}
