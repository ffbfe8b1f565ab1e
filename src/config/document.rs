//! A settings file as it was found, and its values with their places: each is asked for by type, and what is wrong
//! with one is kept while the next is read. Which settings there are is not known here.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::given::{Bad, Given, Origin};
use super::schema::example;
use crate::event::Problem;

/// A key of the file, with its place.
pub(super) type Key<'a> = Spanned<Cow<'a, str>>;

/// A value of the file, with its place.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// A settings file.
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

impl Document {
    /// Whether a `pyproject.toml` says anything about lastly.
    pub(super) fn is_for_lastly(&self) -> bool {
        // Nothing is parsed that does not even name lastly.
        self.text.contains("lastly") && tool(DeTable::parse_recoverable(&self.text).0.get_ref()).is_some()
    }

    /// The table that holds the settings.
    pub(super) fn settings<'a, 'i>(
        &self,
        parsed: &'a Spanned<DeTable<'i>>,
        reader: &mut Reader<'_>,
    ) -> Option<&'a DeTable<'i>> {
        if !self.in_pyproject {
            return Some(parsed.get_ref());
        }
        match tool(parsed.get_ref()) {
            Some((key, value)) => reader.table(key, value),
            None => {
                reader.complain(0, Bad::new("there is no `[tool.lastly]` in it"));
                None
            }
        }
    }
}

fn tool<'a, 'i>(document: &'a DeTable<'i>) -> Option<(&'a Key<'i>, &'a Value<'i>)> {
    document.get("tool")?.get_ref().as_table()?.get_key_value("lastly")
}

/// Reads values and keeps what is wrong with them.
pub(super) struct Reader<'a> {
    document: &'a Document,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self { document, problems: Vec::new() }
    }

    /// Everything that is wrong, in the order of the file.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.position);
        self.problems
    }

    /// The place of a byte of the file.
    fn origin(&self, at: usize) -> Origin {
        let before = self.document.text.get(..at).unwrap_or(&self.document.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        Origin::File { file: self.document.file.clone(), line, column }
    }

    /// The line with which each table of a list begins.
    pub(super) fn head(&self, list: &str) -> String {
        if self.document.in_pyproject { format!("[[tool.lastly.{list}]]") } else { format!("[[{list}]]") }
    }

    /// Keeps what is wrong at a byte of the file.
    pub(super) fn complain(&mut self, at: usize, bad: Bad) {
        self.problems.push(self.origin(at).problem(bad));
    }

    /// Takes a value that was checked.
    pub(super) fn checked<T>(&mut self, at: usize, checked: Result<T, Bad>) -> Option<Given<T>> {
        self.origin(at).give(checked, &mut self.problems)
    }

    fn wrong_type(&mut self, key: &Key<'_>, value: &Value<'_>, wanted: &str) {
        let key = key.get_ref();
        let bad = Bad::new(format!("`{key}` must be {wanted}, not {}", named(value.get_ref())));
        let bad = match example(key) {
            Some(example) => bad.hint(format!("for example `{key} = {example}`")),
            None => bad,
        };
        self.complain(value.span().start, bad);
    }

    /// A string.
    pub(super) fn text<T>(
        &mut self,
        key: &Key<'_>,
        value: &Value<'_>,
        check: impl Fn(&str) -> Result<T, Bad>,
    ) -> Option<Given<T>> {
        let DeValue::String(text) = value.get_ref() else {
            self.wrong_type(key, value, "a string");
            return None;
        };
        self.checked(value.span().start, check(text))
    }

    /// A list of strings, or a single one.
    pub(super) fn texts<T>(
        &mut self,
        key: &Key<'_>,
        value: &Value<'_>,
        check: impl Fn(&str) -> Result<T, Bad>,
    ) -> Option<Given<Vec<T>>> {
        let items = value.get_ref().as_array().map_or(std::slice::from_ref(value), |items| &items[..]);
        let mut taken = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => {
                    taken.extend(self.checked(item.span().start, check(text)).map(|given| given.value));
                }
                _ => self.wrong_type(key, item, "a string or a list of strings"),
            }
        }
        self.checked(value.span().start, Ok(taken))
    }

    /// A yes or no.
    pub(super) fn truth(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Given<bool>> {
        let DeValue::Boolean(truth) = value.get_ref() else {
            self.wrong_type(key, value, "true or false");
            return None;
        };
        self.checked(value.span().start, Ok(*truth))
    }

    /// A whole number.
    pub(super) fn number<T>(
        &mut self,
        key: &Key<'_>,
        value: &Value<'_>,
        check: impl Fn(u64) -> Result<T, Bad>,
    ) -> Option<Given<T>> {
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong_type(key, value, "an integer");
            return None;
        };
        let unfit = |_| {
            let message = format!("`{}` cannot be {}", key.get_ref(), &self.document.text[value.span()]);
            Bad::new(message).hint(format!("an integer from 0 to {}", u64::MAX))
        };
        self.checked(
            value.span().start,
            u64::from_str_radix(number.as_str(), number.radix()).map_err(unfit).and_then(check),
        )
    }

    /// A table.
    pub(super) fn table<'v, 'i>(&mut self, key: &Key<'_>, value: &'v Value<'i>) -> Option<&'v DeTable<'i>> {
        if !value.get_ref().is_table() {
            self.wrong_type(key, value, "a table");
        }
        value.get_ref().as_table()
    }

    /// A list of tables, each of them read by `read`, which is told where the table begins.
    pub(super) fn tables<T>(
        &mut self,
        key: &Key<'_>,
        value: &Value<'_>,
        read: impl Fn(usize, &DeTable<'_>, &mut Self) -> Option<T>,
    ) -> Option<Given<Vec<T>>> {
        let items = value.get_ref().as_array().map_or(std::slice::from_ref(value), |items| &items[..]);
        let mut taken = Vec::new();
        for item in items {
            match item.get_ref().as_table().filter(|_| value.get_ref().is_array()) {
                Some(table) => taken.extend(read(item.span().start, table, self)),
                None => {
                    let message =
                        format!("`{}` must be a list of tables, not {}", key.get_ref(), named(item.get_ref()));
                    let hint = format!("each of its tables begins with a line `{}`", self.head(key.get_ref()));
                    self.complain(item.span().start, Bad::new(message).hint(hint));
                }
            }
        }
        self.checked(key.span().start, Ok(taken))
    }
}

/// What a value is, in words.
pub(super) fn named(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(true) => "`true`",
        DeValue::Boolean(false) => "`false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
