//! What a run of the model is about: who takes part, what may fail, which rule of the protocol is broken on purpose.
//! It asks the production code what is in reach of which releases.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lastly::gc::plan::{Class, Fate, Leftovers, Sieve, Victim};
use lastly::gc::policy::Policy;
use lastly::gc::reach::Reach;
use lastly::model::address::Addresser;
use lastly::model::headers::Headers;
use lastly::model::layout::{Key, Layout, Name};
use lastly::model::path::AssetPath;
use lastly::model::release::{Entry, Origin, Release, ReleaseId};
use lastly::model::timestamp::Timestamp;
use lastly::model::wire::CondemnedVersion;
use lastly::store::{Version, VersionId};

/// The objects A, B and C.
pub(crate) const KEYS: usize = 3;

/// Which objects each release names, as a set of bits. Release 0 is current at first; C is garbage then.
pub(crate) const RELEASES: [u8; 4] = [0b011, 0b110, 0b101, 0b100];

/// The age that separates what the policy lets go from what it keeps.
pub(crate) const AGE: i64 = 50;

/// A rule of the protocol that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// None is.
    None,
    /// B1: a publisher looks at the store before its intent stands in the ledger.
    LooksFirst,
    /// B2: a commit does without the publisher's own intent.
    CommitsWithoutIntent,
    /// B3: a collection is swapped into a ledger that it was not worked out from.
    CondemnsBlindly,
    /// B4: a version leaves the condemned list though its deletion was not acknowledged.
    ForgetsPairs,
    /// B5: a publisher relies on a condemned version.
    TrustsCondemned,
    /// B6: a rollback goes to a release that is not kept.
    MovesToDropped,
    /// B7: a reaped publisher registers again, but does not look again.
    LooksOnce,
    /// P3: a release goes though the manifest shows it.
    IgnoresManifest,
    /// P4: the manifest is put whatever is there.
    PutsBlindly,
    /// A collector deletes a list that it wrote, though the ledger may name it.
    DeletesNamedList,
    /// An intent is never reaped.
    NeverReaps,
}

/// What a publisher publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// The number of its release.
    pub(crate) release: usize,
    /// Whether the channel is to show it; it is only kept otherwise.
    pub(crate) live: bool,
}

/// What the operator does, at some time or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Nothing.
    None,
    /// Rolls the channel back to any kept release, or activates it.
    Move,
    /// Pins any kept release.
    Pin,
}

/// Who takes part, and what may happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) publishers: &'static [Work],
    /// Collectors besides the one at the end, which nothing disturbs.
    pub(crate) collectors: usize,
    pub(crate) errand: Errand,
    /// Publishers and collectors die, and publishers give up.
    pub(crate) crashes: bool,
    /// A delete of each collector can arrive at any later time, or never.
    pub(crate) late: bool,
    /// One answer to a swap of each party is lost.
    pub(crate) lost: bool,
    /// Collectors pause between their decision and the swap that carries it out. Otherwise both are one step.
    pub(crate) pauses: bool,
    /// The manifest is read, put and noted in steps of their own. Otherwise it follows a move at once.
    pub(crate) follows: bool,
}

/// A run.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) setup: Setup,
    pub(crate) mutant: Mutant,
    /// The only property that is looked at, by its number; all of them if none.
    pub(crate) only: Option<usize>,
    pub(crate) policy: Policy,
    pub(crate) ids: [ReleaseId; RELEASES.len()],
    /// For every set of releases the objects that are out of its reach.
    unreached: Vec<u8>,
}

impl Rules {
    pub(crate) fn new(setup: Setup, mutant: Mutant, only: Option<usize>) -> Self {
        // What a channel showed last, and young objects, stay for no other reason than economy.
        let policy = Policy {
            keep_for: Duration::from_secs(AGE.unsigned_abs()),
            keep_unreleased: Duration::from_secs(AGE.unsigned_abs()),
            intent_ttl: Duration::from_secs(AGE.unsigned_abs()),
            keep_last: 0,
            min_object_age: Duration::ZERO,
            ..Policy::default()
        };
        let ids = std::array::from_fn(|n| ReleaseId::of_document(&[n as u8]));
        let unreached = (0..1 << RELEASES.len()).map(|set| unreached(&ids, set)).collect();
        Self { setup, mutant, only, policy, ids, unreached }
    }

    /// The number of a release.
    pub(crate) fn number(&self, id: ReleaseId) -> usize {
        self.ids.iter().position(|known| *known == id).expect("the model makes no other release")
    }

    /// Releases as a set of bits.
    pub(crate) fn set<'a>(&self, ids: impl IntoIterator<Item = &'a ReleaseId>) -> u8 {
        ids.into_iter().fold(0, |set, id| set | 1 << self.number(*id))
    }

    /// The objects that are out of reach of these releases.
    pub(crate) fn unreached(&self, releases: u8) -> u8 {
        self.unreached[usize::from(releases)]
    }
}

/// The objects that some of these releases name.
pub(crate) fn named(releases: u8) -> u8 {
    bits(releases).fold(0, |keys, release| keys | RELEASES[release])
}

/// The members of a set.
pub(crate) fn bits(set: u8) -> impl Iterator<Item = usize> {
    (0..8).filter(move |bit| set >> bit & 1 == 1)
}

/// Asks the production sieve about each object.
fn unreached(ids: &[ReleaseId], releases: u8) -> u8 {
    let layout = Layout::new("static", None);
    let mut reach = Reach::default();
    for number in bits(releases) {
        reach.add(&layout, ids[number], &release(RELEASES[number]));
    }
    let sieve = Sieve {
        layout: &layout,
        reach: &reach,
        leftovers: &Leftovers::default(),
        list: None,
        now: Timestamp::from_unix(0),
        min_age: Duration::ZERO,
    };
    let goes = |key: &usize| {
        let key = layout.key(&entry(*key).1.name);
        let fate = sieve.fate(&version(&key), 0);
        let victim = Victim { class: Class::Object, pair: CondemnedVersion { key, version: "v".to_owned() } };
        assert_eq!(fate == Fate::Goes(Class::Object), !sieve.spares(&victim), "a listing and a second look agree");
        !sieve.spares(&victim)
    };
    (0..KEYS).filter(goes).fold(0, |keys, key| keys | 1 << key)
}

fn version(key: &Key) -> Version {
    let (id, modified) = (VersionId("v".to_owned()), Timestamp::from_unix(0));
    Version { key: key.clone(), id, current: true, marker: false, size: 1, modified }
}

fn release(keys: u8) -> Release {
    let assets: BTreeMap<AssetPath, Entry> = bits(keys).map(entry).collect();
    Release { assets, ..Release::default() }
}

fn entry(key: usize) -> (AssetPath, Entry) {
    let path = AssetPath::new(&format!("{}.js", letter(key))).expect("a plain path");
    let headers = Arc::new(Headers::default());
    let address = Addresser::new(&headers, 0).address_of(&[key as u8]);
    let name = Name::addressed(&path, &address);
    let entry = Entry {
        name,
        size: 1,
        address,
        headers,
        integrity: None,
        sealed: false,
        compression: None,
        origin: Origin::default(),
    };
    (path, entry)
}

/// An object's name.
pub(crate) fn letter(key: usize) -> char {
    char::from(b'A' + key as u8)
}
