//! A directory store's versions in the order of their keys, read from the tree of its records.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use crate::model::layout::Key;
use crate::model::timestamp::Timestamp;
use crate::store::{Cursor, Version, VersionId, VersionPage};

/// One page, of at most `length` rows, of the versions of all keys that begin with `prefix`.
pub(super) fn page(folder: &Folder, prefix: &str, after: Option<&Cursor>, length: usize) -> io::Result<VersionPage> {
    let mut walk = Walk { folder, prefix, after, length, versions: Vec::new() };
    let more = walk.descend(&folder.records(), "")?.is_break();
    let last = walk.versions.last().filter(|_| more);
    let next = last.map(|row| Cursor { key: row.key.clone(), version: Some(row.id.clone()) });
    Ok(VersionPage { next, versions: walk.versions })
}

struct Walk<'a> {
    folder: &'a Folder,
    prefix: &'a str,
    after: Option<&'a Cursor>,
    length: usize,
    versions: Vec<Version>,
}

impl Walk<'_> {
    /// Takes the rows of every key in a folder, whose keys begin with `above`. It breaks off when there is a row too
    /// many.
    fn descend(&mut self, path: &Path, above: &str) -> io::Result<ControlFlow<()>> {
        for (text, path) in self.entries(path, above)? {
            let flow = if text.ends_with('/') { self.descend(&path, &text)? } else { self.take(&Key::new(&text))? };
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// What in a folder has to be looked at, in the order of the keys: keys, and with a slash at their ends folders.
    fn entries(&self, path: &Path, above: &str) -> io::Result<Vec<(String, PathBuf)>> {
        let listing = match fs::read_dir(path) {
            Err(none) if none.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing?,
        };
        let mut entries = Vec::new();
        for entry in listing {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            let (text, wanted) = if let Some(name) = name.strip_prefix('+') {
                let text = format!("{above}{name}/");
                let wanted = self.may_hold(&text);
                (text, wanted)
            } else if let Some(name) = name.strip_prefix('=') {
                let text = format!("{above}{name}");
                let wanted = self.wants(&text);
                (text, wanted)
            } else {
                continue;
            };
            if wanted {
                entries.push((text, entry.path()));
            }
        }
        entries.sort_unstable();
        Ok(entries)
    }

    /// Whether some key in the folder `text` may have rows on this page or after it.
    fn may_hold(&self, text: &str) -> bool {
        let in_prefix = text.starts_with(self.prefix) || self.prefix.starts_with(text);
        in_prefix && self.after.is_none_or(|after| text > after.key.as_str() || after.key.as_str().starts_with(text))
    }

    /// Whether the key `text` may.
    fn wants(&self, text: &str) -> bool {
        let later = |after: &Cursor| match &after.version {
            Some(_) => text >= after.key.as_str(),
            None => text > after.key.as_str(),
        };
        text.starts_with(self.prefix) && self.after.is_none_or(later)
    }

    fn take(&mut self, key: &Key) -> io::Result<ControlFlow<()>> {
        let record = self.folder.raw(key)?;
        let newest = record.versions.len().checked_sub(1 + self.folder.lost(&record)?);
        let after = self.after.filter(|after| after.key == *key).and_then(|after| after.version.as_ref());
        for (index, stored) in record.versions.iter().enumerate().rev() {
            // Versions of a key come newest first, and ids grow with time.
            if after.is_some_and(|after| stored.id >= after.0) {
                continue;
            }
            if self.versions.len() == self.length {
                return Ok(ControlFlow::Break(()));
            }
            self.versions.push(Version {
                key: key.clone(),
                id: VersionId(stored.id.clone()),
                current: Some(index) == newest,
                marker: stored.content.is_none(),
                size: stored.content.as_ref().map_or(0, |content| content.size),
                modified: Timestamp::from_unix(stored.modified),
            });
        }
        Ok(ControlFlow::Continue(()))
    }
}
