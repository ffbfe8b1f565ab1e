//! Whether what is kept is there and right. `plan`, `circle` and `step` judge and ask nothing; `run` asks the store,
//! `live` the site as visitors see it, `fsck` whether the ledger and the documents beside it go together; `rebuild`
//! makes a ledger again where it was lost.
//!
//! Nothing here writes, but for the ledger that is made again.

mod circle;
mod documents;
mod finding;
pub mod fsck;
mod live;
mod plan;
pub mod rebuild;
mod run;
mod step;

pub use finding::{Finding, Unsound, What, outcome};
pub use fsck::{Compared, fsck};
pub use rebuild::{RebuildError, Rebuilt, UNKNOWN, rebuild};
pub use run::{Deep, Order, Verified, verify};
