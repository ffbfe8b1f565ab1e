//! What a collection lets go, and why everything else stays.

use std::fmt::Write;

use super::super::terminal::{DONE, FAINT, WARNING, styled};
use super::super::words::{number, plain, several, size};
use super::hint;
use crate::gc::Collected;
use crate::gc::policy::{Verdict, rough};

/// The plan: releases with their reasons, then what goes, then the numbers.
pub(crate) fn plan(collected: &Collected) -> String {
    let mut text = String::new();
    for (id, verdict) in &collected.decision.releases {
        let _ = match verdict {
            Verdict::Stays(reasons) => {
                let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                writeln!(text, "keep  {}  {}", id.short(), plain(&reasons.join("; ")))
            }
            Verdict::Goes(ending) => writeln!(text, "{}  {}  {ending}", styled(WARNING, "drop"), id.short()),
        };
    }
    for (name, age) in &collected.decision.channels {
        let _ =
            writeln!(text, "{}  channel {name}  expired, {} after its last move", styled(WARNING, "drop"), rough(*age));
    }
    for (id, age) in &collected.decision.intents {
        let _ = writeln!(text, "{}  a publish of {} ago ({id}) that never ended", styled(WARNING, "drop"), rough(*age));
    }
    for (class, count) in &collected.goes {
        let _ = writeln!(
            text,
            "{:>9} {} ({}) {}",
            number(count.versions),
            class.word(),
            size(count.bytes),
            styled(FAINT, class.reason())
        );
    }
    let markers: u64 = collected.goes.values().map(|count| count.markers).sum();
    if markers > 0 {
        let _ = writeln!(text, "{} of these are delete markers", number(markers));
    }
    if collected.pending > 0 {
        let _ = writeln!(text, "{} condemned by an earlier collection", several(collected.pending, "version"));
    }
    for (count, what) in [
        (collected.young, "younger than min-object-age, which no release names"),
        (collected.unversioned, "from before the bucket kept versions, which nothing names and lastly never deletes"),
    ] {
        if count.versions > 0 {
            let _ = writeln!(text, "{} ({}) {what}", several(count.versions, "version"), size(count.bytes));
        }
    }
    let _ = match collected.least {
        0 => writeln!(text, "{} stay ({})", several(collected.stays.versions, "version"), size(collected.stays.bytes)),
        least => writeln!(
            text,
            "{} or more stay, {} of them though the file names them",
            several(least, "version"),
            number(collected.stays.versions)
        ),
    };
    text
}

/// The last line.
pub(crate) fn end(collected: &Collected, applied: bool) -> String {
    let goes: u64 = collected.goes.values().map(|count| count.versions).sum();
    if applied {
        return styled(DONE, &format!("deleted {}", several(collected.deleted, "version"))) + "\n";
    }
    let mut text = String::new();
    if let Some(error) = &collected.too_much {
        let _ = writeln!(text, "{} {error}", styled(WARNING, "warning:"));
        text += &hint("`--apply` refuses that unless `--max-delete` allows it");
    }
    if goes + collected.pending == 0 && collected.decision.is_idle() {
        text + "nothing to collect\n"
    } else {
        text + "nothing has been deleted; `lastly gc --apply` does it\n"
    }
}
