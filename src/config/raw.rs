//! The settings file: every value checked where it stands, every problem found in one run.
//!
//! The parsed document is walked by hand, because each of its values has a place in the file that way, and one that
//! is wrong does not hide the next.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::check;
use super::given::{Bad, Given, Origin};
use super::layer::Layer;
use super::schema::{DISTRIBUTION, RULE, SETTINGS, Setting, nearest};
use super::settings::Distribution;
use crate::event::Problem;
use crate::prepare::rules::Rule;

type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// A settings file as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// Where it is, as messages name it.
    pub(super) file: Arc<Path>,
    /// Its folder, which its paths are relative to.
    pub(super) folder: Arc<Path>,
    /// Its text.
    pub(super) text: String,
    /// Whether the settings stand below `[tool.lastly]`.
    pub(super) in_pyproject: bool,
}

/// Whether a `pyproject.toml` says anything about lastly. A broken one that only seems to is taken to.
pub(super) fn is_for_lastly(text: &str) -> bool {
    // Nothing is parsed that does not even name lastly.
    text.contains("lastly") && tool(DeTable::parse_recoverable(text).0.get_ref()).is_some()
}

fn tool<'a, 'i>(document: &'a DeTable<'i>) -> Option<&'a Value<'i>> {
    document.get("tool")?.get_ref().get("lastly")
}

/// Checks a settings file.
pub(super) fn read(document: &Document, problems: &mut Vec<Problem>) -> Layer {
    let mut reader = Reader { document, problems: Vec::new() };
    let (parsed, errors) = DeTable::parse_recoverable(&document.text);
    let layer = if !errors.is_empty() {
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            reader.complain(at, Bad::new(format!("this is not TOML: {}", error.message())));
        }
        Layer::default()
    } else if !document.in_pyproject {
        reader.settings(parsed.get_ref())
    } else if let Some(value) = tool(parsed.get_ref()) {
        reader.table("tool.lastly", value).map(|table| reader.settings(table)).unwrap_or_default()
    } else {
        reader.complain(0, Bad::new("there is no `[tool.lastly]` in it"));
        Layer::default()
    };
    reader.problems.sort_by_key(|problem| problem.position);
    problems.append(&mut reader.problems);
    layer
}

struct Reader<'a> {
    document: &'a Document,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// The place of a byte of the file.
    fn origin(&self, at: usize) -> Origin {
        let before = self.document.text.get(..at).unwrap_or(&self.document.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        Origin::File { file: self.document.file.clone(), line, column }
    }

    fn complain(&mut self, at: usize, bad: Bad) {
        self.problems.push(self.origin(at).problem(bad));
    }

    fn checked<T>(&mut self, at: usize, checked: Result<T, Bad>) -> Option<Given<T>> {
        self.origin(at).give(checked, &mut self.problems)
    }

    fn settings(&mut self, table: &DeTable<'_>) -> Layer {
        let mut layer = Layer::default();
        let folder = &*self.document.folder;
        for (key, value) in table {
            match &**key.get_ref() {
                "store" => layer.store = self.text(key, value, |text| check::store(text, folder)),
                "control" => layer.control = self.text(key, value, check::control),
                "base-url" => layer.base_url = self.text(key, value, check::base_url),
                "channel" => layer.channel = self.text(key, value, check::channel),
                "cloudfront" => layer.cloudfront = self.tables(key, value, Self::distribution),
                "purge" => layer.purge = self.texts(key, value, check::purge),
                "sources" => {
                    layer.sources = self.texts(key, value, |text| check::source(Path::new(text), folder));
                }
                "ignore" => layer.ignore = self.texts(key, value, check::pattern),
                "overlay" => layer.overlay = self.truth(key, value),
                "rules" => layer.rules = self.tables(key, value, Self::rule),
                "source-maps" => layer.source_maps = self.text(key, value, check::source_maps),
                "generation" => layer.generation = self.number(key, value, Ok),
                "concurrency" => layer.concurrency = self.number(key, value, check::concurrency),
                "path-style" => layer.path_style = self.truth(key, value),
                _ => self.unknown(key, &SETTINGS, None),
            }
        }
        layer
    }

    fn distribution(&mut self, at: usize, table: &DeTable<'_>) -> Option<Distribution> {
        let (mut id, mut origin_path, mut wait) = (None, None, false);
        for (key, value) in table {
            match &**key.get_ref() {
                "id" => id = Some(self.text(key, value, check::distribution)),
                "origin-path" => origin_path = self.text(key, value, check::origin_path).map(|given| given.value),
                "wait" => wait = self.truth(key, value).is_some_and(|given| given.value),
                _ => self.unknown(key, &DISTRIBUTION, Some("cloudfront")),
            }
        }
        if id.is_none() {
            let bad =
                Bad::new("this `[[cloudfront]]` has no `id`").hint("`id = \"E2QWRUHAPOMQZL\"` names a distribution");
            self.complain(at, bad);
        }
        Some(Distribution { id: id??.value, origin_path, wait })
    }

    fn rule(&mut self, at: usize, table: &DeTable<'_>) -> Option<Rule> {
        let mut rule = Rule::default();
        let mut files = None;
        for (key, value) in table {
            match &**key.get_ref() {
                "files" => files = Some(self.texts(key, value, check::glob)),
                "kind" => rule.kind = self.text(key, value, check::kind).map(|given| given.value),
                "headers" => rule.headers = self.headers(key, value),
                "source-maps" => {
                    rule.source_maps = self.text(key, value, check::source_maps).map(|given| given.value);
                }
                _ => self.unknown(key, &RULE, Some("rules")),
            }
        }
        let named = files.as_ref().is_some_and(|files| files.as_ref().is_none_or(|files| !files.value.is_empty()));
        if !named {
            let bad = Bad::new("this `[[rules]]` names no `files`").hint("`files = \"*.js\"` names them by a glob");
            self.complain(at, bad);
        }
        rule.files = files??.value;
        Some(rule)
    }

    fn headers(&mut self, key: &Key<'_>, value: &Value<'_>) -> Vec<(String, Option<String>)> {
        let mut headers: Vec<(String, Option<String>)> = Vec::new();
        let Some(table) = self.table(key.get_ref(), value) else { return headers };
        for (name, value) in table {
            let text = match value.get_ref() {
                DeValue::String(text) => Some(&**text),
                DeValue::Boolean(false) => None,
                other => {
                    let message = format!("the header `{}` must be text, or `false`, not {}", name.get_ref(), a(other));
                    self.complain(value.span().start, Bad::new(message).hint("`false` takes a header away"));
                    continue;
                }
            };
            let at = name.span().start;
            let Some(header) = self.checked(at, check::header(name.get_ref(), text)) else { continue };
            if headers.iter().any(|(other, _)| *other == header.value.0) {
                let hint = "names of headers are the same in capital and small letters";
                self.complain(at, Bad::new(format!("the header `{}` is given twice", header.value.0)).hint(hint));
            }
            headers.push(header.value);
        }
        headers
    }

    /// A key that nobody asked for: one of the settings misspelt, or in the wrong place.
    fn unknown(&mut self, key: &Key<'_>, known: &[Setting], table: Option<&str>) {
        let name = &**key.get_ref();
        let keys = || known.iter().map(|setting| setting.key);
        let is_above = SETTINGS.iter().any(|setting| setting.key == name);
        let message = match table {
            Some(table) => format!("`{name}` is not a setting of `[[{table}]]`"),
            None => format!("`{name}` is not a setting"),
        };
        let hint = match (nearest(name, keys()), table) {
            (_, Some(_)) if is_above => format!("`{name}` stands at the top of the file, before the first `[[`"),
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, None) if name == "tool" => {
                "only pyproject.toml has `[tool.lastly]`; here all is lastly's".to_owned()
            }
            (None, None) => "`lastly config` shows every setting".to_owned(),
            (None, Some(_)) => {
                let keys: Vec<String> = keys().map(|key| format!("`{key}`")).collect();
                format!("it has {}", keys.join(", "))
            }
        };
        self.complain(key.span().start, Bad::new(message).hint(hint));
    }

    fn wrong_type(&mut self, key: &str, value: &Value<'_>, wanted: &str) {
        let bad = Bad::new(format!("`{key}` must be {wanted}, not {}", a(value.get_ref())));
        let all = SETTINGS.iter().chain(&DISTRIBUTION).chain(&RULE);
        let example = all.filter(|setting| !setting.example.is_empty()).find(|setting| setting.key == key);
        let bad = match example {
            Some(setting) => bad.hint(format!("for example `{key} = {}`", setting.example)),
            None => bad,
        };
        self.complain(value.span().start, bad);
    }

    fn text<T>(
        &mut self,
        key: &Key<'_>,
        value: &Value<'_>,
        check: impl Fn(&str) -> Result<T, Bad>,
    ) -> Option<Given<T>> {
        match value.get_ref() {
            DeValue::String(text) => self.checked(value.span().start, check(text)),
            _ => {
                self.wrong_type(key.get_ref(), value, "text");
                None
            }
        }
    }

    /// A list of texts, or a single one.
    fn texts<T>(
        &mut self,
        key: &Key<'_>,
        value: &Value<'_>,
        check: impl Fn(&str) -> Result<T, Bad>,
    ) -> Option<Given<Vec<T>>> {
        let items = match value.get_ref() {
            DeValue::Array(items) => &items[..],
            DeValue::String(_) => std::slice::from_ref(value),
            _ => {
                self.wrong_type(key.get_ref(), value, "a list of texts");
                return None;
            }
        };
        let mut taken = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => {
                    taken.extend(self.checked(item.span().start, check(text)).map(|given| given.value));
                }
                _ => self.wrong_type(key.get_ref(), item, "a list of texts"),
            }
        }
        Some(Given { value: taken, origin: self.origin(value.span().start) })
    }

    fn truth(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Given<bool>> {
        match value.get_ref() {
            DeValue::Boolean(truth) => self.checked(value.span().start, Ok(*truth)),
            _ => {
                self.wrong_type(key.get_ref(), value, "true or false");
                None
            }
        }
    }

    fn number<T>(
        &mut self,
        key: &Key<'_>,
        value: &Value<'_>,
        check: impl Fn(u64) -> Result<T, Bad>,
    ) -> Option<Given<T>> {
        let number = value.get_ref().as_integer().map(|number| u64::from_str_radix(number.as_str(), number.radix()));
        match number {
            Some(Ok(number)) => self.checked(value.span().start, check(number)),
            Some(Err(_)) => {
                let bad = Bad::new(format!("`{}` is too small or too large a number", key.get_ref()));
                self.complain(value.span().start, bad);
                None
            }
            None => {
                self.wrong_type(key.get_ref(), value, "a whole number");
                None
            }
        }
    }

    fn table<'v, 'i>(&mut self, key: &str, value: &'v Value<'i>) -> Option<&'v DeTable<'i>> {
        if value.get_ref().as_table().is_none() {
            self.wrong_type(key, value, "a table");
        }
        value.get_ref().as_table()
    }

    /// A list of tables, each of them read by `read`.
    fn tables<T>(
        &mut self,
        key: &Key<'_>,
        value: &Value<'_>,
        read: impl Fn(&mut Self, usize, &DeTable<'_>) -> Option<T>,
    ) -> Option<Given<Vec<T>>> {
        let name = key.get_ref();
        let mut taken = Vec::new();
        for item in value.get_ref().as_array().into_iter().flatten() {
            match item.get_ref().as_table() {
                Some(table) => taken.extend(read(self, item.span().start, table)),
                None => {
                    let bad =
                        Bad::new(format!("`{name}` must be a list of tables, not of {}", item.get_ref().type_str()));
                    self.complain(item.span().start, bad.hint(format!("each begins with a line `[[{name}]]`")));
                }
            }
        }
        if !value.get_ref().is_array() {
            let bad = Bad::new(format!("`{name}` must be a list of tables, not {}", a(value.get_ref())));
            self.complain(value.span().start, bad.hint(format!("each begins with a line `[[{name}]]`")));
            return None;
        }
        Some(Given { value: taken, origin: self.origin(key.span().start) })
    }
}

/// What a value is, with its article.
fn a(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
