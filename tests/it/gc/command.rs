//! The commands as they are typed.

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
