//! Settings: what the file, the environment and the flags say, resolved once.
//!
//! `resolve` alone brings the three together; `schema` holds what there is to be set, and drives hints, `lastly init`
//! and `docs/config.md`. Nothing here knows the command line's grammar or prints anything.

mod check;
mod discover;
mod document;
mod environment;
mod flags;
mod given;
mod init;
mod layer;
mod provenance;
mod raw;
mod resolve;
pub mod schema;
mod settings;
mod show;
mod together;

pub use environment::Environment;
pub use flags::{Flags, GcFlags};
pub use given::Origin;
pub use init::template;
pub use provenance::provenance;
pub use resolve::{Resolved, resolve};
pub use settings::{Distribution, Settings, StoreAddress};
pub use show::Shown;
