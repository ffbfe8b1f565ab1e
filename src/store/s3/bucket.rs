//! A bucket as its reads and writes share it: the client, the count of its requests, and the rounds after a conflict.

use std::future::Future;
use std::sync::Arc;

use super::answer::Verdict;
use super::call::{Call, Setback};
use super::options::S3Options;
use super::sdk;
use crate::clock::Clock;
use crate::store::{Certainty, Tally, Verb};

/// How often an operation may begin before a conflict with another counts as a failure.
const ROUNDS: u32 = 6;

/// A bucket and how to reach it.
pub(super) struct Bucket {
    pub(super) client: sdk::Client,
    pub(super) options: S3Options,
    pub(super) tally: Tally,
    pub(super) clock: Arc<dyn Clock>,
}

impl Bucket {
    /// A call that is counted.
    pub(super) fn call(&self, counted_as: Verb) -> Call {
        Call::new(counted_as, &self.tally)
    }

    /// Carries out `step`, anew where another request for the same key came in between, or an answer broke off.
    pub(super) async fn in_rounds<T, F>(&self, step: impl Fn() -> F) -> Result<T, Setback>
    where
        F: Future<Output = Result<T, Setback>>,
    {
        let (mut round, mut uncertain) = (1, false);
        loop {
            let setback = match step().await {
                Ok(outcome) => return Ok(outcome),
                Err(setback) => setback,
            };
            uncertain |= setback.error.certainty == Certainty::Unknown;
            if round == ROUNDS || !matches!(setback.verdict, Verdict::Again | Verdict::UploadGone) {
                return Err(if uncertain { setback.unknown() } else { setback });
            }
            self.clock.back_off(round).await;
            round += 1;
        }
    }
}
