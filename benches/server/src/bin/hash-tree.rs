//! The floor under every publisher: read all files of a folder and hash them with BLAKE3, on all cores; and, where a
//! second folder is named, write them there.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use rayon::prelude::*;
use walkdir::WalkDir;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let usage = "usage: hash-tree DIR [COPY]";
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let (root, copy) = (folders.next().ok_or(usage)?, folders.next());
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in WalkDir::new(&root) {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        } else if let Some(copy) = &copy {
            fs::create_dir(copy.join(entry.path().strip_prefix(&root)?))?;
        }
    }
    let hashes = files.par_iter().map(|file| -> Result<_, Box<dyn Error + Send + Sync>> {
        let bytes = fs::read(file)?;
        if let Some(copy) = &copy {
            fs::write(copy.join(file.strip_prefix(&root)?), &bytes)?;
        }
        Ok(blake3::hash(&bytes))
    });
    let hashes: Vec<blake3::Hash> = hashes.collect::<Result<_, _>>()?;
    let mut tree = blake3::Hasher::new();
    for hash in hashes {
        tree.update(hash.as_bytes());
    }
    println!("{} files {}", files.len(), tree.finalize());
    Ok(())
}
