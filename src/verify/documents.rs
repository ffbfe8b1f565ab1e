//! The documents that everything else is judged by, read with an eye for what is wrong with them.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};

use super::finding::{Finding, What, told};
use crate::error::{Explain, Result};
use crate::model::layout::{ChannelName, Form, Name};
use crate::model::ledger::Ledger;
use crate::model::release::{Release, ReleaseId};
use crate::model::wire::{CondemnedVersion, Manifest, read_condemned, read_manifest};
use crate::site::{DocumentError, Site};
use crate::store::{Etag, Fetched, Reason, StoreError, Version};

/// Release documents read at a time: they can be large.
const READS: usize = 4;

/// How often one request is tried that the store does not answer.
const PATIENCE: u32 = 3;

/// Asks the store, and again where it did not answer. Only reads are asked so.
pub(super) async fn patiently<T, F>(site: &Site, ask: impl Fn() -> F) -> std::result::Result<T, StoreError>
where
    F: Future<Output = std::result::Result<T, StoreError>>,
{
    let mut attempt = 1;
    loop {
        match ask().await {
            Err(error) if error.reason == Reason::Unavailable && attempt < PATIENCE => {
                site.clock.back_off(attempt).await;
                attempt += 1;
            }
            answer => return answer,
        }
    }
}

/// Whether an error is about the one key that was asked for, and not about the store.
pub(super) fn is_about_the_key(error: &StoreError) -> bool {
    !matches!(error.reason, Reason::Unavailable | Reason::NoStore | Reason::NoCredentials | Reason::NoRegion)
}

/// Reads the documents of kept releases, and hands those that are right to `take`.
///
/// # Errors
/// The store does not answer.
pub(super) async fn releases(
    site: &Site,
    ids: impl IntoIterator<Item = ReleaseId>,
    findings: &mut Vec<Finding>,
    mut take: impl FnMut(ReleaseId, Release),
) -> Result<()> {
    let read = |id| async move {
        let mut attempt = 1;
        loop {
            match site.release(id).await {
                Err(DocumentError::Store(error)) if error.reason == Reason::Unavailable && attempt < PATIENCE => {
                    site.clock.back_off(attempt).await;
                    attempt += 1;
                }
                outcome => return (id, outcome),
            }
        }
    };
    let ids: Vec<ReleaseId> = ids.into_iter().collect();
    let mut read = stream::iter(ids.into_iter().map(read)).buffered(READS);
    while let Some((id, outcome)) = read.next().await {
        match outcome {
            Ok(release) => take(id, release),
            Err(DocumentError::Store(error)) if !is_about_the_key(&error) => return Err(error.into()),
            Err(error) => findings.push(unusable(site, id, &error)),
        }
    }
    Ok(())
}

fn unusable(site: &Site, id: ReleaseId, error: &DocumentError) -> Finding {
    let key = site.layout.release(id);
    let text = match error {
        DocumentError::Missing(_) => "it is missing, though the ledger names it".to_owned(),
        DocumentError::OtherBytes(_) => "its bytes have another hash than its name says".to_owned(),
        error => told(error),
    };
    let finding = Finding::error(What::Document, key, text).of(&[id]);
    let hints = error.hints().join("; ");
    finding.change(if hints.is_empty() { "see what the store answers".to_owned() } else { hints })
}

/// The versions that the ledger condemns.
///
/// # Errors
/// The store does not answer.
pub(super) async fn condemned(
    site: &Site,
    ledger: &Ledger,
    findings: &mut Vec<Finding>,
) -> Result<BTreeSet<CondemnedVersion>> {
    let Some(list) = ledger.condemned else { return Ok(BTreeSet::new()) };
    let key = site.layout.condemned(list);
    let text = match patiently(site, || site.store.get(&key)).await {
        Ok(Some(fetched)) => match read_condemned(&String::from_utf8_lossy(&fetched.bytes)) {
            Ok(versions) => return Ok(versions),
            Err(error) => format!("the condemned list is damaged: {error}"),
        },
        Ok(None) => "the condemned list is missing, though the ledger names it".to_owned(),
        Err(error) if is_about_the_key(&error) => told(&error),
        Err(error) => return Err(error.into()),
    };
    let change = "restore that version of it: until then no publish and no collection goes on";
    findings.push(Finding::error(What::Condemned, key, text).change(change));
    Ok(BTreeSet::new())
}

/// A manifest that is there.
pub(super) struct Shown {
    pub manifest: Manifest,
    pub etag: Etag,
    pub bytes: Vec<u8>,
}

/// Reads a channel's manifest; `None` where there is none. `Err` holds why it cannot be used.
///
/// # Errors
/// The store does not answer.
pub(super) async fn manifest(site: &Site, name: &ChannelName) -> Result<std::result::Result<Option<Shown>, String>> {
    let key = site.layout.key(&Name::manifest(name));
    Ok(match patiently(site, || site.store.get(&key)).await {
        Ok(None) => Ok(None),
        Ok(Some(Fetched { found, bytes })) => match read_manifest(&bytes) {
            Ok(manifest) if manifest.channel != *name => Err(format!("it is that of channel `{}`", manifest.channel)),
            Ok(manifest) => Ok(Some(Shown { manifest, etag: found.etag, bytes: bytes.to_vec() })),
            Err(error) => Err(told(&error)),
        },
        Err(error) if is_about_the_key(&error) => Err(told(&error)),
        Err(error) => return Err(error.into()),
    })
}

/// Every version below a prefix.
///
/// # Errors
/// The store does not answer.
pub(super) async fn list(site: &Site, prefix: &str, mut take: impl FnMut(Version)) -> Result<()> {
    let mut after = None;
    loop {
        let page = patiently(site, || site.store.versions(prefix, after.clone())).await?;
        page.versions.into_iter().for_each(&mut take);
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// The channels whose manifests lie in the store, whatever the ledger says.
///
/// # Errors
/// The store does not answer.
pub(super) async fn channels_with_manifests(site: &Site) -> Result<BTreeSet<ChannelName>> {
    let mut names = BTreeSet::from([ChannelName::live()]);
    list(site, &site.layout.channels(), |version| {
        if let (true, Some(Form::Manifest(name))) = (version.current && !version.marker, site.layout.form(&version.key))
        {
            names.insert(name);
        }
    })
    .await?;
    Ok(names)
}
