//! The JSON on stdout: exactly one object, also when a command fails. A change here breaks somebody's script.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::program::Program;

const STORE: &str = "--store dir:site";

#[test]
fn one_object_of_promised_fields() {
    let program = Program::with_site();
    let mut published = program.json(&format!("publish public {STORE} --base-url https://cdn.example.com/s/"));
    assert!(published["seconds"].take().is_number());
    assert_snapshot!(pretty(&published), @r#"
    bytes: 71
    bytes_uploaded: 71
    channel: "live"
    dry_run: false
    error: null
    files: 3
    invalidations: []
    manifest: {"key":"manifest.json","url":"https://cdn.example.com/s/manifest.json"}
    moved: true
    new: 3
    plan: null
    problems: []
    release: "83e060e4aeee8513cb29469e9b5f9b9a"
    requests: {"create":41,"get":10,"head":4,"remove":3,"replace":36}
    retired: 0
    reused: 0
    seconds: null
    sequence: 1
    source_maps: 0
    status: 0
    v: 1
    "#);
    let mut planned = program.json(&format!("publish public {STORE} --channel next --dry-run"));
    assert!(planned["seconds"].take().is_number());
    assert_snapshot!(pretty(&planned), @r#"
    bytes: 71
    bytes_uploaded: 0
    channel: "next"
    dry_run: true
    error: null
    files: 3
    invalidations: []
    manifest: {"key":"channels/next/manifest.json","url":null}
    moved: false
    new: 0
    plan: {"price_usd":0.0000254,"requests":6,"uploads":[]}
    problems: []
    release: "83e060e4aeee8513cb29469e9b5f9b9a"
    requests: {"get":2}
    retired: 0
    reused: 3
    seconds: null
    sequence: null
    source_maps: 0
    status: 0
    v: 1
    "#);
    let mut rolled_back = program.json(&format!("rollback {STORE}"));
    assert!(rolled_back["seconds"].take().is_number());
    assert_snapshot!(pretty(&rolled_back), @r#"
    bytes: null
    bytes_uploaded: null
    channel: null
    dry_run: false
    error: {"causes":[],"hints":["`lastly releases` lists what there is"],"kind":"failed","message":"channel `live` has no release before the current one that is still kept"}
    files: null
    invalidations: []
    manifest: null
    moved: false
    new: null
    plan: null
    problems: []
    release: null
    requests: {"get":1}
    retired: null
    reused: null
    seconds: null
    sequence: null
    source_maps: null
    status: 1
    v: 1
    "#);
}

#[test]
fn what_is_shown() {
    let program = Program::with_two_releases(STORE);
    let shown = program.json(&format!("releases {STORE}"));
    assert_snapshot!(program.settled(&pretty(&shown)), @r#"
    channels:
      - {"build":null,"expires":null,"followed":true,"moves":[{"actor":null,"at":"[TIME]","build_url":null,"cause":"publish","commit":null,"message":null,"release":"83e060e4aeee8513cb29469e9b5f9b9a","sequence":1},{"actor":null,"at":"[TIME]","build_url":null,"cause":"publish","commit":null,"message":null,"release":"fa46c7a8463a2a5eb4e559bc6ca256a0","sequence":2}],"name":"live","release":"fa46c7a8463a2a5eb4e559bc6ca256a0","sequence":2}
    releases:
      - {"actor":null,"build_url":null,"channels":[{"name":"live","sequence":2}],"commit":null,"id":"fa46c7a8463a2a5eb4e559bc6ca256a0","message":null,"retired_at":null,"since":"[TIME]","staged_at":"[TIME]","state":"current"}
      - {"actor":null,"build_url":null,"channels":[{"name":"live","sequence":1}],"commit":null,"id":"83e060e4aeee8513cb29469e9b5f9b9a","message":null,"retired_at":"[TIME]","since":"[TIME]","staged_at":"[TIME]","state":"retired"}
    status: 0
    v: 1
    "#);
    assert_snapshot!(pretty(&program.json(&format!("show live {STORE}"))), @r#"
    assets:
      - {"address":"1a3d698c4089b3bb070f2a484db1fce2c336c42b6ed4343dc8aeb36b49bd1279","headers":{"cache-control":"public, max-age=31536000, immutable","content-type":"text/css; charset=utf-8"},"integrity":"sha384-vKpt7JIvHTqo8yE5oq/QmDSciLodhtwaZjNP9Va+cAz9AQar2eHzU6WbtEeEyN8M","key":"css/app.1a3d698c4089b3bb070f2a484db1fce2.css","path":"css/app.css","sealed":false,"size":22,"type":"text/css; charset=utf-8"}
      - {"address":"698455b1f8e38a6885b3d0b3b249b8cbe651c82eefdcb73e3358ab7c51a89c9c","headers":{"cache-control":"public, max-age=31536000, immutable","content-type":"text/javascript; charset=utf-8"},"integrity":"sha384-M203vLCvZdI2DAFEpVs3YNPxNFNtwrWrHY9XrXkEzOjLmndNNAWAdMk0uRYc2i2r","key":"js/app.698455b1f8e38a6885b3d0b3b249b8cb.js","path":"js/app.js","sealed":false,"size":15,"type":"text/javascript; charset=utf-8"}
    bytes: 71
    pages:
      - {"address":"16d560bfbd3a1ba38590e2131d5c93f40a98a591adfbb4109a7eeb4ea973a363","headers":{"cache-control":"no-cache","content-type":"text/html; charset=utf-8"},"integrity":null,"key":"index.16d560bfbd3a1ba38590e2131d5c93f4.html","path":"index.html","sealed":false,"size":34,"type":"text/html; charset=utf-8"}
    release: "fa46c7a8463a2a5eb4e559bc6ca256a0"
    status: 0
    v: 1
    "#);
    let earlier = shown["releases"][1]["id"].as_str().expect("an id");
    assert_snapshot!(pretty(&program.json(&format!("diff {earlier} live {STORE}"))), @r#"
    added: []
    changed:
      - {"path":"index.html","size":34,"size_before":34}
    earlier: "83e060e4aeee8513cb29469e9b5f9b9a"
    later: "fa46c7a8463a2a5eb4e559bc6ca256a0"
    removed: []
    status: 0
    v: 1
    "#);
}

#[test]
fn failures_too() {
    let program = Program::with_site();
    let mut failed = program.json(&format!("publish nowhere {STORE}"));
    assert!(failed["seconds"].take().is_number());
    assert_snapshot!(pretty(&failed), @r#"
    bytes: null
    bytes_uploaded: null
    channel: null
    dry_run: false
    error: {"causes":[],"hints":[],"kind":"usage","message":"1 problem in the files"}
    files: null
    invalidations: []
    manifest: null
    moved: false
    new: null
    plan: null
    problems:
      - {"column":null,"file":"nowhere","hint":"build the site before publishing it, or name another folder","level":"error","line":null,"message":"cannot be opened: No such file or directory (os error 2)"}
    release: null
    requests: {"get":1}
    retired: null
    reused: null
    seconds: null
    sequence: null
    source_maps: null
    status: 2
    v: 1
    "#);
    let failed = program.json(&format!("show live {STORE}"));
    assert_snapshot!(pretty(&failed), @r#"
    error: {"causes":[],"hints":["check `--store` and `--control`"],"kind":"failed","message":"nothing has been published here yet: there is no ledger at `.lastly/ledger.json`"}
    problems: []
    status: 1
    v: 1
    "#);
    let failed = program.json("publish --sequence many");
    let [status, moved, kind] = [&failed["status"], &failed["moved"], &failed["error"]["kind"]];
    assert_eq!((status, moved, kind), (&json!(2), &json!(false), &json!("usage")));
}

/// A JSON object with a line for each field, and for each item of a list.
fn pretty(value: &Value) -> String {
    let field = |(name, value): (&String, &Value)| match value.as_array() {
        Some(items) if !items.is_empty() => {
            format!("{name}:\n{}", items.iter().map(|item| format!("  - {item}\n")).collect::<String>())
        }
        _ => format!("{name}: {value}\n"),
    };
    value.as_object().expect("an object").iter().map(field).collect()
}
