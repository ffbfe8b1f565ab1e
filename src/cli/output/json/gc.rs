//! The JSON of `gc`, and of the commands that keep a release.

use serde::Serialize;

use super::{ErrorV1, VERSION};
use crate::cli::status::Status;
use crate::error::Error;
use crate::gc::Collected;
use crate::gc::plan::{Class, Count};
use crate::gc::policy::Verdict;
use crate::model::release::ReleaseId;

/// The output of `gc`.
#[derive(Debug, Serialize)]
pub(crate) struct CollectedV1 {
    v: u32,
    status: u8,
    applied: bool,
    releases: Vec<ReleaseV1>,
    remaining: Vec<String>,
    channels: Vec<String>,
    intents: usize,
    goes: Vec<GoesV1>,
    stays: CountV1,
    young: CountV1,
    unversioned: CountV1,
    condemned_before: u64,
    deleted: u64,
    refused: Option<String>,
    error: Option<ErrorV1>,
}

#[derive(Debug, Serialize)]
struct ReleaseV1 {
    id: String,
    stays: bool,
    reasons: Vec<String>,
}

#[derive(Debug, Serialize)]
struct GoesV1 {
    what: &'static str,
    why: &'static str,
    #[serde(flatten)]
    count: CountV1,
}

#[derive(Debug, Serialize)]
struct CountV1 {
    versions: u64,
    markers: u64,
    bytes: u64,
}

impl CountV1 {
    fn new(count: &Count) -> Self {
        let Count { versions, markers, bytes } = *count;
        Self { versions, markers, bytes }
    }
}

impl CollectedV1 {
    /// Of a collection; `unfinished` says why not everything could be deleted.
    pub(crate) fn new(collected: &Collected, applied: bool, unfinished: Option<&Error>) -> Self {
        let release = |(id, verdict): (&ReleaseId, &Verdict)| {
            let (stays, reasons) = match verdict {
                Verdict::Stays(reasons) => (true, reasons.iter().map(ToString::to_string).collect()),
                Verdict::Goes(ending) => (false, vec![ending.to_string()]),
            };
            ReleaseV1 { id: id.to_string(), stays, reasons }
        };
        let goes = |(class, count): (&Class, &Count)| GoesV1 {
            what: class.word(),
            why: class.reason(),
            count: CountV1::new(count),
        };
        let status = unfinished.map_or(Status::DONE, |error| error.kind().into());
        Self {
            v: VERSION,
            status: status.number(),
            applied,
            releases: collected.decision.releases.iter().map(release).collect(),
            remaining: collected.decision.remaining.iter().map(ToString::to_string).collect(),
            channels: collected.decision.channels.keys().map(ToString::to_string).collect(),
            intents: collected.decision.intents.len(),
            goes: collected.goes.iter().map(goes).collect(),
            stays: CountV1::new(&collected.stays),
            young: CountV1::new(&collected.young),
            unversioned: CountV1::new(&collected.unversioned),
            condemned_before: collected.pending,
            deleted: collected.deleted,
            refused: collected.too_much.map(|error| error.to_string()),
            error: unfinished.map(ErrorV1::new),
        }
    }
}

/// The output of `pin`, `unpin` and `restore`.
#[derive(Debug, Serialize)]
pub(crate) struct KeptV1 {
    v: u32,
    status: u8,
    release: String,
}

impl KeptV1 {
    /// Of a release that is kept.
    pub(crate) fn new(release: ReleaseId) -> Self {
        Self { v: VERSION, status: 0, release: release.to_string() }
    }
}
