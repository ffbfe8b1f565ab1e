//! The floor under every publisher: read all files of a folder and hash them with BLAKE3, on all cores.

use std::error::Error;
use std::path::PathBuf;

use rayon::prelude::*;
use walkdir::WalkDir;

fn main() -> Result<(), Box<dyn Error>> {
    let root = std::env::args_os().nth(1).ok_or("usage: hash-tree DIR")?;
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in WalkDir::new(root) {
        let entry = entry?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    let hashes = files
        .par_iter()
        .map(|file| std::fs::read(file).map(|bytes| blake3::hash(&bytes)));
    let hashes: Vec<blake3::Hash> = hashes.collect::<Result<_, _>>()?;
    let mut tree = blake3::Hasher::new();
    for hash in hashes {
        tree.update(hash.as_bytes());
    }
    println!("{} files {}", files.len(), tree.finalize());
    Ok(())
}
