//! Publishing: what ends up in the store, and how many requests it takes (I5, I6, I7).

mod files;
mod moves;
mod pages;
mod races;

use std::collections::BTreeMap;

use lastly::error::Kind;
use lastly::model::layout::ChannelName;
use lastly::publish::{Order, publish};
use lastly::store::Verb;

use crate::support::gated::Scripted;
use crate::support::inspect::address_in;
use crate::support::{Fixture, Tree, order, target};

/// `count` scripts with bytes of their own, besides a page.
fn many(count: usize) -> Tree {
    let mut tree = Tree::new(&[("index.html", "<h1>home</h1>")]);
    for at in 0..count {
        tree.write(&format!("js/{at}.js"), format!("export default {at};"));
    }
    tree
}

#[tokio::test]
async fn a_first_publish_puts_everything_in_its_place() {
    let fixture = Fixture::with_cdn();
    let tree = Tree::new(&[("css/app.css", "a{}"), ("index.html", "<h1>"), ("⊗ %2F.txt", "odd")]);
    let published = fixture.publish(&tree).await;
    assert!(published.moved);
    assert_eq!(published.channel, Some((ChannelName::live(), 1)));
    assert_eq!((published.new, published.reused, published.retired), (3, 0, 0));
    assert_eq!(published.files, (3, 10));
    assert_eq!((published.bytes_uploaded, published.followed.pages_written), (10, 1));
    fixture.assert_live_shows(&tree).await;

    let manifest = fixture.inspected().manifest_json(&ChannelName::live()).await.expect("a manifest");
    let name = manifest["paths"]["css/app.css"].as_str().expect("a name");
    assert!(name.starts_with("css/app.") && name.ends_with(".css") && address_in(name).is_some(), "{name}");
    assert_eq!(manifest["paths"]["index.html"], "index.html");
    let told: Vec<String> = fixture.cdn.told().iter().map(|stale| stale.name.to_string()).collect();
    assert_eq!(told, ["manifest.json"]);
}

#[tokio::test]
async fn a_publish_that_changes_nothing_costs_two_requests() {
    let fixture = Fixture::with_cdn();
    let tree = many(20);
    let first = fixture.publish(&tree).await;
    let (again, requests, _) = fixture.cost(fixture.publish(&tree)).await;
    assert!(!again.moved);
    assert_eq!((again.release, again.channel.clone()), (first.release, first.channel));
    assert_eq!((again.new, again.reused), (0, 21));
    assert!(requests <= 2, "{requests} requests");
    // Another machine, another folder, another prefix: the same files.
    let (_, requests, _) = fixture.cost(fixture.publish(&many(20))).await;
    assert!(requests <= 2, "{requests} requests");
}

#[tokio::test]
async fn changed_assets_cost_a_request_each_and_nine_together() {
    for fixture in [Fixture::with_cdn(), Fixture::new()] {
        let mut tree = many(100);
        fixture.publish(&tree).await;
        for (round, changed) in [1, 10, 3].into_iter().enumerate() {
            for at in 0..changed {
                tree.write(&format!("js/{at}.js"), format!("export default 'round {round}, {at}';"));
            }
            let (published, requests, verbs) = fixture.cost(fixture.publish(&tree)).await;
            assert_eq!((published.new, published.reused), (changed, 101 - changed));
            assert_eq!(published.retired, changed);
            assert!(requests <= changed as u64 + 9, "{changed} changed: {requests} requests, {verbs:?}");
            for verb in [Verb::List, Verb::Head, Verb::Delete] {
                assert_eq!(verbs.0.get(&verb), None, "{verbs:?}");
            }
        }
        fixture.assert_live_shows(&tree).await;
    }
}

#[tokio::test]
async fn a_first_publish_looks_at_no_asset() {
    let fixture = Fixture::new();
    let gate = Scripted::open();
    publish(&fixture.site_through(gate.clone()), &[], &order(&many(50))).await.expect("a publish without faults");
    let looks = gate.calls().into_iter().filter(|call| !matches!(call.verb, Verb::Create | Verb::Replace));
    let looks: Vec<String> = looks.filter(|call| !call.is_probe()).map(|call| call.to_string()).collect();
    assert_eq!(looks, ["get .lastly/static/ledger.json", "head static/manifest.json", "get static/manifest.json"]);
}

#[tokio::test]
async fn a_tree_that_comes_back_uploads_nothing() {
    let fixture = Fixture::with_cdn();
    let (one, two) = (many(10), Tree::new(&[("js/0.js", "other"), ("index.html", "<h1>other")]));
    let first = fixture.publish(&one).await;
    fixture.publish(&two).await;
    let (back, requests, _) = fixture.cost(fixture.publish(&one)).await;
    assert_eq!(back.release, first.release);
    assert_eq!(back.channel, Some((ChannelName::live(), 3)));
    assert_eq!((back.new, back.bytes_uploaded, back.moved), (0, 0, true));
    assert!(requests <= 1 + 9, "{requests} requests");
    fixture.assert_live_shows(&one).await;
}

#[tokio::test]
async fn the_same_tree_has_the_same_release_id_anywhere() {
    let files = [("b/x.js", "1"), ("a.css", "2"), ("index.html", "3"), ("b/a/deep.svg", "<svg/>")];
    let mut backwards = files;
    backwards.reverse();
    let mut ids = Vec::new();
    for (files, prefix) in [(files, "static"), (backwards, "some/other/place"), (backwards, "")] {
        let fixture = Fixture { layout: lastly::model::layout::Layout::new(prefix, None), ..Fixture::new() };
        let tree = Tree::new(&files);
        ids.push(fixture.publish(&tree).await.release);
        fixture.assert_live_shows(&tree).await;
    }
    assert_eq!(ids, [ids[0]; 3]);
}

#[tokio::test]
async fn a_raised_generation_gives_every_asset_a_new_url() {
    let fixture = Fixture::new();
    let tree = Tree::new(&[("a.css", "a{}"), ("index.html", "<h1>")]);
    let live = ChannelName::live();
    let paths = async |order: &Order| {
        let published = fixture.try_publish(order).await.expect("a publish without faults");
        let json = fixture.inspected().manifest_json(&live).await.expect("a manifest");
        let paths: BTreeMap<String, String> = serde_json::from_value(json["paths"].clone()).expect("texts");
        (published, paths)
    };
    let (first, before) = paths(&order(&tree)).await;
    let (second, after) = paths(&Order { generation: 1, ..order(&tree) }).await;
    assert_eq!((first.new, second.new), (2, 2));
    assert_ne!(before["a.css"], after["a.css"]);
    assert_eq!(after["index.html"], "index.html");
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_foretells_everything() {
    let fixture = Fixture::with_cdn();
    let mut tree = many(5);
    for _ in 0..2 {
        let dry = Order { dry_run: true, ..order(&tree) };
        let (planned, _, verbs) = fixture.cost(fixture.try_publish(&dry)).await;
        let planned = planned.expect("a dry run");
        assert!(verbs.0.keys().all(|verb| matches!(verb, Verb::Get | Verb::Head)), "{verbs:?}");
        let real = fixture.publish(&tree).await;
        assert_eq!(planned.release, real.release);
        assert_eq!((planned.new, planned.reused, planned.retired), (real.new, real.reused, real.retired));
        assert_eq!((planned.bytes_uploaded, planned.moved), (real.bytes_uploaded, false));
        tree.write("js/1.js", "changed");
    }
}

#[tokio::test]
async fn a_manifest_without_its_ledger_stops_everything() {
    let live = Tree::new(&[("a.css", "a{}")]);
    for order in [
        order(&live),
        Order { target: target("preview"), ..order(&live) },
        Order { target: lastly::publish::Target::Staged, ..order(&live) },
    ] {
        let fixture = Fixture::new();
        fixture.publish(&live).await;
        let other = Fixture { layout: lastly::model::layout::Layout::new("static", Some("elsewhere")), ..fixture };
        let (refused, _, verbs) = other.cost(other.try_publish(&order)).await;
        let refused = refused.expect_err("there is a manifest, but no ledger");
        assert_eq!(refused.kind(), Kind::Failed);
        assert!(refused.to_string().contains("static/manifest.json"), "{refused}");
        assert!(verbs.0.keys().all(|verb| matches!(verb, Verb::Get | Verb::Head)), "{verbs:?}");
    }
}
