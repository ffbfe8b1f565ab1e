//! The door to the source folders: which files there are, what they are once their references are rewritten, and
//! their bytes when it comes to uploading.

mod address;
mod bundled;
mod integrity;
mod read;
mod rewrite;
mod source;
mod tags;
mod walk;

pub use integrity::add_integrity;
pub use read::{Collected, read};
pub use rewrite::{Prepared, rewrite};
pub use source::{Source, Sources};
pub use walk::{DEFAULT_IGNORED, File, Walk, walk};
