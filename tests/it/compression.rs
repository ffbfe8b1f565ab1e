//! Files that are stored compressed: variants, which the function at the edge chooses among, and in place.

mod edge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lastly::cdn::visitor::Visitor;
use lastly::clock::SystemClock;
use lastly::collect::{Walk, read, rewrite, walk};
use lastly::gc::plan::Class;
use lastly::model::compression::{Encoding, Encodings, Form};
use lastly::model::headers::Headers;
use lastly::model::layout::{ChannelName, Key, Layout, Name};
use lastly::model::path::AssetPath;
use lastly::model::release::{Entry, Release, ReleaseId};
use lastly::model::wire::write_release;
use lastly::prepare::compress::{Compressing, compress, decompress};
use lastly::prepare::references::References;
use lastly::prepare::rules::{Kind, Rule, Rules, SourceMaps};
use lastly::publish::{Order, Published, restore};
use lastly::rollback::Destination;
use lastly::store::{Created, Object, Store, Verb};
use lastly::verify::{Deep, What, verify};
use serde_json::json;

use crate::program::Program;
use crate::servers::{Bucket, MOTO};
use crate::support::collector::collect;
use crate::support::gated::{Fate, Scripted};
use crate::support::host::host;
use crate::support::{Fixture, Tree, order, target};

/// A style sheet that gains by being compressed, of `lines` lines.
fn text(word: &str, lines: usize) -> String {
    (0..lines).map(|at| format!("/* {word} {at} */ .{word}-{at} {{ color: #{:06x} }}\n", at * 7919)).collect()
}

/// A module that does.
fn module(word: &str) -> String {
    (0..60).map(|at| format!("export const {word}{at} = '#{:06x}';\n", at * 7919)).collect()
}

/// Files that gain, a small one, one that is compressed already, and two that refer to each other.
fn tree() -> Tree {
    let mut tree = Tree::new(&[
        ("css/app.css", &format!("@import 'base.css';\n{}", text("app", 60))),
        ("css/base.css", &text("base", 60)),
        ("css/tiny.css", "a{}"),
        ("js/one.js", &format!("import './two.js';\n{}", module("one"))),
        ("js/two.js", &format!("import './one.js';\nimport '../css/small.js';\n{}", module("two"))),
        ("css/small.js", "export {};"),
        ("index.html", &format!("<link rel=stylesheet href=/static/css/app.css>{}", text("page", 60))),
        ("LICENSE", &text("license", 60)),
    ]);
    tree.write("img/photo.png", compress(text("photo", 300).as_bytes(), Encoding::Gzip));
    tree.write("css/odd.css", compress(text("odd", 900).as_bytes(), Encoding::Brotli));
    tree
}

fn rules(form: Form, rules: &[Rule]) -> Arc<Rules> {
    let rules = Rules::new(rules, SourceMaps::Publish).expect("good rules");
    Arc::new(rules.with_compressing(Some(Compressing { form, smallest: 1024 })))
}

fn variants() -> Form {
    Form::Variants(Encodings::new(Encoding::ALL))
}

fn as_variants(tree: &Tree) -> Order {
    Order { rules: rules(variants(), &[]), ..order(tree) }
}

async fn publish(fixture: &Fixture, order: &Order) -> Published {
    let published = fixture.try_publish(order).await.expect("a publish without faults");
    assert!(published.unfinished.is_none(), "{:?}", published.unfinished);
    published
}

async fn shown(fixture: &Fixture, id: ReleaseId) -> Release {
    fixture.inspected().release(id).await
}

fn entry<'a>(release: &'a Release, path: &str) -> &'a Entry {
    &release.assets[&AssetPath::new(path).expect("a plain path")]
}

/// The files that are stored in another form than their own, and their encodings.
fn compressed(release: &Release) -> BTreeMap<&str, String> {
    let with = release.entries().filter_map(|(path, entry)| Some((path.as_str(), entry.compression?.to_string())));
    with.collect()
}

/// The bytes of each of a file's objects, decoded, all of which must be there with the right headers.
async fn decoded(fixture: &Fixture, entry: &Entry) -> Vec<Vec<u8>> {
    decoded_in(&*fixture.store, &fixture.layout, entry).await
}

async fn decoded_in(store: &dyn Store, layout: &Layout, entry: &Entry) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for stored in entry.stored() {
        let key = layout.key(&stored.name);
        let fetched = store.get(&key).await.expect("it answers").unwrap_or_else(|| panic!("{key} is not there"));
        assert_eq!(fetched.found.headers, *entry.headers_of(&stored), "{key}");
        assert_eq!(fetched.found.headers.content_encoding(), stored.encoding.map(Encoding::token), "{key}");
        all.push(match stored.encoding {
            None => fetched.bytes.to_vec(),
            Some(encoding) => {
                assert!(20 * fetched.bytes.len() as u64 <= 19 * entry.size, "{key} is smaller by 5 %");
                decompress(&fetched.bytes, encoding, entry.size).unwrap_or_else(|error| panic!("{key}: {error}"))
            }
        });
    }
    all
}

async fn deeply(fixture: &Fixture) -> Vec<(What, String)> {
    let order = lastly::verify::Order {
        releases: Vec::new(),
        channel: None,
        deep: Some(Deep { references: Arc::default(), generation: 0 }),
        live: None,
        concurrency: 4,
    };
    let verified = verify(&fixture.site(), &order).await.expect("a store in memory answers");
    assert!(verified.circles > 0 && verified.unchecked == 0, "{verified:?}");
    verified.findings.iter().map(|finding| (finding.what, finding.place.clone())).collect()
}

#[tokio::test]
async fn what_gains_by_it_has_variants_beside_it() {
    let (fixture, tree) = (Fixture::new(), tree());
    let published = publish(&fixture, &as_variants(&tree)).await;
    let release = shown(&fixture, published.release).await;
    let expected = ["LICENSE", "css/app.css", "css/base.css", "js/one.js", "js/two.js"];
    // What has no extension is of no type that is known for gaining.
    assert_eq!(compressed(&release).keys().copied().collect::<Vec<_>>(), expected[1..]);
    assert_eq!((published.compressed, published.new), (8, 8 + tree.files.len()));
    for (path, entry) in &release.assets {
        let bytes = decoded(&fixture, entry).await;
        assert!(bytes.iter().all(|other| *other == bytes[0]), "{path} is the same in every form");
    }
    let app = String::from_utf8(decoded(&fixture, entry(&release, "css/app.css")).await.remove(0)).expect("text");
    let base = entry(&release, "css/base.css").name.to_string();
    assert!(base.contains("-bg."), "{base}");
    assert!(app.starts_with(&format!("@import '{}';", &base["css/".len()..])), "{app:.80}");
    assert_eq!(deeply(&fixture).await, []);
}

#[tokio::test]
async fn nothing_that_has_no_variants_is_called_otherwise() {
    let (plain, fixture, tree) = (Fixture::new(), Fixture::new(), tree());
    let without = shown(&plain, plain.publish(&tree).await.release).await;
    let with = shown(&fixture, publish(&fixture, &as_variants(&tree)).await.release).await;
    let compressed = compressed(&with);
    for (path, entry) in with.assets.iter().filter(|(path, _)| !compressed.contains_key(path.as_str())) {
        assert_eq!(entry, &without.assets[path], "{path}");
    }
    for path in compressed.keys() {
        assert_ne!(entry(&with, path).address, entry(&without, path).address, "{path}");
    }
}

#[tokio::test]
async fn an_unchanged_file_is_never_compressed_again() {
    let (fixture, mut tree) = (Fixture::new(), tree());
    let first = publish(&fixture, &as_variants(&tree)).await;
    assert_eq!(publish(&fixture, &as_variants(&tree)).await.compressed, 0);

    // One file, in two encodings; what refers to it is changed by that.
    tree.write("css/base.css", text("other", 60));
    assert_eq!(publish(&fixture, &as_variants(&tree)).await.compressed, 4);
    tree.write("js/alone.js", module("alone"));
    assert_eq!(publish(&fixture, &as_variants(&tree)).await.compressed, 2);
    tree.write("js/alone.js", module("changed"));
    assert_eq!(publish(&fixture, &as_variants(&tree)).await.compressed, 2);

    // Under another name, in another folder, and twice.
    let alone = tree.files["js/alone.js"].clone();
    tree.remove("js/alone.js");
    tree.write("js/renamed.js", &alone);
    tree.write("other/copied.js", &alone);
    let renamed = publish(&fixture, &as_variants(&tree)).await;
    assert_eq!((renamed.compressed, renamed.new), (0, 6));

    // On another channel.
    let preview = Order { target: target("preview"), ..as_variants(&tree) };
    assert_eq!(publish(&fixture, &preview).await.compressed, 0);
    tree.write("css/tiny.css", "b{}");
    let preview = publish(&fixture, &Order { target: target("preview"), ..as_variants(&tree) }).await;
    assert_eq!((preview.compressed, preview.new), (0, 1));
    assert_eq!(deeply(&fixture).await, []);

    let back = fixture.move_to(Destination::Earlier(first.release.to_string())).await;
    assert!(back.moved);
}

#[tokio::test]
async fn what_a_publisher_left_that_died_is_not_compressed_again() {
    let (fixture, mut tree) = (Fixture::new(), tree());
    fixture.publish(&Tree::new(&[("a.css", "a{}")])).await;
    let (ledger, swaps) = (fixture.layout.ledger(), AtomicUsize::new(0));
    let gate = Scripted::new(move |_, call| {
        let is_swap = call.verb == Verb::Replace && call.key == ledger.as_str();
        if is_swap && swaps.fetch_add(1, Ordering::Relaxed) == 1 { Fate::Killed } else { Fate::Through }
    });
    let order = as_variants(&tree);
    let end = gate.run(lastly::publish::publish(&fixture.site_through(gate.clone()), &[], &order)).await;
    assert!(end.is_none(), "it dies before it commits");
    let again = publish(&fixture, &order).await;
    assert_eq!((again.compressed, again.new, again.moved), (0, 0, true));
    tree.write("css/base.css", text("other", 60));
    assert_eq!(publish(&fixture, &as_variants(&tree)).await.compressed, 4);
}

#[tokio::test]
async fn a_dry_run_counts_and_compresses_nothing() {
    let (fixture, tree) = (Fixture::new(), tree());
    let order = Order { dry_run: true, ..as_variants(&tree) };
    let planned = publish(&fixture, &order).await;
    let plan = planned.plan.expect("a plan");
    assert_eq!((plan.uploads.len(), plan.compressed), (8 + tree.files.len(), 8));
    assert_eq!(plan.requests(), plan.uploads.len() as u64 + 6);
    assert_eq!(fixture.store.requests().0.get(&Verb::Create), None);
}

#[tokio::test]
async fn a_file_can_be_stored_compressed_itself() {
    let (fixture, mut tree) = (Fixture::new(), tree());
    tree.write("vendor/mce/mce.js", module("mce"));
    let mce = Rule { tree: Some("vendor/mce".to_owned()), ..Rule::default() };
    let rules = rules(Form::InPlace(Encoding::Brotli), &[mce]);
    let order = Order { rules, ..order(&tree) };
    let published = publish(&fixture, &order).await;
    assert_eq!((published.compressed, published.new), (5, tree.files.len()));
    let release = shown(&fixture, published.release).await;
    for (path, entry) in &release.assets {
        let expected = ["css/app.css", "css/base.css", "js/one.js", "js/two.js", "vendor/mce/mce.js"];
        let expected = expected.contains(&path.as_str());
        assert_eq!(entry.headers.content_encoding() == Some("br"), expected, "{path}");
        assert!(!entry.name.as_str().contains("-b."), "{path}");
    }
    let base = entry(&release, "css/base.css");
    assert_eq!(decoded(&fixture, base).await, [tree.files["css/base.css"].clone()]);
    assert_eq!(deeply(&fixture).await, []);

    tree.write("css/copy.css", text("base", 60));
    let copied = publish(&fixture, &order).await;
    assert_eq!((copied.compressed, copied.new), (0, 1));
    assert_eq!(deeply(&fixture).await, []);
}

#[tokio::test]
async fn rules_say_what_is_compressed() {
    let (fixture, tree) = (Fixture::new(), tree());
    let rule = |files: &str, compress, kind| Rule { files: vec![files.to_owned()], compress, kind, ..Rule::default() };
    let rules = rules(
        variants(),
        &[
            rule("js/**", Some(false), None),
            rule("LICENSE", Some(true), None),
            rule("css/odd.css", Some(true), None),
            rule("css/base.css", Some(true), Some(Kind::Sealed)),
        ],
    );
    let published = publish(&fixture, &Order { rules, ..order(&tree) }).await;
    let release = shown(&fixture, published.release).await;
    assert_eq!(compressed(&release).into_keys().collect::<Vec<_>>(), ["LICENSE", "css/app.css"]);
}

#[test]
fn the_program_says_what_it_has_compressed() {
    let program = Program::new();
    program.write("public/app.css", &text("app", 60));
    program.write("lastly.toml", "sources = ['public']\n[compression]\nform = 'variants'\nencodings = ['gzip']\n");
    let planned = program.run("publish --dry-run");
    assert!(planned.contains("2 new (2.4 KB), 0 reused, 0 retired, 1 compressed"), "{planned}");
    let published = program.json("publish");
    assert_eq!((&published["compressed"], &published["new"], &published["status"]), (&json!(1), &json!(2), &json!(0)));
    let shown = program.json("show live");
    assert_eq!(shown["assets"][0]["compression"], "variants gzip 1");
}

/// How many threads there are, and which of them comes first, makes no difference.
#[test]
fn the_same_tree_is_the_same_release_on_any_number_of_threads() {
    let tree = tree();
    let made = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let (files, _) = walk(&Walk { folders: vec![tree.path().to_owned()], ..Walk::default() });
            let collected = read(files, &rules(variants(), &[]), &Layout::new("", None), 0).expect("files");
            let prepared = rewrite(collected, &Arc::<References>::default(), &[]).expect("references");
            ReleaseId::of_document(&write_release(&prepared.release))
        })
    };
    let ids: BTreeSet<ReleaseId> = [1, 2, 3, 8].map(made).into();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn variants_stay_as_long_as_their_release_and_no_longer() {
    let (fixture, mut tree) = (Fixture::new(), tree());
    let first = publish(&fixture, &as_variants(&tree)).await;
    let old = entry(&shown(&fixture, first.release).await, "css/base.css").clone();
    fixture.clock.pass(100);
    let collected = collect(&fixture.site()).await.expect("a collection");
    assert!(!collected.goes.contains_key(&Class::Object), "{:?}", collected.goes);
    tree.write("css/base.css", text("other", 60));
    let second = publish(&fixture, &as_variants(&tree)).await;
    fixture.clock.pass(100);
    collect(&fixture.site()).await.expect("a collection");
    for stored in old.stored() {
        assert!(fixture.inspected().get(&fixture.layout.key(&stored.name)).await.is_none(), "{}", stored.name);
    }
    for entry in shown(&fixture, second.release).await.assets.values() {
        decoded(&fixture, entry).await;
    }
    assert_eq!(deeply(&fixture).await, []);
}

async fn lay(fixture: &Fixture, key: &Key, headers: Arc<Headers>, bytes: Vec<u8>) {
    let created = fixture.store.create(key, Object::whole(headers, bytes)).await.expect("it answers");
    assert!(matches!(created, Created::New(_)), "{key}");
}

/// Where a variant will lie, and with which headers, once the tree is published.
async fn place(tree: &Tree, path: &str, encoding: Encoding) -> (Key, Arc<Headers>, u64) {
    let rehearsal = Fixture::new();
    let release = publish(&rehearsal, &as_variants(tree)).await.release;
    let release = shown(&rehearsal, release).await;
    let entry = entry(&release, path);
    let name: Name = entry.name.variant(encoding);
    (rehearsal.layout.key(&name), entry.headers.encoded(encoding), entry.size)
}

/// Another machine's libraries may make other bytes of the same: what is there stays.
#[tokio::test]
async fn a_variant_that_is_there_and_means_the_same_is_left_alone() {
    let (fixture, tree) = (Fixture::new(), tree());
    let (key, headers, size) = place(&tree, "css/base.css", Encoding::Gzip).await;
    let bytes = tree.files["css/base.css"].as_slice();
    let halves = [compress(&bytes[..99], Encoding::Gzip), compress(&bytes[99..], Encoding::Gzip)].concat();
    lay(&fixture, &key, headers, halves.clone()).await;
    publish(&fixture, &as_variants(&tree)).await;
    let there = fixture.inspected().get(&key).await.expect("it is there").bytes;
    assert_eq!(there, halves);
    assert_eq!(decompress(&there, Encoding::Gzip, size).expect("gzip"), bytes);
    assert_eq!(deeply(&fixture).await, []);
}

#[tokio::test]
async fn a_variant_that_means_something_else_stops_a_publish() {
    let (fixture, tree) = (Fixture::new(), tree());
    let (key, headers, size) = place(&tree, "css/base.css", Encoding::Brotli).await;
    let other = text("other", 60).into_bytes();
    assert_ne!(other.len() as u64, size);
    lay(&fixture, &key, headers, compress(&other, Encoding::Brotli)).await;
    let error = fixture.try_publish(&as_variants(&tree)).await.expect_err("other bytes");
    assert!(error.problems()[0].message.contains("css/base.css"), "{:?}", error.problems());
}

#[tokio::test]
async fn a_variant_that_is_not_what_it_stands_for_is_found() {
    let (fixture, tree) = (Fixture::new(), tree());
    let release = publish(&fixture, &as_variants(&tree)).await.release;
    let release = shown(&fixture, release).await;
    let mut expected = Vec::new();
    for (path, bytes) in [("css/base.css", compress(b"a{}", Encoding::Brotli)), ("js/one.js", b"plain".to_vec())] {
        let key = fixture.layout.key(&entry(&release, path).name.variant(Encoding::Brotli));
        let there = fixture.inspected().get(&key).await.expect("it is there");
        let object = Object::whole(Arc::new(there.found.headers), bytes);
        fixture.store.replace(&key, &there.found.etag, object).await.expect("it answers");
        expected.push((What::Bytes, key.to_string()));
    }
    let gone = fixture.layout.key(&entry(&release, "js/two.js").name.variant(Encoding::Gzip));
    let etag = fixture.inspected().get(&gone).await.expect("it is there").found.etag;
    fixture.store.remove(&gone, &etag).await.expect("it answers");
    expected.push((What::Missing, gone.to_string()));
    assert_eq!(deeply(&fixture).await, expected);
}

#[tokio::test]
async fn a_release_whose_variants_are_gone_is_not_restored() {
    let (fixture, mut tree) = (Fixture::new(), tree());
    let first = publish(&fixture, &as_variants(&tree)).await.release;
    let release = shown(&fixture, first).await;
    tree.write("css/tiny.css", "b{}");
    publish(&fixture, &as_variants(&tree)).await;
    fixture.clock.pass(100);
    crate::support::collector::condemn(&fixture).await;
    let gone = fixture.layout.key(&entry(&release, "js/two.js").name.variant(Encoding::Gzip));
    let etag = fixture.inspected().get(&gone).await.expect("it is there").found.etag;
    fixture.store.remove(&gone, &etag).await.expect("it answers");
    let error = restore(&fixture.site(), &first.to_string()).await.expect_err("a variant is gone");
    let told: Vec<&str> = error.problems().iter().map(|problem| &*problem.message).collect();
    assert_eq!(told, ["the variant of `js/two.js` in `gzip` is gone"]);
}

#[tokio::test]
async fn a_bucket_keeps_encodings() {
    let (bucket, fixture, tree) = (Bucket::fresh(MOTO).await, Fixture::new(), tree());
    let store: Arc<dyn Store> = Arc::new(bucket.store().await);
    let site = fixture.site_on(store.clone());
    for form in [variants(), Form::InPlace(Encoding::Gzip)] {
        let order = Order { rules: rules(form, &[]), ..order(&tree) };
        let published = lastly::publish::publish(&site, &[], &order).await.expect("a publish without faults");
        assert_eq!(published.compressed, if form == variants() { 8 } else { 4 });
        for entry in site.release(published.release).await.expect("a release").assets.values() {
            let bytes = decoded_in(&*store, &fixture.layout, entry).await;
            assert!(bytes.iter().all(|other| *other == bytes[0]), "{}", entry.name);
        }
    }
}

/// What a site's visitors see of compression, as `verify --live` tells it.
async fn live(form: Form) -> Vec<String> {
    let (fixture, tree) = (Fixture::new(), tree());
    publish(&fixture, &Order { rules: rules(form, &[]), ..order(&tree) }).await;
    // There is no function in front of it.
    let url = host(fixture.store.clone(), fixture.layout.clone(), |_, _| {}).await;
    let visitor = Visitor::new(&url, Arc::new(SystemClock::default())).expect("a URL");
    let order = lastly::verify::Order {
        releases: Vec::new(),
        channel: None,
        deep: Some(Deep { references: Arc::default(), generation: 0 }),
        live: Some((visitor, ChannelName::live())),
        concurrency: 4,
    };
    let verified = verify(&fixture.site(), &order).await.expect("a store in memory answers");
    verified.findings.into_iter().map(|finding| finding.found).collect()
}

#[tokio::test]
async fn an_edge_without_the_function_is_noticed() {
    let told = live(variants()).await;
    assert_eq!(told, ["files that have variants and are given uncompressed to those who can read them: 4"]);
    assert_eq!(live(Form::InPlace(Encoding::Brotli)).await, Vec::<String>::new());
}
