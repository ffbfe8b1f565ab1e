//! The bytes that leave the process: ledger, release document, manifest and condemned list, to and from the model.
//! `docs/formats.md` describes them byte for byte.
//!
//! Readers are strict. An unknown field or a newer format is an error and never skipped, for whoever writes the
//! ledger back would drop what they did not understand, and what is dropped there is deleted later.

mod ledger;
mod manifest;
mod release;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use ledger::{read_ledger, write_ledger};
pub use manifest::{Manifest, PageState, read_manifest, write_manifest};
pub use release::{read_release, write_release};

use super::layout::Key;

/// Why bytes are not the document that was looked for.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not JSON, or not of the shape.
    #[error("{document} cannot be read")]
    Malformed {
        /// Which kind of document.
        document: &'static str,
        /// Where it goes wrong.
        #[source]
        source: serde_json::Error,
    },
    /// Written by a later version of lastly.
    #[error("{document} has format {found}; this version of lastly reads up to {known}")]
    Newer {
        /// Which kind of document.
        document: &'static str,
        /// Its format.
        found: u64,
        /// The latest format that can be read.
        known: u64,
    },
    /// A value that breaks a rule of the format.
    #[error("{document} holds {value:?} where {expected} should stand")]
    BadValue {
        /// Which kind of document.
        document: &'static str,
        /// What was found.
        value: String,
        /// What was expected.
        expected: &'static str,
    },
}

/// The one field every format has, read before the rest so that a later format is named as such.
#[derive(Serialize, Deserialize)]
struct Format {
    format: u64,
}

/// Reads `bytes` as `document` of a format up to `known`.
fn read<'a, T: Deserialize<'a>>(document: &'static str, known: u64, bytes: &'a [u8]) -> Result<T, WireError> {
    let malformed = |source| WireError::Malformed { document, source };
    serde_json::from_slice(bytes).map_err(|source| match serde_json::from_slice::<Format>(bytes) {
        Ok(Format { format }) if format > known => WireError::Newer { document, found: format, known },
        _ => malformed(source),
    })
}

/// Refuses a format that reads by chance but says that it is a later one.
fn check_format(document: &'static str, found: u64, known: u64) -> Result<(), WireError> {
    if found > known { Err(WireError::Newer { document, found, known }) } else { Ok(()) }
}

fn bad(document: &'static str, expected: &'static str) -> impl Fn(&str) -> WireError {
    move |value| WireError::BadValue { document, value: value.to_owned(), expected }
}

/// Bytes of a value whose serialisation cannot fail: every map key is a string and nothing is read meanwhile.
fn write<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data becomes JSON")
}

/// A version of an object, as the store names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CondemnedVersion {
    /// The key.
    pub key: Key,
    /// The store's id of the version.
    pub version: String,
}

/// Reads a condemned list: a line for each version, its id, a tab and its key.
///
/// # Errors
/// A line without a tab.
pub fn read_condemned(text: &str) -> Result<BTreeSet<CondemnedVersion>, WireError> {
    let bad = bad("the condemned list", "a version id, a tab and a key");
    let pair = |line: &str| {
        let (version, key) = line.split_once('\t').ok_or_else(|| bad(line))?;
        Ok(CondemnedVersion { key: Key::new(key), version: version.to_owned() })
    };
    text.lines().map(pair).collect()
}

/// Writes a condemned list, sorted by key: the inverse of [`read_condemned`].
pub fn write_condemned(versions: &BTreeSet<CondemnedVersion>) -> String {
    versions.iter().map(|pair| format!("{}\t{}\n", pair.version, pair.key)).collect()
}

#[cfg(test)]
mod tests;
