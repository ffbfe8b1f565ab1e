//! Verifying sites: each kind of damage is found and nothing else, and a healthy site has none.

mod command;
mod deep;
mod live;
mod lost;

use std::sync::Arc;

use lastly::event::Level;
use lastly::model::headers::Headers;
use lastly::model::layout::{ChannelName, Key, Name};
use lastly::model::path::AssetPath;
use lastly::model::release::{Entry, ReleaseId};
use lastly::rollback::Destination;
use lastly::store::{Object, Replaced, Store, Verb};
use lastly::verify::{Deep, Order, Verified, What, verify};

use crate::support::collector::{by, condemn, condemned, greedy};
use crate::support::{Fixture, Tree, order, sealed_rules};

fn shallow() -> Order {
    Order { releases: Vec::new(), channel: None, deep: None, live: None, concurrency: 4 }
}

fn deeply() -> Order {
    Order { deep: Some(Deep { references: Arc::default(), generation: 0 }), ..shallow() }
}

fn tree(text: &str) -> Tree {
    Tree::new(&[("a.js", text), ("same.css", "a{}"), ("index.html", &format!("<h1>{text}"))])
}

async fn run(fixture: &Fixture, order: &Order) -> Verified {
    verify(&fixture.site(), order).await.expect("a store in memory answers")
}

/// What was found, and where.
fn told(verified: &Verified) -> Vec<(What, String)> {
    verified.findings.iter().map(|finding| (finding.what, finding.place.clone())).collect()
}

/// What was promised of a file.
async fn entry(fixture: &Fixture, id: ReleaseId, path: &str) -> (Key, Entry) {
    let release = fixture.inspected().release(id).await;
    let path = AssetPath::new(path).expect("a plain path");
    let entry = release.assets.get(&path).or_else(|| release.pages.get(&path)).expect("a file of it").clone();
    (fixture.layout.key(&entry.name), entry)
}

/// Puts other bytes in the place of an object; its headers stay.
async fn tamper(store: &dyn Store, key: &Key, bytes: &[u8]) {
    let there = store.get(key).await.expect("it answers").expect("it is there");
    let object = Object::whole(Arc::new(there.found.headers), bytes.to_vec());
    let done = store.replace(key, &there.found.etag, object).await.expect("it answers");
    assert!(matches!(done, Replaced::Done(_)), "{key}");
}

async fn remove(fixture: &Fixture, key: &Key) {
    let there = fixture.store.head(key).await.expect("it answers").expect("it is there");
    fixture.store.remove(key, &there.etag).await.expect("it answers");
}

#[tokio::test]
async fn a_healthy_site_has_nothing_wrong_and_is_asked_once_for_each_object() {
    let fixture = Fixture::new();
    for text in ["1", "2", "3"] {
        fixture.publish(&tree(text)).await;
    }
    fixture.move_to(Destination::Before).await;
    for order in [shallow(), deeply()] {
        let (verified, _, verbs) = fixture.cost(run(&fixture, &order)).await;
        assert_eq!(told(&verified), [], "{:?}", verified.findings);
        assert_eq!((verified.releases.len(), verified.objects, verified.pages), (3, 7, 1));
        let looks = if order.deep.is_some() { Verb::Get } else { Verb::Head };
        // Seven objects and a page; documents, ledger and manifest are read besides.
        assert_eq!(verbs.0[&looks] - if looks == Verb::Get { 5 } else { 0 }, 8, "{verbs:?}");
        assert!(!verbs.0.contains_key(&Verb::List), "{verbs:?}");
    }
}

#[tokio::test]
async fn damage_to_an_object_is_found_and_nothing_else() {
    for damage in [What::Missing, What::Size, What::Headers, What::Integrity, What::Bytes] {
        let fixture = Fixture::new();
        let id = fixture.publish(&tree("1")).await.release;
        fixture.publish(&tree("2")).await;
        let path = if damage == What::Bytes { "index.html" } else { "a.js" };
        let (key, wanted) = entry(&fixture, id, path).await;
        match damage {
            What::Missing => remove(&fixture, &key).await,
            What::Size => tamper(&*fixture.store, &key, b"longer").await,
            What::Headers => {
                let there = fixture.store.get(&key).await.expect("it answers").expect("it is there");
                let mut headers = Headers::default();
                headers.set("content-type", "text/html").expect("a plain type");
                let object = Object::whole(Arc::new(headers), there.bytes);
                fixture.store.replace(&key, &there.found.etag, object).await.expect("it answers");
            }
            _ => tamper(&*fixture.store, &key, &vec![b'x'; wanted.size as usize]).await,
        }
        let needs_bytes = matches!(damage, What::Integrity | What::Bytes);
        let seen = run(&fixture, &shallow()).await;
        assert_eq!(seen.findings.is_empty(), needs_bytes, "{:?}", seen.findings);
        let read = run(&fixture, &deeply()).await;
        assert_eq!(told(&read), [(damage, key.to_string())]);
        assert_eq!((read.findings[0].level, &read.findings[0].releases), (Level::Error, &vec![id]));
        assert!(read.findings[0].change.is_some());
        if damage == What::Missing {
            assert!(read.findings[0].found.contains("delete marker"), "{}", read.findings[0].found);
        }
        let others = Order { releases: vec!["live".to_owned()], ..deeply() };
        assert_eq!(told(&run(&fixture, &others).await), [], "the other release does not need it");
    }
}

#[tokio::test]
async fn sealed_assets_are_judged_by_their_bytes_and_keep_their_headers() {
    let fixture = Fixture::new();
    let tree = Tree::new(&[("sealed/a.x1.js", "1"), ("b.css", "b{}")]);
    let sealing = || lastly::publish::Order { rules: sealed_rules(), ..order(&tree) };
    let id = fixture.try_publish(&sealing()).await.expect("a publish").release;
    assert_eq!(told(&run(&fixture, &deeply()).await), []);
    let (key, _) = entry(&fixture, id, "sealed/a.x1.js").await;
    tamper(&*fixture.store, &key, b"2").await;
    assert_eq!(told(&run(&fixture, &deeply()).await), [(What::Integrity, key.to_string())]);
}

#[tokio::test]
async fn damage_to_documents_manifests_and_pages_is_found() {
    let fixture = Fixture::new();
    let id = fixture.publish(&tree("1")).await.release;
    let live = ChannelName::live();
    let document = fixture.layout.release(id);
    let manifest = fixture.layout.key(&Name::manifest(&live));
    let page = fixture.layout.key(&Name::page(&live, &AssetPath::new("index.html").expect("a plain path")));
    let good: Vec<Vec<u8>> = {
        let mut good = Vec::new();
        for key in [&document, &manifest, &page] {
            good.push(fixture.inspected().get(key).await.expect("it is there").bytes.to_vec());
        }
        good
    };
    let another = String::from_utf8(good[1].clone()).expect("JSON").replace("a.js", "b.js");
    for (key, bytes, whole, what) in [
        (&document, b"{}".as_slice(), &good[0], What::Document),
        (&manifest, b"{}".as_slice(), &good[1], What::Manifest),
        (&manifest, another.as_bytes(), &good[1], What::Manifest),
        (&page, b"<h1>2".as_slice(), &good[2], What::Page),
    ] {
        tamper(&*fixture.store, key, bytes).await;
        assert_eq!(told(&run(&fixture, &shallow()).await), [(what, key.to_string())]);
        tamper(&*fixture.store, key, whole).await;
        assert_eq!(told(&run(&fixture, &deeply()).await), []);
    }
    remove(&fixture, &page).await;
    assert_eq!(told(&run(&fixture, &shallow()).await), [(What::Page, page.to_string())]);
    remove(&fixture, &manifest).await;
    let verified = run(&fixture, &shallow()).await;
    assert_eq!(told(&verified), [(What::Manifest, manifest.to_string())]);
    let change = verified.findings[0].change.as_deref().expect("something to do");
    assert!(change.contains(&format!("lastly activate {id} --channel live")), "{change}");
    fixture.move_to(crate::support::uploaded(id)).await;
    assert_eq!(told(&run(&fixture, &deeply()).await), [], "what it says helps, also the page");
}

#[tokio::test]
async fn what_is_condemned_and_needed_is_told_apart() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    let kept = fixture.inspected().ledger().await.expect("a ledger");
    fixture.publish(&tree("2")).await;
    condemn(&fixture).await;
    assert_eq!(told(&run(&fixture, &shallow()).await), [], "what is condemned is needed by nobody");
    let doomed = condemned(&fixture).await;
    let (key, _) = entry(&fixture, *kept.releases.keys().next().expect("a release"), "a.js").await;
    assert!(doomed.iter().any(|pair| pair.key == key), "{doomed:?}");

    // A ledger that keeps the first release beside that list cannot come about: it is made by hand.
    let current = fixture.inspected().ledger().await.expect("a ledger");
    let mut both = current.clone();
    both.releases.extend(kept.releases.clone());
    both.revision += 1;
    tamper(&*fixture.store, &fixture.layout.ledger(), &lastly::model::wire::write_ledger(&both)).await;
    let verified = run(&fixture, &shallow()).await;
    assert!(told(&verified).contains(&(What::Condemned, key.to_string())), "{:?}", verified.findings);
    assert!(verified.findings.iter().all(|finding| finding.what == What::Condemned), "{:?}", verified.findings);

    remove(&fixture, &fixture.layout.condemned(current.condemned.expect("a list"))).await;
    let list = fixture.layout.condemned(current.condemned.expect("a list")).to_string();
    assert_eq!(told(&run(&fixture, &shallow()).await), [(What::Condemned, list)]);
}

#[tokio::test]
async fn a_collection_beside_it_is_no_damage() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    fixture.publish(&tree("2")).await;
    let collecting = fixture.site();
    let gate = crate::support::gated::Interlude::new(|call| call.verb == Verb::Head, async move {
        lastly::gc::collect(&collecting, &by(greedy())).await.expect("a collection");
    });
    let verified = verify(&fixture.site_through(gate.clone()), &shallow()).await.expect("a store in memory answers");
    assert!(gate.happened());
    assert_eq!(told(&verified), []);
}
