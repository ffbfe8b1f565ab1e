//! Moving channels: upload and activation, rollbacks, previews, and the refusals that move nothing.

use lastly::error::Kind;
use lastly::model::layout::ChannelName;
use lastly::publish::{Order, Target};
use lastly::rollback::{self, Destination};

use crate::support::{Fixture, Tree, channel, earlier, move_order, order, target, uploaded};

/// Three trees that share an asset, published to `live` in turn.
async fn three(fixture: &Fixture) -> [Tree; 3] {
    let trees = ["1", "2", "3"].map(|n| Tree::new(&[("index.html", n), ("a.js", n), ("shared.css", "a{}")]));
    for tree in &trees {
        fixture.publish(tree).await;
    }
    trees
}

fn numbered(tree: &Tree, build: u64) -> Order {
    let target = Target::Channel { name: ChannelName::live(), build: Some(build), expect: None, expires: None };
    Order { target, ..order(tree) }
}

fn expecting(tree: &Tree, expect: &str) -> Order {
    let expect = Some(expect.to_owned());
    Order { target: Target::Channel { name: ChannelName::live(), build: None, expect, expires: None }, ..order(tree) }
}

#[tokio::test]
async fn an_upload_is_shown_by_its_activation() {
    let fixture = Fixture::with_cdn();
    let (old, new) = (Tree::new(&[("a.js", "1")]), Tree::new(&[("a.js", "2"), ("index.html", "<h1>")]));
    fixture.publish(&old).await;
    let staged = fixture.try_publish(&Order { target: Target::Staged, ..order(&new) }).await.expect("an upload");
    assert_eq!((staged.channel, staged.moved, staged.new), (None, false, 2));
    fixture.assert_live_shows(&old).await;

    let (moved, requests, _) = fixture.cost(fixture.move_to(uploaded(staged.release))).await;
    assert_eq!((moved.release, moved.sequence, moved.moved), (staged.release, 2, true));
    fixture.assert_live_shows(&new).await;
    // Ledger, swap, manifest, release document, page with its bytes, manifest, CDN, note.
    assert_eq!(requests, 9);
    let (again, ..) = fixture.cost(fixture.move_to(uploaded(staged.release))).await;
    assert_eq!((again.sequence, again.moved), (2, false));
}

#[tokio::test]
async fn an_upload_made_twice_is_made_once() {
    let fixture = Fixture::new();
    let tree = Tree::new(&[("a.js", "1")]);
    let upload = Order { target: Target::Staged, ..order(&tree) };
    let first = fixture.try_publish(&upload).await.expect("an upload");
    let (again, requests, _) = fixture.cost(fixture.try_publish(&upload)).await;
    assert_eq!(again.expect("an upload").release, first.release);
    assert!(requests <= 2, "{requests} requests");
}

#[tokio::test]
async fn two_rollbacks_go_back_two_releases() {
    let fixture = Fixture::with_cdn();
    let [one, two, three] = three(&fixture).await;
    fixture.move_to(Destination::Before).await;
    fixture.assert_live_shows(&two).await;
    fixture.move_to(Destination::Before).await;
    fixture.assert_live_shows(&one).await;
    let refused = fixture.try_move(&move_order(Destination::Before)).await.expect_err("nothing is left");
    assert_eq!(refused.kind(), Kind::Failed);
    fixture.assert_live_shows(&one).await;
    fixture.publish(&three).await;
    fixture.assert_live_shows(&three).await;
}

#[tokio::test]
async fn a_preview_shares_what_live_has() {
    let fixture = Fixture::with_cdn();
    let mut tree = Tree::new(&[]);
    for at in 0..30 {
        tree.write(&format!("{at}.js"), at.to_string());
    }
    fixture.publish(&tree).await;
    tree.write("0.js", "changed");
    let preview = Order { target: target("pr-1"), ..order(&tree) };
    let (published, requests, _) = fixture.cost(fixture.try_publish(&preview)).await;
    let published = published.expect("a publish without faults");
    assert_eq!((published.new, published.reused), (1, 29));
    assert_eq!(published.channel, Some((channel("pr-1"), 1)));
    assert!(requests <= 1 + 9, "{requests} requests");
    assert_eq!(fixture.inspected().faults_of_manifest(&channel("pr-1")).await, Vec::<String>::new());
    // Once it is good, live shows it without another upload.
    let moved = fixture.move_to(earlier(published.release)).await;
    assert!(moved.moved);
    fixture.assert_live_shows(&tree).await;
}

#[tokio::test]
async fn refusals_move_nothing() {
    let fixture = Fixture::new();
    let [one, two, _] = three(&fixture).await;
    fixture.try_publish(&numbered(&two, 40)).await.expect("a publish without faults");
    let before = fixture.inspected().ledger().await;
    for order in [numbered(&one, 39), expecting(&one, "0123456789abcdef"), expecting(&one, "none")] {
        let refused = fixture.try_publish(&order).await.expect_err("it is outrun");
        assert_eq!(refused.kind(), Kind::Outrun, "{refused}");
    }
    let first = fixture.inspected().ledger().await.expect("a ledger").channels[&ChannelName::live()].moves[0].release;
    for order in [
        rollback::Order { build: Some(39), ..move_order(earlier(first)) },
        rollback::Order { expect: Some(first.to_string()), ..move_order(earlier(first)) },
    ] {
        let refused = fixture.try_move(&order).await.expect_err("it is outrun");
        assert_eq!(refused.kind(), Kind::Outrun, "{refused}");
    }
    assert_eq!(fixture.inspected().ledger().await, before);
    fixture.assert_live_shows(&two).await;
}

#[tokio::test]
async fn the_expected_release_lets_a_publish_through() {
    let fixture = Fixture::new();
    let (one, two) = (Tree::new(&[("a.js", "1")]), Tree::new(&[("a.js", "2")]));
    let first = fixture.try_publish(&expecting(&one, "none")).await.expect("a first publish");
    let second = expecting(&two, &first.release.to_string()[..8]);
    fixture.try_publish(&second).await.expect("nobody was faster");
    // The same command once more finds its own work, and is content.
    assert!(!fixture.try_publish(&second).await.expect("nothing to do").moved);
    fixture.assert_live_shows(&two).await;
}

/// A build that found its own files published already has been published all the same (I4).
#[tokio::test]
async fn an_unchanged_tree_still_counts_as_a_build() {
    let fixture = Fixture::with_cdn();
    let (tree, other) = (Tree::new(&[("a.js", "1")]), Tree::new(&[("a.js", "2")]));
    fixture.try_publish(&numbered(&tree, 40)).await.expect("a first publish");
    let (published, requests, _) = fixture.cost(fixture.try_publish(&numbered(&tree, 42))).await;
    assert!(!published.expect("nothing to do").moved);
    assert!(requests <= 2, "{requests} requests");
    for late in [numbered(&other, 41), numbered(&tree, 41)] {
        let refused = fixture.try_publish(&late).await.expect_err("it is outrun");
        assert_eq!(refused.kind(), Kind::Outrun);
    }
    let release = fixture.inspected().ledger().await.expect("a ledger").channels[&ChannelName::live()].release;
    let late = rollback::Order { build: Some(41), ..move_order(uploaded(release)) };
    assert_eq!(fixture.try_move(&late).await.expect_err("it is outrun").kind(), Kind::Outrun);
    let activated = rollback::Order { build: Some(43), ..move_order(uploaded(release)) };
    assert!(!fixture.try_move(&activated).await.expect("nothing to do").moved);
    let refused = fixture.try_publish(&numbered(&other, 42)).await.expect_err("it is outrun");
    assert_eq!(refused.kind(), Kind::Outrun);
    fixture.assert_live_shows(&tree).await;
}
