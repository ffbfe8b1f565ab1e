//! Lists of releases, of what a release holds, and of what differs between two.

use std::fmt::Write;

use super::super::history::Row;
use super::super::terminal::{DONE, ERROR, FAINT, WARNING, styled};
use super::super::words::{plain, several, shortened, size};
use crate::model::ledger::Provenance;
use crate::model::path::AssetPath;
use crate::model::release::{Difference, Entry, Release, ReleaseId};

/// A table of releases. Behind a channel stands the sequence under which it shows, or last showed, the release.
pub(crate) fn releases(rows: &[Row<'_>]) -> String {
    if rows.is_empty() {
        return "no release\n".to_owned();
    }
    let mut table = vec![["RELEASE", "STATE", "CHANNEL", "SINCE", "COMMIT", "ACTOR", "MESSAGE"].map(str::to_owned)];
    for row in rows {
        let Provenance { commit, actor, message, .. } = row.provenance();
        let text = |text: &Option<String>, most| {
            text.as_deref().map_or_else(|| "-".to_owned(), |text| shortened(&plain(text), most).into_owned())
        };
        let channels: Vec<String> =
            row.channels.iter().map(|(channel, sequence)| format!("{channel} ({sequence})")).collect();
        table.push([
            row.id.short(),
            row.state.word().to_owned(),
            if channels.is_empty() { "-".to_owned() } else { channels.join(", ") },
            row.since.to_string(),
            text(&commit.as_deref().map(|commit| commit.chars().take(12).collect()), 12),
            text(actor, 20),
            text(message, 60),
        ]);
    }
    aligned(&table)
}

/// Columns as wide as their widest cell, two spaces apart.
fn aligned<const N: usize>(table: &[[String; N]]) -> String {
    let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in table {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

/// What a release holds.
pub(crate) fn release(id: ReleaseId, release: &Release) -> String {
    let bytes = release.entries().map(|(_, entry)| entry.size).sum();
    let assets = several(release.assets.len(), "asset");
    let pages = several(release.pages.len(), "page");
    let mut text = format!("release {id}\n{assets}, {pages}, {}\n", size(bytes));
    for (kind, entries) in [("assets", &release.assets), ("pages", &release.pages)] {
        if !entries.is_empty() {
            let _ = writeln!(text, "\n{kind}:");
        }
        let width = entries.values().map(|entry| entry.headers.content_type().len()).max().unwrap_or(0);
        for (path, entry) in entries {
            let content_type = entry.headers.content_type();
            let _ = writeln!(text, "{:>8}  {content_type:<width$}  {path} {}", size(entry.size), named(entry));
        }
    }
    text
}

fn named(entry: &Entry) -> String {
    styled(FAINT, &format!("-> {}", entry.name))
}

/// What differs between two releases.
pub(crate) fn difference(differences: &[(&AssetPath, Difference<'_>)]) -> String {
    let mut text = String::new();
    let (mut counts, mut added_bytes, mut removed_bytes) = ([0_usize; 3], 0, 0);
    for (path, difference) in differences {
        let (mark, at, sizes) = match difference {
            Difference::Added(new) => {
                added_bytes += new.size;
                (styled(DONE, "+"), 0, size(new.size))
            }
            Difference::Removed(old) => {
                removed_bytes += old.size;
                (styled(ERROR, "-"), 1, size(old.size))
            }
            Difference::Changed(old, new) => {
                added_bytes += new.size;
                removed_bytes += old.size;
                (styled(WARNING, "~"), 2, changed(old, new))
            }
        };
        counts[at] += 1;
        let _ = writeln!(text, "{mark} {path} ({sizes})");
    }
    let [added, removed, changed] = counts;
    let _ = writeln!(
        text,
        "{added} added, {removed} removed, {changed} changed; {} more, {} less",
        size(added_bytes),
        size(removed_bytes)
    );
    text
}

fn changed(old: &Entry, new: &Entry) -> String {
    let headers = old.headers.differing(&new.headers);
    match headers[..] {
        [] => format!("{} -> {}", size(old.size), size(new.size)),
        _ if old.size == new.size => format!("{}, other headers: {}", size(new.size), headers.join(", ")),
        _ => format!("{} -> {}, other headers: {}", size(old.size), size(new.size), headers.join(", ")),
    }
}
