//! What the kept releases need, each object once however many of them name it, and the judgement of what was found
//! under its key. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use super::finding::{Finding, What};
use crate::model::address::Addresser;
use crate::model::headers::Headers;
use crate::model::layout::{Key, Name};
use crate::model::path::AssetPath;
use crate::model::release::{CircleId, Entry, Release, ReleaseId, RewritingId, Stored};
use crate::model::wire::CondemnedVersion;
use crate::prepare::compress::decompress;
use crate::prepare::integrity::integrity_of;
use crate::store::Found;

/// What can be done for an object that is gone or wrong. To publish the same files again does nothing: what a kept
/// release names is taken for present.
const HEAL: &str = "bring an older version of it back where the store has one, or publish the files with `--generation` \
                    raised, which gives every object a new key; to publish them as before changes nothing";

/// Generations that are tried, besides the one of the settings, before bytes are said to be wrong: no release says
/// under which it was made.
const GENERATIONS: u64 = 64;

/// An object that releases need.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The file that it was made of.
    pub path: AssetPath,
    /// What is promised of it.
    pub entry: Entry,
    /// Which of the file's objects it is.
    pub stored: Stored,
    /// Who promises.
    pub releases: Vec<ReleaseId>,
    /// Other headers that are promised of it: a sealed asset has those that it was created with.
    pub other_headers: Vec<Arc<Headers>>,
    /// Whether the present settings can say how references in it are resolved.
    pub derivable: bool,
}

/// The hash of each object that was read, where the site is asked for it too.
pub(super) type Digests = HashMap<Name, blake3::Hash>;

/// Everything that releases need.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// Each object once.
    pub objects: BTreeMap<Name, Wanted>,
}

impl Needs {
    /// Adds what a release needs. `rewriting` stands for the settings by which references are resolved now.
    pub(super) fn add(&mut self, id: ReleaseId, release: &Release, rewriting: Option<RewritingId>) {
        let derivable = rewriting == Some(release.rewriting);
        let objects = release.entries().flat_map(|(path, entry)| entry.stored().map(move |one| (path, entry, one)));
        for (path, entry, stored) in objects {
            let name = stored.name.clone();
            let new = || Wanted {
                path: path.clone(),
                entry: entry.clone(),
                stored,
                releases: Vec::new(),
                other_headers: Vec::new(),
                derivable,
            };
            let wanted = self.objects.entry(name).or_insert_with(new);
            if wanted.releases.last() != Some(&id) {
                wanted.releases.push(id);
            }
            wanted.derivable |= derivable;
            if wanted.entry.headers != entry.headers && !wanted.other_headers.contains(&entry.headers) {
                wanted.other_headers.push(entry.headers.clone());
            }
        }
    }

    /// The objects in groups that are judged together where bytes are read: those of one file, and those of one circle.
    pub(super) fn groups(self) -> Vec<Vec<Wanted>> {
        let mut circles: BTreeMap<CircleId, Vec<Wanted>> = BTreeMap::new();
        let mut files: BTreeMap<Name, Vec<Wanted>> = BTreeMap::new();
        for wanted in self.objects.into_values() {
            match wanted.entry.origin.circle {
                Some(circle) => circles.entry(circle).or_default().push(wanted),
                None => files.entry(wanted.entry.name.clone()).or_default().push(wanted),
            }
        }
        for circle in circles.values_mut() {
            circle.sort_by(|one, other| one.path.cmp(&other.path));
        }
        files.into_values().chain(circles.into_values()).collect()
    }

    /// The length of all files, each once, before they are compressed.
    pub(super) fn bytes(&self) -> u64 {
        self.objects.values().filter(|wanted| !wanted.is_variant()).map(|wanted| wanted.entry.size).sum()
    }
}

impl Wanted {
    /// Whether it lies beside the file's own object.
    pub(super) fn is_variant(&self) -> bool {
        self.stored.name != self.entry.name
    }

    /// The bytes of the file, of those of the object.
    ///
    /// # Errors
    /// They are not in the encoding that they are said to be in, or of another length.
    pub(super) fn decoded(&self, bytes: &Bytes) -> Result<Bytes, &'static str> {
        let Some(encoding) = self.stored.encoding else { return Ok(bytes.clone()) };
        decompress(bytes, encoding, self.entry.size).map(Bytes::from).map_err(|_| encoding.token())
    }
}

/// Judges what the store says of an object.
pub(super) fn judge(wanted: &Wanted, key: &Key, found: &Found, condemned: &BTreeSet<CondemnedVersion>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let entry = &wanted.entry;
    let version = found.version.as_ref().map(|version| version.0.clone());
    if version.is_some_and(|version| condemned.contains(&CondemnedVersion { key: key.clone(), version })) {
        let text = "its current version is condemned: the next collection deletes it";
        findings.push(Finding::error(What::Condemned, key, text).of(&wanted.releases).change(HEAL));
    }
    // How long compressed bytes are is nowhere said.
    if wanted.stored.encoding.is_none() && found.size != entry.size {
        let text = format!("it has {} bytes instead of {}", found.size, entry.size);
        findings.push(Finding::error(What::Size, key, text).of(&wanted.releases).change(HEAL));
    }
    let promised = entry.headers_of(&wanted.stored);
    if found.headers != *promised && !wanted.other_headers.iter().any(|headers| **headers == found.headers) {
        let text = format!("its headers are not those promised: {}", differences(&found.headers, &promised));
        findings.push(if entry.sealed {
            let why = "a sealed asset keeps the headers that it was created with: give it another name to change them";
            Finding::warning(What::Headers, key, text).of(&wanted.releases).change(why)
        } else {
            Finding::error(What::Headers, key, text).of(&wanted.releases).change(HEAL)
        });
    }
    findings
}

/// What differs between two sets of headers, in words.
pub(super) fn differences(found: &Headers, promised: &Headers) -> String {
    let shown = |value: Option<&str>| value.map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"));
    let one = |name: &str| format!("{name} is {}, not {}", shown(found.get(name)), shown(promised.get(name)));
    found.differing(promised).into_iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Bytes that are not in their encoding, or do not stand for those of the file.
pub(super) fn other_bytes(wanted: &Wanted, key: &Key, token: &str) -> Finding {
    let text = format!("its bytes, decoded (`{token}`), are not those of the file");
    Finding::error(What::Bytes, key, text).of(&wanted.releases).change(HEAL)
}

/// Judges bytes of the right length.
pub(super) fn judge_bytes(wanted: &Wanted, key: &Key, bytes: &[u8], generation: u64) -> Option<Finding> {
    let entry = &wanted.entry;
    let is_altered = entry.integrity.as_ref().is_some_and(|integrity| integrity_of(bytes) != *integrity);
    if is_altered {
        let text = "its bytes have another integrity value than the release says";
        return Some(Finding::error(What::Integrity, key, text).of(&wanted.releases).change(HEAL));
    }
    if entry.origin.circle.is_some() || has_address(entry, bytes, generation) {
        return None;
    }
    let text = "its bytes have another address than its name says";
    Some(Finding::error(What::Bytes, key, text).of(&wanted.releases).change(HEAL))
}

/// Whether these are the bytes of an entry that is in no circle.
pub(super) fn has_address(entry: &Entry, bytes: &[u8], generation: u64) -> bool {
    if entry.sealed {
        return Addresser::new(&Headers::default(), 0).address_of(bytes) == entry.address;
    }
    generations(generation).any(|generation| {
        Addresser::compressed(&entry.headers, generation, entry.compression).address_of(bytes) == entry.address
    })
}

/// The generations under which a release may have been made, the likeliest first.
pub(super) fn generations(likely: u64) -> impl Iterator<Item = u64> + Clone {
    std::iter::once(likely).chain((0..=GENERATIONS).filter(move |generation| *generation != likely))
}

/// An object that is not there; `older` says what the listing of its versions shows, where it could be seen.
pub(super) fn missing(wanted: &Wanted, key: &Key, older: Option<Older>) -> Finding {
    let (text, change) = match older {
        Some(Older::Hidden) => {
            ("it is hidden behind a delete marker", "delete the marker by its version id: what it hides is there again")
        }
        Some(Older::Nothing) => (
            "it is not there, and the store has no older version of it",
            "publish the files with `--generation` raised, which gives every object a new key; to publish them as \
             before changes nothing",
        ),
        None => ("it is not there", HEAL),
    };
    Finding::error(What::Missing, key, text).of(&wanted.releases).change(change)
}

/// What a listing shows under a key that has no current version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Older {
    /// A delete marker, and versions behind it.
    Hidden,
    /// No version at all.
    Nothing,
}

/// A circle whose members are not those that were addressed together.
pub(super) fn broken_circle(members: &[&Wanted], keys: &[Key]) -> Finding {
    let releases: BTreeSet<ReleaseId> = members.iter().flat_map(|wanted| &wanted.releases).copied().collect();
    let others: Vec<&str> = keys.iter().skip(1).map(Key::as_str).collect();
    let among = if others.is_empty() {
        "it refers to itself, and its bytes give another address than its name says".to_owned()
    } else {
        let others = others.join("`, `");
        format!(
            "it refers to `{others}` in a circle, and the bytes of them all give other addresses than their names say"
        )
    };
    let place = keys.first().map_or("", Key::as_str);
    Finding::error(What::Circle, place, among).of(&releases.into_iter().collect::<Vec<_>>()).change(HEAL)
}
