//! The door to the source files: which there are, what they are once their references are rewritten, and
//! their bytes when it comes to uploading.

mod address;
mod bundled;
mod find;
mod ignored;
mod import_map;
mod integrity;
mod list;
mod read;
mod rewrite;
mod source;
mod tags;
mod taken;
mod tree;
mod walk;

pub use find::{Found, find};
pub use ignored::{DEFAULT_IGNORED, LeftOut};
pub use integrity::add_integrity;
pub use list::List;
pub use read::{Collected, read};
pub use rewrite::{Prepared, rewrite};
pub use source::{Source, Sources};
pub use taken::{Taken, take};
pub use tree::File;
pub use walk::{Walk, walk};
