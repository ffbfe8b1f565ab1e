//! What an operation can tell while it works: facts, without words or format. Whoever renders them chooses those.

use std::path::PathBuf;

use crate::model::layout::{ChannelName, Key};
use crate::model::path::AssetPath;
use crate::model::release::ReleaseId;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// Something is wrong with the input, or is likely to be.
    Problem(Problem),
    /// A stage of the work begins.
    Began(Stage),
    /// This many files were found, with this many bytes.
    Collected {
        /// Files.
        files: usize,
        /// Their bytes.
        bytes: u64,
    },
    /// A release has been worked out.
    Prepared {
        /// Source maps that everyone will be able to read.
        source_maps: usize,
    },
    /// So much will be uploaded.
    Uploading {
        /// Objects.
        objects: usize,
        /// Their bytes.
        bytes: u64,
    },
    /// An object is in the store.
    Stored {
        /// The asset it was made of.
        path: AssetPath,
        /// Its key.
        key: Key,
        /// Its bytes.
        bytes: u64,
        /// Whether it was there already.
        already: bool,
    },
    /// A page at its own URL was written, or taken away.
    Page {
        /// Its key.
        key: Key,
        /// Whether it was taken away.
        removed: bool,
    },
    /// The channel moved.
    Moved {
        /// The channel.
        channel: ChannelName,
        /// What it shows now.
        release: ReleaseId,
        /// Its new sequence.
        sequence: u64,
    },
    /// A manifest was written.
    Manifest {
        /// Its key.
        key: Key,
    },
    /// A path of a CDN was invalidated.
    Invalidated {
        /// The CDN.
        cdn: String,
        /// The path or URL.
        path: String,
    },
    /// A request was answered by `lastly serve`.
    Served {
        /// Its method.
        method: String,
        /// Its path, as it came.
        path: String,
        /// The answer's status.
        status: u16,
    },
    /// Something did not work and is tried again.
    Again {
        /// What it was, and why.
        why: String,
    },
}

/// A stage of the work, for those who show progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Finding and reading files.
    Read,
    /// Creating objects.
    Upload,
    /// Moving the channel.
    Commit,
    /// Bringing pages, manifest and CDN after it.
    Follow,
}

/// How much a problem weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Likely to be a mistake; the work goes on.
    Warning,
    /// Nothing is done while it stands.
    Error,
}

/// One thing that is wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How much it weighs.
    pub level: Level,
    /// The file, where there is one.
    pub file: Option<PathBuf>,
    /// Line and column in it, from 1.
    pub position: Option<(usize, usize)>,
    /// What is wrong, without the file's name.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem that stops the work.
    pub fn error(message: impl Into<String>) -> Self {
        Self { level: Level::Error, file: None, position: None, message: message.into(), hint: None }
    }

    /// A problem that does not.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(message) }
    }

    /// Says which file it is in.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Says where in the file it is.
    #[must_use]
    pub fn at(mut self, line: usize, column: usize) -> Self {
        self.position = Some((line, column));
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Takes events, from any thread.
pub trait Report: Send + Sync {
    /// Takes one.
    fn tell(&self, event: Event);
}

/// A report that nobody reads.
#[derive(Debug, Default)]
pub struct Silent;

impl Report for Silent {
    fn tell(&self, _: Event) {}
}
