//! What others do while a collection is under way: they come first, or they are told.

use std::sync::Arc;

use lastly::error::Result;
use lastly::gc::{self, Collected};
use lastly::model::ledger::Ledger;
use lastly::model::release::ReleaseId;
use lastly::publish::publish;
use lastly::rollback::{Destination, move_channel};
use lastly::store::Verb;

use super::{deleted, everything, run, three_releases, tree};
use crate::support::collector::{self, by, collect, condemned, greedy};
use crate::support::gated::{Call, Fate, Interlude, Scripted};
use crate::support::{Fixture, Tree, earlier, move_order, order, uploaded};

fn is_swap(call: &Call) -> bool {
    call.verb == Verb::Replace && call.key.ends_with("ledger.json")
}

fn is_delete(call: &Call) -> bool {
    call.verb == Verb::Delete
}

async fn ledger(fixture: &Fixture) -> Ledger {
    fixture.inspected().ledger().await.expect("a ledger")
}

async fn oldest(fixture: &Fixture) -> ReleaseId {
    ledger(fixture).await.channels.values().next().expect("live").moves[0].release
}

/// A collection, and something else just before its first request of a kind.
async fn meanwhile(
    fixture: &Arc<Fixture>,
    before: fn(&Call) -> bool,
    what: impl Future<Output = ()> + Send + 'static,
) -> Result<Collected> {
    let interlude = Interlude::new(before, what);
    let collected = gc::collect(&fixture.site_through(interlude.clone()), &by(greedy())).await;
    assert!(interlude.happened());
    collected
}

async fn assert_whole(fixture: &Fixture) {
    // Whatever was condemned at any time is deleted once more.
    collector::delete(fixture, &condemned(fixture).await).await;
    for id in ledger(fixture).await.releases.keys() {
        assert_eq!(fixture.inspected().faults_of(*id).await, Vec::<String>::new());
    }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Rollback,
    Activate,
    Pin,
}

impl Act {
    const ALL: [Self; 3] = [Self::Rollback, Self::Activate, Self::Pin];

    async fn carry_out(self, site: &lastly::site::Site, id: ReleaseId) -> Result<()> {
        match self {
            Self::Rollback => move_channel(site, &[], &move_order(earlier(id))).await.map(|moved| {
                assert!(moved.unfinished.is_none(), "{:?}", moved.unfinished);
            }),
            Self::Activate => move_channel(site, &[], &move_order(uploaded(id))).await.map(drop),
            Self::Pin => gc::pin(site, &id.to_string(), "an audit", None).await.map(drop),
        }
    }
}

#[tokio::test]
async fn whoever_comes_first_keeps_the_release() {
    for act in Act::ALL {
        let fixture = Arc::new(Fixture::new());
        three_releases(&fixture).await;
        let (id, other) = (oldest(&fixture).await, fixture.clone());
        let collected =
            meanwhile(&fixture, is_swap, async move { act.carry_out(&other.site(), id).await.expect("it is first") });
        collected.await.expect("the collection decides anew");
        assert!(ledger(&fixture).await.releases.contains_key(&id), "{act:?}");
        assert_whole(&fixture).await;
    }
}

#[tokio::test]
async fn whoever_comes_second_is_told() {
    for act in Act::ALL {
        let fixture = Arc::new(Fixture::new());
        three_releases(&fixture).await;
        let (id, other) = (oldest(&fixture).await, fixture.clone());
        let interlude = Interlude::new(is_swap, async move {
            collect(&other.site()).await.expect("it is first");
        });
        let error = act.carry_out(&fixture.site_through(interlude), id).await.expect_err("it has gone");
        assert_eq!(
            error.to_string(),
            format!("release {id} is not in the ledger: it was collected, or never completed")
        );
        fixture.assert_live_shows(&tree("3")).await;
    }
}

/// The publisher finds an object that the collection has chosen, before or after it is condemned.
#[tokio::test]
async fn a_publisher_that_needs_what_goes_gets_it() {
    for place in [is_swap, is_delete] {
        let fixture = Arc::new(Fixture::new());
        three_releases(&fixture).await;
        let other = fixture.clone();
        let again = async move { drop(other.publish(&tree("1")).await) };
        meanwhile(&fixture, place, again).await.expect("a collection without faults");
        assert_whole(&fixture).await;
        fixture.assert_live_shows(&tree("1")).await;
    }
}

/// A publisher that is parked before its commit while everything it has uploaded is looked at.
#[tokio::test]
async fn a_publisher_at_work_keeps_what_it_has_uploaded() {
    let fixture = Arc::new(Fixture::new());
    fixture.publish(&tree("1")).await;
    let next = Tree::new(&[("b.js", "b"), ("c.js", "c")]);
    let collector = fixture.clone();
    let is_second: fn(&Call) -> bool = |call| call.verb == Verb::Create && call.key.contains("/c.");
    let interlude = Interlude::new(is_second, async move {
        let policy = gc::Policy { intent_ttl: gc::Policy::default().intent_ttl, ..greedy() };
        let collected = gc::collect(&collector.site(), &by(policy)).await.expect("a collection without faults");
        assert_eq!(deleted(&collected), 0, "an intent holds everything");
    });
    let site = fixture.site_through(interlude.clone());
    publish(&site, &[], &order(&next)).await.expect("a publish");
    assert!(interlude.happened());
    fixture.assert_live_shows(&next).await;
}

#[tokio::test]
async fn two_collectors_do_each_others_work() {
    for place in [is_swap, is_delete, |call: &Call| call.verb == Verb::Create] {
        let fixture = Arc::new(Fixture::new());
        three_releases(&fixture).await;
        let other = fixture.clone();
        let collected = meanwhile(&fixture, place, async move {
            collect(&other.site()).await.expect("nobody disturbs this one");
        });
        collected.await.expect("the other one has done it");
        assert_eq!(ledger(&fixture).await.condemned, None);
        assert_whole(&fixture).await;
        let before = everything(&*fixture.store).await;
        assert_eq!(run(&fixture, greedy()).await.deleted, 0);
        assert_eq!(everything(&*fixture.store).await, before);
    }
}

/// P3: the manifest still shows a release that the ledger has left.
#[tokio::test]
async fn what_a_late_manifest_shows_stays() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    let gate = Scripted::new(|_, call| match call.verb == Verb::Replace && call.key == "static/manifest.json" {
        true => Fate::Killed,
        false => Fate::Through,
    });
    let publishing = gate.run(publish(&fixture.site_through(gate.clone()), &[], &order(&tree("2")))).await;
    assert!(publishing.is_none(), "it was to die");
    fixture.clock.pass(30 * 24);
    assert_eq!(deleted(&run(&fixture, greedy()).await), 0);
    let shown = fixture.inspected().faults_of_manifest(&lastly::model::layout::ChannelName::live()).await;
    assert_eq!(shown, Vec::<String>::new());
    fixture.publish(&tree("2")).await;
    let week = gc::Policy { keep_last: 0, ..super::short() };
    assert_eq!(run(&fixture, week).await.decision.dropped().len(), 0, "the manifest has left it just now");
    fixture.clock.pass(8 * 24);
    assert_eq!(run(&fixture, week).await.decision.dropped().len(), 1);
    let back = fixture.try_move(&move_order(Destination::Before)).await.expect_err("it has gone");
    assert!(back.to_string().contains("no release before"), "{back}");
}
