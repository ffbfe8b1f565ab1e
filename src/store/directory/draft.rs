//! The bytes of a version while they are being written: hashed on the way, and gone unless they are committed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::record::Facts;
use crate::model::headers::Headers;

/// A temporary file that becomes a version's body by being renamed. Whatever is still there when the draft is
/// dropped is removed.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    file: File,
    size: u64,
    sha256: Sha256,
}

impl Draft {
    /// Begins an empty one at `path`, where nothing may be. Nobody may write to it by its name: the visible file
    /// will be the same file, and an editor that wrote into that would change a version.
    pub(super) fn begin(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o444).open(&path)?;
        Ok(Self { path, file, size: 0, sha256: Sha256::new() })
    }

    /// Writes the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.size += bytes.len() as u64;
        self.sha256.update(bytes);
        Ok(())
    }

    /// How many bytes were written.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is known of the bytes, with the headers they go with.
    pub(super) fn facts(&self, headers: &Headers) -> Facts {
        Facts::new(self.size, &self.sha256.clone().finalize().into(), headers)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What cannot be removed now is swept when this process is gone.
        let _ = fs::remove_file(&self.path);
    }
}
