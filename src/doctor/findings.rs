//! What the answers of the store mean: its promises, the bucket's settings, the clock, the ledger. Pure.

use std::error::Error;

use serde_json::Value;

use super::check::Check;
use crate::commit::CommitError;
use crate::error::Explain;
use crate::model::layout::{ChannelName, Layout, Name};
use crate::model::ledger::{Channel, Ledger};
use crate::model::timestamp::Timestamp;
use crate::model::wire::Manifest;
use crate::site::DocumentError;
use crate::store::probe::ProbeError;
use crate::store::{BucketSettings, Found, Reason, StoreError, Versioning};

/// Seconds by which clocks may differ without a word.
const NOTABLE_SKEW: u64 = 5 * 60;
/// Seconds from which S3 refuses signatures.
const REFUSED_SKEW: u64 = 15 * 60;

/// Whether the store answered when it was asked for the ledger.
pub(super) fn store(ledger: &Result<Option<Ledger>, CommitError>) -> Check {
    match ledger {
        Err(CommitError::Store(error)) => Check::bad("store", told(error)).hinted(error),
        _ => Check::good("store", "it answers these credentials"),
    }
}

/// What was said of a key that nobody has ever written.
pub(super) fn missing_keys(head: &Result<Option<Found>, StoreError>) -> Check {
    let what = "missing keys";
    match head {
        Ok(None) => Check::good(what, "a key that is not there is told from one that is forbidden"),
        Ok(Some(found)) => Check::bad(what, format!("a key that nobody has written is there, with {:?}", found.etag)),
        Err(error) if error.reason == Reason::Denied => {
            let found = "access is denied to a key that is not there, so that missing and forbidden look the same";
            Check::bad(what, found).change("allow s3:ListBucket, as `lastly policy publisher` prints it")
        }
        Err(error) => Check::bad(what, told(error)).hinted(error),
    }
}

/// What became of the proof by small objects.
pub(super) fn conditional_writes(proof: &Result<(), ProbeError>, layout: &Layout) -> Check {
    let tried = format!("tried with small objects of its own below `{}`", layout.control());
    match proof {
        Ok(()) => Check::good("conditional writes", format!("they hold, also in races ({tried})")),
        Err(error) => Check::bad("conditional writes", format!("{error} ({tried})")).hinted(error),
    }
}

/// Whether the store keeps versions; `bucket` is its name, where it is one.
pub(super) fn versions(versioning: &Result<Versioning, StoreError>, bucket: Option<&str>) -> Check {
    let check = match versioning {
        Ok(Versioning::Enabled) => return Check::good("versions", "every version is kept"),
        Ok(Versioning::Suspended) => {
            let found = "keeping versions is suspended: what is replaced is lost, and `lastly gc` refuses to work";
            Check::bad("versions", found)
        }
        Ok(Versioning::Off) => Check::advice("versions", "no versions are kept: `lastly gc` will refuse to work"),
        Err(error) => return unseen("versions", error),
    };
    let command = "aws s3api put-bucket-versioning --versioning-configuration Status=Enabled --bucket";
    check.change(format!("`{command} {}`", bucket.unwrap_or("BUCKET")))
}

/// The machine's clock against the store's.
pub(super) fn clock(machine: Timestamp, store: Option<Timestamp>) -> Check {
    let Some(store) = store else { return Check::advice("clock", "the store did not say what time it is") };
    let ahead = machine.as_unix() > store.as_unix();
    let seconds = machine.as_unix().abs_diff(store.as_unix());
    let found = format!("this machine is {seconds} s {} the store", if ahead { "ahead of" } else { "behind" });
    let change = "set it by the network: `timedatectl set-ntp true`";
    if seconds <= NOTABLE_SKEW {
        Check::good("clock", found)
    } else if seconds <= REFUSED_SKEW {
        let found = format!("{found}; from {REFUSED_SKEW} s on, S3 refuses what is signed so");
        Check::advice("clock", found).change(change)
    } else {
        Check::bad("clock", format!("{found}, and S3 refuses what is signed so")).change(change)
    }
}

/// What is set for a bucket. `closable` says that distributions read it, so that nobody else needs to; `cors` is there
/// where pages on other hosts use it, and says whether every distribution adds response headers.
pub(super) fn bucket(settings: &BucketSettings, layout: &Layout, closable: bool, cors: Option<bool>) -> Vec<Check> {
    let mut checks = vec![policy(settings, layout)];
    checks.extend(lifecycle(settings, layout));
    if closable {
        checks.push(public_access(settings));
    }
    checks.extend(cors.map(|headers_added| self::cors(settings, headers_added)));
    checks
}

fn policy(settings: &BucketSettings, layout: &Layout) -> Check {
    let what = "bucket policy";
    let policy = match &settings.policy {
        Ok(policy) => policy.as_deref(),
        Err(error) => return unseen(what, error),
    };
    let keys = [layout.key(&Name::manifest(&ChannelName::live())), layout.ledger()];
    let mut resources = keys.iter().map(|key| format!("{}/{key}", settings.name));
    let parsed: Value = policy.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    if resources.all(|resource| demands_conditions(&parsed, &resource)) {
        return Check::good(what, "it demands a condition of every write");
    }
    let check = Check::advice(what, "it does not keep other tools from overwriting assets or the ledger");
    match policy {
        Some(_) => check.change("add the statements that `lastly policy bucket` prints"),
        None => {
            let attach = "aws s3api put-bucket-policy --policy file://policy.json --bucket";
            check.change(format!("`lastly policy bucket > policy.json && {attach} {}`", settings.name))
        }
    }
}

/// Whether a statement of the policy refuses writes to the resource (`BUCKET/KEY`) that carry no condition.
fn demands_conditions(policy: &Value, resource: &str) -> bool {
    items(&policy["Statement"]).any(|statement| {
        let mut actions = items(&statement["Action"]).filter_map(Value::as_str);
        let mut resources = items(&statement["Resource"]).filter_map(Value::as_str);
        let nulls = statement["Condition"]["Null"].as_object().into_iter().flatten();
        let mut nulls = nulls.filter(|(key, _)| key.eq_ignore_ascii_case("s3:if-none-match"));
        statement["Effect"] == "Deny"
            && actions.any(|pattern| matches(&pattern.to_ascii_lowercase(), "s3:putobject"))
            && resources.any(|pattern| matches(pattern.rsplit(":::").next().unwrap_or_default(), resource))
            && nulls.any(|(_, value)| items(value).any(|value| *value == true || *value == "true"))
    })
}

/// One thing or a list of them, as IAM has it nearly everywhere.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}

/// Whether a text is like a pattern of IAM's or CloudFront's: `*` stands for any characters, `?` for one.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    if first == '*' {
        let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        return ends.any(|at| matches(rest, &text[at..]));
    }
    text.strip_prefix(|c| first == '?' || c == first).is_some_and(|text| matches(rest, text))
}

fn lifecycle(settings: &BucketSettings, layout: &Layout) -> Vec<Check> {
    let what = "lifecycle";
    let rules = match &settings.lifecycle {
        Ok(rules) => rules,
        Err(error) => return vec![unseen(what, error)],
    };
    let folders = [layout.prefix(), layout.control()];
    let taken = rules.iter().filter(|rule| rule.takes_objects_away).filter_map(|rule| {
        let (id, prefix) = (&rule.id, &rule.prefix);
        let change = format!("switch `{id}` off for this site: `lastly gc` knows what nobody needs any more");
        if folders.iter().any(|folder| folder.starts_with(prefix)) {
            let found = format!("the rule `{id}` takes objects away by age, also those that releases name");
            Some(Check::bad(what, found).change(change))
        } else if folders.iter().any(|folder| prefix.starts_with(folder)) {
            let found = format!("the rule `{id}` takes objects below `{prefix}` away by age");
            Some(Check::advice(what, found).change(format!("if the site has any there, {change}")))
        } else {
            None
        }
    });
    let covered = |folder: &str| rules.iter().any(|rule| rule.aborts_uploads && folder.starts_with(&rule.prefix));
    let uploads = if covered(layout.prefix()) {
        Check::good(what, "unfinished uploads are thrown away")
    } else {
        let check = Check::advice(what, "parts of uploads that were cut off stay for ever, unseen, and are paid for");
        let rule = concat!(
            r#"{"ID":"unfinished-uploads","Status":"Enabled","Filter":{"Prefix":""},"#,
            r#""AbortIncompleteMultipartUpload":{"DaysAfterInitiation":7}}"#
        );
        check.change(if rules.is_empty() {
            let set = "aws s3api put-bucket-lifecycle-configuration --lifecycle-configuration";
            format!("`{set} '{{\"Rules\":[{rule}]}}' --bucket {}`", settings.name)
        } else {
            format!("add the rule `{rule}`")
        })
    };
    taken.chain([uploads]).collect()
}

fn public_access(settings: &BucketSettings) -> Check {
    let what = "public access";
    match settings.closed_to_public {
        Err(ref error) => unseen(what, error),
        Ok(true) => Check::good(what, "no policy can open the bucket to everybody"),
        Ok(false) => {
            let all = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true";
            let set = "aws s3api put-public-access-block --public-access-block-configuration";
            let found = "a policy could open the bucket, with the ledger, to everybody, which CloudFront does not need";
            let reader = "after `lastly policy reader` lets CloudFront in";
            Check::advice(what, found).change(format!("{reader}: `{set} {all} --bucket {}`", settings.name))
        }
    }
}

fn cors(settings: &BucketSettings, headers_added: bool) -> Check {
    match settings.cors {
        _ if headers_added => Check::good("CORS", "a response headers policy is there"),
        Ok(true) => Check::good("CORS", "the bucket has a rule"),
        Ok(false) => {
            let found = "neither bucket nor distribution says so: pages on other hosts get no fonts and no modules";
            let rule = r#"{"CORSRules":[{"AllowedOrigins":["*"],"AllowedMethods":["GET"]}]}"#;
            let set = format!("aws s3api put-bucket-cors --cors-configuration '{rule}' --bucket {}", settings.name);
            Check::advice("CORS", found)
                .change(format!("give the distribution the response headers policy SimpleCORS; without one, `{set}`"))
        }
        Err(ref error) => unseen("CORS", error),
    }
}

/// What the ledger says of itself.
pub(super) fn ledger(ledger: &Result<Option<Ledger>, CommitError>) -> Check {
    match ledger {
        Ok(None) => Check::good("ledger", "there is none: nothing has been published yet"),
        Ok(Some(ledger)) => {
            let (releases, channels) = (ledger.releases.len(), ledger.channels.len());
            Check::good("ledger", format!("it can be read; releases: {releases}, channels: {channels}"))
        }
        Err(CommitError::Store(error)) => Check::advice("ledger", format!("it could not be read: {}", told(error))),
        Err(error) => Check::bad("ledger", with_cause(error)).hinted(error),
    }
}

/// What a channel's manifest says, against the ledger.
pub(super) fn channel(
    name: &ChannelName,
    channel: &Channel,
    manifest: &Result<Option<Manifest>, DocumentError>,
) -> Check {
    let what = format!("channel {name}");
    let shown = match manifest {
        Err(DocumentError::Store(error)) => {
            return Check::advice(what, format!("its manifest could not be read: {}", told(error)));
        }
        Err(error) => return Check::bad(what, with_cause(error)).hinted(error),
        Ok(shown) => shown.as_ref().map(|manifest| (manifest.sequence, manifest.release)),
    };
    let current = (channel.sequence, channel.release);
    let check = match shown {
        Some(shown) if shown == current && channel.is_synced() => {
            return Check::good(what, "its manifest is in step with the ledger");
        }
        Some((sequence, _)) if sequence > channel.sequence => {
            let known = channel.sequence;
            let found =
                format!("its manifest shows move {sequence}, but the ledger knows {known}: an old one was put back");
            return Check::bad(what, found).change("restore the newest version of the ledger");
        }
        Some(shown) if shown == current => {
            Check::advice(what, "its manifest is in step, but not everything that is to be told has been told")
        }
        Some((sequence, release)) => {
            let (moves, current) = (channel.sequence, channel.release.short());
            let found =
                format!("its manifest shows {} (move {sequence}), not {current} (move {moves})", release.short());
            Check::bad(what, found)
        }
        None => Check::bad(what, "it has moved, but has no manifest"),
    };
    check.change(format!("unless somebody is at it now: `lastly activate {} --channel {name}`", channel.release))
}

/// A manifest where there is no ledger: a publish would refuse to begin.
pub(super) fn orphan(manifest: &Result<Option<Manifest>, DocumentError>, layout: &Layout) -> Option<Check> {
    if matches!(manifest, Ok(None) | Err(DocumentError::Store(_))) {
        return None;
    }
    let found = format!("there is a manifest, but no ledger at `{}`", layout.ledger());
    let change = "restore the ledger, name its place with `--control`, or publish below another prefix";
    Some(Check::bad(format!("channel {}", ChannelName::LIVE), found).change(change))
}

/// A setting that could not be looked at. The error names the permission in the place of a key.
fn unseen(what: &str, error: &StoreError) -> Check {
    Check::unseen(what, &error.key, &error.reason.to_string())
}

fn told(error: &StoreError) -> String {
    error.source().map_or_else(|| error.reason.to_string(), |source| format!("{}: {source}", error.reason))
}

fn with_cause(error: &dyn Explain) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

#[cfg(test)]
mod tests;
