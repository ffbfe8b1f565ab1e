//! A store in a folder of this machine, with the semantics of a versioned bucket, for many processes at once.
//!
//! ```text
//! <root>/<key>                              the visible file: the current version's bytes
//! <root>/.lastly-store/keys/+css/=app.css   the record of `css/app.css`: its versions, as JSON
//! <root>/.lastly-store/versions/3f/<id>     a version's bytes, which never change
//! <root>/.lastly-store/tmp/<id>/            a writer's temporary files
//! <root>/.lastly-store/locks/07             one of 64 locks that the keys share
//! <root>/.lastly-store/format               what all of this is
//! ```
//!
//! **The records are the truth.** A visible file is a hard link of a version's bytes, for people and web servers; it
//! is never read here. It changes just before its record does, under the key's lock, so that a process that dies in
//! between has at worst shown what it was about to write: the next process that opens the store for writing puts it
//! right, and so does the next change of the key. Visible files are read-only, because writing into one would write
//! into a version; replacing or removing one harms nothing but itself. A web server must not serve names that begin
//! with a dot.
//!
//! **Processes.** Whoever writes holds an advisory lock of the key's shard, which the system releases when the
//! process dies. Readers hold none: they read the record and then a file that never changes, and read the record
//! again where that file is gone. The folder must be one on which locks, hard links and renames work: a local file
//! system.
//!
//! **Power.** Killing a process loses nothing. A power failure may take objects that were *created* shortly before,
//! as if they had never been: bytes count only at their full length, and what is left of them only takes up space.
//! Before a record is *rewritten* (an object replaced, a page removed) everything written so far is synced to the
//! disk, and once more before the answer. So when the ledger moves, what it names lasts, and when it has moved, so
//! does the move.

mod change;
mod draft;
mod failure;
mod folder;
mod listing;
mod record;
mod session;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use tokio::sync::Semaphore;

use self::draft::Draft;
use self::failure::Failure;
use self::folder::Folder;
use self::write::{Write, begin, check, commit, delete, hide};
use super::{
    Body, Content, Created, Cursor, Etag, Fetched, Found, Object, Reason, Removed, Replaced, Requests, Store,
    StoreError, Tally, Verb, VersionId, VersionPage, Written,
};
use crate::clock::Clock;
use crate::model::layout::Key;

/// How many versions one page of a listing has.
const PAGE: usize = 1000;

/// The most bytes between two slashes of a key: file systems take 255 for a name, and a record's begins with a mark.
pub const LONGEST_SEGMENT: usize = 254;

/// A folder of this machine as a store. Its ETags are the beginning of the SHA-256 of the bytes.
#[derive(Debug)]
pub struct DirectoryStore {
    folder: Arc<Folder>,
    /// Held while there is work with files, once for each core: more threads would only wait for each other at the
    /// system's locks on folders, and burn time there.
    cores: Semaphore,
    tally: Tally,
}

impl DirectoryStore {
    /// The store in the folder `root`. Folder and store are made by the first write; until then there is nothing in
    /// it.
    pub fn new(root: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let folder = Arc::new(Folder::new(root.into(), clock));
        Self { folder, cores: Semaphore::new(cores), tally: Tally::default() }
    }

    /// Does `work` where it may block.
    async fn blocking<T, W>(&self, verb: Verb, key: &(impl fmt::Display + ?Sized), work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Folder) -> Result<T, Failure> + Send + 'static,
    {
        let folder = Arc::clone(&self.folder);
        let _core = self.cores.acquire().await.expect("the semaphore is never closed");
        match tokio::task::spawn_blocking(move || work(&folder)).await {
            Ok(done) => done.map_err(|failure| failure.explain(verb, key)),
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(stopped) => Err(StoreError::refused(verb, key, Reason::Unavailable).unknown().because(stopped)),
            },
        }
    }

    async fn write(&self, write: Write, body: Body) -> Result<Option<Written>, StoreError> {
        let Write { verb, key, .. } = write.clone();
        let content = match body {
            Body::Whole(bytes) => {
                let work = move |folder: &Folder| {
                    let Some(mut draft) = begin(folder, &write)? else { return Ok(None) };
                    draft.take(&bytes)?;
                    commit(folder, &write, &draft)
                };
                return self.blocking(verb, &key, work).await;
            }
            Body::Stream(content) => content,
        };
        let begun = write.clone();
        let Some(draft) = self.blocking(verb, &key, move |folder| begin(folder, &begun)).await? else {
            return Ok(None);
        };
        let draft = self.gather(&write, draft, &*content).await?;
        self.blocking(verb, &key, move |folder| commit(folder, &write, &draft)).await
    }

    /// Writes everything that `content` has into `draft`, one piece at a time.
    async fn gather(&self, write: &Write, mut draft: Draft, content: &dyn Content) -> Result<Draft, StoreError> {
        let Write { verb, key, .. } = write;
        let changed = || StoreError::refused(*verb, key, Reason::Changed);
        let mut pieces = content.open();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|why| changed().because(why))?;
            let take = move |_: &Folder| Ok(draft.take(&piece).map(|()| draft)?);
            draft = self.blocking(*verb, key, take).await?;
        }
        if draft.size() == content.size() { Ok(draft) } else { Err(changed()) }
    }
}

#[async_trait]
impl Store for DirectoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Fetched>, StoreError> {
        self.tally.add(Verb::Get);
        let wanted = key.clone();
        let work = move |folder: &Folder| {
            check(&wanted)?;
            if !folder.exists()? {
                return Ok(None);
            }
            loop {
                let record = folder.read(&wanted)?;
                let Some((stored, content)) = record.current() else { return Ok(None) };
                if let Some(bytes) = folder.bytes(&stored.id, content)? {
                    return Ok(Some(Fetched { found: content.found(stored)?, bytes: bytes.into() }));
                }
            }
        };
        self.blocking(Verb::Get, key, work).await
    }

    async fn head(&self, key: &Key) -> Result<Option<Found>, StoreError> {
        self.tally.add(Verb::Head);
        let wanted = key.clone();
        let work = move |folder: &Folder| {
            check(&wanted)?;
            if !folder.exists()? {
                return Ok(None);
            }
            let record = folder.read(&wanted)?;
            Ok(record.current().map(|(stored, content)| content.found(stored)).transpose()?)
        };
        self.blocking(Verb::Head, key, work).await
    }

    async fn create(&self, key: &Key, object: Object) -> Result<Created, StoreError> {
        self.tally.add(Verb::Create);
        let write = Write { verb: Verb::Create, key: key.clone(), expected: None, headers: object.headers };
        Ok(self.write(write, object.body).await?.map_or(Created::AlreadyThere, Created::New))
    }

    async fn replace(&self, key: &Key, etag: &Etag, object: Object) -> Result<Replaced, StoreError> {
        self.tally.add(Verb::Replace);
        let expected = Some(etag.clone());
        let write = Write { verb: Verb::Replace, key: key.clone(), expected, headers: object.headers };
        Ok(self.write(write, object.body).await?.map_or(Replaced::Outrun, Replaced::Done))
    }

    async fn remove(&self, key: &Key, etag: &Etag) -> Result<Removed, StoreError> {
        self.tally.add(Verb::Remove);
        let (wanted, expected) = (key.clone(), etag.clone());
        self.blocking(Verb::Remove, key, move |folder| hide(folder, &wanted, &expected)).await
    }

    async fn versions(&self, prefix: &str, after: Option<Cursor>) -> Result<VersionPage, StoreError> {
        self.tally.add(Verb::List);
        let wanted = prefix.to_owned();
        let work = move |folder: &Folder| {
            if !folder.exists()? {
                return Ok(VersionPage::default());
            }
            Ok(listing::page(folder, &wanted, after.as_ref(), PAGE)?)
        };
        self.blocking(Verb::List, prefix, work).await
    }

    async fn delete_versions(&self, versions: &[(Key, VersionId)]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        self.tally.add(Verb::Delete);
        let mut by_key: BTreeMap<Key, Vec<String>> = BTreeMap::new();
        for (key, id) in versions {
            by_key.entry(key.clone()).or_default().push(id.0.clone());
        }
        let what = format!("{} versions", versions.len());
        let kept = self.blocking(Verb::Delete, &what, move |folder| delete(folder, &by_key)).await?;
        let row = |key: &Key| match kept.get(key) {
            Some(reason) => Err(StoreError::refused(Verb::Delete, key, reason.clone())),
            None => Ok(()),
        };
        Ok(versions.iter().map(|(key, _)| row(key)).collect())
    }

    fn requests(&self) -> Requests {
        self.tally.requests()
    }
}

#[cfg(test)]
mod tests;
