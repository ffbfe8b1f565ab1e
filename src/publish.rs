//! Publishing files: section 5 of the design. [`plan`] decides what to upload, [`run`] does it.

pub mod plan;
mod run;
mod upload;

pub use run::{Order, PublishError, Published, Target, publish};
pub use upload::UploadError;
