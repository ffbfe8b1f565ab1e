//! The one place where file, environment and flags meet: flags over environment over file over defaults.

use std::path::{Path, PathBuf};

use super::discover::{discover, seen_from};
use super::environment::Environment;
use super::flags::Flags;
use super::given::{Bad, Given, Origin};
use super::layer::{Layer, Retention};
use super::raw;
use super::settings::{Settings, StoreAddress};
use super::show::{Shown, rows};
use super::together::{control_problem, overlaps, strange_routes};
use crate::error::BadInput;
use crate::event::{Level, Problem};
use crate::gc::Policy;
use crate::model::layout::ChannelName;
use crate::prepare::report::Missing;

/// The embedded store's folder, where no store is named.
const DEFAULT_STORE: &str = "lastly-store";

/// Requests in flight at a time, where nobody says.
const CONCURRENCY: usize = 64;

/// The settings, and how they came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The settings.
    pub settings: Settings,
    /// The settings file, where there is one.
    pub file: Option<PathBuf>,
    /// Every setting, in the order of [`super::schema::SETTINGS`].
    pub shown: Vec<Shown>,
    /// What is likely to be a mistake.
    pub warnings: Vec<Problem>,
    ignore: Origin,
    rules: Vec<Origin>,
}

impl Resolved {
    /// What is to be said of ignore patterns, and of globs of rules (each with its rule's place in the list), that
    /// have matched no file.
    pub fn idle(&self, patterns: &[&str], globs: &[(usize, &str)]) -> Vec<Problem> {
        let pattern = |pattern: &&str| {
            let bad = Bad::new(format!("the ignore pattern `{pattern}` matches no file"));
            self.ignore.warning(bad.hint("a pattern with a slash before its end begins at the source folder"))
        };
        let glob = |(rule, glob): &(usize, &str)| {
            let bad = Bad::new(format!("`{glob}` of this rule matches no file"));
            let hint = "a glob with a slash begins at the source folder; `**/` stands for any folders";
            self.rules.get(*rule).unwrap_or(&Origin::Default).warning(bad.hint(hint))
        };
        patterns.iter().map(pattern).chain(globs.iter().map(glob)).collect()
    }
}

/// Brings file, environment and flags together.
///
/// `working_directory` is an absolute path; the process's own, for the paths among the settings to hold.
///
/// # Errors
/// Everything that is wrong in any of the three places.
pub fn resolve(flags: &Flags, environment: &Environment, working_directory: &Path) -> Result<Resolved, BadInput> {
    let mut problems = Vec::new();
    let file = discover(flags.config.as_deref(), environment, working_directory).unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    let lowest = file.as_ref().map(|document| raw::read(document, &mut problems)).unwrap_or_default();
    let middle = environment.layer(working_directory, &mut problems);
    let highest = flags.layer(working_directory, &mut problems);
    let mut layer = highest.over(middle.over(lowest));
    if flags.listed {
        layer = Layer { sources: None, ignore: None, overlay: None, ..layer };
    }
    let folder = file.as_ref().map_or(working_directory, |document| &*document.folder);
    let default_store = StoreAddress::Directory(folder.join(DEFAULT_STORE));
    let mut settings = settle(&layer, default_store, working_directory);
    for distribution in &mut settings.cloudfront {
        distribution.wait |= flags.wait;
    }
    let stands = |problems: &[Problem]| problems.iter().all(|problem| problem.level == Level::Warning);
    if stands(&problems) {
        problems.extend(control_problem(&settings, &layer));
        if !flags.without_store {
            problems.extend(overlaps(&settings, &layer, working_directory));
        }
        problems.extend(strange_routes(&settings, &layer));
    }
    if stands(&problems) {
        let shown = rows(&settings, &layer);
        let file = file.map(|document| document.file.to_path_buf());
        let ignore = Given::origin_of(&layer.ignore);
        let rules = layer.rules.iter().flat_map(|rules| &rules.value).map(|rule| rule.origin.clone()).collect();
        Ok(Resolved { settings, file, shown, warnings: problems, ignore, rules })
    } else {
        Err(BadInput { what: "the settings", problems })
    }
}

/// Puts the defaults in place.
fn settle(layer: &Layer, default_store: StoreAddress, working_directory: &Path) -> Settings {
    let store = match value(&layer.store).unwrap_or(default_store) {
        StoreAddress::Directory(path) => StoreAddress::Directory(seen_from(working_directory, &path)),
        bucket @ StoreAddress::S3 { .. } => bucket,
    };
    let sources = value(&layer.sources).unwrap_or_default();
    Settings {
        store,
        control: value(&layer.control),
        base_url: value(&layer.base_url),
        channel: value(&layer.channel).unwrap_or_else(ChannelName::live),
        cloudfront: value(&layer.cloudfront).unwrap_or_default(),
        purge: value(&layer.purge).unwrap_or_default(),
        sources: sources.iter().map(|source| seen_from(working_directory, source)).collect(),
        ignore: value(&layer.ignore).unwrap_or_default(),
        overlay: value(&layer.overlay).unwrap_or_default(),
        bundler_manifests: value(&layer.bundler_manifests).unwrap_or_default(),
        gc: policy(&layer.gc),
        rules: value(&layer.rules).unwrap_or_default().into_iter().map(|rule| rule.value).collect(),
        source_maps: value(&layer.source_maps).unwrap_or_default(),
        generation: value(&layer.generation).unwrap_or_default(),
        urls: value(&layer.urls).unwrap_or_default(),
        missing: Missing {
            strict: value(&layer.strict).unwrap_or_default(),
            ..value(&layer.missing).unwrap_or_default()
        },
        integrity: value(&layer.integrity).unwrap_or_default(),
        import_map: value(&layer.import_map).unwrap_or_default(),
        concurrency: value(&layer.concurrency).unwrap_or(CONCURRENCY),
        path_style: value(&layer.path_style),
    }
}

fn policy(given: &Retention) -> Policy {
    let default = Policy::default();
    Policy {
        keep_for: value(&given.keep_for).unwrap_or(default.keep_for),
        keep_last: value(&given.keep_last).unwrap_or(default.keep_last),
        keep_unreleased: value(&given.keep_unreleased).unwrap_or(default.keep_unreleased),
        intent_ttl: value(&given.intent_ttl).unwrap_or(default.intent_ttl),
        min_object_age: value(&given.min_object_age).unwrap_or(default.min_object_age),
        max_delete: value(&given.max_delete).unwrap_or(default.max_delete),
        html_ttl: value(&given.html_ttl).unwrap_or(default.html_ttl),
        session: value(&given.session).unwrap_or(default.session),
        allow_short_retention: false,
    }
}

fn value<T: Clone>(given: &Option<Given<T>>) -> Option<T> {
    given.as_ref().map(|given| given.value.clone())
}

#[cfg(test)]
mod tests;
