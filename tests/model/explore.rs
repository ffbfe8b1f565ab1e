//! The model as stateright sees it, and the story of a counterexample.

use std::fmt::Write;

use stateright::{Checker, HasDiscoveries, Model, Property};

use super::rules::{Errand, KEYS, RELEASES, Rules, bits, letter};
use super::world::{Answer, Versions, World};
use super::{collector, operator, publisher};

/// One step of one party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Publisher(usize, publisher::Doing),
    Collector(usize, collector::Doing),
    Operator(operator::Doing),
    /// A delete of this object that was held up arrives.
    Arrives(usize),
    /// It never does.
    IsDropped(usize),
}

impl Model for Rules {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        for number in 0..world.publishers.len() {
            let mut doings = Vec::new();
            publisher::doings(self, world, number, &mut doings);
            actions.extend(doings.into_iter().map(|doing| Action::Publisher(number, doing)));
        }
        for number in 0..world.collectors.len() {
            let mut doings = Vec::new();
            collector::doings(self, world, number, &mut doings);
            actions.extend(doings.into_iter().map(|doing| Action::Collector(number, doing)));
        }
        if !is_ending(world) {
            let mut doings = Vec::new();
            operator::doings(self, world, &mut doings);
            actions.extend(doings.into_iter().map(Action::Operator));
        }
        for key in (0..KEYS).filter(|key| world.late[*key] != 0) {
            actions.extend([Action::Arrives(key), Action::IsDropped(key)]);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        match action {
            Action::Publisher(number, doing) => publisher::act(self, &mut next, number, doing),
            Action::Collector(number, doing) => collector::act(self, &mut next, number, doing),
            Action::Operator(doing) => operator::act(self, &mut next, doing),
            Action::Arrives(key) => {
                next.store[key] &= !next.late[key];
                next.late[key] = 0;
            }
            Action::IsDropped(key) => next.late[key] = 0,
        }
        next.normalise();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let all = PROPERTIES.into_iter().enumerate();
        let wanted = all.filter(|(number, _)| self.only.is_none_or(|only| only == *number));
        wanted.map(|(_, (name, holds))| Property::always(name, holds)).collect()
    }
}

/// Whether there is any action; it asks no further than to the first.
fn can_go_on(rules: &Rules, world: &World) -> bool {
    let publisher = |number| {
        let mut doings = Vec::new();
        publisher::doings(rules, world, number, &mut doings);
        !doings.is_empty()
    };
    let collector = |number| {
        let mut doings = Vec::new();
        collector::doings(rules, world, number, &mut doings);
        !doings.is_empty()
    };
    let operator = || {
        let mut doings = Vec::new();
        operator::doings(rules, world, &mut doings);
        !is_ending(world) && !doings.is_empty()
    };
    (0..world.publishers.len()).any(publisher)
        || (0..world.collectors.len()).any(collector)
        || operator()
        || world.late != [0; KEYS]
}

/// Whether the collection at the end has begun.
fn is_ending(world: &World) -> bool {
    world.collectors.last() != Some(&collector::Collector::Waiting)
}

type Holds = fn(&Rules, &World) -> bool;

/// What must always hold.
pub(crate) const PROPERTIES: [(&str, Holds); 6] = [
    ("S1 every object of a kept release is there", |rules, world| world.is_whole(rules)),
    ("S2 and one version of it is neither condemned nor about to be deleted", |rules, world| world.is_safe(rules)),
    ("S3 the manifest shows a kept release", |rules, world| world.kept(rules) >> world.manifest.release & 1 == 1),
    ("S4 the condemned list that the ledger names is there", |_, world| !world.list_is_gone),
    ("S5 what was pinned stays", |rules, world| match world.operator {
        operator::Operator::Pinned(release) => world.kept(rules) >> release & 1 == 1,
        _ => true,
    }),
    ("L1 whoever lives comes to an end, and a last collection leaves exactly the reach", |rules, world| {
        let has_ended = world.collectors.last() == Some(&collector::Collector::Finished);
        if has_ended { world.is_clean(rules) } else { can_go_on(rules, world) }
    }),
];

/// What a run has found.
pub(crate) struct Explored {
    pub(crate) states: usize,
    /// A way to each property that does not hold, in words.
    pub(crate) broken: Vec<(&'static str, Vec<String>)>,
}

/// Explores every state, on that many cores. With one core and one property, the counterexample is a shortest one.
pub(crate) fn explore(rules: Rules, threads: usize) -> Explored {
    let checker = rules.checker().threads(threads).finish_when(HasDiscoveries::Any).spawn_bfs().join();
    let discoveries = checker.discoveries().into_iter();
    let broken = discoveries.map(|(name, path)| (name, story(checker.model(), &path.into_vec()))).collect();
    Explored { states: checker.unique_state_count(), broken }
}

/// One line a step: who does what, and how things stand then.
fn story(rules: &Rules, path: &[(World, Option<Action>)]) -> Vec<String> {
    let steps = path.windows(2).filter_map(|pair| {
        let ((before, action), (after, _)) = (&pair[0], &pair[1]);
        Some(format!("{:<100} | {}", sentence(rules, before, (*action)?, after), standing(rules, after)))
    });
    steps.collect()
}

fn sentence(rules: &Rules, before: &World, action: Action, after: &World) -> String {
    match action {
        Action::Publisher(number, doing) => {
            let release = rules.setup.publishers[number].release;
            let says = publisher_says(before, number, release, doing, after);
            format!("publisher {} {says}", number + 1)
        }
        Action::Collector(number, doing) if number == rules.setup.collectors => {
            format!("the last collector {}", collector_says(before, number, doing, after))
        }
        Action::Collector(number, doing) => {
            format!("collector {} {}", number + 1, collector_says(before, number, doing, after))
        }
        Action::Operator(doing) => format!("the operator {}", operator_says(rules, before, doing, after)),
        Action::Arrives(key) => format!("a delete of {} arrives late", letter(key)),
        Action::IsDropped(key) => format!("a delete of {} never arrives", letter(key)),
    }
}

fn lost(answer: Answer) -> &'static str {
    if answer == Answer::IsLost { ", and the answer is lost" } else { "" }
}

fn publisher_says(before: &World, number: usize, release: usize, doing: publisher::Doing, after: &World) -> String {
    use publisher::Doing;
    match doing {
        Doing::LookEarly => "begins to look, without an intent".to_owned(),
        Doing::FindKept => format!("finds release {release} kept already"),
        Doing::Register(answer) => {
            format!("enters its intent for release {release} ({}){}", objects(RELEASES[release]), lost(answer))
        }
        Doing::ReadNewerList => "finds its condemned list gone, and reads the newer one".to_owned(),
        Doing::Ask(key) if before.store != after.store => format!("creates {}", letter(key)),
        Doing::Ask(key) => format!("finds {} there", letter(key)),
        Doing::Replace(key) if before.store != after.store => format!("puts {} again, as a new version", letter(key)),
        Doing::Replace(key) => format!("finds {} gone", letter(key)),
        Doing::Commit(answer) if before.book != after.book => format!("commits release {release}{}", lost(answer)),
        Doing::Commit(_)
            if matches!(after.publishers[number].at, publisher::Desk::Beginning | publisher::Desk::Uploading(_)) =>
        {
            "finds its intent gone at the commit, and begins again".to_owned()
        }
        Doing::Commit(_) => "looks whether it has committed".to_owned(),
        Doing::Follow => match before.publishers[number].at {
            publisher::Desk::Following(follower) => follower.says(),
            _ => unreachable!("only a follower follows"),
        },
        Doing::GiveUp => "gives up, and takes its intent out".to_owned(),
        Doing::Die => "dies".to_owned(),
    }
}

fn collector_says(before: &World, number: usize, doing: collector::Doing, after: &World) -> String {
    use collector::{Collector, Doing};
    let went = match &after.collectors[number] {
        Collector::Listed(_) => ", but the ledger has changed: decides anew",
        Collector::Deleting(_) if before.condemned() != after.condemned() => ", and condemns what is out of reach",
        _ => "",
    };
    match doing {
        Doing::List => "lists the store".to_owned(),
        Doing::Decide { drops, reaps } => {
            let drops: Vec<String> = bits(drops).map(|release| format!("drops release {release}")).collect();
            let reaps: Vec<String> =
                bits(reaps).map(|number| format!("reaps publisher {}'s intent", number + 1)).collect();
            let all = [drops, reaps].concat();
            let all = if all.is_empty() { "drops and reaps nothing".to_owned() } else { all.join(", ") };
            format!("reads ledger and manifest, and decides: {all}{went}")
        }
        Doing::Condemn(answer) => format!("swaps its decision in{}{went}", lost(answer)),
        Doing::Delete(key) => format!("deletes the condemned {}", letter(key)),
        Doing::DeleteLate(key) => format!("deletes the condemned {}, and the request is held up", letter(key)),
        Doing::Acknowledge(answer) => format!("takes what is acknowledged off the list{}", lost(answer)),
        Doing::Die => "dies".to_owned(),
    }
}

fn operator_says(rules: &Rules, before: &World, doing: operator::Doing, after: &World) -> String {
    use operator::{Doing, Operator};
    match (doing, before.operator) {
        (Doing::Choose(release), _) => format!("reads that release {release} is kept"),
        (Doing::Swap(_), Operator::Chosen(release)) if after.operator == Operator::Refused => {
            format!("is told that release {release} is not kept")
        }
        (Doing::Swap(answer), Operator::Chosen(release)) => {
            let does = if rules.setup.errand == Errand::Pin { "pins" } else { "moves the channel to" };
            format!("{does} release {release}{}", lost(answer))
        }
        (Doing::Swap(_), _) => "looks whether its change was made".to_owned(),
        (Doing::Follow, Operator::Following(follower)) => follower.says(),
        (Doing::Follow, _) => unreachable!("only a follower follows"),
    }
}

/// The state in short: versions in the store, condemned ones, releases in the ledger (`*` is current), the manifest.
fn standing(rules: &Rules, world: &World) -> String {
    let kept = bits(world.kept(rules)).map(|release| {
        let mark = if world.current(rules).release == release { "*" } else { "" };
        format!(" {release}{mark}")
    });
    let mut text = format!("store{}", versions(world.store));
    let put = "a string takes everything";
    write!(text, "; condemned{}; ledger{}", versions(world.condemned()), kept.collect::<String>()).expect(put);
    let intents = world.book.intents.keys().map(|id| format!(" {}", publisher::owner(*id) + 1));
    write!(text, "; intents{}; manifest {}", intents.collect::<String>(), world.manifest.release).expect(put);
    text
}

fn versions(versions: Versions) -> String {
    let one = |key: usize| bits(versions[key]).map(move |version| format!(" {}{version}", letter(key)));
    let all: String = (0..KEYS).flat_map(one).collect();
    if all.is_empty() { " -".to_owned() } else { all }
}

fn objects(keys: u8) -> String {
    bits(keys).map(letter).collect()
}
