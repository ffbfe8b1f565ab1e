//! A store in this process's memory: the reference for what the others do, and the ground for tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use md5::Md5;
use sha2::{Digest, Sha256};

use super::{
    Body, Created, Cursor, Etag, Fetched, Found, Object, Reason, Removed, Replaced, Requests, Store, StoreError, Tally,
    Verb, Version, VersionId, VersionPage, Written,
};
use crate::clock::Clock;
use crate::model::address::hex;
use crate::model::headers::Headers;
use crate::model::layout::Key;
use crate::model::timestamp::Timestamp;

/// How many versions one page of a listing has.
const PAGE: usize = 1000;

/// A versioned bucket in memory. Like S3's, its ETags are the MD5 of the bytes: the same bytes have the same ETag.
#[derive(Debug)]
pub struct MemoryStore {
    state: Mutex<State>,
    tally: Tally,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Default)]
struct State {
    /// Of each key, the oldest version first.
    objects: BTreeMap<Key, Vec<Stored>>,
    versions_made: u64,
}

#[derive(Clone, Debug)]
struct Stored {
    version: u64,
    modified: Timestamp,
    /// `None` for a delete marker.
    content: Option<(Arc<Headers>, Bytes)>,
}

impl MemoryStore {
    /// An empty store whose times come from `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { state: Mutex::default(), tally: Tally::default(), clock }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no one panics while holding the store")
    }
}

impl State {
    fn current(&self, key: &Key) -> Option<(&Stored, &Arc<Headers>, &Bytes)> {
        let stored = self.objects.get(key)?.last()?;
        stored.content.as_ref().map(|(headers, bytes)| (stored, headers, bytes))
    }

    fn etag(&self, key: &Key) -> Option<Etag> {
        self.current(key).map(|(_, _, bytes)| etag(bytes))
    }

    fn push(&mut self, key: &Key, modified: Timestamp, content: Option<(Arc<Headers>, Bytes)>) {
        self.versions_made += 1;
        let stored = Stored { version: self.versions_made, modified, content };
        self.objects.entry(key.clone()).or_default().push(stored);
    }
}

impl Stored {
    fn id(&self) -> VersionId {
        VersionId(format!("{:016x}", self.version))
    }
}

fn etag(bytes: &[u8]) -> Etag {
    Etag(hex(&Md5::digest(bytes)))
}

fn found(stored: &Stored, headers: &Headers, bytes: &[u8]) -> Found {
    Found {
        etag: etag(bytes),
        version: Some(stored.id()),
        size: bytes.len() as u64,
        modified: stored.modified,
        sha256: Some(Sha256::digest(bytes).into()),
        headers: headers.clone(),
    }
}

/// All bytes of a body, or why they are not what was announced.
async fn gather(verb: Verb, key: &Key, body: Body) -> Result<Bytes, StoreError> {
    let content = match body {
        Body::Whole(bytes) => return Ok(bytes),
        Body::Stream(content) => content,
    };
    let changed = |why: std::io::Error| StoreError::refused(verb, key, Reason::Changed).because(why);
    let append = |mut all: BytesMut, part: Bytes| async move {
        all.extend_from_slice(&part);
        Ok(all)
    };
    content.open().try_fold(BytesMut::new(), append).await.map(BytesMut::freeze).map_err(changed)
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Fetched>, StoreError> {
        self.tally.add(Verb::Get);
        let state = self.lock();
        let fetched = state
            .current(key)
            .map(|(stored, headers, bytes)| Fetched { found: found(stored, headers, bytes), bytes: bytes.clone() });
        Ok(fetched)
    }

    async fn head(&self, key: &Key) -> Result<Option<Found>, StoreError> {
        self.tally.add(Verb::Head);
        let state = self.lock();
        Ok(state.current(key).map(|(stored, headers, bytes)| found(stored, headers, bytes)))
    }

    async fn create(&self, key: &Key, object: Object) -> Result<Created, StoreError> {
        self.tally.add(Verb::Create);
        let bytes = gather(Verb::Create, key, object.body).await?;
        let at = self.clock.now();
        let mut state = self.lock();
        if state.current(key).is_some() {
            return Ok(Created::AlreadyThere);
        }
        let etag = etag(&bytes);
        state.push(key, at, Some((object.headers, bytes)));
        Ok(Created::New(Written { etag, at }))
    }

    async fn replace(&self, key: &Key, expected: &Etag, object: Object) -> Result<Replaced, StoreError> {
        self.tally.add(Verb::Replace);
        let bytes = gather(Verb::Replace, key, object.body).await?;
        let at = self.clock.now();
        let mut state = self.lock();
        if state.etag(key).as_ref() != Some(expected) {
            return Ok(Replaced::Outrun);
        }
        let etag = etag(&bytes);
        state.push(key, at, Some((object.headers, bytes)));
        Ok(Replaced::Done(Written { etag, at }))
    }

    async fn remove(&self, key: &Key, expected: &Etag) -> Result<Removed, StoreError> {
        self.tally.add(Verb::Remove);
        let at = self.clock.now();
        let mut state = self.lock();
        match state.etag(key) {
            None => Ok(Removed::Gone),
            Some(etag) if etag == *expected => {
                state.push(key, at, None);
                Ok(Removed::Gone)
            }
            Some(_) => Ok(Removed::Outrun),
        }
    }

    async fn versions(&self, prefix: &str, after: Option<Cursor>) -> Result<VersionPage, StoreError> {
        self.tally.add(Verb::List);
        let state = self.lock();
        let start = after.as_ref().map_or_else(|| Key::new(prefix), |cursor| cursor.key.clone());
        let mut rows = state
            .objects
            .range(start..)
            .take_while(|(key, _)| key.as_str().starts_with(prefix))
            .flat_map(|(key, versions)| {
                let newest = versions.last().map(|stored| stored.version);
                versions.iter().rev().map(move |stored| Version {
                    key: key.clone(),
                    id: stored.id(),
                    current: Some(stored.version) == newest,
                    marker: stored.content.is_none(),
                    size: stored.content.as_ref().map_or(0, |(_, bytes)| bytes.len() as u64),
                    modified: stored.modified,
                })
            })
            .skip_while(|row| {
                after.as_ref().is_some_and(|cursor| {
                    // Versions of a key come newest first, and ids grow with time.
                    row.key == cursor.key && cursor.version.as_ref().is_none_or(|version| row.id >= *version)
                })
            });
        let versions: Vec<Version> = rows.by_ref().take(PAGE).collect();
        let next = if rows.next().is_some() { versions.last() } else { None };
        let next = next.map(|row| Cursor { key: row.key.clone(), version: Some(row.id.clone()) });
        Ok(VersionPage { versions, next })
    }

    async fn delete_versions(&self, versions: &[(Key, VersionId)]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        self.tally.add(Verb::Delete);
        let mut state = self.lock();
        for (key, id) in versions {
            if let Some(stored) = state.objects.get_mut(key) {
                stored.retain(|stored| stored.id() != *id);
                if stored.is_empty() {
                    state.objects.remove(key);
                }
            }
        }
        Ok(versions.iter().map(|_| Ok(())).collect())
    }

    fn requests(&self) -> Requests {
        self.tally.requests()
    }
}
