//! A publisher: registers, looks at each object and puts what is missing or condemned, commits, follows. It mirrors
//! `src/publish/create.rs` and `src/publish/upload.rs`; the ledger changes by the production transitions.

use lastly::model::ledger::{Cause, Ledger, Provenance, Refusal, Step};
use uuid::Uuid;

use super::follower::Follower;
use super::rules::{Mutant, RELEASES, Rules, Work, bits, named};
use super::world::{Answer, Versions, World, changed, tree, wish};

/// A publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Publisher {
    /// How often its intent has been reaped.
    reaped: u8,
    pub(crate) at: Desk,
}

/// Where a publisher stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Desk {
    /// It is about to register.
    #[default]
    Beginning,
    /// It does not know whether it is registered.
    RegistrationUnanswered,
    /// It looks, and uploads.
    Uploading(Uploading),
    /// It does not know whether it has committed.
    CommitUnanswered,
    /// Its move is made.
    Following(Follower),
    /// It has come to an end.
    Ended(End),
}

/// How a publisher ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    Published,
    GaveUp,
    Died,
}

/// What remains to be done about objects, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Uploading {
    /// The versions that it knows to be condemned.
    condemned: Versions,
    /// Nothing has been looked at yet.
    untouched: bool,
    /// To be created, or looked at if they are there.
    ask: u8,
    /// There in a condemned version: to be put again.
    replace: u8,
    /// Whether its intent was entered before; only a mutant's is not.
    registered: bool,
}

/// What a publisher does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Doing {
    LookEarly,
    FindKept,
    Register(Answer),
    ReadNewerList,
    Ask(usize),
    Replace(usize),
    Commit(Answer),
    Follow,
    GiveUp,
    Die,
}

impl Publisher {
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.at, Desk::Ended(_))
    }
}

fn intent(publisher: usize, reaped: u8) -> Uuid {
    Uuid::from_u64_pair(1 + publisher as u64, reaped.into())
}

/// Whose intent it is.
pub(crate) fn owner(intent: Uuid) -> usize {
    intent.as_u64_pair().0 as usize - 1
}

/// Everything that a publisher can do next.
pub(crate) fn doings(rules: &Rules, world: &World, publisher: usize, doings: &mut Vec<Doing>) {
    let answers = |doings: &mut Vec<Doing>, of: fn(Answer) -> Doing| {
        doings.push(of(Answer::Comes));
        if rules.setup.lost && world.lost >> publisher & 1 == 0 {
            doings.push(of(Answer::IsLost));
        }
    };
    let work = rules.setup.publishers[publisher];
    match world.publishers[publisher].at {
        Desk::Beginning if rules.mutant == Mutant::LooksFirst => doings.push(Doing::LookEarly),
        Desk::Beginning if !work.live && world.kept(rules) >> work.release & 1 == 1 => doings.push(Doing::FindKept),
        Desk::Beginning => answers(doings, Doing::Register),
        Desk::RegistrationUnanswered => doings.push(Doing::Register(Answer::Comes)),
        Desk::Uploading(at) => {
            doings.extend(bits(at.ask).map(Doing::Ask));
            doings.extend(bits(at.replace).map(Doing::Replace));
            if at.untouched && at.ask != 0 && at.condemned != world.condemned() {
                doings.push(Doing::ReadNewerList);
            }
            if at.ask | at.replace == 0 {
                answers(doings, if at.registered { Doing::Commit } else { Doing::Register });
            }
            if rules.setup.crashes {
                doings.push(Doing::GiveUp);
            }
        }
        Desk::CommitUnanswered => doings.push(Doing::Commit(Answer::Comes)),
        Desk::Following(_) => doings.push(Doing::Follow),
        Desk::Ended(_) => return,
    }
    if rules.setup.crashes && !matches!(world.publishers[publisher].at, Desk::Beginning) {
        doings.push(Doing::Die);
    }
}

/// Does it.
pub(crate) fn act(rules: &Rules, world: &mut World, publisher: usize, doing: Doing) {
    let Publisher { reaped, at } = world.publishers[publisher];
    let work = rules.setup.publishers[publisher];
    let next = match (doing, at) {
        (Doing::LookEarly, _) => Desk::Uploading(begin(rules, world, work, false)),
        (Doing::FindKept, _) => Desk::Ended(End::Published),
        (Doing::Register(answer), _) => {
            let registered = world.book.register(intent(publisher, reaped), rules.ids[work.release]);
            world.change(Ok(registered)).expect("a registration is never refused");
            match (answer, at) {
                (Answer::IsLost, _) => Desk::RegistrationUnanswered,
                (_, Desk::Uploading(early)) => Desk::Uploading(Uploading { registered: true, ..early }),
                _ => Desk::Uploading(begin(rules, world, work, true)),
            }
        }
        (Doing::ReadNewerList, Desk::Uploading(at)) => {
            Desk::Uploading(Uploading { condemned: world.condemned(), ..at })
        }
        (Doing::Ask(key), Desk::Uploading(at)) => Desk::Uploading(ask(rules, world, at, key)),
        (Doing::Replace(key), Desk::Uploading(at)) => Desk::Uploading(replace(world, at, key)),
        (Doing::Commit(answer), _) => commit(rules, world, publisher, answer),
        (Doing::Follow, Desk::Following(follower)) => following(follower.go(rules, world)),
        (Doing::GiveUp, _) => {
            let abandoned = world.book.abandon(intent(publisher, reaped));
            world.change(Ok(abandoned)).expect("giving up is never refused");
            Desk::Ended(End::GaveUp)
        }
        (Doing::Die, _) => Desk::Ended(End::Died),
        _ => unreachable!("{doing:?} is not offered at {at:?}"),
    };
    if answer_is_lost(doing) {
        world.lost |= 1 << publisher;
    }
    world.publishers[publisher].at = next;
}

fn answer_is_lost(doing: Doing) -> bool {
    matches!(doing, Doing::Register(Answer::IsLost) | Doing::Commit(Answer::IsLost))
}

fn following(follower: Option<Follower>) -> Desk {
    follower.map_or(Desk::Ended(End::Published), Desk::Following)
}

/// What a kept release names is present and safe; everything else is asked for.
fn begin(rules: &Rules, world: &World, work: Work, registered: bool) -> Uploading {
    let ask = RELEASES[work.release] & !named(world.kept(rules));
    Uploading { condemned: world.condemned(), untouched: true, ask, replace: 0, registered }
}

/// Creates an object; where one is there, looks at its version. A create that is refused changes nothing, so both are
/// one step at the moment of the look.
fn ask(rules: &Rules, world: &mut World, mut at: Uploading, key: usize) -> Uploading {
    let newest = world.newest(key);
    at.untouched = false;
    at.ask &= !(1 << key);
    if newest == 0 {
        world.put(key);
    } else if newest & at.condemned[key] != 0 && rules.mutant != Mutant::TrustsCondemned {
        at.replace |= 1 << key;
    }
    at
}

/// Puts the same bytes again with `If-Match`. Equal bytes have equal ETags, so any version will do; without one it is
/// refused, and the object is asked for again.
fn replace(world: &mut World, mut at: Uploading, key: usize) -> Uploading {
    at.replace &= !(1 << key);
    if world.newest(key) == 0 {
        at.ask |= 1 << key;
    } else {
        world.put(key);
    }
    at
}

fn commit(rules: &Rules, world: &mut World, publisher: usize, answer: Answer) -> Desk {
    let (work, reaped) = (rules.setup.publishers[publisher], world.publishers[publisher].reaped);
    let committed = step(rules, &world.book, publisher, intent(publisher, reaped));
    match world.change(committed) {
        Ok(()) if answer == Answer::IsLost => Desk::CommitUnanswered,
        Ok(()) if work.live => following(Follower::begin(rules, world)),
        Ok(()) => Desk::Ended(End::Published),
        Err(Refusal::IntentGone) => reaped_at_commit(rules, world, publisher),
        Err(refusal) => unreachable!("nothing else is asked of the channel: {refusal}"),
    }
}

fn step(rules: &Rules, ledger: &Ledger, publisher: usize, intent: Uuid) -> Result<Step, Refusal> {
    let Work { release, live } = rules.setup.publishers[publisher];
    if live {
        ledger.promote(intent, rules.ids[release], tree(), &wish(10 + publisher as u128, Cause::Publish))
    } else {
        ledger.stage(intent, rules.ids[release], tree(), &Provenance::default())
    }
}

/// A publisher without its intent begins again, with another one.
fn reaped_at_commit(rules: &Rules, world: &mut World, publisher: usize) -> Desk {
    world.publishers[publisher].reaped += 1;
    let own = intent(publisher, world.publishers[publisher].reaped);
    match rules.mutant {
        Mutant::CommitsWithoutIntent => {
            let registered =
                changed(Ok(world.book.register(own, rules.ids[rules.setup.publishers[publisher].release])));
            world.swap(changed(step(rules, &registered, publisher, own)));
            following(Follower::begin(rules, world))
        }
        Mutant::LooksOnce => {
            let (condemned, untouched, ask, replace) = (world.condemned(), false, 0, 0);
            Desk::Uploading(Uploading { condemned, untouched, ask, replace, registered: false })
        }
        _ => Desk::Beginning,
    }
}
