//! Asks the store for everything that the kept releases need, and reads it where that is wished.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use tokio::sync::Semaphore;

use super::circle::{Member, broken};
use super::documents::{condemned, is_about_the_key, patiently, releases};
use super::finding::{Finding, What, told};
use super::live::{Visit, visit};
use super::plan::{
    Digests, Needs, Older, Wanted, broken_circle, generations, judge, judge_bytes, missing, other_bytes,
};
use super::step::{Manner, in_step, pages};
use crate::cdn::visitor::Visitor;
use crate::commit::reread;
use crate::error::Result;
use crate::history::{HistoryError, ledger};
use crate::model::layout::{ChannelName, Key, Name};
use crate::model::ledger::Ledger;
use crate::model::release::{CircleId, Release, ReleaseId};
use crate::model::wire::CondemnedVersion;
use crate::prepare::references::References;
use crate::site::Site;
use crate::store::StoreError;

/// The most bytes that are held in memory at a time, in MiB; a single object may be larger.
const HELD: u32 = 256;

/// What is to be verified.
#[derive(Debug)]
pub struct Order {
    /// Which releases, as [`Ledger::find`] knows them; all where none is named.
    pub releases: Vec<String>,
    /// Only what this channel shows or has shown.
    pub channel: Option<ChannelName>,
    /// Reads all bytes.
    pub deep: Option<Deep>,
    /// Asks the site itself for what that channel shows.
    pub live: Option<(Visitor, ChannelName)>,
    /// Requests in flight at a time.
    pub concurrency: usize,
}

/// What it takes to take addresses again.
#[derive(Clone, Debug)]
pub struct Deep {
    /// How references are resolved.
    pub references: Arc<References>,
    /// The generation that releases are made under.
    pub generation: u64,
}

/// What was verified, and what came of it.
#[derive(Debug, Default)]
pub struct Verified {
    /// Which releases.
    pub releases: Vec<ReleaseId>,
    /// How many objects, each counted once.
    pub objects: usize,
    /// The length of them all, as the releases say.
    pub bytes: u64,
    /// How many pages at their own URLs.
    pub pages: usize,
    /// How many objects in circles had their addresses taken again.
    pub circles: usize,
    /// How many objects in circles could not be judged by their address: they were published with other settings, or
    /// another member is wrong already.
    pub unchecked: usize,
    /// How many assets the site was asked for.
    pub asked: usize,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
}

/// Verifies kept releases.
///
/// # Errors
/// Nothing was published, a release is not known, or the store does not answer. What is wrong with the site is in the
/// answer.
pub async fn verify(site: &Site, order: &Order) -> Result<Verified> {
    let held = ledger(site).await?;
    let ids = chosen(&held.ledger, order)?;
    let mut verified = Verified::default();
    let condemned = condemned(site, &held.ledger, &mut verified.findings).await?;
    let channels: Vec<_> =
        held.ledger.channels.iter().filter(|(name, _)| concerns(&held.ledger, order, name)).collect();
    let rewriting = order.deep.as_ref().map(|deep| deep.references.id);
    let mut needs = Needs::default();
    let mut shown: HashMap<ReleaseId, Release> = HashMap::new();
    let live = order.live.as_ref().and_then(|(_, name)| held.ledger.current(name));
    releases(site, ids.iter().copied(), &mut verified.findings, |id, release| {
        needs.add(id, &release, rewriting);
        if live == Some(id) || channels.iter().any(|(_, channel)| channel.release == id) {
            shown.insert(id, release);
        }
    })
    .await?;
    verified.releases = ids.into_iter().collect();
    verified.objects = needs.objects.len();
    verified.bytes = needs.bytes();
    let digests = Walk { site, order, condemned: &condemned }.all(needs, &mut verified).await?;

    let manner = Manner { deep: order.deep.as_ref().map(|deep| deep.generation), concurrency: order.concurrency };
    for (name, channel) in channels {
        let Some(manifest) = in_step(site, &held.ledger, name, channel, &mut verified.findings).await? else {
            continue;
        };
        if let Some(release) = shown.get(&channel.release) {
            verified.pages += pages(site, name, &manifest, release, manner, &mut verified.findings).await?;
        }
    }
    if let Some((visitor, name)) = &order.live {
        let sequence = held.ledger.channels.get(name).map_or(0, |channel| channel.sequence);
        match live.and_then(|id| Some((id, shown.get(&id)?))) {
            Some((id, release)) => {
                let wish = Visit { channel: name, id, release, sequence, concurrency: order.concurrency };
                verified.asked = visit(site, visitor, &wish, &digests, &mut verified.findings).await;
            }
            None if live.is_some() => {}
            None => {
                let text = format!("channel `{name}` shows nothing, so there is nothing to ask for");
                verified.findings.push(Finding::error(What::Live, visitor.root(), text));
            }
        }
    }
    settle(site, &held.ledger, &mut verified.findings).await?;
    Ok(verified)
}

/// The releases that are meant.
fn chosen(ledger: &Ledger, order: &Order) -> std::result::Result<BTreeSet<ReleaseId>, HistoryError> {
    let mut ids: BTreeSet<ReleaseId> = match &order.releases[..] {
        [] => ledger.releases.keys().copied().collect(),
        named => named.iter().map(|text| ledger.find(text)).collect::<std::result::Result<_, _>>()?,
    };
    if let Some(channel) = order.channel.as_ref().and_then(|name| ledger.channels.get(name)) {
        ids.retain(|id| channel.release == *id || channel.moves.iter().any(|moved| moved.release == *id));
    }
    // What visitors are asked to load is looked at in the store too.
    ids.extend(order.live.as_ref().and_then(|(_, name)| ledger.current(name)));
    Ok(ids)
}

/// Whether the public side of a channel is looked at.
fn concerns(ledger: &Ledger, order: &Order, name: &ChannelName) -> bool {
    let is_named = || order.releases.iter().any(|text| ledger.find(text).ok() == ledger.current(name));
    order.channel.as_ref().is_none_or(|only| only == name) && (order.releases.is_empty() || is_named())
}

/// Takes back what a publish or a collection beside this explains: what is not kept any more, and channels that have
/// moved.
async fn settle(site: &Site, before: &Ledger, findings: &mut Vec<Finding>) -> Result<()> {
    if !findings.is_empty() {
        let now = reread(site).await?.ledger;
        if now.revision != before.revision {
            let moved = |name: &ChannelName| now.channels.get(name) != before.channels.get(name);
            let kept = |finding: &Finding| {
                finding.releases.is_empty() || finding.releases.iter().any(|id| now.releases.contains_key(id))
            };
            findings.retain(|finding| kept(finding) && !finding.channel.as_ref().is_some_and(moved));
        }
    }
    findings.sort_by(|one, other| (&one.place, one.what).cmp(&(&other.place, other.what)));
    Ok(())
}

/// On the way through all objects.
struct Walk<'a> {
    site: &'a Site,
    order: &'a Order,
    condemned: &'a BTreeSet<CondemnedVersion>,
}

/// What came of a group of objects.
#[derive(Default)]
struct Outcome {
    findings: Vec<Finding>,
    digests: Vec<(Name, blake3::Hash)>,
    circles: usize,
    unchecked: usize,
}

impl Walk<'_> {
    async fn all(&self, needs: Needs, verified: &mut Verified) -> Result<Digests> {
        let room = Arc::new(Semaphore::new(HELD as usize));
        let groups = match self.order.deep {
            Some(_) => needs.groups(),
            None => needs.objects.into_values().map(|wanted| vec![wanted]).collect(),
        };
        let work = groups.into_iter().map(|group| self.group(group, &room));
        let mut outcomes = stream::iter(work).buffer_unordered(self.order.concurrency.max(1));
        let mut digests = Digests::new();
        while let Some(outcome) = outcomes.next().await {
            let outcome = outcome?;
            verified.findings.extend(outcome.findings);
            verified.circles += outcome.circles;
            verified.unchecked += outcome.unchecked;
            digests.extend(outcome.digests);
        }
        Ok(digests)
    }

    /// Looks at one object, or reads one, or all those that share a circle.
    async fn group(&self, group: Vec<Wanted>, room: &Arc<Semaphore>) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let Some(deep) = &self.order.deep else {
            for wanted in &group {
                self.look(wanted, &mut outcome).await?;
            }
            return Ok(outcome);
        };
        let size: u64 = group.iter().map(|wanted| wanted.entry.size).sum();
        let share = u32::try_from(size >> 20).unwrap_or(HELD).saturating_add(1).min(HELD);
        let _share = room.acquire_many(share).await.expect("nobody closes it");
        let mut read = Vec::with_capacity(group.len());
        for wanted in group {
            let bytes = self.read(&wanted, &mut outcome).await?;
            read.push((wanted, bytes));
        }
        let (site, deep, keeps) = (self.site.clone(), deep.clone(), self.order.live.is_some());
        let judging = tokio::task::spawn_blocking(move || judge_read(&site, &deep, keeps, &read, outcome));
        Ok(judging.await.expect("judging does not panic"))
    }

    fn key(&self, wanted: &Wanted) -> Key {
        self.site.layout.key(&wanted.stored.name)
    }

    async fn look(&self, wanted: &Wanted, outcome: &mut Outcome) -> Result<()> {
        let key = self.key(wanted);
        match patiently(self.site, || self.site.store.head(&key)).await {
            Ok(Some(found)) => outcome.findings.extend(judge(wanted, &key, &found, self.condemned)),
            Ok(None) => self.gone(wanted, &key, outcome).await,
            Err(error) => unreadable(wanted, &key, error, outcome)?,
        }
        Ok(())
    }

    /// The bytes, where they are of the right length.
    async fn read(&self, wanted: &Wanted, outcome: &mut Outcome) -> Result<Option<Bytes>> {
        let key = self.key(wanted);
        match patiently(self.site, || self.site.store.get(&key)).await {
            Ok(Some(fetched)) => {
                outcome.findings.extend(judge(wanted, &key, &fetched.found, self.condemned));
                let is_whole = wanted.stored.encoding.is_some() || fetched.found.size == wanted.entry.size;
                return Ok(Some(fetched.bytes).filter(|_| is_whole));
            }
            Ok(None) => self.gone(wanted, &key, outcome).await,
            Err(error) => unreadable(wanted, &key, error, outcome)?,
        }
        Ok(None)
    }

    async fn gone(&self, wanted: &Wanted, key: &Key, outcome: &mut Outcome) {
        // Whoever may not list versions is told less.
        let older = self.site.store.versions(key.as_str(), None).await.ok().map(|page| {
            let of_key = page.versions.iter().any(|version| version.key == *key && !version.marker);
            if of_key { Older::Hidden } else { Older::Nothing }
        });
        outcome.findings.push(missing(wanted, key, older));
    }
}

fn unreadable(wanted: &Wanted, key: &Key, error: StoreError, outcome: &mut Outcome) -> Result<()> {
    if !is_about_the_key(&error) {
        return Err(error.into());
    }
    let finding = Finding::error(What::Unreadable, key, format!("it cannot be read: {}", told(&error)));
    outcome.findings.push(finding.of(&wanted.releases).hinted(&error));
    Ok(())
}

/// Takes addresses again. It computes long enough to be kept from the threads that wait for answers.
fn judge_read(
    site: &Site,
    deep: &Deep,
    keeps: bool,
    read: &[(Wanted, Option<Bytes>)],
    mut outcome: Outcome,
) -> Outcome {
    let (mut members, mut circle, mut in_circles, mut derivable) = (Vec::new(), None::<CircleId>, 0, 0);
    let mut decoded: HashMap<&Name, Bytes> = HashMap::new();
    // Each file's own object, and then what lies beside it.
    let own = read.iter().filter(|(wanted, _)| !wanted.is_variant());
    for (wanted, bytes) in own.chain(read.iter().filter(|(wanted, _)| wanted.is_variant())) {
        let is_in_circle = wanted.entry.origin.circle.is_some() && !wanted.is_variant();
        circle = circle.or(wanted.entry.origin.circle);
        in_circles += usize::from(is_in_circle);
        derivable += usize::from(is_in_circle && wanted.derivable);
        let Some(bytes) = bytes else { continue };
        if keeps {
            outcome.digests.push((wanted.stored.name.clone(), blake3::hash(bytes)));
        }
        let key = site.layout.key(&wanted.stored.name);
        let bytes = match wanted.decoded(bytes) {
            Ok(bytes) => bytes,
            Err(token) => {
                outcome.findings.push(other_bytes(wanted, &key, token));
                continue;
            }
        };
        match (wanted.stored.encoding, decoded.get(&wanted.entry.name)) {
            (Some(encoding), Some(own)) if wanted.is_variant() => {
                outcome.findings.extend((bytes != own).then(|| other_bytes(wanted, &key, encoding.token())));
                continue;
            }
            _ => {}
        }
        if let Some(finding) = judge_bytes(wanted, &key, &bytes, deep.generation) {
            outcome.findings.push(finding);
            continue;
        }
        if wanted.derivable && is_in_circle {
            members.push((wanted, bytes.clone()));
        }
        decoded.insert(&wanted.entry.name, bytes);
    }
    let Some(circle) = circle else { return outcome };
    let is_whole = members.len() == derivable;
    if !is_whole {
        outcome.unchecked = in_circles;
        return outcome;
    }
    (outcome.circles, outcome.unchecked) = (members.len(), in_circles - members.len());
    let given: Vec<Member<'_>> =
        members.iter().map(|(wanted, bytes)| Member { path: &wanted.path, entry: &wanted.entry, bytes }).collect();
    for unit in broken(circle, &given, &deep.references.roots, generations(deep.generation)) {
        let wanted: Vec<&Wanted> = unit.iter().map(|&at| members[at].0).collect();
        let keys: Vec<Key> = wanted.iter().map(|wanted| site.layout.key(&wanted.stored.name)).collect();
        outcome.findings.push(broken_circle(&wanted, &keys));
    }
    outcome
}
