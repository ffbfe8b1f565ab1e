//! Collections of whole sites: what goes, what stays, and what is refused.

mod channels;
mod command;
mod inventory;
mod places;
mod races;
mod refused;
mod shards;
mod trouble;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use lastly::gc::plan::Class;
use lastly::gc::{self, Collected, Policy};
use lastly::model::headers::Headers;
use lastly::model::layout::Key;
use lastly::publish::{Order, Target};
use lastly::store::{Object, Store, Verb};

use crate::support::collector::{by, collect, greedy};
use crate::support::{Fixture, Tree, order, sealed_rules};

/// Files of which one stays the same and the others say `text`.
fn tree(text: &str) -> Tree {
    Tree::new(&[("a.js", text), ("same.css", "a{}"), ("index.html", &format!("<h1>{text}"))])
}

/// Three releases on `live`, a day between each and the next, and then eight days more.
async fn three_releases(fixture: &Fixture) {
    for text in ["1", "2", "3"] {
        fixture.publish(&tree(text)).await;
        fixture.clock.pass(24);
    }
    fixture.clock.pass(8 * 24);
}

/// A policy that keeps one release for its place and others for a week.
fn short() -> Policy {
    Policy { keep_last: 1, max_delete: 100, ..Policy::default() }
}

async fn run(fixture: &Fixture, policy: Policy) -> Collected {
    let collected = gc::collect(&fixture.site(), &by(policy)).await.expect("a collection without faults");
    assert!(collected.unfinished.is_none(), "{:?}", collected.unfinished);
    collected
}

/// Every key and version in the store.
async fn everything(store: &dyn Store) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut after = None;
    loop {
        let page = store.versions("", after).await.expect("a store in memory answers");
        found.extend(page.versions.into_iter().map(|version| (version.key.to_string(), version.id.0)));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// Every key in the store, without the ledger's.
async fn keys(fixture: &Fixture) -> BTreeSet<String> {
    let ledger = fixture.layout.ledger().to_string();
    everything(&*fixture.store).await.into_iter().map(|(key, _)| key).filter(|key| *key != ledger).collect()
}

async fn put(fixture: &Fixture, key: &str) {
    let object = Object::whole(Arc::new(Headers::default()), "x");
    fixture.store.create(&Key::new(key), object).await.expect("a store in memory answers");
}

/// What goes, but for what the proof of the store has left: the first collection takes that away.
fn counted(collected: &Collected) -> Vec<(Class, u64)> {
    let counts = collected.goes.iter().map(|(class, count)| (*class, count.versions));
    counts.filter(|(class, _)| *class != Class::Probe).collect()
}

/// How many versions have been deleted, but for those.
fn deleted(collected: &Collected) -> u64 {
    collected.deleted - collected.goes.get(&Class::Probe).map_or(0, |count| count.versions)
}

#[tokio::test]
async fn what_no_kept_release_needs_goes_and_all_else_stays() {
    let fixture = Fixture::new();
    three_releases(&fixture).await;
    let strangers = [
        "static/sealed/notes.txt",
        "other/a.0123456789abcdef0123456789abcdef.js",
        ".lastly/other/releases/0123456789abcdef0123456789abcdef.json",
        "static/channels/x/manifest.json",
    ];
    for key in strangers {
        put(&fixture, key).await;
    }
    fixture.clock.pass(48);
    let before = everything(&*fixture.store).await;
    let planned = gc::collect(&fixture.site(), &gc::Order { apply: false, ..by(short()) }).await.expect("a plan");
    assert_eq!(everything(&*fixture.store).await, before, "a dry run changes nothing");

    let collected = run(&fixture, short()).await;
    assert_eq!(counted(&planned), counted(&collected));
    assert_eq!(counted(&collected), [(Class::Object, 2), (Class::Document, 1)]);
    assert_eq!((collected.decision.dropped().len(), deleted(&collected)), (1, 3));
    let ledger = fixture.inspected().ledger().await.expect("a ledger");
    assert_eq!((ledger.releases.len(), ledger.condemned), (2, None));
    for id in ledger.releases.keys() {
        assert_eq!(fixture.inspected().faults_of(*id).await, Vec::<String>::new());
    }
    let left = keys(&fixture).await;
    assert!(strangers.iter().all(|key| left.contains(*key)), "{left:?}");
    assert!(!left.iter().any(|key| key.ends_with(".list")), "{left:?}");
    fixture.assert_live_shows(&tree("3")).await;

    let revision = ledger.revision;
    let (again, _, verbs) = fixture.cost(run(&fixture, short())).await;
    assert_eq!((again.deleted, counted(&again)), (0, Vec::new()));
    assert_eq!(fixture.inspected().ledger().await.expect("a ledger").revision, revision);
    assert!(!verbs.0.contains_key(&Verb::Create) && !verbs.0.contains_key(&Verb::Delete), "{verbs:?}");
}

#[tokio::test]
async fn age_counts_from_when_the_manifest_left_a_release() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    fixture.clock.pass(100 * 24);
    fixture.publish(&tree("2")).await;
    let policy = Policy { keep_last: 0, ..short() };
    fixture.clock.pass(6 * 24);
    assert_eq!(deleted(&run(&fixture, policy).await), 0);
    fixture.clock.pass(2 * 24);
    assert_eq!(deleted(&run(&fixture, policy).await), 3);
}

#[tokio::test]
async fn what_a_crashed_publisher_left_goes_with_its_document() {
    let fixture = Fixture::new();
    let rules = sealed_rules();
    let shown = Tree::new(&[("a.js", "1"), ("sealed/kept.js", "k")]);
    fixture.try_publish(&Order { rules: rules.clone(), ..order(&shown) }).await.expect("a publish");
    put(&fixture, "static/sealed/stranger.js").await;
    let lost = Tree::new(&[("b.js", "1"), ("sealed/kept.js", "k"), ("sealed/lost.js", "l")]);
    trouble::die_before_commit(&fixture, &Order { rules, ..order(&lost) }).await;
    fixture.clock.pass(23);
    let early = run(&fixture, short()).await;
    assert_eq!((deleted(&early), early.decision.intents.len()), (0, 0), "its publisher may still be at it");
    fixture.clock.pass(48);
    let collected = run(&fixture, short()).await;
    assert_eq!(counted(&collected), [(Class::Object, 1), (Class::Sealed, 1), (Class::Document, 1)]);
    assert_eq!(collected.decision.intents.len(), 1);
    let left = keys(&fixture).await;
    assert!(!left.contains("static/sealed/lost.js"), "{left:?}");
    assert!(left.contains("static/sealed/kept.js") && left.contains("static/sealed/stranger.js"), "{left:?}");
    assert!(fixture.inspected().ledger().await.expect("a ledger").intents.is_empty());
}

#[tokio::test]
async fn uploads_that_nobody_shows_go_in_time_and_pins_hold() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    let upload = fixture.try_publish(&Order { target: Target::Staged, ..order(&tree("2")) }).await.expect("an upload");
    let pinned = gc::pin(&fixture.site(), &upload.release.to_string()[..8], "an audit", Some("someone")).await;
    assert_eq!(pinned.expect("it is kept"), upload.release);
    fixture.clock.pass(9 * 24);
    assert_eq!(deleted(&run(&fixture, short()).await), 0);
    gc::unpin(&fixture.site(), &upload.release.to_string()).await.expect("it is kept");
    assert_eq!(run(&fixture, short()).await.deleted, 3);
    let gone = gc::pin(&fixture.site(), &upload.release.to_string(), "late", None).await.expect_err("it has gone");
    assert!(gone.to_string().contains("neither a release"), "{gone}");
}

/// On a store without lifecycle rules these would pile up.
#[tokio::test]
async fn former_versions_of_ledger_and_manifest_go() {
    let fixture = Fixture::new();
    for n in 0..25 {
        fixture.publish(&tree(&(n % 2).to_string())).await;
    }
    fixture.clock.pass(48);
    let collected = run(&fixture, Policy { keep_last: 100, ..short() }).await;
    assert!(collected.goes[&Class::Former].versions > 30, "{:?}", collected.goes);
    let versions = everything(&*fixture.store).await;
    let count = |end: &str| versions.iter().filter(|(key, _)| key.ends_with(end)).count();
    assert_eq!(count("manifest.json"), gc::plan::FORMER_VERSIONS);
    assert!((20..30).contains(&count("ledger.json")), "{}", count("ledger.json"));
    fixture.assert_live_shows(&tree("0")).await;
}

/// Someone has hidden an object by hand; both the object and what hides it go when nothing names the key any more.
#[tokio::test]
async fn delete_markers_go_with_what_they_hide() {
    let fixture = Fixture::new();
    three_releases(&fixture).await;
    let ledger = fixture.inspected().ledger().await.expect("a ledger");
    let oldest = ledger.channels.values().next().expect("live").moves[0].release;
    let release = fixture.inspected().release(oldest).await;
    let key = fixture.layout.key(&release.assets.values().next().expect("a.js").name);
    let etag = fixture.inspected().get(&key).await.expect("the object").found.etag;
    fixture.store.remove(&key, &etag).await.expect("a store in memory answers");
    fixture.clock.pass(48);
    let collected = run(&fixture, short()).await;
    assert_eq!((collected.goes[&Class::Object].versions, collected.goes[&Class::Object].markers), (3, 1));
    assert!(!keys(&fixture).await.contains(key.as_str()));
}

/// More garbage than a list holds goes in several, in one look through the store.
#[tokio::test]
async fn more_than_a_list_holds_goes_in_several_lists() {
    const GARBAGE: usize = 20_500;
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    for n in 0..GARBAGE {
        put(&fixture, &format!("static/{}/{n}.0123456789abcdef0123456789abcdef.js", n % 7)).await;
    }
    fixture.clock.pass(48);
    let (collected, requests, verbs) = fixture.cost(run(&fixture, greedy())).await;
    assert_eq!(deleted(&collected), GARBAGE as u64);
    // A page of a listing and a batch of deletes are a thousand each; two lists are put, swapped in, swapped out and
    // deleted.
    assert_eq!((verbs.0[&Verb::List], verbs.0[&Verb::Delete]), (23, 23), "{verbs:?}");
    assert!(requests < 70, "{requests} {verbs:?}");
    assert!(!keys(&fixture).await.iter().any(|key| key.contains("0123456789abcdef0123456789abcdef")));
    fixture.assert_live_shows(&tree("1")).await;
}

#[tokio::test]
async fn a_release_is_restored_while_its_objects_last() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    let lost = fixture.publish(&tree("2")).await.release;
    fixture.publish(&tree("3")).await;
    // A collection that died before it had deleted anything: the release is not kept any more.
    crate::support::collector::condemn(&fixture).await;
    assert!(!fixture.inspected().ledger().await.expect("a ledger").releases.contains_key(&lost));
    let restored = lastly::publish::restore(&fixture.site(), &lost.to_string()[..10]).await.expect("all is there");
    assert_eq!(restored, lost);
    collect_only_the_condemned(&fixture).await;
    assert_eq!(fixture.inspected().faults_of(lost).await, Vec::<String>::new());
    let moved = fixture.move_to(crate::support::earlier(lost)).await;
    assert_eq!(moved.release, lost);
    fixture.assert_live_shows(&tree("2")).await;
}

#[tokio::test]
async fn what_is_gone_is_told_by_a_restore() {
    let fixture = Fixture::new();
    let lost = fixture.publish(&tree("1")).await.release;
    fixture.publish(&tree("2")).await;
    let release = fixture.inspected().release(lost).await;
    crate::support::collector::condemn(&fixture).await;
    let names: Vec<String> =
        release.entries().map(|(path, _)| path.to_string()).filter(|path| path != "same.css").collect();
    let doomed = crate::support::collector::condemned(&fixture).await;
    let objects: Vec<_> = doomed.into_iter().filter(|pair| !pair.key.as_str().contains("/releases/")).collect();
    crate::support::collector::delete(&fixture, &objects).await;
    let error = lastly::publish::restore(&fixture.site(), &lost.to_string()).await.expect_err("two files are gone");
    let told: Vec<String> = error.problems().iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(names.iter().all(|name| told.iter().any(|message| message.contains(name))), "{told:?} {names:?}");
    assert!(fixture.inspected().ledger().await.expect("a ledger").intents.is_empty());
    collect(&fixture.site()).await.expect("a collection");
    let error = lastly::publish::restore(&fixture.site(), &lost.to_string()).await.expect_err("the document is gone");
    assert!(error.to_string().contains("no document"), "{error}");
}

/// Works off what is condemned, and lets nothing new go.
async fn collect_only_the_condemned(fixture: &Fixture) {
    let week = Duration::from_secs(7 * 24 * 3600);
    let policy = Policy { keep_unreleased: week, keep_last: 100, min_object_age: week, ..greedy() };
    let collected = run(fixture, policy).await;
    assert!(collected.deleted > 0 && collected.goes.is_empty(), "{collected:?}");
}
