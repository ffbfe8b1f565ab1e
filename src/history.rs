//! Reading what has been published: the ledger, and single releases.

use bytes::Bytes;

use crate::commit::{Held, read};
use crate::error::{Explain, Kind, Result};
use crate::model::layout::{ChannelName, Key, Name};
use crate::model::ledger::{Expectation, FindError, Ledger};
use crate::model::release::{Release, ReleaseId};
use crate::model::wire::{Manifest, Projection, read_manifest, write_projection};
use crate::site::{DocumentError, Site};

/// A history that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no ledger.
    #[error("nothing has been published here yet: there is no ledger at `{0}`")]
    NeverPublished(String),
    /// The release is not named well.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The channel has moved, but no manifest has followed.
    #[error("there is no manifest at `{0}` yet")]
    NoManifest(Key),
    /// What is expected can never be current.
    #[error("`{0}` is neither `none`, nor the beginning of a release's id, nor a channel")]
    Expectation(String),
}

impl Explain for HistoryError {
    fn kind(&self) -> Kind {
        match self {
            Self::NeverPublished(_) | Self::Find(_) | Self::NoManifest(_) => Kind::Failed,
            Self::Expectation(_) => Kind::Usage,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NeverPublished(_) => "check `--store` and `--control`",
            Self::NoManifest(_) => "the command that moved the channel finishes it when it is run again",
            Self::Find(FindError::None(_)) | Self::Expectation(_) => "`lastly releases` lists what there is",
            Self::Find(FindError::Several(..)) => "give more of the id",
        };
        vec![hint.to_owned()]
    }
}

/// The ledger of a site that has been published.
///
/// # Errors
/// It has not, or the ledger cannot be read.
pub async fn ledger(site: &Site) -> Result<Held> {
    let held = read(site).await?;
    Ok(held.ok_or_else(|| HistoryError::NeverPublished(site.layout.ledger().to_string()))?)
}

/// What `--expect` means by a text.
///
/// # Errors
/// It is nothing that a channel could ever show.
pub fn expectation(text: &str, ledger: &Ledger) -> std::result::Result<Expectation, HistoryError> {
    let is_id = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if text != "none" && !is_id && ledger.find(text).is_err() {
        return Err(HistoryError::Expectation(text.to_owned()));
    }
    Ok(Expectation::read(text, ledger))
}

/// The release that `text` means (see [`crate::model::ledger::Ledger::find`]), whole.
///
/// # Errors
/// It means none or several, or the document cannot be read.
pub async fn release(site: &Site, held: &Held, text: &str) -> Result<(ReleaseId, Release)> {
    let id = held.ledger.find(text).map_err(HistoryError::Find)?;
    Ok((id, site.release(id).await?))
}

/// The manifest of a channel as it is in the store; `None` where there is none.
///
/// # Errors
/// What is there is no manifest, or the store does not answer.
pub async fn public_manifest(site: &Site, channel: &ChannelName) -> Result<Option<Bytes>> {
    Ok(read_public(site, channel).await?.map(|(bytes, _)| bytes))
}

async fn read_public(
    site: &Site,
    channel: &ChannelName,
) -> std::result::Result<Option<(Bytes, Manifest)>, DocumentError> {
    let key = site.layout.key(&Name::manifest(channel));
    let Some(fetched) = site.store.get(&key).await? else { return Ok(None) };
    match read_manifest(&fetched.bytes) {
        Ok(manifest) => Ok(Some((fetched.bytes, manifest))),
        Err(source) => Err(DocumentError::Damaged { key, source }),
    }
}

/// The manifest that a channel has with a kept release, or would have: as it is in the store while that shows the
/// release, else made of the release's document.
///
/// # Errors
/// The release is not kept, or the store does not answer.
pub async fn manifest_with(
    site: &Site,
    channel: &ChannelName,
    release: ReleaseId,
    base_url: Option<&str>,
) -> Result<Bytes> {
    // What is there may be damaged, or a later version's: what is asked for does not depend on it.
    match read_public(site, channel).await {
        Ok(Some((bytes, manifest))) if manifest.release == release => return Ok(bytes),
        Err(DocumentError::Store(error)) => return Err(error.into()),
        _ => {}
    }
    let held = ledger(site).await?;
    if !held.ledger.releases.contains_key(&release) {
        return Err(HistoryError::Find(FindError::None(release.to_string())).into());
    }
    let moves = held.ledger.channels.get(channel).map(|channel| &*channel.moves).unwrap_or_default();
    let shown = moves.iter().rev().find(|moved| moved.release == release);
    let shown = shown.map(|moved| (moved.sequence, moved.at.or(held.modified)));
    let projection = Projection { channel, release, shown, base_url };
    Ok(write_projection(&projection, &site.release(release).await?).into())
}
