//! The ledger: the one private object that says which releases there are, which of them each channel shows, and who
//! is publishing. Every change of it is a pure function from one ledger to the next; `commit.rs` alone carries such
//! a change to the store, by compare-and-swap.
//!
//! Times are [`Stamp`]s: a change is written as *now*, and whoever next reads that version learns from the store
//! when it was written. So all ages come from the store's one clock.

mod collection;
mod moves;
mod refusal;
mod state;

use std::collections::BTreeSet;
use std::time::Duration;

use uuid::Uuid;

pub use self::collection::Collection;
pub use self::moves::MOVES;
pub use self::refusal::{FindError, Refusal};
pub use self::state::{Cause, Channel, Intent, Kept, Ledger, Moved, Pin, Provenance, Stamp, Step, Synced};
use super::layout::ChannelName;
use super::release::{ReleaseId, TreeDigest};
use super::timestamp::Timestamp;

/// A wish to move a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// A fresh id, by which a repeated attempt recognises that it has happened already.
    pub id: Uuid,
    /// The channel.
    pub channel: ChannelName,
    /// By which command.
    pub cause: Cause,
    /// The build's number: refused when the channel has seen a higher one.
    pub build: Option<u64>,
    /// The release that must be current.
    pub expect: Option<Expectation>,
    /// The channel's new expiry; `None` leaves the one it has.
    pub expires: Option<Duration>,
    /// Who asks for it, and why.
    pub provenance: Provenance,
}

/// What a move expects to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The channel shows nothing yet.
    Nothing,
    /// The channel shows this release.
    Release(ReleaseId),
}

impl Ledger {
    /// The ledger of a site that has never published.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..Self::default() }
    }

    /// The ledger as the next writer sees it: what was written as *now* was written at `modified`.
    #[must_use]
    pub fn settled(mut self, modified: Timestamp) -> Self {
        let settle = |stamp: &mut Stamp| {
            if *stamp == Stamp::Now {
                *stamp = Stamp::At(modified);
            }
        };
        self.channels.values_mut().flat_map(|channel| &mut channel.moves).for_each(|moved| settle(&mut moved.at));
        self.intents.values_mut().for_each(|intent| settle(&mut intent.at));
        for kept in self.releases.values_mut() {
            settle(&mut kept.staged_at);
            kept.retired_at.iter_mut().for_each(settle);
            kept.pinned.iter_mut().for_each(|pin| settle(&mut pin.at));
        }
        self
    }

    /// The release a channel shows.
    pub fn current(&self, channel: &ChannelName) -> Option<ReleaseId> {
        self.channels.get(channel).map(|channel| channel.release)
    }

    /// The release that was made of the same tree, if one is kept.
    pub fn made_of(&self, tree: TreeDigest) -> Option<ReleaseId> {
        self.releases.iter().find(|(_, kept)| kept.tree == tree).map(|(id, _)| *id)
    }

    /// The release that `text` means: a channel's name stands for what it shows, anything else for the one kept
    /// release whose id begins so.
    ///
    /// # Errors
    /// None does, or several do.
    pub fn find(&self, text: &str) -> Result<ReleaseId, FindError> {
        if let Some((_, channel)) = self.channels.iter().find(|(name, _)| name.as_str() == text) {
            return Ok(channel.release);
        }
        let matching: Vec<ReleaseId> =
            self.releases.keys().filter(|id| !text.is_empty() && id.to_string().starts_with(text)).copied().collect();
        match matching[..] {
            [id] => Ok(id),
            [] => Err(FindError::None(text.to_owned())),
            _ => Err(FindError::Several(text.to_owned(), matching.len())),
        }
    }

    /// The release a rollback without a name returns to: the one that the channel showed before the current one,
    /// leaving out what earlier rollbacks have undone. So two of them go back two releases, and none returns to a
    /// release that was rolled back from. But one that the public side has not followed yet is only finished, so that
    /// the same command again never goes too far.
    ///
    /// # Errors
    /// There is no such channel, or no such release is still kept.
    pub fn before_current(&self, name: &ChannelName) -> Result<ReleaseId, Refusal> {
        let channel = self.channels.get(name).ok_or_else(|| Refusal::NoChannel(name.clone()))?;
        if !channel.is_synced() && channel.last_move().is_some_and(|moved| moved.cause == Cause::Rollback) {
            return Ok(channel.release);
        }
        // What was undone is out of the line: after a rollback from C to B and a publish of D, B is before D.
        let mut line: Vec<ReleaseId> = Vec::new();
        for moved in &channel.moves {
            if moved.cause == Cause::Rollback
                && let Some(at) = line.iter().rposition(|release| *release == moved.release)
            {
                line.truncate(at);
            }
            line.push(moved.release);
        }
        line.iter()
            .rev()
            .find(|release| **release != channel.release && self.releases.contains_key(release))
            .copied()
            .ok_or_else(|| Refusal::NothingBefore(name.clone()))
    }

    /// Enters a publisher's intent. From this version on, nothing its release names is condemned (I3).
    pub fn register(&self, intent: Uuid, release: ReleaseId) -> Step {
        if self.intents.contains_key(&intent) {
            return Step::Already;
        }
        let mut next = self.clone();
        next.intents.insert(intent, Intent { release, at: Stamp::Now });
        Step::Changed(next)
    }

    /// Takes a publisher's intent out again, when it gives up.
    pub fn abandon(&self, intent: Uuid) -> Step {
        let mut next = self.clone();
        if next.intents.remove(&intent).is_none() {
            return Step::Already;
        }
        Step::Changed(next)
    }

    /// Turns an intent whose objects are all in the store into a kept release that no channel shows yet.
    ///
    /// # Errors
    /// The intent is gone, and the release is not kept either.
    pub fn stage(
        &self,
        intent: Uuid,
        release: ReleaseId,
        tree: TreeDigest,
        provenance: &Provenance,
    ) -> Result<Step, Refusal> {
        let mut next = self.clone();
        if next.intents.remove(&intent).is_none() {
            // What is kept is whole, whoever made it so: this publisher before an answer was lost, or another.
            return if self.releases.contains_key(&release) { Ok(Step::Already) } else { Err(Refusal::IntentGone) };
        }
        next.releases.entry(release).or_insert_with(|| Kept {
            tree,
            staged_at: Stamp::Now,
            retired_at: None,
            pinned: None,
            provenance: provenance.clone(),
        });
        Ok(Step::Changed(next))
    }

    /// Turns an intent whose objects are all in the store into the channel's current release.
    ///
    /// # Errors
    /// The intent is gone, or the move is refused.
    pub fn promote(&self, intent: Uuid, release: ReleaseId, tree: TreeDigest, wish: &Move) -> Result<Step, Refusal> {
        if self.has_happened(wish) {
            return Ok(Step::Already);
        }
        match self.stage(intent, release, tree, &wish.provenance)? {
            Step::Changed(staged) => staged.carry_out(wish, release),
            Step::Already => self.carry_out(wish, release),
        }
    }

    /// Moves a channel to a release that is kept.
    ///
    /// # Errors
    /// The release is not kept, or the move is refused.
    pub fn carry_out(&self, wish: &Move, release: ReleaseId) -> Result<Step, Refusal> {
        if self.has_happened(wish) {
            return Ok(Step::Already);
        }
        self.permits(wish)?;
        if !self.releases.contains_key(&release) {
            return Err(Refusal::NotKept(release));
        }
        let before = self.current(&wish.channel);
        let mut next = self.clone();
        let channel = next.channels.entry(wish.channel.clone()).or_insert_with(|| Channel {
            release,
            sequence: self.closed,
            build: None,
            synced: None,
            expires: None,
            began: None,
            moves: Vec::new(),
        });
        channel.release = release;
        channel.sequence = channel.sequence.saturating_add(1).max(wish.build.unwrap_or(0));
        channel.build = channel.build.max(wish.build);
        channel.expires = wish.expires.or(channel.expires);
        channel.moves.push(Moved {
            id: wish.id,
            release,
            sequence: channel.sequence,
            at: Stamp::Now,
            cause: wish.cause,
            provenance: wish.provenance.clone(),
        });
        channel.forget_moves(&next.releases);
        let still_current = |id| next.channels.values().any(|channel| channel.release == id);
        let retired = before.filter(|id| !still_current(*id));
        for (id, stamp) in [(retired, Some(Stamp::Now)), (Some(release), None)] {
            if let Some(kept) = id.and_then(|id| next.releases.get_mut(&id)) {
                kept.retired_at = stamp;
            }
        }
        Ok(Step::Changed(next))
    }

    /// Notes a move that finds its release current already: it moves nothing, but a build that found its own files
    /// has been published all the same, and no earlier one may replace it.
    ///
    /// # Errors
    /// The channel shows another release by now, or has seen a later build.
    pub fn confirm(&self, wish: &Move, release: ReleaseId) -> Result<Step, Refusal> {
        self.check_build(wish)?;
        let mut next = self.clone();
        let Some(channel) = next.channels.get_mut(&wish.channel).filter(|channel| channel.release == release) else {
            return Err(self.unexpected(&wish.channel));
        };
        let noted = (channel.build.max(wish.build), wish.expires.or(channel.expires));
        if noted == (channel.build, channel.expires) {
            return Ok(Step::Already);
        }
        (channel.build, channel.expires) = noted;
        Ok(Step::Changed(next))
    }

    /// Whether the channel is where a move expects it, and has seen no later build.
    ///
    /// # Errors
    /// It is not, or has.
    pub fn permits(&self, wish: &Move) -> Result<(), Refusal> {
        self.check_build(wish)?;
        let expected = match wish.expect {
            None => return Ok(()),
            Some(Expectation::Nothing) => None,
            Some(Expectation::Release(id)) => Some(id),
        };
        if self.current(&wish.channel) == expected { Ok(()) } else { Err(self.unexpected(&wish.channel)) }
    }

    fn check_build(&self, wish: &Move) -> Result<(), Refusal> {
        let theirs = self.channels.get(&wish.channel).and_then(|channel| channel.build);
        match (theirs, wish.build) {
            (Some(theirs), Some(ours)) if ours < theirs => {
                Err(Refusal::Outrun { channel: wish.channel.clone(), theirs, ours })
            }
            _ => Ok(()),
        }
    }

    fn unexpected(&self, channel: &ChannelName) -> Refusal {
        let found = self.current(channel).map_or_else(|| "no release".to_owned(), |id| format!("release {id}"));
        Refusal::Unexpected { channel: channel.clone(), found }
    }

    /// Notes that pages, manifest and CDN have followed a channel's move of that sequence. What the public side has left
    /// by that counts as retired from now on, and not from when the ledger left it.
    ///
    /// # Errors
    /// The channel is gone.
    pub fn synced(&self, name: &ChannelName, synced: &Synced) -> Result<Step, Refusal> {
        let mut next = self.clone();
        let channel = next.channels.get_mut(name).ok_or_else(|| Refusal::NoChannel(name.clone()))?;
        if channel.sequence != synced.sequence || channel.synced.as_ref() == Some(synced) {
            return Ok(Step::Already);
        }
        let shown_since = channel.synced.as_ref().map_or(0, |before| before.sequence);
        let shown = channel.moves.iter().filter(|moved| (shown_since..synced.sequence).contains(&moved.sequence));
        let left: BTreeSet<ReleaseId> = shown.map(|moved| moved.release).collect();
        channel.synced = Some(synced.clone());
        for id in left {
            if let Some(retired_at) = next.releases.get_mut(&id).and_then(|kept| kept.retired_at.as_mut()) {
                *retired_at = Stamp::Now;
            }
        }
        Ok(Step::Changed(next))
    }

    /// The sequence that a move gave its channel, if it has happened.
    pub fn sequence_of(&self, wish: &Move) -> Option<u64> {
        let moved = self.channels.get(&wish.channel)?.moves.iter().rev().find(|moved| moved.id == wish.id)?;
        Some(moved.sequence)
    }

    fn has_happened(&self, wish: &Move) -> bool {
        self.sequence_of(wish).is_some()
    }
}

impl Expectation {
    /// Reads `none`, or what [`Ledger::find`] finds; anything else is no release that is kept, so it is certainly not
    /// the current one.
    pub fn read(text: &str, ledger: &Ledger) -> Self {
        match (text, ledger.find(text)) {
            ("none", _) => Self::Nothing,
            (_, Ok(id)) => Self::Release(id),
            (other, Err(_)) => Self::Release(ReleaseId::of_document(other.as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests;
