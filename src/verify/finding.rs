//! One thing that is not as it should be, and what to do about it.

use crate::error::{Explain, Kind};
use crate::event::Level;
use crate::model::layout::ChannelName;
use crate::model::release::ReleaseId;

/// What kind of thing is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The ledger.
    Ledger,
    /// A release document.
    Document,
    /// A publisher's intent.
    Intent,
    /// The condemned list, or a version on it that is needed.
    Condemned,
    /// An object that is not there.
    Missing,
    /// An object that the store does not give.
    Unreadable,
    /// The length of an object.
    Size,
    /// The headers of an object.
    Headers,
    /// The bytes of an object.
    Bytes,
    /// The integrity value of an object.
    Integrity,
    /// Objects that refer to one another in a circle, and were addressed together.
    Circle,
    /// A manifest.
    Manifest,
    /// A page at its own URL.
    Page,
    /// What visitors are given.
    Live,
}

impl What {
    /// The word for it, in messages and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Document => "document",
            Self::Intent => "intent",
            Self::Condemned => "condemned",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Size => "size",
            Self::Headers => "headers",
            Self::Bytes => "bytes",
            Self::Integrity => "integrity",
            Self::Circle => "circle",
            Self::Manifest => "manifest",
            Self::Page => "page",
            Self::Live => "live",
        }
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// An error breaks something for visitors or for lastly; a warning need not.
    pub level: Level,
    /// What kind of thing it is.
    pub what: What,
    /// Its key, or its URL.
    pub place: String,
    /// The releases that need it; empty where that is not the point.
    pub releases: Vec<ReleaseId>,
    /// The channel that it belongs to, where it belongs to one.
    pub channel: Option<ChannelName>,
    /// What was found, in a sentence without a full stop.
    pub found: String,
    /// What to do about it, likewise; commands stand between backticks.
    pub change: Option<String>,
}

impl Finding {
    pub(super) fn error(what: What, place: impl ToString, found: impl Into<String>) -> Self {
        let (place, found) = (place.to_string(), found.into());
        Self { level: Level::Error, what, place, releases: Vec::new(), channel: None, found, change: None }
    }

    pub(super) fn warning(what: What, place: impl ToString, found: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(what, place, found) }
    }

    pub(super) fn of(self, releases: &[ReleaseId]) -> Self {
        Self { releases: releases.to_vec(), ..self }
    }

    pub(super) fn on(self, channel: &ChannelName) -> Self {
        Self { channel: Some(channel.clone()), ..self }
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

/// An error with what lies behind it, in one line.
pub(super) fn told(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => {
            let (text, cause) = (error.to_string(), told(source));
            if text.ends_with(&cause) { text } else { format!("{text}: {cause}") }
        }
        None => error.to_string(),
    }
}

/// Something was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", if *.0 == 1 { "1 problem was found".to_owned() } else { format!("{} problems were found", .0) })]
pub struct Unsound(pub usize);

impl Explain for Unsound {
    fn kind(&self) -> Kind {
        Kind::Problems
    }
}

/// What all findings together come to.
///
/// # Errors
/// One is an error, or more.
pub fn outcome(findings: &[Finding]) -> Result<(), Unsound> {
    match findings.iter().filter(|finding| finding.level == Level::Error).count() {
        0 => Ok(()),
        errors => Err(Unsound(errors)),
    }
}
