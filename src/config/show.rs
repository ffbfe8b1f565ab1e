//! Every setting with its value and where it comes from, for `lastly config`.

use toml::{Table, Value};

use super::given::{Given, Origin};
use super::layer::Layer;
use super::settings::{Distribution, Settings};
use crate::gc::Policy;
use crate::model::timestamp::format_span;
use crate::prepare::references::ImportMaps;
use crate::prepare::report::{Allowed, Missing};
use crate::prepare::rules::{Kind, Rule, SourceMaps};

/// A setting as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its name in the file.
    pub key: &'static str,
    /// Its value as TOML; `None` where nobody set it and there is no default.
    pub value: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Every setting, in the order of [`super::schema::SETTINGS`].
pub(super) fn rows(settings: &Settings, layer: &Layer) -> Vec<Shown> {
    let sources = settings.sources.iter().map(|path| Value::from(&*path.to_string_lossy()));
    vec![
        row("store", &layer.store, text(&settings.store.to_string())),
        row("control", &layer.control, text(settings.layout().control())),
        unless_none("base-url", &layer.base_url, settings.base_url.as_deref().map(text)),
        row("channel", &layer.channel, text(settings.channel.as_str())),
        row("sources", &layer.sources, list(sources)),
        row("ignore", &layer.ignore, list(settings.ignore.iter().map(|pattern| Value::from(&**pattern)))),
        row("overlay", &layer.overlay, settings.overlay.to_string()),
        row("source-maps", &layer.source_maps, maps(settings.source_maps).to_string()),
        row("generation", &layer.generation, settings.generation.to_string()),
        row("urls", &layer.urls, list(settings.urls.iter().map(|url| Value::from(&**url)))),
        row("strict", &layer.strict, settings.missing.strict.to_string()),
        row("missing", &layer.missing, missing(&settings.missing)),
        row("integrity", &layer.integrity, settings.integrity.to_string()),
        row("import-map", &layer.import_map, word(settings.import_map, &ImportMaps::WORDS).to_string()),
        row("concurrency", &layer.concurrency, settings.concurrency.to_string()),
        unless_none("path-style", &layer.path_style, settings.path_style.map(|truth| truth.to_string())),
        row("purge", &layer.purge, list(settings.purge.iter().map(|url| Value::from(&**url)))),
        row("cloudfront", &layer.cloudfront, list(settings.cloudfront.iter().map(distribution))),
        Shown { key: "gc", value: Some(retention(&settings.gc)), origin: layer.gc.origin() },
        row(
            "bundler-manifests",
            &layer.bundler_manifests,
            list(settings.bundler_manifests.iter().map(|glob| Value::from(&**glob))),
        ),
        row("rules", &layer.rules, list(settings.rules.iter().map(rule))),
    ]
}

fn row<T>(key: &'static str, given: &Option<Given<T>>, value: String) -> Shown {
    unless_none(key, given, Some(value))
}

fn unless_none<T>(key: &'static str, given: &Option<Given<T>>, value: Option<String>) -> Shown {
    Shown { key, value, origin: Given::origin_of(given) }
}

fn list(items: impl Iterator<Item = Value>) -> String {
    Value::Array(items.collect()).to_string()
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

fn maps(choice: SourceMaps) -> Value {
    word(choice, &SourceMaps::WORDS)
}

/// The word of a choice.
fn word<T: PartialEq>(choice: T, words: &[(&'static str, T)]) -> Value {
    let found = words.iter().find(|(_, meaning)| *meaning == choice);
    found.map(|(word, _)| Value::from(*word)).expect("every choice has a word")
}

fn distribution(distribution: &Distribution) -> Value {
    let mut table = Table::from_iter([("id".to_owned(), Value::from(&*distribution.id))]);
    if let Some(path) = &distribution.origin_path {
        table.insert("origin-path".to_owned(), Value::from(&**path));
    }
    if distribution.wait {
        table.insert("wait".to_owned(), Value::from(true));
    }
    table.into()
}

fn missing(missing: &Missing) -> String {
    let allowed = |allowed: &Allowed| {
        let globs = [("file", &allowed.file), ("target", &allowed.target)];
        let given = globs.into_iter().filter_map(|(key, glob)| Some((key.to_owned(), Value::from(glob.clone()?))));
        Value::from(given.collect::<Table>())
    };
    let mut table = Table::new();
    if !missing.error.is_empty() {
        table.insert("error".to_owned(), Value::from(missing.error.clone()));
    }
    if !missing.allow.is_empty() {
        table.insert("allow".to_owned(), missing.allow.iter().map(allowed).collect::<Vec<Value>>().into());
    }
    Value::from(table).to_string()
}

fn retention(policy: &Policy) -> String {
    let span = |key: &str, span| (key.to_owned(), Value::from(format_span(span)));
    let keep_last = Value::from(i64::try_from(policy.keep_last).unwrap_or(i64::MAX));
    let table = Table::from_iter([
        span("keep-for", policy.keep_for),
        ("keep-last".to_owned(), keep_last),
        span("keep-unreleased", policy.keep_unreleased),
        span("intent-ttl", policy.intent_ttl),
        span("min-object-age", policy.min_object_age),
        ("max-delete".to_owned(), Value::from(format!("{}%", policy.max_delete))),
        span("html-ttl", policy.html_ttl),
        span("session", policy.session),
    ]);
    Value::Table(table).to_string()
}

fn rule(rule: &Rule) -> Value {
    let mut table = match &rule.tree {
        Some(tree) => Table::from_iter([("tree".to_owned(), Value::from(&**tree))]),
        None => Table::from_iter([("files".to_owned(), Value::from(rule.files.clone()))]),
    };
    if let Some(kind) = rule.kind {
        table.insert("kind".to_owned(), word(kind, &Kind::WORDS));
    }
    if !rule.headers.is_empty() {
        let headers = rule
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_deref().map_or(Value::from(false), Value::from)));
        table.insert("headers".to_owned(), Table::from_iter(headers).into());
    }
    if let Some(choice) = rule.source_maps {
        table.insert("source-maps".to_owned(), maps(choice));
    }
    table.into()
}
