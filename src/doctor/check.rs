//! One thing that was looked at, and what came of it.

use crate::error::{Explain, Kind};

/// How well a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, and could be better; or it could not be looked at.
    Advice,
    /// Publishing, or what visitors see, breaks on it.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name, in a few words.
    pub what: String,
    /// How well it is.
    pub verdict: Verdict,
    /// What was found, in a sentence without a full stop.
    pub found: String,
    /// What to do about it, likewise; commands stand between backticks.
    pub change: Option<String>,
}

impl Check {
    fn new(what: impl Into<String>, verdict: Verdict, found: impl Into<String>) -> Self {
        Self { what: what.into(), verdict, found: found.into(), change: None }
    }

    pub(super) fn good(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(what, Verdict::Good, found)
    }

    pub(super) fn advice(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(what, Verdict::Advice, found)
    }

    pub(super) fn bad(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(what, Verdict::Bad, found)
    }

    /// Something that could not be looked at: `action` is the permission that it takes.
    pub(super) fn unseen(what: impl Into<String>, action: &str, reason: &str) -> Self {
        if reason == "access denied" {
            let found = format!("access denied to {action}");
            Self::advice(what, found).change(format!("for this check, use credentials that allow {action}"))
        } else {
            Self::advice(what, format!("it could not be looked at with {action}: {reason}"))
        }
    }

    pub(super) fn change(self, change: impl Into<String>) -> Self {
        Self { change: Some(change.into()), ..self }
    }

    /// The hints of an error are what to do about it.
    pub(super) fn hinted(self, error: &dyn Explain) -> Self {
        let hints = error.hints();
        if hints.is_empty() { self } else { self.change(hints.join("; ")) }
    }
}

/// Some checks were bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bad} of {all} checks found what must be changed")]
pub struct Unwell {
    /// How many were bad.
    pub bad: usize,
    /// How many there were.
    pub all: usize,
}

impl Explain for Unwell {
    fn kind(&self) -> Kind {
        Kind::Problems
    }
}

/// What all checks together come to.
///
/// # Errors
/// One is bad, or more.
pub fn outcome(checks: &[Check]) -> Result<(), Unwell> {
    match checks.iter().filter(|check| check.verdict == Verdict::Bad).count() {
        0 => Ok(()),
        bad => Err(Unwell { bad, all: checks.len() }),
    }
}
