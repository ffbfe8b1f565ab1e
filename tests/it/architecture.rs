//! Reads `src/` and holds it to the architecture of `docs/architecture.md`: each test fails with the sentences that
//! say what is where it should not be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proptest::collection::btree_map;
use proptest::prelude::*;

/// The subjects from the top down; a subject imports only from later rows, or from its own row to its right.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["config"],
    &["publish", "rollback", "history", "serve", "doctor", "check", "policy", "gc", "verify"],
    &["follow"],
    &["commit"],
    &["site"],
    &["collect", "store", "cdn"],
    &["clock"],
    &["error"],
    &["prepare"],
    &["event"],
    &["refs"],
    &["model"],
];

/// A source file: its module path (`store/s3`), its text without in-file tests, and the modules it names.
struct Source {
    module: String,
    text: String,
    imports: BTreeSet<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable entry").path())
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    files.sort();
    files
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let files = rust_files(&src);
    let module = |path: &Path| {
        let relative = path.strip_prefix(&src).expect("below src").with_extension("");
        relative.to_str().expect("plain names").to_owned()
    };
    let modules: BTreeSet<String> = files.iter().map(|path| module(path)).collect();
    let sources = files.iter().filter(|path| path.file_name().is_some_and(|name| name != "tests.rs"));
    sources
        .map(|path| {
            let whole = std::fs::read_to_string(path).expect("readable source");
            let text = whole.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
            let module = module(path);
            let imports = imports(&module, &text, &modules);
            Source { module, text, imports }
        })
        .collect()
}

/// The modules that a file's `use` declarations and `crate::` paths lead to, each resolved to the longest module
/// that exists; a head file re-exports its children, so what is imported from it counts as the head.
fn imports(module: &str, text: &str, modules: &BTreeSet<String>) -> BTreeSet<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let uses = code.split("use ").skip(1).filter_map(|rest| rest.split(';').next());
    let inline = code.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        format!("crate::{}", &rest[..end])
    });
    let paths = uses.flat_map(|tree| expand(&tree.split_whitespace().collect::<String>())).chain(inline);
    let children = format!("{module}/");
    paths
        .filter_map(|path| {
            let mut segments: Vec<&str> = path.split("::").collect();
            let mut base: Vec<&str> = module.split('/').collect();
            match segments.first().copied()? {
                "crate" | "lastly" => base.clear(),
                "super" => {
                    while segments.get(1) == Some(&"super") {
                        segments.remove(0);
                        base.pop();
                    }
                    base.pop();
                }
                "self" => {}
                // A path that begins with a child module's name.
                first if modules.contains(&format!("{children}{first}")) => segments.insert(0, "self"),
                _ => return None,
            }
            base.extend(&segments[1..]);
            (1..=base.len()).rev().map(|length| base[..length].join("/")).find(|path| modules.contains(path))
        })
        .filter(|found| found != module)
        .collect()
}

/// Every path of a `use` tree: `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else { return vec![tree.to_owned()] };
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let mut depth = 0;
    let parts = inner.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    parts.filter(|part| !part.is_empty()).flat_map(expand).map(|part| format!("{head}{part}")).collect()
}

/// A cycle of a graph, as the nodes along it; `None` where there is none.
fn cycle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(
        node: &str,
        graph: &BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(at) = path.iter().position(|earlier| earlier == node) {
            return Some(path[at..].to_vec());
        }
        if !done.insert(node.to_owned()) {
            return None;
        }
        path.push(node.to_owned());
        let found = graph.get(node).into_iter().flatten().find_map(|next| walk(next, graph, path, done));
        path.pop();
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|node| walk(node, graph, &mut Vec::new(), &mut done))
}

fn graph(sources: &[Source]) -> BTreeMap<String, BTreeSet<String>> {
    sources.iter().map(|source| (source.module.clone(), source.imports.clone())).collect()
}

fn subject(module: &str) -> &str {
    module.split('/').next().unwrap_or(module)
}

/// Fails with every line that holds one of `words` in a module that `may` does not admit.
fn only_in(words: &[&str], may: impl Fn(&str) -> bool, rule: &str) {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !may(&source.module)) {
        for (line, text) in source.text.lines().enumerate().filter(|(_, text)| !text.trim_start().starts_with("//")) {
            let hits = words.iter().filter(|word| text.contains(*word));
            found.extend(hits.map(|word| format!("src/{}.rs:{}: `{word}`: {rule}", source.module, line + 1)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn there_is_no_import_cycle() {
    assert_eq!(cycle(&graph(&sources())), None);
}

#[test]
fn imports_run_only_downwards() {
    let place = |module: &str| {
        let rows = LAYERS.iter().enumerate();
        rows.flat_map(|(row, subjects)| subjects.iter().enumerate().map(move |(column, name)| ((row, column), name)))
            .find(|(_, name)| **name == subject(module))
            .map(|(place, _)| place)
    };
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.module != "lib") {
        let Some(from) = place(&source.module) else {
            wrong.push(format!("src/{}.rs belongs to no layer", source.module));
            continue;
        };
        for import in source.imports.iter().filter(|import| subject(import) != subject(&source.module)) {
            let to = place(import);
            let sideways = to.is_some_and(|to| to.0 == from.0 && to.1 > from.1) || to > Some((from.0, usize::MAX));
            // Operations may build on operations written before them in their row, never the other way round.
            let on_earlier = to.is_some_and(|to| to.0 == from.0 && to.1 != from.1);
            if !sideways && !on_earlier {
                wrong.push(format!("src/{}.rs imports {import}, which lies above it", source.module));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_sdk_has_two_doors() {
    let doors = ["store/s3/sdk", "cdn/cloudfront"];
    only_in(
        &["aws_"],
        |module| doors.contains(&module),
        "the AWS SDK is used in store/s3/sdk.rs and cdn/cloudfront.rs only",
    );
}

#[test]
fn time_and_chance_come_through_the_clock() {
    let words = ["SystemTime", "Instant::", "tokio::time::sleep", "new_v4", "Timestamp::now", "thread::sleep"];
    only_in(&words, |module| module == "clock", "only clock.rs reads time and makes ids");
}

#[test]
fn keys_are_spelled_in_one_file() {
    let words = ["ledger.json", "releases/", "condemned/", "\"manifest.json", "channels/", ".list\"", "probe/"];
    // A store's own files and the words of a help text are not keys.
    let exempt = |module: &str| module == "model/layout" || subject(module) == "cli" || subject(module) == "config";
    only_in(&words, exempt, "only model/layout.rs spells keys");
}

#[test]
fn only_outputs_print() {
    let words = ["print!(", "println!(", "stdout()", "stderr()"];
    only_in(&words, |module| module.starts_with("cli/output"), "only cli/output/ prints");
}

#[test]
fn the_environment_is_read_where_settings_are_resolved() {
    let may = |module: &str| subject(module) == "config" || subject(module) == "cli" || module == "main";
    only_in(&["env::var", "env::args"], may, "the environment is read for config/ only");
}

#[test]
fn the_ledger_is_written_in_one_place() {
    let may = |module: &str| module == "commit" || module.starts_with("model/wire");
    only_in(&["write_ledger"], may, "every ledger write goes through commit.rs");
}

#[test]
fn versions_are_deleted_in_one_place() {
    let may = |module: &str| module == "gc/delete" || subject(module) == "store";
    only_in(&["delete_versions("], may, "every delete of a version goes through gc/delete.rs");
    let may = |module: &str| module == "follow/pages" || subject(module) == "store";
    only_in(&["store.remove("], may, "only pages are removed without naming a version");
}

#[test]
fn what_is_pure_stays_pure() {
    let pure =
        |module: &str| ["model", "refs", "prepare", "event"].contains(&subject(module)) || module.ends_with("/plan");
    let words = ["std::fs", "std::net", "std::env", "tokio::", "async fn", "std::process"];
    only_in(&words, |module| !pure(module), "model/, refs/, prepare/ and every plan.rs decide and do nothing");
}

#[test]
fn every_file_says_what_it_is_and_stays_short() {
    let mut wrong = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            wrong.push(format!("src/{}.rs does not begin with `//!`", source.module));
        }
        let lines = source.text.lines().count();
        if lines > 500 {
            wrong.push(format!("src/{}.rs has {lines} lines, more than 500", source.module));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_to_do_later() {
    // Written apart, so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!("), concat!("unimpl", "emented!(")];
    only_in(&words, |_| false, "what is not finished is not committed");
}

#[test]
fn the_tests_read_imports_as_the_compiler_does() {
    let modules: BTreeSet<String> = ["a", "a/b", "a/c", "d"].map(str::to_owned).into();
    let text = "use crate::d::{X, y::Z};\nuse super::c;\npub use self::q;\nfn f() { crate::a::b::g() }\n// crate::a\n";
    let found = imports("a/b", text, &modules);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a/c", "d"]);
    assert_eq!(expand("a::{b,c::{d,e}}"), ["a::b", "a::c::d", "a::c::e"]);
}

proptest! {
    /// A graph whose edges all lead to greater numbers has no cycle, and any edge back along a path makes one.
    #[test]
    fn cycles_are_found(edges in btree_map(0u8..20, proptest::collection::btree_set(0u8..20, 0..4), 1..20)) {
        let name = |n: u8| format!("{n:02}");
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in &edges {
            graph.insert(name(*from), to.iter().filter(|to| *to > from).map(|to| name(*to)).collect());
        }
        prop_assert_eq!(cycle(&graph), None);
        let edge = graph.iter().find_map(|(from, to)| Some((from.clone(), to.first()?.clone())));
        if let Some((from, to)) = edge {
            graph.entry(to).or_default().insert(from);
            prop_assert!(cycle(&graph).is_some());
        }
    }
}
