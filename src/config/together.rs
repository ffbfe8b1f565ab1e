//! What settings must be to each other, once each of them is good by itself.

use std::path::{Component, Path, PathBuf};

use super::given::{Bad, Given};
use super::layer::Layer;
use super::settings::{Distribution, Settings, StoreAddress};
use crate::cdn::path::BaseUrl;
use crate::event::Problem;
use crate::model::layout::url_path;

/// Private keys among public ones, or the other way round. A site without a prefix takes up the whole bucket, so there
/// the private keys lie among the others, and are kept apart by name.
pub(super) fn control_problem(settings: &Settings, layer: &Layer) -> Option<Problem> {
    let layout = settings.layout();
    let (prefix, control) = (layout.prefix(), layout.control());
    let message = if prefix.starts_with(control) {
        format!("the public keys below `{prefix}` would lie among the private ones below `{control}`")
    } else if !prefix.is_empty() && control.starts_with(prefix) {
        format!("the private keys below `{control}` would lie among the public ones below `{prefix}`")
    } else {
        return None;
    };
    let hint = format!("choose another `control`, or leave it out: then it is `.lastly/{prefix}`");
    Some(Given::origin_of(&layer.control).problem(Bad::new(message).hint(hint)))
}

/// Distributions behind which the prefix cannot be where `base-url` says.
pub(super) fn strange_routes(settings: &Settings, layer: &Layer) -> Vec<Problem> {
    let Some(base) = settings.base_url.as_deref().and_then(|url| BaseUrl::parse(url).ok()) else { return Vec::new() };
    let key_path = format!("/{}", url_path(settings.layout().prefix()));
    let strange = |distribution: &Distribution| {
        let (id, said) = (&distribution.id, base.path());
        let message = match &distribution.origin_path {
            Some(origin_path) => {
                let origin_path = origin_path.trim_end_matches('/');
                let path = key_path.strip_prefix(&url_path(origin_path)).filter(|rest| rest.starts_with('/'));
                match path {
                    Some(path) if path == said => return None,
                    Some(path) => format!(
                        "visitors find the prefix at `{said}` by this URL, but at `{path}` by the origin path of {id}"
                    ),
                    None => {
                        format!("the origin path of {id} is `{origin_path}`, and `{key_path}` does not lie below it")
                    }
                }
            }
            None if key_path.ends_with(said) => return None,
            None => format!("visitors find the prefix at `{said}` by this URL, but its keys begin with `{key_path}`"),
        };
        let hint = "right only if a function of the distribution rewrites paths; else correct `base-url`, `store` or \
                    `origin-path`";
        Some(Given::origin_of(&layer.base_url).warning(Bad::new(message).hint(hint)))
    };
    settings.cloudfront.iter().filter_map(strange).collect()
}

/// Source folders that hold the store's folder, or lie in it: a publish would publish the store itself.
pub(super) fn overlaps(settings: &Settings, layer: &Layer, working_directory: &Path) -> Vec<Problem> {
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
