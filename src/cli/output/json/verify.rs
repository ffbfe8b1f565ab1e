//! The JSON of `verify` and `fsck`.

use serde::Serialize;

use super::{ErrorV1, VERSION};
use crate::cli::output::outcome::Effort;
use crate::cli::status::Status;
use crate::error::Error;
use crate::event::Level;
use crate::model::release::ReleaseId;
use crate::verify::{Compared, Finding, Rebuilt, UNKNOWN, Verified};

/// The output of `verify`.
#[derive(Debug, Serialize)]
pub(crate) struct VerifiedV1<'a> {
    v: u32,
    status: u8,
    releases: Vec<String>,
    objects: usize,
    bytes: u64,
    pages: usize,
    in_circles: usize,
    unchecked: usize,
    asked: usize,
    requests: u64,
    seconds: f64,
    findings: Vec<FindingV1<'a>>,
    error: Option<ErrorV1>,
}

/// The output of `fsck`.
#[derive(Debug, Serialize)]
pub(crate) struct ComparedV1<'a> {
    v: u32,
    status: u8,
    ledger: bool,
    releases: usize,
    channels: usize,
    documents: usize,
    unnamed: Vec<String>,
    findings: Vec<FindingV1<'a>>,
    error: Option<ErrorV1>,
}

/// The output of `fsck --rebuild`.
#[derive(Debug, Serialize)]
pub(crate) struct RebuiltV1<'a> {
    v: u32,
    status: u8,
    applied: bool,
    releases: Vec<String>,
    channels: Vec<ChannelV1>,
    condemned: usize,
    unknown: [&'static str; UNKNOWN.len()],
    findings: Vec<FindingV1<'a>>,
    error: Option<ErrorV1>,
}

#[derive(Debug, Serialize)]
struct ChannelV1 {
    name: String,
    release: String,
    sequence: u64,
}

#[derive(Debug, Serialize)]
struct FindingV1<'a> {
    level: &'static str,
    what: &'static str,
    place: &'a str,
    releases: Vec<String>,
    channel: Option<&'a str>,
    found: &'a str,
    change: Option<&'a str>,
}

impl<'a> FindingV1<'a> {
    fn new(finding: &'a Finding) -> Self {
        Self {
            level: if finding.level == Level::Error { "error" } else { "warning" },
            what: finding.what.word(),
            place: &finding.place,
            releases: ids(&finding.releases),
            channel: finding.channel.as_ref().map(|name| name.as_str()),
            found: &finding.found,
            change: finding.change.as_deref(),
        }
    }
}

fn findings(findings: &[Finding]) -> Vec<FindingV1<'_>> {
    findings.iter().map(FindingV1::new).collect()
}

fn ids<'a>(ids: impl IntoIterator<Item = &'a ReleaseId>) -> Vec<String> {
    ids.into_iter().map(ToString::to_string).collect()
}

fn status(unsound: Option<&Error>) -> u8 {
    unsound.map_or(Status::DONE, |error| error.kind().into()).number()
}

impl<'a> VerifiedV1<'a> {
    /// Of what was verified; `unsound` says that something is wrong.
    pub(crate) fn new(verified: &'a Verified, effort: &Effort, unsound: Option<&Error>) -> Self {
        Self {
            v: VERSION,
            status: status(unsound),
            releases: ids(&verified.releases),
            objects: verified.objects,
            bytes: verified.bytes,
            pages: verified.pages,
            in_circles: verified.circles,
            unchecked: verified.unchecked,
            asked: verified.asked,
            requests: effort.requests.total(),
            seconds: effort.elapsed.as_secs_f64(),
            findings: findings(&verified.findings),
            error: unsound.map(ErrorV1::new),
        }
    }
}

impl<'a> ComparedV1<'a> {
    /// Of what was compared; `unsound` says that something is wrong.
    pub(crate) fn new(checked: &'a Compared, unsound: Option<&Error>) -> Self {
        Self {
            v: VERSION,
            status: status(unsound),
            ledger: checked.has_ledger,
            releases: checked.releases,
            channels: checked.channels,
            documents: checked.documents,
            unnamed: ids(&checked.unnamed),
            findings: findings(&checked.findings),
            error: unsound.map(ErrorV1::new),
        }
    }
}

impl<'a> RebuiltV1<'a> {
    /// Of a ledger that was made again; `unsound` says that not all could be taken in.
    pub(crate) fn new(rebuilt: &'a Rebuilt, applied: bool, unsound: Option<&Error>) -> Self {
        let channels = rebuilt.ledger.channels.iter().map(|(name, channel)| ChannelV1 {
            name: name.to_string(),
            release: channel.release.to_string(),
            sequence: channel.sequence,
        });
        Self {
            v: VERSION,
            status: status(unsound),
            applied,
            releases: ids(rebuilt.ledger.releases.keys()),
            channels: channels.collect(),
            condemned: rebuilt.condemned,
            unknown: UNKNOWN,
            findings: findings(&rebuilt.findings),
            error: unsound.map(ErrorV1::new),
        }
    }
}
