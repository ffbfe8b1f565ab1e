//! What is found in scripts and modules, where, and how deep they may be nested.

mod depth;
mod random;
mod tables;

use super::{Goal, find};
use crate::refs::excerpt::Excerpt;
use crate::refs::reference::{Found, Kind, Obstacle};

/// Everything that is found in a file.
fn found(source: &str, goal: Goal) -> Found {
    let mut found = Found::default();
    find(&Excerpt::verbatim(source, 0), goal, &mut found);
    found
}

/// The kinds and texts of the references in a file.
fn references(source: &str, goal: Goal) -> Vec<(Kind, String)> {
    let found = found(source, goal);
    found.references.into_iter().map(|reference| (reference.kind, reference.value.text().to_owned())).collect()
}

/// Whether no reference was taken because a file cannot be parsed.
fn is_unparsable(found: &Found) -> bool {
    let unparsable = found.remarks.iter().any(|remark| matches!(remark.what, Obstacle::Unparsable(_)));
    assert!(!unparsable || found.references.is_empty(), "{found:?}");
    unparsable
}
