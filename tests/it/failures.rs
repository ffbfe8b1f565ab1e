//! What is said when something is wrong, and with which exit status.

use insta::assert_snapshot;

use crate::program::Program;

const STORE: &str = "--store dir:site";

#[test]
fn command_lines_that_cannot_be_read() {
    let program = Program::with_site();
    assert_snapshot!(program.run("publish public --sotre dir:site"), @r"
    --- stderr
    error: unexpected argument '--sotre' found

      tip: a similar argument exists: '--store'

    Usage: lastly publish --store <s3://BUCKET/PREFIX|dir:PATH> <DIR>...

    For more information, try '--help'.
    --- status 2
    ");
    assert_snapshot!(program.run("publish public --expires soon"), @r"
    --- stderr
    error: invalid value 'soon' for '--expires <SPAN>': a span is a number and one of s, m, h, d, w, as in `7d`

    For more information, try '--help'.
    --- status 2
    ");
    assert_snapshot!(program.run("pubish"), @r"
    --- stderr
    error: unrecognized subcommand 'pubish'

      tip: a similar subcommand exists: 'publish'

    Usage: lastly [OPTIONS] <COMMAND>

    For more information, try '--help'.
    --- status 2
    ");
    assert_snapshot!(program.run(&format!("publish {STORE}")), @r"
    --- stderr
    error: no folder to publish is named

    hint: give a folder, as in `lastly publish public`, or set `sources` in lastly.toml
    the channel has not moved
    --- status 2
    ");
    assert_snapshot!(program.run(&format!("publish public {STORE} --expires 7d")), @r"
    --- stderr
    error: channel `live` cannot expire

    hint: leave `--expires` out, or name another channel with `--channel`
    the channel has not moved
    --- status 2
    ");
    assert_snapshot!(program.run("publish public --store bucket --channel a/b"), @r"
    --- stderr
    error: --store: `bucket` is not the address of a store
    hint: a bucket is written `s3://BUCKET/PREFIX`, a folder on this machine `dir:PATH`
    error: --channel: `a/b` cannot name a channel: letters, digits, `-`, `_` and `.`, beginning with a letter or digit, at most 63
    error: 2 problems in the settings
    the channel has not moved
    --- status 2
    ");
}

#[test]
fn files_that_cannot_be_published() {
    let program = Program::with_site();
    program.write("public/bad\u{1b}[31m\nname.txt", "x");
    program.write("public/css/APP.css", "x");
    assert_snapshot!(program.run(&format!("publish public missing {STORE}")), @r"
    --- stderr
    warning: public/css/APP.css: differs only by letter case from `css/app.css`
    hint: a reference with the wrong case works on some machines and breaks on the web
    error: missing: cannot be opened: No such file or directory (os error 2)
    hint: build the site before publishing it, or name another folder
    error: public/bad�[31m�name.txt: cannot be published: the name holds the character U+001B, which S3 and XML cannot carry
    error: 2 errors and 1 warning in the files
    the channel has not moved
    --- status 2
    ");
}

#[test]
fn warnings_do_not_stop_a_publish() {
    let program = Program::with_site();
    program.write("public/css/APP.css", "x");
    assert_snapshot!(program.run(&format!("publish public {STORE}")), @r"
    --- stderr
    warning: public/css/APP.css: differs only by letter case from `css/app.css`
    hint: a reference with the wrong case works on some machines and breaks on the web
    4 new (72 B), 0 reused, 0 retired · 95 requests · [SPAN]
    manifest: site/manifest.json
    published 9dc2bfff1f22 to live (sequence 1); 1 warning
    --- status 0
    ");
}

#[test]
fn many_problems_are_cut_short_for_people() {
    let program = Program::new();
    for at in 0..60 {
        program.write(&format!("one/{at:02}.txt"), "x");
        program.write(&format!("two/{at:02}.txt"), "y");
    }
    let transcript = program.run(&format!("publish one two {STORE}"));
    let end: Vec<&str> = transcript.lines().rev().take(6).collect();
    assert_snapshot!(end.into_iter().rev().collect::<Vec<_>>().join("\n"), @r"
    hint: with `overlay = true` the later folder's file is taken
    error: two/59.txt: is also at one/59.txt: both would be published as `59.txt`
    hint: with `overlay = true` the later folder's file is taken
    error: 60 problems in the files
    the channel has not moved
    --- status 2
    ");
    let problems = program.json(&format!("publish one two {STORE}"))["problems"].take();
    assert_eq!(problems.as_array().map(Vec::len), Some(60));
}

#[test]
fn someone_else_was_first() {
    let program = Program::with_site();
    program.run(&format!("publish public {STORE} --sequence 7"));
    program.write("public/index.html", "<!doctype html><title>old</title>\n");
    assert_snapshot!(program.run(&format!("publish public {STORE} --sequence 6")), @r"
    --- stderr
    error: channel `live` already shows build 7, which is newer than 6

    hint: nothing is wrong: a later build has been published already
    the channel has not moved
    --- status 3
    ");
    assert_snapshot!(program.run(&format!("publish public {STORE} --expect none")), @r"
    --- stderr
    error: channel `live` shows release 44ce3ea360b2821e849ffccbc719892c, not the release that was expected

    hint: `lastly releases` lists what there is
    the channel has not moved
    --- status 3
    ");
}

#[test]
fn releases_that_are_not_there() {
    let program = Program::with_site();
    assert_snapshot!(program.run(&format!("releases {STORE}")), @r"
    --- stderr
    error: nothing has been published here yet: there is no ledger at `.lastly/ledger.json`

    hint: check `--store` and `--control`
    --- status 1
    ");
    program.run(&format!("publish public {STORE}"));
    assert_snapshot!(program.run(&format!("activate feedbeef {STORE}")), @r"
    --- stderr
    error: `feedbeef` is neither a release in the ledger nor a channel

    hint: `lastly releases` lists what there is
    the channel has not moved
    --- status 1
    ");
    assert_snapshot!(program.run(&format!("rollback {STORE}")), @r"
    --- stderr
    error: channel `live` has no release before the current one that is still kept

    hint: `lastly releases` lists what there is
    the channel has not moved
    --- status 1
    ");
    assert_snapshot!(program.run(&format!("rollback {STORE} --channel next")), @r"
    --- stderr
    error: there is no channel `next`

    hint: a channel begins with its first publish
    the channel has not moved
    --- status 1
    ");
}

#[test]
fn sealed_files_never_change() {
    let program = Program::with_site();
    program.write("lastly.toml", "[[rules]]\nfiles = [\"/js/**\"]\nkind = \"sealed\"\n");
    program.run(&format!("publish public {STORE}"));
    program.write("public/js/app.js", "console.log(2)\n");
    assert_snapshot!(program.run(&format!("publish public {STORE}")), @r#"
    --- stderr
    error: sealed asset `js/app.js` has other bytes than `js/app.js` of release 5bd390f1fe83 under the same name
    hint: a sealed name must change with its bytes: if this is no bundler's hashed output, a rule with `kind = "asset"` unseals it
    error: 1 problem in the files
    the channel has not moved
    --- status 2
    "#);
}

#[test]
fn published_but_not_invalidated() {
    let program = Program::with_site();
    let transcript = program.run(&format!("publish public {STORE} --purge http://127.0.0.1:1"));
    assert_snapshot!(transcript, @r"
    --- stderr
    3 new (71 B), 0 reused, 0 retired · 93 requests · [SPAN]
    manifest: site/manifest.json
    error: published, not yet invalidated: http://127.0.0.1:1: PURGE /manifest.json got no answer: client error (Connect): tcp connect error: Connection refused (os error 111)

    hint: the same command again finishes
    published 44ce3ea360b2 to live (sequence 1), but not finished
    --- status 4
    ");
    let again = program.json(&format!("publish public {STORE} --purge http://127.0.0.1:1"));
    assert_eq!(
        (&again["status"], &again["moved"], &again["error"]["kind"]),
        (&4.into(), &false.into(), &"unfinished".into())
    );
    assert_snapshot!(program.run(&format!("publish public {STORE} --dry-run")), @r"
    --- stdout
    live already shows 44ce3ea360b2; pages, manifest or CDN have yet to follow, which a run finishes; a dry run changes nothing
    --- status 0
    ");
    assert_snapshot!(program.run(&format!("publish public {STORE}")), @r"
    --- stderr
    live already shows 44ce3ea360b2; nothing to do (3 requests)
    --- status 0
    ");
}
