//! A value together with where it was given, so that what is wrong with it can be told with its place, and so that
//! `lastly config` can say where every setting comes from.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::event::{Level, Problem};

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody has set it.
    Default,
    /// A place in the settings file.
    File {
        /// The file.
        file: Arc<Path>,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// An environment variable.
    Variable(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line, .. } => write!(f, "{}:{line}", file.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value, and where it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

impl<T> Given<T> {
    /// Where a value comes from that may not have been given.
    pub(super) fn origin_of(given: &Option<Self>) -> Origin {
        given.as_ref().map_or(Origin::Default, |given| given.origin.clone())
    }
}

/// Why a value cannot be used, before anyone has said where it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Bad {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Origin {
    /// What is wrong, told with its place.
    pub(super) fn problem(&self, bad: Bad) -> Problem {
        let problem = match self {
            Self::Default => Problem::error(bad.message),
            Self::File { file, line, column } => Problem::error(bad.message).in_file(&**file).at(*line, *column),
            Self::Variable(name) | Self::Flag(name) => Problem::error(format!("{name}: {}", bad.message)),
        };
        match bad.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }

    /// What is likely to be a mistake, told with its place.
    pub(super) fn warning(&self, bad: Bad) -> Problem {
        Problem { level: Level::Warning, ..self.problem(bad) }
    }

    /// The value with this origin; a bad one goes to the problems.
    pub(super) fn give<T>(self, checked: Result<T, Bad>, problems: &mut Vec<Problem>) -> Option<Given<T>> {
        match checked {
            Ok(value) => Some(Given { value, origin: self }),
            Err(bad) => {
                problems.push(self.problem(bad));
                None
            }
        }
    }
}
