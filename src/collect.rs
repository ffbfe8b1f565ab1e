//! The door to the source folders: which files there are, what addresses they have, and their bytes when it comes
//! to uploading.

mod prepared;
mod source;
mod walk;

pub use prepared::{Prepared, add_integrity, prepare};
pub use source::{Source, Sources};
pub use walk::{DEFAULT_IGNORED, File, Walk, walk};
