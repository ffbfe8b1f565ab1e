//! Manifests outside the store: `--manifest-file` and `lastly manifest`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::program::Program;

const STORE: &str = "--store dir:site";

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("a manifest")
}

#[test]
fn what_is_published_goes_into_a_file_byte_for_byte() {
    let program = Program::with_site();
    let publish = format!("publish public {STORE} --manifest-file baked.json");
    assert_eq!(program.json(&format!("{publish} --dry-run"))["manifest_file"], Value::Null);
    assert!(!program.path("baked.json").exists(), "a dry run writes nothing");
    assert_eq!(program.json(&publish)["manifest_file"], "baked.json");
    let baked = program.read("baked.json");
    assert_eq!(baked, program.read("site/manifest.json"));
    let manifest = parsed(&baked);
    assert_eq!(manifest["version"], "1.1");
    assert_eq!(manifest["lastly"]["release"].as_str().map(|id| &id[..12]), manifest["hash"].as_str());
    let asset = &manifest["lastly"]["assets"]["css/app.css"];
    assert_eq!((&asset["size"], &asset["type"]), (&json!(22), &json!("text/css; charset=utf-8")));
    assert!(asset["integrity"].as_str().is_some_and(|value| value.starts_with("sha384-")), "{asset}");
    assert_eq!((&manifest["lastly"]["sequence"], &manifest["lastly"]["base_url"]), (&json!(1), &Value::Null));

    // Also where there is nothing to do, at the price of a request.
    program.write("baked.json", "old");
    let again = program.json(&publish);
    assert_eq!((&again["moved"], &again["requests"]), (&json!(false), &json!({"get": 2, "head": 1})));
    assert_eq!(program.read("baked.json"), baked);

    program.write("public/css/app.css", "body { color: white }\n");
    program.run(&format!("publish public {STORE}"));
    assert_eq!(program.json(&format!("rollback {STORE} --manifest-file baked.json"))["moved"], true);
    assert_eq!(program.read("baked.json"), program.read("site/manifest.json"));
    assert_eq!(parsed(&program.read("baked.json"))["paths"], manifest["paths"]);
}

#[test]
fn the_manifest_of_an_upload_is_what_its_activation_makes_public() {
    let program = Program::with_site();
    program.run(&format!("publish public {STORE}"));
    program.write("public/css/app.css", "body { color: white }\n");
    let uploaded = program.json(&format!("upload public {STORE} --base-url /static --manifest-file baked.json"));
    assert_eq!((&uploaded["moved"], &uploaded["manifest_file"]), (&json!(false), &json!("baked.json")));
    let mut baked = parsed(&program.read("baked.json"));
    let own = &baked["lastly"];
    assert_eq!((&own["sequence"], &own["published"], &own["pages"]), (&Value::Null, &Value::Null, &json!({})));
    assert_ne!(program.read("baked.json"), program.read("site/manifest.json"));

    let release = uploaded["release"].as_str().expect("its id");
    let activated = program.json(&format!("activate {release} {STORE} --base-url /static --manifest-file later.json"));
    assert_eq!((&activated["moved"], &activated["manifest_file"]), (&json!(true), &json!("later.json")));
    let public = program.read("site/manifest.json");
    assert_eq!(program.read("later.json"), public);
    let public = parsed(&public);
    for field in ["sequence", "published", "pages"] {
        baked["lastly"][field] = public["lastly"][field].clone();
    }
    assert_eq!(baked, public);
}

#[test]
fn the_manifest_of_a_channel_or_of_a_release_is_printed() {
    let program = Program::with_two_releases(STORE);
    let public = program.read("site/manifest.json");
    let run = |arguments: &str| {
        let output = program.command(&format!("manifest {STORE} {arguments}")).output().expect("the program runs");
        assert!(output.status.success(), "{arguments}");
        String::from_utf8(output.stdout).expect("a manifest is text")
    };
    assert_eq!((run(""), run("live"), run("--json")), (public.clone(), public.clone(), public.clone()));

    let releases = program.json(&format!("releases {STORE}"));
    let before = releases["releases"][1]["id"].as_str().expect("an id");
    let earlier = parsed(&run(&before[..12]));
    assert_eq!((&earlier["lastly"]["release"], &earlier["lastly"]["sequence"]), (&json!(before), &json!(1)));
    assert!(earlier["lastly"]["published"].is_string());
    let of_preview = parsed(&run(&format!("{before} --channel preview")));
    assert_eq!(of_preview["lastly"]["sequence"], Value::Null);
    assert_eq!(of_preview["paths"]["index.html"], "channels/preview/index.html");
    assert_eq!(of_preview["paths"]["css/app.css"], earlier["paths"]["css/app.css"]);

    assert_snapshot!(program.run(&format!("manifest {STORE} --output out.json")), @r"
    --- stderr
    wrote out.json
    --- status 0
    ");
    assert_eq!(program.read("out.json"), public);
    assert_eq!(program.json(&format!("manifest {STORE} -o out.json"))["file"], "out.json");
}

#[test]
fn what_there_is_no_manifest_of() {
    let program = Program::with_site();
    assert_snapshot!(program.run(&format!("manifest {STORE}")), @r"
    --- stderr
    error: nothing has been published here yet: there is no ledger at `.lastly/ledger.json`

    hint: check `--store` and `--control`
    --- status 1
    ");
    program.run(&format!("publish public {STORE}"));
    assert_snapshot!(program.run(&format!("manifest {STORE} --channel life")), @r"
    --- stderr
    error: there is no channel `life`

    hint: did you mean `live`?
    --- status 1
    ");
    assert_snapshot!(program.run(&format!("manifest {STORE} abcdef")), @r"
    --- stderr
    error: `abcdef` is neither a release in the ledger nor a channel

    hint: `lastly releases` lists what there is
    --- status 1
    ");
    assert_snapshot!(program.run(&format!("manifest {STORE} --output none/out.json")), @r"
    --- stderr
    error: there is no folder for `none/out.json`

    hint: make its folder first
    --- status 2
    ");
}

#[test]
fn a_file_that_cannot_be_written_is_told_after_the_truth_about_the_channel() {
    let program = Program::with_site();
    assert_snapshot!(program.run(&format!("publish public {STORE} --manifest-file none/baked.json")), @r"
    --- stderr
    error: there is no folder for `none/baked.json`

    hint: make its folder first
    the channel has not moved
    --- status 2
    ");
    let too_long = "n".repeat(300);
    let publish = format!("publish public {STORE} --manifest-file {too_long}");
    let published = program.json(&publish);
    assert_eq!((&published["status"], &published["moved"]), (&json!(4), &json!(true)));
    assert_eq!((&published["error"]["kind"], &published["manifest_file"]), (&json!("unfinished"), &Value::Null));
    let again = program.run(&publish).replace(&too_long, "[LONG]");
    assert_snapshot!(again, @r"
    --- stderr
    0 new (0 B), 3 reused, 0 retired · 3 requests · [SPAN]
    manifest: site/manifest.json
    error: the manifest was not written to `[LONG]`
    caused by: File name too long (os error 36)

    hint: `lastly manifest ID --output FILE` writes it too
    live already shows 44ce3ea360b2, but not finished
    --- status 1
    ");
    let uploaded = program.json(&format!("upload public {STORE} --manifest-file {too_long}"));
    assert_eq!((&uploaded["status"], &uploaded["moved"]), (&json!(1), &json!(false)));
}
