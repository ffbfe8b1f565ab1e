//! What the command line can say about settings. Whoever parses it fills this in.

use std::path::{Path, PathBuf};

use super::check;
use super::given::{Bad, Given, Origin};
use super::layer::{Layer, Retention};
use crate::event::Problem;

/// Settings as they were typed; what was not typed is `None`, empty or `false`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--config FILE`
    pub config: Option<PathBuf>,
    /// `--store`
    pub store: Option<String>,
    /// `--control`
    pub control: Option<String>,
    /// `--base-url`
    pub base_url: Option<String>,
    /// `--channel`
    pub channel: Option<String>,
    /// `--cloudfront`, each time it was given.
    pub cloudfront: Vec<String>,
    /// `--wait`
    pub wait: bool,
    /// `--purge`, each time it was given.
    pub purge: Vec<String>,
    /// The folders to publish.
    pub sources: Vec<PathBuf>,
    /// Whether the files come from a list, so that neither folders nor what is taken of them matter.
    pub listed: bool,
    /// `--ignore`, each time it was given.
    pub ignore: Vec<String>,
    /// `--overlay`
    pub overlay: bool,
    /// `--source-maps`
    pub source_maps: Option<String>,
    /// `--generation`
    pub generation: Option<u64>,
    /// `--strict`
    pub strict: bool,
    /// `--concurrency`
    pub concurrency: Option<usize>,
    /// `--path-style`
    pub path_style: bool,
    /// Whether the command asks no store, so that it does not matter where that lies.
    pub without_store: bool,
    /// The flags of `lastly gc`.
    pub gc: GcFlags,
}

/// What the command line says of how long things are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GcFlags {
    /// `--keep-for`
    pub keep_for: Option<String>,
    /// `--keep-last`
    pub keep_last: Option<u64>,
    /// `--keep-unreleased`
    pub keep_unreleased: Option<String>,
    /// `--intent-ttl`
    pub intent_ttl: Option<String>,
    /// `--min-object-age`
    pub min_object_age: Option<String>,
    /// `--max-delete`
    pub max_delete: Option<String>,
    /// `--html-ttl`
    pub html_ttl: Option<String>,
    /// `--session`
    pub session: Option<String>,
}

impl Flags {
    /// Checks what was typed; paths are relative to `folder`.
    pub(super) fn layer(&self, folder: &Path, problems: &mut Vec<Problem>) -> Layer {
        let mut take = Take { problems };
        Layer {
            store: take.text("--store", &self.store, |text| check::store(text, folder)),
            control: take.text("--control", &self.control, check::control),
            base_url: take.text("--base-url", &self.base_url, check::base_url),
            channel: take.text("--channel", &self.channel, check::channel),
            cloudfront: take.list("--cloudfront", &self.cloudfront, |named| check::distribution(named)),
            purge: take.list("--purge", &self.purge, |url| check::purge(url)),
            sources: take.list("DIR", &self.sources, |path| check::folder(path, folder)),
            ignore: take.list("--ignore", &self.ignore, |pattern| check::pattern(pattern)),
            overlay: take.switch("--overlay", self.overlay),
            gc: Retention {
                keep_for: take.text("--keep-for", &self.gc.keep_for, check::span),
                keep_last: take.checked("--keep-last", self.gc.keep_last, |&number| check::keep_last(number)),
                keep_unreleased: take.text("--keep-unreleased", &self.gc.keep_unreleased, check::span),
                intent_ttl: take.text("--intent-ttl", &self.gc.intent_ttl, check::span),
                min_object_age: take.text("--min-object-age", &self.gc.min_object_age, check::span),
                max_delete: take.text("--max-delete", &self.gc.max_delete, check::percent),
                html_ttl: take.text("--html-ttl", &self.gc.html_ttl, check::span),
                session: take.text("--session", &self.gc.session, check::span),
            },
            bundler_manifests: None,
            rules: None,
            source_maps: take.text("--source-maps", &self.source_maps, check::source_maps),
            generation: self.generation.map(|value| Given { value, origin: Origin::Flag("--generation") }),
            urls: None,
            strict: take.switch("--strict", self.strict),
            missing: None,
            integrity: None,
            import_map: None,
            concurrency: take.checked("--concurrency", self.concurrency, |&number| check::concurrency(number as u64)),
            path_style: take.switch("--path-style", self.path_style),
        }
    }
}

/// Takes one flag after the other.
struct Take<'a> {
    problems: &'a mut Vec<Problem>,
}

impl Take<'_> {
    fn checked<T, U>(
        &mut self,
        flag: &'static str,
        typed: Option<T>,
        check: impl Fn(&T) -> Result<U, Bad>,
    ) -> Option<Given<U>> {
        Origin::Flag(flag).give(check(&typed?), self.problems)
    }

    fn text<T>(
        &mut self,
        flag: &'static str,
        typed: &Option<String>,
        check: impl Fn(&str) -> Result<T, Bad>,
    ) -> Option<Given<T>> {
        self.checked(flag, typed.as_deref(), |text| check(text))
    }

    fn list<T, U>(
        &mut self,
        flag: &'static str,
        typed: &[T],
        check: impl Fn(&T) -> Result<U, Bad>,
    ) -> Option<Given<Vec<U>>> {
        let origin = Origin::Flag(flag);
        let checked = typed.iter().filter_map(|item| origin.clone().give(check(item), self.problems));
        let value: Vec<U> = checked.map(|given| given.value).collect();
        (!typed.is_empty()).then_some(Given { value, origin })
    }

    fn switch(&mut self, flag: &'static str, typed: bool) -> Option<Given<bool>> {
        typed.then_some(Given { value: true, origin: Origin::Flag(flag) })
    }
}
