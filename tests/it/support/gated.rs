//! A store with a gate before every request: whoever holds the gate decides what becomes of the request, when, and
//! whether the answer arrives.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::{BoxFuture, pending};
use lastly::model::layout::Key;
use lastly::store::{
    Circumstances, Created, Cursor, Etag, Fetched, Found, Object, Reason, Removed, Replaced, Requests, Store,
    StoreError, Verb, VersionId, VersionPage, Versioning,
};
use tokio::sync::Notify;

/// A request at the gate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    pub(crate) verb: Verb,
    pub(crate) key: String,
}

impl Call {
    /// Whether it belongs to the proof that a store can be trusted, which touches keys of its own only.
    pub(crate) fn is_probe(&self) -> bool {
        self.key.contains("/probe/")
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.word(), self.key)
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out and answered.
    Through,
    /// It is refused: certainly not carried out.
    Refused,
    /// It is not carried out, but nobody says so.
    Vanished,
    /// It is carried out, but the answer is lost.
    Lost,
    /// It is carried out, but the answer is lost on its way to a client that tries again by itself: what the caller
    /// hears is the answer to the second attempt.
    Echoed,
    /// The answer is lost, and it is carried out only later, when the gate pleases.
    Late,
    /// The process ends before it.
    Killed,
    /// It is carried out, and the process ends before the answer.
    KilledAfter,
}

/// Decides what becomes of requests.
#[async_trait]
pub(crate) trait Gate: fmt::Debug + Send + Sync {
    /// What becomes of this one. It waits until the gate has decided.
    async fn fate(&self, call: &Call) -> Fate;

    /// Takes a request whose fate is [`Fate::Late`].
    fn keep(&self, _: Call, _: BoxFuture<'static, ()>) {}

    /// Hears that the process has ended; the future that calls this never goes on.
    fn killed(&self) {}
}

/// A store behind a gate.
#[derive(Debug)]
pub(crate) struct Gated {
    inner: Arc<dyn Store>,
    gate: Arc<dyn Gate>,
    /// What the store says of its versions; `None` where nobody may see it.
    pub(crate) versioning: Option<Versioning>,
    /// What is in the keys whose versions nobody may delete.
    pub(crate) undeletable: Option<&'static str>,
}

impl Gated {
    pub(crate) fn new(inner: Arc<dyn Store>, gate: Arc<dyn Gate>) -> Self {
        Self { inner, gate, versioning: Some(Versioning::Enabled), undeletable: None }
    }

    async fn pass<T: Send + 'static>(
        &self,
        verb: Verb,
        key: &str,
        work: impl Fn(Arc<dyn Store>) -> BoxFuture<'static, Result<T, StoreError>> + Send + Sync,
    ) -> Result<T, StoreError> {
        let call = Call { verb, key: key.to_owned() };
        let error = StoreError::refused(verb, key, Reason::Unavailable);
        let fate = self.gate.fate(&call).await;
        match fate {
            Fate::Through => return work(self.inner.clone()).await,
            Fate::Echoed => {
                drop(work(self.inner.clone()).await);
                return work(self.inner.clone()).await;
            }
            Fate::Lost | Fate::KilledAfter => drop(work(self.inner.clone()).await),
            Fate::Late => self.gate.keep(call, work(self.inner.clone()).map(drop).boxed()),
            Fate::Refused | Fate::Vanished | Fate::Killed => {}
        }
        match fate {
            Fate::Refused => Err(error),
            Fate::Killed | Fate::KilledAfter => {
                self.gate.killed();
                pending().await
            }
            _ => Err(error.unknown()),
        }
    }
}

#[async_trait]
impl Store for Gated {
    async fn get(&self, key: &Key) -> Result<Option<Fetched>, StoreError> {
        let work = |store: Arc<dyn Store>| {
            let key = key.clone();
            async move { store.get(&key).await }.boxed()
        };
        self.pass(Verb::Get, key.as_str(), work).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Found>, StoreError> {
        let work = |store: Arc<dyn Store>| {
            let key = key.clone();
            async move { store.head(&key).await }.boxed()
        };
        self.pass(Verb::Head, key.as_str(), work).await
    }

    async fn create(&self, key: &Key, object: Object) -> Result<Created, StoreError> {
        let work = |store: Arc<dyn Store>| {
            let (key, object) = (key.clone(), object.clone());
            async move { store.create(&key, object).await }.boxed()
        };
        self.pass(Verb::Create, key.as_str(), work).await
    }

    async fn replace(&self, key: &Key, etag: &Etag, object: Object) -> Result<Replaced, StoreError> {
        let work = |store: Arc<dyn Store>| {
            let (key, etag, object) = (key.clone(), etag.clone(), object.clone());
            async move { store.replace(&key, &etag, object).await }.boxed()
        };
        self.pass(Verb::Replace, key.as_str(), work).await
    }

    async fn remove(&self, key: &Key, etag: &Etag) -> Result<Removed, StoreError> {
        let work = |store: Arc<dyn Store>| {
            let (key, etag) = (key.clone(), etag.clone());
            async move { store.remove(&key, &etag).await }.boxed()
        };
        self.pass(Verb::Remove, key.as_str(), work).await
    }

    async fn versions(&self, prefix: &str, after: Option<Cursor>) -> Result<VersionPage, StoreError> {
        let work = |store: Arc<dyn Store>| {
            let (prefix, after) = (prefix.to_owned(), after.clone());
            async move { store.versions(&prefix, after).await }.boxed()
        };
        self.pass(Verb::List, prefix, work).await
    }

    async fn delete_versions(&self, versions: &[(Key, VersionId)]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let first = versions.first().map_or("", |(key, _)| key.as_str());
        let denied = |key: &Key| self.undeletable.is_some_and(|part| key.as_str().contains(part));
        let work = |store: Arc<dyn Store>| {
            let may: Vec<_> = versions.iter().filter(|(key, _)| !denied(key)).cloned().collect();
            async move { store.delete_versions(&may).await }.boxed()
        };
        let mut done = self.pass(Verb::Delete, first, work).await?.into_iter();
        let outcome = |(key, _): &(Key, VersionId)| match denied(key) {
            true => Err(StoreError::refused(Verb::Delete, key, Reason::Denied)),
            false => done.next().expect("a row for each"),
        };
        Ok(versions.iter().map(outcome).collect())
    }

    async fn circumstances(&self) -> Circumstances {
        let unseen = || StoreError::refused(Verb::Inspect, "versioning", Reason::Denied);
        Circumstances { versioning: self.versioning.ok_or_else(unseen), bucket: None }
    }

    fn requests(&self) -> Requests {
        self.inner.requests()
    }
}

type Script = Box<dyn Fn(usize, &Call) -> Fate + Send + Sync>;

/// A gate that follows a script: what becomes of each request, by its number from 0.
pub(crate) struct Scripted {
    script: Script,
    calls: Mutex<Vec<Call>>,
    dead: Notify,
}

impl Scripted {
    pub(crate) fn new(script: impl Fn(usize, &Call) -> Fate + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { script: Box::new(script), calls: Mutex::default(), dead: Notify::new() })
    }

    /// A gate that only remembers what passes.
    pub(crate) fn open() -> Arc<Self> {
        Self::new(|_, _| Fate::Through)
    }

    /// The requests that have come to the gate.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no one panics with it").clone()
    }

    /// Runs an operation until it is done or killed (`None`).
    pub(crate) async fn run<T>(&self, operation: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            outcome = operation => Some(outcome),
            () = self.dead.notified() => None,
        }
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").finish_non_exhaustive()
    }
}

#[async_trait]
impl Gate for Scripted {
    async fn fate(&self, call: &Call) -> Fate {
        let number = {
            let mut calls = self.calls.lock().expect("no one panics with it");
            calls.push(call.clone());
            calls.len() - 1
        };
        (self.script)(number, call)
    }

    fn killed(&self) {
        self.dead.notify_one();
    }
}

/// A gate that lets everything through, but does something once before the first request of a kind.
pub(crate) struct Interlude {
    before: Box<dyn Fn(&Call) -> bool + Send + Sync>,
    what: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl Interlude {
    pub(crate) fn new(before: fn(&Call) -> bool, what: impl Future<Output = ()> + Send + 'static) -> Arc<Self> {
        Self::when(before, what)
    }

    pub(crate) fn when(
        before: impl Fn(&Call) -> bool + Send + Sync + 'static,
        what: impl Future<Output = ()> + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { before: Box::new(before), what: Mutex::new(Some(what.boxed())) })
    }

    /// Whether it has come to it.
    pub(crate) fn happened(&self) -> bool {
        self.what.lock().expect("no one panics with it").is_none()
    }
}

impl fmt::Debug for Interlude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interlude").finish_non_exhaustive()
    }
}

#[async_trait]
impl Gate for Interlude {
    async fn fate(&self, call: &Call) -> Fate {
        if (self.before)(call) {
            let what = self.what.lock().expect("no one panics with it").take();
            if let Some(what) = what {
                what.await;
            }
        }
        Fate::Through
    }
}
