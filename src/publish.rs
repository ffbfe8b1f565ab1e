//! Publishing files: section 5 of the design. [`plan`] decides what to upload, `run` does it.

mod create;
pub mod plan;
mod restore;
mod run;
mod upload;

pub use create::AlwaysReaped;
pub use restore::{RestoreError, restore};
pub use run::{NoLedger, Order, Published, Target, publish};
pub use upload::UploadError;
