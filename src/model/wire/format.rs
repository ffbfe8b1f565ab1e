//! What all formats share: how they are read, and how they fail to be.

use std::borrow::Cow;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

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

/// A text of a document, borrowed wherever there is one to borrow: documents have tens of thousands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl<'a> Text<'a> {
    /// Borrows a text.
    pub(super) fn of(text: &'a str) -> Self {
        Self(text.into())
    }

    /// What a value shows as.
    pub(super) fn shown(value: impl Display) -> Self {
        Self(value.to_string().into())
    }
}

/// The one field every format has, read before the rest so that a later format is named as such.
#[derive(Serialize, Deserialize)]
struct Format {
    format: u64,
}

/// Reads `bytes` as `document` of a format up to `known`.
pub(super) fn read<'a, T: Deserialize<'a>>(
    document: &'static str,
    known: u64,
    bytes: &'a [u8],
) -> Result<T, WireError> {
    let malformed = |source| WireError::Malformed { document, source };
    serde_json::from_slice(bytes).map_err(|source| match serde_json::from_slice::<Format>(bytes) {
        Ok(Format { format }) if format > known => WireError::Newer { document, found: format, known },
        _ => malformed(source),
    })
}

/// Refuses a format that reads by chance but says that it is a later one.
pub(super) fn check_format(document: &'static str, found: u64, known: u64) -> Result<(), WireError> {
    if found > known { Err(WireError::Newer { document, found, known }) } else { Ok(()) }
}

pub(super) fn bad(document: &'static str, expected: &'static str) -> impl Fn(&str) -> WireError {
    move |value| WireError::BadValue { document, value: value.to_owned(), expected }
}

/// Bytes of a value whose serialisation cannot fail: every map key is a string and nothing is read meanwhile.
pub(super) fn write<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data becomes JSON")
}
