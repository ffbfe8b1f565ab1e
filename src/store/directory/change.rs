//! One change of one key, in steps of which the last one counts.
//!
//! 1. The next record is written to a temporary file, the *sheet*, and the body of a new version to another.
//! 2. The body is renamed to its place.
//! 3. The visible file follows.
//! 4. The sheet is renamed over the record: now it has happened.
//!
//! A process that dies before step 4 leaves its sheet, which says what has to be undone. A process that dies after
//! it leaves nothing behind.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::folder::{Folder, Locks, remove, with_folders};
use super::record::Record;
use crate::model::layout::Key;

/// The file name of a sheet ends so; before it stands the id of the version that is to come.
const SHEET: &str = "json";

/// A change that has been prepared. Unless it is carried out, it is undone.
#[derive(Debug)]
pub(super) struct Change<'a> {
    folder: &'a Folder,
    key: Key,
    id: String,
    next: Record,
    sheet: PathBuf,
    /// Whether it takes the place of an earlier record.
    rewrites: bool,
    done: bool,
    _locks: &'a Locks,
}

impl<'a> Change<'a> {
    /// Prepares to put `next` in place of the record of `key`. `id` is the new version's, or a fresh one where there
    /// is none; `locks` hold the key's.
    pub(super) fn prepare(
        folder: &'a Folder,
        locks: &'a Locks,
        key: &Key,
        id: String,
        next: Record,
    ) -> io::Result<Self> {
        let sheet = folder.temporary(&format!("{id}.{SHEET}"));
        let rewrites = fs::exists(folder.record(key))?;
        let change = Self { folder, key: key.clone(), id, next, sheet, rewrites, done: false, _locks: locks };
        File::create_new(&change.sheet)?.write_all(&change.next.bytes())?;
        Ok(change)
    }

    /// The key that changes.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// Whether everything must be synced before the change is carried out: the new record, once it is in place, is
    /// all that is known of the older versions.
    pub(super) fn rewrites(&self) -> bool {
        self.rewrites
    }

    /// Carries the change out. `body` holds the new version's bytes; the bodies of the versions `gone` are deleted.
    pub(super) fn carry_out(mut self, body: Option<&Draft>, gone: &[&str]) -> io::Result<()> {
        let folder = self.folder;
        if let Some(draft) = body {
            let place = folder.body(&self.id);
            with_folders(&place, || fs::rename(draft.path(), &place))?;
        }
        show(folder, &self.key, &self.next)?;
        for id in gone {
            remove_if_there(&folder.body(id))?;
        }
        let record = folder.record(&self.key);
        if self.next.versions.is_empty() {
            remove(&record, &folder.records())?;
            remove_if_there(&self.sheet)?;
        } else {
            with_folders(&record, || fs::rename(&self.sheet, &record))?;
        }
        self.done = true;
        Ok(())
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if !self.done {
            // What cannot be undone now is undone from the sheet when this process is gone.
            let _ = undo(self.folder, &self.key, &self.id, &self.sheet);
        }
    }
}

/// Clears away a temporary file of a writer that has died.
pub(super) fn clear(folder: &Folder, file: &Path) -> io::Result<()> {
    if file.extension().is_some_and(|extension| extension == SHEET) {
        let id = file.file_stem().unwrap_or_default().to_string_lossy();
        // A sheet that cannot be read was not finished, so nothing else had begun.
        if let Ok(sheet) = Record::read(&fs::read(file)?) {
            let key = Key::new(&sheet.key);
            let _locks = folder.lock([&key])?;
            return undo(folder, &key, &id, file);
        }
    }
    remove_if_there(file)
}

/// Takes back what was done towards a change that did not happen. The caller holds the key's lock.
fn undo(folder: &Folder, key: &Key, id: &str, sheet: &Path) -> io::Result<()> {
    let record = folder.read(key)?;
    if !record.holds(id) {
        remove_if_there(&folder.body(id))?;
    }
    show(folder, key, &record)?;
    remove_if_there(sheet)
}

/// Makes the visible file what `record` says: a hard link of the current version's body, or nothing.
fn show(folder: &Folder, key: &Key, record: &Record) -> io::Result<()> {
    let visible = folder.visible(key);
    let Some((stored, _)) = record.current() else { return remove(&visible, folder.root()) };
    let body = folder.body(&stored.id);
    match with_folders(&visible, || fs::hard_link(&body, &visible)) {
        Err(taken) if taken.kind() == ErrorKind::AlreadyExists => {}
        done => return done,
    }
    let link = folder.temporary(&folder.clock().fresh_id().to_string());
    fs::hard_link(&body, &link)?;
    let shown = with_folders(&visible, || match fs::rename(&link, &visible) {
        // Left behind empty by a process that died; a folder that is in use stays.
        Err(folder) if folder.kind() == ErrorKind::IsADirectory && fs::remove_dir(&visible).is_ok() => {
            fs::rename(&link, &visible)
        }
        done => done,
    });
    // Still there where it failed, and where the visible file was this very one before.
    remove_if_there(&link)?;
    shown
}

fn remove_if_there(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(none) if none.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
