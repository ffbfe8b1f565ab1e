//! Where the files of a directory store lie; its locks, its reads, and how it is made to outlast a power failure.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use super::record::{Facts, Record};
use super::session::Session;
use crate::clock::Clock;
use crate::model::layout::Key;

/// The store's own folder in its root; no key begins with it.
pub(super) const OWN: &str = ".lastly-store";

/// What the file `format` says: the shape of everything in the store's own folder.
const FORMAT: &str = "1\n";

/// How many locks the keys share.
const SHARDS: u8 = 64;

/// How often something is put in place again because another writer has just removed an empty folder above it.
const ATTEMPTS: usize = 100;

/// The files of one store.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    own: PathBuf,
    clock: Arc<dyn Clock>,
    /// Set when the format has been read and is known.
    known: OnceLock<()>,
    session: OnceLock<Session>,
    /// How many calls to the system's sync have begun.
    syncs: AtomicU64,
    /// The number of the latest that has succeeded; locked while one runs.
    synced: Mutex<u64>,
}

/// The locks of some keys, held until they are dropped or the process dies.
#[derive(Debug)]
pub(super) struct Locks {
    _files: Vec<File>,
}

impl Folder {
    pub(super) fn new(root: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self {
            own: root.join(OWN),
            root,
            clock,
            known: OnceLock::new(),
            session: OnceLock::new(),
            syncs: AtomicU64::new(0),
            synced: Mutex::new(0),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Where people and web servers find the object.
    pub(super) fn visible(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// The folder of all records.
    pub(super) fn records(&self) -> PathBuf {
        self.own.join("keys")
    }

    /// Where the record of `key` lies. Folders begin with `+` and records with `=`, so that the keys `a` and `a/b`
    /// can both have a past.
    pub(super) fn record(&self, key: &Key) -> PathBuf {
        let (folders, name) = key.as_str().rsplit_once('/').unwrap_or(("", key.as_str()));
        let mut path = self.records();
        path.extend(folders.split('/').filter(|segment| !segment.is_empty()).map(|segment| format!("+{segment}")));
        path.push(format!("={name}"));
        path
    }

    /// Where the bytes of a version lie.
    pub(super) fn body(&self, id: &str) -> PathBuf {
        let fan = id.get(id.len().saturating_sub(2)..).unwrap_or(id);
        self.own.join("versions").join(fan).join(id)
    }

    /// The folder in which each writer has its own for temporary files.
    pub(super) fn temporaries(&self) -> PathBuf {
        self.own.join("tmp")
    }

    /// A path for a temporary file; [`Self::open_for_writing`] comes first.
    pub(super) fn temporary(&self, name: &str) -> PathBuf {
        self.session().folder().join(name)
    }

    fn session(&self) -> &Session {
        self.session.get().expect("whoever writes has opened the store for writing")
    }

    /// Whether there is a store here.
    ///
    /// # Errors
    /// There is one that a later version of lastly made.
    pub(super) fn exists(&self) -> io::Result<bool> {
        if self.known.get().is_some() {
            return Ok(true);
        }
        match fs::read(self.own.join("format")) {
            Ok(format) if format == FORMAT.as_bytes() => {}
            // A power failure took what was written last.
            Ok(format) if format.is_empty() => return Ok(false),
            Ok(_) => return Err(io::Error::other("a later version of lastly made this store")),
            Err(none) if none.kind() == ErrorKind::NotFound => return Ok(false),
            Err(none) if none.kind() == ErrorKind::NotADirectory => {
                return Err(io::Error::other(format!("{} is not a folder", self.root.display())));
            }
            Err(why) => return Err(why),
        }
        let _ = self.known.set(());
        Ok(true)
    }

    /// Makes the store where there is none and this writer's own folder in it. The answer is whether this was the
    /// first time.
    pub(super) fn open_for_writing(&self) -> io::Result<bool> {
        if self.session.get().is_some() {
            return Ok(false);
        }
        let exists = self.exists()?;
        if !exists {
            self.refuse_to_mingle()?;
        }
        // Whoever copies a store may leave out its empty folders.
        fs::create_dir_all(self.temporaries())?;
        fs::create_dir_all(self.own.join("locks"))?;
        let session = Session::begin(&self.temporaries(), self.clock())?;
        if !exists {
            let format = session.folder().join("format");
            fs::write(&format, FORMAT)?;
            fs::rename(&format, self.own.join("format"))?;
        }
        // Where two threads come here at once, one of the two sessions is dropped again.
        Ok(self.session.set(session).is_ok())
    }

    /// Refuses to make a store among files that it might overwrite.
    fn refuse_to_mingle(&self) -> io::Result<()> {
        let entries = match fs::read_dir(&self.root) {
            Err(none) if none.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        let harmless = |name: &str| name.starts_with('.') || name == "lost+found";
        for entry in entries {
            let foreign = !harmless(&entry?.file_name().to_string_lossy());
            // Looked at last: a store that another process has just begun to make is one.
            if foreign && !fs::exists(&self.own)? {
                let why = format!(
                    "{} holds other files and is not a store of lastly's: name a new folder, or an empty one",
                    self.root.display()
                );
                return Err(io::Error::other(why));
            }
        }
        Ok(())
    }

    /// Waits for the locks of `keys`. They are taken in one order, so that nobody waits for each other.
    pub(super) fn lock<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> io::Result<Locks> {
        let shard = |key: &Key| blake3::hash(key.as_str().as_bytes()).as_bytes()[0] % SHARDS;
        let mut shards: Vec<u8> = keys.into_iter().map(shard).collect();
        shards.sort_unstable();
        shards.dedup();
        let files = shards.into_iter().map(|shard| {
            let path = self.own.join("locks").join(format!("{shard:02}"));
            let file = File::options().create(true).truncate(false).write(true).open(path)?;
            file.lock()?;
            Ok(file)
        });
        Ok(Locks { _files: files.collect::<io::Result<_>>()? })
    }

    /// What is written down of `key`, also of versions whose bodies are gone.
    pub(super) fn raw(&self, key: &Key) -> io::Result<Record> {
        match fs::read(self.record(key)) {
            Ok(bytes) => Record::parse(key, &bytes),
            Err(none) if none.kind() == ErrorKind::NotFound => Ok(Record::empty(key)),
            Err(why) => Err(why),
        }
    }

    /// The record of `key` as it holds: without newest versions whose bodies are gone.
    pub(super) fn read(&self, key: &Key) -> io::Result<Record> {
        let mut record = self.raw(key)?;
        loop {
            let lost = self.lost(&record)?;
            if lost == 0 {
                return Ok(record);
            }
            // Either another writer has moved on meanwhile, or the bodies really are gone.
            let again = self.raw(key)?;
            if again == record {
                record.versions.truncate(record.versions.len() - lost);
                return Ok(record);
            }
            record = again;
        }
    }

    /// How many of the newest versions have no body of the right length: their deletion was cut short, or a power
    /// failure took what had not reached the disk. Such a version counts as deleted.
    pub(super) fn lost(&self, record: &Record) -> io::Result<usize> {
        for (lost, stored) in record.versions.iter().rev().enumerate() {
            let Some(content) = &stored.content else { return Ok(lost) };
            match fs::metadata(self.body(&stored.id)) {
                Ok(body) if body.len() == content.size => return Ok(lost),
                Ok(_) => {}
                Err(none) if none.kind() == ErrorKind::NotFound => {}
                Err(why) => return Err(why),
            }
        }
        Ok(record.versions.len())
    }

    /// The bytes of a version; `None` where its body has gone meanwhile.
    pub(super) fn bytes(&self, id: &str, content: &Facts) -> io::Result<Option<Vec<u8>>> {
        let mut file = match File::open(self.body(id)) {
            Err(none) if none.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::with_capacity(usize::try_from(content.size).unwrap_or_default());
        file.read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 == content.size).then_some(bytes))
    }

    /// Returns when everything that was written before the call, by whomever, is on the disk. Callers that come at
    /// once share one call to the system.
    pub(super) fn sync(&self) -> io::Result<()> {
        let begun = self.syncs.load(Ordering::SeqCst);
        let mut synced = self.synced.lock().expect("no one panics while syncing");
        if *synced <= begun {
            let number = self.syncs.fetch_add(1, Ordering::SeqCst) + 1;
            self.session().sync()?;
            *synced = number;
        }
        Ok(())
    }
}

/// Does `act`, which puts something at `path`, and makes the folders above where they are missing, also when they
/// vanish meanwhile.
pub(super) fn with_folders(path: &Path, act: impl Fn() -> io::Result<()>) -> io::Result<()> {
    let Some(above) = path.parent() else { return act() };
    for _ in 0..ATTEMPTS {
        match act() {
            Err(missing) if missing.kind() == ErrorKind::NotFound => {}
            done => return done,
        }
        match fs::create_dir_all(above) {
            Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
            _ => {}
        }
    }
    act()
}

/// Removes a file, and the folders above it that this empties, up to `top`. Nothing there is fine.
pub(super) fn remove(path: &Path, top: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        // A folder in the file's place, or a file in a folder's: another key's, and this one has no file.
        Err(none) if matches!(none.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(_) if path.is_dir() => return Ok(()),
        done => done?,
    }
    for above in path.ancestors().skip(1).take_while(|above| *above != top) {
        if fs::remove_dir(above).is_err() {
            break;
        }
    }
    Ok(())
}
