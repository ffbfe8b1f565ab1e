//! Pages at their own URLs.
//!
//! Each copy carries the sequence it was written for, so that a publisher that wakes up late never puts an old page
//! over a newer one that it can see. What it cannot see is a page that has gone to newer bytes and back to the very
//! bytes it saw, since then: S3 compares ETags, and equal bytes have equal ones. Therefore `follow` ends with a look
//! at the ledger, and looks at such pages again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt};

use super::outcome::{FollowError, Followed, Following};
use crate::event::Event;
use crate::model::address::Address;
use crate::model::headers::Headers;
use crate::model::layout::{Key, Name};
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Release};
use crate::model::wire::PageState;
use crate::site::Site;
use crate::store::{Body, Created, Etag, Found, Object, Removed, Replaced, StoreError};

const SEQUENCE: &str = "x-amz-meta-lastly-sequence";
const ADDRESS: &str = "x-amz-meta-lastly-address";

/// How often one page is looked at again because others write it at the same time.
const LOOKS: usize = 20;

/// What is done about one page.
enum Task<'a> {
    /// It is there as it should be.
    Keep(PageState),
    /// It is written, over the copy with that ETag.
    Write(&'a Entry, Option<Etag>),
    /// It is taken away, if it still has that ETag; without one, whatever is found there.
    Remove(Option<Etag>),
}

/// What became of one page.
enum Done {
    Kept(PageState),
    Written(PageState),
    Removed,
    /// A newer move has written it.
    Outrun,
}

/// Brings pages from the state `there` to that of `release`. Returns the state they are in then; `None` when a newer
/// move was met. `suspects` are pages to look at whatever `there` says; pages written here are added to them, for a
/// later round to look at if this move turns out not to be the newest.
pub(super) async fn write(
    site: &Site,
    following: &Following<'_>,
    sequence: u64,
    release: &Release,
    there: BTreeMap<AssetPath, PageState>,
    suspects: &mut BTreeSet<AssetPath>,
    done: &mut Followed,
) -> Result<Option<BTreeMap<AssetPath, PageState>>, FollowError> {
    let tasks = tasks(release, &there, suspects);
    let work = tasks.into_iter().map(|(path, task)| async move {
        let key = site.layout.key(&Name::page(following.channel, &path));
        let outcome = match task {
            Task::Keep(state) => Ok(Done::Kept(state)),
            Task::Write(entry, over) => put(site, following, sequence, &path, &key, entry, over).await,
            Task::Remove(etag) => remove(site, sequence, &key, etag).await,
        };
        (path, key, outcome)
    });
    let mut outcomes = stream::iter(work).buffer_unordered(following.concurrency);
    let mut state = BTreeMap::new();
    let mut outrun = false;
    let mut failure = None;
    while let Some((path, key, outcome)) = outcomes.next().await {
        match outcome {
            Ok(Done::Kept(page)) => {
                state.insert(path, page);
            }
            Ok(Done::Written(page)) => {
                done.pages_written += 1;
                site.tell(Event::Page { key, removed: false });
                suspects.insert(path.clone());
                state.insert(path, page);
            }
            Ok(Done::Removed) => {
                done.pages_removed += 1;
                site.tell(Event::Page { key, removed: true });
                suspects.insert(path);
            }
            Ok(Done::Outrun) => outrun = true,
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) => Err(error),
        None => Ok((!outrun).then_some(state)),
    }
}

fn tasks<'a>(
    release: &'a Release,
    there: &BTreeMap<AssetPath, PageState>,
    suspects: &BTreeSet<AssetPath>,
) -> Vec<(AssetPath, Task<'a>)> {
    let wanted = release.pages.iter().map(|(path, entry)| {
        let task = match there.get(path) {
            Some(page) if page.address == entry.address && !suspects.contains(path) => Task::Keep(page.clone()),
            page => {
                Task::Write(entry, page.map(|page| page.etag.clone()).filter(|_| !suspects.contains(path)).map(Etag))
            }
        };
        (path.clone(), task)
    });
    let unwanted = there.iter().map(|(path, page)| (path, Some(Etag(page.etag.clone()))));
    // A page that was written for an older move, and that the newest one does not have, is in no manifest.
    let suspected = suspects.iter().filter(|path| !there.contains_key(*path)).map(|path| (path, None));
    let removals = unwanted.chain(suspected).filter(|(path, _)| !release.pages.contains_key(*path));
    wanted.chain(removals.map(|(path, etag)| (path.clone(), Task::Remove(etag)))).collect()
}

async fn put(
    site: &Site,
    following: &Following<'_>,
    sequence: u64,
    path: &AssetPath,
    key: &Key,
    entry: &Entry,
    mut over: Option<Etag>,
) -> Result<Done, FollowError> {
    let broken = |source| FollowError::Store { what: "pages", source };
    let object = Object { headers: page_headers(entry, sequence), body: body(site, following, path, entry).await? };
    let written = |etag: Etag| Done::Written(PageState { address: entry.address, etag: etag.0 });
    for _ in 0..LOOKS {
        let outcome = match &over {
            None => site.store.create(key, object.clone()).await.map(|outcome| match outcome {
                Created::New(done) => Some(done),
                Created::AlreadyThere => None,
            }),
            Some(etag) => site.store.replace(key, etag, object.clone()).await.map(|outcome| match outcome {
                Replaced::Done(done) => Some(done),
                Replaced::Outrun => None,
            }),
        };
        if let Some(done) = outcome.map_err(broken)? {
            return Ok(written(done.etag));
        }
        match site.store.head(key).await.map_err(broken)? {
            None => over = None,
            Some(found) => match stands_for(&found) {
                Some((theirs, _)) if theirs > sequence => return Ok(Done::Outrun),
                Some((_, address)) if address == entry.address => return Ok(written(found.etag)),
                _ => over = Some(found.etag),
            },
        }
    }
    Err(FollowError::Outrun)
}

async fn remove(site: &Site, sequence: u64, key: &Key, mut seen: Option<Etag>) -> Result<Done, FollowError> {
    let broken = |source: StoreError| FollowError::Store { what: "pages", source };
    for _ in 0..LOOKS {
        if let Some(etag) = &seen
            && site.store.remove(key, etag).await.map_err(broken)? == Removed::Gone
        {
            return Ok(Done::Removed);
        }
        match site.store.head(key).await.map_err(broken)? {
            None => return Ok(Done::Removed),
            Some(found) if stands_for(&found).is_some_and(|(theirs, _)| theirs > sequence) => return Ok(Done::Outrun),
            Some(found) => seen = Some(found.etag),
        }
    }
    Err(FollowError::Outrun)
}

/// The page's bytes: of its file where that is at hand, else of its immutable object.
async fn body(site: &Site, following: &Following<'_>, path: &AssetPath, entry: &Entry) -> Result<Body, FollowError> {
    if let Some(source) = following.sources.get(&entry.name).cloned() {
        let body = tokio::task::spawn_blocking(move || source.body()).await;
        if let Ok(Ok(body)) = body {
            return Ok(body);
        }
    }
    let fetched = site.store.get(&site.layout.key(&entry.name)).await;
    let fetched = fetched.map_err(|source| FollowError::Store { what: "pages", source })?;
    let fetched = fetched.filter(|fetched| fetched.found.size == entry.size);
    fetched.map(|fetched| Body::Whole(fetched.bytes)).ok_or_else(|| FollowError::PageLost(path.clone()))
}

fn page_headers(entry: &Entry, sequence: u64) -> Arc<Headers> {
    let mut headers = (*entry.headers).clone();
    for (name, value) in [(SEQUENCE, sequence.to_string()), (ADDRESS, entry.address.to_string())] {
        headers.set(name, &value).expect("digits are a plain value");
    }
    Arc::new(headers)
}

/// The sequence and the address that a page's copy says it stands for; `None` if lastly did not write it.
fn stands_for(found: &Found) -> Option<(u64, Address)> {
    let sequence = found.headers.get(SEQUENCE)?.parse().ok()?;
    Some((sequence, Address::parse(found.headers.get(ADDRESS)?)?))
}
