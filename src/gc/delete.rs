//! Deleting condemned versions, by their ids and only by them. A version id is used once in the life of a store, so it
//! does not matter when such a request arrives, nor how often.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use uuid::Uuid;

use crate::model::layout::{Form, Key};
use crate::model::wire::CondemnedVersion;
use crate::site::Site;
use crate::store::{DELETE_BATCH, Reason, StoreError, VersionId};

/// How often one batch is tried.
const PATIENCE: u32 = 3;

/// Requests in flight at a time.
const CONCURRENCY: usize = 16;

/// What became of condemned versions.
#[derive(Debug, Default)]
pub(super) struct Deleted {
    /// Versions that are gone.
    pub(super) gone: BTreeSet<CondemnedVersion>,
    /// Why the first of the others is not.
    pub(super) setback: Option<StoreError>,
}

impl Deleted {
    fn absorb(&mut self, other: Self) {
        self.gone.extend(other.gone);
        self.setback = self.setback.take().or(other.setback);
    }
}

/// Deletes everything condemned that lets itself be deleted.
///
/// What keeps its name over time, such as a manifest, loses its oldest version first: the one before would come to
/// light otherwise, and it names what is gone. Manifests go before everything else, for they name the rest.
pub(super) async fn delete(site: &Site, condemned: &BTreeSet<CondemnedVersion>, concurrency: usize) -> Deleted {
    let mut manifests: BTreeMap<&Key, Vec<&CondemnedVersion>> = BTreeMap::new();
    let mut named: BTreeMap<&Key, Vec<&CondemnedVersion>> = BTreeMap::new();
    let mut others: Vec<&CondemnedVersion> = Vec::new();
    for pair in condemned {
        match site.layout.form(&pair.key) {
            Some(Form::Manifest(_)) => manifests.entry(&pair.key).or_default().push(pair),
            None => named.entry(&pair.key).or_default().push(pair),
            Some(_) => others.push(pair),
        }
    }
    // A key with one version has no other that could come to light.
    let singles = named.extract_if(.., |_, versions| versions.len() == 1).flat_map(|(_, versions)| versions);
    others.extend(singles);
    let concurrency = concurrency.clamp(1, CONCURRENCY);
    let mut deleted = Deleted::default();
    for several in [manifests, named] {
        let work = several.into_iter().map(|(key, versions)| oldest_first(site, key, versions));
        let mut outcomes = stream::iter(work.collect::<Vec<_>>()).buffer_unordered(concurrency);
        while let Some(outcome) = outcomes.next().await {
            deleted.absorb(outcome);
        }
    }
    let work = others.chunks(DELETE_BATCH).map(|batch| delete_batch(site, batch));
    let mut outcomes = stream::iter(work.collect::<Vec<_>>()).buffer_unordered(concurrency);
    while let Some(outcome) = outcomes.next().await {
        deleted.absorb(outcome);
    }
    deleted
}

/// Deletes versions of one key, and the newest of them only when the others are gone.
async fn oldest_first(site: &Site, key: &Key, versions: Vec<&CondemnedVersion>) -> Deleted {
    let listed = match site.store.versions(key.as_str(), None).await {
        Ok(page) => page.versions,
        Err(error) => return Deleted { setback: Some(error), ..Deleted::default() },
    };
    let place =
        |pair: &CondemnedVersion| listed.iter().position(|version| version.key == *key && version.id.0 == pair.version);
    // What is not listed is gone already, and may be asked for in any order.
    let newest = versions.iter().copied().filter(|pair| place(pair).is_some()).min_by_key(|pair| place(pair));
    let former: Vec<&CondemnedVersion> = versions.into_iter().filter(|pair| Some(*pair) != newest).collect();
    let mut deleted = Deleted::default();
    for batch in former.chunks(DELETE_BATCH) {
        deleted.absorb(delete_batch(site, batch).await);
    }
    if let (Some(newest), None) = (newest, &deleted.setback) {
        deleted.absorb(delete_batch(site, &[newest]).await);
    }
    deleted
}

async fn delete_batch(site: &Site, batch: &[&CondemnedVersion]) -> Deleted {
    let versions: Vec<(Key, VersionId)> =
        batch.iter().map(|pair| (pair.key.clone(), VersionId(pair.version.clone()))).collect();
    let mut attempt = 1;
    let outcomes = loop {
        match site.store.delete_versions(&versions).await {
            Err(error) if error.reason == Reason::Unavailable && attempt < PATIENCE => {
                site.clock.back_off(attempt).await;
                attempt += 1;
            }
            Err(error) => return Deleted { setback: Some(error), ..Deleted::default() },
            Ok(outcomes) => break outcomes,
        }
    };
    let mut deleted = Deleted::default();
    for (pair, outcome) in batch.iter().zip(outcomes) {
        match outcome {
            Ok(()) => {
                deleted.gone.insert((*pair).clone());
            }
            Err(error) => deleted.setback = deleted.setback.take().or(Some(error)),
        }
    }
    deleted
}

/// Deletes a condemned list that no ledger names, nor ever will again. If that fails, a later collection finds it.
pub(super) async fn forget(site: &Site, list: Uuid) {
    let key = site.layout.condemned(list);
    let found = site.store.head(&key).await;
    if let Some(version) = found.ok().flatten().and_then(|found| found.version) {
        let pair = CondemnedVersion { key, version: version.0 };
        delete_batch(site, &[&pair]).await;
    }
}
