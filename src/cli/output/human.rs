//! Problems, errors and outcomes in words. Every function gives text; whoever calls it prints.

pub(crate) mod checked;
pub(crate) mod checks;
pub(crate) mod gc;
pub(crate) mod history;
pub(crate) mod settings;
pub(crate) mod verify;

use std::fmt::Write;
use std::io;

use super::outcome::{Deed, Effort, Heard, Outcome, Standing};
use super::terminal::{DONE, ERROR, FAINT, HINT, WARNING, styled};
use super::words::{causes, number, plain, seconds, several, size};
use crate::error::{Error, Kind};
use crate::event::{Level, Problem};
use crate::publish::plan::Plan;
use crate::rollback::Change;

/// A problem, on a line of its own, with what to do about it on a second.
pub(crate) fn problem(problem: &Problem) -> String {
    let level = match problem.level {
        Level::Error => styled(ERROR, "error:"),
        Level::Warning => styled(WARNING, "warning:"),
    };
    let place = place(problem).map_or_else(String::new, |place| format!("{place}: "));
    let hint = problem.hint.as_deref().map_or_else(String::new, hint);
    format!("{level} {place}{}\n{hint}", plain(&problem.message))
}

/// The file a problem is in, with line and column where they are known.
pub(crate) fn place(problem: &Problem) -> Option<String> {
    let file = problem.file.as_deref()?.to_string_lossy();
    let position = problem.position.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
    Some(format!("{}{position}", plain(&file)))
}

fn hint(text: &str) -> String {
    format!("{} {}\n", styled(HINT, "hint:"), plain(text))
}

/// An error with its causes and what to do about it. Its problems are shown elsewhere, one by one.
pub(crate) fn error(error: &Error) -> String {
    let mut text = format!("{} {}\n", styled(ERROR, "error:"), plain(&error.to_string()));
    for cause in causes(error) {
        let _ = writeln!(text, "caused by: {}", plain(&one_line(&cause)));
    }
    let hints = error.hints();
    if !hints.is_empty() {
        text.push('\n');
        text.extend(hints.iter().map(|text| hint(text)));
    }
    text
}

/// The lines of a text as one.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// A result that could not be written.
pub(crate) fn unwritten(error: &io::Error) -> String {
    format!("{} the result could not be written: {error}\n", styled(ERROR, "error:"))
}

/// The last line of a command that failed, where it could have moved a channel.
pub(crate) fn standing(kind: Kind) -> &'static str {
    match kind {
        Kind::Unknown => "it is not known whether the channel has moved; the same command settles it\n",
        Kind::Unfinished => "the channel has moved; the same command finishes\n",
        Kind::Failed | Kind::Usage | Kind::Outrun | Kind::Problems => "the channel has not moved\n",
    }
}

/// The last line of a command that was interrupted.
pub(crate) fn interrupted(standing: Standing) -> String {
    let state = match standing {
        Standing::Unmoved => "the channel has not moved",
        Standing::Unknown => "it is not known whether the channel has moved",
        Standing::Moved => "the channel has moved, and not all has followed",
    };
    format!("interrupted: {state}; the same command finishes the work\n")
}

/// What a command did, in numbers, and where to look; nothing where there was nothing to do.
pub(crate) fn details(outcome: &Outcome, heard: &Heard, effort: &Effort) -> String {
    let mut text = String::new();
    if is_idle(outcome, heard) {
        return text;
    }
    if outcome.files.is_some() {
        let _ = write!(
            text,
            "{} new ({}), {} reused{} · ",
            number(outcome.new),
            size(outcome.bytes_uploaded),
            number(outcome.reused),
            retired(outcome, outcome.retired),
        );
    }
    let _ = writeln!(text, "{} · {}", several(effort.requests.total(), "request"), seconds(effort.elapsed));
    text += &ignored(outcome);
    text += &source_maps(outcome);
    for told in &outcome.invalidations {
        let state = if told.completed { "" } else { ", under way" };
        let id = told.id.as_deref().map_or_else(String::new, |id| format!(" as {id}"));
        let _ = writeln!(text, "invalidated {} on {}{id}{state}", plain(&told.path), plain(&told.cdn));
    }
    if !outcome.invalidations.is_empty() {
        text.extend(outcome.guessed.iter().map(|id| {
            hint(&format!("the path on {id} is a guess: `--cloudfront {id}:/PATH` names its origin path, `{id}:/` says it has none"))
        }));
    }
    if let Some(manifest) = &outcome.manifest {
        let _ = writeln!(text, "manifest: {}", plain(manifest.url.as_ref().unwrap_or(&manifest.stored)));
    }
    if let Some(file) = &outcome.manifest_file {
        let _ = writeln!(text, "manifest also in {}", plain(&file.to_string_lossy()));
    }
    text
}

fn retired(outcome: &Outcome, retired: usize) -> String {
    outcome.channel.as_ref().map_or_else(String::new, |_| format!(", {} retired", number(retired)))
}

/// The last line of a command that is done: whether the channel has moved.
pub(crate) fn last_line(outcome: &Outcome, heard: &Heard, effort: &Effort) -> String {
    let line = match &outcome.unfinished {
        Some(_) => styled(WARNING, &format!("{}, but not finished", headline(outcome))),
        None if is_idle(outcome, heard) => {
            format!("{}; nothing to do ({})", already(outcome), several(effort.requests.total(), "request"))
        }
        None if !outcome.moved && outcome.channel.is_some() => {
            format!("{}; brought pages, manifest and CDN after it", already(outcome))
        }
        None => styled(DONE, &headline(outcome)),
    };
    match heard.problems.len() {
        0 => line + "\n",
        warnings => format!("{line}; {}\n", several(warnings, "warning")),
    }
}

/// Whether there was nothing to do.
fn is_idle(outcome: &Outcome, heard: &Heard) -> bool {
    !outcome.moved && outcome.plan.is_none() && outcome.unfinished.is_none() && !heard.followed && outcome.new == 0
}

fn already(outcome: &Outcome) -> String {
    let release = outcome.release.short();
    match &outcome.channel {
        Some(channel) => format!("{channel} already shows {release}"),
        None => format!("{release} is kept already"),
    }
}

/// What has been done, in a sentence without an end.
pub(crate) fn headline(outcome: &Outcome) -> String {
    let release = outcome.release.short();
    let Some(channel) = &outcome.channel else {
        return format!("uploaded {release}; no channel has moved");
    };
    let sequence = outcome.sequence.map_or_else(String::new, |sequence| format!(" (sequence {sequence})"));
    match outcome.deed {
        _ if !outcome.moved => already(outcome),
        Deed::Publish | Deed::Upload => format!("published {release} to {channel}{sequence}"),
        Deed::Activate => format!("activated {release} on {channel}{sequence}"),
        Deed::Rollback => format!("rolled {channel} back to {release}{sequence}"),
    }
}

fn ignored(outcome: &Outcome) -> String {
    match outcome.files.map_or(0, |files| files.ignored) {
        0 => String::new(),
        ignored => format!(
            "{} left out by ignore patterns\n",
            match ignored {
                1 => "1 file or folder".to_owned(),
                more => format!("{} files or folders", number(more)),
            }
        ),
    }
}

/// From where to where a channel would move, and what would change for its visitors.
fn move_planned(outcome: &Outcome, change: &Change) -> String {
    let from = outcome.before.map_or_else(|| "nothing".to_owned(), |id| id.short());
    format!(
        "{from} -> {}: {}, none uploaded; {} added, {} removed, {} changed; {} to write, {} to take away\n",
        outcome.release.short(),
        several(change.objects, "object"),
        number(change.added),
        number(change.removed),
        number(change.changed),
        several(change.pages_written, "page"),
        number(change.pages_removed),
    )
}

fn source_maps(outcome: &Outcome) -> String {
    match outcome.files.map_or(0, |files| files.source_maps) {
        0 => String::new(),
        maps => {
            let is = if maps == 1 { "is" } else { "are" };
            let hint = "`source-maps = \"exclude\"` leaves them out";
            format!("{} {is} public; {hint}\n", several(maps, "source map"))
        }
    }
}

/// What a run without `--dry-run` would do.
pub(crate) fn plan(outcome: &Outcome, verbose: bool) -> String {
    let mut text = String::new();
    if let Some(plan) = &outcome.plan {
        if verbose {
            for (name, path) in &plan.uploads {
                let _ = writeln!(text, "new  {path} {}", styled(FAINT, &format!("-> {name}")));
            }
        }
        let _ = writeln!(
            text,
            "{} new ({}), {} reused{}",
            number(plan.uploads.len()),
            size(plan.bytes),
            number(plan.reused),
            retired(outcome, plan.retired)
        );
        let _ = writeln!(text, "{}{} {}", several(plan.requests(), "request"), proof(plan), price(plan));
    }
    text += &ignored(outcome);
    text += &source_maps(outcome);
    if let Some(change) = &outcome.change {
        text += &move_planned(outcome, change);
    }
    let release = outcome.release.short();
    let would = match (&outcome.channel, outcome.deed) {
        (Some(_), _) if outcome.behind => {
            format!("{}; pages, manifest or CDN have yet to follow, which a run finishes", already(outcome))
        }
        (Some(_), _) if shows_it(outcome) => already(outcome),
        (None, _) if outcome.plan.is_none() => already(outcome),
        (None, _) => format!("would upload {release}"),
        (Some(channel), Deed::Publish | Deed::Upload) => format!("would publish {release} to {channel}"),
        (Some(channel), Deed::Activate) => format!("would activate {release} on {channel}"),
        (Some(channel), Deed::Rollback) => format!("would roll {channel} back to {release}"),
    };
    let _ = writeln!(text, "{would}; a dry run changes nothing");
    text
}

/// Whether the channel shows the release that was asked for already.
fn shows_it(outcome: &Outcome) -> bool {
    match outcome.deed {
        Deed::Publish | Deed::Upload => outcome.plan.is_none(),
        Deed::Activate | Deed::Rollback => outcome.before == Some(outcome.release),
    }
}

/// What stands between the number of requests and the price.
fn proof(plan: &Plan) -> String {
    match plan.proof_requests() {
        0 => ",".to_owned(),
        more => format!(", and about {more} more, once, to prove that the store keeps its promises;"),
    }
}

fn price(plan: &Plan) -> String {
    match plan.price() {
        price if price < 0.01 => "less than $0.01".to_owned(),
        price => format!("about ${price:.2}"),
    }
}
