//! Errors as their readers need them: what happened, what to do, and which exit status says so.
//!
//! Each subject has an enum of its own beside the code that raises it and implements [`Explain`] there; this file
//! knows none of them.

use std::fmt;

use crate::event::{Level, Problem};

/// What a caller has to make of an error. Each kind has one exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It did not work, and the channel has not moved.
    Failed,
    /// The command line, the settings or the files are wrong; nothing was tried.
    Usage,
    /// Someone else moved the channel, or what it shows is newer.
    Outrun,
    /// The channel has moved, but its pages, its manifest or the CDN have not all followed. The same command again
    /// finishes.
    Unfinished,
    /// A check was carried out and found problems.
    Problems,
    /// The store stopped answering at the one request that moves the channel, and would not say afterwards whether
    /// it did. The same command again settles it.
    Unknown,
}

impl Kind {
    /// The exit status, as documented in `docs/cli.md`.
    pub const fn status(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Outrun => 3,
            Self::Unfinished => 4,
            Self::Problems => 5,
            Self::Unknown => 6,
        }
    }
}

/// The hint where a file is not what it was when its address was taken.
pub const FILE_CHANGED: &str = "something writes to the source folder: publish when it has finished";

/// An error of one subject that can say more than its text.
pub trait Explain: std::error::Error + Send + Sync + 'static {
    /// What the caller has to make of it.
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    /// What the reader could do, a sentence each.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }

    /// Every single problem behind the error, where there are many.
    fn problems(&self) -> &[Problem] {
        &[]
    }
}

/// Any error of lastly's.
#[derive(Debug)]
pub struct Error(Box<dyn Explain>);

/// The result of an operation of lastly's.
pub type Result<T> = std::result::Result<T, Error>;

impl<E: Explain> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl Error {
    /// What the caller has to make of it.
    pub fn kind(&self) -> Kind {
        self.0.kind()
    }

    /// What the reader could do.
    pub fn hints(&self) -> Vec<String> {
        self.0.hints()
    }

    /// Every single problem behind the error.
    pub fn problems(&self) -> &[Problem] {
        self.0.problems()
    }

    /// The error as others can name it as their cause.
    pub fn into_cause(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }

    /// What lies behind the error, the nearest cause first.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
        std::iter::successors(self.0.source(), |cause| cause.source())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Input that is wrong in one or more places; every one of them is told, and nothing was tried.
#[derive(Debug, thiserror::Error)]
#[error("{} in {what}", count(problems))]
pub struct BadInput {
    /// What was looked at: "the settings", "the files".
    pub what: &'static str,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

fn count(problems: &[Problem]) -> String {
    let several = |count: usize, thing| format!("{count} {thing}{}", if count == 1 { "" } else { "s" });
    match problems.iter().filter(|problem| problem.level == Level::Warning).count() {
        0 => several(problems.len(), "problem"),
        warnings => format!("{} and {}", several(problems.len() - warnings, "error"), several(warnings, "warning")),
    }
}

impl Explain for BadInput {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }
}
