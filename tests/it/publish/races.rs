//! What others do while a publisher is at work: collectors that condemn, delete and reap, other publishers, and a
//! network that echoes.

use std::sync::Arc;

use async_trait::async_trait;
use lastly::error::Kind;
use lastly::gc::{self, Policy};
use lastly::publish::{Order, Target, publish};
use lastly::rollback::{Destination, move_channel};
use lastly::store::{Store, Verb};

use crate::support::collector::{by, collect, condemn, condemned, delete, greedy};
use crate::support::gated::{Call, Fate, Gate, Interlude};
use crate::support::{Fixture, Tree, move_order, order};

fn trees() -> (Tree, Tree) {
    let shown = Tree::new(&[("a.js", "1"), ("index.html", "<h1>1")]);
    (shown, Tree::new(&[("a.js", "2"), ("b.js", "2"), ("index.html", "<h1>2")]))
}

#[tokio::test]
async fn an_object_that_is_condemned_is_made_anew() {
    let fixture = Fixture::new();
    let (shown, next) = trees();
    fixture.publish(&shown).await;
    let upload = Order { target: Target::Staged, ..order(&next) };
    fixture.try_publish(&upload).await.expect("an upload");
    condemn(&fixture).await;
    let doomed = condemned(&fixture).await;
    assert_eq!(doomed.iter().filter(|pair| !pair.key.as_str().contains("/probe/")).count(), 4);
    let (published, _, verbs) = fixture.cost(fixture.publish(&next)).await;
    assert!(verbs.0[&Verb::Replace] >= 4, "three objects and the document are there, and doomed: {verbs:?}");
    assert_eq!(published.new, 3);
    // Deletes arrive late, and once more.
    for _ in 0..2 {
        delete(&fixture, &doomed).await;
    }
    fixture.assert_live_shows(&next).await;
}

/// Everything that the publisher has made is collected before its intent is entered, and then again before it
/// commits, when its intent has been reaped.
#[tokio::test]
async fn what_is_collected_under_a_publishers_hands_is_made_again() {
    let is_swap: fn(&Call) -> bool = |call| call.verb == Verb::Replace && call.key.ends_with("ledger.json");
    let is_upload: fn(&Call) -> bool = |call| call.verb == Verb::Create && call.key.contains("/b.");
    for (deleted, when) in [(true, is_swap), (false, is_swap), (true, is_upload), (false, is_upload)] {
        let fixture = Arc::new(Fixture::new());
        let (shown, next) = trees();
        fixture.publish(&shown).await;
        let collector = fixture.clone();
        let interlude = Interlude::new(when, async move {
            if deleted {
                collect(&collector.site()).await.expect("nobody else is at it");
            } else {
                condemn(&collector).await;
            }
        });
        let site = fixture.site_through(interlude.clone());
        let published = publish(&site, &[], &order(&next)).await.expect("the publisher does not give up");
        assert!(interlude.happened() && published.unfinished.is_none());
        delete(&fixture, &condemned(&fixture).await).await;
        fixture.assert_live_shows(&next).await;
        assert!(fixture.inspected().ledger().await.expect("a ledger").intents.is_empty());
    }
}

#[tokio::test]
async fn a_release_that_is_dropped_before_it_is_shown_again_is_made_again() {
    let fixture = Arc::new(Fixture::new());
    let (shown, next) = trees();
    fixture.publish(&next).await;
    fixture.publish(&shown).await;
    let collector = fixture.clone();
    let is_swap = |call: &Call| call.verb == Verb::Replace && call.key.ends_with("ledger.json");
    let interlude = Interlude::new(is_swap, async move {
        collect(&collector.site()).await.expect("nobody else is at it");
    });
    let published = publish(&fixture.site_through(interlude.clone()), &[], &order(&next)).await;
    assert!(published.expect("the files are at hand").moved && interlude.happened());
    fixture.assert_live_shows(&next).await;
}

/// The collector ends between the publisher's registration and its look at the list: whatever the publisher saw
/// before may be gone, and no list says so any more.
#[tokio::test]
async fn a_list_that_is_acknowledged_meanwhile_says_nothing_of_what_was_seen_before() {
    let fixture = Arc::new(Fixture::new());
    let (shown, next) = trees();
    fixture.publish(&shown).await;
    fixture.try_publish(&Order { target: Target::Staged, ..order(&next) }).await.expect("an upload");
    condemn(&fixture).await;
    let collector = fixture.clone();
    let interlude = Interlude::new(|call| call.verb == Verb::Get && call.key.contains("/condemned/"), async move {
        let policy = Policy { intent_ttl: Policy::default().intent_ttl, ..greedy() };
        gc::collect(&collector.site(), &by(policy)).await.expect("nobody else is at it");
    });
    let published = publish(&fixture.site_through(interlude.clone()), &[], &order(&next)).await;
    assert!(published.expect("a publish without faults").unfinished.is_none() && interlude.happened());
    fixture.assert_live_shows(&next).await;
}

/// A list that cannot be read stops a publisher; it must not leave its intent behind, nor trust what it sees.
#[tokio::test]
async fn a_lost_condemned_list_stops_a_publisher_cleanly() {
    let fixture = Fixture::new();
    let (shown, next) = trees();
    fixture.publish(&shown).await;
    fixture.try_publish(&Order { target: Target::Staged, ..order(&next) }).await.expect("an upload");
    condemn(&fixture).await;
    let list = fixture.inspected().ledger().await.expect("a ledger").condemned.expect("a list");
    let key = fixture.layout.condemned(list);
    let etag = fixture.inspected().get(&key).await.expect("the list").found.etag;
    fixture.store.remove(&key, &etag).await.expect("a store in memory answers");
    let error = fixture.try_publish(&order(&next)).await.expect_err("nobody knows what is doomed");
    assert_eq!(error.kind(), Kind::Failed);
    assert!(error.to_string().contains(key.as_str()), "{error}");
    assert!(fixture.inspected().ledger().await.expect("a ledger").intents.is_empty());
    fixture.assert_live_shows(&shown).await;
}

/// A ledger that goes away is never taken for a site that has not begun.
#[tokio::test]
async fn a_ledger_that_vanishes_is_not_begun_anew() {
    for place in [1, 2] {
        let fixture = Arc::new(Fixture::new());
        let (shown, next) = trees();
        fixture.publish(&shown).await;
        let vandal = fixture.clone();
        let vanish = async move {
            let key = vandal.layout.ledger();
            let etag = vandal.inspected().get(&key).await.expect("a ledger").found.etag;
            vandal.store.remove(&key, &etag).await.expect("a store in memory answers");
        };
        let when: fn(&Call) -> bool = match place {
            1 => |call| call.verb == Verb::Replace && call.key.ends_with("ledger.json"),
            _ => |call| call.verb == Verb::Create && call.key.contains("/b."),
        };
        let site = fixture.site_through(Interlude::new(when, vanish));
        let error = publish(&site, &[], &order(&next)).await.expect_err("the ledger is gone");
        assert_eq!(error.kind(), Kind::Failed, "{error}");
        assert!(fixture.inspected().ledger().await.is_none());
    }
}

/// Two first publishes at once: the slower one sees the faster one's manifest, but has read no ledger.
#[tokio::test]
async fn a_first_publish_that_is_overtaken_goes_on() {
    let fixture = Arc::new(Fixture::new());
    let (first, next) = trees();
    let other = fixture.clone();
    let interlude = Interlude::new(|call| call.verb == Verb::Head, async move { drop(other.publish(&first).await) });
    let site = fixture.site_through(interlude.clone());
    let published = publish(&site, &[], &order(&next)).await.expect("there is a ledger by now");
    assert!(interlude.happened());
    assert_eq!(published.channel.map(|(_, sequence)| sequence), Some(2));
    fixture.assert_live_shows(&next).await;
}

/// A rollback that was asked for while the second release was shown must not take away a third.
#[tokio::test]
async fn a_rollback_never_undoes_what_it_has_not_seen() {
    let fixture = Arc::new(Fixture::new());
    let (one, two) = trees();
    fixture.publish(&one).await;
    fixture.publish(&two).await;
    let other = fixture.clone();
    let publish_third = async move {
        other.publish(&Tree::new(&[("a.js", "3")])).await;
    };
    let interlude = Interlude::new(|call| call.verb == Verb::Replace, publish_third);
    let site = fixture.site_through(interlude.clone());
    let refused = move_channel(&site, &[], &move_order(Destination::Before)).await.expect_err("it is outrun");
    assert_eq!(refused.kind(), Kind::Outrun);
    assert!(interlude.happened());
    fixture.assert_live_shows(&Tree::new(&[("a.js", "3")])).await;
}

/// Every write is carried out, its answer lost, and tried again by the client: the caller hears that it came second.
#[derive(Debug)]
struct Echo;

#[async_trait]
impl Gate for Echo {
    async fn fate(&self, call: &Call) -> Fate {
        if matches!(call.verb, Verb::Create | Verb::Replace | Verb::Remove) { Fate::Echoed } else { Fate::Through }
    }
}

#[tokio::test]
async fn a_refusal_that_echoes_the_own_success_is_understood() {
    let fixture = Fixture::new();
    let (one, two) = trees();
    let site = fixture.site_through(Arc::new(Echo));
    for (at, tree) in [&one, &two, &one].into_iter().enumerate() {
        let published = publish(&site, &[], &order(tree)).await.expect("all of it was carried out");
        assert!(published.unfinished.is_none(), "{:?}", published.unfinished);
        assert_eq!(published.channel.map(|(_, sequence)| sequence), Some(at as u64 + 1));
        fixture.assert_live_shows(tree).await;
    }
    let moved = move_channel(&site, &[], &move_order(Destination::Before)).await.expect("all of it was carried out");
    assert_eq!((moved.sequence, moved.unfinished.is_none()), (4, true));
    fixture.assert_live_shows(&two).await;
}
