//! Where the settings file is.
//!
//! Named by flag or variable; else the nearest `lastly.toml`, or `pyproject.toml` with `[tool.lastly]`, from the working
//! directory up to the root of its repository. Outside a repository only the working directory is looked at: what
//! lies above it belongs to others.

use std::io;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::environment::Environment;
use super::given::{Bad, Origin};
use super::schema::CONFIG;
use crate::event::Problem;

/// What the settings file is called.
const NAME: &str = "lastly.toml";

/// The file that Python projects keep the settings of their tools in.
const PYPROJECT: &str = "pyproject.toml";

/// Finds the settings file and reads it; `None` where there is none.
pub(super) fn discover(
    flag: Option<&Path>,
    environment: &Environment,
    working_directory: &Path,
) -> Result<Option<Document>, Problem> {
    let by_flag = flag.map(|file| (file, Origin::Flag("--config")));
    let by_variable = || environment.path(CONFIG).map(|file| (file, Origin::Variable(CONFIG)));
    if let Some((file, origin)) = by_flag.or_else(by_variable) {
        return match read(&working_directory.join(file), working_directory)? {
            Some(document) => Ok(Some(document)),
            None => Err(origin.problem(Bad::new(format!("there is no file `{}`", file.display())))),
        };
    }
    for folder in searched(working_directory) {
        if let Some(document) = read(&folder.join(NAME), working_directory)? {
            return Ok(Some(document));
        }
        if let Some(document) = read(&folder.join(PYPROJECT), working_directory)?
            && document.is_for_lastly()
        {
            return Ok(Some(document));
        }
    }
    Ok(None)
}

/// The folders that are looked into, the nearest first.
fn searched(working_directory: &Path) -> Vec<&Path> {
    let up: Vec<&Path> = working_directory.ancestors().collect();
    let root = up.iter().position(|folder| folder.join(".git").exists());
    up.into_iter().take(root.unwrap_or(0) + 1).collect()
}

fn read(file: &Path, working_directory: &Path) -> Result<Option<Document>, Problem> {
    let shown = seen_from(working_directory, file);
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Problem::error(format!("cannot be read: {error}")).in_file(shown)),
    };
    let folder = file.parent().unwrap_or(working_directory);
    let in_pyproject = file.file_name().is_some_and(|name| name == PYPROJECT);
    Ok(Some(Document { file: shown.into(), folder: folder.into(), text, in_pyproject }))
}

/// A path as the working directory sees it: relative to it where it lies below it, else as it is.
pub(super) fn seen_from(working_directory: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix(working_directory) {
        Ok(relative) if relative.as_os_str().is_empty() => PathBuf::from("."),
        Ok(relative) => relative.to_owned(),
        Err(_) => path.to_owned(),
    }
}
