//! A collector: lists, decides about the ledger as it is, condemns, deletes, acknowledges. It mirrors `src/gc/run.rs`;
//! what goes is decided by the production policy, and the ledger changes by the production transitions.
//!
//! Clocks are taken to say anything: each release and each intent is as old as a collector likes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lastly::gc::policy::{Decision, Public, Shown, decide};
use lastly::model::layout::ChannelName;
use lastly::model::ledger::{Collection, Ledger, Stamp};
use lastly::model::timestamp::Timestamp;
use uuid::Uuid;

use super::book::REVISION;
use super::publisher::owner;
use super::rules::{AGE, KEYS, Mutant, Rules, bits};
use super::world::{Answer, NEW_LIST, Versions, World, list_of, on_list};

/// The first bit of the collectors among the parties that have lost an answer.
const BIT: usize = 4;

/// Where a collector stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Collector {
    Waiting,
    Listed(Survey),
    /// It has decided, and is about to swap.
    Decided(Verdict),
    /// It does not know whether its swap was done.
    CondemnationUnanswered(Verdict),
    Deleting(Work),
    /// It does not know whether the list is shorter now.
    AcknowledgementUnanswered(Work),
    Finished,
    Died,
}

/// What a collector has seen. It can be as old as it likes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Survey {
    seen: Versions,
    /// Releases whose objects it spares; it only ever grows.
    reach: u8,
}

/// What a collector has decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Verdict {
    survey: Survey,
    drops: u8,
    reaps: BTreeSet<Uuid>,
    /// The list of the ledger that it has read.
    before: Option<Uuid>,
    /// The list that takes its place.
    list: Option<Uuid>,
    /// Whether the ledger is still the one that it has read.
    is_current: bool,
}

/// A list that is worked off.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Work {
    list: Option<Uuid>,
    /// Objects whose deletion was acknowledged, as bits.
    gone: u8,
    /// Whether one of its deletes has been held up already.
    was_late: bool,
}

/// What a collector does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Doing {
    List,
    /// Drops these releases and reaps these publishers' intents, as bits.
    Decide {
        drops: u8,
        reaps: u8,
    },
    Condemn(Answer),
    Delete(usize),
    DeleteLate(usize),
    Acknowledge(Answer),
    Die,
}

impl Collector {
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self, Self::Finished | Self::Died)
    }

    /// The ledger has changed.
    pub(crate) fn outdate(&mut self) {
        if let Self::Decided(verdict) | Self::CondemnationUnanswered(verdict) = self {
            verdict.is_current = false;
        }
    }

    /// The lists that it knows by their ids.
    pub(crate) fn lists(&mut self) -> Vec<&mut Option<Uuid>> {
        match self {
            Self::Decided(verdict) | Self::CondemnationUnanswered(verdict) => {
                vec![&mut verdict.before, &mut verdict.list]
            }
            Self::Deleting(work) | Self::AcknowledgementUnanswered(work) => vec![&mut work.list],
            Self::Waiting | Self::Listed(_) | Self::Finished | Self::Died => Vec::new(),
        }
    }

    /// The versions that it will yet delete.
    pub(crate) fn deletes(&self) -> Versions {
        match self {
            Self::Deleting(work) => work.left(),
            _ => [0; KEYS],
        }
    }
}

impl Work {
    fn left(&self) -> Versions {
        let list = self.list.map(on_list).unwrap_or_default();
        std::array::from_fn(|key| if self.gone >> key & 1 == 1 { 0 } else { list[key] })
    }

    fn gone_versions(&self) -> Versions {
        let list = self.list.map(on_list).unwrap_or_default();
        std::array::from_fn(|key| if self.gone >> key & 1 == 1 { list[key] } else { 0 })
    }
}

/// Everything that a collector can do next.
pub(crate) fn doings(rules: &Rules, world: &World, number: usize, doings: &mut Vec<Doing>) {
    let is_last = number == rules.setup.collectors;
    let answers = |doings: &mut Vec<Doing>, of: fn(Answer) -> Doing| {
        doings.push(of(Answer::Comes));
        if rules.setup.lost && !is_last && world.lost >> (BIT + number) & 1 == 0 {
            doings.push(of(Answer::IsLost));
        }
    };
    let collector = &world.collectors[number];
    match collector {
        Collector::Waiting if is_last && !world.is_quiet() => {}
        Collector::Waiting => doings.push(Doing::List),
        Collector::Listed(_) if is_last => {
            let reaps = if rules.mutant == Mutant::NeverReaps { 0 } else { owners(world.book.intents.keys()) };
            doings.push(Doing::Decide { drops: 0, reaps });
        }
        Collector::Listed(_) => {
            let all = judge(rules, world, u8::MAX, u8::MAX);
            let (drops, reaps) = (rules.set(&all.dropped()), owners(all.intents.keys()));
            let subsets = |set: u8| (0..=set).filter(move |subset| subset & !set == 0);
            doings.extend(
                subsets(drops).flat_map(|drops| subsets(reaps).map(move |reaps| Doing::Decide { drops, reaps })),
            );
        }
        Collector::Decided(_) => answers(doings, Doing::Condemn),
        Collector::CondemnationUnanswered(_) => doings.push(Doing::Condemn(Answer::Comes)),
        Collector::Deleting(work) => {
            let left = work.left();
            for key in (0..KEYS).filter(|key| left[*key] != 0) {
                doings.push(Doing::Delete(key));
                if rules.setup.late && !work.was_late && !is_last {
                    doings.push(Doing::DeleteLate(key));
                }
            }
            // What has not been deleted by then has failed.
            if !is_last || left == [0; KEYS] {
                answers(doings, Doing::Acknowledge);
            }
        }
        Collector::AcknowledgementUnanswered(_) => doings.push(Doing::Acknowledge(Answer::Comes)),
        Collector::Finished | Collector::Died => {}
    }
    let under_way = matches!(collector, Collector::CondemnationUnanswered(_) | Collector::Deleting(_));
    if rules.setup.crashes && !is_last && under_way {
        doings.push(Doing::Die);
    }
}

/// Does it.
pub(crate) fn act(rules: &Rules, world: &mut World, number: usize, doing: Doing) {
    let next = match (doing, world.collectors[number].clone()) {
        (Doing::List, _) => Collector::Listed(Survey { seen: world.store, reach: 0 }),
        (Doing::Decide { drops, reaps }, Collector::Listed(survey)) => {
            let verdict = verdict(rules, world, survey, drops, reaps);
            if rules.setup.pauses { Collector::Decided(verdict) } else { condemn(rules, world, verdict, Answer::Comes) }
        }
        (Doing::Condemn(answer), Collector::Decided(verdict) | Collector::CondemnationUnanswered(verdict)) => {
            condemn(rules, world, verdict, answer)
        }
        (Doing::Delete(key), Collector::Deleting(work)) => {
            world.store[key] &= !work.left()[key];
            Collector::Deleting(Work { gone: work.gone | 1 << key, ..work })
        }
        (Doing::DeleteLate(key), Collector::Deleting(work)) => {
            world.late[key] |= work.left()[key];
            Collector::Deleting(Work { was_late: true, ..work })
        }
        (Doing::Acknowledge(answer), Collector::Deleting(work) | Collector::AcknowledgementUnanswered(work)) => {
            acknowledge(rules, world, work, answer)
        }
        (Doing::Die, _) => Collector::Died,
        (_, at) => unreachable!("{doing:?} is not offered at {at:?}"),
    };
    if matches!(doing, Doing::Condemn(Answer::IsLost) | Doing::Acknowledge(Answer::IsLost)) {
        world.lost |= 1 << (BIT + number);
    }
    world.collectors[number] = next;
}

fn owners<'a>(intents: impl IntoIterator<Item = &'a Uuid>) -> u8 {
    intents.into_iter().fold(0, |set, intent| set | 1 << owner(*intent))
}

/// What the production policy decides about the ledger and the manifest as they are, where these releases and these
/// publishers' intents are old, and all others are young.
fn judge(rules: &Rules, world: &World, old_releases: u8, old_intents: u8) -> Decision {
    let stamp = |is_old: bool| Stamp::At(Timestamp::from_unix(if is_old { 0 } else { AGE }));
    let mut ledger: Ledger = (*world.book).clone();
    for (id, kept) in &mut ledger.releases {
        let stamp = stamp(old_releases >> rules.number(*id) & 1 == 1);
        kept.staged_at = stamp;
        kept.retired_at = kept.retired_at.map(|_| stamp);
    }
    for (id, intent) in &mut ledger.intents {
        intent.at = stamp(old_intents >> owner(*id) & 1 == 1);
    }
    let shown = if rules.mutant == Mutant::IgnoresManifest { world.current(rules) } else { world.manifest };
    let (sequence, release) = (shown.sequence, rules.ids[shown.release]);
    let shown = Shown { sequence, release, ttl: Duration::ZERO, pages: Vec::new() };
    let public: Public = BTreeMap::from([(ChannelName::live(), shown)]);
    decide(&rules.policy, &ledger, &public, Timestamp::from_unix(AGE))
}

fn verdict(rules: &Rules, world: &World, survey: Survey, drops: u8, reaps: u8) -> Verdict {
    let decision = judge(rules, world, drops, reaps);
    let reach = survey.reach | rules.set(&decision.remaining);
    let unreached = rules.unreached(reach);
    let before = world.book.condemned;
    let known = before.map(on_list).unwrap_or_default();
    let victims = |key: usize| if unreached >> key & 1 == 1 { survey.seen[key] } else { 0 };
    let pairs: Versions = std::array::from_fn(|key| known[key] | victims(key));
    Verdict {
        drops: rules.set(&decision.dropped()),
        reaps: decision.intents.keys().copied().collect(),
        before,
        list: if pairs == known { before } else { Some(list_of(NEW_LIST, pairs)) },
        is_current: true,
        survey: Survey { reach, ..survey },
    }
}

/// Drops, reaps and condemns in one swap; where the ledger has changed, everything is decided anew.
fn condemn(rules: &Rules, world: &mut World, verdict: Verdict, answer: Answer) -> Collector {
    let is_current = verdict.is_current || rules.mutant == Mutant::CondemnsBlindly;
    let collection = Collection {
        revision: if is_current { REVISION } else { REVISION - 1 },
        releases: bits(verdict.drops).map(|number| rules.ids[number]).collect(),
        intents: verdict.reaps.clone(),
        channels: BTreeSet::new(),
        condemned: verdict.list,
    };
    if world.change(world.book.collect(&collection)).is_err() {
        // The list that it wrote for nothing is deleted, unless it was not for nothing: its swap may have been done, its
        // answer lost, and the ledger changed since.
        let own = verdict.list.filter(|list| Some(*list) != verdict.before);
        let is_named = own.is_some() && own == world.book.condemned;
        world.list_is_gone |= is_named && rules.mutant == Mutant::DeletesNamedList;
        return Collector::Listed(verdict.survey);
    }
    match (answer, verdict.list) {
        (Answer::IsLost, _) => Collector::CondemnationUnanswered(Verdict { is_current: false, ..verdict }),
        (Answer::Comes, None) => Collector::Finished,
        (Answer::Comes, list) => Collector::Deleting(Work { list, gone: 0, was_late: false }),
    }
}

/// Takes what is gone from the list, and leaves what is not. Where another list has taken its place, it is taken from
/// that one.
fn acknowledge(rules: &Rules, world: &mut World, work: Work, answer: Answer) -> Collector {
    let own = work.list.expect("there was something to delete");
    if let Some(named) = world.book.condemned {
        let (gone, pairs) = (work.gone_versions(), on_list(named));
        let forgets = named == own && rules.mutant == Mutant::ForgetsPairs;
        let left = std::array::from_fn(|key| if forgets { 0 } else { pairs[key] & !gone[key] });
        if left != pairs {
            let shorter = (left != [0; KEYS]).then(|| list_of(NEW_LIST, left));
            let step = world.book.acknowledge(named, shorter);
            world.change(Ok(step)).expect("an acknowledgement is never refused");
        }
    }
    if answer == Answer::IsLost { Collector::AcknowledgementUnanswered(work) } else { Collector::Finished }
}
