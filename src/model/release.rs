//! A release: which object every logical path stands for. It holds no time, no machine and no order of discovery,
//! so the same tree and settings give the same release anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::address::Address;
use super::compression::{Compression, Encoding};
use super::headers::Headers;
use super::layout::Name;
use super::path::AssetPath;

pub use super::digest::{CircleId, ReleaseId, RewritingId, TreeDigest};

/// Logical paths and what they stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Files that are served under the key of their object.
    pub assets: BTreeMap<AssetPath, Entry>,
    /// Files that are served under their own URL; their objects are kept so that a rollback needs no files.
    pub pages: BTreeMap<AssetPath, Entry>,
    /// How the references in them were rewritten.
    pub rewriting: RewritingId,
}

/// One file of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where its immutable object lies, below the prefix. Its address stands in it, unless it is sealed or part of a
    /// tree.
    pub name: Name,
    /// Length of the bytes, before they are compressed.
    pub size: u64,
    /// The address, whole; for a sealed asset that of its bytes alone, for its name is the bundler's.
    pub address: Address,
    /// The response headers.
    pub headers: Arc<Headers>,
    /// For scripts and styles.
    pub integrity: Option<Integrity>,
    /// Whether a bundler chose the name.
    pub sealed: bool,
    /// How it is compressed.
    pub compression: Option<Compression>,
    /// How its bytes came of the source file's.
    pub origin: Origin,
}

/// What there was before references were rewritten. It lets a later publish tell, without parsing the file again,
/// that nothing has changed for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// What the address would be of the bytes as they were in the source folder, where they were rewritten.
    pub source: Option<Address>,
    /// The files that it refers to, in order and each once. `None` where they have to be found again: where there was
    /// something to report about the file.
    pub targets: Option<Vec<AssetPath>>,
    /// The files that it names by module specifiers which stay as they are, because an import map tells where they
    /// lead; in order and each once, and none of them in `targets` on their account. `None` where specifiers are
    /// rewritten.
    pub imports: Option<Vec<AssetPath>>,
    /// The circle that it is part of, which its address is taken with.
    pub circle: Option<CircleId>,
}

/// One object that is stored of a file: the file's own, or a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it lies, below the prefix.
    pub name: Name,
    /// The encoding of its bytes.
    pub encoding: Option<Encoding>,
}

impl Entry {
    /// Every object that is stored of it, its own first.
    pub fn stored(&self) -> impl Iterator<Item = Stored> {
        let own = self.compression.and_then(|compression| compression.in_place());
        let own = Stored { name: self.name.clone(), encoding: own };
        let variants = self.compression.into_iter().flat_map(|compression| compression.variants());
        let variant = |encoding| Stored { name: self.name.variant(encoding), encoding: Some(encoding) };
        std::iter::once(own).chain(variants.map(variant))
    }

    /// The response headers of one of its objects.
    pub fn headers_of(&self, stored: &Stored) -> Arc<Headers> {
        match stored.encoding {
            Some(encoding) => self.headers.encoded(encoding),
            None => self.headers.clone(),
        }
    }

    /// What the address would be of the bytes as they were in the source folder.
    pub fn source(&self) -> Address {
        self.origin.source.unwrap_or(self.address)
    }

    /// Whether the file with this path is part of a tree: then one of its folders is called otherwise in its name.
    pub fn is_in_tree(&self, path: &AssetPath) -> bool {
        !self.name.as_str().starts_with(path.directory())
    }
}

/// The outermost folder that is called otherwise in a name.
fn tree_of<'p>(path: &'p AssetPath, name: &Name) -> Option<&'p str> {
    let mut ends = path.as_str().match_indices('/').map(|(at, _)| at + 1);
    ends.find(|&end| !name.as_str().starts_with(&path.as_str()[..end])).map(|end| &path.as_str()[..end])
}

impl Release {
    /// Every file, assets first.
    pub fn entries(&self) -> impl Iterator<Item = (&AssetPath, &Entry)> {
        self.assets.iter().chain(&self.pages)
    }

    /// The folders, with their slashes, that are published whole.
    pub fn trees(&self) -> BTreeSet<&str> {
        let in_trees = self.assets.iter().filter(|(path, entry)| entry.is_in_tree(path));
        in_trees.filter_map(|(path, entry)| tree_of(path, &entry.name)).collect()
    }

    /// The names of all objects, those of assets first. An object that several files share is named several times.
    pub fn names(&self) -> impl Iterator<Item = Name> {
        self.entries().flat_map(|(_, entry)| entry.stored()).map(|stored| stored.name)
    }

    /// The digest of the tree that the release was made of; see [`TreeHasher`].
    pub fn tree(&self, strictness: &str) -> TreeDigest {
        let mut digest = TreeHasher::new(self.rewriting, strictness);
        for (mark, entries) in [(TreeHasher::ASSET, &self.assets), (TreeHasher::PAGE, &self.pages)] {
            for (path, entry) in entries {
                let mark = if entry.sealed { TreeHasher::SEALED } else { mark };
                // The name follows from the rest, unless the file is part of a tree.
                let name = if entry.is_in_tree(path) { entry.name.as_str() } else { "" };
                digest.add(mark, path, name, &entry.source(), &entry.headers);
            }
        }
        digest.finish()
    }
}

/// Takes a digest of everything that a release is made of: the files as they are in the source folders, assets first and
/// then pages, each by path; how their references are rewritten; and `strictness`, what decides whether it may be
/// published at all. It tells without reading a release document, without parsing a file and without hashing one a second
/// time, whether a tree is the one a release was made of.
#[derive(Debug)]
pub struct TreeHasher {
    hasher: blake3::Hasher,
    /// What is to be hashed next: BLAKE3 is fast where it gets much at a time.
    waiting: Vec<u8>,
}

impl TreeHasher {
    /// Stands before an asset.
    pub const ASSET: &str = "asset ";
    /// Stands before a sealed asset.
    pub const SEALED: &str = "sealed asset ";
    /// Stands before a page.
    pub const PAGE: &str = "page ";

    /// How many bytes wait at most, but for those of one file.
    const MOST: usize = 64 << 10;

    /// Begins with what is not a file.
    pub fn new(rewriting: RewritingId, strictness: &str) -> Self {
        let head = format!("lastly tree 3\n{rewriting}\n{}\n{strictness}\n", strictness.len());
        Self { hasher: blake3::Hasher::new(), waiting: head.into_bytes() }
    }

    /// Takes in a file. `name` is that of its object if it is part of a tree, and else empty; `source` is the address of
    /// its bytes as they are in the file.
    pub fn add(&mut self, mark: &str, path: &AssetPath, name: &str, source: &Address, headers: &Headers) {
        // No path and no name holds a line feed, and no header's line begins like a mark.
        for part in [mark, path.as_str(), "\n", name, "\n"] {
            self.waiting.extend_from_slice(part.as_bytes());
        }
        self.waiting.extend_from_slice(source.bytes());
        if mark == Self::SEALED {
            // Its address is that of its bytes alone.
            self.waiting.extend_from_slice(headers.canonical().as_bytes());
        }
        if self.waiting.len() > Self::MOST {
            self.hasher.update(&self.waiting);
            self.waiting.clear();
        }
    }

    /// The digest of all that was taken in.
    pub fn finish(mut self) -> TreeDigest {
        self.hasher.update(&self.waiting);
        TreeDigest::of_hash(&self.hasher.finalize())
    }
}

/// A value for `integrity` attributes (W3C Subresource Integrity): `sha384-` and base64.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integrity(Box<str>);

impl Integrity {
    /// Takes the text of an `integrity` value; lastly writes `sha384-…` only.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text of the value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What became of a logical path between two releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference<'a> {
    /// Only the later release has it.
    Added(&'a Entry),
    /// Only the earlier release has it.
    Removed(&'a Entry),
    /// Both have it, with other bytes or headers.
    Changed(&'a Entry, &'a Entry),
}

/// What differs between two releases, by logical path; assets and pages are compared apart.
pub fn differences<'a>(earlier: &'a Release, later: &'a Release) -> Vec<(&'a AssetPath, Difference<'a>)> {
    let mut found = Vec::new();
    for (before, after) in [(&earlier.assets, &later.assets), (&earlier.pages, &later.pages)] {
        for (path, old) in before {
            match after.get(path) {
                None => found.push((path, Difference::Removed(old))),
                // The address of a sealed file is that of its bytes alone.
                Some(new) if (new.address, &new.name, &new.headers) != (old.address, &old.name, &old.headers) => {
                    found.push((path, Difference::Changed(old, new)));
                }
                Some(_) => {}
            }
        }
        let added = after.iter().filter(|(path, _)| !before.contains_key(*path));
        found.extend(added.map(|(path, new)| (path, Difference::Added(new))));
    }
    found.sort_by_key(|(path, _)| *path);
    found
}
