//! What a collection changes in the ledger, and the pins that keep releases from it.
//!
//! A collection is one change: what it drops leaves in the very version that names what is condemned for it. So a
//! publisher that finds its intent in a later version knows that nothing it needs was condemned since (I3).

use std::collections::BTreeSet;

use uuid::Uuid;

use super::refusal::Refusal;
use super::state::{Ledger, Pin, Stamp, Step};
use crate::model::layout::ChannelName;
use crate::model::release::ReleaseId;

/// What a collection takes out of the ledger, and the list it puts in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The revision of the ledger that it was worked out from. It applies to that one only: in any other, an intent or
    /// a release may name what was not in reach before.
    pub revision: u64,
    /// Releases that are no longer kept.
    pub releases: BTreeSet<ReleaseId>,
    /// Intents that are reaped.
    pub intents: BTreeSet<Uuid>,
    /// Channels that have expired.
    pub channels: BTreeSet<ChannelName>,
    /// The list of all versions that are condemned from now on, those of the list before among them.
    pub condemned: Option<Uuid>,
}

impl Ledger {
    /// Drops, reaps and condemns, all at once. What only a dropped channel showed is retired from then on.
    ///
    /// # Errors
    /// The ledger is another one by now.
    pub fn collect(&self, collection: &Collection) -> Result<Step, Refusal> {
        let mut next = self.clone();
        next.releases.retain(|id, _| !collection.releases.contains(id));
        next.intents.retain(|id, _| !collection.intents.contains(id));
        for name in &collection.channels {
            let Some(channel) = next.channels.remove(name) else { continue };
            next.closed = next.closed.max(channel.sequence);
            let is_current = next.channels.values().any(|other| other.release == channel.release);
            if let Some(kept) = next.releases.get_mut(&channel.release).filter(|_| !is_current) {
                kept.retired_at = Some(Stamp::Now);
            }
        }
        next.condemned = collection.condemned;
        if next == *self {
            Ok(Step::Already)
        } else if self.revision == collection.revision {
            Ok(Step::Changed(next))
        } else {
            Err(Refusal::Outdated)
        }
    }

    /// Puts what is left of a condemned list in its place, once deletions have been acknowledged. Where another
    /// collection has replaced the list meanwhile, its own list holds all of this one, and stays.
    pub fn acknowledge(&self, list: Uuid, left: Option<Uuid>) -> Step {
        if self.condemned != Some(list) {
            return Step::Already;
        }
        Step::Changed(Self { condemned: left, ..self.clone() })
    }

    /// Keeps a release whatever its age.
    ///
    /// # Errors
    /// It is not kept any more.
    pub fn pin(&self, id: ReleaseId, reason: &str, actor: Option<&str>) -> Result<Step, Refusal> {
        let mut next = self.clone();
        let kept = next.releases.get_mut(&id).ok_or(Refusal::NotKept(id))?;
        let is_same = |pin: &Pin| (&*pin.reason, pin.actor.as_deref()) == (reason, actor);
        if kept.pinned.as_ref().is_some_and(is_same) {
            return Ok(Step::Already);
        }
        let (reason, actor) = (reason.to_owned(), actor.map(str::to_owned));
        kept.pinned = Some(Pin { reason, actor, at: Stamp::Now });
        Ok(Step::Changed(next))
    }

    /// Takes a pin back.
    ///
    /// # Errors
    /// The release is not kept any more.
    pub fn unpin(&self, id: ReleaseId) -> Result<Step, Refusal> {
        let mut next = self.clone();
        let kept = next.releases.get_mut(&id).ok_or(Refusal::NotKept(id))?;
        Ok(match kept.pinned.take() {
            Some(_) => Step::Changed(next),
            None => Step::Already,
        })
    }
}

#[cfg(test)]
mod tests;
