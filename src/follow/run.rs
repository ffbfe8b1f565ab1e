//! The rounds of following: read the manifest, write the pages, write the manifest, tell the CDN, note it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;

use super::outcome::{FollowError, Followed, Following, ROUNDS};
use super::pages::{self, Pages};
use crate::cdn::{Invalidated, Stale};
use crate::commit::{Held, change, reread};
use crate::event::{Event, Problem, Stage};
use crate::model::headers::Headers;
use crate::model::layout::{ChannelName, Key, Name};
use crate::model::ledger::{Channel, Synced};
use crate::model::path::AssetPath;
use crate::model::release::{Release, ReleaseId};
use crate::model::wire::{Manifest, read_manifest, write_manifest};
use crate::site::{DocumentError, Site};
use crate::store::{Created, Etag, Object, Replaced};

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
                let noted = channel.synced.as_ref() == Some(&synced);
                if noted && suspects.is_empty() {
                    return Ok((held, done));
                }
                // A note in a ledger read long ago is no look at the ledger: after writing pages it takes a new one.
                let newest = if noted {
                    reread(site).await
                } else {
                    change(site, Some(held), |ledger| ledger.synced(following.channel, &synced)).await
                };
                held = newest.map_err(FollowError::Ledger)?;
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
            let there = match seen_manifest {
                // That of an earlier channel of this name: its pages are there and will go, so that each is made anew.
                Some(left) if left.sequence < channel.begins() => {
                    suspects.extend(left.pages.keys().cloned());
                    &none
                }
                seen => seen.map_or(&none, |manifest| &manifest.pages),
            };
            let pages = match pages::write(site, following, channel, release, there, suspects, done).await? {
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
    // A CDN that is new to the site, or was left out when the others were told, is told now.
    let untold = following.cdns.iter().filter(|cdn| !channel.has_told(&cdn.name()));
    let answers = join_all(untold.map(|cdn| cdn.invalidate(&stale))).await;
    let mut told = channel.synced.as_ref().filter(|_| channel.is_synced()).map(|synced| synced.told.clone());
    let mut errors = Vec::new();
    for answer in answers {
        match answer {
            Ok(invalidated) => {
                let Invalidated { cdn, path, .. } = invalidated.clone();
                told.get_or_insert_default().insert(cdn.clone());
                site.tell(Event::Invalidated { cdn, path });
                done.invalidations.push(invalidated);
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(FollowError::NotInvalidated(errors));
    }
    Ok(Some(Synced { sequence: channel.sequence, manifest: etag.0, told: told.unwrap_or_default() }))
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
