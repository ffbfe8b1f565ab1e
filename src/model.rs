//! The values lastly works with, and the rules that hold between them.
//!
//! Everything here is pure: no files, no network, no clock, no environment. [`wire`] alone knows the bytes
//! that leave the process, and [`layout`] alone knows where they lie.

pub mod address;
pub mod circle;
pub mod compression;
pub mod digest;
pub mod headers;
pub mod layout;
pub mod ledger;
pub mod path;
pub mod release;
pub mod timestamp;
pub mod tree;
pub mod wire;
