use std::collections::BTreeMap;

use super::super::check::Verdict::{self, Advice, Bad, Good};
use super::*;
use crate::model::ledger::Synced;
use crate::model::release::ReleaseId;
use crate::model::wire::WireError;
use crate::policy::{Role, Scope};
use crate::store::{LifecycleRule, Verb};

fn error(action: &str, reason: Reason) -> StoreError {
    StoreError::refused(Verb::Inspect, action, reason)
}

/// A bucket of which nobody may see how it is set up.
fn closed() -> BucketSettings {
    BucketSettings {
        name: "assets".to_owned(),
        now: None,
        policy: Err(error("s3:GetBucketPolicy", Reason::Denied)),
        cors: Err(error("s3:GetBucketCORS", Reason::Denied)),
        closed_to_public: Err(error("s3:GetBucketPublicAccessBlock", Reason::Denied)),
        lifecycle: Err(error("s3:GetLifecycleConfiguration", Reason::Denied)),
    }
}

fn layout() -> Layout {
    Layout::new("static", None)
}

/// Compares a check with its verdict, a piece of what was found and a piece of what is to be changed.
fn assert_says(check: &Check, verdict: Verdict, found: &str, change: &str) {
    let told = check.change.as_deref().unwrap_or_default();
    let all = check.verdict == verdict && check.found.contains(found) && told.contains(change);
    assert!(all && told.is_empty() == change.is_empty(), "{check:?} is not {verdict:?}, {found:?}, {change:?}");
}

#[test]
fn a_store_that_answers_and_one_that_does_not() {
    assert_says(&store(&Ok(None)), Good, "answers", "");
    let refused = error("x", Reason::Denied).because("the store answered 403 RequestTimeTooSkewed");
    let refused = Err(CommitError::Store(refused));
    assert_says(&store(&refused), Bad, "access denied: the store answered 403 RequestTimeTooSkewed", "lastly policy");
    assert_says(&ledger(&refused), Advice, "it could not be read: access denied", "");
    let missing = Err(CommitError::Store(error("x", Reason::NoStore)));
    assert_says(&store(&missing), Bad, "there is no such store", "AWS_REGION");
}

#[test]
fn a_key_that_is_not_there() {
    assert_says(&missing_keys(&Ok(None)), Good, "told from", "");
    assert_says(&missing_keys(&Err(error("x", Reason::Denied))), Bad, "look the same", "s3:ListBucket");
    assert_says(&missing_keys(&Err(error("x", Reason::Unavailable))), Bad, "not available", "again");
}

#[test]
fn the_proof_says_that_it_has_written() {
    assert_says(&conditional_writes(&Ok(()), &layout()), Good, "objects of its own below `.lastly/static/`", "");
    let failed = ProbeError::Store(error("x", Reason::Denied));
    let failed_hints = failed.hints().join("; ");
    let failed = Err(failed);
    assert_says(&conditional_writes(&failed, &layout()), Bad, "access denied (tried with", &failed_hints);
}

#[test]
fn versions_are_kept_or_not() {
    let command = "`aws s3api put-bucket-versioning --versioning-configuration Status=Enabled --bucket assets`";
    for (versioning, verdict, found, change) in [
        (Ok(Versioning::Enabled), Good, "every version", ""),
        (Ok(Versioning::Suspended), Bad, "suspended", command),
        (Ok(Versioning::Off), Advice, "gc` will refuse", command),
        (
            Err(error("s3:GetBucketVersioning", Reason::Denied)),
            Advice,
            "access denied to s3:GetBucketVersioning",
            "use credentials",
        ),
        (Err(error("s3:GetBucketVersioning", Reason::Unsupported)), Advice, "does not support", ""),
    ] {
        assert_says(&versions(&versioning, Some("assets")), verdict, found, change);
    }
}

#[test]
fn clocks_that_differ() {
    for (machine, verdict, found) in [
        (100_000, Good, "0 s behind"),
        (100_300, Good, "300 s ahead of"),
        (99_699, Advice, "301 s behind"),
        (100_900, Advice, "900 s ahead of"),
        (99_099, Bad, "901 s behind"),
    ] {
        let check = clock(Timestamp::from_unix(machine), Some(Timestamp::from_unix(100_000)));
        assert_says(&check, verdict, found, if verdict == Good { "" } else { "timedatectl" });
    }
    assert_says(&clock(Timestamp::from_unix(0), None), Advice, "did not say", "");
}

#[test]
fn patterns_match_as_iam_and_cloudfront_have_it() {
    for (pattern, text, expected) in [
        ("*", "", true),
        ("", "a", false),
        ("a*c", "abbc", true),
        ("a*c", "abbd", false),
        ("s3:put*", "s3:putobject", true),
        ("a?c", "aéc", true),
        ("a?c", "ac", false),
        ("*.css", "a/b.css", true),
        ("⊗*", "⊗.txt", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

fn with_policy(text: Option<&str>) -> Check {
    policy(&BucketSettings { policy: Ok(text.map(str::to_owned)), ..closed() }, &layout())
}

#[test]
fn the_policy_that_lastly_prints_is_good() {
    let layout = layout();
    let scope = Scope { bucket: "assets", layout: &layout, distributions: &[], account: "123456789012" };
    let printed = crate::policy::policy(Role::Bucket, &scope).to_string();
    assert_says(&with_policy(Some(&printed)), Good, "demands", "");
    let other_site = printed.replace("assets/static/", "assets/other/");
    assert_says(&with_policy(Some(&other_site)), Advice, "does not keep", "add the statements");
    let reader = crate::policy::policy(Role::Reader, &scope).to_string();
    assert_says(&with_policy(Some(&reader)), Advice, "does not keep", "add the statements");
}

#[test]
fn other_policies() {
    let statement = |effect: &str, rest: &str| {
        format!(r#"{{"Statement":{{"Effect":"{effect}","Principal":"*","Action":"s3:*","Resource":"*"{rest}}}}}"#)
    };
    let null = r#","Condition":{"Null":{"S3:If-None-Match":["true"]}}"#;
    assert_says(&with_policy(Some(&statement("Deny", null))), Good, "demands", "");
    assert_says(&with_policy(Some(&statement("Allow", null))), Advice, "does not keep", "lastly policy bucket");
    assert_says(&with_policy(Some(&statement("Deny", ""))), Advice, "does not keep", "lastly policy bucket");
    assert_says(&with_policy(Some("no JSON")), Advice, "does not keep", "lastly policy bucket");
    assert_says(&with_policy(None), Advice, "does not keep", "put-bucket-policy --policy file://policy.json");
}

#[test]
fn what_a_lifecycle_does() {
    let rule = |prefix: &str, aborts_uploads, takes_objects_away| LifecycleRule {
        id: "one".to_owned(),
        prefix: prefix.to_owned(),
        aborts_uploads,
        takes_objects_away,
    };
    for (rules, expected) in [
        (vec![], vec![(Advice, "for ever", "put-bucket-lifecycle-configuration")]),
        (vec![rule("", true, false)], vec![(Good, "thrown away", "")]),
        (vec![rule("logs/", true, true)], vec![(Advice, "for ever", "add the rule")]),
        (vec![rule("", true, true)], vec![(Bad, "`one` takes", "switch"), (Good, "thrown away", "")]),
        (
            vec![rule("static/img", false, true), rule("static/", true, false)],
            vec![
                (Advice, "takes objects below `static/img`", "if the site has any there, switch"),
                (Good, "thrown away", ""),
            ],
        ),
        (
            vec![rule(".lastly/", false, true), rule("", true, false)],
            vec![(Bad, "`one` takes", "switch"), (Good, "thrown away", "")],
        ),
    ] {
        let checks = lifecycle(&BucketSettings { lifecycle: Ok(rules), ..closed() }, &layout());
        assert_eq!(checks.len(), expected.len(), "{checks:?}");
        for (check, (verdict, found, change)) in checks.iter().zip(expected) {
            assert_says(check, verdict, found, change);
        }
    }
}

#[test]
fn what_concerns_a_bucket_depends_on_who_reads_it() {
    let names = |checks: Vec<Check>| checks.into_iter().map(|check| check.what).collect::<Vec<_>>();
    assert_eq!(names(bucket(&closed(), &layout(), false, None)), ["bucket policy", "lifecycle"]);
    let all = bucket(&closed(), &layout(), true, Some(false));
    for check in &all {
        assert_says(check, Advice, "access denied to s3:Get", "use credentials that allow s3:Get");
    }
    assert_eq!(names(all), ["bucket policy", "lifecycle", "public access", "CORS"]);
    assert_says(&cors(&closed(), true), Good, "response headers policy", "");
    let open = BucketSettings { cors: Ok(false), closed_to_public: Ok(false), ..closed() };
    assert_says(&cors(&open, false), Advice, "no fonts", "put-bucket-cors");
    assert_says(&public_access(&open), Advice, "could open", "put-public-access-block");
    let shut = BucketSettings { cors: Ok(true), closed_to_public: Ok(true), ..closed() };
    assert_says(&cors(&shut, false), Good, "a rule", "");
    assert_says(&public_access(&shut), Good, "no policy", "");
}

#[test]
fn a_ledger_that_cannot_be_used() {
    assert_says(&ledger(&Ok(None)), Good, "nothing has been published", "");
    assert_says(&ledger(&Ok(Some(Ledger::new("static/")))), Good, "releases: 0, channels: 0", "");
    let newer = WireError::Newer { document: "the ledger", found: 9, known: 1 };
    let newer = Err(CommitError::Damaged { key: "k".to_owned(), source: newer });
    assert_says(&ledger(&newer), Bad, "cannot be used: ", "update this one");
}

#[test]
fn a_manifest_against_its_ledger() {
    let [current, other] = [b"a", b"b"].map(|bytes| ReleaseId::of_document(bytes));
    let live = ChannelName::live();
    let moved = |synced: Option<u64>| Channel {
        release: current,
        sequence: 7,
        build: None,
        synced: synced.map(|sequence| Synced { sequence, manifest: "e".to_owned(), told: Default::default() }),
        expires: None,
        began: None,
        moves: Vec::new(),
    };
    let shows = |sequence, release| {
        let (channel, published) = (live.clone(), Timestamp::from_unix(0));
        Ok(Some(Manifest { channel, sequence, release, published, base_url: None, pages: BTreeMap::new() }))
    };
    let again = format!("`lastly activate {current} --channel live`");
    for (synced, manifest, verdict, found, change) in [
        (Some(7), shows(7, current), Good, "in step", ""),
        (Some(6), shows(7, current), Advice, "told", &*again),
        (Some(6), shows(6, other), Bad, "(move 6), not", &*again),
        (Some(7), shows(7, other), Bad, "(move 7), not", &*again),
        (Some(7), shows(8, other), Bad, "put back", "newest version"),
        (None, Ok(None), Bad, "no manifest", &*again),
        (None, Err(DocumentError::Missing(layout().ledger())), Bad, "is missing", "restore"),
        (None, Err(error("x", Reason::Denied).into()), Advice, "could not be read: access denied", ""),
    ] {
        assert_says(&channel(&live, &moved(synced), &manifest), verdict, found, change);
    }
    assert_eq!(orphan(&Ok(None), &layout()), None);
    let check = orphan(&shows(1, current), &layout()).expect("there is no ledger");
    assert_says(&check, Bad, "no ledger at `.lastly/static/ledger.json`", "--control");
}
