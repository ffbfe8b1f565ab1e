//! From folders to logical paths. Every problem is found in one run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};
use rayon::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::event::{Code, Level, Problem};
use crate::model::path::AssetPath;

/// What is never an asset, unless a pattern such as `!.env.example` takes it back in: version control, editors and
/// file managers, files that hold secrets, and lastly's own settings. Other hidden files are published.
pub const DEFAULT_IGNORED: [&str; 22] = [
    ".git",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    ".gitkeep",
    ".hg",
    ".hgignore",
    ".svn",
    ".bzr",
    "CVS",
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    "*~",
    ".*.swp",
    ".idea",
    ".vscode",
    "/lastly.toml",
    ".netrc",
    ".env",
    ".env.*",
    ".htpasswd",
];

/// What to look at.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// The source folders.
    pub folders: Vec<PathBuf>,
    /// Patterns in gitignore syntax, relative to each folder, after [`DEFAULT_IGNORED`].
    pub ignore: Vec<String>,
    /// Whether a file of a later folder takes the place of one of an earlier folder; else that is an error.
    pub overlay: bool,
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its logical path.
    pub path: AssetPath,
    /// Where it is.
    pub file: PathBuf,
}

/// Finds every file, sorted by logical path, with what is wrong or suspicious about them.
pub fn walk(order: &Walk) -> (Vec<File>, Vec<Problem>) {
    let mut problems = Vec::new();
    let roots: Vec<(PathBuf, PathBuf)> = order
        .folders
        .iter()
        .filter_map(|folder| match folder.canonicalize() {
            Ok(real) if real.is_dir() => Some((folder.clone(), real)),
            Ok(_) => {
                problems.push(Problem::error("a source must be a folder").code(Code::Unreadable).in_file(folder));
                None
            }
            Err(error) => {
                let hint = "build the site before publishing it, or name another folder";
                let problem = Problem::error(format!("cannot be opened: {error}")).code(Code::Unreadable);
                problems.push(problem.in_file(folder).hint(hint));
                None
            }
        })
        .collect();

    let mut found = Vec::new();
    for (folder, _) in &roots {
        let ignored = ignored(folder, &order.ignore, &mut problems);
        walk_folder(folder, &ignored, &roots, &mut found, &mut problems);
    }
    // A stable sort: of equal paths, the one of the earlier folder comes first.
    found.par_sort_by(|one, other| one.path.cmp(&other.path));
    let mut files: Vec<File> = Vec::with_capacity(found.len());
    for file in found {
        match files.last_mut() {
            Some(earlier) if earlier.path == file.path && order.overlay => *earlier = file,
            Some(earlier) if earlier.path == file.path => {
                let (place, path) = (earlier.file.display(), &file.path);
                let message = format!("is also at {place}: both would be published as `{path}`");
                let hint = "with `overlay = true` the later folder's file is taken";
                problems.push(Problem::error(message).code(Code::PathClash).in_file(file.file).hint(hint));
            }
            _ => files.push(file),
        }
    }
    problems.extend(case_clashes(&files));
    if files.is_empty() && problems.iter().all(|problem| problem.level == Level::Warning) {
        let hint = "publishing nothing would take every page away; check the folder and the ignore patterns";
        problems.push(Problem::error("no files were found").code(Code::NoFiles).hint(hint));
    }
    problems.sort_by(|a, b| (&a.file, &a.message).cmp(&(&b.file, &b.message)));
    (files, problems)
}

fn ignored(folder: &Path, patterns: &[String], problems: &mut Vec<Problem>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    for pattern in DEFAULT_IGNORED.iter().copied().chain(patterns.iter().map(String::as_str)) {
        if let Err(error) = builder.add_line(None, pattern) {
            problems.push(Problem::error(format!("`{pattern}` is not an ignore pattern: {error}")));
        }
    }
    builder.build().unwrap_or_else(|error| {
        problems.push(Problem::error(format!("the ignore patterns cannot be used together: {error}")));
        Gitignore::empty()
    })
}

/// Walks one folder with as many threads as there are cores. `roots` are all source folders with their real places:
/// a symbolic link may lead into any of them.
fn walk_folder(
    folder: &Path,
    ignored: &Gitignore,
    roots: &[(PathBuf, PathBuf)],
    files: &mut Vec<File>,
    problems: &mut Vec<Problem>,
) {
    let (sender, receiver) = mpsc::channel();
    let walker = WalkBuilder::new(folder).standard_filters(false).follow_links(true).build_parallel();
    walker.run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            let (outcome, state) = visit(entry, folder, ignored, roots);
            match outcome.map(|outcome| sender.send(outcome)) {
                Some(Err(_)) => WalkState::Quit,
                _ => state,
            }
        })
    });
    drop(sender);
    for outcome in receiver {
        match outcome {
            Ok(file) => files.push(file),
            Err(problem) => problems.push(problem),
        }
    }
}

type Outcome = Option<Result<File, Problem>>;

fn visit(
    entry: Result<DirEntry, ignore::Error>,
    folder: &Path,
    ignored: &Gitignore,
    roots: &[(PathBuf, PathBuf)],
) -> (Outcome, WalkState) {
    let entry = match entry {
        Ok(entry) if entry.depth() == 0 => return (None, WalkState::Continue),
        Ok(entry) => entry,
        Err(error) => return (unreadable(&error, folder, ignored).map(Err), WalkState::Skip),
    };
    let kind = entry.file_type();
    let is_folder = kind.is_some_and(|kind| kind.is_dir());
    if ignored.matched(entry.path(), is_folder).is_ignore() {
        return (None, WalkState::Skip);
    }
    let refuse = |message: &str| {
        let problem = Problem::error(message).code(Code::Unpublishable).in_file(entry.path());
        (Some(Err(problem)), WalkState::Skip)
    };
    if entry.path_is_symlink() {
        match entry.path().canonicalize() {
            Ok(real) if roots.iter().any(|(_, root)| real.starts_with(root)) => {}
            Ok(real) => {
                let (problem, state) =
                    refuse(&format!("is a symbolic link that leads out of the source folders, to {}", real.display()));
                let hint = "copy what it points to, or add it to `ignore`";
                return (problem.map(|problem| problem.map_err(|problem| problem.hint(hint))), state);
            }
            Err(error) => return refuse(&format!("is a symbolic link that cannot be followed: {error}")),
        }
    }
    if is_folder {
        return (None, WalkState::Continue);
    }
    if !kind.is_some_and(|kind| kind.is_file()) {
        return refuse("is neither a file nor a folder");
    }
    let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
    let Some(text) = relative.to_str() else {
        return refuse("has a name that is not UTF-8, which no URL can carry");
    };
    match AssetPath::new(text) {
        Ok(path) => (Some(Ok(File { path, file: entry.into_path() })), WalkState::Continue),
        Err(error) => refuse(&format!("cannot be published: {error}")),
    }
}

/// The problem behind an error of the walk, unless it lies at something that is ignored anyway.
fn unreadable(error: &ignore::Error, folder: &Path, ignored: &Gitignore) -> Option<Problem> {
    let place = place_of(error);
    if place.is_some_and(|place| ignored.matched_path_or_any_parents(place, false).is_ignore()) {
        return None;
    }
    let message = match error.io_error() {
        Some(cause) if place.is_some_and(Path::is_symlink) => format!("is a symbolic link that leads nowhere: {cause}"),
        Some(cause) => format!("cannot be read: {cause}"),
        None => error.to_string(),
    };
    Some(Problem::error(message).code(Code::Unreadable).in_file(place.unwrap_or(folder)))
}

fn place_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } => place_of(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

/// Names that differ only by letter case, or only by how their accents are composed: one file on many a developer's
/// machine, two on the web. `files` are sorted by path.
fn case_clashes(files: &[File]) -> Vec<Problem> {
    let is_folded = |text: &str| text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let mut alike: BTreeMap<String, Vec<&File>> = BTreeMap::new();
    for file in files.iter().filter(|file| !is_folded(file.path.as_str())) {
        let folded = file.path.as_str().nfc().flat_map(char::to_lowercase).collect();
        alike.entry(folded).or_default().push(file);
    }
    for (folded, group) in &mut alike {
        let plain = files.binary_search_by(|file| file.path.as_str().cmp(folded)).map(|at| &files[at]);
        group.extend(plain.ok().filter(|file| is_folded(file.path.as_str())));
    }
    let clashes = alike.into_values().filter(|group| group.len() > 1);
    clashes
        .map(|group| {
            let others: Vec<String> = group[1..].iter().map(|file| format!("`{}`", file.path)).collect();
            Problem::warning(format!("differs only by letter case from {}", others.join(" and ")))
                .code(Code::LetterCase)
                .in_file(&group[0].file)
                .hint("a reference with the wrong case works on some machines and breaks on the web")
        })
        .collect()
}

#[cfg(test)]
mod tests;
