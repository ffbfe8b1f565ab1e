use super::*;
use crate::model::ledger::{Cause, Intent, Moved, Pin, Provenance};
use crate::model::release::TreeDigest;

const NOW: i64 = 100 * 86_400;

fn id(n: u8) -> ReleaseId {
    ReleaseId::of_document(&[n])
}

fn name(text: &str) -> ChannelName {
    ChannelName::new(text).expect("a plain name")
}

/// So many days ago.
fn ago(days: i64) -> Stamp {
    Stamp::At(Timestamp::from_unix(NOW - days * 86_400))
}

fn kept(staged: i64, retired: Option<i64>) -> Kept {
    let tree = TreeDigest::parse(&"0".repeat(32)).expect("32 digits");
    let provenance = Provenance::default();
    Kept { tree, staged_at: ago(staged), retired_at: retired.map(ago), pinned: None, provenance }
}

/// A channel that has moved to these releases, the last of them so many days ago and each other a day before the next.
fn channel(releases: &[u8], last: i64) -> Channel {
    let count = i64::try_from(releases.len()).expect("a few");
    let moves: Vec<Moved> = (1..)
        .zip(releases)
        .map(|(sequence, n)| Moved {
            id: Uuid::nil(),
            release: id(*n),
            sequence,
            at: ago(last + count - i64::try_from(sequence).expect("a few")),
            cause: Cause::Publish,
            provenance: Provenance::default(),
        })
        .collect();
    let newest = moves.last().expect("at least one");
    Channel {
        release: newest.release,
        sequence: newest.sequence,
        build: None,
        synced: None,
        expires: None,
        began: None,
        moves: moves.clone(),
    }
}

fn shown(channel: &Channel) -> Shown {
    Shown { sequence: channel.sequence, release: channel.release, ttl: Duration::ZERO, pages: Vec::new() }
}

/// `live` has shown releases 1 to 9, the last of them a day ago; each other was left a day before the next was.
fn ledger() -> (Ledger, Public) {
    let live = channel(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 1);
    let public = Public::from([(name("live"), shown(&live))]);
    let releases = (1..=9).map(|n| (id(n), kept(10, (n < 9).then(|| 9 - i64::from(n)))));
    let ledger =
        Ledger { channels: BTreeMap::from([(name("live"), live)]), releases: releases.collect(), ..Ledger::new("") };
    (ledger, public)
}

fn decided(policy: &Policy, ledger: &Ledger, public: &Public) -> Decision {
    decide(policy, ledger, public, Timestamp::from_unix(NOW))
}

fn goes(decision: &Decision) -> Vec<u8> {
    (0..30).filter(|n| decision.dropped().contains(&id(*n))).collect()
}

fn reasons(decision: &Decision, n: u8) -> Vec<String> {
    match &decision.releases[&id(n)] {
        Verdict::Stays(reasons) => reasons.iter().map(ToString::to_string).collect(),
        Verdict::Goes(ending) => vec![format!("goes: {ending}")],
    }
}

#[test]
fn age_counts_from_when_a_release_was_left_and_a_few_stay_anyway() {
    let (ledger, public) = ledger();
    let days = |days: u64| Duration::from_secs(days * 86_400);
    for (keep_for, keep_last, expected) in [
        (days(7), 5, vec![1, 2]),
        (days(7), 0, vec![1, 2]),
        (days(2), 0, vec![1, 2, 3, 4, 5, 6, 7]),
        (days(2), 3, vec![1, 2, 3, 4, 5]),
        (days(0), 0, vec![1, 2, 3, 4, 5, 6, 7, 8]),
        (days(0), 100, vec![]),
    ] {
        let policy = Policy { keep_for, keep_last, ..Policy::default() };
        assert_eq!(goes(&decided(&policy, &ledger, &public)), expected, "{keep_for:?} {keep_last}");
    }
    let decision = decided(&Policy::default(), &ledger, &public);
    assert_eq!(reasons(&decision, 9), ["current on `live`"]);
    assert_eq!(
        reasons(&decision, 6),
        ["one of the last that `live` showed, keep-last 5", "stopped being current 3 d ago, keep-for 1w"]
    );
    assert_eq!(reasons(&decision, 3), ["stopped being current 6 d ago, keep-for 1w"]);
    assert_eq!(reasons(&decision, 1), ["goes: stopped being current 8 d ago"]);
}

#[test]
fn what_is_uploaded_and_never_shown_has_a_time_of_its_own() {
    let (mut ledger, public) = ledger();
    ledger.releases.insert(id(20), kept(6, None));
    ledger.releases.insert(id(21), kept(7, None));
    let decision = decided(&Policy { keep_last: 20, ..Policy::default() }, &ledger, &public);
    assert_eq!(reasons(&decision, 20), ["uploaded 6 d ago and not shown yet, keep-unreleased 1w"]);
    assert_eq!(reasons(&decision, 21), ["goes: uploaded 7 d ago and never shown"]);
}

#[test]
fn pins_hold_and_say_whose_they_are() {
    let (mut ledger, public) = ledger();
    let pin = Pin { reason: "a mail links to it".to_owned(), actor: Some("someone".to_owned()), at: ago(50) };
    ledger.releases.get_mut(&id(1)).expect("kept").pinned = Some(pin);
    let decision = decided(&Policy { keep_last: 0, ..Policy::default() }, &ledger, &public);
    assert_eq!(goes(&decision), [2]);
    assert_eq!(reasons(&decision, 1), ["pinned by someone since 1970-02-20T00:00:00Z: a mail links to it"]);
}

/// P3 of the protocol: what a manifest shows, or may show when a late publisher writes it, stays.
#[test]
fn what_a_manifest_may_still_show_stays() {
    let (ledger, mut public) = ledger();
    let nothing = Policy { keep_for: Duration::ZERO, keep_last: 0, ..Policy::default() };
    let live = public.get_mut(&name("live")).expect("a manifest");
    (live.sequence, live.release) = (7, id(7));
    assert_eq!(goes(&decided(&nothing, &ledger, &public)), [1, 2, 3, 4, 5, 6]);
    assert_eq!(goes(&decided(&nothing, &ledger, &Public::new())), Vec::<u8>::new(), "it has followed nothing yet");
    let left = Shown { sequence: 3, release: id(2), ttl: Duration::ZERO, pages: Vec::new() };
    public.insert(name("gone"), left);
    let decision = decided(&nothing, &ledger, &public);
    assert_eq!(reasons(&decision, 2), ["the manifest of `gone` shows it, or may until it has followed"]);
}

#[test]
fn expired_channels_go_and_their_releases_have_time_left() {
    let (mut ledger, mut public) = ledger();
    let expiring = |days: u64| Channel { expires: Some(Duration::from_secs(days * 86_400)), ..channel(&[21, 20], 5) };
    for (text, days) in [("short", 5), ("long", 6)] {
        let channel = expiring(days);
        public.insert(name(text), shown(&channel));
        ledger.channels.insert(name(text), channel);
    }
    ledger.channels.get_mut(&name("live")).expect("it is there").expires = Some(Duration::ZERO);
    ledger.releases.insert(id(20), kept(50, None));
    ledger.releases.insert(id(21), kept(50, Some(6)));
    let nothing = Policy { keep_for: Duration::ZERO, keep_last: 5, ..Policy::default() };
    let decision = decided(&nothing, &ledger, &public);
    assert_eq!(decision.channels.keys().collect::<Vec<_>>(), [&name("short")]);
    assert_eq!(reasons(&decision, 20), ["current on `long`", "current on `short`, which goes with this collection"]);
    ledger.channels.remove(&name("long"));
    public.remove(&name("long"));
    let decision = decided(&nothing, &ledger, &public);
    assert_eq!(reasons(&decision, 20), ["current on `short`, which goes with this collection"]);
    assert_eq!(reasons(&decision, 21), ["goes: stopped being current 6 d ago"]);
}

#[test]
fn intents_are_reaped_by_age_and_hold_their_releases_until_then() {
    let (mut ledger, public) = ledger();
    for (n, at) in [(30, ago(0)), (31, ago(1)), (32, Stamp::Now)] {
        ledger.intents.insert(Uuid::from_u128(n), Intent { release: id(u8::try_from(n).expect("small")), at });
    }
    let decision = decided(&Policy::default(), &ledger, &public);
    assert_eq!(decision.intents.keys().collect::<Vec<_>>(), [&Uuid::from_u128(31)]);
    assert!(decision.remaining.contains(&id(30)) && decision.remaining.contains(&id(32)));
    assert!(!decision.remaining.contains(&id(31)) && !decision.is_idle());
}

#[test]
fn keep_for_covers_what_browsers_may_ask_for() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let (_, mut public) = ledger();
    for (keep_for, ttl, allow_short_retention, fine) in [
        (hours(48), hours(0), false, true),
        (hours(47), hours(0), false, false),
        (hours(47), hours(0), true, true),
        (hours(48), hours(1), false, false),
        (hours(49), hours(1), false, true),
    ] {
        public.get_mut(&name("live")).expect("a manifest").ttl = ttl;
        let policy = Policy { keep_for, allow_short_retention, ..Policy::default() };
        assert_eq!(policy.check(&public).is_ok(), fine, "{keep_for:?} {ttl:?}");
    }
    let refused = Policy { keep_for: hours(1), ..Policy::default() }.check(&public).expect_err("too short").to_string();
    assert!(refused.contains("manifest 1h + HTML 1d + session 1d = 49h"), "{refused}");
}

#[test]
fn caches_keep_what_their_headers_say() {
    for (text, seconds) in [
        (None, 86_400),
        (Some("no-cache"), 0),
        (Some("no-store, max-age=60"), 0),
        (Some("public, max-age=60"), 60),
        (Some("max-age=60, S-MaxAge=600"), 600),
        (Some("max-age=\"30\""), 30),
        (Some("public"), 86_400),
    ] {
        assert_eq!(lifetime(text), Duration::from_secs(seconds), "{text:?}");
    }
}

#[test]
fn spans_are_said_in_their_largest_unit() {
    for (seconds, text) in [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7_199, "1 h"), (86_400 * 3 + 5, "3 d")] {
        assert_eq!(rough(Duration::from_secs(seconds)), text);
    }
}
