//! Looking through the store: every version below the site's two prefixes passes by once, and only what goes is held.
//! What lies below the public prefix, all but a little of it, can be taken from a report instead of a listing.

use std::collections::BTreeSet;
use std::sync::Mutex;

use futures::{StreamExt, TryStreamExt, stream};

use super::judge::{Bench, Judged, judge};
use super::plan::{Class, Leftovers, Plan, Sieve, Victim};
use super::public::check_neighbours;
use super::reach::Reach;
use super::report::{Rows, Source};
use super::waiting::Waiting;
use crate::error::Result;
use crate::event::{Event, Problem};
use crate::history::ledger;
use crate::model::layout::{ChannelName, Form, Key, Name};
use crate::model::release::ReleaseId;
use crate::site::{DocumentError, Site};
use crate::store::{Cursor, Reason, Version, VersionPage};

/// Into how many ranges of keys a large listing is cut.
const RANGES: usize = 16;

/// How many keys a range should hold at least, to be worth a request of its own.
const RANGE: usize = 2000;

/// How often one page of a listing is asked for.
const PATIENCE: u32 = 3;

/// What was found.
pub(super) struct Survey {
    pub(super) judged: Judged,
    pub(super) reach: Reach,
    pub(super) leftovers: Leftovers,
    pub(super) plan: Plan,
    /// What goes, and falls to this shard: documents last, for they alone know of their sealed assets.
    pub(super) waiting: Waiting,
}

/// Looks through the store and plans.
///
/// # Errors
/// The site cannot be collected as it is, or the store does not answer.
pub(super) async fn survey(bench: &mut Bench<'_>, source: &Source) -> Result<Survey> {
    let site = bench.site;
    let mut control: Vec<(Version, usize)> = Vec::new();
    let mut ledgers: BTreeSet<Key> = BTreeSet::new();
    list(site, site.layout.control(), &Range::default(), |version, rank| {
        if site.layout.form(&version.key).is_some() {
            control.push((version, rank));
        } else if site.layout.may_be_other_ledger(&version.key) {
            ledgers.insert(version.key);
        }
    })
    .await?;
    list(site, &site.layout.channels(), &Range::default(), |version, _| {
        if let (Some(Form::Manifest(name)), true) = (site.layout.form(&version.key), version.current && !version.marker)
        {
            bench.manifests.insert(name);
        }
    })
    .await?;

    let (mut reach, mut leftovers) = (Reach::default(), Leftovers::default());
    let judged = judge(bench, ledger(site).await?, &mut reach).await?;
    judged.tell(site, &mut leftovers);
    let documents = unnamed(bench, &judged, &control);
    let cuts = read_leftovers(site, &judged, documents, &mut leftovers).await?;

    let sieve = Sieve {
        layout: &site.layout,
        reach: &reach,
        leftovers: &leftovers,
        list: judged.held.ledger.condemned,
        now: bench.now,
        min_age: bench.policy.min_object_age,
    };
    let mut sifted = Sifted { bench, sieve: &sieve, ledgers, plan: Plan::default(), waiting: Waiting::default() };
    let documents: Vec<Victim> =
        control.into_iter().filter_map(|(version, rank)| sifted.private(version, rank)).collect();
    let found = Mutex::new(sifted);
    let take = |version: Version, rank: usize| found.lock().expect("nobody panics with it").public(version, rank);
    if *source == Source::Listing {
        let look = |range: Range| async move { list(site, site.layout.prefix(), &range, take).await };
        let ranges = stream::iter(Range::between(cuts)).map(look);
        ranges.buffer_unordered(bench.concurrency.clamp(1, RANGES)).try_collect::<Vec<()>>().await?;
    } else {
        report(bench, source, take).await?;
    }
    let Sifted { ledgers, mut plan, mut waiting, .. } = found.into_inner().expect("nobody panics with it");
    if matches!(source, Source::Candidates(_)) {
        plan.least = reach.len() as u64;
    }
    documents.into_iter().for_each(|document| waiting.push(document));
    check_neighbours(site, &ledgers).await?;
    Ok(Survey { judged, reach, leftovers, plan, waiting })
}

/// What has passed the sieve so far.
struct Sifted<'a> {
    bench: &'a Bench<'a>,
    sieve: &'a Sieve<'a>,
    /// Ledgers of other sites, perhaps.
    ledgers: BTreeSet<Key>,
    plan: Plan,
    waiting: Waiting,
}

impl Sifted<'_> {
    /// Takes a version of a private object. Gives it back if it is a document that goes.
    fn private(&mut self, version: Version, rank: usize) -> Option<Victim> {
        let fate = self.sieve.fate(&version, rank);
        let victim = self.plan.take(version, fate).filter(|victim| self.is_own(victim))?;
        if victim.class == Class::Document {
            return Some(victim);
        }
        self.waiting.push(victim);
        None
    }

    /// Takes a version of anything below the public prefix.
    fn public(&mut self, version: Version, rank: usize) {
        let layout = self.sieve.layout;
        if layout.is_private(&version.key) {
            return;
        }
        if layout.may_be_other_ledger(&version.key) {
            self.ledgers.insert(version.key.clone());
        }
        let fate = self.sieve.fate(&version, rank);
        if let Some(victim) = self.plan.take(version, fate).filter(|victim| self.is_own(victim)) {
            self.waiting.push(victim);
        }
    }

    fn is_own(&self, victim: &Victim) -> bool {
        self.bench.shard.owns(self.sieve.layout, &victim.pair.key)
    }
}

/// Takes versions from a report; but those of manifests, and all that lies beside the manifests of channels, from the
/// store: these are few, and which of them are the newest has to be known.
async fn report(bench: &Bench<'_>, source: &Source, take: impl Fn(Version, usize) + Copy + Send + Sync) -> Result<()> {
    let layout = &bench.site.layout;
    let (channels, manifest) = (layout.channels(), layout.key(&Name::manifest(&ChannelName::live())));
    list(bench.site, &channels, &Range::default(), take).await?;
    let only_manifest = |version: Version, rank| {
        if version.key == manifest {
            take(version, rank);
        }
    };
    list(bench.site, manifest.as_str(), &Range::default(), only_manifest).await?;
    let mut rows = Rows::of(source, bench.bucket.clone(), layout.prefix());
    while let Some(load) = rows.next().await {
        let is_listed = |key: &Key| *key == manifest || key.as_str().starts_with(&channels);
        let of_site = |version: &Version| version.key.as_str().starts_with(layout.prefix()) && !is_listed(&version.key);
        load?.into_iter().filter(of_site).for_each(|version| take(version, 0));
    }
    Ok(())
}

/// The documents to read for what only they name: of releases that are dropped, and those left by publishers that
/// never came back.
fn unnamed(bench: &Bench<'_>, judged: &Judged, control: &[(Version, usize)]) -> BTreeSet<ReleaseId> {
    let ledger = &judged.held.ledger;
    let old = |version: &Version| version.modified.until(bench.now) >= bench.policy.min_object_age;
    let left = control.iter().filter(|(version, _)| version.current && !version.marker && old(version));
    let left = left.filter_map(|(version, _)| match bench.site.layout.form(&version.key) {
        Some(Form::Document(id)) => Some(id),
        _ => None,
    });
    let reaped = ledger.intents.iter().filter(|(id, _)| judged.decision.intents.contains_key(id));
    let named = judged.decision.dropped().into_iter().chain(reaped.map(|(_, intent)| intent.release));
    left.chain(named).filter(|id| !judged.decision.remaining.contains(id)).collect()
}

/// Reads documents for the sealed assets that nothing else names. Returns keys at which to cut the listing.
async fn read_leftovers(
    site: &Site,
    judged: &Judged,
    documents: BTreeSet<ReleaseId>,
    leftovers: &mut Leftovers,
) -> Result<Vec<Key>> {
    let shown = judged.held.ledger.channels.values().map(|channel| channel.release);
    let largest: BTreeSet<ReleaseId> = shown.filter(|id| judged.decision.remaining.contains(id)).take(1).collect();
    let mut cuts = Vec::new();
    let read = |id| async move { (id, site.release(id).await) };
    let mut read = stream::iter(documents.into_iter().chain(largest)).map(read).buffer_unordered(4);
    while let Some((id, document)) = read.next().await {
        match document {
            Ok(release) if judged.decision.remaining.contains(&id) => {
                let mut keys: Vec<Key> = release.names().map(|name| site.layout.key(&name)).collect();
                keys.sort();
                let step = (keys.len() / RANGES).max(RANGE);
                cuts = keys.into_iter().step_by(step).skip(1).collect();
            }
            Ok(release) => leftovers.add(&site.layout, &release),
            Err(DocumentError::Missing(_)) => {}
            Err(error @ DocumentError::Store(_)) => return Err(error.into()),
            Err(error) => {
                let message = format!("what only release {id} named stays, if it was sealed: {error}");
                site.tell(Event::Problem(Problem::warning(message)));
            }
        }
    }
    Ok(cuts)
}

/// A range of keys: those after the first, up to and with the last.
#[derive(Clone, Debug, Default)]
struct Range {
    after: Option<Key>,
    last: Option<Key>,
}

impl Range {
    /// The ranges between these keys, in order, and those before and after them.
    fn between(cuts: Vec<Key>) -> Vec<Self> {
        let after = std::iter::once(None).chain(cuts.iter().cloned().map(Some));
        let last = cuts.iter().cloned().map(Some).chain([None]);
        after.zip(last).map(|(after, last)| Self { after, last }).collect()
    }
}

/// Passes every version of a range on, each with the number of newer ones of its key.
async fn list(site: &Site, prefix: &str, range: &Range, mut take: impl FnMut(Version, usize) + Send) -> Result<()> {
    let mut cursor = range.after.clone().map(|key| Cursor { key, version: None });
    let mut newer: Option<(Key, usize)> = None;
    loop {
        let page = page(site, prefix, cursor).await?;
        for version in page.versions {
            if range.last.as_ref().is_some_and(|last| version.key > *last) {
                return Ok(());
            }
            let rank = match newer {
                Some((key, rank)) if key == version.key => rank + 1,
                _ => 0,
            };
            newer = Some((version.key.clone(), rank));
            take(version, rank);
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

async fn page(site: &Site, prefix: &str, cursor: Option<Cursor>) -> Result<VersionPage> {
    let mut attempt = 1;
    loop {
        match site.store.versions(prefix, cursor.clone()).await {
            // A listing changes nothing, so that it does no harm to ask once more.
            Err(error) if error.reason == Reason::Unavailable && attempt < PATIENCE => {
                site.clock.back_off(attempt).await;
                attempt += 1;
            }
            answer => return Ok(answer?),
        }
    }
}
