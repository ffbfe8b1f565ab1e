//! Which files are left out, and which of the user's patterns have met any.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::event::Problem;

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

/// What a walk has left out. Clones of an order share it.
#[derive(Debug, Default)]
pub struct LeftOut {
    count: AtomicUsize,
    /// The user's patterns that have met something, by their place in the list.
    met: Mutex<BTreeSet<usize>>,
}

impl LeftOut {
    /// How many files and folders the patterns have left out; what lies in such a folder is not counted.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Those of the user's `patterns` that have met no file and no folder, neither to leave it out nor to take it back
    /// in.
    pub fn idle<'a>(&self, patterns: &'a [String]) -> Vec<&'a str> {
        let met = self.met.lock().expect("no one panics while holding what was met");
        let idle = patterns.iter().enumerate().filter(|(at, _)| !met.contains(at));
        idle.map(|(_, pattern)| pattern.as_str()).collect()
    }
}

/// The patterns as they hold in one folder.
#[derive(Debug)]
pub(super) struct Ignored<'a> {
    all: Gitignore,
    /// The user's patterns, each for itself.
    own: Vec<Gitignore>,
    left_out: &'a LeftOut,
}

impl<'a> Ignored<'a> {
    /// Reads [`DEFAULT_IGNORED`] and, after them, the user's own.
    pub(super) fn new(folder: &Path, patterns: &[String], left_out: &'a LeftOut, problems: &mut Vec<Problem>) -> Self {
        let lines = DEFAULT_IGNORED.iter().copied().chain(patterns.iter().map(String::as_str));
        let all = read(folder, lines, problems);
        // Whatever is wrong with them has just been told.
        let own = patterns.iter().map(|pattern| read(folder, [pattern.as_str()], &mut Vec::new())).collect();
        Self { all, own, left_out }
    }

    /// Whether something is left out; notes it if so.
    pub(super) fn leaves_out(&self, path: &Path, is_folder: bool) -> bool {
        let decided = self.all.matched(path, is_folder);
        if decided.is_none() {
            return false;
        }
        // Several patterns may match, of which the last one decides.
        for (at, pattern) in self.own.iter().enumerate() {
            if !pattern.matched(path, is_folder).is_none() {
                self.left_out.met.lock().expect("no one panics while holding what was met").insert(at);
            }
        }
        if decided.is_ignore() {
            self.left_out.count.fetch_add(1, Ordering::Relaxed);
        }
        decided.is_ignore()
    }
}

fn read<'a>(folder: &Path, patterns: impl IntoIterator<Item = &'a str>, problems: &mut Vec<Problem>) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    builder.allow_unclosed_class(false);
    for pattern in patterns {
        if let Err(error) = builder.add_line(None, pattern) {
            problems.push(Problem::error(format!("`{pattern}` is not an ignore pattern: {error}")));
        }
    }
    builder.build().unwrap_or_else(|error| {
        problems.push(Problem::error(format!("the ignore patterns cannot be used together: {error}")));
        Gitignore::empty()
    })
}
