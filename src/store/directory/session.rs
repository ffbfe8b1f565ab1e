//! A writer's own folder for temporary files, and how others see that the writer is gone.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::clock::Clock;

/// The file whose lock a writer holds for as long as it lives; the system lets go of it when the process dies.
const ALIVE: &str = "alive";

/// A folder for temporary files that is this writer's alone. It goes away with the session.
#[derive(Debug)]
pub(super) struct Session {
    folder: PathBuf,
    alive: File,
}

impl Session {
    /// Makes a folder for this writer in `all`, where the other writers have theirs.
    pub(super) fn begin(all: &Path, clock: &dyn Clock) -> io::Result<Self> {
        loop {
            let folder = all.join(clock.fresh_id().to_string());
            fs::create_dir(&folder)?;
            // Until the lock is taken this folder looks like that of a dead writer, and another may remove it.
            let alive = match File::create(folder.join(ALIVE)) {
                Err(gone) if gone.kind() == io::ErrorKind::NotFound => continue,
                alive => alive?,
            };
            alive.lock()?;
            if fs::exists(folder.join(ALIVE))? {
                return Ok(Self { folder, alive });
            }
        }
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until everything on this file system is on the disk. Of writes that failed meanwhile the system tells
    /// whoever has a file open since before them, as a session has.
    #[cfg(target_os = "linux")]
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.alive)?)
    }

    /// Waits until everything is on the disk.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn sync(&self) -> io::Result<()> {
        rustix::fs::sync();
        self.alive.sync_all()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // What cannot be removed now is swept by another writer.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Calls `clear` with each file that a dead writer left in its folder in `all`, and removes the folders that this
/// empties. What cannot be cleared away now stays for the next writer, and disturbs nobody until then.
pub(super) fn sweep(all: &Path, clear: impl Fn(&Path) -> io::Result<()>) {
    for folder in fs::read_dir(all).into_iter().flatten().flatten() {
        let _ = sweep_one(&folder.path(), &clear);
    }
}

fn sweep_one(folder: &Path, clear: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let alive = folder.join(ALIVE);
    let lock = match File::options().write(true).open(&alive) {
        // Its writer died before it took the lock, or its sweeper after it removed that file.
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => return fs::remove_dir(folder),
        lock => lock?,
    };
    lock.try_lock()?;
    for file in fs::read_dir(folder)? {
        let file = file?.path();
        if file != alive {
            clear(&file)?;
        }
    }
    fs::remove_file(alive)?;
    fs::remove_dir(folder)
}
