//! A ledger made again, after it was lost, of what is left: release documents, manifests and condemned lists.
//!
//! It is only ever created where there is none. A release is kept again if its document can be read and all of its
//! objects are there. Versions on a condemned list may still be deleted by a collector that is at work: they count as
//! gone, except where a manifest shows the release, for no collection condemns what is shown; and the lists are carried
//! on, without what is needed.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt};
use uuid::Uuid;

use super::documents::{Shown, channels_with_manifests, list, manifest, patiently, releases};
use super::finding::{Finding, What};
use crate::commit::{change, private_json, read};
use crate::error::{Explain, Result};
use crate::event::Level;
use crate::model::layout::{ChannelName, Form, Key, Name};
use crate::model::ledger::{Cause, Channel, Kept, Ledger, Moved, Provenance, Refusal, Stamp, Step, Synced};
use crate::model::release::{Release, ReleaseId, TreeDigest};
use crate::model::wire::{CondemnedVersion, read_condemned, write_condemned};
use crate::site::{DocumentError, Site};
use crate::store::{Created, Object, Reason, StoreError, Verb};

/// What nothing but the ledger knew.
pub const UNKNOWN: [&str; 7] = [
    "pins: nothing is pinned",
    "history: what channels showed before, so `rollback` without an id has nothing to return to yet",
    "who made each release, of what commit, and why",
    "when releases were uploaded and when they stopped being current: their ages count from now",
    "when channels expire: give `--expires` with their next publish",
    "the numbers of builds: until the next `--sequence`, an older build is not refused",
    "publishers at work: each of them finds its intent gone, and begins again or is told that the ledger has gone",
];

/// A ledger that is not made again.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is one.
    #[error("there is a ledger at `{0}`, so none is made")]
    Present(Key),
    /// There is nothing to make it of.
    #[error("there is no release document below `{0}`, so there is nothing to make a ledger of")]
    Nothing(String),
}

impl Explain for RebuildError {
    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Present(_) => "`lastly fsck` without `--rebuild` says whether it goes together with the documents",
            Self::Nothing(_) => "check `--store` and `--control`; a site without a ledger begins with a publish",
        };
        vec![hint.to_owned()]
    }
}

/// A ledger that was made again, or would be.
#[derive(Debug)]
pub struct Rebuilt {
    /// What is kept, and what channels show.
    pub ledger: Ledger,
    /// Versions that stay condemned.
    pub condemned: usize,
    /// What could not be taken in, and older versions of the ledger that would do better.
    pub findings: Vec<Finding>,
}

/// Makes a ledger again; only with `apply` is anything written.
///
/// # Errors
/// There is a ledger, there is nothing to make it of, or the store does not answer.
pub async fn rebuild(site: &Site, concurrency: usize, apply: bool) -> Result<Rebuilt> {
    let key = site.layout.ledger();
    if read(site).await?.is_some() {
        return Err(RebuildError::Present(key).into());
    }
    let mut findings = Vec::new();
    let left = survey(site).await?;
    if left.documents.is_empty() {
        return Err(RebuildError::Nothing(site.layout.releases("")).into());
    }
    if left.ledgers > 0 {
        let text = format!("the store still holds older versions of the ledger: {}", left.ledgers);
        let change = "restore the newest of them instead: it knows what nothing else does";
        findings.push(Finding::warning(What::Ledger, &key, text).change(change));
    }
    let mut shown: BTreeMap<ChannelName, Shown> = BTreeMap::new();
    for name in channels_with_manifests(site).await? {
        match manifest(site, &name).await? {
            Ok(Some(manifest)) => {
                shown.insert(name, manifest);
            }
            Ok(None) => {}
            Err(why) => {
                let text = format!("it cannot be used, so channel `{name}` is left out: {why}");
                findings.push(Finding::error(What::Manifest, site.layout.key(&Name::manifest(&name)), text).on(&name));
            }
        }
    }
    let current: BTreeSet<ReleaseId> = shown.values().map(|shown| shown.manifest.release).collect();
    let mut read: Vec<(ReleaseId, TreeDigest, Vec<Key>)> = Vec::new();
    let mut unusable = Vec::new();
    releases(site, left.documents.iter().copied(), &mut unusable, |id, release| {
        read.push((id, release.tree(""), keys(site, &release)));
    })
    .await?;
    findings.extend(unusable.into_iter().map(|finding| Finding { level: Level::Warning, ..finding }));
    let there = look(site, read.iter().flat_map(|(.., keys)| keys), concurrency).await?;

    let mut ledger = Ledger::new(site.layout.prefix());
    let mut condemned = left.condemned;
    for (id, tree, keys) in read {
        let versions = keys.iter().map(|key| Some((key, there.get(key)?.as_ref())));
        let Some(versions) = versions.collect::<Option<Vec<_>>>() else {
            let gone = keys.iter().filter(|key| !there.contains_key(*key)).count();
            findings.push(incomplete(site, id, current.contains(&id), &format!("objects that are gone: {gone}")));
            continue;
        };
        let pairs = versions
            .into_iter()
            .filter_map(|(key, version)| Some(CondemnedVersion { key: key.clone(), version: version?.clone() }));
        let doomed: BTreeSet<CondemnedVersion> = pairs.filter(|pair| condemned.contains(pair)).collect();
        if !doomed.is_empty() && !current.contains(&id) {
            let text = format!("objects that a collection has condemned: {}", doomed.len());
            findings.push(incomplete(site, id, false, &text));
            continue;
        }
        condemned.retain(|pair| !doomed.contains(pair));
        ledger.releases.insert(id, kept(tree));
    }
    for (name, shown) in shown {
        // Channels that begin anew begin above whatever is left of them.
        ledger.closed = ledger.closed.max(shown.manifest.sequence);
        if ledger.releases.contains_key(&shown.manifest.release) {
            ledger.channels.insert(name, channel(site, shown));
        }
    }
    let list = (!condemned.is_empty()).then(|| site.clock.fresh_id());
    ledger.condemned = list;
    let rebuilt = Rebuilt { ledger, condemned: condemned.len(), findings };
    if apply {
        write(site, &rebuilt.ledger, list.map(|id| (id, write_condemned(&condemned)))).await?;
    }
    Ok(rebuilt)
}

/// What is left below the private prefix.
#[derive(Debug, Default)]
struct Left {
    documents: BTreeSet<ReleaseId>,
    ledgers: usize,
    condemned: BTreeSet<CondemnedVersion>,
}

async fn survey(site: &Site) -> Result<Left> {
    let mut left = Left::default();
    let mut lists: Vec<Key> = Vec::new();
    list(site, site.layout.control(), |version| {
        let is_there = version.current && !version.marker;
        match site.layout.form(&version.key) {
            Some(Form::Document(id)) if is_there => {
                left.documents.insert(id);
            }
            Some(Form::Condemned(_)) if is_there => lists.push(version.key),
            Some(Form::Ledger) if !version.marker => left.ledgers += 1,
            _ => {}
        }
    })
    .await?;
    for key in lists {
        let Some(fetched) = patiently(site, || site.store.get(&key)).await? else { continue };
        let versions = read_condemned(&String::from_utf8_lossy(&fetched.bytes));
        left.condemned.extend(versions.map_err(|source| DocumentError::Damaged { key, source })?);
    }
    Ok(left)
}

fn keys(site: &Site, release: &Release) -> Vec<Key> {
    release.names().map(|name| site.layout.key(&name)).collect()
}

/// The keys of these that have a current version, and its id where the store has ids.
async fn look(
    site: &Site,
    keys: impl Iterator<Item = &Key>,
    concurrency: usize,
) -> Result<BTreeMap<Key, Option<String>>> {
    let keys: BTreeSet<Key> = keys.cloned().collect();
    let head = |key: Key| async move {
        let found = patiently(site, || site.store.head(&key)).await?;
        Ok::<_, StoreError>(found.map(|found| (key, found.version.map(|version| version.0))))
    };
    let mut looks = stream::iter(keys.into_iter().map(head)).buffer_unordered(concurrency.max(1));
    let mut there = BTreeMap::new();
    while let Some(found) = looks.next().await {
        there.extend(found?);
    }
    Ok(there)
}

fn incomplete(site: &Site, id: ReleaseId, is_current: bool, why: &str) -> Finding {
    let text = format!("release {} is not kept: {why}", id.short());
    let finding = Finding::warning(What::Document, site.layout.release(id), text).of(&[id]);
    let change = "publish its files again: what is gone is uploaded again, under the same keys";
    if is_current { Finding { level: Level::Error, ..finding }.change(change) } else { finding }
}

fn kept(tree: TreeDigest) -> Kept {
    Kept { tree, staged_at: Stamp::Now, retired_at: None, pinned: None, provenance: Provenance::default() }
}

fn channel(site: &Site, shown: Shown) -> Channel {
    let Shown { manifest, etag, .. } = shown;
    let (release, sequence) = (manifest.release, manifest.sequence);
    let moved = Moved {
        id: site.clock.fresh_id(),
        release,
        sequence,
        at: Stamp::At(manifest.published),
        cause: Cause::Publish,
        provenance: Provenance::default(),
    };
    // Which CDNs have been told is not known, so that the next publish tells them.
    let synced = Synced { sequence, manifest: etag.0, told: BTreeSet::new() };
    Channel { release, sequence, build: None, synced: Some(synced), expires: None, began: None, moves: vec![moved] }
}

/// Creates the ledger, where there still is none.
async fn write(site: &Site, rebuilt: &Ledger, list: Option<(Uuid, String)>) -> Result<()> {
    if let Some((id, text)) = list {
        let key = site.layout.condemned(id);
        if site.store.create(&key, Object::whole(private_json(), text)).await? == Created::AlreadyThere {
            let reason = Reason::Other("a fresh key is taken".to_owned());
            return Err(StoreError::refused(Verb::Create, key, reason).into());
        }
    }
    let step = |ledger: &Ledger| match ledger.revision {
        0 => Ok(Step::Changed(rebuilt.clone())),
        _ => Err(Refusal::Outdated),
    };
    change(site, None, step).await?;
    Ok(())
}
