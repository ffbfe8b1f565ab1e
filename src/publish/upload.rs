//! Creating objects: many at a time, each of them once, whoever else is at it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use super::plan::sealed_clash;
use crate::collect::Source;
use crate::error::{Explain, FILE_CHANGED};
use crate::event::{Event, Problem};
use crate::model::compression::Encoding;
use crate::model::layout::{Key, Name};
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Stored};
use crate::model::wire::CondemnedVersion;
use crate::prepare::compress::{compress, decompress};
use crate::site::Site;
use crate::store::{Body, Certainty, Created, Found, Object, Reason, Replaced, Store, StoreError, Verb};

/// Bytes of files held in memory at a time, in units of [`UNIT`].
const UNITS: usize = 2048;
const UNIT: u64 = 64 << 10;

/// How often one object is looked at again because others create or delete it at the same time.
const LOOKS: usize = 20;

/// Versions that a collection has decided to delete, by key.
#[derive(Clone, Debug, Default)]
pub(super) struct Condemned(BTreeMap<Key, BTreeSet<String>>);

impl Condemned {
    pub(super) fn new(versions: BTreeSet<CondemnedVersion>) -> Self {
        let mut by_key: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
        for CondemnedVersion { key, version } in versions {
            by_key.entry(key).or_default().insert(version);
        }
        Self(by_key)
    }

    pub(super) fn has_key(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    fn has(&self, key: &Key, found: &Found) -> bool {
        let versions = self.0.get(key);
        found.version.as_ref().is_some_and(|version| versions.is_some_and(|known| known.contains(&version.0)))
    }
}

/// One object to be created.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub path: AssetPath,
    pub entry: Entry,
    /// Which of the file's objects it is.
    pub stored: Stored,
    pub source: Source,
    /// An object with the same bytes, where there may be one: what is compressed already is read from there.
    pub same: Option<Key>,
}

/// An object whose turn has not come. There may be very many, so that what it takes to create one is put together late.
pub(super) struct Waiting<'a> {
    pub name: &'a Name,
    pub path: &'a AssetPath,
    /// Bytes of the file, as it is published.
    pub size: u64,
    /// Whether it is compressed first.
    pub is_encoded: bool,
}

/// What has been uploaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Uploaded {
    pub new: usize,
    pub bytes: u64,
    pub already: usize,
    pub compressed: usize,
}

/// Objects that could not be created. The channel has not moved.
#[derive(Debug, thiserror::Error)]
#[error("{} of {total} objects could not be uploaded", failures.len())]
pub struct UploadError {
    total: usize,
    failures: Vec<(AssetPath, Failure)>,
    problems: Vec<Problem>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the file cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("the store holds other bytes under that name")]
    OtherBytes,
    #[error("others create and delete it all the time")]
    Contended,
}

impl UploadError {
    fn new(total: usize, failures: Vec<(AssetPath, Failure)>) -> Self {
        let problem = |(path, failure): &(AssetPath, Failure)| match failure {
            Failure::OtherBytes => sealed_clash(path, "what the store holds"),
            failure => Problem::error(format!("`{path}`: {}", with_causes(failure))),
        };
        let problems = failures.iter().map(problem).collect();
        Self { total, failures, problems }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl Explain for UploadError {
    fn hints(&self) -> Vec<String> {
        let hints: BTreeSet<String> = self
            .failures
            .iter()
            .flat_map(|(_, failure)| match failure {
                Failure::Store(error) => error.hints(),
                Failure::Read(error) if error.kind() == io::ErrorKind::InvalidData => {
                    vec![FILE_CHANGED.to_owned()]
                }
                _ => Vec::new(),
            })
            .collect();
        hints.into_iter().collect()
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// Creates every object, `concurrency` at a time, the largest first so that none of them is left over at the end. Those
/// that are compressed first take few of the places, so that the others do not wait for them.
/// After a first failure nothing new is begun; what was begun is finished.
pub(super) async fn upload(
    site: &Site,
    mut waiting: Vec<Waiting<'_>>,
    upload_of: impl Fn(&Waiting<'_>) -> Upload,
    condemned: &Arc<Condemned>,
    concurrency: usize,
) -> Result<Uploaded, UploadError> {
    let total = waiting.len();
    waiting.sort_by_key(|waiting| waiting.size);
    let memory = Arc::new(Semaphore::new(UNITS));
    let (mut encoded, mut plain): (Vec<Waiting<'_>>, Vec<Waiting<'_>>) =
        waiting.into_iter().partition(|waiting| waiting.is_encoded);
    let places = (2 * rayon::current_num_threads()).min(concurrency).max(1);
    let mut at_work = JoinSet::new();
    let mut taken = 0;
    let mut uploaded = Uploaded::default();
    let mut failures = Vec::new();
    loop {
        while failures.is_empty() && at_work.len() < concurrency.max(1) {
            let next = if taken < places { encoded.pop().or_else(|| plain.pop()) } else { plain.pop() };
            let Some(next) = next else { break };
            taken += usize::from(next.is_encoded);
            let upload = upload_of(&next);
            let (site, condemned, memory) = (site.clone(), condemned.clone(), memory.clone());
            at_work.spawn(async move {
                let outcome = upload_one(&site, &upload, &condemned, &memory).await;
                (upload, outcome)
            });
        }
        let Some(joined) = at_work.join_next().await else { break };
        let (Upload { path, stored, .. }, outcome) = joined.expect("uploads neither panic nor are cancelled");
        taken -= usize::from(stored.encoding.is_some());
        match outcome {
            Ok(done) => {
                let One { already, bytes, compressed } = done;
                if already {
                    uploaded.already += 1;
                } else {
                    uploaded.new += 1;
                    uploaded.bytes += bytes;
                }
                uploaded.compressed += usize::from(compressed);
                site.tell(Event::Stored { path, key: site.layout.key(&stored.name), bytes, already });
            }
            Err(failure) => failures.push((path, failure)),
        }
    }
    if failures.is_empty() { Ok(uploaded) } else { Err(UploadError::new(total, failures)) }
}

/// What became of one object.
struct One {
    /// Whether it was there already.
    already: bool,
    /// Its bytes.
    bytes: u64,
    /// Whether they had to be compressed.
    compressed: bool,
}

/// Creates one object.
async fn upload_one(site: &Site, upload: &Upload, condemned: &Condemned, memory: &Semaphore) -> Result<One, Failure> {
    let held = if upload.stored.encoding.is_some() { 2 * upload.entry.size } else { upload.source.held() };
    let units = held.div_ceil(UNIT).clamp(1, UNITS as u64);
    let _held = memory.acquire_many(units as u32).await.expect("the semaphore is never closed");
    let source = upload.source.clone();
    let (body, compressed) = match upload.stored.encoding {
        None => (tokio::task::spawn_blocking(move || source.body()).await.map_err(io::Error::other)??, false),
        Some(encoding) => {
            let (bytes, compressed) = encoded(site, upload, encoding).await?;
            (Body::Whole(bytes), compressed)
        }
    };
    let bytes = body.size();
    let object = Object { headers: upload.entry.headers_of(&upload.stored), body };
    let encoding = upload.stored.encoding.map(|encoding| (encoding, upload.entry.size));
    let already = ensure(&*site.store, &site.layout.key(&upload.stored.name), &object, encoding, condemned).await?;
    Ok(One { already, bytes, compressed })
}

/// The bytes of an object that is compressed, and whether they had to be.
async fn encoded(site: &Site, upload: &Upload, encoding: Encoding) -> Result<(Bytes, bool), Failure> {
    if let Some(same) = &upload.same
        && let Ok(Some(fetched)) = site.store.get(same).await
    {
        let (bytes, source, size) = (fetched.bytes.clone(), upload.source.clone(), upload.entry.size);
        let is_same = computed(move || {
            let original = source.read()?;
            Ok(decompress(&bytes, encoding, size).is_ok_and(|bytes| bytes == original))
        });
        if is_same.await? {
            return Ok((fetched.bytes, false));
        }
    }
    let source = upload.source.clone();
    let bytes = computed(move || Ok(compress(&source.read()?, encoding))).await?;
    Ok((bytes.into(), true))
}

/// What `work` comes to, worked out on one of the threads that there are for that: one for each core.
async fn computed<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let (sender, receiver) = oneshot::channel();
    // Whoever waits may be gone by then.
    rayon::spawn(move || drop(sender.send(work())));
    receiver.await.map_err(io::Error::other)?
}

/// Makes sure that an object is in the store in a version that no collection will delete. `encoding` is that of an
/// object that was compressed, with the size it had before. Returns whether it was there already.
async fn ensure(
    store: &dyn Store,
    key: &Key,
    object: &Object,
    encoding: Option<(Encoding, u64)>,
    condemned: &Condemned,
) -> Result<bool, Failure> {
    for _ in 0..LOOKS {
        // A key with condemned versions is most likely there: look first, and spare the bytes.
        if !condemned.has_key(key) {
            match create(store, key, object).await? {
                Created::New(_) => return Ok(false),
                Created::AlreadyThere => {}
            }
        }
        let Some(found) = store.head(key).await? else {
            match create(store, key, object).await? {
                Created::New(_) => return Ok(false),
                Created::AlreadyThere => continue,
            }
        };
        let mut there = object.clone();
        if !is_same(&found, &object.body).await? {
            let Some(encoding) = encoding else { return Err(Failure::OtherBytes) };
            let Some(fetched) = store.get(key).await? else { continue };
            if !means_the_same(&fetched.bytes, &object.body, encoding) {
                return Err(Failure::OtherBytes);
            }
            there.body = Body::Whole(fetched.bytes);
        }
        if !condemned.has(key, &found) {
            return Ok(true);
        }
        // The version that is there will be deleted, sooner or later. The same bytes once more are a new version,
        // which nobody has condemned.
        if let Replaced::Done(_) = store.replace(key, &found.etag, there).await? {
            return Ok(false);
        }
    }
    Err(Failure::Contended)
}

/// Whether compressed bytes stand for the same as those that would be put there: what is there stays, whoever has
/// compressed it.
fn means_the_same(there: &[u8], ours: &Body, (encoding, size): (Encoding, u64)) -> bool {
    let Body::Whole(ours) = ours else { return false };
    let theirs = decompress(there, encoding, size).ok();
    theirs.is_some() && theirs == decompress(ours, encoding, size).ok()
}

/// Makes sure, without the bytes at hand, that an object is in the store in a version that no collection will delete.
/// Returns whether it is there at all.
pub(super) async fn put_again(store: &dyn Store, key: &Key, condemned: &Condemned) -> Result<bool, StoreError> {
    for _ in 0..LOOKS {
        let Some(found) = store.head(key).await? else { return Ok(false) };
        if !condemned.has(key, &found) {
            return Ok(true);
        }
        let Some(fetched) = store.get(key).await?.filter(|fetched| fetched.found.etag == found.etag) else { continue };
        let object = Object::whole(Arc::new(fetched.found.headers), fetched.bytes);
        if let Replaced::Done(_) = store.replace(key, &found.etag, object).await? {
            return Ok(true);
        }
    }
    Err(StoreError::refused(Verb::Replace, key, Reason::Other(Failure::Contended.to_string())))
}

/// A create whose lost answer is found out: if the object is there now, it is there.
async fn create(store: &dyn Store, key: &Key, object: &Object) -> Result<Created, Failure> {
    match store.create(key, object.clone()).await {
        Err(error) if error.certainty == Certainty::Unknown => match store.head(key).await {
            Ok(Some(_)) => Ok(Created::AlreadyThere),
            _ => Err(error.into()),
        },
        outcome => Ok(outcome?),
    }
}

/// Whether what is there is what would be put there, by size and, where the store knows it, by checksum.
async fn is_same(found: &Found, body: &Body) -> Result<bool, Failure> {
    let Some(theirs) = found.sha256.filter(|_| found.size == body.size()) else {
        return Ok(found.size == body.size());
    };
    let ours = match body {
        Body::Whole(bytes) => Sha256::digest(bytes),
        Body::Stream(content) => {
            let mut hasher = Sha256::new();
            let mut pieces = content.open();
            while let Some(piece) = pieces.try_next().await? {
                hasher.update(&piece);
            }
            hasher.finalize()
        }
    };
    Ok(theirs == <[u8; 32]>::from(ours))
}

/// Makes sure that a private document is there: its key is the hash of its bytes, so whatever is there is right.
pub(super) async fn ensure_document(
    store: &dyn Store,
    key: &Key,
    object: &Object,
    condemned: &Condemned,
) -> Result<bool, StoreError> {
    match ensure(store, key, object, None, condemned).await {
        Ok(already) => Ok(already),
        Err(Failure::Store(error)) => Err(error),
        Err(other) => Err(StoreError::refused(Verb::Create, key, Reason::Other(other.to_string()))),
    }
}
