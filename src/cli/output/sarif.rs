//! SARIF 2.1.0, which code scanning and editors read. <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>
//!
//! What is wrong with a file is a result; what is about no file is a notification of the run, because code scanning
//! refuses a result without a place.

use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use serde::Serialize;

use crate::check::Checked;
use crate::event::{Cited, Code, Level, Problem};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What stands in a segment of a URI as it is: RFC 3986's unreserved characters. A colon in the first segment of a
/// relative one would make a scheme of it.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Debug, Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Finding<'a>>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message,
    full_description: Message,
    help: Message,
    default_configuration: Configuration,
}

#[derive(Debug, Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Debug, Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties<'a>>,
}

#[derive(Debug, Serialize)]
struct Message {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Debug, Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
}

#[derive(Debug, Serialize)]
struct Properties<'a> {
    text: &'a str,
    target: Option<&'a str>,
    nearest: Option<&'a str>,
}

/// The problems as one SARIF log. Files below `directory`, which is absolute, are named relative to it.
pub(crate) fn log(checked: &Checked, directory: &Path) -> String {
    let (mut results, mut notifications) = (Vec::new(), Vec::new());
    for problem in &checked.problems {
        match (problem.code, &problem.file) {
            (Some(code), Some(file)) => results.push(finding(problem, code, uri(directory, file))),
            _ => notifications.push(Notification { level: level(problem.level), message: message(problem) }),
        }
    }
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "lastly",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: Code::ALL.map(descriptor).into(),
                },
            },
            invocations: [Invocation { execution_successful: true, tool_execution_notifications: notifications }],
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    let mut text = serde_json::to_string_pretty(&log).expect("the structs here hold nothing that JSON cannot");
    text.push('\n');
    text
}

fn finding(problem: &Problem, code: Code, uri: String) -> Finding<'_> {
    let region = problem.position.map(|(start_line, start_column)| Region { start_line, start_column });
    Finding {
        rule_id: code.id(),
        rule_index: Code::ALL.iter().position(|known| *known == code).expect("it is one of all"),
        level: level(problem.level),
        message: message(problem),
        locations: [Location { physical_location: PhysicalLocation { artifact_location: Artifact { uri }, region } }],
        properties: problem.cited.as_deref().map(properties),
    }
}

fn properties(cited: &Cited) -> Properties<'_> {
    Properties { text: &cited.text, target: cited.target.as_deref(), nearest: cited.nearest.as_deref() }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

fn message(problem: &Problem) -> Message {
    let hint = problem.hint.iter().map(|hint| format!("\nhint: {hint}")).collect::<String>();
    Message { text: format!("{}{hint}", problem.message) }
}

fn descriptor(code: Code) -> Descriptor {
    let (is_error, short, full) = match code {
        Code::MissingTarget => (
            false,
            "A reference leads to no file",
            "Add the file, correct the reference, or allow it by `missing.allow`. In the scripts and styles of one's \
             own pages, in files of `missing.error` and with `strict`, it is an error.",
        ),
        Code::ExcludedTarget => {
            (false, "A reference leads to a file that a rule excludes", "Publish the file, or take the reference out.")
        }
        Code::AgainstThePage => (
            false,
            "A reference resolves against the page and cannot be rewritten",
            "Write `new URL(\"…\", import.meta.url)`, or let a rule make the file that it leads to a page.",
        ),
        Code::SealedRefersToAsset => (
            false,
            "A sealed file refers to an asset whose name it cannot know",
            "Seal the asset too, or let a rule make it a page.",
        ),
        Code::ComputedName => (
            false,
            "A name is worked out at run time",
            "What is asked for has to be sealed, a page, or part of a tree.",
        ),
        Code::Unparsable => (
            false,
            "A file cannot be parsed",
            "It is published as it is, and the references in it are not rewritten: correct it.",
        ),
        Code::BundlerSpecifier => (
            false,
            "Module specifiers leave out what only a bundler adds",
            "Publish what the bundler makes, not its sources.",
        ),
        Code::ImportMap => (
            true,
            "An import map is in the way of lastly's",
            "Take an empty import map out of the page, and give a file another name that lies where the site's map goes.",
        ),
        Code::Unreadable => (true, "A file or folder cannot be read", "Correct its permissions, or ignore it."),
        Code::Unpublishable => (
            true,
            "A file cannot be published as it lies there",
            "Give it another name or place, or leave it out by `ignore`.",
        ),
        Code::PathClash => (
            true,
            "Two files would be published as one",
            "Rename one of them, or set `overlay` to let the later folder's file take the place of the earlier one's.",
        ),
        Code::LetterCase => (
            false,
            "Two names differ only by letter case",
            "A reference with the wrong case works on some machines and breaks on the web: rename one of the files.",
        ),
        Code::NoFiles => (true, "No files were found", "Check the folder and the ignore patterns."),
    };
    let text = |text: &str| Message { text: text.to_owned() };
    Descriptor {
        id: code.id(),
        short_description: text(short),
        full_description: text(full),
        help: text(full),
        default_configuration: Configuration { level: level(if is_error { Level::Error } else { Level::Warning }) },
    }
}

/// A file's URI: relative to `directory` where it lies below it.
fn uri(directory: &Path, file: &Path) -> String {
    let mut whole = PathBuf::new();
    for component in directory.join(file).components() {
        match component {
            Component::ParentDir => {
                whole.pop();
            }
            other => whole.push(other),
        }
    }
    let encoded = |path: &Path| {
        let names = path.components().filter_map(|component| match component {
            Component::Normal(name) => Some(percent_encode(name.as_encoded_bytes(), RESERVED).to_string()),
            _ => None,
        });
        names.collect::<Vec<_>>().join("/")
    };
    match whole.strip_prefix(directory) {
        Ok(relative) if relative.as_os_str().is_empty() => ".".to_owned(),
        Ok(relative) => encoded(relative),
        Err(_) => format!("file:///{}", encoded(&whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_the_working_directory_sees_them() {
        for (file, expected) in [
            ("public/a b.css", "public/a%20b.css"),
            ("./c:d.css", "c%3Ad.css"),
            ("/w/x/\u{e4}.css", "%C3%A4.css"),
            ("../y/a.css", "file:///w/y/a.css"),
            ("/elsewhere/a.css", "file:///elsewhere/a.css"),
            (".", "."),
        ] {
            assert_eq!(uri(Path::new("/w/x"), Path::new(file)), expected, "{file}");
        }
    }
}
