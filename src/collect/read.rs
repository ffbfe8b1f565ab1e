//! Reads every file once, on all cores, and takes the address that it has as it is.

use std::collections::{HashMap, HashSet};
use std::fs::File as OpenFile;
use std::io::{self, Read};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::bundled::bundled;
use super::source::{Rewriting, Source, Sources};
use super::tree::File;
use crate::event::{Code, Problem};
use crate::model::address::{Address, Addresser};
use crate::model::headers::Headers;
use crate::model::layout::{InName, Layout, Name};
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Origin, Release};
use crate::model::tree::address_of_tree;
use crate::prepare::bundler::Bundled;
use crate::prepare::compress::Histogram;
use crate::prepare::files::Trees;
use crate::prepare::rules::{Compressed, Kind, Rules, is_source_map};

/// How much of a file is held while its address is taken.
const BUFFER: usize = 256 << 10;

/// The files as they are in the source folders.
#[derive(Debug)]
pub struct Collected {
    /// What would be published if no file referred to another.
    pub release: Release,
    /// Where the bytes of each of its objects come from.
    pub sources: Sources,
    /// Bytes of all files together.
    pub bytes: u64,
    /// Source maps among the files, which everyone will be able to read.
    pub source_maps: usize,
    /// Files that the rules leave out.
    pub excluded: HashSet<AssetPath>,
    /// Folders that are published whole.
    pub trees: Trees,
    /// How the import map of the site is served, if one is made.
    pub import_map: Option<Made>,
    /// What was suspicious about bundlers' manifests and trees.
    pub warnings: Vec<Problem>,
}

/// How a file is served that is not in the source folders.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its path.
    pub path: AssetPath,
    /// Its headers.
    pub headers: Arc<Headers>,
    /// What takes its address.
    pub addresser: Arc<Addresser>,
}

/// Takes the address of every file.
///
/// # Errors
/// Every file that cannot be read, or cannot lie where it would have to.
pub fn read(files: &[File], rules: &Rules, layout: &Layout, generation: u64) -> Result<Collected, Vec<Problem>> {
    let addressers = Addressers::new(generation);
    let (bundled, mut warnings) = bundled(files, rules)?;
    let reading = Reading { rules, bundled, layout, addressers };
    let treated: Vec<_> =
        files.par_iter().map_init(|| vec![0; BUFFER], |buffer, file| reading.treat(file, buffer)).collect();

    let mut sources = Vec::with_capacity(files.len());
    let (mut assets, mut pages, mut problems) = (Vec::with_capacity(files.len()), Vec::new(), Vec::new());
    let (mut bytes, mut source_maps, mut excluded) = (0, 0, HashSet::new());
    let mut in_trees = Vec::new();
    for (treated, file) in treated.into_iter().zip(files) {
        match treated {
            Ok(None) => {
                excluded.insert(file.path.clone());
            }
            Ok(Some((kind, path, entry, source))) => {
                bytes += entry.size;
                source_maps += usize::from(is_source_map(&path));
                if kind == Kind::Tree {
                    in_trees.push((path, entry, source));
                    continue;
                }
                sources.push((entry.name.clone(), source));
                if kind == Kind::Page { &mut pages } else { &mut assets }.push((path, entry));
            }
            Err(problem) => problems.push(problem),
        }
    }
    let import_map = rules.import_map();
    if let Some(there) = files.iter().find(|file| import_map.as_ref() == Some(&file.path)) {
        let problem = Problem::error("lies where the import map of the site goes").code(Code::ImportMap);
        problems.push(problem.in_file(&there.file).hint("give it another name, or leave `import-map` out"));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let import_map = import_map.map(|path| {
        let headers = rules.treat(&path, None).headers;
        Made { addresser: reading.addressers.under(&headers, None), path, headers }
    });
    let mut trees = Trees::new();
    for folder in rules.trees() {
        let is_below = |file: &mut (AssetPath, Entry, Source)| file.0.as_str().starts_with(folder);
        let files: Vec<_> = in_trees.extract_if(.., is_below).collect();
        let within = files.iter().map(|(path, entry, _)| (&path.as_str()[folder.len()..], entry.address));
        let address = address_of_tree(within);
        if files.is_empty() && !trees.contains_key(folder) {
            let problem = Problem::warning(format!("there is nothing in the tree `{folder}`"));
            warnings.push(problem.hint("its path counts from the source folder"));
            continue;
        }
        for (path, mut entry, source) in files {
            entry.name = Name::in_tree(&path, folder, &address);
            sources.push((entry.name.clone(), source));
            assets.push((path, entry));
        }
        trees.entry(folder.to_owned()).or_insert(address);
    }
    let entries = || (assets.into_iter().collect(), pages.into_iter().collect());
    let ((assets, pages), sources) = rayon::join(entries, || sources.into_iter().collect());
    let release = Release { assets, pages, ..Release::default() };
    Ok(Collected { release, sources, bytes, source_maps, excluded, trees, import_map, warnings })
}

type Treated = Option<(Kind, AssetPath, Entry, Source)>;

/// What is needed to treat a file.
struct Reading<'a> {
    rules: &'a Rules,
    bundled: Bundled,
    layout: &'a Layout,
    addressers: Addressers,
}

impl Reading<'_> {
    fn treat(&self, file: &File, buffer: &mut [u8]) -> Result<Treated, Problem> {
        let Self { rules, layout, addressers, .. } = self;
        let treatment = rules.treat(&file.path, self.bundled.kinds.get(&file.path).copied());
        let sealed = match treatment.kind {
            Kind::Excluded => return Ok(None),
            kind => kind == Kind::Sealed,
        };
        let addresser = |compressed: Option<&Compressed>| match compressed {
            _ if sealed => addressers.of_bytes.clone(),
            compressed => addressers.under(&treatment.headers, compressed),
        };
        let candidate = treatment.compressed.as_ref();
        let taken =
            take(file, addresser(None), candidate.map(|to| (to, addresser(Some(to)))), buffer).map_err(|error| {
                Problem::error(format!("cannot be read: {error}")).code(Code::Unreadable).in_file(&file.file)
            })?;
        let Taken { address, size, addresser, is_compressed } = taken;
        let compressed = candidate.filter(|_| is_compressed);
        let compression = compressed.map(|to| to.compressing.compression());
        let headers = compressed.map_or(&treatment.headers, |to| &to.headers).clone();
        // A name in a tree is exactly as long.
        let in_name = InName { address, compression };
        let name = if sealed { Name::sealed(&file.path) } else { Name::of(&file.path, &in_name) };
        let is_kept = matches!(treatment.kind, Kind::Page | Kind::Sealed);
        let own = is_kept.then(|| Name::sealed(&file.path));
        if let Some(why) = own.as_ref().and_then(|own| layout.reserved(own)) {
            let message = format!("cannot be published under its own name: {why}");
            let hint = "a rule with `kind = \"asset\"` publishes it under its address";
            return Err(Problem::error(message).code(Code::Unpublishable).in_file(&file.file).hint(hint));
        }
        let source = Source { file: file.file.clone(), size, address, addresser, rewriting: Rewriting::Nothing };
        let origin = Origin::default();
        let entry = Entry { name, size, address, headers, integrity: None, sealed, compression, origin };
        if let Some(message) = entry.stored().find_map(|stored| layout.too_long(&stored.name)) {
            return Err(Problem::error(message).code(Code::Unpublishable).in_file(&file.file));
        }
        Ok(Some((treatment.kind, file.path.clone(), entry, source)))
    }
}

/// What was found out about a file's bytes.
struct Taken {
    address: Address,
    size: u64,
    /// What took the address.
    addresser: Arc<Addresser>,
    is_compressed: bool,
}

/// Takes the address of a file's bytes, and decides whether it is compressed; `candidate` is for files of kinds that
/// can be. Most files fit into the buffer and are hashed at once.
fn take(
    file: &File,
    plain: Arc<Addresser>,
    candidate: Option<(&Compressed, Arc<Addresser>)>,
    buffer: &mut [u8],
) -> io::Result<Taken> {
    let mut open = OpenFile::open(&file.file)?;
    let first = fill(&mut open, buffer)?;
    let mut histogram = Histogram::default();
    let is_compressed = |histogram: &Histogram, size| {
        candidate.as_ref().is_some_and(|(to, _)| to.compressing.takes(size) && histogram.promises_less())
    };
    if first < BUFFER {
        let (bytes, size) = (&buffer[..first], first as u64);
        if candidate.as_ref().is_some_and(|(to, _)| to.compressing.takes(size)) {
            histogram.add(bytes);
        }
        let is_compressed = is_compressed(&histogram, size);
        let addresser = candidate.filter(|_| is_compressed).map_or(plain, |(_, addresser)| addresser);
        return Ok(Taken { address: addresser.address_of(bytes), size, addresser, is_compressed });
    }
    let mut as_it_is = (*plain).clone();
    let mut compressed = candidate.as_ref().map(|(_, addresser)| (**addresser).clone());
    let (mut read, mut size) = (first, 0);
    while read > 0 {
        let bytes = &buffer[..read];
        as_it_is.update(bytes);
        if let Some(compressed) = &mut compressed {
            compressed.update(bytes);
            histogram.add(bytes);
        }
        size += read as u64;
        read = fill(&mut open, buffer)?;
    }
    let is_compressed = is_compressed(&histogram, size);
    let address = compressed.filter(|_| is_compressed).unwrap_or(as_it_is).finish();
    let addresser = candidate.filter(|_| is_compressed).map_or(plain, |(_, addresser)| addresser);
    Ok(Taken { address, size, addresser, is_compressed })
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

/// One addresser for each set of headers, and for what is compressed another, shared by all files that have it. Sets
/// are told apart by where they lie: the rules make one of each, and keep it.
struct Addressers {
    generation: u64,
    /// For sealed files: their name is the bundler's and stays, so only the bytes count.
    of_bytes: Arc<Addresser>,
    shared: Mutex<HashMap<(usize, bool), Arc<Addresser>>>,
}

impl Addressers {
    fn new(generation: u64) -> Self {
        let of_bytes = Arc::new(Addresser::new(&Headers::default(), 0));
        Self { generation, of_bytes, shared: Mutex::default() }
    }

    fn under(&self, headers: &Arc<Headers>, compressed: Option<&Compressed>) -> Arc<Addresser> {
        let headers = compressed.map_or(headers, |to| &to.headers);
        let compression = compressed.map(|to| to.compressing.compression());
        let mut shared = self.shared.lock().expect("no one panics while holding the addressers");
        let new = || Arc::new(Addresser::compressed(headers, self.generation, compression));
        shared.entry((Arc::as_ptr(headers).addr(), compressed.is_some())).or_insert_with(new).clone()
    }
}
