//! Keeping single releases whatever their age: one swap each, so that it comes before a collection or after it.

use crate::commit::{CommitError, change};
use crate::error::Result;
use crate::history::{HistoryError, ledger};
use crate::model::release::ReleaseId;
use crate::site::Site;

/// Pins the release that `text` means (see [`crate::model::ledger::Ledger::find`]).
///
/// # Errors
/// It means none, or a collection was first.
pub async fn pin(site: &Site, text: &str, reason: &str, actor: Option<&str>) -> Result<ReleaseId> {
    let held = ledger(site).await?;
    let id = held.ledger.find(text).map_err(HistoryError::Find)?;
    change(site, Some(held), |ledger| ledger.pin(id, reason, actor)).await.map_err(CommitError::of_no_move)?;
    Ok(id)
}

/// Takes the pin of a release back.
///
/// # Errors
/// `text` means no release.
pub async fn unpin(site: &Site, text: &str) -> Result<ReleaseId> {
    let held = ledger(site).await?;
    let id = held.ledger.find(text).map_err(HistoryError::Find)?;
    change(site, Some(held), |ledger| ledger.unpin(id)).await.map_err(CommitError::of_no_move)?;
    Ok(id)
}
