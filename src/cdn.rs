//! What lastly asks of a CDN: to forget one path, the manifest's; and, of whatever serves a site, what visitors are
//! given.

pub mod cloudfront;
pub mod path;
pub mod purge;
pub mod visitor;

use std::fmt;

use async_trait::async_trait;

use crate::error::{Explain, Kind};
use crate::model::layout::{Key, Name};

/// A CDN in front of the store.
#[async_trait]
pub trait Cdn: fmt::Debug + Send + Sync {
    /// What to call it in messages: `CloudFront E2QWRUHAPOMQZL`, `https://cache.example.com`.
    fn name(&self) -> String;

    /// Makes the CDN forget what it holds of an object.
    ///
    /// # Errors
    /// The CDN did not take the request; what it serves may be old until its own time to live has run out.
    async fn invalidate(&self, stale: &Stale) -> Result<Invalidated, CdnError>;
}

/// An object that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Its key in the store.
    pub key: Key,
    /// Its name below the site's prefix.
    pub name: Name,
    /// The same for every attempt at the same change, and for no other change.
    pub reference: String,
}

/// An invalidation that a CDN has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalidated {
    /// The CDN's name.
    pub cdn: String,
    /// The path or URL it forgets.
    pub path: String,
    /// The CDN's id of the invalidation, where it gives one.
    pub id: Option<String>,
    /// Whether the CDN says that it has been carried out everywhere.
    pub completed: bool,
}

/// A CDN that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{cdn}: {reason}")]
pub struct CdnError {
    /// The CDN's name.
    pub cdn: String,
    /// Why, in a few words.
    pub reason: String,
    /// What the reader could do.
    pub hint: Option<String>,
    /// What lies behind it.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl CdnError {
    /// An error of the CDN that calls itself `cdn`.
    pub fn new(cdn: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { cdn: cdn.into(), reason: reason.into(), hint: None, source: None }
    }

    /// Says what the reader could do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what lies behind it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl Explain for CdnError {
    fn kind(&self) -> Kind {
        Kind::Unfinished
    }

    fn hints(&self) -> Vec<String> {
        self.hint.iter().cloned().collect()
    }
}
