//! The simulation: several publishers, a roller-back and an activator at once, parked at every request to the store,
//! and a seed that decides who moves and what fails. After every step the invariants of the design are looked at.
//!
//! `LASTLY_SEEDS=100000` tries more seeds, `LASTLY_SEED=7` replays one and prints what happened.

mod desk;
mod flaw;
mod parties;
mod run;
mod watch;

use std::sync::atomic::{AtomicU64, Ordering};

use self::parties::Trees;
use self::run::{Flaw, Outcome, run};

/// How many seeds are tried when nothing else is said.
const SEEDS: u64 = 2000;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Runs seeds on all cores until one fails. Returns that one, and how many were tried.
fn hunt(seeds: std::ops::Range<u64>, flaw: Flaw) -> (Option<Outcome>, u64) {
    let trees = Trees::new();
    let next = AtomicU64::new(seeds.start);
    let found = std::sync::Mutex::new(None);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || found.lock().expect("no one panics with it").is_some() {
                        break;
                    }
                    let outcome = run(seed, flaw, &trees);
                    if outcome.violation.is_some() {
                        *found.lock().expect("no one panics with it") = Some(outcome);
                    }
                }
            });
        }
    });
    let found = found.into_inner().expect("no one panics with it");
    (found, next.into_inner().min(seeds.end) - seeds.start)
}

#[test]
#[expect(clippy::print_stdout, reason = "whoever replays a seed wants to see it")]
fn no_seed_breaks_an_invariant() {
    if let Some(seed) = variable("LASTLY_SEED") {
        let outcome = run(seed, Flaw::None, &Trees::new());
        println!("{}", outcome.story());
        assert_eq!(outcome.violation, None, "seed {seed}");
        return;
    }
    let (found, _) = hunt(0..variable("LASTLY_SEEDS").unwrap_or(SEEDS), Flaw::None);
    if let Some(outcome) = found {
        panic!("{}", outcome.story());
    }
}

#[test]
fn a_seed_replays_exactly() {
    let trees = Trees::new();
    for seed in 0..60 {
        assert_eq!(run(seed, Flaw::None, &trees), run(seed, Flaw::None, &trees), "seed {seed}");
    }
}

/// The simulation must be able to fail.
#[test]
fn every_flaw_is_caught() {
    for flaw in Flaw::ALL {
        let (found, tried) = hunt(0..400, flaw);
        assert!(found.is_some(), "{flaw:?} was not noticed in {tried} seeds");
    }
}
