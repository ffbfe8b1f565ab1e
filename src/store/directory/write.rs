//! Every way in which a directory store changes, each from the look at the record to the change, under its lock.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::change::{Change, clear};
use super::draft::Draft;
use super::failure::{Failure, reason};
use super::folder::{Folder, Locks, OWN};
use super::record::{Record, Stored};
use super::session::sweep;
use crate::model::headers::Headers;
use crate::model::layout::Key;
use crate::store::{Etag, Reason, Removed, Verb, Written};

/// One write on its way: what to write, and what must be current for it to happen.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) verb: Verb,
    pub(super) key: Key,
    /// The ETag that must be current; `None` where nothing may be.
    pub(super) expected: Option<Etag>,
    pub(super) headers: Arc<Headers>,
}

impl Write {
    /// Whether `record` is as this write expects it.
    fn may_follow(&self, record: &Record) -> bool {
        record.etag() == self.expected.as_ref().map(|etag| etag.0.as_str())
    }
}

/// Begins a write whose condition holds so far; `None` where it does not.
pub(super) fn begin(folder: &Folder, write: &Write) -> Result<Option<Draft>, Failure> {
    check(&write.key)?;
    open_for_writing(folder)?;
    if !write.may_follow(&folder.read(&write.key)?) {
        return Ok(None);
    }
    Ok(Some(Draft::begin(folder.temporary(&folder.clock().fresh_id().to_string()))?))
}

/// Makes `draft` the current version; `None` where the write's condition does not hold any more.
pub(super) fn commit(folder: &Folder, write: &Write, draft: &Draft) -> Result<Option<Written>, Failure> {
    let locks = folder.lock([&write.key])?;
    let mut record = folder.read(&write.key)?;
    if !write.may_follow(&record) {
        return Ok(None);
    }
    let at = folder.clock().now();
    let content = draft.facts(&write.headers);
    let etag = Etag(content.etag.clone());
    let id = record.next_id(folder.clock().fresh_id());
    record.versions.push(Stored { id: id.clone(), modified: at.as_unix(), content: Some(content) });
    let change = Change::prepare(folder, &locks, &write.key, id, record)?;
    let rewrites = change.rewrites();
    if rewrites {
        folder.sync()?;
    }
    change.carry_out(Some(draft), &[])?;
    drop(locks);
    if rewrites {
        folder.sync().map_err(Failure::After)?;
    }
    Ok(Some(Written { etag, at }))
}

/// Opens the store for writing; the first time, clears away what dead writers left.
pub(super) fn open_for_writing(folder: &Folder) -> io::Result<()> {
    if folder.open_for_writing()? {
        sweep(&folder.temporaries(), |file| clear(folder, file));
    }
    Ok(())
}

/// Hides the current version behind a delete marker if its ETag is `expected`.
pub(super) fn hide(folder: &Folder, key: &Key, expected: &Etag) -> Result<Removed, Failure> {
    check(key)?;
    if !folder.exists()? {
        return Ok(Removed::Gone);
    }
    open_for_writing(folder)?;
    let locks = folder.lock([key])?;
    let mut record = folder.read(key)?;
    match record.etag() {
        None => return Ok(Removed::Gone),
        Some(etag) if etag != expected.0 => return Ok(Removed::Outrun),
        Some(_) => {}
    }
    let id = record.next_id(folder.clock().fresh_id());
    record.versions.push(Stored { id: id.clone(), modified: folder.clock().now().as_unix(), content: None });
    let change = Change::prepare(folder, &locks, key, id, record)?;
    folder.sync()?;
    change.carry_out(None, &[])?;
    drop(locks);
    folder.sync().map_err(Failure::After)?;
    Ok(Removed::Gone)
}

/// Deletes versions for good, by key; the answer has each key whose versions are not all gone.
pub(super) fn delete(folder: &Folder, versions: &BTreeMap<Key, Vec<String>>) -> Result<BTreeMap<Key, Reason>, Failure> {
    let mut kept = BTreeMap::new();
    if !folder.exists()? {
        return Ok(kept);
    }
    open_for_writing(folder)?;
    let locks = folder.lock(versions.keys())?;
    let mut changes = Vec::new();
    for (key, ids) in versions {
        match without(folder, &locks, key, ids) {
            Ok(change) => changes.extend(change),
            Err(why) => drop(kept.insert(key.clone(), reason(&why))),
        }
    }
    if changes.iter().any(|(change, _)| change.rewrites()) {
        folder.sync()?;
    }
    for (change, gone) in changes {
        let key = change.key().clone();
        if let Err(why) = change.carry_out(None, &gone) {
            kept.insert(key, reason(&why));
        }
    }
    Ok(kept)
}

/// Prepares to delete those of the versions `ids` of one key that are there; `None` where none is.
fn without<'a>(
    folder: &'a Folder,
    locks: &'a Locks,
    key: &Key,
    ids: &'a [String],
) -> io::Result<Option<(Change<'a>, Vec<&'a str>)>> {
    check(key)?;
    let mut record = folder.raw(key)?;
    let gone: Vec<&str> = ids.iter().map(String::as_str).filter(|id| record.holds(id)).collect();
    if gone.is_empty() {
        return Ok(None);
    }
    record.versions.retain(|stored| !gone.contains(&stored.id.as_str()));
    record.versions.truncate(record.versions.len() - folder.lost(&record)?);
    let id = folder.clock().fresh_id().to_string();
    Ok(Some((Change::prepare(folder, locks, key, id, record)?, gone)))
}

/// Refuses a key that does not lie in the root under its own name.
pub(super) fn check(key: &Key) -> io::Result<()> {
    let own = |segment: &str| matches!(segment, "" | "." | ".." | OWN);
    if key.as_str().split('/').any(own) || key.as_str().contains('\0') {
        return Err(io::Error::other("no file can lie under this key"));
    }
    Ok(())
}
