//! A collector without any patience: it drops what no channel shows and reaps every intent, whatever their age. It
//! follows section 6 of the design to the letter otherwise, so that publishers meet the worst that a collection may do.

use std::collections::BTreeSet;
use std::sync::Arc;

use lastly::commit::{change, read};
use lastly::error::Result;
use lastly::model::headers::Headers;
use lastly::model::layout::{ChannelName, Key, Name};
use lastly::model::ledger::{Ledger, Refusal, Step};
use lastly::model::wire::{CondemnedVersion, read_condemned, read_manifest, write_condemned};
use lastly::site::Site;
use lastly::store::{Fetched, Object, VersionId};
use uuid::Uuid;

use super::inspect::address_in;

/// Collects once. Returns how many versions have been deleted.
pub(crate) async fn collect(site: &Site) -> Result<usize> {
    let Some(list) = condemn(site).await? else { return Ok(0) };
    let deleted = delete(site, list).await?;
    acknowledge(site, list).await?;
    Ok(deleted)
}

/// What a list condemns; nothing if the list has been deleted.
pub(crate) async fn condemned(site: &Site, list: Option<Uuid>) -> Result<BTreeSet<CondemnedVersion>> {
    let Some(list) = list else { return Ok(BTreeSet::new()) };
    let Some(Fetched { bytes, .. }) = site.store.get(&site.layout.condemned(list)).await? else {
        return Ok(BTreeSet::new());
    };
    Ok(read_condemned(std::str::from_utf8(&bytes).expect("text")).expect("a list"))
}

/// Drops, reaps and condemns in one swap. `None` if a manifest has not followed its channel yet.
pub(crate) async fn condemn(site: &Site) -> Result<Option<Uuid>> {
    let page = site.store.versions("", None).await?;
    let Some(held) = read(site).await? else { return Ok(None) };
    let ledger = &held.ledger;
    for (name, channel) in &ledger.channels {
        let manifest = site.store.get(&site.layout.key(&Name::manifest(name))).await?;
        let manifest = manifest.and_then(|fetched| read_manifest(&fetched.bytes).ok());
        if manifest.is_none_or(|there| (there.sequence, there.release) != (channel.sequence, channel.release)) {
            return Ok(None);
        }
    }
    let shown: BTreeSet<_> = ledger.channels.values().map(|channel| channel.release).collect();
    let mut reach: BTreeSet<Key> = BTreeSet::new();
    for id in &shown {
        reach.insert(site.layout.release(*id));
        reach.extend(site.release(*id).await?.entries().map(|(_, entry)| site.layout.key(&entry.name)));
    }
    let mut list = condemned(site, ledger.condemned).await?;
    let documents = format!("{}releases/", site.layout.control());
    for version in page.versions.into_iter().filter(|version| !reach.contains(&version.key)) {
        if version.key.as_str().starts_with(&documents) || address_in(version.key.as_str()).is_some() {
            list.insert(CondemnedVersion { key: version.key, version: version.id.0 });
        }
    }
    let (id, before, revision) = (site.clock.fresh_id(), ledger.condemned, ledger.revision);
    let object = Object::whole(Arc::new(Headers::default()), write_condemned(&list));
    site.store.create(&site.layout.condemned(id), object).await?;
    let swap = |ledger: &Ledger| {
        if ledger.condemned == Some(id) {
            return Ok(Step::Already);
        }
        if ledger.revision != revision {
            // Someone else has written: what is out of reach has to be worked out again, some other time.
            return Err(Refusal::NoChannel(ChannelName::live()));
        }
        let mut next = Ledger { condemned: Some(id), ..ledger.clone() };
        next.intents.clear();
        next.releases.retain(|id, _| shown.contains(id));
        Ok(Step::Changed(next))
    };
    change(site, Some(held), swap).await?;
    if let Some(before) = before {
        forget(site, before).await?;
    }
    Ok(Some(id))
}

/// Deletes what a list condemns. Returns how many versions that were.
pub(crate) async fn delete(site: &Site, list: Uuid) -> Result<usize> {
    let versions = condemned(site, Some(list)).await?;
    let versions: Vec<_> = versions.into_iter().map(|pair| (pair.key, VersionId(pair.version))).collect();
    for outcome in site.store.delete_versions(&versions).await? {
        outcome?;
    }
    Ok(versions.len())
}

/// Takes a list back of which everything has been deleted, unless it has been replaced by a longer one.
pub(crate) async fn acknowledge(site: &Site, list: Uuid) -> Result<()> {
    let held = read(site).await?;
    let without = |ledger: &Ledger| match ledger.condemned == Some(list) {
        true => Ok(Step::Changed(Ledger { condemned: None, ..ledger.clone() })),
        false => Ok(Step::Already),
    };
    change(site, held, without).await?;
    forget(site, list).await
}

async fn forget(site: &Site, list: Uuid) -> Result<()> {
    let key = site.layout.condemned(list);
    let version = site.store.head(&key).await?.and_then(|found| found.version);
    if let Some(version) = version {
        site.store.delete_versions(&[(key, version)]).await?;
    }
    Ok(())
}
