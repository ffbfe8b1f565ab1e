//! From folders, or from a list, to logical paths. Every problem is found in one run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use super::ignored::{Ignored, LeftOut};
use super::list::List;
use super::tree::{File, Found, search};
use crate::event::{Code, Level, Problem};

/// What to look at.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// The source folders.
    pub folders: Vec<PathBuf>,
    /// What is taken in place of folders. No pattern applies to it: who made it has left out what is to be left out.
    pub list: Option<Arc<List>>,
    /// Patterns in gitignore syntax, relative to each folder, after [`super::DEFAULT_IGNORED`].
    pub ignore: Vec<String>,
    /// Whether a file of a later folder takes the place of one of an earlier folder; else that is an error.
    pub overlay: bool,
    /// What the patterns have left out so far.
    pub left_out: Arc<LeftOut>,
}

/// Finds every file, sorted by logical path, with what is wrong or suspicious about them.
pub fn walk(order: &Walk) -> (Vec<File>, Vec<Problem>) {
    let mut problems = Vec::new();
    let files = match &order.list {
        Some(list) => {
            problems.extend(list.problems().iter().cloned());
            list.files()
        }
        None => in_folders(order, &mut problems),
    };
    problems.extend(case_clashes(&files).into_iter().map(|(problem, file)| match &order.list {
        Some(list) => list.locate(problem, file),
        None => problem.in_file(&file.file),
    }));
    if files.is_empty() && problems.iter().all(|problem| problem.level == Level::Warning) {
        let away = "publishing nothing would take every page away";
        let problem = match &order.list {
            Some(list) => Problem::error("no file is named").in_file(list.name()).hint(away),
            None => {
                let hint = format!("{away}; check the folder and the ignore patterns");
                Problem::error("no files were found").hint(hint)
            }
        };
        problems.push(problem.code(Code::NoFiles));
    }
    problems.sort_by(|a, b| (&a.file, a.position, &a.message).cmp(&(&b.file, b.position, &b.message)));
    (files, problems)
}

/// The files of the source folders, sorted by logical path.
fn in_folders(order: &Walk, problems: &mut Vec<Problem>) -> Vec<File> {
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
        let ignored = Ignored::new(folder, &order.ignore, &order.left_out, problems);
        let Found { files, problems: more } = search(folder, &ignored, &roots);
        found.extend(files.into_iter().flatten());
        problems.extend(more);
    }
    // A stable sort: of equal paths, the one of the earlier folder comes first. It takes advantage of whatever lies in
    // order already.
    found.sort_by(|one, other| one.path.cmp(&other.path));
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
    files
}

/// Names that differ only by letter case, or only by how their accents are composed: one file on many a developer's
/// machine, two on the web; each with the first of the files. `files` are sorted by path.
fn case_clashes(files: &[File]) -> Vec<(Problem, &File)> {
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
    alike.into_values().filter(|group| group.len() > 1).map(|group| (clash(&group), group[0])).collect()
}

fn clash(group: &[&File]) -> Problem {
    let others: Vec<String> = group[1..].iter().map(|file| format!("`{}`", file.path)).collect();
    let mut composed = group.iter().map(|file| file.path.as_str().nfc().collect::<String>());
    let first = composed.next();
    let (what, hint) = if composed.all(|other| Some(other) == first) {
        (
            "differs only in how accents are composed from",
            "they look the same, and some file systems take them for one: keep one of them, best the composed one (NFC)",
        )
    } else {
        (
            "differs only by letter case from",
            "a reference with the wrong case works on some machines and breaks on the web",
        )
    };
    let message = format!("{what} {}", others.join(" and "));
    Problem::warning(message).code(Code::LetterCase).hint(hint)
}

#[cfg(test)]
mod tests;
