//! What a collection lets go, and why everything else stays: the rule of `docs/semantics.md`, as a function.
//!
//! Times are the store's own. They decide how long something is kept and nothing else: a wrong clock keeps too much,
//! or makes a slow publisher begin again; no release is ever left without its objects.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use crate::model::layout::ChannelName;
use crate::model::ledger::{Channel, Kept, Ledger, Stamp};
use crate::model::path::AssetPath;
use crate::model::release::ReleaseId;
use crate::model::timestamp::{Timestamp, format_span};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long a release stays after the public manifest has left it.
    pub keep_for: Duration,
    /// How many of those that each channel showed last stay, besides the current one.
    pub keep_last: usize,
    /// How long a release stays that no channel has shown yet.
    pub keep_unreleased: Duration,
    /// How long a publisher may take before it has to begin again.
    pub intent_ttl: Duration,
    /// How old a version must be to go, so that a job that is tried again finds what it has uploaded.
    pub min_object_age: Duration,
    /// How many of a hundred stored versions may go at once.
    pub max_delete: u8,
    /// How long HTML that names a release may be served after the manifest has left it.
    pub html_ttl: Duration,
    /// How long a page that is open may still load something.
    pub session: Duration,
    /// Whether `keep_for` may be shorter than the times above make it.
    pub allow_short_retention: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            keep_for: 7 * DAY,
            keep_last: 5,
            keep_unreleased: 7 * DAY,
            intent_ttl: DAY,
            min_object_age: DAY,
            max_delete: 50,
            html_ttl: 24 * HOUR,
            session: 24 * HOUR,
            allow_short_retention: false,
        }
    }
}

/// What a channel's manifest shows to everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The sequence of the move that it follows.
    pub sequence: u64,
    /// The release.
    pub release: ReleaseId,
    /// How long caches keep it.
    pub ttl: Duration,
    /// The pages that lie beside it.
    pub pages: Vec<AssetPath>,
}

/// The manifests of all channels that have one, also of channels that the ledger knows no more.
pub type Public = BTreeMap<ChannelName, Shown>;

/// A `keep-for` that takes away what browsers may still ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "keep-for {} is shorter than what browsers may still ask for: manifest {} + HTML {} + session {} = {}",
    format_span(*keep_for), format_span(*manifest), format_span(*html), format_span(*session),
    format_span(*manifest + *html + *session)
)]
pub struct TooShort {
    keep_for: Duration,
    manifest: Duration,
    html: Duration,
    session: Duration,
}

impl Policy {
    /// Refuses a `keep_for` below the sum of the times for which a manifest, HTML made with it and an open page live.
    ///
    /// # Errors
    /// It is below, and that was not allowed.
    pub fn check(&self, public: &Public) -> Result<(), TooShort> {
        let manifest = public.values().map(|shown| shown.ttl).max().unwrap_or_default();
        let (keep_for, html, session) = (self.keep_for, self.html_ttl, self.session);
        if self.allow_short_retention || keep_for >= manifest + html + session {
            Ok(())
        } else {
            Err(TooShort { keep_for, manifest, html, session })
        }
    }
}

/// How long caches keep an object with that `Cache-Control`: not at all where it says so, as lastly's manifests do,
/// and where it says nothing a day, which is what CloudFront takes then.
pub fn lifetime(cache_control: Option<&str>) -> Duration {
    let Some(text) = cache_control else { return DAY };
    let directives: BTreeMap<String, &str> = text
        .split(',')
        .map(|directive| directive.trim().split_once('=').unwrap_or((directive.trim(), "")))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim_matches('"')))
        .collect();
    if directives.contains_key("no-store") || directives.contains_key("no-cache") {
        return Duration::ZERO;
    }
    let age = directives.get("s-maxage").into_iter().chain(directives.get("max-age"));
    age.filter_map(|seconds| seconds.parse().ok()).map(Duration::from_secs).max().unwrap_or(DAY)
}

/// Why a release stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A channel shows it.
    Current(ChannelName),
    /// A channel shows it that goes with this collection; its own time begins then.
    Closing(ChannelName),
    /// The manifest of a channel shows it, or may until it has followed.
    Shown(ChannelName),
    /// Someone has said so.
    Pinned {
        /// Why.
        reason: String,
        /// Whose word it is.
        actor: Option<String>,
        /// Since when.
        since: Timestamp,
    },
    /// The manifest left it not long ago.
    Retired {
        /// How long ago.
        age: Duration,
        /// How long it is kept.
        keep_for: Duration,
    },
    /// It is one of the last that a channel showed.
    Last {
        /// The channel.
        channel: ChannelName,
        /// How many are kept.
        keep_last: usize,
    },
    /// It was uploaded not long ago and has not been shown yet.
    Unreleased {
        /// How long ago.
        age: Duration,
        /// How long it is kept.
        keep_unreleased: Duration,
    },
}

/// Why a release goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The manifest left it that long ago.
    Retired(Duration),
    /// It was uploaded that long ago, and was never shown.
    Unreleased(Duration),
}

/// What becomes of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stays, for at least one reason.
    Stays(Vec<Reason>),
    /// It goes.
    Goes(Ending),
}

/// What becomes of everything in a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Every release.
    pub releases: BTreeMap<ReleaseId, Verdict>,
    /// Intents that are reaped, with their ages.
    pub intents: BTreeMap<Uuid, Duration>,
    /// Channels that go, with the time since their last move.
    pub channels: BTreeMap<ChannelName, Duration>,
    /// Every release that the ledger names when all this has gone, by itself or by an intent.
    pub remaining: BTreeSet<ReleaseId>,
}

impl Decision {
    /// The releases that go.
    pub fn dropped(&self) -> BTreeSet<ReleaseId> {
        let goes = |(id, verdict): (&ReleaseId, &Verdict)| matches!(verdict, Verdict::Goes(_)).then_some(*id);
        self.releases.iter().filter_map(goes).collect()
    }

    /// Whether the ledger stays as it is.
    pub fn is_idle(&self) -> bool {
        self.dropped().is_empty() && self.intents.is_empty() && self.channels.is_empty()
    }
}

/// Decides about everything in a ledger. `now` is the store's time; a ledger that is not settled was written now.
pub fn decide(policy: &Policy, ledger: &Ledger, public: &Public, now: Timestamp) -> Decision {
    let age = |stamp: Stamp| stamp.or(now).until(now);
    let expired = |(name, channel): (&ChannelName, &Channel)| {
        let age = age(channel.last_move()?.at);
        let goes = !name.is_live() && channel.expires.is_some_and(|expires| age >= expires);
        goes.then(|| (name.clone(), age))
    };
    let channels: BTreeMap<ChannelName, Duration> = ledger.channels.iter().filter_map(expired).collect();
    let mut reasons = reasons_by_channel(policy, ledger, public, &channels);
    let releases: BTreeMap<ReleaseId, Verdict> = ledger
        .releases
        .iter()
        .map(|(id, kept)| (*id, verdict(policy, kept, reasons.remove(id).unwrap_or_default(), now)))
        .collect();
    let (reaped, waiting): (Vec<_>, Vec<_>) =
        ledger.intents.iter().partition(|(_, intent)| age(intent.at) >= policy.intent_ttl);
    let kept = releases.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Stays(_))).map(|(id, _)| *id);
    let remaining = kept.chain(waiting.iter().map(|(_, intent)| intent.release)).collect();
    let intents = reaped.into_iter().map(|(id, intent)| (*id, age(intent.at))).collect();
    Decision { releases, intents, channels, remaining }
}

/// What holds a release by itself, besides what its channels say.
fn verdict(policy: &Policy, kept: &Kept, mut reasons: Vec<Reason>, now: Timestamp) -> Verdict {
    let is_current = reasons.iter().any(|reason| matches!(reason, Reason::Current(_) | Reason::Closing(_)));
    if let Some(pin) = &kept.pinned {
        let since = pin.at.or(now);
        reasons.push(Reason::Pinned { reason: pin.reason.clone(), actor: pin.actor.clone(), since });
    }
    let ending = match kept.retired_at {
        Some(stamp) => {
            let (age, keep_for) = (stamp.or(now).until(now), policy.keep_for);
            if age < keep_for {
                reasons.push(Reason::Retired { age, keep_for });
            }
            Ending::Retired(age)
        }
        None => {
            let (age, keep_unreleased) = (kept.staged_at.or(now).until(now), policy.keep_unreleased);
            if !is_current && age < keep_unreleased {
                reasons.push(Reason::Unreleased { age, keep_unreleased });
            }
            Ending::Unreleased(age)
        }
    };
    if reasons.is_empty() { Verdict::Goes(ending) } else { Verdict::Stays(reasons) }
}

/// What holds releases because of a channel or a manifest, the strongest reasons first.
fn reasons_by_channel(
    policy: &Policy,
    ledger: &Ledger,
    public: &Public,
    expired: &BTreeMap<ChannelName, Duration>,
) -> BTreeMap<ReleaseId, Vec<Reason>> {
    let mut reasons: BTreeMap<ReleaseId, Vec<Reason>> = BTreeMap::new();
    for (name, channel) in &ledger.channels {
        let goes = expired.contains_key(name);
        let reason = if goes { Reason::Closing(name.clone()) } else { Reason::Current(name.clone()) };
        reasons.entry(channel.release).or_default().push(reason);
    }
    for (name, shown) in public {
        let current = ledger.channels.get(name).is_some_and(|channel| channel.release == shown.release);
        if !current {
            reasons.entry(shown.release).or_default().push(Reason::Shown(name.clone()));
        }
    }
    for (name, channel) in &ledger.channels {
        // A publisher that is late with a move between these two can still write its manifest.
        let since = public.get(name).map_or(0, |shown| shown.sequence);
        let between = channel.moves.iter().filter(|moved| (since..channel.sequence).contains(&moved.sequence));
        for moved in between.filter(|moved| moved.release != channel.release) {
            let reasons = reasons.entry(moved.release).or_default();
            let reason = Reason::Shown(name.clone());
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        if !expired.contains_key(name) {
            let mut last: Vec<ReleaseId> = Vec::new();
            for moved in channel.moves.iter().rev().filter(|moved| moved.release != channel.release) {
                if last.len() < policy.keep_last
                    && ledger.releases.contains_key(&moved.release)
                    && !last.contains(&moved.release)
                {
                    last.push(moved.release);
                }
            }
            for id in last {
                let reason = Reason::Last { channel: name.clone(), keep_last: policy.keep_last };
                reasons.entry(id).or_default().push(reason);
            }
        }
    }
    reasons
}

/// A span as people say it: its largest unit, rounded down.
pub fn rough(span: Duration) -> String {
    let seconds = span.as_secs();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("min", 60)] {
        if seconds >= length {
            return format!("{} {unit}", seconds / length);
        }
    }
    format!("{seconds} s")
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current(channel) => write!(f, "current on `{channel}`"),
            Self::Closing(channel) => write!(f, "current on `{channel}`, which goes with this collection"),
            Self::Shown(channel) => write!(f, "the manifest of `{channel}` shows it, or may until it has followed"),
            Self::Pinned { reason, actor, since } => {
                write!(f, "pinned")?;
                if let Some(actor) = actor {
                    write!(f, " by {actor}")?;
                }
                write!(f, " since {since}: {reason}")
            }
            Self::Retired { age, keep_for } => {
                write!(f, "stopped being current {} ago, keep-for {}", rough(*age), format_span(*keep_for))
            }
            Self::Last { channel, keep_last } => {
                write!(f, "one of the last that `{channel}` showed, keep-last {keep_last}")
            }
            Self::Unreleased { age, keep_unreleased } => {
                let kept = format_span(*keep_unreleased);
                write!(f, "uploaded {} ago and not shown yet, keep-unreleased {kept}", rough(*age))
            }
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retired(age) => write!(f, "stopped being current {} ago", rough(*age)),
            Self::Unreleased(age) => write!(f, "uploaded {} ago and never shown", rough(*age)),
        }
    }
}

#[cfg(test)]
mod tests;
