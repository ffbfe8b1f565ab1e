use std::sync::Arc;

use super::*;
use crate::model::address::Addresser;
use crate::model::headers::Headers;
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Origin, ReleaseId};
use crate::store::VersionId;

const DIGITS: &str = "0123456789abcdef0123456789abcdef";

/// A release of an asset, a sealed asset and a page.
fn release(text: &str) -> Release {
    let headers = Arc::new(Headers::default());
    let entry = |path: &str, sealed: bool| {
        let path = AssetPath::new(path).expect("a plain path");
        let address = Addresser::new(&headers, 0).address_of(text.as_bytes());
        let name = if sealed { Name::sealed(&path) } else { Name::addressed(&path, &address) };
        (
            path,
            Entry {
                name,
                size: 1,
                address,
                headers: headers.clone(),
                integrity: None,
                sealed,
                compression: None,
                origin: Origin::default(),
            },
        )
    };
    let assets = [entry("a.js", false), entry(&format!("sealed/{text}.js"), true)];
    Release { assets: assets.into(), pages: [entry("index.html", false)].into(), ..Release::default() }
}

fn version(key: &Key, age: i64) -> Version {
    let modified = Timestamp::from_unix(1000 - age);
    Version { key: key.clone(), id: VersionId("v".to_owned()), current: true, marker: false, size: 10, modified }
}

struct World {
    layout: Layout,
    reach: Reach,
    leftovers: Leftovers,
}

impl World {
    /// Release `kept` stays, release `gone` goes, and so does channel `preview` with one page.
    fn new() -> Self {
        let layout = Layout::new("static", None);
        let mut reach = Reach::default();
        reach.add(&layout, ReleaseId::of_document(b"kept"), &release("kept"));
        let mut leftovers = Leftovers::default();
        leftovers.add(&layout, &release("gone"));
        leftovers.add(&layout, &release("kept"));
        leftovers.channels.insert(ChannelName::new("preview").expect("a plain name"));
        leftovers.pages.insert(Key::new("static/channels/preview/index.html"));
        Self { layout, reach, leftovers }
    }

    fn sieve(&self) -> Sieve<'_> {
        let (layout, reach, leftovers) = (&self.layout, &self.reach, &self.leftovers);
        let (now, min_age) = (Timestamp::from_unix(1000), Duration::from_secs(100));
        Sieve { layout, reach, leftovers, list: Some(Uuid::from_u128(1)), now, min_age }
    }
}

#[test]
fn only_what_is_ours_and_out_of_reach_goes() {
    let world = World::new();
    let name_of = |text: &str| release(text).assets.values().next().expect("an asset").name.clone();
    let key = |text: &str| world.layout.key(&name_of(text));
    let document = |text: &str| world.layout.release(ReleaseId::of_document(text.as_bytes()));
    let list = |n| world.layout.condemned(Uuid::from_u128(n));
    let at = |text: &str| Key::new(text);
    for (key, expected) in [
        (key("kept"), Fate::Reached),
        (key("gone"), Fate::Goes(Class::Object)),
        (document("kept"), Fate::Reached),
        (document("gone"), Fate::Goes(Class::Document)),
        (at("static/sealed/kept.js"), Fate::Reached),
        (at("static/sealed/gone.js"), Fate::Goes(Class::Sealed)),
        (at("static/sealed/other.js"), Fate::NotOurs),
        (at("static/index.html"), Fate::NotOurs),
        (at("static/manifest.json"), Fate::NotOurs),
        (at("static/channels/other/manifest.json"), Fate::NotOurs),
        (at("static/channels/preview/manifest.json"), Fate::Goes(Class::Manifest)),
        (at("static/channels/preview/index.html"), Fate::Goes(Class::Page)),
        (at("static/channels/preview/other.html"), Fate::NotOurs),
        (at(&format!("other/a.{DIGITS}.js")), Fate::NotOurs),
        (world.layout.ledger(), Fate::NotOurs),
        (list(1), Fate::NotOurs),
        (list(2), Fate::Goes(Class::List)),
        (world.layout.probe(Uuid::from_u128(3)), Fate::Goes(Class::Probe)),
        (at(".lastly/static/notes.txt"), Fate::NotOurs),
    ] {
        assert_eq!(world.sieve().fate(&version(&key, 100), 0), expected, "{key}");
    }
}

#[test]
fn young_and_unversioned_ones_stay() {
    let world = World::new();
    let key = Key::new(&format!("static/a.{DIGITS}.js"));
    assert_eq!(world.sieve().fate(&version(&key, 99), 0), Fate::Young);
    let unversioned = Version { id: VersionId("null".to_owned()), ..version(&key, 500) };
    assert_eq!(world.sieve().fate(&unversioned, 0), Fate::Unversioned);
    let preview = Key::new("static/channels/preview/manifest.json");
    assert_eq!(world.sieve().fate(&version(&preview, 0), 0), Fate::Goes(Class::Manifest), "its time is over");
}

#[test]
fn the_newest_versions_of_ledger_and_manifests_stay() {
    let world = World::new();
    for key in [world.layout.ledger(), Key::new("static/manifest.json")] {
        let former = Version { current: false, ..version(&key, 500) };
        let fate = |version: &Version, rank| world.sieve().fate(version, rank);
        assert_eq!(fate(&former, FORMER_VERSIONS - 1), Fate::NotOurs);
        assert_eq!(fate(&former, FORMER_VERSIONS), Fate::Goes(Class::Former));
        assert_eq!(fate(&Version { current: false, ..version(&key, 99) }, FORMER_VERSIONS), Fate::Young);
        assert_eq!(fate(&version(&key, 500), FORMER_VERSIONS), Fate::NotOurs, "the current one");
    }
}

/// A page has no address in its name, and may have been a sealed asset once.
#[test]
fn a_page_that_was_sealed_once_stays() {
    let mut world = World::new();
    world.leftovers.sealed.insert(Key::new("static/index.html"));
    assert_eq!(world.sieve().fate(&version(&Key::new("static/index.html"), 500), 0), Fate::Reached);
}

#[test]
fn what_has_come_into_reach_since_is_spared() {
    let mut world = World::new();
    let gone = release("gone");
    let key = world.layout.key(&gone.assets.values().next().expect("an asset").name);
    let victim =
        |class, key: &Key| Victim { class, pair: CondemnedVersion { key: key.clone(), version: "v".to_owned() } };
    let manifest = Key::new("static/channels/preview/manifest.json");
    let page = Key::new("static/channels/preview/index.html");
    let spared = |world: &World| {
        let all = [(Class::Object, &key), (Class::Manifest, &manifest), (Class::Page, &page)];
        all.map(|(class, key)| world.sieve().spares(&victim(class, key)))
    };
    assert_eq!(spared(&world), [false; 3]);
    world.reach.add(&world.layout.clone(), ReleaseId::of_document(b"gone"), &gone);
    world.leftovers.channels.clear();
    world.leftovers.pages.clear();
    assert_eq!(spared(&world), [true; 3]);
}

#[test]
fn a_plan_counts_and_refuses_too_much() {
    let mut plan = Plan::default();
    let key = |n: u32| Key::new(&format!("static/{n}.{DIGITS}.js"));
    for n in 0..6 {
        plan.take(version(&key(n), 500), Fate::Reached);
    }
    for n in 6..10 {
        let marker = n == 9;
        plan.take(Version { marker, ..version(&key(n), 500) }, Fate::Goes(Class::Object));
    }
    plan.take(version(&key(10), 500), Fate::Goes(Class::Former));
    plan.take(version(&key(11), 500), Fate::NotOurs);
    assert_eq!(plan.total(), Count { versions: 5, markers: 1, bytes: 50 });
    let check = |max_delete| plan.check(&Policy { max_delete, ..Policy::default() });
    assert_eq!(check(40), Ok(()));
    assert_eq!(check(39), Err(TooMuch { goes: 4, total: 10, max: 39 }));
    assert_eq!(Plan::default().check(&Policy { max_delete: 0, ..Policy::default() }), Ok(()));
}
