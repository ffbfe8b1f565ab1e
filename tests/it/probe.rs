//! Stores that lie are found out, and those that do not are left as they were.

use std::sync::Arc;

use async_trait::async_trait;
use lastly::clock::{Clock, SystemClock};
use lastly::error::Explain;
use lastly::model::layout::{Key, Layout};
use lastly::store::directory::DirectoryStore;
use lastly::store::faulty::{Fault, FaultyStore, Script};
use lastly::store::memory::MemoryStore;
use lastly::store::probe::{ProbeError, REQUESTS, prove};
use lastly::store::{
    Created, Cursor, Etag, Fetched, Found, Object, Reason, Removed, Replaced, Requests, Store, StoreError, Verb,
    VersionId, VersionPage, Written,
};

/// How a store lies.
#[derive(Clone, Copy, Debug)]
enum Lie {
    /// Takes a create for a put.
    CreateOverwrites,
    /// Says that it refused a create, and puts it all the same.
    CreateOverwritesSilently,
    /// Takes a replace for a put.
    ReplaceOverwrites,
    /// Never finds that an ETag is current.
    ReplaceRefuses,
    /// Says that it took an object, and drops it.
    Forgets,
    /// Looks whether a create is right, and acts later.
    CreateRaces,
    /// Looks whether a replace is right, and acts later.
    ReplaceRaces,
    /// Lets nobody remove anything. It is no lie, and must not be taken for one.
    NeverRemoves,
}

#[derive(Debug)]
struct Lying {
    inner: Arc<dyn Store>,
    lie: Lie,
}

impl Lying {
    /// What S3 does without conditions: the last writer wins.
    async fn put(&self, key: &Key, object: Object) -> Result<Written, StoreError> {
        loop {
            match self.inner.head(key).await? {
                None => {
                    if let Created::New(written) = self.inner.create(key, object.clone()).await? {
                        return Ok(written);
                    }
                }
                Some(found) => {
                    if let Replaced::Done(written) = self.inner.replace(key, &found.etag, object.clone()).await? {
                        return Ok(written);
                    }
                }
            }
        }
    }
}

#[async_trait]
impl Store for Lying {
    async fn create(&self, key: &Key, object: Object) -> Result<Created, StoreError> {
        match self.lie {
            Lie::CreateOverwrites => Ok(Created::New(self.put(key, object).await?)),
            Lie::CreateOverwritesSilently => self.put(key, object).await.map(|_| Created::AlreadyThere),
            Lie::Forgets => {
                let at = SystemClock::default().now();
                Ok(Created::New(Written { etag: Etag("0".to_owned()), at }))
            }
            Lie::CreateRaces => {
                if self.inner.head(key).await?.is_some() {
                    return Ok(Created::AlreadyThere);
                }
                tokio::task::yield_now().await;
                Ok(Created::New(self.put(key, object).await?))
            }
            _ => self.inner.create(key, object).await,
        }
    }

    async fn replace(&self, key: &Key, etag: &Etag, object: Object) -> Result<Replaced, StoreError> {
        match self.lie {
            Lie::ReplaceOverwrites => Ok(Replaced::Done(self.put(key, object).await?)),
            Lie::ReplaceRefuses => Ok(Replaced::Outrun),
            Lie::ReplaceRaces => {
                if self.inner.head(key).await?.is_none_or(|found| found.etag != *etag) {
                    return Ok(Replaced::Outrun);
                }
                tokio::task::yield_now().await;
                Ok(Replaced::Done(self.put(key, object).await?))
            }
            _ => self.inner.replace(key, etag, object).await,
        }
    }

    async fn remove(&self, key: &Key, etag: &Etag) -> Result<Removed, StoreError> {
        match self.lie {
            Lie::NeverRemoves => Err(StoreError::refused(Verb::Remove, key, Reason::Denied)),
            _ => self.inner.remove(key, etag).await,
        }
    }

    async fn get(&self, key: &Key) -> Result<Option<Fetched>, StoreError> {
        self.inner.get(key).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Found>, StoreError> {
        self.inner.head(key).await
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

fn clock() -> Arc<SystemClock> {
    Arc::new(SystemClock::default())
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(clock()))
}

async fn proof(store: &Arc<dyn Store>) -> Result<(), ProbeError> {
    prove(store, &Layout::new("static/", None), &SystemClock::default()).await
}

/// Whether there is no object that can be read.
async fn is_empty(store: &Arc<dyn Store>) -> bool {
    let page = store.versions("", None).await.expect("versions");
    page.next.is_none() && page.versions.iter().all(|row| row.marker || !row.current)
}

#[tokio::test]
async fn every_lie_is_named() {
    for (lie, words) in [
        (Lie::CreateOverwrites, "it overwrote an object that it was asked to create only if none was there"),
        (Lie::CreateOverwritesSilently, "it overwrote an object that it was asked to create only if none was there"),
        (Lie::ReplaceOverwrites, "it replaced an object although another version than the named one was there"),
        (Lie::ReplaceRefuses, "it refused to replace the very version that was there"),
        (Lie::Forgets, "what was just written is not what is read"),
        (Lie::CreateRaces, "of 16 that created one object at once it let more than one win"),
        (Lie::ReplaceRaces, "of 16 that replaced one version at once it let more than one win"),
    ] {
        let inner = memory();
        let store: Arc<dyn Store> = Arc::new(Lying { inner: Arc::clone(&inner), lie });
        let error = proof(&store).await.expect_err(words);
        assert_eq!(error.to_string(), format!("the store cannot be trusted: {words}"), "{lie:?}");
        assert!(error.hints().iter().any(|hint| hint.contains("Amazon S3")), "{:?}", error.hints());
        assert!(is_empty(&inner).await, "{lie:?}");
    }
}

#[tokio::test]
async fn honest_stores_pass() {
    let root = tempfile::tempdir().expect("a folder");
    let directory: Arc<dyn Store> = Arc::new(DirectoryStore::new(root.path(), clock()));
    for store in [memory(), directory] {
        proof(&store).await.expect("an honest store");
        let asked = store.requests().total();
        assert!(asked.abs_diff(REQUESTS) <= 5, "{asked} requests");
        assert!(is_empty(&store).await);
    }
    assert!(!root.path().join(".lastly").exists());
}

#[tokio::test]
async fn publishers_need_no_permission_to_remove() {
    let store: Arc<dyn Store> = Arc::new(Lying { inner: memory(), lie: Lie::NeverRemoves });
    proof(&store).await.expect("an honest store");
    assert!(!is_empty(&store).await);
}

#[tokio::test]
async fn no_answer_is_no_lie() {
    let whole: Arc<dyn Store> = Arc::new(FaultyStore::new(memory(), Script::at(0, Fault::None)));
    proof(&whole).await.expect("an honest store");
    for number in 0..whole.requests().total() {
        for fault in [Fault::Refuse, Fault::Lose, Fault::Drop, Fault::Echo] {
            let store: Arc<dyn Store> = Arc::new(FaultyStore::new(memory(), Script::at(number, fault)));
            match proof(&store).await {
                Ok(()) => {}
                Err(ProbeError::Store(error)) => assert_eq!(error.reason, Reason::Unavailable),
                Err(error) => panic!("request {number}, {fault:?}: {error}"),
            }
        }
    }
}
