//! The door to the source folders: which files there are, what addresses they have, and their bytes when it comes
//! to uploading.

mod ignored;
mod prepared;
mod source;
mod tree;
mod walk;

pub use ignored::{DEFAULT_IGNORED, LeftOut};
pub use prepared::{Prepared, add_integrity, prepare};
pub use source::{Source, Sources};
pub use tree::File;
pub use walk::{Walk, walk};
