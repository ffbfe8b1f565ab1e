//! Files that are special: sealed, large, or changing while they are published.

use std::sync::{Arc, Mutex};

use lastly::error::Kind;
use lastly::event::{Event, Report};
use lastly::publish::Order;

use crate::support::{Fixture, Tree, order, sealed_rules};

fn sealing(tree: &Tree) -> Order {
    Order { rules: sealed_rules(), ..order(tree) }
}

#[tokio::test]
async fn sealed_files_keep_their_names() {
    let fixture = Fixture::new();
    let tree = Tree::new(&[("sealed/app.1a2b.js", "1"), ("a.css", "a{}"), ("index.html", "<h1>")]);
    fixture.try_publish(&sealing(&tree)).await.expect("a publish without faults");
    fixture.assert_live_shows(&tree).await;
    let manifest = fixture.inspected().manifest_json(&lastly::model::layout::ChannelName::live()).await;
    assert_eq!(manifest.expect("a manifest")["paths"]["sealed/app.1a2b.js"], "sealed/app.1a2b.js");
}

/// Of the current release, of an earlier one, and of none that is known.
#[tokio::test]
async fn other_bytes_under_a_sealed_name_are_an_error_that_names_both() {
    let fixture = Fixture::with_cdn();
    let first = Tree::new(&[("sealed/a.js", "1"), ("b.js", "1")]);
    fixture.try_publish(&sealing(&first)).await.expect("a publish without faults");
    let clash = Tree::new(&[("sealed/a.js", "2"), ("b.js", "2")]);
    let without = Tree::new(&[("c.js", "3")]);
    for (before, told) in [(None, "of release "), (Some(&without), "what the store holds")] {
        if let Some(before) = before {
            fixture.try_publish(&sealing(before)).await.expect("a publish without faults");
        }
        let shown = fixture.inspected().ledger().await.expect("a ledger").channels;
        let refused = fixture.try_publish(&sealing(&clash)).await.expect_err("other bytes");
        let messages: Vec<&str> = refused.problems().iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert!(messages[0].contains("`sealed/a.js`") && messages[0].contains(told), "{messages:?}");
        let ledger = fixture.inspected().ledger().await.expect("a ledger");
        assert_eq!((ledger.channels, ledger.intents.len()), (shown, 0));
    }
    fixture.assert_live_shows(&without).await;
}

/// The same length, so that only the bytes tell them apart.
#[tokio::test]
async fn a_large_sealed_file_is_compared_whole() {
    let fixture = Fixture::with_cdn();
    let mut first = Tree::new(&[]);
    first.write("sealed/large.bin", vec![1; 9 << 20]);
    fixture.try_publish(&sealing(&first)).await.expect("a publish without faults");
    let without = Tree::new(&[("c.js", "3")]);
    fixture.try_publish(&sealing(&without)).await.expect("a publish without faults");
    first.write("sealed/large.bin", vec![2; 9 << 20]);
    let refused = fixture.try_publish(&sealing(&first)).await.expect_err("other bytes");
    assert!(refused.problems()[0].message.contains("`sealed/large.bin`"), "{refused}");
    first.write("sealed/large.bin", vec![1; 9 << 20]);
    assert!(fixture.try_publish(&sealing(&first)).await.expect("the same bytes").moved);
}

#[tokio::test]
async fn a_large_file_is_streamed() {
    let fixture = Fixture::new();
    let mut tree = Tree::new(&[("index.html", "<h1>")]);
    let bytes: Vec<u8> = (0..(9u32 << 20)).map(|at| (at % 251) as u8).collect();
    tree.write("video.bin", &bytes);
    fixture.publish(&tree).await;
    fixture.assert_live_shows(&tree).await;
}

/// Writes to a file when a publish is about to upload.
struct Meddler {
    tree: Mutex<Tree>,
    path: &'static str,
}

impl Report for Meddler {
    fn tell(&self, event: Event) {
        if matches!(event, Event::Uploading { .. }) {
            let mut tree = self.tree.lock().expect("no one panics with it");
            let mut bytes = tree.files[self.path].clone();
            *bytes.last_mut().expect("not empty") ^= 1;
            tree.write(self.path, bytes);
        }
    }
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_is_never_published() {
    let fixture = Fixture::with_cdn();
    let shown = Tree::new(&[("a.js", "1"), ("index.html", "<h1>1")]);
    fixture.publish(&shown).await;
    for (path, size) in [("a.js", 10), ("large.bin", 9 << 20), ("index.html", 10)] {
        let mut tree = Tree::new(&[("a.js", "2"), ("index.html", "<h1>2")]);
        tree.write(path, vec![b'x'; size]);
        let order = order(&tree);
        let meddler = Meddler { tree: Mutex::new(tree), path };
        let meddled = Fixture { report: Arc::new(meddler), ..shared(&fixture) };
        let error = meddled.try_publish(&order).await.expect_err("the file has changed");
        assert_eq!(error.kind(), Kind::Failed, "{path}: {error}");
        assert!(error.problems()[0].message.contains(path), "{error}: {:?}", error.problems());
        assert!(error.hints()[0].contains("writes to the source folder"), "{path}: {:?}", error.hints());
        let ledger = fixture.inspected().ledger().await.expect("a ledger");
        assert!(ledger.intents.is_empty(), "the publisher has given up");
        fixture.assert_live_shows(&shown).await;
    }
}

/// Another client of the same store.
fn shared(fixture: &Fixture) -> Fixture {
    Fixture {
        store: fixture.store.clone(),
        clock: fixture.clock.clone(),
        layout: fixture.layout.clone(),
        cdn: fixture.cdn.clone(),
        cdns: fixture.cdns.clone(),
        report: fixture.report.clone(),
    }
}
