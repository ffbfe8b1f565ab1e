//! A state of the model: the ledger, the store, the manifest, and where every party stands.

use lastly::model::layout::ChannelName;
use lastly::model::ledger::{Cause, Ledger, Move, Provenance, Refusal, Step, Synced};
use lastly::model::release::{ReleaseId, TreeDigest};
use uuid::Uuid;

use super::book::Book;
use super::collector::Collector;
use super::follower::Shown;
use super::operator::Operator;
use super::publisher::Publisher;
use super::rules::{KEYS, Rules, bits, named};

/// For each object a set of versions, as bits. A version's number is never used again.
pub(crate) type Versions = [u8; KEYS];

/// Whether the answer to a swap arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Comes,
    IsLost,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Hash)]
pub(crate) struct World {
    pub(crate) book: Book,
    pub(crate) store: Versions,
    /// How many versions of each object there have been.
    pub(crate) made: [u8; KEYS],
    pub(crate) manifest: Shown,
    pub(crate) publishers: Vec<Publisher>,
    /// The last one is the one at the end.
    pub(crate) collectors: Vec<Collector>,
    pub(crate) operator: Operator,
    /// Deletes that have not arrived yet.
    pub(crate) late: Versions,
    /// Parties that have lost an answer already, as bits.
    pub(crate) lost: u8,
    /// Whether the list that the ledger names has been deleted.
    pub(crate) list_is_gone: bool,
}

impl World {
    /// Release 0 is current, everybody can see it, and C is left of something else.
    pub(crate) fn new(rules: &Rules) -> Self {
        let (intent, id) = (Uuid::from_u128(1), rules.ids[0]);
        let registered = changed(Ok(Ledger::new("static/").register(intent, id)));
        let moved = changed(registered.promote(intent, id, tree(), &wish(0, Cause::Publish)));
        let ledger = changed(moved.synced(&ChannelName::live(), &note(1)));
        Self {
            book: Book::new(ledger),
            store: [1; KEYS],
            made: [1; KEYS],
            manifest: Shown { sequence: 1, release: 0 },
            publishers: vec![Publisher::default(); rules.setup.publishers.len()],
            collectors: vec![Collector::Waiting; rules.setup.collectors + 1],
            operator: Operator::Waiting,
            late: [0; KEYS],
            lost: 0,
            list_is_gone: false,
        }
    }

    /// Swaps the ledger. Whatever a collector has decided was about another one from now on.
    pub(crate) fn swap(&mut self, next: Ledger) {
        self.list_is_gone &= next.condemned == self.book.condemned;
        self.book = Book::new(next);
        self.collectors.iter_mut().for_each(Collector::outdate);
    }

    /// What an attempt to change the ledger comes to: the swap, or nothing where it has happened before.
    pub(crate) fn change(&mut self, step: Result<Step, Refusal>) -> Result<(), Refusal> {
        if let Step::Changed(next) = step? {
            self.swap(next);
        }
        Ok(())
    }

    /// The releases that are kept, as bits.
    pub(crate) fn kept(&self, rules: &Rules) -> u8 {
        rules.set(self.book.releases.keys())
    }

    /// What the channel shows by the ledger.
    pub(crate) fn current(&self, rules: &Rules) -> Shown {
        let channel = &self.book.channels[&ChannelName::live()];
        Shown { sequence: channel.sequence, release: rules.number(channel.release) }
    }

    /// What the ledger condemns.
    pub(crate) fn condemned(&self) -> Versions {
        self.book.condemned.map(on_list).unwrap_or_default()
    }

    /// Puts another version of an object.
    pub(crate) fn put(&mut self, key: usize) {
        self.store[key] |= 1 << self.made[key];
        self.made[key] += 1;
    }

    /// The current version of an object, as a bit; 0 if there is none.
    pub(crate) fn newest(&self, key: usize) -> u8 {
        self.store[key].checked_ilog2().map_or(0, |highest| 1 << highest)
    }

    /// Whether the collection at the end may begin: everybody else has come to an end, also every delete.
    pub(crate) fn is_quiet(&self) -> bool {
        let (_, others) = self.collectors.split_last().expect("the one at the end");
        self.late == [0; KEYS]
            && self.publishers.iter().all(Publisher::has_ended)
            && others.iter().all(Collector::has_ended)
            && self.operator.has_ended()
    }

    /// S1: every object of a kept release has a version.
    pub(crate) fn is_whole(&self, rules: &Rules) -> bool {
        bits(named(self.kept(rules))).all(|key| self.store[key] != 0)
    }

    /// S2: and one of them at least is neither condemned nor about to be deleted.
    pub(crate) fn is_safe(&self, rules: &Rules) -> bool {
        let condemned = self.condemned();
        let doomed = |key: usize| {
            let deletes = self.collectors.iter().map(|collector| collector.deletes()[key]);
            deletes.fold(condemned[key] | self.late[key], |doomed, more| doomed | more)
        };
        bits(named(self.kept(rules))).all(|key| self.store[key] & !doomed(key) != 0)
    }

    /// What is left when nothing is to be done any more: the reach of what is kept, and nothing else.
    pub(crate) fn is_clean(&self, rules: &Rules) -> bool {
        let reach = named(self.kept(rules));
        let exactly = |key: usize| (self.store[key] != 0) == (reach >> key & 1 == 1);
        self.book.intents.is_empty() && self.book.condemned.is_none() && (0..KEYS).all(exactly)
    }

    /// Renumbers condemned lists in the order in which they are met.
    pub(crate) fn normalise(&mut self) {
        let mut met: Vec<Uuid> = Vec::new();
        let mut number = |list: &mut Option<Uuid>| {
            let Some(list) = list else { return };
            let position = met.iter().position(|known| known == list).unwrap_or_else(|| {
                met.push(*list);
                met.len() - 1
            });
            *list = list_of(position as u64, on_list(*list));
        };
        let mut condemned = self.book.condemned;
        number(&mut condemned);
        for collector in &mut self.collectors {
            collector.lists().into_iter().for_each(&mut number);
        }
        if condemned != self.book.condemned {
            self.book = Book::new(Ledger { condemned, ..(*self.book).clone() });
        }
    }
}

/// The number of a list that is new: [`World::normalise`] gives it its own.
pub(crate) const NEW_LIST: u64 = u64::MAX;

/// The id of a condemned list. It holds what is on the list, for a list never changes.
pub(crate) fn list_of(number: u64, versions: Versions) -> Uuid {
    let content = versions.iter().rev().fold(0, |content, bits| content << 8 | u64::from(*bits));
    Uuid::from_u64_pair(number, content)
}

/// What is on a condemned list.
pub(crate) fn on_list(list: Uuid) -> Versions {
    let (_, content) = list.as_u64_pair();
    std::array::from_fn(|key| (content >> (8 * key)) as u8)
}

/// The tree of every release: no transition that is modelled looks at it.
pub(crate) fn tree() -> TreeDigest {
    TreeDigest::default()
}

/// A move of the channel `live`; the number tells moves apart.
pub(crate) fn wish(number: u128, cause: Cause) -> Move {
    Move {
        id: Uuid::from_u128(number),
        channel: ChannelName::live(),
        cause,
        build: None,
        expect: None,
        expires: None,
        provenance: Provenance::default(),
    }
}

/// The note that the manifest has followed.
pub(crate) fn note(sequence: u64) -> Synced {
    Synced { sequence, manifest: sequence.to_string(), told: Default::default() }
}

/// The ledger after a step that applies.
pub(crate) fn changed(step: Result<Step, Refusal>) -> Ledger {
    match step {
        Ok(Step::Changed(ledger)) => ledger,
        other => panic!("expected a change, got {other:?}"),
    }
}

/// Makes a release kept by force, as no command can: for mutants.
pub(crate) fn force(ledger: &Ledger, id: ReleaseId) -> Ledger {
    let intent = Uuid::max();
    let registered = changed(Ok(ledger.register(intent, id)));
    changed(registered.stage(intent, id, tree(), &Provenance::default()))
}
