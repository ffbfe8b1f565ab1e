//! What the settings file says: which keys there are, and what each of their values must be. Every problem is found in
//! one run.
//!
//! The parsed document is walked by hand, because each of its values has a place in the file that way, and one that
//! is wrong does not hide the next.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::check;
use super::document::{Document, Key, Reader, Value, named};
use super::given::{Bad, Given};
use super::layer::{Layer, Retention};
use super::schema::{DISTRIBUTION, GC, RULE, SETTINGS, Setting, nearest};
use super::settings::Distribution;
use crate::event::Problem;
use crate::prepare::report::{Allowed, Missing};
use crate::prepare::rules::{Rule, tree_in_a_tree};

/// Checks a settings file.
pub(super) fn read(document: &Document, problems: &mut Vec<Problem>) -> Layer {
    let mut reader = Reader::new(document);
    let (parsed, errors) = DeTable::parse_recoverable(&document.text);
    // What is left of a document after a syntax error may be other than what was meant.
    let table = if errors.is_empty() { document.settings(&parsed, &mut reader) } else { None };
    let layer = table.map(|table| settings(table, document, &mut reader)).unwrap_or_default();
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.complain(at, Bad::new(format!("this is not TOML: {}", error.message())));
    }
    problems.extend(reader.into_problems());
    layer
}

fn settings(table: &DeTable<'_>, document: &Document, reader: &mut Reader<'_>) -> Layer {
    let mut layer = Layer::default();
    let folder = &*document.folder;
    for (key, value) in table {
        match &**key.get_ref() {
            "store" => layer.store = reader.text(key, value, |text| check::store(text, folder)),
            "control" => layer.control = reader.text(key, value, check::control),
            "base-url" => layer.base_url = reader.text(key, value, check::base_url),
            "channel" => layer.channel = reader.text(key, value, check::channel),
            "sources" => layer.sources = reader.texts(key, value, |text| check::folder(Path::new(text), folder)),
            "ignore" => layer.ignore = reader.texts(key, value, check::pattern),
            "overlay" => layer.overlay = reader.truth(key, value),
            "source-maps" => layer.source_maps = reader.text(key, value, check::source_maps),
            "generation" => layer.generation = reader.number(key, value, Ok),
            "urls" => layer.urls = reader.texts(key, value, check::base_url),
            "strict" => layer.strict = reader.truth(key, value),
            "missing" => layer.missing = missing(key, value, reader),
            "integrity" => layer.integrity = reader.truth(key, value),
            "import-map" => layer.import_map = reader.text(key, value, check::import_map),
            "concurrency" => layer.concurrency = reader.number(key, value, check::concurrency),
            "path-style" => layer.path_style = reader.truth(key, value),
            "purge" => layer.purge = reader.texts(key, value, check::purge),
            "cloudfront" => layer.cloudfront = reader.tables(key, value, distribution),
            "gc" => layer.gc = reader.table(key, value).map(|table| retention(table, reader)).unwrap_or_default(),
            "bundler-manifests" => layer.bundler_manifests = reader.texts(key, value, check::glob),
            "rules" => {
                layer.rules = reader.tables(key, value, rule);
                let rules = layer.rules.iter().flat_map(|rules| &rules.value).map(|rule| rule.value.clone());
                let nested = tree_in_a_tree(&rules.collect::<Vec<Rule>>());
                if let Some(error) = nested {
                    reader.complain(key.span().start, Bad::new(error.to_string()));
                }
            }
            _ => unknown(key, reader),
        }
    }
    layer
}

fn distribution(at: usize, table: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<Distribution> {
    let (mut id, mut origin_path, mut wait) = (None, None, false);
    for (key, value) in table {
        match &**key.get_ref() {
            "id" => id = reader.text(key, value, check::distribution_id),
            "origin-path" => origin_path = reader.text(key, value, check::origin_path),
            "wait" => wait = reader.truth(key, value).is_some_and(|given| given.value),
            _ => unknown_in("cloudfront", &DISTRIBUTION, key, reader),
        }
    }
    if !table.contains_key("id") {
        let bad = Bad::new("this distribution has no `id`");
        reader.complain(at, bad.hint("`id = \"E2QWRUHAPOMQZL\"` names a distribution"));
    }
    Some(Distribution { id: id?.value, origin_path: origin_path.map(|given| given.value), wait })
}

fn retention(table: &DeTable<'_>, reader: &mut Reader<'_>) -> Retention {
    let mut gc = Retention::default();
    for (key, value) in table {
        match &**key.get_ref() {
            "keep-for" => gc.keep_for = reader.text(key, value, check::span),
            "keep-last" => gc.keep_last = reader.number(key, value, check::keep_last),
            "keep-unreleased" => gc.keep_unreleased = reader.text(key, value, check::span),
            "intent-ttl" => gc.intent_ttl = reader.text(key, value, check::span),
            "min-object-age" => gc.min_object_age = reader.text(key, value, check::span),
            "max-delete" => gc.max_delete = reader.text(key, value, check::percent),
            "html-ttl" => gc.html_ttl = reader.text(key, value, check::span),
            "session" => gc.session = reader.text(key, value, check::span),
            _ => unknown_in("gc", &GC, key, reader),
        }
    }
    gc
}

/// What is said of references that lead nowhere.
fn missing(key: &Key<'_>, value: &Value<'_>, reader: &mut Reader<'_>) -> Option<Given<Missing>> {
    let mut missing = Missing::default();
    for (key, value) in reader.table(key, value)? {
        match &**key.get_ref() {
            "error" => {
                missing.error = reader.texts(key, value, check::glob).map(|given| given.value).unwrap_or_default();
            }
            "allow" => {
                missing.allow = reader.tables(key, value, allowed).map(|given| given.value).unwrap_or_default();
            }
            name => {
                let hint = "it has `error`, a list of globs, and `allow`, a list of tables with `file` and `target`";
                let bad = Bad::new(format!("`{name}` is not a setting of `missing`")).hint(hint);
                reader.complain(key.span().start, bad);
            }
        }
    }
    reader.checked(key.span().start, Ok(missing))
}

fn allowed(at: usize, table: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<Allowed> {
    let (mut file, mut target) = (None, None);
    for (key, value) in table {
        match &**key.get_ref() {
            "file" => file = reader.text(key, value, check::glob).map(|given| given.value),
            "target" => target = reader.text(key, value, check::glob).map(|given| given.value),
            name => {
                let bad = Bad::new(format!("`{name}` is not a setting of `missing.allow`"));
                reader.complain(key.span().start, bad.hint("it has `file` and `target`, both globs"));
            }
        }
    }
    if table.is_empty() {
        let bad = Bad::new("this would allow every reference to lead nowhere");
        reader.complain(at, bad.hint("`file = \"vendor/**\"` or `target = \"*.map\"` says which may"));
        return None;
    }
    Some(Allowed { file, target })
}

fn rule(at: usize, table: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<Given<Rule>> {
    let mut rule = Rule::default();
    let is_tree = table.contains_key("tree");
    let mut names_none = !table.contains_key("files") && !is_tree;
    for (key, value) in table {
        match &**key.get_ref() {
            name @ ("files" | "kind") if is_tree => {
                let bad = Bad::new(format!("a rule with a `tree` has no `{name}`"));
                reader.complain(key.span().start, bad.hint("a tree is everything below its folder"));
            }
            "tree" => rule.tree = reader.text(key, value, check::tree).map(|given| given.value),
            "files" => {
                names_none = value.get_ref().as_array().is_some_and(|list| list.is_empty());
                rule.files = reader.texts(key, value, check::glob).map(|given| given.value).unwrap_or_default();
            }
            "kind" => rule.kind = reader.text(key, value, check::kind).map(|given| given.value),
            "headers" => rule.headers = headers(key, value, reader),
            "source-maps" => {
                rule.source_maps = reader.text(key, value, check::source_maps).map(|given| given.value);
            }
            _ => unknown_in("rules", &RULE, key, reader),
        }
    }
    if names_none {
        let bad = Bad::new("this rule names no `files`");
        reader.complain(
            at,
            bad.hint("`files = \"*.js\"` names them by a glob, `tree = \"tinymce/\"` a folder as a whole"),
        );
    }
    reader.checked(at, Ok(rule))
}

fn headers(key: &Key<'_>, value: &Value<'_>, reader: &mut Reader<'_>) -> Vec<(String, Option<String>)> {
    let mut headers: Vec<(String, Option<String>)> = Vec::new();
    for (name, value) in reader.table(key, value).into_iter().flatten() {
        let text = match value.get_ref() {
            DeValue::String(text) => Some(&**text),
            DeValue::Boolean(false) => None,
            other => {
                let message =
                    format!("the header `{}` must be a string or `false`, not {}", name.get_ref(), named(other));
                reader.complain(value.span().start, Bad::new(message).hint("`false` takes a header away"));
                continue;
            }
        };
        let at = name.span().start;
        let Some(header) = reader.checked(at, check::header(name.get_ref(), text)) else { continue };
        if headers.iter().any(|(other, _)| *other == header.value.0) {
            let hint = "the names of headers are the same in capital and small letters";
            reader.complain(at, Bad::new(format!("the header `{}` is given twice", header.value.0)).hint(hint));
        }
        headers.push(header.value);
    }
    headers
}

/// A key at the top that is no setting.
fn unknown(key: &Key<'_>, reader: &mut Reader<'_>) {
    let name = &**key.get_ref();
    let hint = match nearest(name, SETTINGS.iter().map(|setting| setting.key)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if name == "tool" => "only in pyproject.toml do settings stand below `[tool.lastly]`".to_owned(),
        None => format!("there are {}", list_of(&SETTINGS)),
    };
    reader.complain(key.span().start, Bad::new(format!("`{name}` is not a setting")).hint(hint));
}

/// A key in a table of settings that is none of its. In TOML whatever follows a table's head belongs to it, also
/// where its author was done with the table.
fn unknown_in(table: &str, known: &[Setting], key: &Key<'_>, reader: &mut Reader<'_>) {
    let name = &**key.get_ref();
    let hint = match nearest(name, known.iter().map(|setting| setting.key)) {
        _ if SETTINGS.iter().any(|setting| setting.key == name) => {
            format!("`{name}` belongs before the first `[[`")
        }
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", list_of(known)),
    };
    let head = match table {
        "gc" => reader.head(table).replace("[[", "[").replace("]]", "]"),
        list => reader.head(list),
    };
    let message = format!("`{name}` is not a setting of `{head}`");
    reader.complain(key.span().start, Bad::new(message).hint(hint));
}

fn list_of(settings: &[Setting]) -> String {
    settings.iter().map(|setting| format!("`{}`", setting.key)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
