use super::*;

fn id(n: u8) -> ReleaseId {
    ReleaseId::of_document(&[n])
}

fn tree(n: u8) -> TreeDigest {
    TreeDigest::parse(&format!("{n:032x}")).expect("32 digits")
}

fn wish(move_id: u128, cause: Cause) -> Move {
    Move {
        id: Uuid::from_u128(move_id),
        channel: ChannelName::live(),
        cause,
        build: None,
        expect: None,
        expires: None,
        provenance: Provenance::default(),
    }
}

fn changed(step: Result<Step, Refusal>) -> Ledger {
    match step {
        Ok(Step::Changed(ledger)) => ledger,
        other => panic!("expected a change, got {other:?}"),
    }
}

/// A ledger after one publish for each release, in order; the move of release `n` has id `n`.
fn published(releases: &[u8]) -> Ledger {
    releases.iter().fold(Ledger::new("static/"), |ledger, &n| {
        let intent = Uuid::from_u128(1000 + u128::from(n));
        let registered = changed(Ok(ledger.register(intent, id(n))));
        changed(registered.promote(intent, id(n), tree(n), &wish(n.into(), Cause::Publish)))
            .settled(Timestamp::from_unix(n.into()))
    })
}

#[test]
fn a_commit_moves_the_channel_and_retires_what_was_there() {
    let ledger = published(&[1, 2]);
    let channel = &ledger.channels[&ChannelName::live()];
    assert_eq!((channel.release, channel.sequence), (id(2), 2));
    assert_eq!(ledger.releases[&id(1)].retired_at, Some(Stamp::At(Timestamp::from_unix(2))));
    assert_eq!(ledger.releases[&id(2)].retired_at, None);
    assert!(ledger.intents.is_empty());
    assert_eq!(ledger.made_of(tree(1)), Some(id(1)));
}

#[test]
fn a_release_that_another_channel_shows_is_not_retired() {
    let ledger = published(&[1]);
    let preview = Move { channel: ChannelName::new("preview").expect("plain"), ..wish(7, Cause::Activate) };
    let ledger = changed(ledger.carry_out(&preview, id(1)));
    let intent = Uuid::from_u128(50);
    let ledger = changed(Ok(ledger.register(intent, id(2))));
    let ledger = changed(ledger.promote(intent, id(2), tree(2), &wish(8, Cause::Publish)));
    assert_eq!(ledger.releases[&id(1)].retired_at, None);
}

#[test]
fn a_publisher_without_its_intent_is_sent_back() {
    let ledger = published(&[1]);
    let step = ledger.promote(Uuid::from_u128(9), id(2), tree(2), &wish(9, Cause::Publish));
    assert_eq!(step, Err(Refusal::IntentGone));
    // A release that is kept is whole, so the intent is not needed.
    let again = changed(ledger.promote(Uuid::from_u128(9), id(1), tree(1), &wish(9, Cause::Publish)));
    assert_eq!(again.channels[&ChannelName::live()].sequence, 2);
}

#[test]
fn a_step_whose_answer_was_lost_recognises_itself() {
    let ledger = published(&[1, 2]);
    assert_eq!(ledger.promote(Uuid::from_u128(1001), id(1), tree(1), &wish(1, Cause::Publish)), Ok(Step::Already));
    assert_eq!(ledger.stage(Uuid::from_u128(1001), id(1), tree(1), &Provenance::default()), Ok(Step::Already));
    assert_eq!(ledger.abandon(Uuid::from_u128(1001)), Step::Already);
}

#[test]
fn an_older_build_never_replaces_a_newer_one() {
    let numbered = |n, build| Move { build, ..wish(n, Cause::Activate) };
    let ledger = changed(published(&[1, 2]).carry_out(&numbered(10, Some(40)), id(1)));
    let channel = &ledger.channels[&ChannelName::live()];
    assert_eq!((channel.sequence, channel.build), (40, Some(40)));
    let refusal = ledger.carry_out(&numbered(11, Some(39)), id(1));
    assert_eq!(refusal, Err(Refusal::Outrun { channel: ChannelName::live(), theirs: 40, ours: 39 }));
    // The same build again, and moves without a number, are free to go on.
    let ledger = changed(ledger.carry_out(&numbered(12, Some(40)), id(1)));
    let ledger = changed(ledger.carry_out(&numbered(13, None), id(2)));
    let channel = &ledger.channels[&ChannelName::live()];
    assert_eq!((channel.sequence, channel.build), (42, Some(40)));
}

/// The public side has followed.
fn followed(ledger: Ledger) -> Ledger {
    let sequence = ledger.channels[&ChannelName::live()].sequence;
    let note = Synced { sequence, manifest: "etag".to_owned(), told: BTreeSet::new() };
    changed(ledger.synced(&ChannelName::live(), &note))
}

#[test]
fn rollbacks_go_further_back_each_time() {
    let live = ChannelName::live();
    let ledger = published(&[1, 2, 3]);
    assert_eq!(ledger.before_current(&live), Ok(id(2)));
    let ledger = followed(changed(ledger.carry_out(&wish(20, Cause::Rollback), id(2))));
    assert_eq!(ledger.before_current(&live), Ok(id(1)));
    let ledger = followed(changed(ledger.carry_out(&wish(21, Cause::Rollback), id(1))));
    assert_eq!(ledger.before_current(&live), Err(Refusal::NothingBefore(live.clone())));
    let nowhere = ChannelName::new("nowhere").expect("plain");
    assert_eq!(ledger.before_current(&nowhere), Err(Refusal::NoChannel(nowhere.clone())));
}

#[test]
fn a_rollback_that_was_cut_short_is_finished_first() {
    let live = ChannelName::live();
    let ledger = changed(published(&[1, 2, 3]).carry_out(&wish(20, Cause::Rollback), id(2)));
    assert_eq!(ledger.before_current(&live), Ok(id(2)));
    assert_eq!(followed(ledger).before_current(&live), Ok(id(1)));
}

#[test]
fn a_build_that_finds_its_files_current_counts() {
    let ledger = published(&[1, 2]);
    let numbered = |build, release| ledger.confirm(&Move { build, ..wish(40, Cause::Publish) }, id(release));
    assert_eq!(numbered(None, 2), Ok(Step::Already));
    assert!(matches!(numbered(Some(7), 1), Err(Refusal::Unexpected { .. })));
    let confirmed = changed(numbered(Some(7), 2));
    let channel = &confirmed.channels[&ChannelName::live()];
    assert_eq!((channel.build, channel.sequence, channel.moves.len()), (Some(7), 2, 2));
    let late = Move { build: Some(6), ..wish(41, Cause::Publish) };
    assert!(matches!(confirmed.confirm(&late, id(2)), Err(Refusal::Outrun { .. })));
    assert!(matches!(confirmed.permits(&late), Err(Refusal::Outrun { .. })));
}

#[test]
fn expectations_hold_or_refuse() {
    let ledger = published(&[1, 2]);
    let expecting = |expect| ledger.permits(&Move { expect: Some(expect), ..wish(30, Cause::Activate) });
    assert_eq!(expecting(Expectation::Release(id(2))), Ok(()));
    assert!(matches!(expecting(Expectation::Release(id(1))), Err(Refusal::Unexpected { .. })));
    assert!(matches!(expecting(Expectation::Nothing), Err(Refusal::Unexpected { .. })));
}

#[test]
fn only_what_is_kept_can_become_current() {
    assert_eq!(published(&[1]).carry_out(&wish(31, Cause::Activate), id(9)), Err(Refusal::NotKept(id(9))));
}

#[test]
fn a_late_note_of_synchrony_changes_nothing() {
    let ledger = published(&[1, 2]);
    let note = |sequence| Synced { sequence, manifest: "etag".to_owned(), told: BTreeSet::new() };
    assert_eq!(ledger.synced(&ChannelName::live(), &note(1)), Ok(Step::Already));
    let ledger = changed(ledger.synced(&ChannelName::live(), &note(2)));
    assert!(ledger.channels[&ChannelName::live()].is_synced());
}

#[test]
fn releases_are_found_by_channel_or_by_the_beginning_of_their_id() {
    let ledger = published(&[1, 2]);
    assert_eq!(ledger.find("live"), Ok(id(2)));
    assert_eq!(ledger.find(&id(1).to_string()[..8]), Ok(id(1)));
    assert_eq!(ledger.find("zz"), Err(FindError::None("zz".to_owned())));
    assert_eq!(ledger.find(""), Err(FindError::None(String::new())));
}

#[test]
fn a_rollback_never_returns_to_what_was_rolled_back_from() {
    let live = ChannelName::live();
    let synced = |ledger: Ledger| {
        let sequence = ledger.channels[&ChannelName::live()].sequence;
        let note = Synced { sequence, manifest: "etag".to_owned(), told: BTreeSet::new() };
        changed(ledger.synced(&ChannelName::live(), &note))
    };
    let ledger = synced(changed(published(&[1, 2, 3]).carry_out(&wish(20, Cause::Rollback), id(2))));
    let ledger = changed(Ok(ledger.register(Uuid::from_u128(77), id(4))));
    let ledger = synced(changed(ledger.promote(Uuid::from_u128(77), id(4), tree(4), &wish(21, Cause::Publish))));
    assert_eq!(ledger.before_current(&live), Ok(id(2)));
    // One that goes further back than the last publish leaves out everything between.
    let ledger = synced(changed(ledger.carry_out(&wish(22, Cause::Rollback), id(1))));
    assert_eq!(ledger.before_current(&live), Err(Refusal::NothingBefore(live)));
}

#[test]
fn a_release_is_retired_when_the_manifest_has_left_it() {
    let live = ChannelName::live();
    let ledger = published(&[1, 2, 3]);
    let note = |sequence| Synced { sequence, manifest: "etag".to_owned(), told: BTreeSet::new() };
    let later = changed(ledger.synced(&live, &note(3))).settled(Timestamp::from_unix(90));
    let retired =
        |ledger: &Ledger, n| ledger.releases[&id(n)].retired_at.map(|stamp| stamp.or(Timestamp::from_unix(0)));
    assert_eq!(retired(&ledger, 2), Some(Timestamp::from_unix(3)));
    assert_eq!(
        [1, 2, 3].map(|n| retired(&later, n)),
        [Some(90), Some(90), None].map(|at| at.map(Timestamp::from_unix))
    );
    let told = Synced { told: BTreeSet::from(["a CDN".to_owned()]), ..note(3) };
    let again = changed(later.synced(&live, &told)).settled(Timestamp::from_unix(95));
    assert_eq!(retired(&again, 2), Some(Timestamp::from_unix(90)), "only the manifest counts");
}

#[test]
fn a_channel_begins_above_every_one_that_has_been_dropped() {
    let ledger = Ledger { closed: 7, ..published(&[1]) };
    let preview = Move { channel: ChannelName::new("preview").expect("plain"), ..wish(9, Cause::Activate) };
    let ledger = changed(ledger.carry_out(&preview, id(1)));
    let channel = &ledger.channels[&preview.channel];
    assert_eq!((channel.sequence, channel.begins()), (8, 8));
    assert_eq!(ledger.channels[&ChannelName::live()].sequence, 1);
}
