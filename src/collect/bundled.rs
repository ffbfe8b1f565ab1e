//! Reads the manifests in which bundlers say what they have hashed.

use std::fs::File as OpenFile;
use std::io::Read;

use super::tree::File;
use crate::event::Problem;
use crate::prepare::bundler::{Bundled, Manifest, Shape, well_known};
use crate::prepare::rules::{Kind, Rules};

/// How long a manifest may be, in bytes. The largest ones name some ten thousand files.
const LONGEST: u64 = 32 << 20;

/// What bundlers' manifests among the files make of others, with what is suspicious about them. `files` are sorted by
/// path.
///
/// # Errors
/// Manifests that the settings name, and that are not there or cannot be read.
pub(super) fn bundled(files: &[File], rules: &Rules) -> Result<(Bundled, Vec<Problem>), Vec<Problem>> {
    let (mut bundled, mut warnings, mut errors) = (Bundled::default(), Vec::new(), Vec::new());
    for (glob, set) in rules.bundler_manifests() {
        if !files.iter().any(|file| set.is_match(file.path.as_str())) {
            let problem = Problem::error(format!("no file matches `{glob}` of `bundler-manifests`"));
            errors.push(problem.hint("build the site before publishing it; the path counts from the source folder"));
        }
    }
    for file in files {
        let is_named = rules.bundler_manifests().any(|(_, set)| set.is_match(file.path.as_str()));
        let shapes = well_known(&file.path);
        if !is_named && shapes.is_none() {
            continue;
        }
        let error = |message: String| Problem::error(message).in_file(&file.file);
        match read(file) {
            Err(message) => errors.push(error(message)),
            Ok(Some(manifest)) if is_named || shapes.is_some_and(|shapes| shapes.contains(&manifest.shape)) => {
                warnings.extend(take(file, &manifest, files, rules, &mut bundled));
            }
            Ok(None) if is_named => {
                let hint =
                    "lastly knows the manifests of Vite, esbuild, webpack-assets-manifest, Propshaft and Sprockets";
                errors.push(error("is no bundler's manifest that lastly knows".to_owned()).hint(hint));
            }
            // It only has a name like that of a manifest.
            Ok(_) => {}
        }
    }
    if errors.is_empty() { Ok((bundled, warnings)) } else { Err(errors) }
}

fn read(file: &File) -> Result<Option<Manifest>, String> {
    let mut bytes = Vec::new();
    let read = OpenFile::open(&file.file).and_then(|open| open.take(LONGEST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(format!("cannot be read: {error}")),
        Ok(_) if bytes.len() as u64 > LONGEST => {
            Err(format!("is longer than the {} MiB that a bundler's manifest can have", LONGEST >> 20))
        }
        Ok(_) => Ok(Manifest::read(&bytes)),
    }
}

/// Takes what a manifest says; gives what is suspicious about it.
fn take(file: &File, manifest: &Manifest, files: &[File], rules: &Rules, bundled: &mut Bundled) -> Option<Problem> {
    let warning = |message: String| Problem::warning(message).in_file(&file.file);
    if manifest.shape == Shape::Mix {
        let message = "is Laravel Mix's, whose hashes are queries behind names that stay: nothing is sealed";
        return Some(warning(message.to_owned()).hint("leave it out of `bundler-manifests`: the files get addresses"));
    }
    let mut own = Bundled::default();
    let find = |path: &str| {
        let at = files.binary_search_by(|file| file.path.as_str().cmp(path));
        at.ok().map(|at| &files[at].path)
    };
    manifest.sort(&file.path, find, &mut own);
    bundled.kinds.extend(own.kinds);
    // What a rule decides on, and pages, need no hash.
    let plain: Vec<_> = own.plain.iter().filter(|path| rules.treat(path, None).kind == Kind::Asset).collect();
    let first = plain.first()?;
    let message = format!(
        "names files without a hash in their names ({} of them, such as `{first}`): they are not sealed, but get \
         addresses like any other asset",
        plain.len()
    );
    let hint = "sealed files cannot know these addresses: let the bundler hash every name, or none";
    Some(warning(message).hint(hint))
}
