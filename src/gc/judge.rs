//! From a version of the ledger to what goes and what stays: the part of a collection that is done again whenever the
//! ledger has changed under it.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};

use super::error::GcError;
use super::plan::Leftovers;
use super::policy::{Decision, Policy, Public, decide};
use super::public::{Look, look};
use super::reach::Reach;
use super::shard::Shard;
use crate::commit::{Held, reread};
use crate::error::{Error, Result};
use crate::model::layout::ChannelName;
use crate::model::ledger::Collection;
use crate::model::timestamp::Timestamp;
use crate::model::wire::CondemnedVersion;
use crate::site::Site;

/// How often the ledger may change while it is looked at.
const ATTEMPTS: u32 = 50;

/// How often something that seems to be wrong is looked at again: a publisher may be about to set it right.
const DOUBTS: u32 = 3;

/// Release documents read at a time. Each is held whole until its keys are in the reach.
const DOCUMENTS: usize = 4;

/// What a collection works with.
#[derive(Clone, Debug)]
pub(super) struct Bench<'a> {
    pub(super) site: &'a Site,
    pub(super) policy: &'a Policy,
    /// The store's time.
    pub(super) now: Timestamp,
    /// Channels other than `live` whose manifests were found in the store.
    pub(super) manifests: BTreeSet<ChannelName>,
    pub(super) concurrency: usize,
    /// Which victims fall to this collection.
    pub(super) shard: Shard,
    /// The bucket that the site lies in, if it does.
    pub(super) bucket: Option<String>,
}

impl Bench<'_> {
    /// Whether it falls to this collection to delete a version.
    pub(super) fn owns(&self, pair: &CondemnedVersion) -> bool {
        self.shard.owns(&self.site.layout, &pair.key)
    }
}

/// A version of the ledger, and what was decided about it.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) held: Held,
    pub(super) public: Public,
    pub(super) decision: Decision,
}

impl Judged {
    /// The change that carries the decision out.
    pub(super) fn collection(&self, condemned: Option<uuid::Uuid>) -> Collection {
        let Decision { intents, channels, .. } = &self.decision;
        Collection {
            revision: self.held.ledger.revision,
            releases: self.decision.dropped(),
            intents: intents.keys().copied().collect(),
            channels: channels.keys().cloned().collect(),
            condemned,
        }
    }

    /// Notes what becomes of channels.
    pub(super) fn tell(&self, site: &Site, leftovers: &mut Leftovers) {
        let known: BTreeSet<ChannelName> = self.held.ledger.channels.keys().cloned().collect();
        leftovers.set_channels(&site.layout, &known, &self.decision, &self.public);
    }
}

/// Decides about a version of the ledger, or a newer one, and brings everything that remains into the reach.
///
/// # Errors
/// A manifest or a document that is needed cannot be read: nothing is collected then, for it may name anything.
pub(super) async fn judge(bench: &Bench<'_>, mut held: Held, reach: &mut Reach) -> Result<Judged> {
    let Bench { site, policy, now, .. } = *bench;
    let mut doubts = 0;
    for attempt in 1..=ATTEMPTS {
        let doubt: Error = match look(site, &held.ledger, &bench.manifests).await? {
            Look::Doubt(doubt) => doubt.into(),
            Look::Clear(public) => {
                policy.check(&public).map_err(GcError::TooShort)?;
                let decision = decide(policy, &held.ledger, &public, now);
                match bring_into_reach(site, &decision, reach).await {
                    Ok(()) => return Ok(Judged { held, public, decision }),
                    Err(doubt) => doubt,
                }
            }
        };
        site.clock.back_off(attempt).await;
        let newer = reread(site).await?;
        doubts = if newer.ledger.revision == held.ledger.revision { doubts + 1 } else { 0 };
        if doubts == DOUBTS {
            return Err(doubt);
        }
        held = newer;
    }
    Err(GcError::Contended.into())
}

async fn bring_into_reach(site: &Site, decision: &Decision, reach: &mut Reach) -> Result<()> {
    let unknown: Vec<_> = decision.remaining.iter().copied().filter(|id| !reach.knows(*id)).collect();
    let read = |id| async move { (id, site.release(id).await) };
    let mut documents = stream::iter(unknown).map(read).buffer_unordered(DOCUMENTS);
    while let Some((id, document)) = documents.next().await {
        reach.add(&site.layout, id, &document?);
    }
    Ok(())
}
