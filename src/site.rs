//! One site: its store, where it lies there, and how its documents are read.

use std::fmt;
use std::sync::Arc;

use crate::clock::Clock;
use crate::error::Explain;
use crate::event::{Event, Report};
use crate::model::layout::{Key, Layout};
use crate::model::release::{Release, ReleaseId};
use crate::model::wire::{WireError, read_release};
use crate::store::{Store, StoreError};

/// What every operation works with.
#[derive(Clone)]
pub struct Site {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Where the site lies in it.
    pub layout: Layout,
    /// Time and fresh ids.
    pub clock: Arc<dyn Clock>,
    /// Who hears of what happens.
    pub report: Arc<dyn Report>,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("store", &self.store).field("layout", &self.layout).finish_non_exhaustive()
    }
}

/// A document of the site that is not there, or not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The store did not give it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is not there, though the ledger names it.
    #[error("`{0}` is missing, though the ledger names it")]
    Missing(Key),
    /// Its bytes are not what they should be.
    #[error("`{key}` is damaged")]
    Damaged {
        /// Its key.
        key: Key,
        /// What is wrong with it.
        #[source]
        source: WireError,
    },
    /// Its bytes are not those that its name promises.
    #[error("`{0}` is damaged: its bytes have another hash than its name says")]
    OtherBytes(Key),
}

impl Explain for DocumentError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Store(error) => error.hints(),
            Self::Damaged { source: WireError::Newer { .. }, .. } => {
                vec!["a later version of lastly publishes this site: update this one".to_owned()]
            }
            Self::Missing(_) | Self::Damaged { .. } | Self::OtherBytes(_) => {
                vec!["a bucket with versions still holds what was there before: restore that version".to_owned()]
            }
        }
    }
}

impl Site {
    /// Tells whoever listens.
    pub fn tell(&self, event: Event) {
        self.report.tell(event);
    }

    /// Reads a release document and checks that it is the one its id names.
    ///
    /// # Errors
    /// It is not there, or not what it should be.
    pub async fn release(&self, id: ReleaseId) -> Result<Release, DocumentError> {
        let key = self.layout.release(id);
        let Some(fetched) = self.store.get(&key).await? else {
            return Err(DocumentError::Missing(key));
        };
        // Thousands of entries take a while, in which others shall go on.
        let reading = tokio::task::spawn_blocking(move || {
            if ReleaseId::of_document(&fetched.bytes) != id {
                return Err(DocumentError::OtherBytes(key));
            }
            read_release(&fetched.bytes).map_err(|source| DocumentError::Damaged { key, source })
        });
        reading.await.expect("reading a document neither panics nor is cancelled")
    }
}
