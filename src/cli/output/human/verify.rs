//! What `verify` and `fsck` have found, a line for each finding, and the ledger that `fsck --rebuild` makes.

use std::fmt::Write;

use super::super::outcome::Effort;
use super::super::terminal::{ERROR, FAINT, HINT, WARNING, styled};
use super::super::words::{number, plain, seconds, several, size};
use crate::event::Level;
use crate::verify::{Compared, Finding, Rebuilt, UNKNOWN, Verified};

/// How many releases are named in a line.
const NAMED: usize = 3;

/// The findings in words.
pub(crate) fn findings(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (style, word) = match finding.level {
            Level::Warning => (WARNING, "warning"),
            Level::Error => (ERROR, "bad"),
        };
        let word = styled(style, &format!("{word:7}"));
        let _ = write!(text, "{word}  {}: {}", plain(&finding.place), plain(&finding.found));
        let ids: Vec<String> = finding.releases.iter().take(NAMED).map(|id| id.short()).collect();
        if !ids.is_empty() {
            let more = finding.releases.len() - ids.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _ = write!(text, "  {}", styled(FAINT, &format!("({}{more})", ids.join(", "))));
        }
        text.push('\n');
        if let Some(change) = &finding.change {
            let _ = writeln!(text, "         {} {}", styled(HINT, "change:"), plain(change));
        }
    }
    text
}

/// The last line of `verify`.
pub(crate) fn end(verified: &Verified, effort: &Effort) -> String {
    let mut text = format!(
        "{} ({}) of {}",
        several(verified.objects, "object"),
        size(verified.bytes),
        several(verified.releases.len(), "release"),
    );
    if verified.pages > 0 {
        let _ = write!(text, ", {}", several(verified.pages, "page"));
    }
    if verified.asked > 0 {
        let _ = write!(text, ", {} on the site itself", number(verified.asked));
    }
    let (requests, span) = (several(effort.requests.total(), "request"), seconds(effort.elapsed));
    let _ = writeln!(text, " · {requests} · {span}");
    if verified.unchecked > 0 {
        let _ = writeln!(
            text,
            "{} in circles could not be judged by their addresses: they were published with other base URLs, or another \
             file of the circle is wrong",
            several(verified.unchecked, "object")
        );
    }
    text
}

/// The last line of `fsck`.
pub(crate) fn compared(checked: &Compared) -> String {
    if !checked.has_ledger {
        return format!("no ledger · {}\n", several(checked.documents, "release document"));
    }
    let mut text = format!(
        "{} · {} · {}",
        several(checked.releases, "release"),
        several(checked.channels, "channel"),
        several(checked.documents, "release document")
    );
    if !checked.unnamed.is_empty() {
        let _ = write!(text, ", {} of releases that are not kept", number(checked.unnamed.len()));
    }
    text + "\n"
}

/// A ledger that was made again, or would be.
pub(crate) fn ledger(rebuilt: &Rebuilt) -> String {
    let mut text = String::new();
    for (name, channel) in &rebuilt.ledger.channels {
        let _ = writeln!(text, "channel {name}  {} (sequence {})", channel.release.short(), channel.sequence);
    }
    for id in rebuilt.ledger.releases.keys() {
        let _ = writeln!(text, "keep  {}", id.short());
    }
    if rebuilt.condemned > 0 {
        let _ = writeln!(text, "{} condemned by an earlier collection", several(rebuilt.condemned, "version"));
    }
    text += &findings(&rebuilt.findings);
    text += "what nobody can know any more:\n";
    for unknown in UNKNOWN {
        let _ = writeln!(text, "  {unknown}");
    }
    text
}

/// The last line of `fsck --rebuild`.
pub(crate) fn made(applied: bool) -> String {
    let text = if applied {
        "the ledger has been made"
    } else {
        "nothing has been written; `lastly fsck --rebuild --apply` does it"
    };
    format!("{text}\n")
}
