//! What is wrong with a set-up, and what to change: bucket, ledger, clock, permissions and distributions.
//!
//! `run` asks everything at once; `findings` and `distribution` judge the answers and ask nothing.

mod check;
mod distribution;
mod findings;
mod run;

pub use check::{Check, Unwell, Verdict, outcome};
pub use run::examine;
