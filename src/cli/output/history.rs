//! What the ledger says of each release, as lists and JSON show it.

use std::cmp::Reverse;

use crate::model::layout::ChannelName;
use crate::model::ledger::{Channel, Kept, Ledger, Moved, Provenance};
use crate::model::release::ReleaseId;
use crate::model::timestamp::Timestamp;

/// A kept release.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    /// The release.
    pub(crate) id: ReleaseId,
    /// The channels that show it, each with the sequence of the move to it; for a retired release, the one that showed
    /// it last.
    pub(crate) channels: Vec<(&'a ChannelName, u64)>,
    /// What it is now.
    pub(crate) state: State,
    /// Since when.
    pub(crate) since: Timestamp,
    /// The release as the ledger keeps it.
    pub(crate) kept: &'a Kept,
}

/// What a kept release is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// A channel shows it.
    Current,
    /// No channel has shown it yet.
    Staged,
    /// A channel has shown it.
    Retired,
}

impl State {
    /// The state's word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Retired => "retired",
            Self::Staged => "staged",
        }
    }
}

impl Row<'_> {
    /// The highest sequence under which it is or was shown.
    fn sequence(&self) -> Option<u64> {
        self.channels.iter().map(|(_, sequence)| *sequence).max()
    }

    /// Who made the release, and of what.
    pub(crate) fn provenance(&self) -> &Provenance {
        &self.kept.provenance
    }
}

/// Every kept release, or with `only` those that this channel shows or has shown: current ones, staged ones,
/// retired ones, the newest of each first. `modified` is
/// when the ledger was written.
pub(crate) fn rows<'a>(ledger: &'a Ledger, modified: Timestamp, only: Option<&ChannelName>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'_>> = ledger
        .releases
        .iter()
        .filter(|(id, _)| match only {
            None => true,
            Some(name) => ledger.channels.get(name).is_some_and(|channel| last_move_to(channel, **id).is_some()),
        })
        .map(|(id, kept)| row(ledger, modified, *id, kept))
        .collect();
    rows.sort_by_key(|row| (row.state, Reverse(row.since), Reverse(row.sequence()), row.id));
    rows
}

fn row<'a>(ledger: &'a Ledger, modified: Timestamp, id: ReleaseId, kept: &'a Kept) -> Row<'a> {
    let mut moves: Vec<(&ChannelName, &Channel, &Moved)> = ledger
        .channels
        .iter()
        .filter_map(|(name, channel)| Some((name, channel, last_move_to(channel, id)?)))
        .collect();
    moves.sort_by_key(|(_, _, moved)| (moved.at.or(modified), moved.sequence));
    let latest = moves.last().copied();
    moves.retain(|(_, channel, _)| channel.release == id);
    let (state, since) = match (moves.last(), kept.retired_at) {
        (Some((_, _, moved)), _) => (State::Current, moved.at),
        (None, Some(retired_at)) => (State::Retired, retired_at),
        (None, None) => (State::Staged, kept.staged_at),
    };
    let shown = if moves.is_empty() { latest.into_iter().collect() } else { moves };
    let mut channels: Vec<(&ChannelName, u64)> = shown.iter().map(|(name, _, moved)| (*name, moved.sequence)).collect();
    channels.sort();
    Row { id, channels, state, since: since.or(modified), kept }
}

fn last_move_to(channel: &Channel, id: ReleaseId) -> Option<&Moved> {
    channel.moves.iter().rev().find(|moved| moved.release == id)
}
