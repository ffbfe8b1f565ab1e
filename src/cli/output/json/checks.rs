//! The JSON of `doctor`.

use serde::Serialize;

use super::{ErrorV1, VERSION};
use crate::cli::status::Status;
use crate::doctor::{Check, Verdict};
use crate::error::Error;

/// The output of `doctor`.
#[derive(Debug, Serialize)]
pub(crate) struct ChecksV1<'a> {
    v: u32,
    status: u8,
    checks: Vec<CheckV1<'a>>,
    error: Option<ErrorV1>,
}

#[derive(Debug, Serialize)]
struct CheckV1<'a> {
    what: &'a str,
    verdict: &'static str,
    found: &'a str,
    change: Option<&'a str>,
}

impl<'a> ChecksV1<'a> {
    /// Of what was looked at; `unwell` says that some of it is bad.
    pub(crate) fn new(checks: &'a [Check], unwell: Option<&Error>) -> Self {
        let check = |check: &'a Check| CheckV1 {
            what: &check.what,
            verdict: word(check.verdict),
            found: &check.found,
            change: check.change.as_deref(),
        };
        let status = unwell.map_or(Status::DONE, |error| error.kind().into());
        Self {
            v: VERSION,
            status: status.number(),
            checks: checks.iter().map(check).collect(),
            error: unwell.map(ErrorV1::new),
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "ok",
        Verdict::Advice => "advice",
        Verdict::Bad => "bad",
    }
}
