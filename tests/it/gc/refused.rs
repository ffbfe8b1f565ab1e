//! Sites that are not collected, because something does not go together: nothing is ever taken for "nothing is named".

use std::sync::Arc;
use std::time::Duration;

use lastly::error::{Error, Kind};
use lastly::gc::{self, Policy};
use lastly::model::headers::Headers;
use lastly::model::layout::{ChannelName, Key, Layout, Name};
use lastly::model::wire::write_ledger;
use lastly::store::{Object, Store, Versioning};

use super::{deleted, everything, run, short, three_releases, tree};
use crate::support::collector::{by, greedy};
use crate::support::{Fixture, order};

/// The error of a collection that must not change anything.
async fn refusal_on(fixture: &Fixture, store: Arc<dyn Store>, policy: Policy) -> Error {
    let before = everything(&*fixture.store).await;
    let error = gc::collect(&fixture.site_on(store), &by(policy)).await.expect_err("it is refused");
    assert_eq!(everything(&*fixture.store).await, before, "{error}");
    error
}

async fn refusal(fixture: &Fixture) -> Error {
    refusal_on(fixture, fixture.store.clone(), greedy()).await
}

/// Puts other bytes at a key, or takes it away.
async fn overwrite(fixture: &Fixture, key: &Key, bytes: Option<Vec<u8>>) {
    let etag = fixture.inspected().get(key).await.expect("it is there").found.etag;
    match bytes {
        Some(bytes) => {
            let object = Object::whole(Arc::new(Headers::default()), bytes);
            fixture.store.replace(key, &etag, object).await.expect("a store in memory answers");
        }
        None => drop(fixture.store.remove(key, &etag).await.expect("a store in memory answers")),
    }
}

#[tokio::test]
async fn a_store_without_versions() {
    let fixture = Fixture::new();
    three_releases(&fixture).await;
    for (versioning, message) in [
        (Some(Versioning::Off), "the store does not keep versions"),
        (Some(Versioning::Suspended), "the store does not keep versions any more"),
        (None, "it cannot be seen whether the store keeps versions"),
    ] {
        let error = refusal_on(&fixture, fixture.versioning(versioning), greedy()).await;
        assert_eq!((error.to_string().as_str(), error.kind()), (message, Kind::Failed));
    }
}

#[tokio::test]
async fn a_ledger_that_is_missing_or_damaged() {
    let fixture = Fixture::new();
    assert!(refusal(&fixture).await.to_string().starts_with("nothing has been published here yet"));
    three_releases(&fixture).await;
    overwrite(&fixture, &fixture.layout.ledger(), Some(b"{}".to_vec())).await;
    assert!(refusal(&fixture).await.to_string().contains("cannot be used"));
    overwrite(&fixture, &fixture.layout.ledger(), None).await;
    assert!(refusal(&fixture).await.to_string().starts_with("nothing has been published here yet"));
}

#[tokio::test]
async fn a_manifest_that_is_missing_or_damaged() {
    let key = Fixture::new().layout.key(&Name::manifest(&ChannelName::live()));
    for (bytes, message) in [
        (None, "the manifest `static/manifest.json` of channel `live` is missing"),
        (Some(b"{\"format\":9}".to_vec()), "the manifest `static/manifest.json` cannot be read"),
        (Some(b"nonsense".to_vec()), "the manifest `static/manifest.json` cannot be read"),
    ] {
        let fixture = Fixture::new();
        three_releases(&fixture).await;
        overwrite(&fixture, &key, bytes).await;
        let error = refusal(&fixture).await;
        assert_eq!((error.to_string().as_str(), error.hints().len()), (message, 1));
    }
}

#[tokio::test]
async fn an_older_ledger_that_was_put_back() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    let old = fixture.inspected().ledger().await.expect("a ledger");
    fixture.publish(&tree("2")).await;
    overwrite(&fixture, &fixture.layout.ledger(), Some(write_ledger(&old))).await;
    let error = refusal(&fixture).await;
    let message = "the manifest of `live` shows sequence 2, but the ledger only 1: an older ledger has been put back";
    assert_eq!(error.to_string(), message);
}

#[tokio::test]
async fn a_release_whose_document_is_missing_or_damaged() {
    for bytes in [None, Some(b"nonsense".to_vec())] {
        let fixture = Fixture::new();
        three_releases(&fixture).await;
        let ledger = fixture.inspected().ledger().await.expect("a ledger");
        let shown = ledger.current(&ChannelName::live()).expect("a release");
        overwrite(&fixture, &fixture.layout.release(shown), bytes).await;
        let error = refusal(&fixture).await;
        assert!(error.to_string().contains(&shown.to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_retention_below_what_browsers_may_ask_for() {
    let fixture = Fixture::new();
    three_releases(&fixture).await;
    let policy = Policy { keep_for: Duration::from_secs(3600), ..short() };
    let error = refusal_on(&fixture, fixture.store.clone(), policy).await;
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.to_string().ends_with("manifest 0s + HTML 1d + session 1d = 2d"), "{error}");
    run(&fixture, Policy { allow_short_retention: true, ..policy }).await;
}

#[tokio::test]
async fn a_collection_that_would_take_too_much() {
    let fixture = Fixture::new();
    three_releases(&fixture).await;
    let policy = Policy { keep_last: 0, max_delete: 40, ..short() };
    let error = refusal_on(&fixture, fixture.store.clone(), policy).await;
    // Of three releases' documents and pages and scripts, and the style sheet they share.
    assert_eq!(error.to_string(), "6 of 10 stored versions would go, which is more than 40 %");
    let planned = gc::collect(&fixture.site(), &gc::Order { apply: false, ..by(policy) }).await.expect("a plan");
    assert_eq!(planned.too_much.expect("it would be refused").goes, 6);
    assert_eq!(deleted(&run(&fixture, Policy { max_delete: 60, ..policy }).await), 6);
}

/// Objects of the one lie below the prefix of the other, and look the same.
#[tokio::test]
async fn sites_within_each_other() {
    for (ours, theirs) in [("static", ""), ("static", "static/inner"), ("", "static"), ("a/b", "a")] {
        let mut fixture = Fixture { layout: Layout::new(theirs, None), ..Fixture::new() };
        fixture.publish(&tree("1")).await;
        fixture.layout = Layout::new(ours, None);
        fixture.publish(&tree("2")).await;
        let error = refusal(&fixture).await;
        let ledger = Layout::new(theirs, None).ledger();
        assert!(error.to_string().contains(&format!("`{ledger}`")), "{ours} {theirs}: {error}");
        assert_eq!(error.kind(), Kind::Usage);
    }
}

#[tokio::test]
async fn sites_beside_each_other_are_not_touched() {
    let mut fixture = Fixture { layout: Layout::new("other", None), ..Fixture::new() };
    three_releases(&fixture).await;
    let before = everything(&*fixture.store).await;
    fixture.layout = Layout::new("static", None);
    three_releases(&fixture).await;
    run(&fixture, greedy()).await;
    let after = everything(&*fixture.store).await;
    assert!(before.is_subset(&after), "{:?}", before.difference(&after).collect::<Vec<_>>());
    assert!(fixture.try_publish(&order(&tree("3"))).await.is_ok());
}
