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
    before: null
    bytes: 71
    bytes_uploaded: 71
    change: null
    channel: "live"
    dry_run: false
    error: null
    files: 3
    ignored: 0
    invalidations: []
    manifest: {"key":"manifest.json","url":"https://cdn.example.com/s/manifest.json"}
    manifest_file: null
    moved: true
    new: 3
    plan: null
    problems: []
    release: "ee91e11dbd70dc95e35191d9839897f5"
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
    before: null
    bytes: 71
    bytes_uploaded: 0
    change: null
    channel: "next"
    dry_run: true
    error: null
    files: 3
    ignored: 0
    invalidations: []
    manifest: {"key":"channels/next/manifest.json","url":null}
    manifest_file: null
    moved: false
    new: 0
    plan: {"price_usd":0.0000254,"proof_requests":0,"requests":6,"uploads":[]}
    problems: []
    release: "44ce3ea360b2821e849ffccbc719892c"
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
    before: null
    bytes: null
    bytes_uploaded: null
    change: null
    channel: "live"
    dry_run: false
    error: {"causes":[],"hints":["`lastly releases` lists what there is"],"kind":"failed","message":"channel `live` has no release before the current one that is still kept"}
    files: null
    ignored: null
    invalidations: []
    manifest: null
    manifest_file: null
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
      - {"build":null,"expires":null,"followed":true,"moves":[{"actor":null,"at":"[TIME]","build_url":null,"cause":"publish","commit":null,"message":null,"release":"44ce3ea360b2821e849ffccbc719892c","sequence":1},{"actor":null,"at":"[TIME]","build_url":null,"cause":"publish","commit":null,"message":null,"release":"ff4dc3c08299c6a042b417fa8b8a7044","sequence":2}],"name":"live","release":"ff4dc3c08299c6a042b417fa8b8a7044","sequence":2}
    releases:
      - {"actor":null,"build_url":null,"channels":[{"name":"live","sequence":2}],"commit":null,"id":"ff4dc3c08299c6a042b417fa8b8a7044","message":null,"retired_at":null,"since":"[TIME]","staged_at":"[TIME]","state":"current"}
      - {"actor":null,"build_url":null,"channels":[{"name":"live","sequence":1}],"commit":null,"id":"44ce3ea360b2821e849ffccbc719892c","message":null,"retired_at":"[TIME]","since":"[TIME]","staged_at":"[TIME]","state":"retired"}
    status: 0
    v: 1
    "#);
    assert_snapshot!(pretty(&program.json(&format!("show live {STORE}"))), @r#"
    assets:
      - {"address":"eabf446bcec09b95344befad57f7feecd7af61a77956ca3e65b816acfc41d140","headers":{"cache-control":"public, max-age=31536000, immutable","content-type":"text/css; charset=utf-8"},"integrity":"sha384-vKpt7JIvHTqo8yE5oq/QmDSciLodhtwaZjNP9Va+cAz9AQar2eHzU6WbtEeEyN8M","key":"css/app.eabf446bcec09b95344befad57f7feec.css","path":"css/app.css","sealed":false,"size":22,"type":"text/css; charset=utf-8"}
      - {"address":"10c926c6341ac2cd8924213a29679d1d7346532fd02fc3375f8cd3995665901e","headers":{"cache-control":"public, max-age=31536000, immutable","content-type":"text/javascript; charset=utf-8"},"integrity":"sha384-M203vLCvZdI2DAFEpVs3YNPxNFNtwrWrHY9XrXkEzOjLmndNNAWAdMk0uRYc2i2r","key":"js/app.10c926c6341ac2cd8924213a29679d1d.js","path":"js/app.js","sealed":false,"size":15,"type":"text/javascript; charset=utf-8"}
    bytes: 71
    pages:
      - {"address":"07812be821d6dea9c79464dabecd3ccef3417b935b74e8c29a94758935f1de04","headers":{"cache-control":"no-cache","content-type":"text/html; charset=utf-8"},"integrity":null,"key":"index.07812be821d6dea9c79464dabecd3cce.html","path":"index.html","sealed":false,"size":34,"type":"text/html; charset=utf-8"}
    release: "ff4dc3c08299c6a042b417fa8b8a7044"
    status: 0
    v: 1
    "#);
    let earlier = shown["releases"][1]["id"].as_str().expect("an id");
    assert_snapshot!(pretty(&program.json(&format!("diff {earlier} live {STORE}"))), @r#"
    added: []
    changed:
      - {"headers":[],"path":"index.html","size":34,"size_before":34}
    earlier: "44ce3ea360b2821e849ffccbc719892c"
    later: "ff4dc3c08299c6a042b417fa8b8a7044"
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
    before: null
    bytes: null
    bytes_uploaded: null
    change: null
    channel: "live"
    dry_run: false
    error: {"causes":[],"hints":[],"kind":"usage","message":"1 problem in the files"}
    files: null
    ignored: null
    invalidations: []
    manifest: null
    manifest_file: null
    moved: false
    new: null
    plan: null
    problems:
      - {"code":"unreadable","column":null,"file":"nowhere","hint":"build the site before publishing it, or name another folder","level":"error","line":null,"message":"cannot be opened: No such file or directory (os error 2)","nearest":null,"target":null,"text":null}
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
