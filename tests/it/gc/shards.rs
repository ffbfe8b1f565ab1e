//! Collections that share the deleting.

use std::collections::BTreeSet;
use std::sync::Arc;

use lastly::gc::{self, Collected, Shard};
use lastly::publish::Order;
use lastly::store::Verb;

use super::{everything, keys, put, run, three_releases, trouble};
use crate::support::collector::{by, condemned, greedy};
use crate::support::gated::{Fate, Scripted};
use crate::support::{Fixture, Tree, order, sealed_rules};

const SHARDS: u32 = 4;

fn share(number: u32, of: u32) -> gc::Order {
    let shard: Shard = format!("{number}/{of}").parse().expect("a share");
    gc::Order { shard, ..by(greedy()) }
}

/// Three releases, some two hundred objects that nothing names, and what a publisher of sealed files has left.
async fn garbage() -> Arc<Fixture> {
    let fixture = Arc::new(Fixture::new());
    three_releases(&fixture).await;
    let lost = Tree::new(&[("b.js", "1"), ("sealed/lost.js", "l"), ("sealed/other.js", "o")]);
    trouble::die_before_commit(&fixture, &Order { rules: sealed_rules(), ..order(&lost) }).await;
    for n in 0..200 {
        put(&fixture, &format!("static/{n}.0123456789abcdef0123456789abcdef.js")).await;
    }
    fixture
}

async fn collect(fixture: &Fixture, order: gc::Order) -> Collected {
    let collected = gc::collect(&fixture.site(), &order).await.expect("a collection without faults");
    assert!(collected.unfinished.is_none(), "{:?}", collected.unfinished);
    collected
}

/// What one collection leaves of it, and how many versions that deletes.
async fn left_by_one() -> (BTreeSet<String>, u64) {
    let fixture = garbage().await;
    let deleted = run(&fixture, greedy()).await.deleted;
    (keys(&fixture).await, deleted)
}

#[tokio::test]
async fn shards_one_after_another_leave_what_one_collection_leaves() {
    let (expected, all) = left_by_one().await;
    let fixture = garbage().await;
    let mut parts = Vec::new();
    // The first one last: documents must not go before what only they name.
    for number in (1..=SHARDS).rev() {
        parts.push(collect(&fixture, share(number, SHARDS)).await.deleted);
    }
    assert_eq!(keys(&fixture).await, expected);
    assert_eq!(parts.iter().sum::<u64>(), all, "{parts:?}");
    assert!(parts.iter().all(|part| *part > 25), "{parts:?}");
    assert_eq!(fixture.inspected().ledger().await.expect("a ledger").condemned, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn shards_at_the_same_time_leave_what_one_collection_leaves() {
    let (expected, _) = left_by_one().await;
    for _ in 0..5 {
        let fixture = garbage().await;
        let work = (1..=SHARDS).map(|number| {
            let fixture = fixture.clone();
            tokio::spawn(async move { collect(&fixture, share(number, SHARDS)).await })
        });
        for shard in work.collect::<Vec<_>>() {
            shard.await.expect("it does not panic");
        }
        let ledger = fixture.inspected().ledger().await.expect("a ledger");
        assert_eq!((ledger.condemned, ledger.releases.len()), (None, 1));
        // A list that was put and never named takes one look more.
        run(&fixture, greedy()).await;
        assert_eq!(keys(&fixture).await, expected);
        for id in ledger.releases.keys() {
            assert_eq!(fixture.inspected().faults_of(*id).await, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn what_falls_to_a_shard_that_is_missing_stays_condemned() {
    let (expected, all) = left_by_one().await;
    let fixture = garbage().await;
    let gate = Scripted::new(|_, call| if call.verb == Verb::Delete { Fate::Killed } else { Fate::Through });
    let site = fixture.site_through(gate.clone());
    assert!(gate.run(gc::collect(&site, &share(2, SHARDS))).await.is_none(), "it was to die");
    let doomed = condemned(&fixture).await;
    assert!(doomed.len() > 25, "{}", doomed.len());

    let mut deleted = 0;
    for number in [1, 3, 4] {
        deleted += collect(&fixture, share(number, SHARDS)).await.deleted;
        assert_eq!(condemned(&fixture).await, doomed, "nobody else touches them");
    }
    let there: BTreeSet<String> = everything(&*fixture.store).await.into_iter().map(|(_, version)| version).collect();
    assert!(doomed.iter().all(|pair| there.contains(&pair.version)));

    let last = collect(&fixture, share(2, SHARDS)).await;
    assert_eq!((last.pending, last.deleted), (doomed.len() as u64, doomed.len() as u64));
    assert_eq!(deleted + last.deleted, all);
    run(&fixture, greedy()).await;
    assert_eq!(keys(&fixture).await, expected);
    assert_eq!(condemned(&fixture).await, Vec::new());
}

/// What one shard could not delete stays on the list when another one is done.
#[tokio::test]
async fn a_shard_takes_off_the_list_only_what_is_its_own() {
    let fixture = garbage().await;
    let site = fixture.site_on(fixture.stubborn("static/1"));
    let mut failed = 0;
    for number in 1..=SHARDS {
        let collected = gc::collect(&site, &share(number, SHARDS)).await.expect("it goes on with the rest");
        failed += collected.unfinished.map_or(0, |undeleted| undeleted.failed);
    }
    assert_eq!((condemned(&fixture).await.len() as u64, failed), (111, 111));
    for number in 1..=SHARDS {
        collect(&fixture, share(number, SHARDS)).await;
    }
    assert_eq!(condemned(&fixture).await, Vec::new());
}
