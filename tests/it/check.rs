//! `lastly check`: every kind of problem as people, scripts, GitHub and code scanning see it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::program::Program;

/// A tree with one of each problem of references.
fn broken() -> Program {
    let program = Program::new();
    program.write(
        "lastly.toml",
        "[[rules]]\nfiles = [\"/build/**\"]\nkind = \"sealed\"\n\n[[rules]]\nfiles = [\"*.psd\"]\nkind = \"exclude\"\n",
    );
    for (path, text) in [
        ("index.html", "<!doctype html>\n<script src=\"js/mian.js\"></script>\n<img src=\"img/logo.png\">\n"),
        (
            "css/app.css",
            "/* \u{1d11e} */ a { b: url(../img/lgoo.png) }\nc { d: url(../../up.png) }\ne { f: url(x.psd) }\n",
        ),
        ("css/x.psd", "drawn"),
        ("img/logo.png", "png"),
        ("js/main.js", "import './util';\nfetch('/js/data.json');\nimport('./lang/' + navigator.language + '.js');\n"),
        ("js/data.json", "{}"),
        ("js/util.js", "export {};\n"),
        ("js/bad.js", "import './main.js';\nlet = ;\n"),
        ("build/app-1a2b.js", "import '/js/util.js';\n"),
        ("img/Logo.png", "png"),
    ] {
        program.write(&format!("public/{path}"), text);
    }
    program
}

#[test]
fn people_see_every_problem_and_a_count() {
    let program = broken();
    assert_snapshot!(program.run("check public"), @r#"
    --- stderr
    warning: public/build/app-1a2b.js:1:9: is sealed and refers to `/js/util.js`, but `js/util.js` is published under its address only
    hint: seal `js/util.js` too, or make it a page by a rule
    warning: public/css/app.css:1:20: reference `../img/lgoo.png` leads nowhere: there is no `img/lgoo.png`
    hint: did you mean `img/logo.png`?
    warning: public/css/app.css:2:12: reference `../../up.png` leads nowhere: it lies above the site's root
    warning: public/css/app.css:3:12: reference `x.psd` leads to a file that a rule excludes
    warning: public/img/Logo.png: differs only by letter case from `img/logo.png`
    hint: a reference with the wrong case works on some machines and breaks on the web
    warning: public/js/bad.js:2:7: cannot be parsed, so it is published as it is: Unexpected token
    warning: public/js/main.js:2:8: `/js/data.json` is relative to the page that runs this, so it stays as it is, but `js/data.json` is published under its address only
    hint: write `new URL("/js/data.json", import.meta.url)`, or make `js/data.json` a page by a rule
    warning: public/js/main.js:3:8: asks for a name that is worked out at run time and stays as it is
    hint: what it asks for has to be sealed, a page, or part of a tree
    warning: module specifiers leave out what only a bundler adds (`./x` for `./x.js`), 1 in all; they stay as they are
    hint: publish what the bundler makes, not its sources
    error: public/index.html:2:14: script `js/mian.js` leads nowhere: there is no `js/mian.js`
    hint: did you mean `js/main.js`?
    checked 9 files, 8 references: 4 lead nowhere; 1 error, 9 warnings
    --- status 5
    "#);
    assert_snapshot!(program.run("check public --quiet"), @r"
    --- stderr
    error: public/index.html:2:14: script `js/mian.js` leads nowhere: there is no `js/mian.js`
    hint: did you mean `js/main.js`?
    checked 9 files, 8 references: 4 lead nowhere; 1 error, 9 warnings
    --- status 5
    ");
    assert!(!program.path("lastly-store").exists(), "a check makes no store");
}

#[test]
fn scripts_get_the_parts_of_each_problem() {
    let program = broken();
    let checked = program.json("check public");
    for (field, value) in [("v", 1), ("status", 5), ("files", 9), ("leading_nowhere", 4)] {
        assert_eq!(checked[field], value, "{field}");
    }
    assert_eq!(checked["error"]["kind"], "problems");
    let problems = checked["problems"].as_array().expect("a list");
    let codes: Vec<&str> = problems.iter().filter_map(|problem| problem["code"].as_str()).collect();
    assert_eq!(codes.len(), problems.len(), "every problem has a code");
    let of = |code: &str| problems.iter().find(|problem| problem["code"] == code).expect(code);
    assert_eq!(
        of("missing-target"),
        &json!({
            "level": "warning", "code": "missing-target", "file": "public/css/app.css", "line": 1, "column": 20,
            "message": "reference `../img/lgoo.png` leads nowhere: there is no `img/lgoo.png`",
            "hint": "did you mean `img/logo.png`?",
            "text": "../img/lgoo.png", "target": "img/lgoo.png", "nearest": "img/logo.png",
        })
    );
    assert_eq!(of("against-the-page")["target"], "js/data.json");
    assert_eq!(of("bundler-specifier")["file"], Value::Null);
}

#[test]
fn a_sound_tree_is_said_to_be_so() {
    let program = Program::with_site();
    program.write("public/index.html", "<link rel=stylesheet href=css/app.css><a href=https://example.com/>x</a>");
    assert_snapshot!(program.run("check public"), @r"
    --- stderr
    checked 3 files, 2 references: no problems
    --- status 0
    ");
    assert_snapshot!(program.run("check public -q"), @"--- status 0");
    // Where the store would lie is of no interest.
    assert_snapshot!(program.run("check ."), @r"
    --- stderr
    checked 3 files, 2 references: no problems
    --- status 0
    ");
    assert_eq!(program.json("check public")["status"], 0);
}

#[test]
fn what_cannot_be_found_is_a_problem_too() {
    let program = Program::new();
    assert_snapshot!(program.run("check nowhere"), @r"
    --- stderr
    error: nowhere: cannot be opened: No such file or directory (os error 2)
    hint: build the site before publishing it, or name another folder
    checked 0 files, 0 references: 1 error
    --- status 5
    ");
    assert_snapshot!(program.run("check"), @r"
    --- stderr
    error: no folder to publish is named

    hint: give a folder, as in `lastly publish public`, or set `sources` in lastly.toml
    --- status 2
    ");
}

#[test]
fn warnings_leave_the_status_alone_unless_they_are_made_errors() {
    let program = Program::with_site();
    program.write("public/css/app.css", "a { b: url(none.png) }\n/*# sourceMappingURL=app.css.map */\n");
    assert_snapshot!(program.run("check public"), @r"
    --- stderr
    warning: public/css/app.css:1:12: reference `none.png` leads nowhere: there is no `css/none.png`
    warning: public/css/app.css:2:22: source map `app.css.map` leads nowhere: there is no `css/app.css.map`
    checked 3 files, 2 references: 2 lead nowhere; 2 warnings
    --- status 0
    ");
    let strict = program.run("check public --strict");
    assert!(strict.ends_with("checked 3 files, 2 references: 2 lead nowhere; 2 errors\n--- status 5\n"), "{strict}");
    program.write("lastly.toml", "[missing]\nallow = [{ file = \"css/**\", target = \"*.map\" }]\n");
    assert_snapshot!(program.run("check public --strict"), @r"
    --- stderr
    error: public/css/app.css:1:12: reference `none.png` leads nowhere: there is no `css/none.png`
    checked 3 files, 2 references: 1 leads nowhere; 1 error
    --- status 5
    ");
    program.write("lastly.toml", "[missing]\nerror = [\"css/**\"]\nallow = [{ target = \"none.png\" }]\n");
    let some = program.run("check public");
    assert!(some.ends_with("checked 3 files, 2 references: 1 leads nowhere; 1 error\n--- status 5\n"), "{some}");
}

#[test]
fn several_folders_are_one_site_as_before_a_commit() {
    let program = Program::new();
    program.write("app/static/js/app.js", "import '../lib/lib.js';\nimport './gone.js';\n");
    program.write("vendor/static/lib/lib.js", "export {};\n");
    assert_snapshot!(program.run("check --strict --no-progress app/static vendor/static"), @r"
    --- stderr
    error: app/static/js/app.js:2:9: module `./gone.js` leads nowhere: there is no `js/gone.js`
    checked 2 files, 2 references: 1 leads nowhere; 1 error
    --- status 5
    ");
    // From a folder beside it: the places begin where the folders were said to be.
    std::fs::create_dir(program.path("hooks")).expect("a folder");
    let mut command = program.command("check --strict ../app/static ../vendor/static");
    let output = command.current_dir(program.path("hooks")).output().expect("the program can be started");
    assert!(program.transcript(&output).contains("error: ../app/static/js/app.js:2:9: module"));
}

#[test]
fn github_gets_annotations_and_a_list() {
    let mut program = broken();
    program.set("GITHUB_ACTIONS", "true");
    program.set("GITHUB_WORKSPACE", program.path(""));
    program.set("GITHUB_STEP_SUMMARY", program.path("summary.md"));
    assert_snapshot!(program.run("check public"), @r#"
    --- stderr
    ::warning file=public/build/app-1a2b.js,line=1,col=9,title=lastly::is sealed and refers to `/js/util.js`, but `js/util.js` is published under its address only%0Ahint: seal `js/util.js` too, or make it a page by a rule
    ::warning file=public/css/app.css,line=1,col=20,title=lastly::reference `../img/lgoo.png` leads nowhere: there is no `img/lgoo.png`%0Ahint: did you mean `img/logo.png`?
    ::warning file=public/css/app.css,line=2,col=12,title=lastly::reference `../../up.png` leads nowhere: it lies above the site's root
    ::warning file=public/css/app.css,line=3,col=12,title=lastly::reference `x.psd` leads to a file that a rule excludes
    ::warning file=public/img/Logo.png,title=lastly::differs only by letter case from `img/logo.png`%0Ahint: a reference with the wrong case works on some machines and breaks on the web
    ::warning file=public/js/bad.js,line=2,col=7,title=lastly::cannot be parsed, so it is published as it is: Unexpected token
    ::warning file=public/js/main.js,line=2,col=8,title=lastly::`/js/data.json` is relative to the page that runs this, so it stays as it is, but `js/data.json` is published under its address only%0Ahint: write `new URL("/js/data.json", import.meta.url)`, or make `js/data.json` a page by a rule
    ::warning file=public/js/main.js,line=3,col=8,title=lastly::asks for a name that is worked out at run time and stays as it is%0Ahint: what it asks for has to be sealed, a page, or part of a tree
    ::warning title=lastly::module specifiers leave out what only a bundler adds (`./x` for `./x.js`), 1 in all; they stay as they are%0Ahint: publish what the bundler makes, not its sources
    ::error file=public/index.html,line=2,col=14,title=lastly::script `js/mian.js` leads nowhere: there is no `js/mian.js`%0Ahint: did you mean `js/main.js`?
    checked 9 files, 8 references: 4 lead nowhere; 1 error, 9 warnings
    --- status 5
    "#);
    assert_snapshot!(program.read("summary.md"), @r#"
    ### lastly: checked 9 files, 8 references: 4 lead nowhere; 1 error, 9 warnings

    - **error** public/index.html:2:14: script \`js/mian.js\` leads nowhere: there is no \`js/mian.js\` (did you mean \`js/main.js\`?)
    - **warning** public/build/app-1a2b.js:1:9: is sealed and refers to \`/js/util.js\`, but \`js/util.js\` is published under its address only (seal \`js/util.js\` too, or make it a page by a rule)
    - **warning** public/css/app.css:1:20: reference \`../img/lgoo.png\` leads nowhere: there is no \`img/lgoo.png\` (did you mean \`img/logo.png\`?)
    - **warning** public/css/app.css:2:12: reference \`../../up.png\` leads nowhere: it lies above the site's root
    - **warning** public/css/app.css:3:12: reference \`x.psd\` leads to a file that a rule excludes
    - **warning** public/img/Logo.png: differs only by letter case from \`img/logo.png\` (a reference with the wrong case works on some machines and breaks on the web)
    - **warning** public/js/bad.js:2:7: cannot be parsed, so it is published as it is: Unexpected token
    - **warning** public/js/main.js:2:8: \`/js/data.json\` is relative to the page that runs this, so it stays as it is, but \`js/data.json\` is published under its address only (write \`new URL("/js/data.json", import.meta.url)\`, or make \`js/data.json\` a page by a rule)
    - **warning** public/js/main.js:3:8: asks for a name that is worked out at run time and stays as it is (what it asks for has to be sealed, a page, or part of a tree)
    - **warning** module specifiers leave out what only a bundler adds (\`./x\` for \`./x.js\`), 1 in all; they stay as they are (publish what the bundler makes, not its sources)
    "#);
}

#[test]
fn code_scanning_gets_sarif() {
    let program = broken();
    program.write("public/a b:c.css", "a { b: url(none.png) }");
    let transcript = program.run("check public --sarif out.sarif");
    assert!(transcript.ends_with("--- status 5\n"), "{transcript}");
    let log: Value = serde_json::from_str(&program.read("out.sarif")).expect("JSON");
    assert_eq!((&log["version"], log["runs"].as_array().map(Vec::len)), (&json!("2.1.0"), Some(1)));
    assert!(log["$schema"].as_str().is_some_and(|schema| schema.ends_with("sarif-schema-2.1.0.json")));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    assert_eq!(run["tool"]["driver"]["name"], "lastly");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("a list");
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[text]["text"].as_str().is_some_and(|text| !text.is_empty()), "{rule}");
        }
        assert!(["warning", "error"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap_or_default()));
    }
    let results = run["results"].as_array().expect("a list");
    let seen = results.iter().map(|result| {
        let index = result["ruleIndex"].as_u64().and_then(|at| usize::try_from(at).ok()).expect("an index");
        assert_eq!(result["ruleId"], rules[index]["id"]);
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        let [line, column] = ["startLine", "startColumn"].map(|field| place["region"][field].as_u64().unwrap_or(0));
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let uri = text(&place["artifactLocation"]["uri"]);
        format!("{} {} {uri}:{line}:{column}", text(&result["level"]), text(&result["ruleId"]))
    });
    assert_snapshot!(seen.collect::<Vec<_>>().join("\n"), @r"
    warning missing-target public/a%20b%3Ac.css:1:12
    warning sealed-refers-to-asset public/build/app-1a2b.js:1:9
    warning missing-target public/css/app.css:1:20
    warning missing-target public/css/app.css:2:12
    warning excluded-target public/css/app.css:3:12
    warning letter-case public/img/Logo.png:0:0
    error missing-target public/index.html:2:14
    warning unparsable public/js/bad.js:2:7
    warning against-the-page public/js/main.js:2:8
    warning computed-name public/js/main.js:3:8
    ");
    let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().expect("a list");
    assert_eq!(notifications.len(), 1, "what is about no file");
    let to_stdout = program.command("check public --sarif -").output().expect("the program can be started");
    assert_eq!(serde_json::from_slice::<Value>(&to_stdout.stdout).expect("JSON"), log);
    assert_snapshot!(program.run("check public --sarif - --json"), @r#"
    --- stdout
    {"v":1,"status":2,"problems":[],"error":{"kind":"usage","message":"`--sarif -` and `--json` both write to stdout","causes":[],"hints":["name a file, as in `--sarif lastly.sarif`"]}}
    --- stderr
    error: `--sarif -` and `--json` both write to stdout

    hint: name a file, as in `--sarif lastly.sarif`
    --- status 2
    "#);
    assert!(program.run("check public --sarif none/out.sarif").ends_with("--- status 1\n"));
}

#[test]
fn a_publish_with_many_warnings_shows_and_counts_all_of_them() {
    let mut program = Program::new();
    for at in 0..300 {
        program.write(&format!("public/css/{at:03}.css"), "a { b: url(none.png) }");
    }
    let shown = program.run("publish public --store dir:site");
    assert_eq!(shown.lines().filter(|line| line.starts_with("warning: public/css/")).count(), 300);
    let places: Vec<&str> = shown.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert!(places.is_sorted());
    assert!(shown.ends_with("; 300 warnings\n--- status 0\n"), "{shown}");
    program.write("public/index.html", "<script src=gone.js></script>");
    let refused = program.run("publish public --store dir:site");
    let last: Vec<&str> = refused.lines().rev().take(4).collect();
    assert_eq!(
        last[..3],
        ["--- status 2", "the channel has not moved", "error: 1 error and 300 warnings in the files"]
    );
    assert!(last[3].starts_with("error: public/index.html:1:13: script `gone.js` leads nowhere"), "{refused}");
    program.set("GITHUB_ACTIONS", "true");
    program.set("GITHUB_STEP_SUMMARY", program.path("summary.md"));
    program.run("publish public --store dir:site");
    let summary = program.read("summary.md");
    assert_eq!(summary.lines().filter(|line| line.starts_with("- **")).count(), 301);
    assert!(summary.contains("**the channel has not moved**\n\n- **error** public/index.html:1:13: "), "{summary}");
}
