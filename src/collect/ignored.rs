//! Which files are left out, and which of the user's patterns have met any.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
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
    ends: Ends,
    /// The user's patterns, each for itself.
    own: Vec<Gitignore>,
    left_out: &'a LeftOut,
}

impl<'a> Ignored<'a> {
    /// Reads [`DEFAULT_IGNORED`] and, after them, the user's own.
    pub(super) fn new(folder: &Path, patterns: &[String], left_out: &'a LeftOut, problems: &mut Vec<Problem>) -> Self {
        let lines = DEFAULT_IGNORED.iter().copied().chain(patterns.iter().map(String::as_str));
        let all = read(folder, lines.clone(), problems);
        let ends = Ends::of(lines);
        // Whatever is wrong with them has just been told.
        let own = patterns.iter().map(|pattern| read(folder, [pattern.as_str()], &mut Vec::new())).collect();
        Self { all, ends, own, left_out }
    }

    /// Whether something with this name is left out; notes it if so.
    pub(super) fn leaves_out(&self, path: &Path, name: &OsStr, is_folder: bool) -> bool {
        if !self.ends.may_be_of(name.as_bytes()) {
            return false;
        }
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

/// With which bytes names begin and end that a pattern can meet. Few names do, and to match the others would take half a
/// microsecond each: a thirtieth of all that a publish of an unchanged tree does.
#[derive(Debug)]
struct Ends {
    first: [bool; 256],
    last: [bool; 256],
}

impl Ends {
    fn of<'a>(patterns: impl Iterator<Item = &'a str>) -> Self {
        let mut ends = Self { first: [false; 256], last: [false; 256] };
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-~".contains(byte);
        for pattern in patterns {
            let pattern = pattern.strip_prefix('!').unwrap_or(pattern).as_bytes();
            let is_known = pattern.iter().all(|byte| is_plain(byte) || b"*/".contains(byte));
            let pattern = pattern.strip_suffix(b"/").unwrap_or(pattern);
            let name = pattern.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
            match name {
                [first, ..] if is_known && is_plain(first) => ends.first[usize::from(*first)] = true,
                [.., last] if is_known && is_plain(last) => ends.last[usize::from(*last)] = true,
                _ => ends.first = [true; 256],
            }
        }
        ends
    }

    fn may_be_of(&self, name: &[u8]) -> bool {
        let has = |set: &[bool; 256], byte: Option<&u8>| byte.is_none_or(|byte| set[usize::from(*byte)]);
        has(&self.first, name.first()) || has(&self.last, name.last())
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What [`Ignored`] says, and what the patterns say by themselves.
    fn both(patterns: &[String], path: &str, is_folder: bool) -> (bool, bool) {
        let (left_out, path) = (LeftOut::default(), Path::new(path));
        let ignored = Ignored::new(Path::new(""), patterns, &left_out, &mut Vec::new());
        let name = path.file_name().expect("a name");
        (ignored.leaves_out(path, name, is_folder), ignored.all.matched(path, is_folder).is_ignore())
    }

    #[test]
    fn patterns_of_every_kind_are_asked() {
        for (pattern, path) in [
            ("*.map", "js/app.js.map"),
            ("draft-*", "a/draft-1.html"),
            ("*draft*", "a/my-draft.html"),
            ("/old", "old"),
            ("docs/*/draft", "docs/a/draft"),
            ("docs/**", "docs/a"),
            ("[ab].txt", "b.txt"),
            ("{a,b/c}", "a"),
            ("?.txt", "x.txt"),
            ("\\#a", "#a"),
            ("a b", "a b"),
            ("a  ", "a"),
            ("é*", "été"),
            ("build/", "build"),
        ] {
            assert_eq!(both(&[pattern.to_owned()], path, true), (true, true), "{pattern}");
        }
        assert_eq!(both(&[], "js/app.js", false), (false, false));
    }

    proptest! {
        #[test]
        fn no_pattern_is_passed_over(
            patterns in proptest::collection::vec(r"!?/?[ab.*?~/\[\]{},\\! -]{0,6}/?", 0..4),
            path in r"([ab.~-]{1,3}/){0,2}[ab.~ ,-]{0,3}[ab~]",
            is_folder in any::<bool>(),
        ) {
            let (with, without) = both(&patterns, &path, is_folder);
            prop_assert_eq!(with, without);
        }
    }
}
