//! Where a file names other files: found with a parser of its language, byte for byte.
//!
//! Everything here is pure, and knows nothing of which files there are: that a name leads nowhere is found out by
//! those who have the whole tree.

#[cfg(test)]
mod abundance;
pub mod browserconfig;
pub mod css;
pub mod excerpt;
pub mod format;
pub mod graph;
pub mod html;
pub mod js;
pub mod json;
#[cfg(test)]
mod places;
pub mod reference;
pub mod resolve;
pub mod svg;
mod url;
mod xml;
