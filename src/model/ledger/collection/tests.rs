use std::collections::BTreeMap;

use super::super::state::{Cause, Channel, Intent, Kept, Moved, Provenance};
use super::*;
use crate::model::release::TreeDigest;
use crate::model::timestamp::Timestamp;

fn id(n: u8) -> ReleaseId {
    ReleaseId::of_document(&[n])
}

fn at(seconds: i64) -> Stamp {
    Stamp::At(Timestamp::from_unix(seconds))
}

fn name(text: &str) -> ChannelName {
    ChannelName::new(text).expect("a plain name")
}

fn channel(release: ReleaseId, sequence: u64) -> Channel {
    let provenance = Provenance::default();
    let moved = Moved { id: Uuid::from_u128(1), release, sequence, at: at(1), cause: Cause::Publish, provenance };
    Channel { release, sequence, build: None, synced: None, expires: None, began: None, moves: vec![moved] }
}

/// Release 1 is shown by `live`, 2 by `preview`, 3 by nobody; release 4 is being made.
fn ledger() -> Ledger {
    let tree = TreeDigest::parse(&"0".repeat(32)).expect("32 digits");
    let kept =
        |retired_at| Kept { tree, staged_at: at(0), retired_at, pinned: None, provenance: Provenance::default() };
    Ledger {
        revision: 7,
        channels: BTreeMap::from([(name("live"), channel(id(1), 3)), (name("preview"), channel(id(2), 9))]),
        releases: BTreeMap::from([(id(1), kept(None)), (id(2), kept(None)), (id(3), kept(Some(at(5))))]),
        intents: BTreeMap::from([(Uuid::from_u128(4), Intent { release: id(4), at: at(2) })]),
        condemned: Some(Uuid::from_u128(20)),
        ..Ledger::new("static/")
    }
}

fn collection() -> Collection {
    Collection {
        revision: 7,
        releases: BTreeSet::from([id(3)]),
        intents: BTreeSet::from([Uuid::from_u128(4)]),
        channels: BTreeSet::from([name("preview")]),
        condemned: Some(Uuid::from_u128(21)),
    }
}

fn changed(step: Result<Step, Refusal>) -> Ledger {
    match step {
        Ok(Step::Changed(ledger)) => ledger,
        other => panic!("expected a change, got {other:?}"),
    }
}

#[test]
fn everything_leaves_in_the_version_that_condemns() {
    let next = changed(ledger().collect(&collection()));
    assert_eq!(next.releases.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from([id(1), id(2)]));
    assert!(next.intents.is_empty());
    assert_eq!(next.channels.keys().collect::<Vec<_>>(), [&name("live")]);
    assert_eq!((next.condemned, next.closed), (Some(Uuid::from_u128(21)), 9));
    assert_eq!(next.releases[&id(2)].retired_at, Some(Stamp::Now), "its channel has gone in this version");
    assert_eq!(next.collect(&collection()), Ok(Step::Already));
}

#[test]
fn a_collection_applies_to_the_ledger_it_was_worked_out_from() {
    let others = Ledger { revision: 8, ..ledger() };
    assert_eq!(others.collect(&collection()), Err(Refusal::Outdated));
    let mut both = ledger();
    both.channels.insert(name("other"), channel(id(2), 4));
    let next = changed(both.collect(&collection()));
    assert_eq!(next.releases[&id(2)].retired_at, None, "another channel shows it");
}

#[test]
fn only_the_list_that_was_worked_off_is_replaced() {
    let (first, second) = (Uuid::from_u128(20), Uuid::from_u128(21));
    for (list, left, expected) in
        [(first, None, Some(None)), (first, Some(second), Some(Some(second))), (second, None, None)]
    {
        let step = ledger().acknowledge(list, left);
        let condemned = match step {
            Step::Changed(next) => Some(next.condemned),
            Step::Already => None,
        };
        assert_eq!(condemned, expected, "{list} {left:?}");
    }
}

#[test]
fn pins_are_put_and_taken_back() {
    let pinned = changed(ledger().pin(id(3), "a mail links to it", Some("someone")));
    let pin = pinned.releases[&id(3)].pinned.clone().expect("a pin");
    assert_eq!((&*pin.reason, pin.actor.as_deref(), pin.at), ("a mail links to it", Some("someone"), Stamp::Now));
    assert_eq!(pinned.pin(id(3), "a mail links to it", Some("someone")), Ok(Step::Already));
    assert!(matches!(pinned.pin(id(3), "two mails do", Some("someone")), Ok(Step::Changed(_))));
    assert_eq!(changed(pinned.unpin(id(3))), ledger());
    assert_eq!(ledger().unpin(id(3)), Ok(Step::Already));
    for refused in [ledger().pin(id(9), "why", None), ledger().unpin(id(9))] {
        assert_eq!(refused, Err(Refusal::NotKept(id(9))));
    }
}
