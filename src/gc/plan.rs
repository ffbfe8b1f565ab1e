//! What a listing means: for every version in it whether it goes, and as what; and all of it in numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use super::error::TooMuch;
use super::policy::{Decision, Policy, Public};
use super::reach::Reach;
use crate::model::layout::{ChannelName, Form, Key, Layout, Name};
use crate::model::release::Release;
use crate::model::timestamp::Timestamp;
use crate::model::wire::CondemnedVersion;
use crate::store::Version;

/// How many versions of the ledger and of each manifest always stay.
pub const FORMER_VERSIONS: usize = 20;

/// The id of versions from a time when the bucket kept none. It can come again, so that it names no incarnation.
const UNVERSIONED: &str = "null";

/// What a version is that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// An object under an address that no remaining release names.
    Object,
    /// A sealed asset that only a dropped or unfinished release named.
    Sealed,
    /// The document of a release that the ledger names no more, or never did.
    Document,
    /// The manifest of a channel that has gone.
    Manifest,
    /// A page of a channel that has gone.
    Page,
    /// A former version of the ledger or of a manifest.
    Former,
    /// A condemned list that has been replaced.
    List,
    /// What is left of a proof of the store.
    Probe,
}

impl Class {
    const ALL: [Self; 8] =
        [Self::Object, Self::Sealed, Self::Document, Self::Manifest, Self::Page, Self::Former, Self::List, Self::Probe];

    /// The class of a word.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// The class in a word, for lists and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Object => "objects",
            Self::Sealed => "sealed",
            Self::Document => "documents",
            Self::Manifest => "manifests",
            Self::Page => "pages",
            Self::Former => "former versions",
            Self::List => "lists",
            Self::Probe => "probes",
        }
    }

    /// Why versions of this class go.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Object => "no kept release and no publisher at work names them",
            Self::Sealed => "only releases that are gone named them",
            Self::Document => "the ledger does not name these releases",
            Self::Manifest | Self::Page => "their channels have expired",
            Self::Former => "newer versions of the ledger and of manifests are kept",
            Self::List => "newer lists have taken their place",
            Self::Probe => "a proof of the store has left them",
        }
    }
}

/// What becomes of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is not lastly's, or nothing that is ever collected.
    NotOurs,
    /// Something remaining names it.
    Reached,
    /// Nothing names it, but it is too young.
    Young,
    /// Nothing names it, but it is from a time without versions.
    Unversioned,
    /// It goes.
    Goes(Class),
}

/// What is known of things that are named by nothing but what goes.
#[derive(Clone, Debug, Default)]
pub struct Leftovers {
    /// Sealed assets of releases that the ledger does not name, or not for long.
    pub sealed: BTreeSet<Key>,
    /// Channels that go, or have gone and left a manifest.
    pub channels: BTreeSet<ChannelName>,
    /// Their pages.
    pub pages: BTreeSet<Key>,
}

impl Leftovers {
    /// Adds the sealed assets of a release.
    pub fn add(&mut self, layout: &Layout, release: &Release) {
        let sealed = release.assets.values().filter(|entry| entry.sealed);
        self.sealed.extend(sealed.map(|entry| layout.key(&entry.name)));
    }

    /// Takes the channels that go by `decision`, or of which only a manifest is there.
    pub fn set_channels(
        &mut self,
        layout: &Layout,
        known: &BTreeSet<ChannelName>,
        decision: &Decision,
        public: &Public,
    ) {
        let orphans = public.keys().filter(|name| !known.contains(*name));
        self.channels = decision.channels.keys().chain(orphans).filter(|name| !name.is_live()).cloned().collect();
        let page = |name: &ChannelName| {
            let pages = public.get(name).map(|shown| shown.pages.clone()).unwrap_or_default();
            pages.into_iter().map(|path| layout.key(&Name::page(name, &path))).collect::<Vec<_>>()
        };
        self.pages = self.channels.iter().flat_map(page).collect();
    }
}

/// Tells for each version what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Sieve<'a> {
    /// Where the site lies.
    pub layout: &'a Layout,
    /// What stays.
    pub reach: &'a Reach,
    /// What is named by nothing that stays.
    pub leftovers: &'a Leftovers,
    /// The condemned list that the ledger names.
    pub list: Option<Uuid>,
    /// The store's time.
    pub now: Timestamp,
    /// How old a version must be.
    pub min_age: Duration,
}

impl Sieve<'_> {
    /// What becomes of a version. `rank` says how many newer ones of the same key there are.
    pub fn fate(&self, version: &Version, rank: usize) -> Fate {
        let (key, old) = (&version.key, version.modified.until(self.now) >= self.min_age);
        // No path has these, and a condemned list cannot hold them.
        if key.as_str().chars().any(char::is_control) {
            return Fate::NotOurs;
        }
        let class = match self.layout.form(key) {
            Some(Form::Manifest(name)) if self.leftovers.channels.contains(&name) => Class::Manifest,
            Some(Form::Ledger | Form::Manifest(_)) if rank >= FORMER_VERSIONS && !version.current => Class::Former,
            Some(Form::Ledger | Form::Manifest(_)) => return Fate::NotOurs,
            Some(Form::Object) if self.reach.holds(key) => return Fate::Reached,
            Some(Form::Document(_)) if self.reach.holds(key) => return Fate::Reached,
            Some(Form::Condemned(id)) if Some(id) == self.list => return Fate::NotOurs,
            Some(Form::Object) => Class::Object,
            Some(Form::Document(_)) => Class::Document,
            Some(Form::Condemned(_)) => Class::List,
            Some(Form::Probe) => Class::Probe,
            None if self.leftovers.pages.contains(key) => Class::Page,
            None if self.leftovers.sealed.contains(key) && self.reach.holds(key) => return Fate::Reached,
            None if self.leftovers.sealed.contains(key) => Class::Sealed,
            None => return Fate::NotOurs,
        };
        match class {
            _ if version.id.0 == UNVERSIONED => Fate::Unversioned,
            // A channel's own time is over: nothing of it has to wait once more.
            Class::Manifest | Class::Page => Fate::Goes(class),
            _ if !old => Fate::Young,
            _ => Fate::Goes(class),
        }
    }

    /// Whether a version that was to go still may, after the ledger has changed.
    pub fn spares(&self, victim: &Victim) -> bool {
        let key = &victim.pair.key;
        match victim.class {
            Class::Object | Class::Sealed | Class::Document => self.reach.holds(key),
            Class::Page => !self.leftovers.pages.contains(key),
            Class::Manifest => match self.layout.form(key) {
                Some(Form::Manifest(name)) => !self.leftovers.channels.contains(&name),
                _ => true,
            },
            Class::List => self.list.is_some_and(|list| self.layout.condemned(list) == *key),
            Class::Former | Class::Probe => false,
        }
    }
}

/// A version that goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victim {
    /// As what.
    pub class: Class,
    /// Which.
    pub pair: CondemnedVersion,
}

/// Versions, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many, delete markers among them.
    pub versions: u64,
    /// How many of these are delete markers.
    pub markers: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, version: &Version) {
        self.versions += 1;
        self.markers += u64::from(version.marker);
        self.bytes += version.size;
    }
}

/// Everything that a collection would do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What goes, by class.
    pub goes: BTreeMap<Class, Count>,
    /// Objects and documents that stay.
    pub stays: Count,
    /// What nothing names, but is too young to go.
    pub young: Count,
    /// What nothing names, but is from a time without versions.
    pub unversioned: Count,
    /// How many versions stay at least, where not all of them pass by.
    pub least: u64,
}

impl Plan {
    /// Counts a version. Gives it back if it goes.
    pub fn take(&mut self, version: Version, fate: Fate) -> Option<Victim> {
        match fate {
            Fate::NotOurs => {}
            Fate::Reached => self.stays.add(&version),
            Fate::Young => self.young.add(&version),
            Fate::Unversioned => self.unversioned.add(&version),
            Fate::Goes(class) => {
                self.goes.entry(class).or_default().add(&version);
                let pair = CondemnedVersion { key: version.key, version: version.id.0 };
                return Some(Victim { class, pair });
            }
        }
        None
    }

    /// Everything that goes.
    pub fn total(&self) -> Count {
        let add = |sum: Count, one: &Count| Count {
            versions: sum.versions + one.versions,
            markers: sum.markers + one.markers,
            bytes: sum.bytes + one.bytes,
        };
        self.goes.values().fold(Count::default(), add)
    }

    /// Refuses to let more go than is allowed. What lastly keeps for itself does not count.
    ///
    /// # Errors
    /// More would go.
    pub fn check(&self, policy: &Policy) -> Result<(), TooMuch> {
        let counted = [Class::Object, Class::Sealed, Class::Document];
        let goes = counted.iter().filter_map(|class| self.goes.get(class)).map(|count| count.versions).sum::<u64>();
        let total = goes + self.stays.versions.max(self.least) + self.young.versions + self.unversioned.versions;
        let max = policy.max_delete;
        if goes * 100 <= total * u64::from(max) { Ok(()) } else { Err(TooMuch { goes, total, max }) }
    }
}

#[cfg(test)]
mod tests;
