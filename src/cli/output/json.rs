//! The JSON on stdout, version 1. What stands here is promised to scripts: fields are added, never changed.

pub(crate) mod checked;
pub(crate) mod checks;
pub(crate) mod gc;
pub(crate) mod history;
pub(crate) mod settings;
pub(crate) mod verify;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::outcome::{Effort, Heard, Outcome, Standing};
use super::words::causes;
use crate::cdn::Invalidated;
use crate::cli::status::Status;
use crate::error::{Error, Kind};
use crate::event::{Code, Level, Problem};
use crate::model::layout::ChannelName;
use crate::store::Requests;

/// The version of every object here.
pub(crate) const VERSION: u32 = 1;

/// One object as a line.
pub(crate) fn line(object: &impl Serialize) -> String {
    let mut text = serde_json::to_string(object).expect("the structs here hold nothing that JSON cannot");
    text.push('\n');
    text
}

/// The outcome of `publish`, `upload`, `activate` and `rollback`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct OutcomeV1<'a> {
    v: u32,
    status: u8,
    dry_run: bool,
    release: Option<String>,
    channel: Option<String>,
    /// The release that the channel showed before; `activate` and `rollback` only.
    before: Option<String>,
    sequence: Option<u64>,
    moved: Option<bool>,
    files: Option<usize>,
    bytes: Option<u64>,
    source_maps: Option<usize>,
    ignored: Option<usize>,
    new: Option<usize>,
    reused: Option<usize>,
    retired: Option<usize>,
    bytes_uploaded: Option<u64>,
    plan: Option<PlanV1<'a>>,
    change: Option<ChangeV1>,
    requests: BTreeMap<&'static str, u64>,
    seconds: f64,
    manifest: Option<ManifestV1<'a>>,
    manifest_file: Option<String>,
    invalidations: Vec<InvalidationV1<'a>>,
    problems: Vec<ProblemV1<'a>>,
    error: Option<ErrorV1>,
}

/// What a dry run would upload.
#[derive(Debug, Serialize)]
struct PlanV1<'a> {
    requests: u64,
    proof_requests: u64,
    price_usd: f64,
    uploads: Vec<UploadV1<'a>>,
}

#[derive(Debug, Serialize)]
struct UploadV1<'a> {
    path: &'a str,
    name: &'a str,
}

/// What a move would change for the channel's visitors, in a dry run of `activate` and `rollback`.
#[derive(Debug, Serialize)]
struct ChangeV1 {
    objects: usize,
    added: usize,
    removed: usize,
    changed: usize,
    pages_written: usize,
    pages_removed: usize,
}

#[derive(Debug, Serialize)]
struct ManifestV1<'a> {
    key: &'a str,
    url: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct InvalidationV1<'a> {
    cdn: &'a str,
    path: &'a str,
    id: Option<&'a str>,
    completed: bool,
    /// Whether nothing but the keys says that this is the path.
    guessed: bool,
}

#[derive(Debug, Serialize)]
struct ProblemV1<'a> {
    level: &'static str,
    code: Option<&'static str>,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    hint: Option<&'a str>,
    text: Option<&'a str>,
    target: Option<&'a str>,
    nearest: Option<&'a str>,
}

/// Why a command did not do all it was asked to.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ErrorV1 {
    kind: &'static str,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
}

/// A failure of a command that moves no channel.
#[derive(Debug, Serialize)]
pub(crate) struct FailureV1<'a> {
    v: u32,
    status: u8,
    problems: Vec<ProblemV1<'a>>,
    error: ErrorV1,
}

/// The output of `init`, and of what writes to a file.
#[derive(Debug, Serialize)]
pub(crate) struct WrittenV1 {
    v: u32,
    status: u8,
    file: String,
}

impl WrittenV1 {
    /// Of the file that was written.
    pub(crate) fn new(file: &Path) -> Self {
        Self { v: VERSION, status: Status::DONE.number(), file: file.display().to_string() }
    }
}

/// The output of `serve`, while it serves.
#[derive(Debug, Serialize)]
pub(crate) struct ServingV1<'a> {
    v: u32,
    url: &'a str,
}

impl<'a> ServingV1<'a> {
    /// Of the site's URL.
    pub(crate) fn new(url: &'a str) -> Self {
        Self { v: VERSION, url }
    }
}

impl<'a> OutcomeV1<'a> {
    /// Of what has been done.
    pub(crate) fn new(outcome: &'a Outcome, heard: &'a Heard, effort: &Effort) -> Self {
        let plan = outcome.plan.as_ref().map(|plan| PlanV1 {
            requests: plan.requests(),
            proof_requests: plan.proof_requests(),
            price_usd: plan.price(),
            uploads: plan
                .uploads
                .iter()
                .map(|(name, path)| UploadV1 { path: path.as_str(), name: name.as_str() })
                .collect(),
        });
        let invalidation = |told: &'a Invalidated| InvalidationV1 {
            cdn: &told.cdn,
            path: &told.path,
            id: told.id.as_deref(),
            completed: told.completed,
            guessed: outcome.guessed.iter().any(|id| told.cdn.ends_with(&format!(" {id}"))),
        };
        let change = outcome.change.map(|change| ChangeV1 {
            objects: change.objects,
            added: change.added,
            removed: change.removed,
            changed: change.changed,
            pages_written: change.pages_written,
            pages_removed: change.pages_removed,
        });
        let status = outcome.unfinished.as_ref().map_or(Status::DONE, |error| error.kind().into());
        Self {
            status: status.number(),
            dry_run: outcome.dry_run,
            release: Some(outcome.release.to_string()),
            channel: outcome.channel.as_ref().map(ToString::to_string),
            before: outcome.before.map(|id| id.to_string()),
            sequence: outcome.sequence,
            moved: Some(outcome.moved),
            files: outcome.files.map(|files| files.count),
            bytes: outcome.files.map(|files| files.bytes),
            source_maps: outcome.files.map(|files| files.source_maps),
            ignored: outcome.files.map(|files| files.ignored),
            new: Some(outcome.new),
            reused: Some(outcome.reused),
            retired: Some(outcome.retired),
            bytes_uploaded: Some(outcome.bytes_uploaded),
            plan,
            change,
            manifest: outcome.manifest.as_ref().map(|place| ManifestV1 { key: &place.key, url: place.url.as_deref() }),
            manifest_file: outcome.manifest_file.as_ref().map(|file| file.display().to_string()),
            invalidations: outcome.invalidations.iter().map(invalidation).collect(),
            error: outcome.unfinished.as_ref().map(ErrorV1::new),
            ..Self::empty(heard, effort)
        }
    }

    /// Of an error: what there would have been is not known.
    pub(crate) fn failed(error: &'a Error, channel: Option<&ChannelName>, heard: &'a Heard, effort: &Effort) -> Self {
        let moved = match error.kind() {
            Kind::Unknown => None,
            kind => Some(kind == Kind::Unfinished),
        };
        let mut failed = Self::empty(heard, effort);
        failed.problems.extend(error.problems().iter().map(ProblemV1::new));
        Self {
            status: Status::from(error.kind()).number(),
            channel: channel.map(ToString::to_string),
            moved,
            error: Some(ErrorV1::new(error)),
            ..failed
        }
    }

    /// Of a command line that cannot be read, whatever command it may have been meant for.
    pub(crate) fn unread(message: &str) -> Self {
        let error = ErrorV1 { kind: word(Kind::Usage), message: message.to_owned(), ..ErrorV1::default() };
        Self { v: VERSION, status: Kind::Usage.status(), moved: Some(false), error: Some(error), ..Self::default() }
    }

    /// Of an interruption.
    pub(crate) fn interrupted(channel: Option<&ChannelName>, heard: &'a Heard, effort: &Effort) -> Self {
        let moved = match heard.standing {
            Standing::Unmoved => Some(false),
            Standing::Unknown => None,
            Standing::Moved => Some(true),
        };
        Self {
            status: Status::INTERRUPTED.number(),
            channel: channel.map(ToString::to_string),
            moved,
            error: Some(ErrorV1::interrupted()),
            ..Self::empty(heard, effort)
        }
    }

    fn empty(heard: &'a Heard, effort: &Effort) -> Self {
        Self {
            v: VERSION,
            requests: requests(&effort.requests),
            seconds: (effort.elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            problems: heard.problems.iter().map(ProblemV1::new).collect(),
            ..Self::default()
        }
    }
}

fn requests(requests: &Requests) -> BTreeMap<&'static str, u64> {
    requests.0.iter().map(|(verb, count)| (verb.word(), *count)).collect()
}

impl<'a> FailureV1<'a> {
    /// Of an error.
    pub(crate) fn new(error: &'a Error) -> Self {
        Self {
            v: VERSION,
            status: Status::from(error.kind()).number(),
            problems: error.problems().iter().map(ProblemV1::new).collect(),
            error: ErrorV1::new(error),
        }
    }

    /// Of an interruption.
    pub(crate) fn interrupted() -> Self {
        Self { v: VERSION, status: Status::INTERRUPTED.number(), problems: Vec::new(), error: ErrorV1::interrupted() }
    }
}

impl ErrorV1 {
    fn new(error: &Error) -> Self {
        Self { kind: word(error.kind()), message: error.to_string(), causes: causes(error), hints: error.hints() }
    }

    fn interrupted() -> Self {
        Self { kind: "interrupted", message: "interrupted".to_owned(), ..Self::default() }
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Failed => "failed",
        Kind::Usage => "usage",
        Kind::Outrun => "outrun",
        Kind::Unfinished => "unfinished",
        Kind::Problems => "problems",
        Kind::Unknown => "unknown",
    }
}

impl<'a> ProblemV1<'a> {
    fn new(problem: &'a Problem) -> Self {
        let cited = problem.cited.as_deref();
        Self {
            code: problem.code.map(Code::id),
            level: match problem.level {
                Level::Warning => "warning",
                Level::Error => "error",
            },
            file: problem.file.as_ref().map(|file| file.to_string_lossy().into_owned()),
            line: problem.position.map(|(line, _)| line),
            column: problem.position.map(|(_, column)| column),
            message: &problem.message,
            hint: problem.hint.as_deref(),
            text: cited.map(|cited| &*cited.text),
            target: cited.and_then(|cited| cited.target.as_deref()),
            nearest: cited.and_then(|cited| cited.nearest.as_deref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::CommitError;
    use crate::store::{Reason, StoreError, Verb};

    #[test]
    fn nobody_claims_to_know_whether_a_lost_commit_moved_the_channel() {
        let lost = StoreError::refused(Verb::Replace, "ledger.json", Reason::Unavailable).unknown();
        for (error, moved, status) in
            [(CommitError::Unknown(lost), "\"moved\":null", 6), (CommitError::Contended, "\"moved\":false", 3)]
        {
            let error = Error::from(error);
            let text = line(&OutcomeV1::failed(&error, None, &Heard::default(), &Effort::default()));
            assert!(text.contains(moved) && text.contains(&format!("\"status\":{status},")), "{text}");
        }
        for (standing, moved) in
            [(Standing::Unmoved, Some(false)), (Standing::Unknown, None), (Standing::Moved, Some(true))]
        {
            let heard = Heard { standing, ..Heard::default() };
            assert_eq!(OutcomeV1::interrupted(None, &heard, &Effort::default()).moved, moved);
        }
    }
}
