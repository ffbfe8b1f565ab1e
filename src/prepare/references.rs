//! How a site's references are rewritten.

use std::sync::Arc;

use super::report::{Judge, Missing};
use crate::model::release::RewritingId;
use crate::refs::resolve::Roots;

/// Raised whenever another lastly finds or rewrites references otherwise, so that what earlier ones found is not taken
/// over.
const VERSION: u32 = 1;

/// How references are rewritten, and what is said of those that lead nowhere.
#[derive(Debug, Default)]
pub struct References {
    /// URLs under which the site's files are found, besides their places relative to one another.
    pub roots: Roots,
    /// What is said of references that lead nowhere.
    pub judge: Judge,
    /// Stands for everything that decides how references are rewritten.
    pub id: RewritingId,
    /// Whether tags that load scripts and styles get an integrity value where they have none.
    pub integrity: bool,
    /// Stands for what decides whether a tree may be published at all.
    pub strictness: String,
}

impl References {
    /// Makes settings ready.
    ///
    /// # Errors
    /// A glob that is none, with what is wrong with it.
    pub fn new(urls: &[String], missing: &Missing) -> Result<Arc<Self>, String> {
        Self::with_integrity(urls, missing, false)
    }

    /// Makes settings ready, with a say in whether tags get integrity values.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_integrity(urls: &[String], missing: &Missing, integrity: bool) -> Result<Arc<Self>, String> {
        let added = if integrity { "\nintegrity" } else { "" };
        Ok(Arc::new(Self {
            integrity,
            roots: Roots::new(urls.iter().map(String::as_str)),
            judge: Judge::new(missing)?,
            id: RewritingId::of_hash(&blake3::hash(format!("lastly references {VERSION}\n{urls:?}{added}").as_bytes())),
            strictness: if *missing == Missing::default() { String::new() } else { format!("{missing:?}") },
        }))
    }
}
