//! `--files-from`: files that a list names, in place of folders.

use std::fs::File;
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::json;

use crate::program::Program;

/// The files of a small site, wherever they happen to lie, and `list`, which says what they are.
fn scattered() -> Program {
    let program = Program::new();
    program.write("shop/app.css", "a { b: url(../img/logo.svg) }\n");
    program.write("theme/l.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n");
    program.write("theme/.env", "published, for the list says so\n");
    // Neither of these has a say.
    program.write("lastly.toml", "sources = ['theme']\nignore = ['*.css']\noverlay = true\n");
    program.write(
        "list",
        "{\"path\": \"css/app.css\", \"file\": \"shop/app.css\"}\n{\"path\": \"img/logo.svg\", \"file\": \"theme/l.svg\"}\n\
         {\"path\": \".env\", \"file\": \"theme/.env\"}\n",
    );
    program
}

#[test]
fn a_list_is_published_as_a_folder_with_these_files_is() {
    let program = scattered();
    let published = program.json("publish --files-from list --store dir:listed");
    assert_eq!((&published["status"], &published["files"], &published["problems"]), (&json!(0), &json!(3), &json!([])));
    program.write("tree/css/app.css", &program.read("shop/app.css"));
    program.write("tree/img/logo.svg", &program.read("theme/l.svg"));
    program.write("tree/.env", &program.read("theme/.env"));
    program.write("tree.toml", "ignore = ['!.env']\n");
    let of_folder = program.json("publish tree --config tree.toml --store dir:walked");
    assert_eq!(published["release"], of_folder["release"]);
    assert!(of_folder["release"].is_string());
}

#[test]
fn a_list_is_read_from_stdin() {
    let program = scattered();
    let run = |arguments: &str| {
        let list = File::open(program.path("list")).expect("the list");
        let output = program.command(arguments).stdin(Stdio::from(list)).output();
        program.transcript(&output.expect("the program can be started"))
    };
    assert_snapshot!(run("check --files-from -"), @r"
    --- stderr
    checked 3 files, 1 reference: no problems
    --- status 0
    ");
    assert_snapshot!(run("upload --files-from - --dry-run"), @r"
    --- stdout
    3 new (137 B), 0 reused
    9 requests, and about 80 more, once, to prove that the store keeps its promises; less than $0.01
    would upload c6d10b4ea919; a dry run changes nothing
    --- status 0
    ");
    program.write("list", "css/app.css\n");
    assert_snapshot!(run("check --files-from -"), @r#"
    --- stderr
    error: <stdin>:1:1: this line names no file: expected value
    hint: a line is `{"path": "css/app.css", "file": "build/app.css"}`
    error: 1 problem in the list of files
    --- status 2
    "#);
}

#[test]
fn everything_that_is_wrong_is_told_with_its_line() {
    let program = scattered();
    program.write("theme/L.SVG", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n");
    program.write(
        "list",
        "{\"path\": \"css/app.css\", \"file\": \"shop/app.css\"}\n{\"path\": \"img/Logo.svg\", \"file\": \"theme/L.SVG\"}\n\
         {\"path\": \"css/app.css\", \"file\": \"theme/.env\"}\n{\"path\": \"img/logo.svg\", \"file\": \"theme/l.svg\"}\n\
         {\"path\": \"js/none.js\", \"file\": \"none.js\"}\n",
    );
    assert_snapshot!(program.run("publish --files-from list"), @r"
    --- stderr
    warning: list:2:1: `img/Logo.svg` differs only by letter case from `img/logo.svg`
    hint: a reference with the wrong case works on some machines and breaks on the web
    error: list:3:1: `css/app.css` is named on line 1 already, for `shop/app.css`
    error: list:5:1: there is no file `none.js`
    error: 2 errors and 1 warning in the files
    the channel has not moved
    --- status 2
    ");
    assert_snapshot!(program.run("check --files-from list"), @r"
    --- stderr
    warning: list:2:1: `img/Logo.svg` differs only by letter case from `img/logo.svg`
    hint: a reference with the wrong case works on some machines and breaks on the web
    error: list:3:1: `css/app.css` is named on line 1 already, for `shop/app.css`
    error: list:5:1: there is no file `none.js`
    checked 3 files, 1 reference: 2 errors, 1 warning
    --- status 5
    ");
    let problems = &program.json("check --files-from list")["problems"];
    assert_eq!((&problems[0]["line"], &problems[0]["code"]), (&json!(2), &json!("letter-case")));
    assert_eq!((&problems[2]["line"], &problems[2]["code"]), (&json!(5), &json!("unreadable")));
    // A line that says nothing leaves open what else was meant: a check cannot be carried out.
    program.write("list", &(program.read("list") + "{\"path\": \"js/x.js\"}\n"));
    assert_snapshot!(program.run("check --files-from list"), @r#"
    --- stderr
    error: list:3:1: `css/app.css` is named on line 1 already, for `shop/app.css`
    error: list:5:1: there is no file `none.js`
    error: list:6:19: this line names no file: missing field `file`
    hint: a line is `{"path": "css/app.css", "file": "build/app.css"}`
    error: 3 problems in the list of files
    --- status 2
    "#);
}

#[test]
fn a_list_stands_alone() {
    let program = scattered();
    for beside in ["theme", "--ignore *.css", "--overlay"] {
        assert_eq!(program.json(&format!("publish --files-from list {beside}"))["status"], 2, "{beside}");
    }
    program.write("list", "\n");
    assert_snapshot!(program.run("publish --files-from list"), @r"
    --- stderr
    error: list: no file is named
    hint: publishing nothing would take every page away
    error: 1 problem in the files
    the channel has not moved
    --- status 2
    ");
    assert_snapshot!(program.run("publish --files-from nowhere"), @r"
    --- stderr
    error: the list of files `nowhere` cannot be read
    caused by: No such file or directory (os error 2)
    the channel has not moved
    --- status 2
    ");
    assert!(!program.path("lastly-store").exists(), "nothing was tried");
}
