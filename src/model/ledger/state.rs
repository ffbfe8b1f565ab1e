//! What the ledger holds. How it changes is told beside: publishers' changes in the head of this folder, a collection's
//! in `collection.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use crate::model::layout::ChannelName;
use crate::model::release::{ReleaseId, TreeDigest};
use crate::model::timestamp::Timestamp;

/// Channels, releases, intents and the condemned list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The prefix of the site whose ledger this is, so that no other site is ever published by it.
    pub prefix: String,
    /// Counts the writes. Together with `writer` it keeps any two versions of the ledger from being equal, so that
    /// an ETag never comes back.
    pub revision: u64,
    /// A fresh id for each write: how a writer whose answer was lost recognises its own work.
    pub writer: Uuid,
    /// Named lines of releases.
    pub channels: BTreeMap<ChannelName, Channel>,
    /// Releases that are kept whole.
    pub releases: BTreeMap<ReleaseId, Kept>,
    /// Publishers at work.
    pub intents: BTreeMap<Uuid, Intent>,
    /// Where the list of versions lies that a collection has decided to delete; `None` when there are none.
    pub condemned: Option<Uuid>,
    /// The highest sequence of any channel that has been dropped. Channels begin above it, so that whatever is left of
    /// a channel is older than whatever comes after it under the same name.
    pub closed: u64,
}

/// A named line of releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// The release it shows.
    pub release: ReleaseId,
    /// Grows with every move.
    pub sequence: u64,
    /// The highest number that a publish was given by `--sequence`.
    pub build: Option<u64>,
    /// How far the public side has followed.
    pub synced: Option<Synced>,
    /// How long after its last move the channel may be collected; `None` for ever.
    pub expires: Option<Duration>,
    /// The sequence of its first move, once that is not remembered any more.
    pub began: Option<u64>,
    /// Its moves, the oldest first, as far back as they are remembered: see `moves.rs`.
    pub moves: Vec<Moved>,
}

/// The state of the public side of a channel, once pages, manifest and CDN have followed a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// The sequence of the move they follow.
    pub sequence: u64,
    /// The manifest's ETag, by which a later publish sees in one request that nobody else has touched it.
    pub manifest: String,
    /// The CDNs that have been told, by name.
    pub told: BTreeSet<String>,
}

/// A move that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The move's own id.
    pub id: Uuid,
    /// The release that became current.
    pub release: ReleaseId,
    /// The channel's sequence from then on.
    pub sequence: u64,
    /// When.
    pub at: Stamp,
    /// By which command.
    pub cause: Cause,
    /// Who asked for it, and why.
    pub provenance: Provenance,
}

/// What moves a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A publish of files.
    Publish,
    /// The activation of an uploaded release.
    Activate,
    /// The return to an earlier release.
    Rollback,
}

/// A release in the ledger: kept whole for as long as it stands here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the release was made of; see [`super::release::Release::tree`].
    pub tree: TreeDigest,
    /// When it was first complete.
    pub staged_at: Stamp,
    /// When it stopped being current on every channel, and then, once that is known, when the public manifest left it;
    /// `None` while it is current, or if it never was.
    pub retired_at: Option<Stamp>,
    /// Why it is kept whatever its age, if someone has said so.
    pub pinned: Option<Pin>,
    /// Who made it, and of what.
    pub provenance: Provenance,
}

/// Someone's word that a release is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Why.
    pub reason: String,
    /// Whose word it is, where that is known.
    pub actor: Option<String>,
    /// Since when.
    pub at: Stamp,
}

/// A publisher's entry, from before its first look at the store until its commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The release it is about to make whole.
    pub release: ReleaseId,
    /// When it was entered.
    pub at: Stamp,
}

/// A time in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// When this version of the ledger was written. The next writer replaces it by what the store says.
    Now,
    /// A moment of the store's clock.
    At(Timestamp),
}

/// Where a change comes from: taken from flags and from the environment of the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// What the person or pipeline said of it.
    pub message: Option<String>,
    /// The commit of the sources.
    pub commit: Option<String>,
    /// The person or account.
    pub actor: Option<String>,
    /// The page of the build.
    pub build_url: Option<String>,
}

/// What a step makes of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A new ledger, to be swapped in.
    Changed(Ledger),
    /// The ledger shows already what the step was to bring about.
    Already,
}

impl Channel {
    /// The move that made the current release current.
    pub fn last_move(&self) -> Option<&Moved> {
        self.moves.last()
    }

    /// The sequence of the first move: whatever carries a lower one is left of an earlier channel of the same name, and
    /// a collection has condemned it.
    pub fn begins(&self) -> u64 {
        self.began.or_else(|| Some(self.moves.first()?.sequence)).unwrap_or(0)
    }

    /// Whether pages and manifest have followed the last move.
    pub fn is_synced(&self) -> bool {
        self.synced.as_ref().is_some_and(|synced| synced.sequence == self.sequence)
    }

    /// Whether a CDN has been told of the last move.
    pub fn has_told(&self, cdn: &str) -> bool {
        self.is_synced() && self.synced.as_ref().is_some_and(|synced| synced.told.contains(cdn))
    }
}

impl Provenance {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Stamp {
    /// The moment, or `modified` if this was written with the ledger that was modified then.
    pub fn or(self, modified: Timestamp) -> Timestamp {
        match self {
            Self::Now => modified,
            Self::At(moment) => moment,
        }
    }
}
