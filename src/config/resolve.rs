//! The one place where file, environment and flags meet: flags over environment over file over defaults.

use std::path::{Component, Path, PathBuf};

use super::discover::{discover, seen_from};
use super::environment::Environment;
use super::flags::Flags;
use super::given::{Bad, Given};
use super::layer::Layer;
use super::raw;
use super::settings::{Settings, StoreAddress};
use super::show::{Shown, rows};
use crate::error::BadInput;
use crate::event::Problem;
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
    let layer = highest.over(middle.over(lowest));
    let folder = file.as_ref().map_or(working_directory, |document| &*document.folder);
    let default_store = StoreAddress::Directory(folder.join(DEFAULT_STORE));
    let mut settings = settle(&layer, default_store, working_directory);
    for distribution in &mut settings.cloudfront {
        distribution.wait |= flags.wait;
    }
    if problems.is_empty() {
        problems.extend(control_problem(&settings, &layer));
        problems.extend(overlaps(&settings, &layer, working_directory));
    }
    if problems.is_empty() {
        let shown = rows(&settings, &layer);
        Ok(Resolved { settings, file: file.map(|document| document.file.to_path_buf()), shown })
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
        rules: value(&layer.rules).unwrap_or_default(),
        source_maps: value(&layer.source_maps).unwrap_or_default(),
        generation: value(&layer.generation).unwrap_or_default(),
        urls: value(&layer.urls).unwrap_or_default(),
        missing: Missing {
            strict: value(&layer.strict).unwrap_or_default(),
            ..value(&layer.missing).unwrap_or_default()
        },
        integrity: value(&layer.integrity).unwrap_or_default(),
        concurrency: value(&layer.concurrency).unwrap_or(CONCURRENCY),
        path_style: value(&layer.path_style),
    }
}

fn value<T: Clone>(given: &Option<Given<T>>) -> Option<T> {
    given.as_ref().map(|given| given.value.clone())
}

/// Private keys that would cover public ones.
fn control_problem(settings: &Settings, layer: &Layer) -> Option<Problem> {
    let layout = settings.layout();
    layout.prefix().starts_with(layout.control()).then(|| {
        let (prefix, control) = (layout.prefix(), layout.control());
        let message = format!("the public keys below `{prefix}` would lie among the private ones below `{control}`");
        Given::origin_of(&layer.control).problem(Bad::new(message).hint("choose another `control`, or leave it out"))
    })
}

/// Source folders that hold the store's folder, or lie in it: a publish would publish the store itself.
fn overlaps(settings: &Settings, layer: &Layer, working_directory: &Path) -> Vec<Problem> {
    let StoreAddress::Directory(store) = &settings.store else { return Vec::new() };
    let real_store = real(&working_directory.join(store));
    let overlap = |source: &PathBuf| {
        let real_source = real(&working_directory.join(source));
        let (inner, outer) = if real_store.starts_with(&real_source) {
            (format!("the store's folder `{}`", store.display()), format!("the source folder `{}`", source.display()))
        } else if real_source.starts_with(&real_store) {
            (format!("the source folder `{}`", source.display()), format!("the store's folder `{}`", store.display()))
        } else {
            return None;
        };
        let bad = Bad::new(format!("{inner} lies in {outer}"));
        let hint = "name another place for the store, such as `dir:../lastly-store`, or another source folder";
        Some(Given::origin_of(&layer.store).problem(bad.hint(hint)))
    };
    settings.sources.iter().filter_map(overlap).collect()
}

/// An absolute path without symbolic links and `..`, whether or not there is anything yet.
fn real(path: &Path) -> PathBuf {
    let mut real = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                real.pop();
            }
            _ => real.push(component),
        }
        if let Ok(followed) = real.canonicalize() {
            real = followed;
        }
    }
    real
}

#[cfg(test)]
mod tests;
