//! Holds `docs/` to the program: what is generated is up to date, and what stands there as an example works.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use lastly::config::schema::{COMPRESSION, DISTRIBUTION, GC, RULE, SETTINGS, Setting};
use lastly::config::{Environment, Flags, resolve};

use crate::program::Program;

/// How the mark begins behind which a file is written by a test.
const MARK: &str = "<!-- The rest of this file is written by a test ";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect(name)
}

/// Checks that behind its mark a file reads as `expected`; with LASTLY_BLESS in the environment, makes it so.
fn ends_with(name: &str, expected: &str) {
    let written = read(name);
    let mark = written.find(MARK).expect("the file says where the written part begins");
    let end = mark + written[mark..].find('\n').expect("the mark has a line of its own") + 1;
    let expected = format!("{}{expected}", &written[..end]);
    if std::env::var_os("LASTLY_BLESS").is_some() {
        std::fs::write(path(name), &expected).expect("docs can be written");
    }
    assert_eq!(read(name), expected, "{name} is out of date: run this test with LASTLY_BLESS=1, and look at the diff");
}

/// The help of each command, the options of all commands only once.
fn every_command() -> String {
    let mut program = lastly::cli::description().term_width(100);
    program.build();
    let mut text = format!("\n### lastly\n\n```text\n{}\n```\n", program.render_long_help().to_string().trim_end());
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        let own = command.clone().mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
        let help = own.term_width(100).render_long_help().to_string();
        text += &format!("\n### lastly {name}\n\n```text\n{}\n```\n", help.trim_end());
    }
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn every_command_is_documented() {
    ends_with("cli.md", &every_command());
}

fn every_setting() -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        let table = match setting.key {
            "cloudfront" => Some(&DISTRIBUTION[..]),
            "gc" => Some(&GC[..]),
            "compression" => Some(&COMPRESSION[..]),
            "rules" => Some(&RULE[..]),
            _ => None,
        };
        match table {
            Some(table) => table_of(&setting, table, &mut text),
            None => one(&setting, &mut text),
        }
    }
    text
}

fn one(setting: &Setting, text: &mut String) {
    let Setting { key, kind, default, meaning, example, .. } = setting;
    let write = writeln!(text, "\n### `{key}`\n\n{meaning}\n\n- Value: {kind}\n- Default: {default}");
    write.and_then(|()| writeln!(text, "- Example: `{key} = {example}`")).expect("text takes text");
    places(setting, text);
}

fn places(setting: &Setting, text: &mut String) {
    let named = [("Variable", setting.variable), ("Flag", setting.flag)];
    for (place, name) in named.into_iter().filter_map(|(place, name)| Some((place, name?))) {
        writeln!(text, "- {place}: `{name}`").expect("text takes text");
    }
}

fn table_of(setting: &Setting, table: &[Setting], text: &mut String) {
    let head = if setting.kind == "table" { format!("[{}]", setting.key) } else { format!("[[{}]]", setting.key) };
    writeln!(text, "\n### `{head}`\n\n{}\n", setting.meaning).expect("text takes text");
    places(setting, text);
    if setting.variable.is_some() {
        text.push('\n');
    }
    text.push_str("| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for Setting { key, kind, default, meaning, flag, .. } in table {
        let flag = flag.map(|flag| format!(" Flag: `{flag}`.")).unwrap_or_default();
        writeln!(text, "| `{key}` | {kind} | {default} | {meaning}{flag} |").expect("text takes text");
    }
}

#[test]
fn every_setting_is_documented() {
    ends_with("config.md", &every_setting());
}

#[test]
fn every_example_of_a_settings_file_is_one() {
    let text = [read("config.md"), read("references.md")];
    let examples = text.iter().map(|text| text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()));
    let examples: Vec<Vec<&str>> = examples.map(Iterator::collect).collect();
    assert!(examples.iter().all(|found| !found.is_empty()), "both show a settings file");
    for example in examples.concat() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        std::fs::write(folder.path().join("lastly.toml"), example).expect("a file");
        let resolved = resolve(&Flags::default(), &Environment::default(), folder.path());
        resolved.unwrap_or_else(|error| panic!("{example}\n{:#?}", error.problems));
    }
}

/// The site of the README's first command.
fn example() -> Program {
    let program = Program::new();
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/site");
    for file in
        ["index.html", "robots.txt", "css/print.css", "css/site.css", "img/logo.svg", "js/greet.js", "js/words.js"]
    {
        let text = std::fs::read_to_string(site.join(file)).expect(file);
        program.write(&format!("examples/site/{file}"), &text);
    }
    program
}

#[test]
fn the_first_command_of_the_readme_does_what_stands_there() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let (_, rest) = readme.split_once("    cargo run -- publish ").expect("the first command");
    let arguments = rest.lines().next().expect("its line");
    let (_, rest) = rest.split_once("\n\n    ").expect("what it says");
    let said: Vec<&str> = rest.split("\n\n").next().expect("a paragraph").lines().map(str::trim).collect();
    let program = example();
    let transcript = program.run(&format!("publish {arguments}"));
    let expected = program.settled(&format!("--- stderr\n{}\n--- status 0\n", said.join("\n")));
    assert_eq!(transcript, expected);
    let page = program.read("examples/site-store/index.html");
    for plain in ["/css/site.css", "/js/greet.js", "/img/logo.svg"] {
        assert!(!page.contains(plain), "{plain} is rewritten");
    }
    assert_eq!(program.run("check examples/site").lines().nth(1), Some("checked 7 files, 8 references: no problems"));
}
