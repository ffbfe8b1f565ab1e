//! Brings the public side of a channel after its last move: pages, then lastly the manifest, then the CDN, and at the
//! end a note in the ledger that all of it has followed.
//!
//! It is the same work after a publish, an activation and a rollback, and after any of them was cut short: the
//! manifest says what is out there, the ledger what should be. Whoever runs it does it for the ledger's newest move,
//! whosever move that is.

mod outcome;
mod pages;
mod run;

pub use outcome::{FollowError, Followed, Following};
pub use run::follow;
