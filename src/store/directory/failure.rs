//! Errors of the file system as errors of a store.

use std::fmt;
use std::io::{self, ErrorKind};

use crate::store::{Reason, StoreError, Verb};

/// Why a change came to nothing, or may have.
pub(super) enum Failure {
    /// It was not carried out.
    Before(io::Error),
    /// It was, but may not outlast a power failure.
    After(io::Error),
}

impl From<io::Error> for Failure {
    fn from(why: io::Error) -> Self {
        Self::Before(why)
    }
}

impl Failure {
    pub(super) fn explain(self, verb: Verb, key: &(impl fmt::Display + ?Sized)) -> StoreError {
        let explained = |why: io::Error| {
            let error = StoreError::refused(verb, key, reason(&why));
            if why.raw_os_error().is_some() { error.because(why) } else { error }
        };
        match self {
            Self::Before(why) => explained(why),
            Self::After(why) => explained(why).unknown(),
        }
    }
}

/// What an error of the file system means for an object.
pub(super) fn reason(why: &io::Error) -> Reason {
    let words = match why.kind() {
        ErrorKind::InvalidFilename => "a part of the key is too long for a file name",
        ErrorKind::NotADirectory => "another object is a file where this one needs a folder",
        ErrorKind::IsADirectory => "other objects lie in a folder of this name",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "the folder cannot be written, or not read",
        _ if why.raw_os_error().is_some() => "the file system does not do it",
        _ => return Reason::Other(why.to_string()),
    };
    Reason::Other(words.to_owned())
}
