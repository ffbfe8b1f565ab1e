//! The environment, read once, and what it says about settings.

use std::collections::BTreeMap;
use std::env::split_paths;
use std::ffi::OsString;
use std::path::Path;

use super::check;
use super::given::{Bad, Given, Origin};
use super::layer::Layer;
use super::schema::{PREFIX, is_variable, nearest_variable};
use super::settings::Distribution;
use crate::event::Problem;

/// Environment variables by name. One that is set to nothing counts as not set, because build systems pass on what
/// they lack as empty.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
    }

    /// The value of a variable; `None` also where it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str()
    }

    /// The path in a variable.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.0.get(name).map(Path::new)
    }

    /// Checks what the variables say, and that lastly knows each one that bears its name; paths are relative to
    /// `folder`.
    pub(super) fn layer(&self, folder: &Path, problems: &mut Vec<Problem>) -> Layer {
        for name in self.0.keys().filter(|name| name.starts_with(PREFIX) && !is_variable(name)) {
            let problem = Problem::error(format!("{name} sets nothing that lastly knows"));
            let hint = match nearest_variable(name) {
                Some(near) => format!("did you mean {near}?"),
                None => "take it out of the environment; `lastly config` shows what can be set".to_owned(),
            };
            problems.push(problem.hint(hint));
        }
        let mut one = One { environment: self, problems };
        Layer {
            store: one.text("LASTLY_STORE", |text| check::store(text, folder)),
            control: one.text("LASTLY_CONTROL", check::control),
            base_url: one.text("LASTLY_BASE_URL", check::base_url),
            channel: one.text("LASTLY_CHANNEL", check::channel),
            cloudfront: one.list("LASTLY_CLOUDFRONT", ',', |id| {
                Ok(Distribution { id: check::distribution(id)?, origin_path: None, wait: false })
            }),
            purge: one.list("LASTLY_PURGE", ',', check::purge),
            sources: one.paths("LASTLY_SOURCES", |path| check::folder(path, folder)),
            ignore: one.list("LASTLY_IGNORE", '\n', check::pattern),
            overlay: one.text("LASTLY_OVERLAY", check::truth),
            rules: None,
            source_maps: one.text("LASTLY_SOURCE_MAPS", check::source_maps),
            generation: one.text("LASTLY_GENERATION", check::number),
            concurrency: one.text("LASTLY_CONCURRENCY", |text| check::concurrency(check::number(text)?)),
            path_style: one.text("LASTLY_PATH_STYLE", check::truth),
        }
    }
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(variables.filter(|(_, value)| !value.is_empty()).collect())
    }
}

/// Takes one variable after the other.
struct One<'a> {
    environment: &'a Environment,
    problems: &'a mut Vec<Problem>,
}

impl One<'_> {
    fn text<T>(&mut self, name: &'static str, check: impl Fn(&str) -> Result<T, Bad>) -> Option<Given<T>> {
        let text = self.environment.0.get(name)?.to_str().ok_or_else(|| Bad::new("its value is not UTF-8"));
        Origin::Variable(name).give(text.and_then(check), self.problems)
    }

    /// Parts, each checked by itself.
    fn parts<P, T>(
        &mut self,
        name: &'static str,
        parts: impl IntoIterator<Item = P>,
        check: impl Fn(P) -> Result<T, Bad>,
    ) -> Given<Vec<T>> {
        let origin = Origin::Variable(name);
        let taken = parts.into_iter().filter_map(|part| origin.clone().give(check(part), self.problems));
        Given { value: taken.map(|given| given.value).collect(), origin: origin.clone() }
    }

    /// Parts without the space around them; empty ones are passed over.
    fn list<T>(
        &mut self,
        name: &'static str,
        separator: char,
        check: impl Fn(&str) -> Result<T, Bad>,
    ) -> Option<Given<Vec<T>>> {
        let text = self.text(name, |text| Ok(text.to_owned()))?.value;
        let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
        Some(self.parts(name, parts, check))
    }

    /// Paths, separated as in `PATH`.
    fn paths<T>(&mut self, name: &'static str, check: impl Fn(&Path) -> Result<T, Bad>) -> Option<Given<Vec<T>>> {
        let paths = split_paths(self.environment.0.get(name)?);
        Some(self.parts(name, paths, |path| check(&path)))
    }
}
