//! The model: every order of steps that a few parties can take around one ledger, three objects and one manifest,
//! explored by stateright. Its ledger is the production value, changed by the production transitions; what a collection
//! lets go, the production policy and reach decide. What the parties do between two transitions mirrors `src/publish`,
//! `src/follow`, `src/rollback.rs` and `src/gc`, one request a step. See `docs/verification.md`.
//!
//! `LASTLY_MODEL=large` explores more parties with more faults at once, for an hour or so.

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

#[test]
#[ignore]
fn measure() {
    let setups = [
        ("calm", CALM),
        ("faults", Setup { crashes: true, late: true, ..CALM }),
        ("pauses", Setup { pauses: true, ..CALM }),
        ("pauses, lost", Setup { pauses: true, lost: true, ..CALM }),
        ("two collectors", Setup { collectors: 2, ..CALM }),
        ("follows, errand", Setup { errand: Errand::Move, follows: true, ..CALM }),
        ("again", Setup { publishers: &[NEW, AGAIN], pauses: true, lost: true, ..CALM }),
        ("pin", Setup { publishers: &[NEW, UPLOAD], errand: Errand::Pin, pauses: true, ..CALM }),
    ];
    for (name, setup) in setups {
        let begun = std::time::Instant::now();
        let found = explore(Rules::new(setup, Mutant::None, None), 2);
        println!("{name}: {} {:?}", found.states, begun.elapsed());
        for (p, s) in found.broken {
            println!("{p}\n{}", s.join("\n"));
        }
    }
}
