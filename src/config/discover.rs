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

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const SETTINGS: &str = "channel = 'a'";
    const TOOL: &str = "[tool.lastly]\nchannel = 'a'";

    fn folder_with(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        folder
    }

    /// The file that is found from `site/docs`, relative to the folder of the test.
    fn found(files: &[(&str, &str)]) -> Option<String> {
        let folder = folder_with(files);
        let working_directory = folder.path().join("site/docs");
        std::fs::create_dir_all(&working_directory).expect("a folder");
        let document = discover(None, &Environment::default(), &working_directory).expect("files can be read")?;
        let file = working_directory.join(&document.file);
        assert_eq!(file.parent(), Some(&*document.folder));
        let relative = file.strip_prefix(folder.path()).expect("it lies in the folder");
        Some(relative.display().to_string())
    }

    #[test]
    fn the_nearest_file_within_the_repository() {
        for (files, expected) in [
            (&[("site/docs/lastly.toml", SETTINGS), ("site/lastly.toml", SETTINGS)][..], Some("site/docs/lastly.toml")),
            (&[("site/.git/HEAD", ""), ("site/lastly.toml", SETTINGS)], Some("site/lastly.toml")),
            (&[(".git", "gitdir: elsewhere"), ("lastly.toml", SETTINGS)], Some("lastly.toml")),
            // Beyond the repository, and where there is none.
            (&[("site/.git/HEAD", ""), ("lastly.toml", SETTINGS)], None),
            (&[("site/lastly.toml", SETTINGS)], None),
            // Python projects.
            (&[("site/docs/pyproject.toml", TOOL)], Some("site/docs/pyproject.toml")),
            (&[("site/docs/pyproject.toml", TOOL), ("site/docs/lastly.toml", "")], Some("site/docs/lastly.toml")),
            (&[("site/docs/pyproject.toml", "[project]\nname = 'lastly'")], None),
            (&[("site/docs/pyproject.toml", "[broken")], None),
            (&[("site/docs/pyproject.toml", "[tool.lastly]\na = 'open\n")], Some("site/docs/pyproject.toml")),
            (
                &[("site/docs/pyproject.toml", "[tool.ruff]"), ("site/lastly.toml", ""), (".git/HEAD", "")],
                Some("site/lastly.toml"),
            ),
        ] {
            assert_eq!(found(files).as_deref(), expected, "{files:?}");
        }
    }

    #[test]
    fn a_file_that_is_named() {
        let folder = folder_with(&[("lastly.toml", ""), ("other.toml", SETTINGS), ("third.toml", SETTINGS)]);
        let environment = Environment::from_iter([(CONFIG, "third.toml")]);
        let named = |flag: Option<&str>, environment: &Environment| {
            let found = discover(flag.map(Path::new), environment, folder.path());
            found.map(|document| document.expect("a file").file)
        };
        assert_eq!(named(Some("other.toml"), &environment).as_deref(), Ok(Path::new("other.toml")));
        assert_eq!(named(None, &environment).as_deref(), Ok(Path::new("third.toml")));
        let missing = named(Some("none.toml"), &environment).expect_err("it is not there");
        assert_eq!(missing.message, "--config: there is no file `none.toml`");
        let missing = named(None, &Environment::from_iter([(CONFIG, "none.toml")])).expect_err("it is not there");
        assert_eq!(missing.message, "LASTLY_CONFIG: there is no file `none.toml`");
        let unreadable = named(Some("."), &environment).expect_err("it is a folder");
        assert!(unreadable.message.starts_with("cannot be read: "), "{unreadable:?}");
    }

    #[test]
    fn paths_as_the_working_directory_sees_them() {
        for (path, expected) in [("/w/a/b", "a/b"), ("/w", "."), ("/w/.", "."), ("/wx", "/wx"), ("/", "/")] {
            assert_eq!(seen_from(Path::new("/w"), Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
