//! What becomes of a file on its way into a release: how it is treated, and what is derived from its bytes.
//!
//! Everything here is pure; `collect` reads the files.

pub mod bundler;
pub mod files;
pub mod import_map;
pub mod integrity;
pub mod links;
pub mod references;
pub mod report;
pub mod rules;
pub mod splice;
