//! Brings the public side of a channel after its last move: pages, then lastly the manifest, then the CDN, and at the
//! end a note in the ledger that all of it has followed.
//!
//! It is the same work after a publish, an activation and a rollback, and after any of them was cut short: the
//! manifest says what is out there, the ledger what should be. Whoever runs it does it for the ledger's newest move,
//! whosever move that is.

mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cdn::{Cdn, CdnError, Invalidated, Stale};
use crate::collect::Sources;
use crate::commit::{CommitError, Held, change, reread};
use crate::error::{Explain, Kind};
use crate::event::{Event, Problem, Stage};
use crate::model::headers::Headers;
use crate::model::layout::{ChannelName, Key, Name};
use crate::model::ledger::{Channel, Synced};
use crate::model::path::AssetPath;
use crate::model::release::{Release, ReleaseId};
use crate::model::wire::{Manifest, WireError, read_manifest, write_manifest};
use crate::site::{DocumentError, Site};
use crate::store::{Created, Etag, Object, Replaced, StoreError};
use pages::Pages;

/// How often the work begins again because the channel moved on meanwhile.
const ROUNDS: usize = 50;

/// What there is to bring the public side up to date with.
#[derive(Debug)]
pub struct Following<'a> {
    /// The channel.
    pub channel: &'a ChannelName,
    /// The CDNs in front of the store.
    pub cdns: &'a [Arc<dyn Cdn>],
    /// The URL that stands for the prefix, for the manifest to say.
    pub base_url: Option<&'a str>,
    /// A release that is at hand, to spare reading its document.
    pub at_hand: Option<(ReleaseId, &'a Release)>,
    /// Files whose bytes are at hand, to spare reading their objects.
    pub sources: &'a Sources,
    /// Requests in flight at a time.
    pub concurrency: usize,
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// Pages written at their own URLs.
    pub pages_written: usize,
    /// Pages taken away.
    pub pages_removed: usize,
    /// What the CDNs were told.
    pub invalidations: Vec<Invalidated>,
}

/// The channel has moved, but not everything has followed. The same command again finishes.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A page or the manifest could not be read or written.
    #[error("the channel has moved, but its {what} has not followed yet")]
    Store {
        /// "manifest", "pages".
        what: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The release could not be read.
    #[error("the channel has moved, but its release cannot be read")]
    Document(#[from] DocumentError),
    /// A page's file changed, or its object is gone.
    #[error("the channel has moved, but the bytes of page `{0}` are not at hand")]
    PageLost(AssetPath),
    /// Something else lies where the manifest should.
    #[error("the channel has moved, but `{key}` is not a manifest of lastly's, so it was not replaced")]
    NotAManifest {
        /// The manifest's key.
        key: Key,
        /// What is wrong with it.
        #[source]
        source: WireError,
    },
    /// The public side is ahead of the ledger.
    #[error("the public side shows sequence {public}, but the ledger only {ledger}: an older ledger has been put back")]
    LedgerBehind {
        /// The sequence of the manifest, or of a page.
        public: u64,
        /// The ledger's.
        ledger: u64,
    },
    /// One or more CDNs were not told.
    #[error("published, not yet invalidated: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NotInvalidated(Vec<CdnError>),
    /// The ledger could not be read or noted in.
    #[error("published, but not noted in the ledger")]
    Ledger(#[source] CommitError),
    /// The channel moves faster than anyone can follow.
    #[error("the channel moved {ROUNDS} times while its public side was brought after it")]
    Outrun,
}

impl Explain for FollowError {
    fn kind(&self) -> Kind {
        Kind::Unfinished
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = match self {
            Self::Store { source, .. } => source.hints(),
            Self::Document(error) => error.hints(),
            Self::Ledger(error) => error.hints(),
            Self::NotInvalidated(errors) => errors.iter().filter_map(|error| error.hint.clone()).collect(),
            Self::NotAManifest { .. } => vec!["move that object away, or publish below another prefix".to_owned()],
            Self::LedgerBehind { .. } => vec!["restore the newest version of the ledger".to_owned()],
            Self::PageLost(_) | Self::Outrun => Vec::new(),
        };
        hints.push("the same command again finishes".to_owned());
        hints
    }
}

/// Brings the public side of a channel after the ledger's newest move of it. Returns the ledger as it then is.
///
/// # Errors
/// The channel has moved, but its public side has not wholly followed.
pub async fn follow(site: &Site, following: &Following<'_>, held: Held) -> Result<(Held, Followed), FollowError> {
    site.tell(Event::Began(Stage::Follow));
    let mut done = Followed::default();
    let mut held = held;
    // Pages that were written for a move which has turned out not to be the newest. They may have been put over the
    // newer move's pages, for equal bytes have equal ETags: they are looked at again.
    let mut suspects = BTreeSet::new();
    for _ in 0..ROUNDS {
        let Some(channel) = held.ledger.channels.get(following.channel) else {
            return Ok((held, done));
        };
        let sequence = channel.sequence;
        match round(site, following, channel, &held, &mut suspects, &mut done).await? {
            None => held = reread(site).await.map_err(FollowError::Ledger)?,
            Some(synced) => {
                let noted = change(site, Some(held), |ledger| ledger.synced(following.channel, &synced)).await;
                held = noted.map_err(FollowError::Ledger)?;
                let newest = held.ledger.channels.get(following.channel).map(|channel| channel.sequence);
                if newest == Some(sequence) {
                    return Ok((held, done));
                }
            }
        }
    }
    Err(FollowError::Outrun)
}

/// One attempt at one move; `None` when a newer move was met on the way.
async fn round(
    site: &Site,
    following: &Following<'_>,
    channel: &Channel,
    held: &Held,
    suspects: &mut BTreeSet<AssetPath>,
    done: &mut Followed,
) -> Result<Option<Synced>, FollowError> {
    let name = Name::manifest(following.channel);
    let key = site.layout.key(&name);
    let seen = manifest_there(site, &key).await?;
    if let Some((_, there)) = &seen
        && there.sequence > channel.sequence
    {
        return outrun(site, following.channel, there.sequence).await;
    }
    let in_step =
        seen.as_ref().is_some_and(|(_, there)| (there.sequence, there.release) == (channel.sequence, channel.release));
    let etag = match &seen {
        Some((etag, _)) if in_step && suspects.is_empty() => etag.clone(),
        _ => {
            let loaded;
            let release = match following.at_hand {
                Some((id, release)) if id == channel.release => release,
                _ => {
                    loaded = site.release(channel.release).await?;
                    &loaded
                }
            };
            let seen_manifest = seen.as_ref().map(|(_, manifest)| manifest);
            cut_short(site, channel, held, seen_manifest, release, suspects).await?;
            let none = BTreeMap::new();
            let there = seen_manifest.map_or(&none, |manifest| &manifest.pages);
            let pages = match pages::write(site, following, channel.sequence, release, there, suspects, done).await? {
                Pages::There(pages) => pages,
                Pages::Outrun(theirs) => return outrun(site, following.channel, theirs).await,
            };
            let moved = channel.last_move().map_or(held.modified, |moved| moved.at.or(held.modified));
            let manifest = Manifest {
                channel: following.channel.clone(),
                sequence: channel.sequence,
                release: channel.release,
                published: moved,
                base_url: following.base_url.map(str::to_owned),
                pages,
            };
            let bytes = write_manifest(&manifest, release);
            match put_manifest(site, &key, seen.as_ref().map(|(etag, _)| etag), bytes).await? {
                Some(etag) => etag,
                None => return Ok(None),
            }
        }
    };
    let reference = reference(following.channel, channel);
    let stale = Stale { key, name, reference };
    let answers = futures::future::join_all(following.cdns.iter().map(|cdn| cdn.invalidate(&stale))).await;
    let mut errors = Vec::new();
    for answer in answers {
        match answer {
            Ok(invalidated) => {
                let Invalidated { cdn, path, .. } = invalidated.clone();
                site.tell(Event::Invalidated { cdn, path });
                done.invalidations.push(invalidated);
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(FollowError::NotInvalidated(errors));
    }
    Ok(Some(Synced { sequence: channel.sequence, manifest: etag.0 }))
}

/// What to do about a sequence out there that is higher than the one that is followed: someone has followed a newer
/// move already, or the ledger is older than it should be.
async fn outrun(site: &Site, channel: &ChannelName, theirs: u64) -> Result<Option<Synced>, FollowError> {
    let newest = reread(site).await.map_err(FollowError::Ledger)?;
    let newest = newest.ledger.channels.get(channel).map_or(0, |channel| channel.sequence);
    if newest >= theirs { Ok(None) } else { Err(FollowError::LedgerBehind { public: theirs, ledger: newest }) }
}

/// Adds the pages that may not be as the manifest says: those that moves after the manifest's had otherwise. Whoever
/// followed these moves was cut short, or is still at it.
async fn cut_short(
    site: &Site,
    channel: &Channel,
    held: &Held,
    manifest: Option<&Manifest>,
    release: &Release,
    suspects: &mut BTreeSet<AssetPath>,
) -> Result<(), FollowError> {
    let since = match manifest {
        Some(manifest) => manifest.sequence + 1,
        None => channel.synced.as_ref().map_or(0, |synced| synced.sequence),
    };
    let between = channel.moves.iter().filter(|moved| (since..channel.sequence).contains(&moved.sequence));
    let releases: BTreeSet<ReleaseId> = between.map(|moved| moved.release).collect();
    for id in releases.into_iter().filter(|id| *id != channel.release && held.ledger.releases.contains_key(id)) {
        match site.release(id).await {
            Ok(other) => suspects.extend(pages::differing(release, &other).cloned()),
            Err(error @ DocumentError::Store(_)) => return Err(error.into()),
            Err(error) => {
                let message = format!("pages of release {id} may be left over: {error}");
                site.tell(Event::Problem(Problem::warning(message)));
            }
        }
    }
    Ok(())
}

/// The name of an invalidation: the same for every attempt at the same move, and for no other move, not even of
/// another site that shares the distribution.
fn reference(name: &ChannelName, channel: &Channel) -> String {
    let id = channel.last_move().map(|moved| moved.id).unwrap_or_default();
    format!("lastly-{name}-{}-{id}", channel.sequence)
}

async fn manifest_there(site: &Site, key: &Key) -> Result<Option<(Etag, Manifest)>, FollowError> {
    let fetched = site.store.get(key).await.map_err(|source| FollowError::Store { what: "manifest", source })?;
    let Some(fetched) = fetched else { return Ok(None) };
    match read_manifest(&fetched.bytes) {
        Ok(manifest) => Ok(Some((fetched.found.etag, manifest))),
        Err(source) => Err(FollowError::NotAManifest { key: key.clone(), source }),
    }
}

/// Puts the manifest where the one that was seen is; `None` when someone else was first.
async fn put_manifest(
    site: &Site,
    key: &Key,
    seen: Option<&Etag>,
    bytes: Vec<u8>,
) -> Result<Option<Etag>, FollowError> {
    let mut headers = Headers::default();
    for (name, value) in [("content-type", "application/json"), ("cache-control", "no-cache")] {
        headers.set(name, value).expect("both are stored headers with plain values");
    }
    let object = Object::whole(Arc::new(headers), bytes);
    let written = match seen {
        None => site.store.create(key, object).await.map(|outcome| match outcome {
            Created::New(written) => Some(written),
            Created::AlreadyThere => None,
        }),
        Some(etag) => site.store.replace(key, etag, object).await.map(|outcome| match outcome {
            Replaced::Done(written) => Some(written),
            Replaced::Outrun => None,
        }),
    };
    let written = written.map_err(|source| FollowError::Store { what: "manifest", source })?;
    if written.is_some() {
        site.tell(Event::Manifest { key: key.clone() });
    }
    Ok(written.map(|written| written.etag))
}
