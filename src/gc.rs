//! Collecting garbage: section 6 of the design. `policy` decides what goes, `plan` what that means for a listing; the
//! rest looks and acts. It may be killed, paused or run twice at any point: see `docs/semantics.md`.

mod delete;
mod error;
mod judge;
mod pin;
pub mod plan;
pub mod policy;
mod public;
pub mod reach;
mod report;
pub mod run;
mod shard;
mod survey;
mod waiting;

pub use error::{GcError, TooMuch, Undeleted};
pub use pin::{pin, unpin};
pub use policy::Policy;
pub use report::{ReportError, Source};
pub use run::{Collected, Order, collect};
pub use shard::{BadShard, Shard};
