//! Pages at their own URLs: written, changed and taken away, also after a publish that was cut short.

use std::sync::Arc;

use lastly::model::layout::ChannelName;
use lastly::publish::{Order, publish};
use lastly::store::{Store, Verb};

use crate::support::gated::{Call, Fate, Interlude, Scripted};
use crate::support::{Fixture, Tree, earlier, order, sealed_rules, target};

#[tokio::test]
async fn pages_are_changed_added_and_taken_away() {
    let fixture = Fixture::new();
    let mut tree = Tree::new(&[("index.html", "<h1>1"), ("gone.html", "<p>"), ("same.html", "<p>same"), ("a.js", "1")]);
    assert_eq!(fixture.publish(&tree).await.followed.pages_written, 3);
    tree.write("index.html", "<h1>2");
    tree.write("new/index.html", "<h1>new");
    tree.remove("gone.html");
    let followed = fixture.publish(&tree).await.followed;
    assert_eq!((followed.pages_written, followed.pages_removed), (2, 1));
    fixture.assert_live_shows(&tree).await;
    assert_eq!(fixture.inspected().page(&ChannelName::live(), "gone.html").await, None);
}

#[tokio::test]
async fn pages_come_back_without_files() {
    let fixture = Fixture::new();
    let one = Tree::new(&[("index.html", "<h1>1"), ("only-1.html", "<p>"), ("same.html", "<p>same")]);
    let two = Tree::new(&[("index.html", "<h1>2"), ("only-2.html", "<p>"), ("same.html", "<p>same")]);
    let first = fixture.publish(&one).await;
    fixture.publish(&two).await;
    let files = one.files.clone();
    drop(one);
    let moved = fixture.move_to(earlier(first.release)).await;
    assert_eq!((moved.followed.pages_written, moved.followed.pages_removed), (2, 1));
    fixture.inspected().assert_shows(&ChannelName::live(), &files).await;
}

#[tokio::test]
async fn pages_of_a_preview_lie_beside_its_manifest() {
    let fixture = Fixture::new();
    let (live, preview) = (Tree::new(&[("index.html", "<h1>live")]), Tree::new(&[("index.html", "<h1>preview")]));
    fixture.publish(&live).await;
    fixture.try_publish(&Order { target: target("pr-7"), ..order(&preview) }).await.expect("a publish without faults");
    fixture.assert_live_shows(&live).await;
    let page = fixture.inspected().page(&crate::support::channel("pr-7"), "index.html").await;
    assert_eq!(page.as_deref(), Some(&b"<h1>preview"[..]));
}

/// Three pages differ: one changed, one added, one taken away.
fn two_trees() -> (Tree, Tree) {
    let one = Tree::new(&[("index.html", "<h1>1"), ("only-1.html", "<p>"), ("same.html", "<p>same")]);
    (one, Tree::new(&[("index.html", "<h1>2"), ("only-2.html", "<p>"), ("same.html", "<p>same")]))
}

fn is_manifest(call: &Call) -> bool {
    matches!(call.verb, Verb::Create | Verb::Replace) && call.key.ends_with("manifest.json")
}

/// A publish that has written its pages dies before the manifest. Whatever is shown next, nothing of it stays.
#[tokio::test]
async fn pages_of_a_publish_that_was_cut_short_do_not_stay() {
    let three = Tree::new(&[("index.html", "<h1>3")]);
    for back in [true, false] {
        let fixture = Fixture::new();
        let (one, two) = two_trees();
        let first = fixture.publish(&one).await;
        let gate = Scripted::new(|_, call| if is_manifest(call) { Fate::Killed } else { Fate::Through });
        let site = fixture.site_through(gate.clone());
        assert!(gate.run(publish(&site, &[], &order(&two))).await.is_none(), "it was killed");
        if back {
            fixture.move_to(earlier(first.release)).await;
            fixture.assert_live_shows(&one).await;
        } else {
            fixture.publish(&three).await;
            fixture.assert_live_shows(&three).await;
        }
    }
}

/// The very first publish dies before its manifest.
#[tokio::test]
async fn pages_of_a_first_publish_that_was_cut_short_do_not_stay() {
    let fixture = Fixture::new();
    let (one, two) = two_trees();
    let gate = Scripted::new(|_, call| if is_manifest(call) { Fate::Killed } else { Fate::Through });
    let site = fixture.site_through(gate.clone());
    assert!(gate.run(publish(&site, &[], &order(&two))).await.is_none(), "it was killed");
    fixture.publish(&one).await;
    fixture.assert_live_shows(&one).await;
}

/// A publisher sleeps after its commit, a newer release follows, and then it goes on: it sees that it has been
/// outrun, and takes back what it has done to pages, also to those that the newer release does not have.
#[tokio::test]
async fn a_publisher_that_wakes_up_late_leaves_no_page_behind() {
    let is_page: fn(&Call) -> bool = |call| call.key.ends_with(".html") && call.key.matches('.').count() == 1;
    let is_note: fn(&Call) -> bool = is_manifest;
    for moment in [is_page, is_note] {
        for back in [true, false] {
            let fixture = Arc::new(Fixture::new());
            let (one, two) = two_trees();
            let first = fixture.publish(&one).await.release;
            let files = if back { one.files.clone() } else { Tree::new(&[("index.html", "<h1>3")]).files };
            let other = fixture.clone();
            let newer = async move {
                if back {
                    other.move_to(earlier(first)).await;
                } else {
                    other.publish(&Tree::new(&[("index.html", "<h1>3")])).await;
                }
            };
            let interlude = Interlude::new(moment, newer);
            let site = fixture.site_through(interlude.clone());
            let published = publish(&site, &[], &order(&two)).await.expect("it has moved the channel");
            assert!(interlude.happened() && published.unfinished.is_none(), "{:?}", published.unfinished);
            assert_eq!(published.channel.map(|(_, sequence)| sequence), Some(2));
            fixture.inspected().assert_shows(&ChannelName::live(), &files).await;
        }
    }
}

/// Someone has put an old copy of the ledger back: the pages are ahead of it.
#[tokio::test]
async fn pages_ahead_of_the_ledger_stop_a_publisher_at_once() {
    let fixture = Fixture::new();
    let (one, two) = two_trees();
    fixture.publish(&one).await;
    fixture.publish(&two).await;
    for name in ["manifest.json", "../.lastly/static/ledger.json"] {
        let key = lastly::model::layout::Key::new(&match name.strip_prefix("../") {
            Some(outside) => outside.to_owned(),
            None => format!("static/{name}"),
        });
        let etag = fixture.inspected().get(&key).await.expect("it is there").found.etag;
        fixture.store.remove(&key, &etag).await.expect("a store in memory answers");
    }
    let gate = Scripted::open();
    let published = publish(&fixture.site_through(gate.clone()), &[], &order(&one)).await;
    let unfinished = published.expect("the channel has moved").unfinished.expect("a page is newer");
    assert!(unfinished.to_string().contains("older ledger"), "{unfinished}");
    let requests = gate.calls().iter().filter(|call| !call.is_probe()).count();
    assert!(requests < 30, "{requests} requests");
}

/// A page may change and a sealed file may not, so no URL can be both.
#[tokio::test]
async fn a_file_is_either_a_page_or_sealed() {
    let tree = Tree::new(&[("sealed/app.html", "<h1>"), ("a.js", "1")]);
    let (plain, sealing) = (order(&tree), Order { rules: sealed_rules(), ..order(&tree) });
    for (before, after) in [(&plain, &sealing), (&sealing, &plain)] {
        let fixture = Fixture::new();
        fixture.try_publish(before).await.expect("a publish without faults");
        let refused = fixture.try_publish(after).await.expect_err("it cannot be both");
        assert!(refused.problems()[0].message.contains("`sealed/app.html`"), "{refused}");
        fixture.assert_live_shows(&tree).await;
    }
}
