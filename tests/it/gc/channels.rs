//! Channels that expire.

use std::sync::Arc;
use std::time::Duration;

use lastly::gc::plan::Class;
use lastly::publish::{Order, Target};
use lastly::rollback::{Destination, move_channel};
use lastly::store::{Store, Verb};

use super::{counted, keys, run, short, tree};
use crate::support::collector::greedy;
use crate::support::gated::{Call, Fate, Interlude, Scripted};
use crate::support::{Fixture, channel, move_order, order};

fn preview(files: &crate::support::Tree) -> Order {
    let expires = Some(Duration::from_secs(24 * 3600));
    let target = Target::Channel { name: channel("preview"), build: None, expect: None, expires };
    Order { target, ..order(files) }
}

async fn publish_preview(fixture: &Fixture, text: &str) {
    let published = fixture.try_publish(&preview(&tree(text))).await.expect("a publish");
    assert!(published.unfinished.is_none(), "{:?}", published.unfinished);
}

async fn assert_preview_shows(fixture: &Fixture, text: &str) {
    fixture.inspected().assert_shows(&channel("preview"), &tree(text).files).await;
}

#[tokio::test]
async fn an_expired_channel_goes_with_its_manifest_and_pages_and_its_objects_later() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    publish_preview(&fixture, "2").await;
    publish_preview(&fixture, "3").await;
    fixture.clock.pass(23);
    assert!(run(&fixture, short()).await.decision.channels.is_empty());
    fixture.clock.pass(1);
    let collected = run(&fixture, short()).await;
    assert_eq!(counted(&collected), [(Class::Manifest, 2), (Class::Page, 2)], "each was written twice");
    let left = keys(&fixture).await;
    assert!(!left.iter().any(|key| key.contains("/channels/")), "{left:?}");
    let ledger = fixture.inspected().ledger().await.expect("a ledger");
    assert_eq!((ledger.channels.len(), ledger.closed, ledger.releases.len()), (1, 2, 3));
    fixture.clock.pass(8 * 24);
    assert_eq!(run(&fixture, short()).await.decision.dropped().len(), 2);
    fixture.assert_live_shows(&tree("1")).await;
}

#[tokio::test]
async fn a_channel_of_the_same_name_begins_anew() {
    for text in ["2", "3"] {
        let fixture = Fixture::new();
        fixture.publish(&tree("1")).await;
        publish_preview(&fixture, "2").await;
        fixture.clock.pass(25);
        run(&fixture, short()).await;
        publish_preview(&fixture, text).await;
        assert_preview_shows(&fixture, text).await;
        assert_eq!(fixture.inspected().ledger().await.expect("a ledger").channels[&channel("preview")].sequence, 2);
    }
}

/// The channel is made anew while what is left of the old one is about to be deleted: the same files, or others.
#[tokio::test]
async fn a_channel_that_comes_back_meanwhile_is_not_touched() {
    let is_swap: fn(&Call) -> bool = |call| call.verb == Verb::Replace && call.key.ends_with("ledger.json");
    let is_delete: fn(&Call) -> bool = |call| call.verb == Verb::Delete;
    let is_look: fn(&Call) -> bool = |call| call.verb == Verb::List && call.key.ends_with("preview/manifest.json");
    // Before the swap the channel still shows "2": publishing that again moves nothing, and so does not renew it.
    for (place, text) in [(is_swap, "3"), (is_delete, "2"), (is_delete, "3"), (is_look, "2"), (is_look, "3")] {
        let fixture = Arc::new(Fixture::new());
        fixture.publish(&tree("1")).await;
        publish_preview(&fixture, "2").await;
        fixture.clock.pass(25);
        let other = fixture.clone();
        let interlude = Interlude::new(place, async move { publish_preview(&other, text).await });
        let site = fixture.site_through(interlude.clone());
        lastly::gc::collect(&site, &crate::support::collector::by(short())).await.expect("a collection");
        assert!(interlude.happened());
        assert_preview_shows(&fixture, text).await;
        run(&fixture, greedy()).await;
        assert_preview_shows(&fixture, text).await;
    }
}

/// The one before would come to light, and it names what may be gone: it goes first, and the last one only after it.
#[tokio::test]
async fn the_former_versions_of_a_manifest_go_before_the_last() {
    let fixture = Fixture::new();
    publish_preview(&fixture, "1").await;
    publish_preview(&fixture, "2").await;
    fixture.clock.pass(25);
    let key = fixture.layout.key(&lastly::model::layout::Name::manifest(&channel("preview")));
    let newest = fixture.inspected().get(&key).await.expect("a manifest").found.version;
    let gate = Scripted::new(|number, call| match call.verb == Verb::Delete && call.key.ends_with("manifest.json") {
        true if number > 0 => Fate::KilledAfter,
        _ => Fate::Through,
    });
    let order = crate::support::collector::by(short());
    let end = gate.run(lastly::gc::collect(&fixture.site_through(gate.clone()), &order)).await;
    assert!(end.is_none(), "it was to die in the middle");
    assert_eq!(fixture.inspected().get(&key).await.expect("still there").found.version, newest);
    run(&fixture, short()).await;
    assert!(fixture.inspected().get(&key).await.is_none());
}

/// What such a manifest shows stays as long as it is there.
#[tokio::test]
async fn a_manifest_that_cannot_be_deleted_keeps_its_release() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    publish_preview(&fixture, "2").await;
    fixture.clock.pass(25);
    let store = fixture.stubborn("/channels/");
    let order = crate::support::collector::by(greedy());
    for _ in 0..2 {
        let collected = lastly::gc::collect(&fixture.site_on(store.clone()), &order).await.expect("a collection");
        assert!(collected.unfinished.is_some() && collected.decision.dropped().is_empty());
    }
    assert_eq!(fixture.inspected().faults_of_manifest(&channel("preview")).await, Vec::<String>::new());
    run(&fixture, greedy()).await;
    assert_eq!(run(&fixture, greedy()).await.decision.dropped().len(), 1);
}

/// A rollback without a channel to roll back says so, whoever was first.
#[tokio::test]
async fn a_rollback_of_a_channel_that_has_gone_is_refused() {
    let fixture = Fixture::new();
    publish_preview(&fixture, "1").await;
    publish_preview(&fixture, "2").await;
    fixture.clock.pass(25);
    run(&fixture, short()).await;
    let order = lastly::rollback::Order { channel: channel("preview"), ..move_order(Destination::Before) };
    let error = move_channel(&fixture.site(), &[], &order).await.expect_err("there is no such channel");
    assert_eq!(error.to_string(), "there is no channel `preview`");
    assert!(fixture.store.requests().total() > 0);
}
