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

/// What kind of problem it is, for whoever sorts, counts or suppresses problems by machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A reference leads to no file.
    MissingTarget,
    /// A reference leads to a file that a rule leaves out.
    ExcludedTarget,
    /// A reference resolves against whichever page runs the script, and cannot be rewritten.
    AgainstThePage,
    /// A sealed file refers to an asset whose name it cannot know.
    SealedRefersToAsset,
    /// A name is worked out at run time.
    ComputedName,
    /// A file, or a script in it, cannot be parsed.
    Unparsable,
    /// Module specifiers leave out what only a bundler adds.
    BundlerSpecifier,
    /// A page's import map cannot be added to, or a file lies where the site's import map goes.
    ImportMap,
    /// A file or folder cannot be read.
    Unreadable,
    /// A file cannot be published as it lies there.
    Unpublishable,
    /// Two files would be published as one.
    PathClash,
    /// Two files differ only by letter case.
    LetterCase,
    /// There are no files.
    NoFiles,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::MissingTarget,
        Self::ExcludedTarget,
        Self::AgainstThePage,
        Self::SealedRefersToAsset,
        Self::ComputedName,
        Self::Unparsable,
        Self::BundlerSpecifier,
        Self::ImportMap,
        Self::Unreadable,
        Self::Unpublishable,
        Self::PathClash,
        Self::LetterCase,
        Self::NoFiles,
    ];

    /// Its name in machine-readable output. It is promised: one is added now and then, none is ever changed.
    pub const fn id(self) -> &'static str {
        match self {
            Self::MissingTarget => "missing-target",
            Self::ExcludedTarget => "excluded-target",
            Self::AgainstThePage => "against-the-page",
            Self::SealedRefersToAsset => "sealed-refers-to-asset",
            Self::ComputedName => "computed-name",
            Self::Unparsable => "unparsable",
            Self::BundlerSpecifier => "bundler-specifier",
            Self::ImportMap => "import-map",
            Self::Unreadable => "unreadable",
            Self::Unpublishable => "unpublishable",
            Self::PathClash => "path-clash",
            Self::LetterCase => "letter-case",
            Self::NoFiles => "no-files",
        }
    }
}

/// A reference that a problem is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cited {
    /// As it stands in the file, its escapes undone.
    pub text: String,
    /// The path that it leads to, from the site's root; `None` if that lies above the root.
    pub target: Option<String>,
    /// The path of the file that was probably meant.
    pub nearest: Option<String>,
}

/// One thing that is wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How much it weighs.
    pub level: Level,
    /// What kind it is; `None` for what is wrong with settings.
    pub code: Option<Code>,
    /// The file, where there is one.
    pub file: Option<PathBuf>,
    /// Line and column in it, from 1.
    pub position: Option<(usize, usize)>,
    /// What is wrong, without the file's name.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The reference it is about, where it is about one.
    pub cited: Option<Box<Cited>>,
}

impl Problem {
    /// A problem that stops the work.
    pub fn error(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { level: Level::Error, code: None, file: None, position: None, message, hint: None, cited: None }
    }

    /// A problem that does not.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(message) }
    }

    /// Says what kind it is.
    #[must_use]
    pub fn code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// Says which reference it is about.
    #[must_use]
    pub fn cites(mut self, cited: Cited) -> Self {
        self.cited = Some(Box::new(cited));
        self
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
