//! Collectors that die or whose requests fail, at every request: the next collection finishes what was begun, and
//! nothing that is kept is ever missing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use lastly::error::Kind;
use lastly::gc;
use lastly::publish::{Order, publish};
use lastly::store::Verb;

use super::{everything, keys, run, short, three_releases, tree};
use crate::support::Fixture;
use crate::support::collector::{by, greedy};
use crate::support::gated::{Fate, Gated, Interlude, Scripted};

/// Publishes, and dies before the commit.
pub(super) async fn die_before_commit(fixture: &Fixture, order: &Order) {
    let swaps = std::sync::atomic::AtomicUsize::new(0);
    let gate = Scripted::new(move |_, call| {
        let is_swap = call.verb == Verb::Replace && call.key.ends_with("ledger.json");
        match is_swap && swaps.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0 {
            true => Fate::Killed,
            false => Fate::Through,
        }
    });
    let end = gate.run(publish(&fixture.site_through(gate.clone()), &[], order)).await;
    assert!(end.is_none(), "it was to die");
}

#[tokio::test]
async fn a_collection_that_fails_anywhere_is_finished_by_the_next() {
    let undisturbed = Fixture::new();
    three_releases(&undisturbed).await;
    let gate = Scripted::open();
    gc::collect(&undisturbed.site_through(gate.clone()), &by(greedy())).await.expect("a collection without faults");
    let (requests, expected) = (gate.calls().len(), keys(&undisturbed).await);
    assert!(requests > 10, "{requests}");
    for fate in [Fate::Killed, Fate::KilledAfter, Fate::Refused, Fate::Vanished, Fate::Lost, Fate::Echoed] {
        for at in 0..requests {
            let fixture = Fixture::new();
            three_releases(&fixture).await;
            let gate = Scripted::new(move |number, _| if number == at { fate } else { Fate::Through });
            drop(gate.run(gc::collect(&fixture.site_through(gate.clone()), &by(greedy()))).await);
            let ledger = fixture.inspected().ledger().await.expect("a ledger");
            for id in ledger.releases.keys() {
                let faults = fixture.inspected().faults_of(*id).await;
                assert_eq!(faults, Vec::<String>::new(), "{fate:?} at {at}");
            }
            run(&fixture, greedy()).await;
            // A list that was put and never named takes one look more.
            run(&fixture, greedy()).await;
            assert_eq!(keys(&fixture).await, expected, "{fate:?} at {at}");
            assert_eq!(fixture.inspected().ledger().await.expect("a ledger").condemned, None);
            fixture.assert_live_shows(&tree("3")).await;
        }
    }
}

/// The model found this: the swap was done, its answer was lost, and what it had dropped was published again before the
/// collector could look. It took its list for one that nobody names, and deleted what every publisher then had to read.
#[tokio::test]
async fn a_list_that_the_ledger_names_is_not_deleted_by_whoever_lost_its_answer() {
    for meanwhile in [false, true] {
        let fixture = Arc::new(Fixture::new());
        three_releases(&fixture).await;
        let swaps = AtomicUsize::new(0);
        let gate = Scripted::new(move |_, call| {
            let is_swap = call.verb == Verb::Replace && call.key.ends_with("ledger.json");
            if is_swap && swaps.fetch_add(1, Ordering::Relaxed) == 0 { Fate::Lost } else { Fate::Through }
        });
        let lost = Arc::new(Gated::new(fixture.store.clone(), gate.clone()));
        let other = fixture.clone();
        let named = Arc::new(Mutex::new(None));
        let seen = named.clone();
        // The first look at the ledger after the lost swap, which is a get like those before it.
        let watched = gate.clone();
        let interlude = Interlude::when(
            move |call| {
                let has_swapped = watched.calls().iter().any(|call| call.verb == Verb::Replace);
                has_swapped && call.verb == Verb::Get && call.key.ends_with("ledger.json")
            },
            async move {
                *seen.lock().expect("nobody panics with it") =
                    other.inspected().ledger().await.expect("a ledger").condemned;
                if meanwhile {
                    drop(other.publish(&tree("1")).await);
                }
            },
        );
        let site = fixture.site_on(Arc::new(Gated::new(lost, interlude.clone())));
        let collected = gc::collect(&site, &by(greedy())).await.expect("it goes on");
        assert!(interlude.happened() && collected.unfinished.is_none(), "{:?}", collected.unfinished);
        let list = named.lock().expect("nobody panics with it").expect("the swap was done");
        let key = fixture.layout.condemned(list);
        // Until a swap has put another list in its place, it is not deleted.
        let calls = gate.calls();
        let gone = calls.iter().position(|call| call.verb == Verb::Delete && call.key == key.as_str());
        let swapped = calls
            .iter()
            .enumerate()
            .filter(|(_, call)| call.verb == Verb::Replace && call.key.ends_with("ledger.json"));
        let swaps: Vec<usize> = swapped.map(|(at, _)| at).collect();
        assert!(swaps.len() > 1 && gone > Some(swaps[1]), "{meanwhile}: {gone:?} {swaps:?}");
        let ledger = fixture.inspected().ledger().await.expect("a ledger");
        assert_eq!(ledger.condemned, None);
        for id in ledger.releases.keys() {
            assert_eq!(fixture.inspected().faults_of(*id).await, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn what_cannot_be_deleted_stays_condemned_and_harms_nobody() {
    let fixture = Fixture::new();
    three_releases(&fixture).await;
    let site = fixture.site_on(fixture.stubborn("/a."));
    for _ in 0..2 {
        let collected = gc::collect(&site, &by(greedy())).await.expect("it goes on with the rest");
        let undeleted = lastly::error::Error::from(collected.unfinished.expect("two could not be deleted"));
        assert_eq!(undeleted.kind(), Kind::Failed);
        assert!(undeleted.to_string().starts_with("2 of "), "{undeleted}");
        assert!(undeleted.hints()[0].contains("lastly policy gc"), "{:?}", undeleted.hints());
    }
    let left = crate::support::collector::condemned(&fixture).await;
    assert_eq!(left.len(), 2, "{left:?}");
    fixture.publish(&tree("1")).await;
    assert_eq!(run(&fixture, short()).await.deleted, 2);
    fixture.assert_live_shows(&tree("1")).await;
    assert_eq!(fixture.inspected().ledger().await.expect("a ledger").condemned, None);
}

#[tokio::test]
async fn a_store_that_stops_answering_loses_nothing() {
    for failing in [Verb::List, Verb::Get, Verb::Create, Verb::Replace, Verb::Delete] {
        let fixture = Fixture::new();
        three_releases(&fixture).await;
        let before = everything(&*fixture.store).await;
        let gate = Scripted::new(move |_, call| if call.verb == failing { Fate::Refused } else { Fate::Through });
        let outcome = gc::collect(&fixture.site_through(gate), &by(greedy())).await;
        match failing {
            Verb::Delete => assert!(outcome.expect("the ledger knows").unfinished.is_some()),
            _ => assert_eq!(outcome.expect_err("it cannot go on").kind(), Kind::Failed, "{failing:?}"),
        }
        let after = everything(&*fixture.store).await;
        assert!(before.is_subset(&after), "{failing:?}");
        run(&fixture, greedy()).await;
        fixture.assert_live_shows(&tree("3")).await;
    }
}
