//! Every command as a person sees it, on the embedded store, and what is said when something is wrong.

use insta::assert_snapshot;
use serde_json::json;

use crate::program::Program;

const STORE: &str = "--store dir:site";

#[test]
fn a_publish_says_what_it_did_and_where_to_look() {
    let program = Program::with_site();
    assert_snapshot!(program.run("publish public --store dir:site"), @r"
    --- stderr
    3 new (71 B), 0 reused, 0 retired · 94 requests · [SPAN]
    manifest: site/manifest.json
    published 44ce3ea360b2 to live (sequence 1)
    --- status 0
    ");
    assert_snapshot!(program.run("publish public --store dir:site"), @r"
    --- stderr
    live already shows 44ce3ea360b2; nothing to do (2 requests)
    --- status 0
    ");
    program.write("public/css/app.css", "body { color: navy }\n");
    program.write("public/index.html", "<!doctype html><title>two</title>\n");
    assert_snapshot!(program.run("publish public --store dir:site --base-url https://cdn.example.com/s -v --concurrency 1"), @r"
    --- stderr
    new  index.html (34 B) -> index.07812be821d6dea9c79464dabecd3cce.html
    new  css/app.css (21 B) -> css/app.91e33aa68e4e9b2ccbeab47fdf1b0469.css
    page written  index.html
    manifest written  manifest.json
    2 new (55 B), 1 reused, 2 retired · 11 requests · [SPAN]
    manifest: https://cdn.example.com/s/manifest.json
    published b8513af60b62 to live (sequence 2)
    --- status 0
    ");
}

#[test]
fn a_publish_of_a_channel_with_everything_that_can_be_said() {
    let program = Program::with_site();
    let said = "--store dir:site --channel preview-7 --sequence 41 --expect none --expires 7d --message hello";
    assert_snapshot!(program.run(&format!("{said} publish public")), @r"
    --- stderr
    error: unexpected argument '--sequence' found

      tip: 'publish --sequence' exists

    Usage: lastly --store <s3://BUCKET/PREFIX|dir:PATH> --channel <NAME> <COMMAND>

    For more information, try '--help'.
    --- status 2
    ");
    assert_snapshot!(program.run(&format!("publish public {STORE} --channel preview-7 -q")), @"--- status 0");
}

#[test]
fn a_dry_run_prints_the_plan() {
    let program = Program::with_site();
    assert_snapshot!(program.run(&format!("publish public {STORE} --dry-run -v")), @r"
    --- stdout
    new  css/app.css -> css/app.eabf446bcec09b95344befad57f7feec.css
    new  index.html -> index.c503bc3b943a19667b4f1f2a1e871caa.html
    new  js/app.js -> js/app.10c926c6341ac2cd8924213a29679d1d.js
    3 new (71 B), 0 reused, 0 retired
    9 requests, and about 80 more, once, to prove that the store keeps its promises; less than $0.01
    would publish 44ce3ea360b2 to live; a dry run changes nothing
    --- status 0
    ");
    assert!(!program.path("site").exists(), "a dry run makes no store");
    program.run(&format!("publish public {STORE}"));
    assert_snapshot!(program.run(&format!("publish public {STORE} -n")), @r"
    --- stdout
    live already shows 44ce3ea360b2; a dry run changes nothing
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("upload public {STORE} -n")), @r"
    --- stdout
    44ce3ea360b2 is kept already; a dry run changes nothing
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("publish public {STORE} -n --channel next")), @r"
    --- stdout
    0 new (0 B), 3 reused, 0 retired
    6 requests, less than $0.01
    would publish 44ce3ea360b2 to next; a dry run changes nothing
    --- status 0
    ");
}

#[test]
fn upload_and_activate_are_the_two_halves() {
    let program = Program::with_site();
    assert_snapshot!(program.run(&format!("upload public {STORE}")), @r"
    --- stderr
    3 new (71 B), 0 reused · 90 requests · [SPAN]
    uploaded 44ce3ea360b2; no channel has moved
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("upload public {STORE}")), @r"
    --- stderr
    44ce3ea360b2 is kept already; nothing to do (1 request)
    --- status 0
    ");
    let release = program.json(&format!("upload public {STORE}"))["release"].as_str().expect("an id").to_owned();
    assert_snapshot!(program.run(&format!("activate {release} {STORE} --dry-run")), @r"
    --- stdout
    nothing -> 44ce3ea360b2: 3 objects, none uploaded; 3 added, 0 removed, 0 changed; 1 page to write, 0 to take away
    would activate 44ce3ea360b2 on live; a dry run changes nothing
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("activate {release} {STORE} -v")), @r"
    --- stderr
    page written  index.html
    manifest written  manifest.json
    8 requests · [SPAN]
    manifest: site/manifest.json
    activated 44ce3ea360b2 on live (sequence 1)
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("activate {release} {STORE}")), @r"
    --- stderr
    live already shows 44ce3ea360b2; nothing to do (2 requests)
    --- status 0
    ");
}

#[test]
fn a_rollback_goes_back_and_says_so() {
    let program = Program::with_two_releases(STORE);
    assert_snapshot!(program.run(&format!("rollback {STORE} --dry-run")), @r"
    --- stdout
    ff4dc3c08299 -> 44ce3ea360b2: 3 objects, none uploaded; 0 added, 0 removed, 1 changed; 1 page to write, 0 to take away
    would roll live back to 44ce3ea360b2; a dry run changes nothing
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("rollback {STORE}")), @r"
    --- stderr
    8 requests · [SPAN]
    manifest: site/manifest.json
    rolled live back to 44ce3ea360b2 (sequence 3)
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("rollback {STORE}")), @r"
    --- stderr
    error: channel `live` has no release before the current one that is still kept

    hint: `lastly releases` lists what there is
    the channel has not moved
    --- status 1
    ");
}

#[test]
fn the_history_is_shown() {
    let mut program = Program::with_site();
    program.set("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567");
    program.set("GITHUB_ACTOR", "ada");
    program.run(&format!("publish public {STORE} --message first"));
    program.write("public/css/app.css", "body { color: navy }\n");
    program.write("public/js/more.js", "more()\n");
    std::fs::remove_file(program.path("public/js/app.js")).expect("it is there");
    program.run(&format!("publish public {STORE} --message second"));
    program.run(&format!("publish public {STORE} --channel next"));
    program.write("public/js/more.js", "more(2)\n");
    program.run(&format!("upload public {STORE} --message third"));
    assert_snapshot!(program.run(&format!("releases {STORE}")), @r"
    --- stdout
    RELEASE       STATE    CHANNEL             SINCE                 COMMIT        ACTOR  MESSAGE
    e4cc50c408ad  current  live (2), next (1)  [TIME]  0123456789ab  ada    second
    5bb46b766971  staged   -                   [TIME]  0123456789ab  ada    third
    44ce3ea360b2  retired  live (1)            [TIME]  0123456789ab  ada    first
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("releases {STORE} --channel next")), @r"
    --- stdout
    RELEASE       STATE    CHANNEL             SINCE                 COMMIT        ACTOR  MESSAGE
    e4cc50c408ad  current  live (2), next (1)  [TIME]  0123456789ab  ada    second
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("show live {STORE}")), @r"
    --- stdout
    release e4cc50c408adba19b46b7306219ae788
    2 assets, 1 page, 62 B

    assets:
        21 B  text/css; charset=utf-8         css/app.css -> css/app.91e33aa68e4e9b2ccbeab47fdf1b0469.css
         7 B  text/javascript; charset=utf-8  js/more.js -> js/more.aa5ded555d779a2367a6f2f29ceb7471.js

    pages:
        34 B  text/html; charset=utf-8  index.html -> index.c503bc3b943a19667b4f1f2a1e871caa.html
    --- status 0
    ");
    let releases = program.json(&format!("releases {STORE}"))["releases"].take();
    let [first, last] = [2, 0].map(|at: usize| releases[at]["id"].as_str().expect("an id").to_owned());
    assert_snapshot!(program.run(&format!("diff {first} {last} {STORE}")), @r"
    --- stdout
    ~ css/app.css (22 B -> 21 B)
    - js/app.js (15 B)
    + js/more.js (7 B)
    1 added, 1 removed, 1 changed; 28 B more, 37 B less
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("diff live next {STORE}")), @r"
    --- stdout
    0 added, 0 removed, 0 changed; 0 B more, 0 B less
    --- status 0
    ");
}

#[test]
fn quiet_says_nothing_of_what_went_well() {
    let program = Program::with_site();
    assert_snapshot!(program.run(&format!("publish public {STORE} --quiet")), @"--- status 0");
    assert_snapshot!(program.run(&format!("rollback {STORE} --quiet")), @r"
    --- stderr
    error: channel `live` has no release before the current one that is still kept

    hint: `lastly releases` lists what there is
    the channel has not moved
    --- status 1
    ");
}

#[test]
fn colours_when_asked_for_and_meaning_without_them() {
    let program = Program::with_site();
    let coloured = program.run(&format!("--color always publish public {STORE}"));
    assert!(coloured.contains("\u{1b}[1m\u{1b}[32mpublished"), "{coloured:?}");
    let plain = program.run(&format!("--color never rollback {STORE}"));
    assert!(!plain.contains('\u{1b}') && plain.contains("error: "), "{plain:?}");
}

#[test]
fn settings_are_shown_with_their_origins() {
    let mut program = Program::new();
    program.write("lastly.toml", "store = \"dir:out\"\nsources = [\"public\"]\n");
    program.set("LASTLY_CHANNEL", "next");
    assert_snapshot!(program.run("config --concurrency 8"), @r#"
    --- stdout
    # lastly.toml
    store             = "dir:out"                                 # lastly.toml:1
    control           = ".lastly/"                                # default
    base-url          = (not set)                                 # default
    channel           = "next"                                    # LASTLY_CHANNEL
    sources           = ["public"]                                # lastly.toml:2
    ignore            = []                                        # default
    overlay           = false                                     # default
    source-maps       = "publish"                                 # default
    generation        = 0                                         # default
    urls              = []                                        # default
    strict            = false                                     # default
    missing           = {}                                        # default
    integrity         = false                                     # default
    import-map        = "none"                                    # default
    concurrency       = 8                                         # --concurrency
    path-style        = (not set)                                 # default
    purge             = []                                        # default
    cloudfront        = []                                        # default
    gc                = { html-ttl = "1d", intent-ttl = "1d", keep-for = "1w", keep-last = 5, keep-unreleased = "1w", max-delete = "50%", min-object-age = "1d", session = "1d" }  # default
    bundler-manifests = []                                        # default
    rules             = []                                        # default
    --- status 0
    "#);
    let shown = program.json("config");
    assert_eq!(shown["settings"][0], json!({"key": "store", "value": "\"dir:out\"", "origin": "lastly.toml:1"}));
    program.write("lastly.toml", "stor = \"dir:out\"\n\n[[rules]]\nfiles = [\"*.css\"]\nkind = \"pages\"\n");
    assert_snapshot!(program.run("config"), @r"
    --- stderr
    error: lastly.toml:1:1: `stor` is not a setting
    hint: did you mean `store`?
    error: lastly.toml:5:8: `pages` is none of `asset`, `page`, `sealed`, `exclude`
    hint: did you mean `page`?
    error: 2 problems in the settings
    --- status 2
    ");
}

#[test]
fn init_writes_settings_once() {
    let program = Program::new();
    assert_snapshot!(program.run("init"), @r"
    --- stdout
    wrote lastly.toml; `lastly config` shows what is set
    --- status 0
    ");
    assert!(program.read("lastly.toml").contains("#store = "));
    assert_snapshot!(program.run("init"), @r"
    --- stderr
    error: `lastly.toml` cannot be written
    caused by: File exists (os error 17)

    hint: it is there already; `lastly config` shows what it sets
    --- status 1
    ");
    assert_eq!(program.run("config").lines().nth(1), Some("# lastly.toml"));
}

#[test]
fn completions_and_manual_pages() {
    let program = Program::new();
    assert!(program.run("completions bash").contains("_lastly()"));
    assert!(program.run("completions zsh").starts_with("--- stdout\n#compdef lastly"));
    assert!(program.run("man").contains(".TH lastly 1"));
    assert!(program.run("man publish").contains(".TH lastly-publish 1"));
    assert_snapshot!(program.run("man publis"), @r"
    --- stderr
    error: there is no command `publis`

    hint: `lastly --help` lists the commands
    --- status 2
    ");
}
