//! The model: every order of steps that a few parties can take around one ledger, three objects and one manifest,
//! explored by stateright. Its ledger is the production value, changed by the production transitions; what a collection
//! lets go, the production policy and reach decide. What the parties do between two transitions mirrors `src/publish`,
//! `src/follow`, `src/rollback.rs` and `src/gc`, one request a step. See `docs/verification.md`.
//!
//! `LASTLY_MODEL=large cargo test --release --test it model:: -- --nocapture` explores more parties with more faults at
//! once.

mod book;
mod collector;
mod explore;
mod follower;
mod operator;
mod publisher;
mod rules;
mod world;

use self::explore::{PROPERTIES, explore};
use self::rules::{Errand, Mutant, Rules, Setup, Work};

const NEW: Work = Work { release: 1, live: true };
const OTHER: Work = Work { release: 2, live: true };
const UPLOAD: Work = Work { release: 2, live: false };
/// Release 0 again, after it was dropped.
const AGAIN: Work = Work { release: 0, live: false };

/// Nothing fails, and nobody pauses.
const CALM: Setup = Setup {
    publishers: &[NEW, OTHER],
    collectors: 1,
    errand: Errand::None,
    crashes: false,
    late: false,
    lost: false,
    pauses: false,
    follows: false,
};

/// Who takes part in a run, what may fail in it, and how many states there are.
const SETUPS: [(&str, Setup, usize); 11] = [
    ("two publishers, a collector", CALM, 2253),
    ("the collector pauses", Setup { pauses: true, ..CALM }, 2562),
    ("parties die, deletes fail or come late", Setup { crashes: true, late: true, ..CALM }, 17_185),
    ("the collector pauses, answers are lost", Setup { pauses: true, lost: true, ..CALM }, 45_730),
    ("two collectors", Setup { collectors: 2, ..CALM }, 138_689),
    ("a roller-back, manifests step by step", Setup { errand: Errand::Move, follows: true, ..CALM }, 194_495),
    ("a dropped release is published again", REPEATED, 2051),
    ("an upload, a pin", PINNED, 9387),
    (
        "a publisher, two collectors that pause, a roller-back",
        Setup { publishers: &[NEW], collectors: 2, errand: Errand::Move, pauses: true, ..CALM },
        7609,
    ),
    ("two publishers, two collectors, a roller-back", ROLLED_BACK, 265_029),
    (
        "a publisher, a collector, a roller-back, and everything that can happen",
        Setup { publishers: &[NEW], errand: Errand::Move, ..EVERYTHING },
        38_764,
    ),
];

const ROLLED_BACK: Setup = Setup { collectors: 2, errand: Errand::Move, ..CALM };
const REPEATED: Setup = Setup { publishers: &[NEW, AGAIN], pauses: true, lost: true, ..CALM };
const PINNED: Setup = Setup { publishers: &[NEW, UPLOAD], errand: Errand::Pin, pauses: true, ..CALM };

/// Runs that take long.
const LARGE: [(&str, Setup); 2] = [
    (
        "two publishers, a collector, a roller-back, and everything that can happen",
        Setup { errand: Errand::Move, ..EVERYTHING },
    ),
    ("two publishers, two collectors, and everything that can happen", Setup { collectors: 2, ..EVERYTHING }),
];

const EVERYTHING: Setup = Setup { crashes: true, late: true, lost: true, pauses: true, follows: true, ..CALM };

/// Each rule that is left out, where that is noticed, by which property, and after how many steps at the earliest.
const MUTANTS: [(&str, Mutant, Setup, usize, usize); 12] = [
    ("B1 looks before it registers", Mutant::LooksFirst, CALM, S1, 7),
    ("B2 commits without its own intent", Mutant::CommitsWithoutIntent, CALM, S1, 6),
    ("B3 condemns by earlier roots, without compare-and-swap", Mutant::CondemnsBlindly, PAUSES, S1, 7),
    ("B3 the same, and a pin", Mutant::CondemnsBlindly, PINNED, S5, 8),
    ("B4 takes a version off the list before its deletion is acknowledged", Mutant::ForgetsPairs, FAULTS, S1, 8),
    ("B5 relies on a condemned version", Mutant::TrustsCondemned, CALM, S1, 6),
    ("B6 rolls back to a dropped release", Mutant::MovesToDropped, Setup { errand: Errand::Move, ..CALM }, S1, 8),
    ("B7 registers again, and does not look again", Mutant::LooksOnce, CALM, S1, 8),
    ("P3 drops a release that the manifest shows", Mutant::IgnoresManifest, FOLLOWS, S3, 5),
    ("P4 puts the manifest without compare-and-swap", Mutant::PutsBlindly, FOLLOWS, S3, 11),
    ("a collector deletes the list that its lost swap has put in", Mutant::DeletesNamedList, REPEATED, S4, 6),
    ("nobody reaps intents", Mutant::NeverReaps, FAULTS, L1, 8),
];

const PAUSES: Setup = Setup { pauses: true, ..CALM };
const FAULTS: Setup = Setup { crashes: true, late: true, ..CALM };
const FOLLOWS: Setup = Setup { follows: true, ..CALM };

/// Places in [`PROPERTIES`].
const S1: usize = 0;
const S3: usize = 2;
const S4: usize = 3;
const S5: usize = 4;
const L1: usize = 5;

/// Explores a whole run, and fails with a story where something does not hold. Returns how many states it has.
#[expect(clippy::print_stdout, reason = "whoever waits wants to see how far it is")]
fn states(name: &str, setup: Setup) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let explored = explore(Rules::new(setup, Mutant::None, None), cores);
    println!("{:>12}  {name}", explored.states);
    if let Some((property, story)) = explored.broken.first() {
        panic!("{name}: {property}\n{}", story.join("\n"));
    }
    explored.states
}

#[test]
fn no_order_of_steps_breaks_a_promise() {
    if std::env::var("LASTLY_MODEL").is_ok_and(|size| size == "large") {
        for (name, setup) in LARGE {
            states(name, setup);
        }
        return;
    }
    let found = SETUPS.map(|(name, setup, _)| (name, states(name, setup)));
    assert_eq!(found, SETUPS.map(|(name, _, pinned)| (name, pinned)));
}

/// The model must be able to fail: each rule is needed.
#[test]
#[expect(clippy::print_stdout, reason = "whoever asks for it wants to read how the protocol breaks")]
fn every_rule_that_is_left_out_is_missed() {
    let found = MUTANTS.map(|(name, mutant, setup, property, _)| {
        let explored = explore(Rules::new(setup, mutant, Some(property)), 1);
        let story = explored.broken.into_iter().next().map_or(Vec::new(), |(_, story)| story);
        println!("\n{name}\nuntil this does not hold: {}\n{}", PROPERTIES[property].0, story.join("\n"));
        (name, story.len())
    });
    assert_eq!(found, MUTANTS.map(|(name, _, _, _, steps)| (name, steps)));
}
