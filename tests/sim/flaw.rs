//! Stores that do not keep their promises, to see that the simulation notices. They pass the proof that every new
//! store is put to.

use std::sync::Arc;

use async_trait::async_trait;
use lastly::model::layout::Key;
use lastly::store::memory::MemoryStore;
use lastly::store::{
    Created, Cursor, Etag, Fetched, Found, Object, Removed, Replaced, Requests, Store, StoreError, VersionId,
    VersionPage, Written,
};

/// What a store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Nothing.
    None,
    /// It replaces the ledger whatever is there.
    BlindLedger,
    /// It replaces the manifest whatever is there.
    BlindManifest,
    /// It creates objects over others.
    BlindCreate,
    /// It says that an object is there when it is not.
    Forgetful,
    /// Nobody can see for which move a page was written, nor that it is there.
    BlindPages,
}

impl Flaw {
    pub(crate) const ALL: [Self; 5] =
        [Self::BlindLedger, Self::BlindManifest, Self::BlindCreate, Self::Forgetful, Self::BlindPages];
}

/// A store with a flaw.
pub(crate) fn flawed(inner: Arc<MemoryStore>, flaw: Flaw) -> Arc<dyn Store> {
    if flaw == Flaw::None { inner } else { Arc::new(Flawed { inner, flaw }) }
}

#[derive(Debug)]
struct Flawed {
    inner: Arc<MemoryStore>,
    flaw: Flaw,
}

impl Flawed {
    fn is_blind(&self, key: &Key) -> bool {
        match self.flaw {
            Flaw::BlindLedger => key.as_str().ends_with("ledger.json"),
            Flaw::BlindManifest => key.as_str().ends_with("manifest.json"),
            _ => false,
        }
    }
}

fn is_page(key: &Key) -> bool {
    key.as_str().ends_with(".html") && key.as_str().matches('.').count() == 1
}

#[async_trait]
impl Store for Flawed {
    async fn get(&self, key: &Key) -> Result<Option<Fetched>, StoreError> {
        self.inner.get(key).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Found>, StoreError> {
        if self.flaw == Flaw::BlindPages && is_page(key) {
            return Ok(None);
        }
        self.inner.head(key).await
    }

    async fn create(&self, key: &Key, object: Object) -> Result<Created, StoreError> {
        let there = self.inner.head(key).await?;
        match (self.flaw, there) {
            _ if key.as_str().contains("/probe/") => self.inner.create(key, object).await,
            (Flaw::BlindCreate, Some(found)) => match self.inner.replace(key, &found.etag, object).await? {
                Replaced::Done(written) => Ok(Created::New(written)),
                Replaced::Outrun => Ok(Created::AlreadyThere),
            },
            (Flaw::Forgetful, None) if key.as_str().contains("/b.") => {
                let modified = lastly::model::timestamp::Timestamp::from_unix(0);
                Ok(Created::New(Written { etag: Etag(String::new()), at: modified }))
            }
            _ => self.inner.create(key, object).await,
        }
    }

    async fn replace(&self, key: &Key, etag: &Etag, object: Object) -> Result<Replaced, StoreError> {
        let there = self.inner.head(key).await?.filter(|_| self.is_blind(key));
        self.inner.replace(key, there.as_ref().map_or(etag, |found| &found.etag), object).await
    }

    async fn remove(&self, key: &Key, etag: &Etag) -> Result<Removed, StoreError> {
        self.inner.remove(key, etag).await
    }

    async fn versions(&self, prefix: &str, after: Option<Cursor>) -> Result<VersionPage, StoreError> {
        self.inner.versions(prefix, after).await
    }

    async fn delete_versions(&self, versions: &[(Key, VersionId)]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        self.inner.delete_versions(versions).await
    }

    fn requests(&self) -> Requests {
        self.inner.requests()
    }
}
