//! A store over a network that fails as told: for tests of what is built on stores.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::future::BoxFuture;

use super::{
    Created, Cursor, Etag, Fetched, Found, Object, Reason, Removed, Replaced, Requests, Store, StoreError, Tally, Verb,
    VersionId, VersionPage,
};
use crate::model::layout::Key;

/// What becomes of one request: whether it is carried out, and whether the caller hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is carried out, and the caller hears what came of it.
    None,
    /// It is not carried out, and the caller hears so.
    Refuse,
    /// It is carried out, and its answer is lost.
    Lose,
    /// It is lost itself: not carried out, and the caller cannot tell.
    Drop,
    /// It is carried out, its answer is lost, and the store's client asks again on its own: the caller hears what
    /// came of the second time, such as that its own object is there already.
    Echo,
}

/// Which request suffers which fault, by its running number from 0.
#[derive(Clone)]
pub struct Script(Arc<dyn Fn(u64) -> Fault + Send + Sync>);

impl Script {
    /// A script that decides as `decide` does.
    pub fn new(decide: impl Fn(u64) -> Fault + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    /// Exactly request `number` suffers `fault`.
    pub fn at(number: u64, fault: Fault) -> Self {
        Self::new(move |request| if request == number { fault } else { Fault::None })
    }

    /// Request `number` and every later one suffer `fault`.
    pub fn from(number: u64, fault: Fault) -> Self {
        Self::new(move |request| if request >= number { fault } else { Fault::None })
    }

    /// About `percent` of all requests suffer some fault; which ones, and which fault, follows from `seed`.
    pub fn random(seed: u64, percent: u64) -> Self {
        Self::new(move |request| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&seed.to_le_bytes()).update(&request.to_le_bytes());
            let digest = hasher.finalize();
            let [first, second, which, ..] = *digest.as_bytes();
            let unhurt = u64::from(u16::from_le_bytes([first, second])) % 100 >= percent;
            let faults = [Fault::Refuse, Fault::Lose, Fault::Drop, Fault::Echo];
            if unhurt { Fault::None } else { faults[usize::from(which) % faults.len()] }
        })
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

/// A store whose requests fail as a script says. It counts what it is asked, not what is carried out.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    script: Script,
    next: AtomicU64,
    tally: Tally,
}

impl FaultyStore {
    /// `inner`, failing as `script` says.
    pub fn new(inner: Arc<dyn Store>, script: Script) -> Self {
        Self { inner, script, next: AtomicU64::new(0), tally: Tally::default() }
    }

    async fn ask<'a, T, F>(&self, verb: Verb, key: &str, request: F) -> Result<T, StoreError>
    where
        F: Fn() -> BoxFuture<'a, Result<T, StoreError>>,
    {
        self.tally.add(verb);
        let failed = || StoreError::refused(verb, key, Reason::Unavailable);
        match (self.script.0)(self.next.fetch_add(1, Ordering::Relaxed)) {
            Fault::None => request().await,
            Fault::Refuse => Err(failed()),
            Fault::Drop => Err(failed().unknown()),
            Fault::Lose => {
                let _ = request().await;
                Err(failed().unknown())
            }
            Fault::Echo => {
                let _ = request().await;
                request().await
            }
        }
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn get(&self, key: &Key) -> Result<Option<Fetched>, StoreError> {
        self.ask(Verb::Get, key.as_str(), || self.inner.get(key)).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Found>, StoreError> {
        self.ask(Verb::Head, key.as_str(), || self.inner.head(key)).await
    }

    async fn create(&self, key: &Key, object: Object) -> Result<Created, StoreError> {
        self.ask(Verb::Create, key.as_str(), || self.inner.create(key, object.clone())).await
    }

    async fn replace(&self, key: &Key, etag: &Etag, object: Object) -> Result<Replaced, StoreError> {
        self.ask(Verb::Replace, key.as_str(), || self.inner.replace(key, etag, object.clone())).await
    }

    async fn remove(&self, key: &Key, etag: &Etag) -> Result<Removed, StoreError> {
        self.ask(Verb::Remove, key.as_str(), || self.inner.remove(key, etag)).await
    }

    async fn versions(&self, prefix: &str, after: Option<Cursor>) -> Result<VersionPage, StoreError> {
        self.ask(Verb::List, prefix, || self.inner.versions(prefix, after.clone())).await
    }

    async fn delete_versions(&self, versions: &[(Key, VersionId)]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let what = format!("{} versions", versions.len());
        self.ask(Verb::Delete, &what, || self.inner.delete_versions(versions)).await
    }

    fn requests(&self) -> Requests {
        self.tally.requests()
    }
}
