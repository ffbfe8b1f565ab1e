//! Collections by what others have listed: reports as S3 Inventory delivers them, made by DuckDB of a store's versions,
//! and what the query of `docs/inventory.md` finds in them.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use lastly::error::Kind;
use lastly::gc::{self, Collected, Source};
use lastly::publish::Order;
use lastly::store::{Store, Verb, Version};
use tempfile::TempDir;

use super::{everything, keys, put, three_releases, trouble};
use crate::servers::server;
use crate::support::collector::{by, greedy};
use crate::support::{Fixture, Tree, order, sealed_rules};

/// Three releases, garbage of every kind, and names that have to be encoded.
async fn garbage() -> Fixture {
    let fixture = Fixture::new();
    three_releases(&fixture).await;
    let lost = Tree::new(&[("b.js", "1"), ("sealed/lost.js", "l")]);
    trouble::die_before_commit(&fixture, &Order { rules: sealed_rules(), ..order(&lost) }).await;
    for n in 0..50 {
        put(&fixture, &format!("static/\u{e4} +%41,\"{n}.0123456789abcdef0123456789abcdef.js")).await;
    }
    put(&fixture, "other/a.0123456789abcdef0123456789abcdef.js").await;
    let hidden = lastly::model::layout::Key::new("static/\u{e4} +%41,\"7.0123456789abcdef0123456789abcdef.js");
    let etag = fixture.inspected().get(&hidden).await.expect("it was just put").found.etag;
    fixture.store.remove(&hidden, &etag).await.expect("a store in memory answers");
    fixture
}

async fn versions(store: &dyn Store) -> Vec<Version> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.versions("", after).await.expect("a store in memory answers");
        found.extend(page.versions);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// What is known of a store, in a folder.
struct Reports(TempDir);

impl Reports {
    /// Has DuckDB make them.
    async fn of(fixture: &Fixture) -> Self {
        let reports = Self(tempfile::tempdir().expect("a folder"));
        let mut rows = String::new();
        for Version { key, id, current, marker, size, modified } in versions(&*fixture.store).await {
            let key = key.as_str().replace('"', "\"\"");
            writeln!(rows, "site,\"{key}\",{},{current},{marker},{size},{modified}", id.0).expect("text takes text");
        }
        std::fs::write(reports.path("rows.csv"), rows).expect("a file");
        std::fs::create_dir(reports.path("releases")).expect("a folder");
        for version in versions(&*fixture.store).await {
            if let Some((_, name)) = version.key.as_str().split_once("/releases/") {
                let document = fixture.inspected().get(&version.key).await.expect("a document");
                std::fs::write(reports.path("releases").join(name), &document.bytes).expect("a file");
            }
        }
        // What remains is decided without a listing.
        std::fs::write(reports.path("none.csv"), "key,version_id\n").expect("a file");
        let none = Source::Candidates(reports.path("none.csv"));
        let plan = gc::collect(&fixture.site(), &gc::Order { apply: false, source: none, ..by(greedy()) }).await;
        let remaining = plan.expect("a plan").decision.remaining;
        let remaining: String = remaining.iter().map(|id| format!("{id}\n")).collect();
        std::fs::write(reports.path("remaining.csv"), format!("release\n{remaining}")).expect("a file");
        std::fs::write(reports.path("query.sql"), query()).expect("a file");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/gc/inventory.py");
        let mut python = Command::new(server("LASTLY_TEST_PYTHON"));
        let output = python.arg(script).arg(reports.0.path()).arg(reports.path("query.sql")).output();
        let output = output.expect("Python can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        reports
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn inventory(&self, form: &str) -> Source {
        Source::Inventory(self.path(form).join("2026-11-22T01-00Z/manifest.json"))
    }

    fn candidates(&self) -> Source {
        Source::Candidates(self.path("candidates.csv"))
    }
}

/// The query as it stands in the docs, but for the one place where DuckDB wants it otherwise, which stands there too.
fn query() -> String {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/inventory.md")).expect("docs");
    let blocks: Vec<&str> = text.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let query = *blocks.last().expect("the query is the last block");
    let (athena, duckdb) = (
        "UNNEST(map_concat(assets, pages)) AS t (path, entry)",
        "UNNEST(map_values(map_concat(assets, pages))) AS t (entry)",
    );
    assert!(query.contains(athena) && text.contains(&format!("`{duckdb}`")), "{query}");
    query.replace(athena, duckdb)
}

async fn collect(fixture: &Fixture, source: Source) -> Collected {
    let order = gc::Order { source, ..by(greedy()) };
    let collected = gc::collect(&fixture.site(), &order).await.expect("a collection without faults");
    assert!(collected.unfinished.is_none(), "{:?}", collected.unfinished);
    collected
}

#[tokio::test]
async fn every_source_has_the_same_victims() {
    let listed = garbage().await;
    let expected = collect(&listed, Source::Listing).await;
    let left = everything(&*listed.store).await.len();
    assert!(expected.deleted > 60, "{}", expected.deleted);
    let sources: [fn(&Reports) -> Source; 3] =
        [|reports| reports.inventory("parquet"), |reports| reports.inventory("csv"), Reports::candidates];
    for source in sources {
        let fixture = garbage().await;
        let reports = Reports::of(&fixture).await;
        let source = source(&reports);
        let (collected, _, verbs) = fixture.cost(collect(&fixture, source.clone())).await;
        assert_eq!(collected.goes, expected.goes, "{source:?}");
        assert_eq!((collected.deleted, everything(&*fixture.store).await.len()), (expected.deleted, left));
        assert_eq!(keys(&fixture).await, keys(&listed).await);
        assert!(verbs.0[&Verb::List] <= 5, "only what is small is listed: {verbs:?}");
        // A report from before the collection names what has gone. That does no harm.
        let again = collect(&fixture, source).await;
        assert_eq!(keys(&fixture).await, keys(&listed).await, "{again:?}");
    }
}

/// A report that is older than a publish names what the publish has put to use again.
#[tokio::test]
async fn what_has_come_into_reach_since_the_report_is_spared() {
    let sources: [fn(&Reports) -> Source; 2] = [|reports| reports.inventory("parquet"), Reports::candidates];
    for source in sources {
        let fixture = garbage().await;
        let reports = Reports::of(&fixture).await;
        fixture.publish(&super::tree("1")).await;
        collect(&fixture, source(&reports)).await;
        fixture.assert_live_shows(&super::tree("1")).await;
        let ledger = fixture.inspected().ledger().await.expect("a ledger");
        for id in ledger.releases.keys() {
            assert_eq!(fixture.inspected().faults_of(*id).await, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn candidates_that_say_too_little_or_too_much_are_refused() {
    let fixture = garbage().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("candidates.csv");
    let before = everything(&*fixture.store).await;
    for (text, expected) in [
        ("key,size\nstatic/a,1\n", "lacks what is needed to tell versions apart: version_id"),
        ("path\nstatic/a\n", "lacks what is needed to tell versions apart: key, version_id"),
        ("key,version_id\nother/a,v\n", "names nothing below `static/`"),
        ("key,version_id,size\nstatic/a,v,many\n", "row 1: `many` is not a size"),
        ("key,version_id\nstatic/a\n", "row 1: "),
        ("key,version_id,last_modified\nstatic/a,v,2026\n", "row 1: `2026` is not a time"),
    ] {
        std::fs::write(&file, text).expect("a file");
        let order = gc::Order { source: Source::Candidates(file.clone()), ..by(greedy()) };
        let error = gc::collect(&fixture.site(), &order).await.expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.kind(), Kind::Usage);
    }
    assert_eq!(everything(&*fixture.store).await, before);
}

/// The share that goes is measured by what is known to stay, though it stands in no file.
#[tokio::test]
async fn candidates_are_held_to_the_share_that_may_go() {
    let fixture = garbage().await;
    let reports = Reports::of(&fixture).await;
    let policy = gc::Policy { max_delete: 50, ..greedy() };
    let order = gc::Order { source: reports.candidates(), ..by(policy) };
    let error = gc::collect(&fixture.site(), &order).await.expect_err("it is too much");
    assert!(error.to_string().contains("stored versions would go, which is more than 50 %"), "{error}");
}
