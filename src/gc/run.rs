//! Carries out a collection: section 6 of the design, step by step.
//!
//! Each step can be the last: what is condemned stands in the ledger before anything is deleted, and leaves it only
//! when it is gone. The next collection goes on from there.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::delete::{delete, forget};
use super::error::{GcError, TooMuch, Undeleted};
use super::judge::{Bench, Judged, judge};
use super::plan::{Class, Count, Leftovers, Plan, Sieve};
use super::policy::{Decision, Policy};
use super::reach::Reach;
use super::report::Source;
use super::shard::Shard;
use super::survey::{Survey, survey};
use super::waiting::Waiting;
use crate::commit::{CommitError, change, private_json, reread};
use crate::error::Result;
use crate::model::ledger::{Kept, Refusal};
use crate::model::release::ReleaseId;
use crate::model::timestamp::Timestamp;
use crate::model::wire::{CondemnedVersion, read_condemned, write_condemned};
use crate::site::{DocumentError, Site};
use crate::store::{Object, StoreError, Versioning};

/// How many versions a condemned list holds. Every publisher reads it; the rest waits for its turn.
pub const LIST: usize = 20_000;

/// How often the ledger may change under one list.
const ATTEMPTS: u32 = 50;

/// A collection as it was asked for.
#[derive(Clone, Debug)]
pub struct Order {
    /// How long things are kept.
    pub policy: Policy,
    /// Whether anything is done, and not only planned.
    pub apply: bool,
    /// Requests in flight at a time.
    pub concurrency: usize,
    /// Where the versions are found of which some go.
    pub source: Source,
    /// Which share of the deleting this is.
    pub shard: Shard,
}

/// What a collection has done, or would do.
#[derive(Debug)]
pub struct Collected {
    /// What becomes of releases, intents and channels.
    pub decision: Decision,
    /// The releases, as the ledger had them.
    pub releases: BTreeMap<ReleaseId, Kept>,
    /// The store's time.
    pub now: Timestamp,
    /// What goes, by class.
    pub goes: BTreeMap<Class, Count>,
    /// Objects and documents that stay, as far as they have passed by.
    pub stays: Count,
    /// How many stay at least, where only candidates have passed by; else 0.
    pub least: u64,
    /// What nothing names, but is too young to go.
    pub young: Count,
    /// What nothing names, but is from a time when the bucket kept no versions.
    pub unversioned: Count,
    /// Versions that earlier collections have condemned, and not seen gone.
    pub pending: u64,
    /// Why this would be refused.
    pub too_much: Option<TooMuch>,
    /// Versions that have been deleted.
    pub deleted: u64,
    /// Why not all of them have.
    pub unfinished: Option<Undeleted>,
}

/// Collects garbage, or says what it would collect.
///
/// # Errors
/// The site cannot be collected as it is, or the store does not answer. Nothing has been lost, whatever happens: what
/// was condemned is deleted by the next collection, and publishers put it again if they need it.
pub async fn collect(site: &Site, order: &Order) -> Result<Collected> {
    let (now, bucket) = ready(site).await?;
    let Order { policy, concurrency, shard, .. } = order;
    let manifests = BTreeSet::new();
    let mut bench = Bench { site, policy, now, manifests, concurrency: *concurrency, shard: *shard, bucket };
    let found = survey(&mut bench, &order.source).await?;
    let mut collected = report(site, &found, policy, now).await?;
    if order.apply {
        found.plan.check(policy).map_err(GcError::TooMuch)?;
        let end = apply(&bench, found).await?;
        collected.deleted = end.deleted;
        let total = end.deleted + end.failed;
        collected.unfinished = end.setback.map(|first| Undeleted { failed: end.failed, total, first });
    }
    Ok(collected)
}

/// The store's time, if the store keeps versions; and its name, if it is a bucket.
async fn ready(site: &Site) -> std::result::Result<(Timestamp, Option<String>), GcError> {
    let circumstances = site.store.circumstances().await;
    match circumstances.versioning {
        Ok(Versioning::Enabled) => {}
        Ok(other) => return Err(GcError::NotVersioned(other)),
        Err(error) => return Err(GcError::Unseen(error)),
    }
    match circumstances.bucket {
        Some(bucket) => Ok((bucket.now.ok_or(GcError::NoClock)?, Some(bucket.name))),
        // A store on this machine goes by the machine's clock.
        None => Ok((site.clock.now(), None)),
    }
}

async fn report(site: &Site, found: &Survey, policy: &Policy, now: Timestamp) -> Result<Collected> {
    let ledger = &found.judged.held.ledger;
    let pending = match ledger.condemned {
        Some(list) => read_list(site, list).await?.map_or(0, |pairs| pairs.len() as u64),
        None => 0,
    };
    let Plan { goes, stays, young, unversioned, least } = &found.plan;
    Ok(Collected {
        decision: found.judged.decision.clone(),
        releases: ledger.releases.clone(),
        now,
        goes: goes.clone(),
        stays: *stays,
        least: *least,
        young: *young,
        unversioned: *unversioned,
        pending,
        too_much: found.plan.check(policy).err(),
        deleted: 0,
        unfinished: None,
    })
}

/// What has come of the victims of one survey.
#[derive(Debug, Default)]
struct End {
    deleted: u64,
    failed: u64,
    setback: Option<StoreError>,
}

/// Condemns and deletes, a list at a time.
async fn apply(bench: &Bench<'_>, found: Survey) -> Result<End> {
    let Survey { mut judged, mut reach, mut leftovers, mut waiting, .. } = found;
    let mut end = End::default();
    loop {
        let waited = waiting.len();
        let condemned = condemn(bench, &mut judged, &mut reach, &mut leftovers, &mut waiting).await?;
        let Some((list, pairs)) = condemned else {
            if waiting.is_empty() {
                return Ok(end);
            }
            continue;
        };
        let own: BTreeSet<CondemnedVersion> = pairs.iter().filter(|pair| bench.owns(pair)).cloned().collect();
        let deleted = delete(bench.site, &own, bench.concurrency).await;
        end.deleted += deleted.gone.len() as u64;
        end.failed = (own.len() - deleted.gone.len()) as u64;
        let no_room = end.failed >= bench.shard.part_of(LIST) as u64;
        let no_end = deleted.gone.is_empty() && waiting.len() == waited;
        judged = acknowledge(bench, judged, &mut reach, (list, pairs), &deleted.gone).await?;
        judged.tell(bench.site, &mut leftovers);
        if deleted.setback.is_some() {
            end.setback = deleted.setback;
        }
        if waiting.is_empty() || no_room || no_end {
            return Ok(end);
        }
    }
}

/// Drops, reaps and condemns in one swap: what the decision says, and as many of the victims as the list has room for.
/// Gives the list that the ledger names then, with what is on it; `None` when there is nothing to do.
async fn condemn(
    bench: &Bench<'_>,
    judged: &mut Judged,
    reach: &mut Reach,
    leftovers: &mut Leftovers,
    waiting: &mut Waiting,
) -> Result<Option<(Uuid, BTreeSet<CondemnedVersion>)>> {
    let site = bench.site;
    for attempt in 1..=ATTEMPTS {
        let before = judged.held.ledger.condemned;
        let Some(mut pairs) = pairs_of(site, before).await? else {
            // Another collection has put a newer list in its place.
            *judged = again(bench, reach, judged, Some(before)).await?;
            judged.tell(site, leftovers);
            continue;
        };
        let sieve = Sieve {
            layout: &site.layout,
            reach,
            leftovers,
            list: before,
            now: bench.now,
            min_age: bench.policy.min_object_age,
        };
        let first = waiting.first(room(bench, &pairs)).map_err(GcError::NoRoom)?;
        let (known, taken) = (pairs.len(), first.len());
        pairs.extend(first.iter().filter(|victim| !sieve.spares(victim)).map(|victim| victim.pair.clone()));
        let list = if pairs.len() > known { Some(site.clock.fresh_id()) } else { before };
        if list != before
            && let Some(list) = list
        {
            let text = write_condemned(&pairs);
            site.store.create(&site.layout.condemned(list), Object::whole(private_json(), text)).await?;
        }
        let collection = judged.collection(list);
        match change(site, Some(judged.held.clone()), |ledger| ledger.collect(&collection)).await {
            Ok(held) => {
                waiting.pass(taken);
                judged.held = held;
                if let Some(before) = before.filter(|before| list != Some(*before)) {
                    forget(site, before).await;
                }
                return Ok(list.map(|list| (list, pairs)));
            }
            Err(CommitError::Refused(Refusal::Outdated)) => {
                site.clock.back_off(attempt).await;
                *judged = again(bench, reach, judged, None).await?;
                judged.tell(site, leftovers);
                // A swap whose answer was lost may have been done all the same: the ledger then names this list.
                let named = judged.held.ledger.condemned;
                if let Some(list) = list.filter(|list| Some(*list) != before && Some(*list) != named) {
                    forget(site, list).await;
                }
            }
            Err(error) => return Err(error.of_no_move().into()),
        }
    }
    Err(GcError::Contended.into())
}

/// How many versions this collection may put on a list that holds these: its own part, so that shards at work at the
/// same time leave room for one another.
fn room(bench: &Bench<'_>, pairs: &BTreeSet<CondemnedVersion>) -> usize {
    let own = pairs.iter().filter(|pair| bench.owns(pair)).count();
    bench.shard.part_of(LIST).saturating_sub(own).min(LIST.saturating_sub(pairs.len()))
}

/// Decides anew, about the ledger as it is now. Where `missing` is a list that could not be read, the ledger must have
/// come to name another one.
async fn again(bench: &Bench<'_>, reach: &mut Reach, judged: &Judged, missing: Option<Option<Uuid>>) -> Result<Judged> {
    let held = reread(bench.site).await?;
    if let Some(Some(list)) = missing
        && held.ledger.condemned == judged.held.ledger.condemned
    {
        return Err(DocumentError::Missing(bench.site.layout.condemned(list)).into());
    }
    judge(bench, held, reach).await
}

/// What a ledger's list condemns; `None` where the list has gone.
async fn pairs_of(site: &Site, list: Option<Uuid>) -> Result<Option<BTreeSet<CondemnedVersion>>> {
    match list {
        None => Ok(Some(BTreeSet::new())),
        Some(list) => Ok(read_list(site, list).await?),
    }
}

async fn read_list(site: &Site, list: Uuid) -> std::result::Result<Option<BTreeSet<CondemnedVersion>>, DocumentError> {
    let key = site.layout.condemned(list);
    let Some(fetched) = site.store.get(&key).await? else { return Ok(None) };
    let text = String::from_utf8_lossy(&fetched.bytes);
    Ok(Some(read_condemned(&text).map_err(|source| DocumentError::Damaged { key, source })?))
}

/// Takes what is gone from the list, and leaves what is not. Where others have put a list of their own in its place
/// meanwhile, it is taken from theirs, for theirs has everything that was on this one.
async fn acknowledge(
    bench: &Bench<'_>,
    mut judged: Judged,
    reach: &mut Reach,
    (mut list, mut pairs): (Uuid, BTreeSet<CondemnedVersion>),
    gone: &BTreeSet<CondemnedVersion>,
) -> Result<Judged> {
    let site = bench.site;
    let before = judged.held.ledger.revision;
    let mut held = judged.held;
    for attempt in 1..=ATTEMPTS {
        let left: BTreeSet<CondemnedVersion> = pairs.difference(gone).cloned().collect();
        if left.len() == pairs.len() {
            break;
        }
        let shorter = (!left.is_empty()).then(|| site.clock.fresh_id());
        if let Some(shorter) = shorter {
            let object = Object::whole(private_json(), write_condemned(&left));
            site.store.create(&site.layout.condemned(shorter), object).await?;
        }
        let done = change(site, Some(held), |ledger| Ok(ledger.acknowledge(list, shorter))).await;
        held = done.map_err(CommitError::of_no_move)?;
        let named = held.ledger.condemned;
        for old in [Some(list), shorter].into_iter().flatten().filter(|old| named != Some(*old)) {
            forget(site, old).await;
        }
        let Some(theirs) = named.filter(|named| Some(*named) != shorter) else { break };
        site.clock.back_off(attempt).await;
        match read_list(site, theirs).await? {
            Some(found) => (list, pairs) = (theirs, found),
            // It has been replaced since, and what has taken its place says what is left.
            None => held = reread(site).await?,
        }
    }
    if held.ledger.revision <= before + 1 {
        judged.held = held;
        return Ok(judged);
    }
    judge(bench, held, reach).await
}
