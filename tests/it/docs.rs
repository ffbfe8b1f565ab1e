//! Holds `docs/` to the program: what is generated is up to date, and what stands there as an example works.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use lastly::config::schema::{DISTRIBUTION, RULE, SETTINGS, Setting};
use lastly::config::{Environment, Flags, resolve};

const MARK: &str = "<!-- The rest of this file is written by a test from the table in src/config/schema.rs. -->\n";

fn config_md() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.md")
}

fn read() -> String {
    std::fs::read_to_string(config_md()).expect("docs/config.md is there")
}

fn every_setting() -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        let table = match setting.key {
            "cloudfront" => Some(&DISTRIBUTION[..]),
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
    writeln!(text, "\n### `[[{}]]`\n\n{}\n", setting.key, setting.meaning).expect("text takes text");
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
    let written = read();
    let (prose, _) = written.split_once(MARK).expect("docs/config.md says where the generated part begins");
    let expected = format!("{prose}{MARK}{}", every_setting());
    if std::env::var_os("LASTLY_BLESS").is_some() {
        std::fs::write(config_md(), &expected).expect("docs/config.md can be written");
    }
    assert_eq!(
        read(),
        expected,
        "docs/config.md is out of date: run this test with LASTLY_BLESS=1, and look at the diff"
    );
}

#[test]
fn every_example_of_a_settings_file_is_one() {
    let text = read();
    let examples: Vec<&str> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty(), "docs/config.md shows a settings file");
    for example in examples {
        let folder = tempfile::tempdir().expect("a folder for the test");
        std::fs::write(folder.path().join("lastly.toml"), example).expect("a file");
        let resolved = resolve(&Flags::default(), &Environment::default(), folder.path());
        resolved.unwrap_or_else(|error| panic!("{example}\n{:#?}", error.problems));
    }
}
