//! The JSON of `releases`, `show` and `diff`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::history::Row;
use super::VERSION;
use crate::model::layout::{ChannelName, Layout};
use crate::model::ledger::{Cause, Ledger, Moved, Provenance};
use crate::model::path::AssetPath;
use crate::model::release::{Difference, Entry, Release, ReleaseId};
use crate::model::timestamp::{Timestamp, format_span};

/// The output of `releases`.
#[derive(Debug, Serialize)]
pub(crate) struct ReleasesV1<'a> {
    v: u32,
    status: u8,
    releases: Vec<ReleaseV1<'a>>,
    channels: Vec<ChannelV1<'a>>,
}

#[derive(Debug, Serialize)]
struct ReleaseV1<'a> {
    id: String,
    state: &'static str,
    since: String,
    channels: Vec<ShownByV1<'a>>,
    staged_at: String,
    retired_at: Option<String>,
    commit: Option<&'a str>,
    actor: Option<&'a str>,
    message: Option<&'a str>,
    build_url: Option<&'a str>,
}

/// A channel that shows a release, or showed it last.
#[derive(Debug, Serialize)]
struct ShownByV1<'a> {
    name: &'a str,
    sequence: u64,
}

#[derive(Debug, Serialize)]
struct ChannelV1<'a> {
    name: &'a str,
    release: String,
    sequence: u64,
    build: Option<u64>,
    followed: bool,
    expires: Option<String>,
    moves: Vec<MoveV1<'a>>,
}

#[derive(Debug, Serialize)]
struct MoveV1<'a> {
    sequence: u64,
    release: String,
    at: String,
    cause: &'static str,
    commit: Option<&'a str>,
    actor: Option<&'a str>,
    message: Option<&'a str>,
    build_url: Option<&'a str>,
}

/// The output of `show`.
#[derive(Debug, Serialize)]
pub(crate) struct ShowV1<'a> {
    v: u32,
    status: u8,
    release: String,
    bytes: u64,
    assets: Vec<EntryV1<'a>>,
    pages: Vec<EntryV1<'a>>,
}

#[derive(Debug, Serialize)]
struct EntryV1<'a> {
    path: &'a str,
    key: String,
    size: u64,
    #[serde(rename = "type")]
    content_type: &'a str,
    address: String,
    integrity: Option<&'a str>,
    sealed: bool,
    compression: Option<String>,
    headers: BTreeMap<&'a str, &'a str>,
}

/// The output of `diff`.
#[derive(Debug, Serialize)]
pub(crate) struct DiffV1<'a> {
    v: u32,
    status: u8,
    earlier: String,
    later: String,
    added: Vec<OneV1<'a>>,
    removed: Vec<OneV1<'a>>,
    changed: Vec<ChangedV1<'a>>,
}

#[derive(Debug, Serialize)]
struct OneV1<'a> {
    path: &'a str,
    size: u64,
}

#[derive(Debug, Serialize)]
struct ChangedV1<'a> {
    path: &'a str,
    size_before: u64,
    size: u64,
    /// The names of the headers that differ.
    headers: Vec<&'a str>,
}

impl<'a> ReleasesV1<'a> {
    /// Of the ledger and the rows chosen of it; `modified` is when it was written.
    pub(crate) fn new(ledger: &'a Ledger, modified: Timestamp, rows: &[Row<'a>]) -> Self {
        let shown_by =
            |(name, sequence): &(&'a ChannelName, u64)| ShownByV1 { name: name.as_str(), sequence: *sequence };
        let release = |row: &Row<'a>| {
            let Provenance { message, commit, actor, build_url } = &row.kept.provenance;
            ReleaseV1 {
                id: row.id.to_string(),
                state: row.state.word(),
                since: row.since.to_string(),
                channels: row.channels.iter().map(shown_by).collect(),
                staged_at: row.kept.staged_at.or(modified).to_string(),
                retired_at: row.kept.retired_at.map(|stamp| stamp.or(modified).to_string()),
                commit: commit.as_deref(),
                actor: actor.as_deref(),
                message: message.as_deref(),
                build_url: build_url.as_deref(),
            }
        };
        let channels = ledger.channels.iter().map(|(name, channel)| ChannelV1 {
            name: name.as_str(),
            release: channel.release.to_string(),
            sequence: channel.sequence,
            build: channel.build,
            followed: channel.is_synced(),
            expires: channel.expires.map(format_span),
            moves: channel.moves.iter().map(|moved| MoveV1::new(moved, modified)).collect(),
        });
        Self { v: VERSION, status: 0, releases: rows.iter().map(release).collect(), channels: channels.collect() }
    }
}

impl<'a> MoveV1<'a> {
    fn new(moved: &'a Moved, modified: Timestamp) -> Self {
        let Provenance { message, commit, actor, build_url } = &moved.provenance;
        Self {
            sequence: moved.sequence,
            release: moved.release.to_string(),
            at: moved.at.or(modified).to_string(),
            cause: match moved.cause {
                Cause::Publish => "publish",
                Cause::Activate => "activate",
                Cause::Rollback => "rollback",
            },
            commit: commit.as_deref(),
            actor: actor.as_deref(),
            message: message.as_deref(),
            build_url: build_url.as_deref(),
        }
    }
}

impl<'a> ShowV1<'a> {
    /// Of a release of the site that lies so.
    pub(crate) fn new(id: ReleaseId, release: &'a Release, layout: &Layout) -> Self {
        let entry = |(path, entry): (&'a AssetPath, &'a Entry)| EntryV1 {
            path: path.as_str(),
            key: layout.key(&entry.name).to_string(),
            size: entry.size,
            content_type: entry.headers.content_type(),
            address: entry.address.to_string(),
            integrity: entry.integrity.as_ref().map(|integrity| integrity.as_str()),
            sealed: entry.sealed,
            compression: entry.compression.map(|compression| compression.to_string()),
            headers: entry.headers.iter().collect(),
        };
        Self {
            v: VERSION,
            status: 0,
            release: id.to_string(),
            bytes: release.entries().map(|(_, entry)| entry.size).sum(),
            assets: release.assets.iter().map(entry).collect(),
            pages: release.pages.iter().map(entry).collect(),
        }
    }
}

impl<'a> DiffV1<'a> {
    /// Of what differs between two releases.
    pub(crate) fn new(earlier: ReleaseId, later: ReleaseId, differences: &[(&'a AssetPath, Difference<'a>)]) -> Self {
        let mut diff = Self {
            v: VERSION,
            status: 0,
            earlier: earlier.to_string(),
            later: later.to_string(),
            added: Vec::new(),
            removed: Vec::new(),
            changed: Vec::new(),
        };
        for (path, difference) in differences {
            let path = path.as_str();
            match difference {
                Difference::Added(new) => diff.added.push(OneV1 { path, size: new.size }),
                Difference::Removed(old) => diff.removed.push(OneV1 { path, size: old.size }),
                Difference::Changed(old, new) => {
                    let headers = old.headers.differing(&new.headers);
                    diff.changed.push(ChangedV1 { path, size_before: old.size, size: new.size, headers });
                }
            }
        }
        diff
    }
}
