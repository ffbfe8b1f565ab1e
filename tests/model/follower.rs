//! Whoever has moved the channel brings the manifest after it: reads it, puts it, notes it. It mirrors
//! `src/follow/run.rs`, for a site without pages and without CDN.

use lastly::model::layout::ChannelName;

use super::rules::{Mutant, Rules};
use super::world::{World, note};

/// What a channel shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shown {
    pub(crate) sequence: u64,
    pub(crate) release: usize,
}

/// A follower and its next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Follower {
    /// The move that it follows.
    target: Shown,
    next: Next,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Next {
    Read,
    Put { seen: Shown },
    Note,
}

impl Follower {
    /// Begins to follow what the ledger says now; `None` where that is modelled as one step, which is done.
    pub(crate) fn begin(rules: &Rules, world: &mut World) -> Option<Self> {
        let target = world.current(rules);
        if rules.setup.follows {
            return Some(Self { target, next: Next::Read });
        }
        world.manifest = target;
        note_synced(world, target);
        None
    }

    /// Makes the next request; `None` when all is done.
    pub(crate) fn go(self, rules: &Rules, world: &mut World) -> Option<Self> {
        let Self { target, next } = self;
        let again = |world: &World| Some(Self { target: world.current(rules), next: Next::Read });
        match next {
            Next::Read if world.manifest.sequence > target.sequence => again(world),
            Next::Read if world.manifest == target => Some(Self { target, next: Next::Note }),
            Next::Read => Some(Self { target, next: Next::Put { seen: world.manifest } }),
            Next::Put { seen } if seen == world.manifest || rules.mutant == Mutant::PutsBlindly => {
                world.manifest = target;
                Some(Self { target, next: Next::Note })
            }
            Next::Put { .. } => again(world),
            Next::Note => {
                note_synced(world, target);
                if world.current(rules).sequence == target.sequence { None } else { again(world) }
            }
        }
    }

    /// What its next request is, in words.
    pub(crate) fn says(self) -> String {
        let Shown { sequence, release } = self.target;
        match self.next {
            Next::Read => format!("reads the manifest, to follow move {sequence} to release {release}"),
            Next::Put { seen } => format!(
                "puts the manifest of move {sequence}, release {release}, in place of that of move {}",
                seen.sequence
            ),
            Next::Note => format!("notes that the manifest has followed move {sequence}"),
        }
    }
}

fn note_synced(world: &mut World, target: Shown) {
    let noted = world.book.synced(&ChannelName::live(), &note(target.sequence));
    world.change(noted).expect("the channel `live` never goes");
}
