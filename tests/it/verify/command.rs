//! The commands as they are typed, on a folder and on a bucket.

use std::sync::Arc;

use insta::assert_snapshot;
use lastly::clock::SystemClock;
use lastly::model::layout::Key;
use lastly::store::Store;
use lastly::store::directory::DirectoryStore;
use serde_json::json;

use super::tamper;
use crate::program::Program;
use crate::servers::{Bucket, MOTO};

#[tokio::test]
async fn verifying_a_folder() {
    let program = Program::with_two_releases("--store dir:site");
    assert_snapshot!(program.run("verify --store dir:site --deep"), @r"
    --- stderr
    4 objects (105 B) of 2 releases, 1 page · 9 requests · [SPAN]
    --- status 0
    ");
    assert_snapshot!(program.run("fsck --store dir:site"), @r"
    --- stderr
    2 releases · 1 channel · 2 release documents
    --- status 0
    ");
    let shown = program.json("show live --store dir:site");
    let key = shown["assets"][1]["key"].as_str().expect("a key").to_owned();
    let store = DirectoryStore::new(program.path("site"), Arc::new(SystemClock::default()));
    tamper(&store, &Key::new(&key), b"console.log(2)\n").await;
    assert!(program.run("verify --store dir:site").ends_with("--- status 0\n"), "the length is the same");
    let said = program.run("verify --store dir:site --deep");
    assert!(said.contains(&format!("bad      {key}: its bytes have another integrity value than")), "{said}");
    assert!(said.contains("error: 1 problem was found\n") && said.ends_with("--- status 5\n"), "{said}");
    let found = program.json("verify live --store dir:site --deep");
    assert_eq!((&found["v"], &found["status"], &found["objects"]), (&json!(1), &json!(5), &json!(3)), "{found}");
    assert_eq!(found["findings"][0]["what"], json!("integrity"), "{found}");
    assert_eq!(found["error"]["kind"], json!("problems"), "{found}");
    assert_eq!(program.json("verify --store dir:site --channel liv")["status"], json!(1));
    assert_eq!(program.json("verify --store dir:site --live /static/")["status"], json!(2));
    assert_eq!(program.json("verify --store dir:elsewhere")["status"], json!(1));
}

#[tokio::test]
async fn a_ledger_is_made_again_on_a_bucket() {
    let bucket = Bucket::fresh(MOTO).await;
    let mut program = Program::with_site();
    program.set("AWS_ENDPOINT_URL", &bucket.server);
    program.set("AWS_ACCESS_KEY_ID", "test");
    program.set("AWS_SECRET_ACCESS_KEY", "test");
    let site = format!("--store s3://{}/static", bucket.name);
    program.json(&format!("publish public {site}"));
    let healthy = program.json(&format!("verify {site} --deep"));
    assert_eq!((&healthy["status"], &healthy["findings"]), (&json!(0), &json!([])), "{healthy}");
    assert_eq!(program.json(&format!("fsck {site}"))["findings"], json!([]));

    let (store, ledger) = (bucket.store().await, Key::new(".lastly/static/ledger.json"));
    let there = store.head(&ledger).await.expect("it answers").expect("a ledger");
    store.remove(&ledger, &there.etag).await.expect("it answers");
    let lost = program.json(&format!("fsck {site}"));
    assert_eq!((&lost["status"], &lost["findings"][0]["what"]), (&json!(5), &json!("ledger")), "{lost}");
    let planned = program.json(&format!("fsck --rebuild {site}"));
    assert_eq!((&planned["applied"], &planned["channels"][0]["name"]), (&json!(false), &json!("live")), "{planned}");
    let made = program.json(&format!("fsck --rebuild --apply {site}"));
    assert_eq!((&made["status"], &made["releases"]), (&json!(0), &planned["releases"]), "{made}");
    assert_eq!(made["findings"][0]["level"], json!("warning"), "older versions of the ledger are there");
    assert_eq!(program.json(&format!("verify {site} --deep"))["status"], json!(0));
    let again = program.json(&format!("publish public {site}"));
    assert_eq!((&again["status"], &again["moved"]), (&json!(0), &json!(false)), "{again}");
    let refused = program.json(&format!("fsck --rebuild --apply {site}"));
    assert_eq!((&refused["status"], &refused["error"]["kind"]), (&json!(1), &json!("failed")), "{refused}");
}

#[test]
fn nothing_is_made_of_nothing() {
    let empty = Program::with_site();
    assert_snapshot!(empty.run("fsck --store dir:site"), @r"
    --- stderr
    no ledger · 0 release documents
    --- status 0
    ");
    assert_snapshot!(empty.run("fsck --rebuild --store dir:site"), @r"
    --- stderr
    error: there is no release document below `.lastly/releases/`, so there is nothing to make a ledger of
    
    hint: check `--store` and `--control`; a site without a ledger begins with a publish
    --- status 1
    ");
    assert!(empty.run("fsck --apply --store dir:site").ends_with("--- status 2\n"), "there is nothing to apply");
}
