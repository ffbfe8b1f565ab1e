//! How far back a channel remembers its moves: as far as anything hangs on them, and a few more for whoever reads.

use std::collections::BTreeMap;

use super::state::{Cause, Channel, Kept};
use crate::model::release::ReleaseId;

/// How many moves a channel remembers at least.
pub const MOVES: usize = 200;

impl Channel {
    /// Forgets the oldest moves beyond [`MOVES`] of which nothing hangs any more: those of releases that are gone, were
    /// shown again later, or stay for a pin's sake alone. What the public side may not have left yet is remembered, and
    /// no rollback loses sight of the move that it went back to, so that what was undone stays undone.
    pub(super) fn forget_moves(&mut self, releases: &BTreeMap<ReleaseId, Kept>) {
        let count = self.forgettable(releases);
        if count > 0 {
            self.began = Some(self.begins());
            self.moves.drain(..count);
        }
    }

    fn forgettable(&self, releases: &BTreeMap<ReleaseId, Kept>) -> usize {
        let (moves, most) = (&self.moves, self.moves.len().saturating_sub(MOVES));
        let followed = self.synced.as_ref().map_or(0, |synced| synced.sequence);
        let is_needed = |at: usize| {
            let moved = &moves[at];
            let is_kept = releases.get(&moved.release).is_some_and(|kept| kept.pinned.is_none());
            let is_last = || !moves[at + 1..].iter().any(|later| later.release == moved.release);
            moved.sequence >= followed || is_kept && is_last()
        };
        let most = (0..most).find(|at| is_needed(*at)).unwrap_or(most);
        if most == 0 {
            return 0;
        }
        let spans = self.undone();
        let cuts_none = |at: usize| !spans.iter().any(|(target, rollback)| *target < at && at < *rollback);
        (0..=most).rev().find(|at| cuts_none(*at)).unwrap_or(0)
    }

    /// Each rollback, behind the move that it went back to.
    fn undone(&self) -> Vec<(usize, usize)> {
        let (mut line, mut spans): (Vec<usize>, _) = (Vec::new(), Vec::new());
        for (at, moved) in self.moves.iter().enumerate() {
            let target =
                |line: &[usize]| line.iter().rposition(|earlier| self.moves[*earlier].release == moved.release);
            if moved.cause == Cause::Rollback
                && let Some(place) = target(&line)
            {
                spans.push((line[place], at));
                line.truncate(place);
            }
            line.push(at);
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::layout::ChannelName;
    use crate::model::ledger::state::Moved;
    use crate::model::ledger::{Ledger, Pin, Provenance, Stamp, Synced};
    use crate::model::release::TreeDigest;

    fn id(n: usize) -> ReleaseId {
        ReleaseId::of_document(&n.to_le_bytes())
    }

    fn kept() -> Kept {
        let tree = TreeDigest::parse(&"0".repeat(32)).expect("32 digits");
        let provenance = Provenance::default();
        Kept { tree, staged_at: Stamp::Now, retired_at: None, pinned: None, provenance }
    }

    /// A channel that has moved like this, all of it followed, and a ledger that keeps these releases.
    fn ledger(moves: &[(usize, Cause)], keeps: &[usize]) -> Ledger {
        let moved = |(at, (n, cause)): (usize, &(usize, Cause))| Moved {
            id: Uuid::from_u128(at as u128),
            release: id(*n),
            sequence: at as u64 + 5,
            at: Stamp::Now,
            cause: *cause,
            provenance: Provenance::default(),
        };
        let moves: Vec<Moved> = moves.iter().enumerate().map(moved).collect();
        let (release, sequence) = moves.last().map(|last| (last.release, last.sequence)).expect("a move");
        let synced = Some(Synced { sequence, manifest: "etag".to_owned(), told: Default::default() });
        let channel = Channel { release, sequence, build: None, synced, expires: None, began: None, moves };
        Ledger {
            channels: BTreeMap::from([(ChannelName::live(), channel)]),
            releases: keeps.iter().map(|n| (id(*n), kept())).collect(),
            ..Ledger::new("")
        }
    }

    fn forgotten(mut ledger: Ledger) -> (Ledger, usize) {
        let channel = ledger.channels.get_mut(&ChannelName::live()).expect("it is there");
        let (before, begins) = (channel.moves.len(), channel.begins());
        channel.forget_moves(&ledger.releases);
        assert_eq!(channel.begins(), begins);
        let count = before - channel.moves.len();
        (ledger, count)
    }

    fn publishes(range: std::ops::Range<usize>) -> Vec<(usize, Cause)> {
        range.map(|n| (n, Cause::Publish)).collect()
    }

    #[test]
    fn moves_to_what_is_gone_are_forgotten_and_others_are_not() {
        let moves = publishes(0..1000);
        assert_eq!(forgotten(ledger(&moves, &[998, 999])).1, 800);
        assert_eq!(forgotten(ledger(&moves, &[300, 998, 999])).1, 300);
        assert_eq!(forgotten(ledger(&moves[..MOVES], &[199])).1, 0);
        let mut pinned = ledger(&moves, &[300, 998, 999]);
        let pin = Pin { reason: "an audit".to_owned(), actor: None, at: Stamp::Now };
        pinned.releases.get_mut(&id(300)).expect("kept").pinned = Some(pin);
        assert_eq!(forgotten(pinned).1, 800);
    }

    #[test]
    fn moves_that_the_public_side_has_not_left_are_remembered() {
        let mut behind = ledger(&publishes(0..1000), &[999]);
        let channel = behind.channels.get_mut(&ChannelName::live()).expect("it is there");
        channel.synced.as_mut().expect("followed").sequence = 5 + 40;
        assert_eq!(forgotten(behind.clone()).1, 40);
        behind.channels.get_mut(&ChannelName::live()).expect("it is there").synced = None;
        assert_eq!(forgotten(behind).1, 0);
    }

    #[test]
    fn what_was_rolled_back_from_stays_so() {
        // 700 is undone by a rollback to 690; a cut between them would bring it back.
        let mut moves = publishes(0..800);
        moves.insert(701, (690, Cause::Rollback));
        moves.extend(publishes(800..890));
        let whole = ledger(&moves, &[700, 720, 889]);
        let (cut, count) = forgotten(whole.clone());
        assert_eq!(count, 690, "up to where it went back to");
        let live = ChannelName::live();
        assert_eq!((whole.before_current(&live), cut.before_current(&live)), (Ok(id(720)), Ok(id(720))));
    }

    #[test]
    fn a_channel_that_goes_to_and_fro_does_not_grow() {
        let moves: Vec<_> = (0..1000)
            .map(|at| {
                if at % 2 == 0 {
                    (0, if at == 0 { Cause::Publish } else { Cause::Rollback })
                } else {
                    (1, Cause::Activate)
                }
            })
            .collect();
        let whole = ledger(&moves, &[0, 1]);
        let (cut, count) = forgotten(whole.clone());
        assert_eq!(count, 800);
        let live = ChannelName::live();
        assert_eq!(whole.before_current(&live), cut.before_current(&live));
    }
}
