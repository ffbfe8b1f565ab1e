//! A list of files in place of folders, for whoever has found them already: JSON Lines, one file a line.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Deserialize;

use super::tree::File;
use crate::event::{Code, Problem};
use crate::model::path::AssetPath;

/// What a line has to be.
const SHAPE: &str = r#"a line is `{"path": "css/app.css", "file": "build/app.css"}`"#;

/// Files that are named one by one.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// What the list is called in messages.
    name: PathBuf,
    /// By path, each path once.
    lines: Vec<Line>,
    /// What is wrong with files that are named.
    problems: Vec<Problem>,
}

#[derive(Clone, Debug)]
struct Line {
    /// From 1.
    number: usize,
    file: File,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLine {
    path: String,
    file: PathBuf,
}

/// What is wrong with a line: its shape, or only what it names.
enum Wrong {
    Shape(Problem),
    File(Problem),
}

impl List {
    /// Reads a list that is called `name` in messages, and looks whether its files are there. Symbolic links are
    /// followed wherever they lead, and empty lines are passed over.
    ///
    /// # Errors
    /// Everything that is wrong with the list and with what it names, if a line of it is malformed.
    pub fn read(name: &Path, bytes: &[u8]) -> Result<Self, Vec<Problem>> {
        let numbered: Vec<(usize, &[u8])> = (1..).zip(bytes.split(|&byte| byte == b'\n')).collect();
        let written = numbered.par_iter().filter(|(_, line)| !line.trim_ascii().is_empty());
        let read: Vec<Result<Line, Wrong>> = written.map(|&(number, line)| Line::read(name, number, line)).collect();
        let mut list = Self { name: name.to_owned(), ..Self::default() };
        let mut is_malformed = false;
        for line in read {
            match line {
                Ok(line) => list.lines.push(line),
                Err(Wrong::File(problem)) => list.problems.push(problem),
                Err(Wrong::Shape(problem)) => {
                    is_malformed = true;
                    list.problems.push(problem);
                }
            }
        }
        list.take_each_path_once();
        list.problems.sort_by_key(|problem| problem.position);
        if is_malformed { Err(list.problems) } else { Ok(list) }
    }

    fn take_each_path_once(&mut self) {
        // A stable sort: of equal paths, the one that stands first comes first.
        self.lines.par_sort_by(|one, other| one.file.path.cmp(&other.file.path));
        let (name, problems) = (&self.name, &mut self.problems);
        self.lines.dedup_by(|later, earlier| {
            let is_clash = later.file.path == earlier.file.path;
            if is_clash {
                let path = &later.file.path;
                let message = format!("`{path}` is named on line {} already, for {}", earlier.number, earlier.place());
                problems.push(Problem::error(message).code(Code::PathClash).in_file(name).at(later.number, 1));
            }
            is_clash
        });
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> &Path {
        &self.name
    }

    /// The files, by path.
    pub(super) fn files(&self) -> Vec<File> {
        self.lines.iter().map(|line| line.file.clone()).collect()
    }

    /// What is wrong with files that are named.
    pub(super) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Says on which line a file is named that a problem is about.
    pub(super) fn locate(&self, problem: Problem, file: &File) -> Problem {
        let at = self.lines.binary_search_by(|line| line.file.path.cmp(&file.path));
        let number = at.map_or(1, |at| self.lines[at].number);
        let message = format!("`{}` {}", file.path, problem.message);
        Problem { message, ..problem }.in_file(&self.name).at(number, 1)
    }
}

impl Line {
    fn read(name: &Path, number: usize, line: &[u8]) -> Result<Self, Wrong> {
        let wrong = |message: String, column: usize| Problem::error(message).in_file(name).at(number, column.max(1));
        let Ok(text) = str::from_utf8(line) else {
            let hint = "JSON is UTF-8, and a name that is not can be carried by no URL";
            return Err(Wrong::Shape(wrong("this line is not UTF-8".to_owned(), 1).hint(hint)));
        };
        let WireLine { path, file } = serde_json::from_str(text).map_err(|error| {
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or(&said);
            Wrong::Shape(wrong(format!("this line names no file: {said}"), error.column()).hint(SHAPE))
        })?;
        let wrong = |message: String, code: Code| Wrong::File(wrong(message, 1).code(code));
        let path = AssetPath::new(&path)
            .map_err(|error| wrong(format!("`{path}` cannot be published: {error}"), Code::Unpublishable))?;
        let line = Self { number, file: File { path, file } };
        let place = line.place();
        match fs::metadata(&line.file.file) {
            Ok(metadata) if metadata.is_file() => Ok(line),
            Ok(metadata) if metadata.is_dir() => {
                Err(wrong(format!("{place} is a folder, where a file should be"), Code::Unpublishable))
            }
            Ok(_) => Err(wrong(format!("{place} is neither a file nor a folder"), Code::Unpublishable)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(wrong(format!("there is no file {place}"), Code::Unreadable))
            }
            Err(error) => Err(wrong(format!("{place} cannot be read: {error}"), Code::Unreadable)),
        }
    }

    /// The file's place, for messages.
    fn place(&self) -> String {
        format!("`{}`", self.file.file.display())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A folder with two files, a folder and a socket in it.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for name in ["a.css", "b.css"] {
            fs::write(folder.path().join(name), name).expect("room for it");
        }
        fs::create_dir(folder.path().join("folder")).expect("room for it");
        folder
    }

    /// Line, column and message.
    type Told = (usize, usize, String);

    /// Reads a list in which `@` stands for the folder; with what is wrong.
    fn read(folder: &Path, text: &str) -> (Option<List>, Vec<Told>) {
        let text = text.replace('@', &folder.display().to_string());
        let read = List::read(Path::new("list"), text.as_bytes());
        let problems = read.as_ref().map_or_else(Clone::clone, |list| list.problems.clone());
        let told = problems.into_iter().map(|problem| {
            assert_eq!(problem.file.as_deref(), Some(Path::new("list")));
            let (line, column) = problem.position.expect("every problem has its line");
            (line, column, problem.message.replace(&folder.display().to_string(), "@"))
        });
        (read.ok(), told.collect())
    }

    #[test]
    fn files_are_taken_under_the_paths_that_they_are_given() {
        let folder = folder();
        let elsewhere = tempfile::NamedTempFile::new().expect("a file elsewhere");
        symlink(elsewhere.path(), folder.path().join("link")).expect("room for it");
        let text = "{\"path\": \"z/b.css\", \"file\": \"@/b.css\"}\r\n\n\
                    {\"file\": \"@/a.css\", \"path\": \"x y/\u{2297}.css\"}\n{\"path\": \"l\", \"file\": \"@/link\"}";
        let (list, problems) = read(folder.path(), text);
        let files = list.expect("a good list").files();
        assert_eq!(problems, []);
        let found: Vec<(&str, &str)> = files
            .iter()
            .map(|File { path, file }| (path.as_str(), file.file_name().and_then(|name| name.to_str()).expect("plain")))
            .collect();
        assert_eq!(found, [("l", "link"), ("x y/\u{2297}.css", "a.css"), ("z/b.css", "b.css")]);
    }

    #[test]
    fn a_malformed_line_is_told_with_everything_else_that_is_wrong() {
        let folder = folder();
        let text = "{\"path\": \"a\", \"file\": \"@/a.css\"}\n{\"path\": \"a\"}\n[]\n{\"path\": \"b\", \"file\": \"@/none\"}\n\
                    {\"path\": \"b\", \"file\": \"c\", \"x\": 1}\nb.css\n{\"path\": \"\\ud800\", \"file\": \"c\"}\n";
        let (list, problems) = read(folder.path(), text);
        assert!(list.is_none());
        assert_eq!(problems.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7]);
        assert_eq!(problems[0].2, "this line names no file: missing field `file`");
        assert_eq!(problems[3].2, "this line names no file: unknown field `x`, expected `path` or `file`");
        let read = List::read(Path::new("list"), b"{\"path\": \"\xe9\", \"file\": \"c\"}").expect_err("Latin 1");
        assert_eq!((&*read[0].message, read[0].position), ("this line is not UTF-8", Some((1, 1))));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_where_it_is_named() {
        let folder = folder();
        let _socket = UnixListener::bind(folder.path().join("socket")).expect("a socket");
        let text = "{\"path\": \"a\", \"file\": \"@/a.css\"}\n{\"path\": \"b\", \"file\": \"@/folder\"}\n\
                    {\"path\": \"c\", \"file\": \"@/socket\"}\n{\"path\": \"../d\", \"file\": \"@/b.css\"}\n\
                    {\"path\": \"a\", \"file\": \"@/b.css\"}\n{\"path\": \"e\", \"file\": \"@/none\"}\n";
        let (list, problems) = read(folder.path(), text);
        assert_eq!(list.expect("every line has the right shape").lines.len(), 1);
        let expected = [
            (2, 1, "`@/folder` is a folder, where a file should be"),
            (3, 1, "`@/socket` is neither a file nor a folder"),
            (4, 1, "`../d` cannot be published: `.` and `..` cannot be part of a path"),
            (5, 1, "`a` is named on line 1 already, for `@/a.css`"),
            (6, 1, "there is no file `@/none`"),
        ];
        assert_eq!(problems, expected.map(|(line, column, message)| (line, column, message.to_owned())));
    }
}
