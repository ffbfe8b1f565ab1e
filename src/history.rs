//! Reading what has been published: the ledger, and single releases.

use crate::commit::{Held, read};
use crate::error::{Explain, Kind, Result};
use crate::model::ledger::{Expectation, FindError, Ledger};
use crate::model::release::{Release, ReleaseId};
use crate::site::Site;

/// A history that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no ledger.
    #[error("nothing has been published here yet: there is no ledger at `{0}`")]
    NeverPublished(String),
    /// The release is not named well.
    #[error(transparent)]
    Find(#[from] FindError),
    /// What is expected can never be current.
    #[error("`{0}` is neither `none`, nor the beginning of a release's id, nor a channel")]
    Expectation(String),
}

impl Explain for HistoryError {
    fn kind(&self) -> Kind {
        match self {
            Self::NeverPublished(_) | Self::Find(_) => Kind::Failed,
            Self::Expectation(_) => Kind::Usage,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NeverPublished(_) => "check `--store` and `--control`",
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
