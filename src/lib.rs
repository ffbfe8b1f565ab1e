//! lastly publishes static assets to S3 behind CloudFront under immutable, content-addressed keys.
//!
//! An asset's URL holds the hash of what is served there, so it never means two things. Assets go first, pages
//! next, and lastly the manifest: the one small object that moves from one release to the next.
//!
//! Begin with [`model`]; `docs/architecture.md` shows how the modules hang together and in which order to read them.

pub mod cdn;
pub mod check;
pub mod cli;
pub mod clock;
pub mod collect;
pub mod commit;
pub mod config;
pub mod doctor;
pub mod error;
pub mod event;
pub mod follow;
pub mod gc;
pub mod history;
pub mod model;
pub mod policy;
pub mod prepare;
pub mod publish;
pub mod refs;
pub mod rollback;
pub mod serve;
pub mod site;
pub mod store;
pub mod verify;
