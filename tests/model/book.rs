//! The ledger as the model holds it: the production value, brought to a normal form, so that states which differ only
//! in what no transition looks at are one state.
//!
//! Every write has revision 1 and no writer: whether a collection was worked out from the ledger as it now is, its
//! party knows by itself. All times are zero: a collector's policy chooses ages anew, see `collector.rs`.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use lastly::model::ledger::{Channel, Intent, Kept, Ledger, Moved, Stamp, Synced};
use lastly::model::timestamp::Timestamp;
use uuid::Uuid;

/// The revision that every ledger has in the model.
pub(crate) const REVISION: u64 = 1;

/// A ledger in its normal form.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    ledger: Arc<Ledger>,
    fingerprint: u64,
}

impl Book {
    pub(crate) fn new(ledger: Ledger) -> Self {
        let normal = Ledger { revision: REVISION, writer: Uuid::nil(), ..ledger };
        let normal = normal.settled(Timestamp::from_unix(0));
        Self { fingerprint: fingerprint(&normal), ledger: Arc::new(normal) }
    }
}

impl std::ops::Deref for Book {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

impl PartialEq for Book {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.ledger, &other.ledger) || self.ledger == other.ledger
    }
}

impl Hash for Book {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fingerprint.hash(state);
    }
}

/// Takes everything in that tells two ledgers apart. A field that is new to the ledger stops this from compiling.
fn fingerprint(ledger: &Ledger) -> u64 {
    let hasher = &mut DefaultHasher::new();
    let Ledger { prefix: _, revision: _, writer: _, channels, releases, intents, condemned, closed } = ledger;
    (condemned, closed, channels.len(), releases.len()).hash(hasher);
    for (name, Channel { release, sequence, build, synced, expires, began, moves }) in channels {
        (name, release, sequence, build, expires, began, moves.len()).hash(hasher);
        let synced = synced.as_ref().map(|Synced { sequence, manifest, told }| (sequence, manifest, told));
        synced.hash(hasher);
        for Moved { id, release, sequence, at, cause, provenance: _ } in moves {
            (id, release, sequence, seconds(*at), *cause as u8).hash(hasher);
        }
    }
    for (id, Kept { tree: _, staged_at, retired_at, pinned, provenance: _ }) in releases {
        (id, seconds(*staged_at), retired_at.map(seconds), pinned.is_some()).hash(hasher);
    }
    for (id, Intent { release, at }) in intents {
        (id, release, seconds(*at)).hash(hasher);
    }
    hasher.finish()
}

fn seconds(stamp: Stamp) -> i64 {
    stamp.or(Timestamp::from_unix(-1)).as_unix()
}
