//! What is easily got wrong, and what lastly says to it: nothing is passed over in silence, and nothing is made where
//! only a look was asked for.

use insta::assert_snapshot;
use serde_json::json;

use crate::program::Program;

const STORE: &str = "--store dir:site";

#[test]
fn patterns_and_rules_that_match_nothing() {
    let program = Program::with_site();
    program.write("public/notes.tmp", "x");
    program.write(
        "lastly.toml",
        "ignore = ['*.tmp', '*.psd']\n\n[[rules]]\nfiles = ['*.css', '*.woff2']\nheaders = { content-language = 'en' }\n",
    );
    assert_snapshot!(program.run(&format!("publish public {STORE} --dry-run")), @r"
    --- stdout
    3 new (71 B), 0 reused, 0 retired
    9 requests, and about 80 more, once, to prove that the store keeps its promises; less than $0.01
    1 file or folder left out by ignore patterns
    would publish f8334c571749 to live; a dry run changes nothing
    --- stderr
    warning: lastly.toml:1:10: the ignore pattern `*.psd` matches no file
    hint: a pattern with a slash before its end begins at the source folder
    warning: lastly.toml:3:1: `*.woff2` of this rule matches no file
    hint: a glob with a slash begins at the source folder; `**/` stands for any folders
    --- status 0
    ");
    let planned = program.json(&format!("publish public {STORE} --dry-run"));
    assert_eq!((&planned["ignored"], planned["problems"].as_array().map(Vec::len)), (&json!(1), Some(2)));
    assert_snapshot!(program.run(&format!("publish public {STORE} --ignore [a")), @r"
    --- stderr
    error: --ignore: `[a` is not an ignore pattern: unclosed character class; missing ']'
    error: 1 problem in the settings
    the channel has not moved
    --- status 2
    ");
}

#[test]
fn what_is_expected_can_never_be() {
    let program = Program::with_two_releases(STORE);
    let said = program.run(&format!("publish public {STORE} --expect zz"));
    assert_snapshot!(said, @r"
    --- stderr
    error: `zz` is neither `none`, nor the beginning of a release's id, nor a channel

    hint: `lastly releases` lists what there is
    the channel has not moved
    --- status 2
    ");
    assert_eq!(program.run(&format!("rollback {STORE} --expect zz")), said);
    let failed = program.json(&format!("rollback {STORE} --channel live --expect abc"));
    assert_eq!((&failed["status"], &failed["channel"]), (&json!(3), &json!("live")));
}

#[test]
fn a_channel_that_is_not_there() {
    let program = Program::with_two_releases(STORE);
    program.run(&format!("publish public {STORE} --channel preview-7"));
    assert_snapshot!(program.run(&format!("releases {STORE} --channel previw-7")), @r"
    --- stderr
    error: there is no channel `previw-7`

    hint: did you mean `preview-7`?
    --- status 1
    ");
}

#[test]
fn releases_that_differ_in_headers_only() {
    let program = Program::with_two_releases(STORE);
    program.write("lastly.toml", "[[rules]]\nfiles = '*.css'\nheaders = { cache-control = 'max-age=60' }\n");
    program.run(&format!("publish public {STORE} --channel next"));
    assert_snapshot!(program.run(&format!("diff live next {STORE}")), @r"
    --- stdout
    ~ css/app.css (22 B, other headers: cache-control)
    0 added, 0 removed, 1 changed; 22 B more, 22 B less
    --- status 0
    ");
    let changed = program.json(&format!("diff live next {STORE}"))["changed"].take();
    assert_eq!(changed, json!([{"path": "css/app.css", "size_before": 22, "size": 22, "headers": ["cache-control"]}]));
}

#[test]
fn looking_makes_nothing() {
    let program = Program::with_site();
    assert_snapshot!(program.run("doctor --store dir:mistyped"), @r"
    --- stderr
    error: there is no store at `mistyped`

    hint: check `--store`; the first publish makes the folder
    --- status 1
    ");
    for command in ["releases", "show live", "diff live live", "rollback", "activate live", "publish public --dry-run"]
    {
        program.run(&format!("{command} --store dir:mistyped"));
    }
    assert!(!program.path("mistyped").exists(), "only a publish makes a store");
    assert_snapshot!(program.run("init --config deploy/lastly.toml"), @r"
    --- stderr
    error: `deploy/lastly.toml` cannot be written
    caused by: No such file or directory (os error 2)

    hint: make its folder first
    --- status 1
    ");
}

#[test]
fn a_name_that_no_file_can_have_is_found_before_anything_is_written() {
    let program = Program::with_site();
    let name = "n".repeat(240);
    program.write(&format!("public/{name}.js"), "x");
    let said = program.run(&format!("publish public {STORE}"));
    let expected = format!("error: public/{name}.js: its key would have a part of 276 bytes, `{name}.");
    assert!(said.contains(&expected) && said.ends_with("--- status 2\n"), "{said}");
    assert!(!program.path("site").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_written_is_a_failure() {
    let program = Program::with_site();
    for status in [4, 1] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let mut command = program.command(&format!("publish public {STORE} --json"));
        let output = command.stdout(full).output().expect("the program can be started");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("error: the result could not be written"), "{said}");
        // The first publish moves the channel, the second finds nothing to do.
        assert_eq!(output.status.code(), Some(status), "{said}");
    }
}

#[test]
fn variables_that_others_made() {
    let mut program = Program::with_site();
    program.set("LASTLY_SERVICE_HOST", "10.0.0.1");
    program.set("LASTLY_PORT", "tcp://10.0.0.1:80");
    assert_snapshot!(program.run(&format!("publish public {STORE}")), @r"
    --- stderr
    warning: what begins with LASTLY_ is lastly's own, and it knows nothing of LASTLY_PORT, LASTLY_SERVICE_HOST
    3 new (71 B), 0 reused, 0 retired · 94 requests · [SPAN]
    manifest: site/manifest.json
    published 44ce3ea360b2 to live (sequence 1); 1 warning
    --- status 0
    ");
}
