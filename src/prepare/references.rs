//! How a site's references are rewritten.

use std::sync::Arc;

use super::report::{Judge, Missing};
use crate::model::release::RewritingId;
use crate::refs::resolve::Roots;

/// Raised whenever another lastly finds or rewrites references otherwise, so that what earlier ones found is not taken
/// over.
const VERSION: u32 = 1;

/// What import maps are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImportMaps {
    /// None.
    #[default]
    None,
    /// One of the whole site is published.
    Publish,
    /// Pages have one as well: relative module specifiers stay as they are, and it tells where they lead.
    Specifiers,
}

impl ImportMaps {
    /// All with their words in the settings.
    pub const WORDS: [(&'static str, Self); 3] =
        [("none", Self::None), ("publish", Self::Publish), ("specifiers", Self::Specifiers)];
}

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
    /// What import maps are made.
    pub maps: ImportMaps,
    /// The URL of the site's root, with a slash at its end: absolute, or a path.
    pub own: String,
    /// Stands for what decides whether a tree may be published at all.
    pub strictness: String,
}

impl References {
    /// Whether import maps tell where relative module specifiers lead.
    pub fn is_mapped(&self) -> bool {
        self.maps == ImportMaps::Specifiers
    }

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
        Self::with_import_maps(urls, missing, integrity, ImportMaps::None)
    }

    /// Makes settings ready, with a say in what import maps are made. The first of `urls` is that of the site's root.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_import_maps(
        urls: &[String],
        missing: &Missing,
        integrity: bool,
        maps: ImportMaps,
    ) -> Result<Arc<Self>, String> {
        let mut added = if integrity { "\nintegrity".to_owned() } else { String::new() };
        if maps != ImportMaps::None {
            added += &format!("\nimport maps {maps:?}");
        }
        Ok(Arc::new(Self {
            integrity,
            maps,
            own: urls.first().cloned().unwrap_or_else(|| "/".to_owned()),
            roots: Roots::new(urls.iter().map(String::as_str)),
            judge: Judge::new(missing)?,
            id: RewritingId::of_hash(&blake3::hash(format!("lastly references {VERSION}\n{urls:?}{added}").as_bytes())),
            strictness: if *missing == Missing::default() { String::new() } else { format!("{missing:?}") },
        }))
    }
}
