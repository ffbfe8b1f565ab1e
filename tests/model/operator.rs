//! The operator: rolls the channel back to a kept release, or pins one. It mirrors `src/rollback.rs` and
//! `src/gc/pin.rs`: what it has read may be old when its swap is tried.

use lastly::model::ledger::Cause;

use super::follower::Follower;
use super::rules::{Errand, Mutant, Rules, bits};
use super::world::{Answer, World, force, wish};

/// The bit of the operator among the parties that have lost an answer.
const BIT: u8 = 1 << 7;

/// Where the operator stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Operator {
    Waiting,
    /// It has read that the release is kept.
    Chosen(usize),
    /// It does not know whether its swap was done.
    Unanswered(usize),
    Following(Follower),
    Moved,
    /// It was told that the release is pinned.
    Pinned(usize),
    /// It was told that the release is not kept.
    Refused,
}

/// What the operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Doing {
    Choose(usize),
    Swap(Answer),
    Follow,
}

impl Operator {
    /// Whether it has nothing under way.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self, Self::Waiting | Self::Moved | Self::Pinned(_) | Self::Refused)
    }
}

/// Everything that the operator can do next.
pub(crate) fn doings(rules: &Rules, world: &World, doings: &mut Vec<Doing>) {
    let kept = world.kept(rules);
    match world.operator {
        Operator::Waiting if rules.setup.errand == Errand::Move => {
            doings.extend(bits(kept & !(1 << world.current(rules).release)).map(Doing::Choose));
        }
        Operator::Waiting if rules.setup.errand == Errand::Pin => doings.extend(bits(kept).map(Doing::Choose)),
        Operator::Chosen(_) => {
            doings.push(Doing::Swap(Answer::Comes));
            if rules.setup.lost && world.lost & BIT == 0 {
                doings.push(Doing::Swap(Answer::IsLost));
            }
        }
        Operator::Unanswered(_) => doings.push(Doing::Swap(Answer::Comes)),
        Operator::Following(_) => doings.push(Doing::Follow),
        Operator::Waiting | Operator::Moved | Operator::Pinned(_) | Operator::Refused => {}
    }
}

/// Does it.
pub(crate) fn act(rules: &Rules, world: &mut World, doing: Doing) {
    world.operator = match (doing, world.operator) {
        (Doing::Choose(release), _) => Operator::Chosen(release),
        (Doing::Swap(answer), Operator::Chosen(release) | Operator::Unanswered(release)) => {
            swap(rules, world, release, answer)
        }
        (Doing::Follow, Operator::Following(follower)) => following(follower.go(rules, world)),
        (_, at) => unreachable!("{doing:?} is not offered at {at:?}"),
    };
}

fn following(follower: Option<Follower>) -> Operator {
    follower.map_or(Operator::Moved, Operator::Following)
}

fn swap(rules: &Rules, world: &mut World, release: usize, answer: Answer) -> Operator {
    let id = rules.ids[release];
    if rules.mutant == Mutant::MovesToDropped && !world.book.releases.contains_key(&id) {
        world.swap(force(&world.book, id));
    }
    let pins = rules.setup.errand == Errand::Pin;
    let step = if pins {
        world.book.pin(id, "a mail links to it", None)
    } else {
        world.book.carry_out(&wish(9, Cause::Rollback), id)
    };
    if world.change(step).is_err() {
        return Operator::Refused;
    }
    match answer {
        Answer::IsLost => {
            world.lost |= BIT;
            Operator::Unanswered(release)
        }
        Answer::Comes if pins => Operator::Pinned(release),
        Answer::Comes => following(Follower::begin(rules, world)),
    }
}
