//! The commands as they are typed.

use insta::assert_snapshot;
use serde_json::json;

use crate::program::Program;

const EVERYTHING: &str = "--keep-for 0s --keep-last 0 --min-object-age 0s --allow-short-retention --max-delete 100%";

#[test]
fn a_collection_from_the_command_line() {
    let program = Program::with_site();
    let first = program.json("publish public --store dir:site");
    program.write("public/css/app.css", "b{}");
    program.json("publish public --store dir:site");

    let kept = program.json("gc --store dir:site");
    assert_eq!((&kept["status"], &kept["applied"], &kept["goes"]), (&json!(0), &json!(false), &json!([])));
    assert_eq!(kept["releases"].as_array().map(Vec::len), Some(2));
    let refused = program.json("gc --store dir:site --keep-for 1h");
    assert_eq!((&refused["status"], &refused["error"]["kind"]), (&json!(2), &json!("usage")), "{refused}");

    let id = first["release"].as_str().expect("an id");
    program.json(&format!("pin {id} --reason audit --store dir:site"));
    let pinned = program.json(&format!("gc --store dir:site {EVERYTHING}"));
    let releases = pinned["releases"].as_array().expect("a list");
    let reason = releases.iter().find(|release| release["id"] == id).expect("it is kept")["reasons"][0].clone();
    assert!(reason.as_str().is_some_and(|text| text.starts_with("pinned") && text.ends_with("audit")), "{reason}");
    program.json(&format!("unpin {id} --store dir:site"));

    let planned = program.json(&format!("gc --store dir:site {EVERYTHING}"));
    let collected = program.json(&format!("gc --apply --store dir:site {EVERYTHING}"));
    assert_eq!((&collected["status"], &collected["goes"]), (&json!(0), &planned["goes"]));
    assert!(collected["deleted"].as_u64() > Some(1) && planned["deleted"] == 0, "{collected}");
    let gone = program.json(&format!("restore {id} --store dir:site"));
    assert_eq!((&gone["status"], &gone["error"]["kind"]), (&json!(1), &json!("failed")), "{gone}");
    let back = program.json("rollback --store dir:site");
    assert_eq!(back["moved"], json!(false), "{back}");
}

#[test]
fn a_collection_says_what_goes_and_why_the_rest_stays() {
    let program = Program::with_two_releases("--store dir:site");
    assert_snapshot!(program.run("gc --store dir:site"), @r"
    --- stdout
    keep  44ce3ea360b2  one of the last that `live` showed, keep-last 5; stopped being current [SPAN] ago, keep-for 1w
    keep  ff4dc3c08299  current on `live`
    9 versions (60 KB) younger than min-object-age, which no release names
    6 versions stay (2.2 KB)
    --- stderr
    nothing to collect
    --- status 0
    ");
    let all = EVERYTHING.replace("100%", "1%");
    assert_snapshot!(program.run(&format!("gc --store dir:site {all}")), @r"
    --- stdout
    drop  44ce3ea360b2  stopped being current [SPAN] ago
    keep  ff4dc3c08299  current on `live`
            1 objects (34 B) no kept release and no publisher at work names them
            1 documents (1.1 KB) the ledger does not name these releases
            9 probes (60 KB) a proof of the store has left them
    3 of these are delete markers
    4 versions stay (1.1 KB)
    --- stderr
    warning: 2 of 6 stored versions would go, which is more than 1 %
    hint: `--apply` refuses that unless `--max-delete` allows it
    nothing has been deleted; `lastly gc --apply` does it
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("gc --store dir:site {all} --apply")), @r"
    --- stderr
    error: 2 of 6 stored versions would go, which is more than 1 %

    hint: if that is right, allow it with `--max-delete`, as in `--max-delete 90%`
    --- status 1
    ");
    assert_snapshot!(program.run(&format!("gc --store dir:site {EVERYTHING} --apply")), @r"
    --- stdout
    drop  44ce3ea360b2  stopped being current [SPAN] ago
    keep  ff4dc3c08299  current on `live`
            1 objects (34 B) no kept release and no publisher at work names them
            1 documents (1.1 KB) the ledger does not name these releases
            9 probes (60 KB) a proof of the store has left them
    3 of these are delete markers
    4 versions stay (1.1 KB)
    --- stderr
    deleted 11 versions
    --- status 0
    ");
    assert_snapshot!(program.run("gc --store dir:site"), @r"
    --- stdout
    keep  ff4dc3c08299  current on `live`
    4 versions stay (1.1 KB)
    --- stderr
    nothing to collect
    --- status 0
    ");
    assert_snapshot!(program.run("gc --store dir:site --shard 5/4"), @r"
    --- stderr
    error: invalid value '5/4' for '--shard <I/N>': `5/4` is not a share such as `3/16`: the second number is from 1 to 256, the first from 1 to the second

    For more information, try '--help'.
    --- status 2
    ");
    assert_snapshot!(program.run("gc --store dir:site --inventory s3://reports/site/all/2026-11-22T01-00Z/manifest.json"), @r"
    --- stderr
    error: `s3://reports/site/all/2026-11-22T01-00Z/manifest.json` lies in a bucket; a report is read from this machine

    hint: copy the report with `aws s3 cp --recursive`, its folder `data` beside the folder of its manifest
    --- status 2
    ");
}

#[test]
fn retention_is_set_in_the_settings() {
    let program = Program::with_site();
    program.write("lastly.toml", "store = \"dir:site\"\n[gc]\nkeep-for = \"1h\"\nkeep-fro = \"1h\"\n");
    let told = program.json("gc");
    assert_eq!(told["problems"][0]["message"], json!("`keep-fro` is not a setting of `[gc]`"), "{told}");
    program.write("lastly.toml", "store = \"dir:site\"\n[gc]\nkeep-for = \"1h\"\n");
    program.json("publish public");
    let told = program.json("gc");
    assert!(told["error"]["message"].as_str().is_some_and(|text| text.starts_with("keep-for 1h is shorter")), "{told}");
    assert_eq!(program.json("gc --keep-for 3d")["status"], json!(0), "a flag decides over the file");
}
