//! The reach: every key that the ledger's remaining releases and intents name.
//!
//! It holds a fingerprint of 8 bytes for each key and not the key. Two keys with the same fingerprint only mean that
//! garbage is spared, about once in 10^19 pairs.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::model::layout::{ChannelName, Key, Layout, Name};
use crate::model::release::{Release, ReleaseId};

/// Keys that are not condemned. It only ever grows.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    fingerprints: Vec<u64>,
    releases: BTreeSet<ReleaseId>,
}

impl Reach {
    /// Whether the keys of a release are in it.
    pub fn knows(&self, id: ReleaseId) -> bool {
        self.releases.contains(&id)
    }

    /// Adds the document of a release and everything it names: its objects, and its pages at their own URLs, whose
    /// names may have been those of sealed assets once.
    pub fn add(&mut self, layout: &Layout, id: ReleaseId, release: &Release) {
        let objects = release.names().map(|name| layout.key(&name));
        let live = ChannelName::live();
        let pages = release.pages.keys().map(|path| layout.key(&Name::page(&live, path)));
        let keys = objects.chain(pages).chain([layout.release(id)]);
        self.fingerprints.extend(keys.map(|key| fingerprint(&key)));
        self.fingerprints.sort_unstable();
        self.fingerprints.dedup();
        self.releases.insert(id);
    }

    /// How many keys are in it.
    pub(super) fn len(&self) -> usize {
        self.fingerprints.len()
    }

    /// Whether a key is in reach.
    pub fn holds(&self, key: &Key) -> bool {
        self.fingerprints.binary_search(&fingerprint(key)).is_ok()
    }
}

fn fingerprint(key: &Key) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}
