//! The bytes that leave the process: ledger, release document, manifest and condemned list, to and from the model.
//! `docs/formats.md` describes them byte for byte.
//!
//! Readers are strict. An unknown field or a newer format is an error and never skipped, for whoever writes the
//! ledger back would drop what they did not understand, and what is dropped there is deleted later.

mod condemned;
mod format;
mod ledger;
mod manifest;
mod release;

pub use condemned::{CondemnedVersion, read_condemned, write_condemned};
pub use format::WireError;
pub use ledger::{read_ledger, write_ledger};
pub use manifest::{Manifest, PageState, Projection, read_manifest, write_manifest, write_projection};
pub use release::{read_release, write_release};
