//! Collections that let go whatever they may, so that publishers meet the worst: nothing is kept for its age.

use std::time::Duration;

use lastly::error::Result;
use lastly::gc::{self, Collected, Policy, Shard, Source};
use lastly::model::wire::{CondemnedVersion, read_condemned};
use lastly::site::Site;
use lastly::store::{Fetched, Store, Verb, VersionId};

use super::Fixture;
use super::gated::{Fate, Scripted};

/// A policy that keeps nothing for its age, or because there are few.
pub(crate) fn greedy() -> Policy {
    Policy {
        keep_for: Duration::ZERO,
        keep_last: 0,
        keep_unreleased: Duration::ZERO,
        intent_ttl: Duration::ZERO,
        min_object_age: Duration::ZERO,
        max_delete: 100,
        html_ttl: Duration::ZERO,
        session: Duration::ZERO,
        allow_short_retention: true,
    }
}

/// A collection that acts.
pub(crate) fn by(policy: Policy) -> gc::Order {
    gc::Order { policy, apply: true, concurrency: 2, source: Source::Listing, shard: Shard::WHOLE }
}

/// Collects whatever may go.
pub(crate) async fn collect(site: &Site) -> Result<Collected> {
    gc::collect(site, &by(greedy())).await
}

/// Collects whatever may go, and dies before it has deleted anything.
pub(crate) async fn condemn(fixture: &Fixture) {
    let gate = Scripted::new(|_, call| if call.verb == Verb::Delete { Fate::Killed } else { Fate::Through });
    let end = gate.run(collect(&fixture.site_through(gate.clone()))).await;
    assert!(end.is_none(), "nothing was to be deleted");
}

/// What the ledger condemns.
pub(crate) async fn condemned(fixture: &Fixture) -> Vec<CondemnedVersion> {
    let Some(list) = fixture.inspected().ledger().await.and_then(|ledger| ledger.condemned) else { return Vec::new() };
    let Fetched { bytes, .. } = fixture.inspected().get(&fixture.layout.condemned(list)).await.expect("the list");
    read_condemned(std::str::from_utf8(&bytes).expect("text")).expect("a list").into_iter().collect()
}

/// Deletes versions, whatever has become of them since.
pub(crate) async fn delete(fixture: &Fixture, doomed: &[CondemnedVersion]) {
    let versions: Vec<_> = doomed.iter().map(|pair| (pair.key.clone(), VersionId(pair.version.clone()))).collect();
    for outcome in fixture.store.delete_versions(&versions).await.expect("a store in memory answers") {
        outcome.expect("a store in memory deletes");
    }
}
