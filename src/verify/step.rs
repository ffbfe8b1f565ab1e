//! Whether the public side of a channel is in step with the ledger: its manifest, and its pages at their own URLs.

use futures::stream::{self, StreamExt};

use super::documents::{Shown, is_about_the_key, manifest, patiently};
use super::finding::{Finding, What, told};
use super::plan::{differences, has_address};
use crate::error::Result;
use crate::model::headers::Headers;
use crate::model::layout::{ChannelName, Name};
use crate::model::ledger::{Channel, Ledger};
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Release};
use crate::model::wire::{PageState, write_manifest};
use crate::site::Site;

/// How pages are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// The generation of the settings, where bytes are read.
    pub deep: Option<u64>,
    /// Requests in flight at a time.
    pub concurrency: usize,
}

/// Judges a channel's manifest against the ledger; gives it back where it is in step.
///
/// # Errors
/// The store does not answer.
pub(super) async fn in_step(
    site: &Site,
    ledger: &Ledger,
    name: &ChannelName,
    channel: &Channel,
    findings: &mut Vec<Finding>,
) -> Result<Option<Shown>> {
    let key = site.layout.key(&Name::manifest(name));
    let bring = format!("`lastly activate {} --channel {name}` writes it", channel.release);
    let error = |text: String| Finding::error(What::Manifest, &key, text).on(name).of(&[channel.release]);
    let shown = match manifest(site, name).await? {
        Ok(shown) => shown,
        Err(why) => {
            let change = "bring the version back that was there before; where the store has none, delete it, and \
                          `lastly activate` writes it anew";
            findings.push(error(format!("it cannot be used: {why}")).change(change));
            return Ok(None);
        }
    };
    let Some(shown) = shown else {
        findings.push(if channel.synced.is_some() {
            error("it is missing".to_owned()).change(bring)
        } else {
            let text = "the channel has moved, and has no manifest yet";
            let change = format!("unless somebody is at it now: {bring}");
            Finding::warning(What::Manifest, &key, text).on(name).of(&[channel.release]).change(change)
        });
        return Ok(None);
    };
    let (theirs, ours) = (shown.manifest.sequence, channel.sequence);
    if theirs > ours {
        let text = format!("it shows move {theirs}, but the ledger knows {ours}: an old ledger was put back");
        findings.push(error(text).change("restore the newest version of the ledger"));
        return Ok(None);
    }
    if !ledger.releases.contains_key(&shown.manifest.release) {
        let text = format!("it shows release {}, which is not kept", shown.manifest.release.short());
        findings.push(error(text).change(bring));
        return Ok(None);
    }
    if (theirs, shown.manifest.release) == (ours, channel.release) {
        return Ok(Some(shown));
    }
    let (shows, current) = (shown.manifest.release.short(), channel.release.short());
    let text = format!("it shows {shows} (move {theirs}), not {current} (move {ours})");
    findings.push(if theirs < ours && !channel.is_synced() {
        let change = format!("unless somebody is at it now: {bring}");
        Finding::warning(What::Manifest, &key, text).on(name).of(&[channel.release]).change(change)
    } else {
        error(text).change(bring)
    });
    Ok(None)
}

/// Judges a manifest in step and the pages it speaks of against its release. Returns how many pages there are.
///
/// # Errors
/// The store does not answer.
pub(super) async fn pages(
    site: &Site,
    name: &ChannelName,
    shown: &Shown,
    release: &Release,
    manner: Manner,
    findings: &mut Vec<Finding>,
) -> Result<usize> {
    let parsed = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    if parsed(&shown.bytes) != parsed(&write_manifest(&shown.manifest, release)) {
        let text = "it is not what its release makes of it";
        let change = "bring the version back that lastly wrote, or publish a change";
        let key = site.layout.key(&Name::manifest(name));
        findings.push(Finding::error(What::Manifest, key, text).on(name).of(&[shown.manifest.release]).change(change));
    }
    let look = |(path, entry)| page(site, name, shown.manifest.pages.get(path), path, entry, manner);
    let work: Vec<_> = release.pages.iter().map(look).collect();
    let mut looks = stream::iter(work).buffer_unordered(manner.concurrency.max(1));
    while let Some(found) = looks.next().await {
        findings.extend(found?.map(|finding| finding.on(name).of(&[shown.manifest.release])));
    }
    Ok(release.pages.len())
}

async fn page(
    site: &Site,
    channel: &ChannelName,
    state: Option<&PageState>,
    path: &AssetPath,
    entry: &Entry,
    manner: Manner,
) -> Result<Option<Finding>> {
    let key = site.layout.key(&Name::page(channel, path));
    let change = "bring the version back that lastly wrote, or publish a change of this page";
    let wrong = |text: String| Ok(Some(Finding::error(What::Page, &key, text).change(change)));
    let answer = match manner.deep {
        None => patiently(site, || site.store.head(&key)).await.map(|found| found.map(|found| (found, None))),
        Some(generation) => patiently(site, || site.store.get(&key))
            .await
            .map(|fetched| fetched.map(|fetched| (fetched.found, Some((generation, fetched.bytes))))),
    };
    let (found, bytes) = match answer {
        Ok(Some(answer)) => answer,
        Ok(None) => return wrong("it is missing at its own URL".to_owned()),
        Err(error) if is_about_the_key(&error) => return wrong(told(&error)),
        Err(error) => return Err(error.into()),
    };
    // A copy carries more than the page does: which move it was written for.
    let mut own = Headers::default();
    for (name, value) in found.headers.iter().filter(|(name, _)| entry.headers.get(name).is_some() || !is_note(name)) {
        own.set(name, value).expect("the store gave it");
    }
    let Some(state) = state else { return wrong("the manifest does not know it".to_owned()) };
    if state.address != entry.address {
        wrong("the manifest says that another release's stands there".to_owned())
    } else if found.size != entry.size || found.etag.0 != state.etag {
        wrong("other bytes than lastly's stand at its own URL".to_owned())
    } else if own != *entry.headers {
        wrong(format!("its headers are not those promised: {}", differences(&own, &entry.headers)))
    } else if bytes.is_some_and(|(generation, bytes)| !has_address(entry, &bytes, generation)) {
        wrong("its bytes have another address than the release says".to_owned())
    } else {
        Ok(None)
    }
}

fn is_note(name: &str) -> bool {
    name.starts_with("x-amz-meta-lastly-")
}
