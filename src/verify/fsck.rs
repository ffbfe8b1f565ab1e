//! Whether the ledger goes together with the documents beside it, without a look at any object.

use std::collections::BTreeSet;

use super::documents::{channels_with_manifests, condemned, list, manifest, releases};
use super::finding::{Finding, What, told};
use super::step::in_step;
use crate::commit::{CommitError, read};
use crate::error::{Explain, Result};
use crate::model::layout::{Form, Name};
use crate::model::ledger::Ledger;
use crate::model::release::ReleaseId;
use crate::site::Site;

/// What was compared, and what came of it.
#[derive(Debug, Default)]
pub struct Compared {
    /// Whether there is a ledger that can be used.
    pub has_ledger: bool,
    /// How many releases the ledger keeps.
    pub releases: usize,
    /// How many channels it has.
    pub channels: usize,
    /// How many release documents lie in the store.
    pub documents: usize,
    /// Documents that the ledger does not name: of releases that were dropped, or were never finished. They do no
    /// harm, and `lastly restore` can make use of them.
    pub unnamed: Vec<ReleaseId>,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
}

/// Compares the ledger with the documents.
///
/// # Errors
/// The store does not answer, or the ledger is another site's.
pub async fn fsck(site: &Site) -> Result<Compared> {
    let mut checked = Compared::default();
    let mut documents = BTreeSet::new();
    let mut older_ledgers = 0;
    list(site, site.layout.control(), |version| match site.layout.form(&version.key) {
        Some(Form::Document(id)) if version.current && !version.marker => {
            documents.insert(id);
        }
        Some(Form::Ledger) if !version.marker => older_ledgers += 1,
        _ => {}
    })
    .await?;
    checked.documents = documents.len();
    let key = site.layout.ledger();
    let ledger = match read(site).await {
        Ok(Some(held)) => held.ledger,
        Ok(None) => {
            checked.findings.extend(lost(site, older_ledgers, !documents.is_empty()).await?);
            return Ok(checked);
        }
        Err(error @ CommitError::Damaged { .. }) => {
            let hints = error.hints().join("; ");
            checked.findings.push(Finding::error(What::Ledger, key, told(&error)).change(hints));
            return Ok(checked);
        }
        Err(error) => return Err(error.into()),
    };
    (checked.has_ledger, checked.releases, checked.channels) = (true, ledger.releases.len(), ledger.channels.len());
    releases(site, ledger.releases.keys().copied(), &mut checked.findings, |_, _| {}).await?;
    condemned(site, &ledger, &mut checked.findings).await?;
    consistent(site, &ledger, &documents, &mut checked.findings);
    manifests(site, &ledger, &mut checked.findings).await?;
    let named: BTreeSet<ReleaseId> =
        ledger.releases.keys().copied().chain(ledger.intents.values().map(|intent| intent.release)).collect();
    checked.unnamed = documents.difference(&named).copied().collect();
    checked.findings.sort_by(|one, other| (&one.place, one.what).cmp(&(&other.place, other.what)));
    Ok(checked)
}

/// What to say where there is no ledger; nothing, where there never was a site.
async fn lost(site: &Site, older_ledgers: usize, has_documents: bool) -> Result<Option<Finding>> {
    let mut is_shown = false;
    for name in channels_with_manifests(site).await? {
        is_shown |= !matches!(manifest(site, &name).await?, Ok(None));
    }
    if older_ledgers == 0 && !has_documents && !is_shown {
        return Ok(None);
    }
    let change = if older_ledgers > 0 {
        format!(
            "the store still holds {older_ledgers} of its versions: delete the marker that hides the newest, or copy \
             that version back; it knows more than `lastly fsck --rebuild` can find out"
        )
    } else {
        "`lastly fsck --rebuild` shows what ledger can be made of the release documents and manifests".to_owned()
    };
    Ok(Some(Finding::error(What::Ledger, site.layout.ledger(), "there is no ledger").change(change)))
}

/// What the ledger says of itself, against the documents that are there.
fn consistent(site: &Site, ledger: &Ledger, documents: &BTreeSet<ReleaseId>, findings: &mut Vec<Finding>) {
    let key = site.layout.ledger();
    let restore = "restore the newest version of the ledger";
    for (name, channel) in &ledger.channels {
        let mut wrong = |text: String| findings.push(Finding::error(What::Ledger, &key, text).on(name).change(restore));
        if !ledger.releases.contains_key(&channel.release) {
            wrong(format!("channel `{name}` shows release {}, which is not kept", channel.release.short()));
        }
        let last = channel.last_move().map(|moved| (moved.release, moved.sequence));
        if last != Some((channel.release, channel.sequence)) {
            wrong(format!("channel `{name}` is not where its last move has brought it"));
        }
        if channel.synced.as_ref().is_some_and(|synced| synced.sequence > channel.sequence) {
            wrong(format!("channel `{name}` has been followed further than it has moved"));
        }
    }
    for (id, intent) in ledger.intents.iter().filter(|(_, intent)| !documents.contains(&intent.release)) {
        let text = format!("intent {id} is for release {}, of which there is no document", intent.release.short());
        let change = "publish its files again, or wait for `intent-ttl`: until then no collection goes on";
        findings.push(Finding::error(What::Intent, &key, text).of(&[intent.release]).change(change));
    }
}

async fn manifests(site: &Site, ledger: &Ledger, findings: &mut Vec<Finding>) -> Result<()> {
    for (name, channel) in &ledger.channels {
        in_step(site, ledger, name, channel, findings).await?;
    }
    for name in channels_with_manifests(site).await?.iter().filter(|name| !ledger.channels.contains_key(*name)) {
        let Ok(Some(shown)) = manifest(site, name).await? else { continue };
        let key = site.layout.key(&Name::manifest(name));
        let sequence = shown.manifest.sequence;
        // What is left of a channel that has expired is older than whatever comes after it.
        let finding = if sequence <= ledger.closed {
            let text = format!("it is left of channel `{name}`, which has expired");
            Finding::warning(What::Manifest, key, text).change("`lastly gc --apply` takes it away")
        } else {
            let text = format!("it shows move {sequence} of channel `{name}`, which the ledger does not know");
            let change = "an old ledger was put back: restore the newest version of it";
            Finding::error(What::Manifest, key, text).change(change)
        };
        findings.push(finding.on(name).of(&[shown.manifest.release]));
    }
    Ok(())
}
