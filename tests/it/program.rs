//! Runs the real binary in a folder of its own, with an environment that holds only what a test puts there, and gives
//! back what a person would see: stdout, stderr and exit status, as one text.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder in which commands are run.
pub(crate) struct Program {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Program {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for the test"), environment: Vec::new() }
    }

    /// A folder with a small site in `public`: a stylesheet, a script and a page.
    pub(crate) fn with_site() -> Self {
        let program = Self::new();
        program.write("public/css/app.css", "body { color: black }\n");
        program.write("public/js/app.js", "console.log(1)\n");
        program.write("public/index.html", "<!doctype html><title>one</title>\n");
        program
    }

    /// The same folder after two publishes to a store.
    pub(crate) fn with_two_releases(store: &str) -> Self {
        let program = Self::with_site();
        program.run(&format!("publish public {store}"));
        program.write("public/index.html", "<!doctype html><title>two</title>\n");
        program.run(&format!("publish public {store}"));
        program
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.path(path);
        fs::create_dir_all(file.parent().expect("it lies in the folder")).expect("folders can be made");
        fs::write(file, text).expect("files can be written");
    }

    /// Reads a file.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect(path)
    }

    /// Where a file lies.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Sets an environment variable for the runs to come.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<Path>) {
        self.environment.push((name.to_owned(), value.as_ref().display().to_string()));
    }

    /// The command, ready to be started; `arguments` are set apart by spaces.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lastly"));
        command.args(arguments.split_whitespace()).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts a command whose output is kept.
    pub(crate) fn start(&self, arguments: &str) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program can be started")
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &str) -> String {
        self.transcript(&self.command(arguments).output().expect("the program can be started"))
    }

    /// Runs a command with `--json`, which must give exactly one object, and gives that object.
    pub(crate) fn json(&self, arguments: &str) -> Value {
        let output = self.command(arguments).arg("--json").output().expect("the program can be started");
        let value: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        assert!(value.is_object(), "{value}");
        value
    }

    /// What was seen, with what changes from run to run replaced.
    pub(crate) fn transcript(&self, output: &Output) -> String {
        let mut text = String::new();
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                text += &format!("--- {stream}\n{}", self.settled(&String::from_utf8_lossy(bytes)));
            }
        }
        match output.status.code() {
            Some(status) => text + &format!("--- status {status}\n"),
            None => text + "--- killed\n",
        }
    }

    /// The text without what changes from run to run.
    pub(crate) fn settled(&self, text: &str) -> String {
        let real = self.folder.path().canonicalize().expect("the folder is there");
        let text = text.replace(&real.display().to_string(), "[FOLDER]");
        let text = text.replace(&self.folder.path().display().to_string(), "[FOLDER]");
        // What Linux and macOS number differently.
        let text = text.replace("(os error 61)", "(os error 111)");
        text.split_inclusive('\n').map(settled_line).collect()
    }
}

fn settled_line(line: &str) -> String {
    let mut settled = String::new();
    let mut pieces = line.split_inclusive([' ', '"', '\n']).peekable();
    while let Some(piece) = pieces.next() {
        let word = piece.trim_end_matches([' ', '"', '\n']);
        let is_span =
            word.parse::<f64>().is_ok() && pieces.peek().is_some_and(|unit| ["s", "ms"].contains(&unit.trim()));
        if is_span {
            let unit = pieces.next().expect("it was just seen");
            settled += &format!("[SPAN]{}", unit.trim_start_matches(['m', 's']));
        } else if is_time(word) {
            settled += &piece.replace(word, "[TIME]");
        } else {
            settled += piece;
        }
    }
    settled
}

/// Whether a word is a moment such as `2026-11-22T04:00:00Z`.
fn is_time(word: &str) -> bool {
    word.len() == 20
        && word.bytes().zip(b"0000-00-00T00:00:00Z").all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            _ => byte == *shape,
        })
}
