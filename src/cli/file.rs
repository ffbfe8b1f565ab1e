//! Results that go to a file: whole or not at all, so that whoever reads it meanwhile never sees half of one.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Explain, Kind, Result};

/// A place where no file can be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadPlace {
    /// Its folder is not there.
    #[error("there is no folder for `{}`", .0.display())]
    NoFolder(PathBuf),
    /// It is a folder itself.
    #[error("`{}` is a folder, where a file is to be written", .0.display())]
    Folder(PathBuf),
}

impl Explain for BadPlace {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoFolder(_) => vec!["make its folder first".to_owned()],
            Self::Folder(_) => Vec::new(),
        }
    }
}

/// Checks early that a file can probably be written, before anything is done of which it is to tell.
///
/// # Errors
/// Its folder is not there, or it is a folder itself.
pub(crate) fn check(file: &Path) -> Result<()> {
    if file.is_dir() {
        return Err(BadPlace::Folder(file.to_owned()).into());
    }
    if folder(file).is_dir() { Ok(()) } else { Err(BadPlace::NoFolder(file.to_owned()).into()) }
}

/// Puts bytes into a file, in place of whatever was there.
///
/// # Errors
/// It could not be written; what was there is as it was.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a process makes is readable for whom its umask says, as any file that it writes.
    let mut builder = tempfile::Builder::new();
    let mut draft = builder.prefix(".lastly-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder(file))?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    draft.persist(file).map(|_| ()).map_err(|error| error.error)
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let file = folder.path().join("manifest.json");
        for bytes in [&b"one"[..], b"", b"three"] {
            replace(&file, bytes).expect("room for it");
            assert_eq!(std::fs::read(&file).expect("it is there"), bytes);
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
        let mode = std::fs::metadata(&file).expect("it is there").permissions().mode();
        let plain = folder.path().join("plain");
        std::fs::write(&plain, b"").expect("room for it");
        assert_eq!(mode, std::fs::metadata(plain).expect("it is there").permissions().mode());
    }

    #[test]
    fn a_place_without_a_folder_is_told_before_anything_is_done() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let told = |file: &Path| check(file).err().map(|error| error.kind());
        assert_eq!(told(Path::new("manifest.json")), None);
        assert_eq!(told(&folder.path().join("manifest.json")), None);
        assert_eq!(told(&folder.path().join("none/manifest.json")), Some(Kind::Usage));
        assert_eq!(told(folder.path()), Some(Kind::Usage));
    }
}
