//! The invariants, looked at after every step of a simulation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lastly::model::address::Addresser;
use lastly::model::layout::{ChannelName, Layout, Name};
use lastly::model::ledger::Ledger;
use lastly::model::release::ReleaseId;
use lastly::model::wire::{read_condemned, read_ledger, read_manifest};
use lastly::store::memory::MemoryStore;
use lastly::store::{Store, Verb, VersionId};

use super::desk::{Party, PartyClock};
use super::parties::Ended;
use crate::support::gated::Call;
use crate::support::inspect::{Inspected, address_in};

/// What has been seen of a store, and of whom.
pub(crate) struct Watch {
    store: Arc<MemoryStore>,
    layout: Layout,
    ledger: Option<Ledger>,
    /// Sequence of the manifest.
    manifest: u64,
    /// The channel's sequence in the ledger that each party has read or written last.
    known: BTreeMap<Party, u64>,
    /// Pages that were written last by someone who did not know that the channel had moved on.
    late: BTreeMap<String, Party>,
    /// The highest build that has been published.
    build: Option<u64>,
    collectors: BTreeSet<Party>,
}

type Checked = Result<(), String>;

fn hold(holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(what()) }
}

fn none(faults: Vec<String>) -> Checked {
    hold(faults.is_empty(), || faults.join("; "))
}

fn sequence(ledger: Option<&Ledger>) -> u64 {
    ledger.and_then(|ledger| ledger.channels.get(&ChannelName::live())).map_or(0, |channel| channel.sequence)
}

impl Watch {
    pub(crate) fn new(store: Arc<MemoryStore>, layout: Layout) -> Self {
        let (known, late) = (BTreeMap::new(), BTreeMap::new());
        Self { store, layout, ledger: None, manifest: 0, known, late, build: None, collectors: BTreeSet::new() }
    }

    /// Tells of a party that may drop releases.
    pub(crate) fn may_collect(&mut self, party: Party) {
        self.collectors.insert(party);
    }

    fn inspected(&self) -> Inspected<'_> {
        Inspected { store: &*self.store, layout: &self.layout }
    }

    /// The newest version of a key, so that a step shows whether it has changed anything.
    pub(crate) async fn newest(&self, key: &str) -> Option<VersionId> {
        let page = self.store.versions(key, None).await.expect("a store in memory answers");
        page.versions.into_iter().find(|version| version.key.as_str() == key).map(|version| version.id)
    }

    /// Looks at everything that a request may have changed. `changed` says whether it did.
    pub(crate) async fn after(&mut self, party: Party, call: &Call, changed: bool) -> Checked {
        let key = call.key.as_str();
        let live = self.layout.key(&Name::manifest(&ChannelName::live()));
        if key == self.layout.ledger().as_str() {
            if changed {
                self.ledger_changed(party).await?;
            }
            if changed || call.verb == Verb::Get {
                self.known.insert(party, sequence(self.ledger.as_ref()));
            }
        } else if key == live.as_str() {
            if changed {
                self.manifest_changed().await?;
            }
        } else if changed && address_in(key).is_some() {
            if call.verb != Verb::Delete {
                self.object_changed(key).await?;
            }
        } else if changed && key.starts_with(self.layout.prefix()) {
            let late = self.known.get(&party).copied() < Some(sequence(self.ledger.as_ref()));
            match late {
                true => self.late.insert(key.to_owned(), party),
                false => self.late.remove(key),
            };
        }
        match call.verb {
            Verb::Delete => {
                let kept = self.ledger.iter().flat_map(|ledger| ledger.releases.keys()).copied();
                self.are_kept(kept.collect::<Vec<_>>()).await
            }
            _ => Ok(()),
        }
    }

    /// I1: what lies under an address has that address, and stays.
    async fn object_changed(&self, key: &str) -> Checked {
        let key = lastly::model::layout::Key::new(key);
        let Some(object) = self.inspected().get(&key).await else { return Err(format!("I1: `{key}` has gone")) };
        let address = Addresser::new(&object.found.headers, 0).address_of(&object.bytes);
        let document = ReleaseId::of_document(&object.bytes).to_string();
        let named = address_in(key.as_str());
        hold(named == Some(&*address.in_key()) || named == Some(&*document), || {
            format!("I1: `{key}` holds other bytes than its address says")
        })
    }

    /// I3 and I4: releases are whole when they enter the ledger; moves are added one at a time and never taken back.
    async fn ledger_changed(&mut self, party: Party) -> Checked {
        let fetched = self.inspected().get(&self.layout.ledger()).await.ok_or("I4: the ledger has gone")?;
        let next = read_ledger(&fetched.bytes).map_err(|error| format!("the ledger: {error}"))?;
        let empty = Ledger::new(self.layout.prefix());
        let before = self.ledger.as_ref().unwrap_or(&empty);
        hold(next.revision == before.revision + 1, || {
            format!("I4: revision {} follows {}", next.revision, before.revision)
        })?;
        let moves = |ledger: &Ledger| {
            let channel = ledger.channels.get(&ChannelName::live());
            channel.map_or_else(Vec::new, |channel| channel.moves.iter().map(|m| (m.sequence, m.id)).collect())
        };
        let (old, new) = (moves(before), moves(&next));
        hold(new.starts_with(&old) && new.len() <= old.len() + 1, || format!("I4: {new:?} follows {old:?}"))?;
        if new.len() > old.len() {
            let (at, id) = new[new.len() - 1];
            hold(old.last().is_none_or(|(last, _)| at > *last), || format!("I4: sequence {at} after {old:?}"))?;
            hold(PartyClock::owner(id) == Some(party), || format!("I4: party {party} made the move {id}"))?;
        }
        let build = next.channels.get(&ChannelName::live()).and_then(|channel| channel.build);
        hold(build >= self.build, || format!("I4: build {build:?} after {:?}", self.build))?;
        self.build = build;
        let lost: Vec<_> = before.releases.keys().filter(|id| !next.releases.contains_key(id)).collect();
        let may = self.collectors.contains(&party);
        hold(lost.is_empty() || may, || format!("I3: party {party} collects nothing, but {lost:?} have gone"))?;
        let doubtful: Vec<ReleaseId> =
            next.releases.keys().filter(|id| may || !before.releases.contains_key(id)).copied().collect();
        self.ledger = Some(next);
        self.are_kept(doubtful).await
    }

    /// I2 and I4: the manifest is whole and never goes back.
    async fn manifest_changed(&mut self) -> Checked {
        let live = ChannelName::live();
        let manifest = self.layout.key(&Name::manifest(&live));
        let fetched = self.inspected().get(&manifest).await.ok_or("I2: the manifest has gone")?;
        let manifest = read_manifest(&fetched.bytes).map_err(|error| format!("the manifest: {error}"))?;
        hold(manifest.sequence >= self.manifest, || {
            format!("I4: the manifest goes back from {} to {}", self.manifest, manifest.sequence)
        })?;
        hold(manifest.sequence <= sequence(self.ledger.as_ref()), || "I4: the manifest is ahead".to_owned())?;
        self.manifest = manifest.sequence;
        none(self.inspected().faults_of_manifest(&live).await.into_iter().map(|fault| format!("I2: {fault}")).collect())
    }

    /// I3: every object of these releases is there, in a version that nobody will delete.
    async fn are_kept(&self, releases: impl IntoIterator<Item = ReleaseId>) -> Checked {
        let list = self.ledger.as_ref().and_then(|ledger| ledger.condemned);
        let list = match list {
            None => None,
            Some(list) => self.inspected().get(&self.layout.condemned(list)).await,
        };
        let list = list.map(|list| read_condemned(&String::from_utf8_lossy(&list.bytes)).expect("a list"));
        let doomed: BTreeSet<(String, String)> =
            list.into_iter().flatten().map(|pair| (pair.key.to_string(), pair.version)).collect();
        for id in releases {
            none(self.inspected().faults_of(id).await.into_iter().map(|fault| format!("I3: {fault}")).collect())?;
            let release = self.inspected().release(id).await;
            let objects = release.entries().map(|(_, entry)| self.layout.key(&entry.name));
            for key in objects.chain([self.layout.release(id)]) {
                let found = self.inspected().get(&key).await.ok_or("I3: it was just there")?.found;
                let version = found.version.ok_or("a store in memory has versions")?;
                hold(!doomed.contains(&(key.to_string(), version.0)), || format!("I3: `{key}` is condemned"))?;
            }
        }
        Ok(())
    }

    /// I8: what a party has said of itself is true. A party that fails has certainly not moved the channel, unless it
    /// says that it does not know.
    pub(crate) fn told_the_truth(&self, party: Party, ended: &Ended) -> Checked {
        let channel = self.ledger.as_ref().and_then(|ledger| ledger.channels.get(&ChannelName::live()));
        let moves = channel.iter().flat_map(|channel| &channel.moves);
        let made = moves.filter(|moved| PartyClock::owner(moved.id) == Some(party)).count();
        let expected = match ended {
            Ended::Done { moved, .. } | Ended::Unfinished { moved, .. } => usize::from(*moved),
            Ended::Failed { kind: lastly::error::Kind::Unknown, .. } => {
                return hold(made <= 1, || format!("{made} moves"));
            }
            Ended::Failed { .. } => 0,
        };
        hold(made == expected, || format!("I8: party {party} made {made} moves, but says {ended:?}"))
    }

    /// The release that is current.
    pub(crate) fn current(&self) -> Option<ReleaseId> {
        self.ledger.as_ref()?.current(&ChannelName::live())
    }

    /// In the end everything is in step. `gone` are parties that ended without finishing: a page that one of them
    /// wrote without knowing that the channel had moved on is nobody's to repair (see `follow/pages.rs`).
    pub(crate) async fn finally(&self, gone: &BTreeSet<Party>) -> Checked {
        let live = ChannelName::live();
        let Some(ledger) = self.inspected().ledger().await else { return Ok(()) };
        let own = |intent: &uuid::Uuid| PartyClock::owner(*intent).is_some_and(|party| gone.contains(&party));
        hold(ledger.intents.keys().all(own), || format!("intents are left: {:?}", ledger.intents))?;
        let Some(channel) = ledger.channels.get(&live) else { return Ok(()) };
        let manifest = self.inspected().manifest(&live).await.ok_or("there is no manifest")?;
        hold(channel.is_synced(), || "the ledger does not know that all has followed".to_owned())?;
        hold((manifest.sequence, manifest.release) == (channel.sequence, channel.release), || {
            format!("the manifest shows {}, the ledger {}", manifest.sequence, channel.sequence)
        })?;
        none(self.inspected().faults_of_manifest(&live).await)?;
        let excused: Vec<&String> =
            self.late.iter().filter(|(_, party)| gone.contains(party)).map(|(key, _)| key).collect();
        let name = |key: &String| format!("`{}`", key.trim_start_matches(self.layout.prefix()));
        let is_excused = |fault: &String| {
            excused.iter().any(|key| fault.contains(&format!("`{key}`")) || fault.contains(&name(key)))
        };
        none(self.inspected().faults_of_pages(&live).await.into_iter().filter(|fault| !is_excused(fault)).collect())
    }
}
