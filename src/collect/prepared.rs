//! From files to a release: every file is read once, on all cores, and its address taken.

use std::collections::HashMap;
use std::fs::File as OpenFile;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::source::{Source, Sources};
use super::tree::File;
use crate::event::Problem;
use crate::model::address::{Address, Addresser};
use crate::model::headers::Headers;
use crate::model::layout::{Layout, Name};
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Integrity, Release};
use crate::prepare::integrity::{integrity_of, is_checked};
use crate::prepare::rules::{Kind, Rules, is_source_map};

/// How much of a file is held while its address is taken.
const BUFFER: usize = 256 << 10;

/// A release before its integrity values, and where its bytes are.
#[derive(Debug)]
pub struct Prepared {
    /// What is to be published.
    pub release: Release,
    /// Where the bytes of each of its objects come from.
    pub sources: Sources,
    /// Bytes of all files together.
    pub bytes: u64,
    /// Source maps among the files, which everyone will be able to read.
    pub source_maps: usize,
}

/// Takes the address of every file.
///
/// # Errors
/// Every file that cannot be read, or cannot lie where it would have to.
pub fn prepare(files: &[File], rules: &Rules, layout: &Layout, generation: u64) -> Result<Prepared, Vec<Problem>> {
    let addressers = Addressers::new(generation);
    let treated: Vec<_> = files
        .par_iter()
        .map_init(|| vec![0; BUFFER], |buffer, file| treat(file, rules, layout, &addressers, buffer))
        .collect();

    let mut sources = Sources::with_capacity(files.len());
    let (mut assets, mut pages, mut problems) = (Vec::with_capacity(files.len()), Vec::new(), Vec::new());
    let (mut bytes, mut source_maps) = (0, 0);
    for treated in treated {
        match treated {
            Ok(None) => {}
            Ok(Some((kind, path, entry, source))) => {
                bytes += entry.size;
                source_maps += usize::from(is_source_map(&path));
                sources.insert(entry.name.clone(), source);
                if kind == Kind::Page { &mut pages } else { &mut assets }.push((path, entry));
            }
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // The files come sorted, so both maps are built at once.
    let release = Release { assets: assets.into_iter().collect(), pages: pages.into_iter().collect() };
    Ok(Prepared { release, sources, bytes, source_maps })
}

type Treated = Option<(Kind, AssetPath, Entry, Source)>;

fn treat(
    file: &File,
    rules: &Rules,
    layout: &Layout,
    addressers: &Addressers,
    buffer: &mut [u8],
) -> Result<Treated, Problem> {
    let treatment = rules.treat(&file.path);
    let sealed = match treatment.kind {
        Kind::Excluded => return Ok(None),
        kind => kind == Kind::Sealed,
    };
    let addresser = if sealed { addressers.of_bytes.clone() } else { addressers.under(&treatment.headers) };
    let (address, size) = address(file, &addresser, buffer)
        .map_err(|error| Problem::error(format!("cannot be read: {error}")).in_file(&file.file))?;
    let name = if sealed { Name::sealed(&file.path) } else { Name::addressed(&file.path, &address) };
    let own = (treatment.kind != Kind::Asset).then(|| Name::sealed(&file.path));
    if let Some(why) = own.as_ref().and_then(|own| layout.reserved(own)) {
        let message = format!("cannot be published under its own name: {why}");
        let hint = "a rule with `kind = \"asset\"` publishes it under its address";
        return Err(Problem::error(message).in_file(&file.file).hint(hint));
    }
    if let Some(message) = layout.too_long(&name) {
        return Err(Problem::error(message).in_file(&file.file));
    }
    let source = Source { file: file.file.clone(), size, address, addresser };
    let entry = Entry { name, size, address, headers: treatment.headers, integrity: None, sealed };
    Ok(Some((treatment.kind, file.path.clone(), entry, source)))
}

/// The address of a file's bytes, and how many there were. Most files fit into the buffer and are hashed at once.
fn address(file: &File, addresser: &Addresser, buffer: &mut [u8]) -> io::Result<(Address, u64)> {
    let mut open = OpenFile::open(&file.file)?;
    let first = fill(&mut open, buffer)?;
    if first < BUFFER {
        return Ok((addresser.address_of(&buffer[..first]), first as u64));
    }
    let mut addresser = addresser.clone();
    let (mut read, mut size) = (first, 0);
    while read > 0 {
        addresser.update(&buffer[..read]);
        size += read as u64;
        read = fill(&mut open, buffer)?;
    }
    Ok((addresser.finish(), size))
}

/// Reads until the buffer is full or the file at its end; returns how much was read.
fn fill(file: &mut OpenFile, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// One addresser for each set of headers, shared by all files that have it. Sets are told apart by where they lie: the
/// rules make one of each, and keep it.
struct Addressers {
    generation: u64,
    /// For sealed files: their name is the bundler's and stays, so only the bytes count.
    of_bytes: Arc<Addresser>,
    shared: Mutex<HashMap<usize, Arc<Addresser>>>,
}

impl Addressers {
    fn new(generation: u64) -> Self {
        let of_bytes = Arc::new(Addresser::new(&Headers::default(), 0));
        Self { generation, of_bytes, shared: Mutex::default() }
    }

    fn under(&self, headers: &Arc<Headers>) -> Arc<Addresser> {
        let mut shared = self.shared.lock().expect("no one panics while holding the addressers");
        let new = || Arc::new(Addresser::new(headers, self.generation));
        shared.entry(Arc::as_ptr(headers).addr()).or_insert_with(new).clone()
    }
}

/// Completes a release with the integrity values of its scripts and styles. What `known` releases say of the same
/// address is taken over; the other files are read.
///
/// # Errors
/// Every file that cannot be read any more, or has changed since its address was taken.
pub fn add_integrity(release: &mut Release, sources: &Sources, known: &[&Release]) -> Result<(), Vec<Problem>> {
    let known: HashMap<(&Name, Address), &Integrity> = known
        .iter()
        .flat_map(|release| release.entries())
        .filter_map(|(_, entry)| Some(((&entry.name, entry.address), entry.integrity.as_ref()?)))
        .collect();
    let entries: Vec<&mut Entry> = release.assets.values_mut().chain(release.pages.values_mut()).collect();
    let checked = entries.into_par_iter().filter(|entry| is_checked(&entry.headers));
    let problems: Vec<Problem> = checked
        .filter_map(|entry| {
            if let Some(integrity) = known.get(&(&entry.name, entry.address)) {
                entry.integrity = Some((*integrity).clone());
                return None;
            }
            let source = &sources[&entry.name];
            match source.read() {
                Ok(bytes) => entry.integrity = Some(integrity_of(&bytes)),
                Err(error) => {
                    let hint = "something writes to the source folder: publish when it has finished";
                    return Some(Problem::error(format!("cannot be read: {error}")).in_file(&source.file).hint(hint));
                }
            }
            None
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
