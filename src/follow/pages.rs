//! Pages at their own URLs.
//!
//! Each copy carries the sequence it was written for, so that a publisher that wakes up late never puts an old page
//! over a newer one that it can see. What it cannot see is a page that has gone to newer bytes and back to the very
//! bytes it saw, since then: S3 compares ETags, and equal bytes have equal ones. Therefore `follow` ends with a look
//! at the ledger, and looks at such pages again.
//!
//! One case is left, for no store compares more than ETags: a publisher that has been outrun, still writes a page
//! over bytes that it has seen before, and dies before that last look. What it wrote stays until that page next
//! changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt};

use super::outcome::{FollowError, Followed, Following};
use crate::event::{Event, Problem};
use crate::model::address::Address;
use crate::model::headers::Headers;
use crate::model::layout::{Key, Name};
use crate::model::ledger::Channel;
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Release};
use crate::model::wire::PageState;
use crate::site::Site;
use crate::store::{Body, Created, Etag, Found, Object, Removed, Replaced, StoreError};

const SEQUENCE: &str = "x-amz-meta-lastly-sequence";
const ADDRESS: &str = "x-amz-meta-lastly-address";

/// How often one page is looked at or written because others write it at the same time.
const TRIES: usize = 40;

/// What lies at a page's own URL, as far as is known.
enum Before {
    /// Something or nothing: it has to be looked at.
    Unknown,
    /// Nothing.
    Nothing,
    /// A copy with that ETag.
    Copy(Etag),
}

/// What is done about one page.
enum Task<'a> {
    /// It is there as it should be.
    Keep(PageState),
    /// It is written.
    Write(&'a Entry, Before),
    /// It is taken away.
    Remove(Before),
}

/// What became of one page.
enum Done {
    /// It was there as it should be.
    Kept(PageState),
    Written(PageState),
    Removed,
    /// It was not there, as it should be, or is not lastly's to take away.
    Absent,
    /// The newer move of that sequence has written it.
    Outrun(u64),
}

/// What became of all pages.
pub(super) enum Pages {
    /// They are in this state.
    There(BTreeMap<AssetPath, PageState>),
    /// The newer move of that sequence was met.
    Outrun(u64),
}

/// Brings pages from the state `there` to that of `release`. `suspects` are pages to look at whatever `there` says;
/// pages written here are added to them, for a later round to look at if this move turns out not to be the newest.
pub(super) async fn write(
    site: &Site,
    following: &Following<'_>,
    channel: &Channel,
    release: &Release,
    there: &BTreeMap<AssetPath, PageState>,
    suspects: &mut BTreeSet<AssetPath>,
    done: &mut Followed,
) -> Result<Pages, FollowError> {
    let copy = |(path, task)| write_one(site, following, channel, path, task);
    let work: Vec<_> = tasks(release, there, suspects).into_iter().map(copy).collect();
    let mut outcomes = stream::iter(work).buffer_unordered(following.concurrency.max(1));
    let mut state = BTreeMap::new();
    let mut outrun = None;
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
            Ok(Done::Absent) => {}
            Ok(Done::Outrun(theirs)) => outrun = outrun.max(Some(theirs)),
            Err(error) => failure = Some(error),
        }
    }
    match (failure, outrun) {
        (Some(error), _) => Err(error),
        (None, Some(theirs)) => Ok(Pages::Outrun(theirs)),
        (None, None) => Ok(Pages::There(state)),
    }
}

/// Pages that stand otherwise in `release` than in `other`: where a publisher of `other` was cut short, they may show
/// it.
pub(super) fn differing<'a>(release: &'a Release, other: &'a Release) -> impl Iterator<Item = &'a AssetPath> {
    let address = |release: &Release, path| release.pages.get(path).map(|entry| entry.address);
    let paths = release.pages.keys().chain(other.pages.keys());
    paths.filter(move |path| address(release, *path) != address(other, *path))
}

fn tasks<'a>(
    release: &'a Release,
    there: &BTreeMap<AssetPath, PageState>,
    suspects: &BTreeSet<AssetPath>,
) -> Vec<(AssetPath, Task<'a>)> {
    let before = |path| match there.get(path) {
        _ if suspects.contains(path) => Before::Unknown,
        Some(page) => Before::Copy(Etag(page.etag.clone())),
        None => Before::Nothing,
    };
    let wanted = release.pages.iter().map(|(path, entry)| {
        let kept = there.get(path).filter(|page| page.address == entry.address && !suspects.contains(path));
        let task = kept.map_or_else(|| Task::Write(entry, before(path)), |page| Task::Keep(page.clone()));
        (path.clone(), task)
    });
    let unwanted: BTreeSet<&AssetPath> =
        there.keys().chain(suspects).filter(|path| !release.pages.contains_key(*path)).collect();
    wanted.chain(unwanted.into_iter().map(|path| (path.clone(), Task::Remove(before(path))))).collect()
}

async fn write_one(
    site: &Site,
    following: &Following<'_>,
    channel: &Channel,
    path: AssetPath,
    task: Task<'_>,
) -> (AssetPath, Key, Result<Done, FollowError>) {
    let key = site.layout.key(&Name::page(following.channel, &path));
    let outcome = match task {
        Task::Keep(state) => Ok(Done::Kept(state)),
        Task::Write(entry, before) => put(site, following, channel, &path, &key, entry, before).await,
        Task::Remove(before) => remove(site, channel.sequence, &key, before).await,
    };
    (path, key, outcome)
}

async fn put(
    site: &Site,
    following: &Following<'_>,
    channel: &Channel,
    path: &AssetPath,
    key: &Key,
    entry: &Entry,
    mut before: Before,
) -> Result<Done, FollowError> {
    let state = |etag: Etag| PageState { address: entry.address, etag: etag.0 };
    let sequence = channel.sequence;
    let mut attempted = None;
    for _ in 0..TRIES {
        if let Before::Unknown = before {
            before = match look(site, key).await? {
                None => Before::Nothing,
                Some((_, Some((theirs, _)))) if theirs > sequence => return Ok(Done::Outrun(theirs)),
                // After an attempt of our own, it may be that attempt which succeeded.
                Some((etag, Some((theirs, address)))) if address == entry.address && theirs >= channel.begins() => {
                    return Ok(if attempted.is_some() { Done::Written(state(etag)) } else { Done::Kept(state(etag)) });
                }
                Some((etag, theirs)) => {
                    if theirs.is_none() {
                        let message = format!("`{key}` was not written by lastly and is replaced");
                        let hint = "a bucket with versions still holds what was there before";
                        site.tell(Event::Problem(Problem::warning(message).hint(hint)));
                    }
                    Before::Copy(etag)
                }
            };
        }
        let object = match attempted.take() {
            Some(object) => object,
            None => Object { headers: page_headers(entry, sequence), body: body(site, following, path, entry).await? },
        };
        let outcome = match &before {
            Before::Copy(etag) => site.store.replace(key, etag, object.clone()).await.map(|outcome| match outcome {
                Replaced::Done(written) => Some(written),
                Replaced::Outrun => None,
            }),
            _ => site.store.create(key, object.clone()).await.map(|outcome| match outcome {
                Created::New(written) => Some(written),
                Created::AlreadyThere => None,
            }),
        };
        if let Some(written) = outcome.map_err(broken)? {
            return Ok(Done::Written(state(written.etag)));
        }
        before = Before::Unknown;
        attempted = Some(object);
    }
    Err(FollowError::Outrun)
}

async fn remove(site: &Site, sequence: u64, key: &Key, mut before: Before) -> Result<Done, FollowError> {
    let mut done = Done::Absent;
    for _ in 0..TRIES {
        before = match before {
            Before::Nothing => return Ok(done),
            Before::Unknown => match look(site, key).await? {
                None => return Ok(done),
                Some((_, None)) => return Ok(Done::Absent),
                Some((_, Some((theirs, _)))) if theirs > sequence => return Ok(Done::Outrun(theirs)),
                Some((etag, _)) => Before::Copy(etag),
            },
            Before::Copy(etag) => {
                done = Done::Removed;
                match site.store.remove(key, &etag).await.map_err(broken)? {
                    Removed::Gone => Before::Nothing,
                    Removed::Outrun => Before::Unknown,
                }
            }
        };
    }
    Err(FollowError::Outrun)
}

fn broken(source: StoreError) -> FollowError {
    FollowError::Store { what: "pages", source }
}

/// The page's bytes: of its file where that is at hand, else of its immutable object.
async fn body(site: &Site, following: &Following<'_>, path: &AssetPath, entry: &Entry) -> Result<Body, FollowError> {
    if let Some(source) = following.sources.get(&entry.name).cloned() {
        let body = tokio::task::spawn_blocking(move || source.body()).await;
        if let Ok(Ok(body)) = body {
            return Ok(body);
        }
    }
    let fetched = site.store.get(&site.layout.key(&entry.name)).await.map_err(broken)?;
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

/// The sequence and the address that a page's copy says it stands for.
type StandsFor = (u64, Address);

/// What lies at a page's own URL: its ETag, and what it stands for, if lastly wrote it.
async fn look(site: &Site, key: &Key) -> Result<Option<(Etag, Option<StandsFor>)>, FollowError> {
    let found = site.store.head(key).await.map_err(broken)?;
    Ok(found.map(|found| (found.etag.clone(), stands_for(&found))))
}

fn stands_for(found: &Found) -> Option<StandsFor> {
    let sequence = found.headers.get(SEQUENCE)?.parse().ok()?;
    Some((sequence, Address::parse(found.headers.get(ADDRESS)?)?))
}
