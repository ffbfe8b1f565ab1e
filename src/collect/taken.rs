//! Reads every file once, on all cores, and takes the address that it has as it is. This is all that it takes to tell
//! that nothing has changed; what a release is made of, `read` makes of it.

use std::collections::{HashMap, HashSet};
use std::fs::File as OpenFile;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::bundled::bundled;
use super::tree::File;
use crate::event::{Code, Problem};
use crate::model::address::{Address, Addresser};
use crate::model::compression::Compression;
use crate::model::headers::Headers;
use crate::model::layout::Name;
use crate::model::path::AssetPath;
use crate::model::release::{RewritingId, TreeDigest, TreeHasher};
use crate::model::tree::address_of_tree;
use crate::prepare::compress::Histogram;
use crate::prepare::files::Trees;
use crate::prepare::rules::{Kind, Rules, Treatment, is_source_map};

/// How much of a file is held while its address is taken.
const BUFFER: usize = 256 << 10;

/// The files as they are in the source folders.
#[derive(Debug)]
pub struct Taken {
    /// Those that are published, by path.
    pub(super) files: Vec<One>,
    /// Files that the rules leave out.
    pub(super) excluded: HashSet<AssetPath>,
    /// Folders that are published whole.
    pub(super) trees: Trees,
    /// How the import map of the site is served, if one is made.
    pub(super) import_map: Option<Made>,
    /// What was suspicious about bundlers' manifests and trees.
    pub(super) warnings: Vec<Problem>,
    /// What is wrong with the files as far as they have been looked at.
    pub(super) problems: Vec<Problem>,
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

/// Takes the address of every file. `files` are sorted by path.
///
/// # Errors
/// What is wrong with bundlers' manifests.
pub fn take(files: Vec<File>, rules: &Rules, generation: u64) -> Result<Taken, Vec<Problem>> {
    let (bundled, mut warnings) = bundled(&files, rules)?;
    let mut problems = Vec::new();
    let import_map = rules.import_map().map(|path| {
        if let Ok(there) = files.binary_search_by(|file| file.path.cmp(&path)) {
            let problem = Problem::error("lies where the import map of the site goes").code(Code::ImportMap);
            let problem = problem.in_file(&files[there].file);
            problems.push(problem.hint("give it another name, or leave `import-map` out"));
        }
        let headers = rules.treat(&path, None).headers.clone();
        Made { path, addresser: Arc::new(Addresser::new(&headers, generation)), headers }
    });
    let ways = Ways::new(generation);
    let outcomes: Vec<Outcome> = files
        .into_par_iter()
        .map_init(
            || vec![0; BUFFER],
            |buffer, file| {
                let bundled = bundled.kinds.get(&file.path).copied();
                let way = ways.under(rules.treat(&file.path, bundled));
                Outcome::of(file, way, buffer)
            },
        )
        .collect();
    let (mut files, mut excluded) = (Vec::with_capacity(outcomes.len()), HashSet::new());
    for outcome in outcomes {
        match outcome {
            Outcome::Taken(one) => files.push(one),
            Outcome::Excluded(path) => drop(excluded.insert(path)),
            Outcome::Unreadable(problem) => problems.push(*problem),
        }
    }
    let mut trees = Trees::new();
    for folder in rules.trees() {
        let within = files.iter().filter(|one| one.kind() == Kind::Tree);
        let within = within.filter_map(|one| Some((one.file.path.as_str().strip_prefix(folder)?, one.address)));
        let mut within = within.peekable();
        if within.peek().is_none() {
            let problem = Problem::warning(format!("there is nothing in the tree `{folder}`"));
            warnings.push(problem.hint("its path counts from the source folder"));
            continue;
        }
        trees.insert(folder.to_owned(), address_of_tree(within));
    }
    Ok(Taken { files, excluded, trees, import_map, warnings, problems })
}

impl Taken {
    /// Whether nothing has been found wrong so far: every file could be read.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// How many files are published.
    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// How many objects are stored of them: their variants too.
    pub fn objects(&self) -> usize {
        let variants = self.files.iter().filter_map(One::compression).map(|compression| compression.variants().count());
        self.files.len() + variants.sum::<usize>()
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|one| one.size).sum()
    }

    /// Source maps among the files, which everyone will be able to read.
    pub fn source_maps(&self) -> usize {
        self.files.iter().filter(|one| is_source_map(&one.file.path)).count()
    }

    /// The digest that [`crate::model::release::Release::tree`] would have of a release made of these files.
    pub fn tree(&self, rewriting: RewritingId, strictness: &str) -> TreeDigest {
        let mut digest = TreeHasher::new(rewriting, strictness);
        let is_page = |one: &&One| one.kind() == Kind::Page;
        for one in self.files.iter().filter(|one| !is_page(one)).chain(self.files.iter().filter(is_page)) {
            let (mark, name) = match one.kind() {
                Kind::Page => (TreeHasher::PAGE, None),
                Kind::Sealed => (TreeHasher::SEALED, None),
                Kind::Tree => (TreeHasher::ASSET, Some(self.name_in_tree(&one.file.path))),
                Kind::Asset | Kind::Excluded => (TreeHasher::ASSET, None),
            };
            let name = name.as_ref().map_or("", Name::as_str);
            digest.add(mark, &one.file.path, name, &one.address, one.headers());
        }
        digest.finish()
    }

    /// The name of a file that is part of a tree.
    pub(super) fn name_in_tree(&self, path: &AssetPath) -> Name {
        let tree = self.trees.iter().find(|(folder, _)| path.as_str().starts_with(folder.as_str()));
        let (folder, address) = tree.expect("every tree with a file in it has an address");
        Name::in_tree(path, folder, address)
    }
}

/// A file whose address has been taken.
#[derive(Debug)]
pub(super) struct One {
    pub(super) file: File,
    pub(super) address: Address,
    pub(super) size: u64,
    way: Arc<Way>,
    is_compressed: bool,
}

impl One {
    pub(super) fn kind(&self) -> Kind {
        self.way.treatment.kind
    }

    pub(super) fn headers(&self) -> &Arc<Headers> {
        let treatment = &self.way.treatment;
        let compressed = treatment.compressed.as_ref().filter(|_| self.is_compressed);
        compressed.map_or(&treatment.headers, |compressed| &compressed.headers)
    }

    pub(super) fn compression(&self) -> Option<Compression> {
        let compressed = self.way.treatment.compressed.as_ref().filter(|_| self.is_compressed);
        compressed.map(|compressed| compressed.compressing.compression())
    }

    /// What took the address.
    pub(super) fn addresser(&self) -> &Arc<Addresser> {
        self.way.compressed.as_ref().filter(|_| self.is_compressed).unwrap_or(&self.way.plain)
    }
}

/// What becomes of a file. As there are many of them, what is rare is boxed.
enum Outcome {
    Taken(One),
    Excluded(AssetPath),
    Unreadable(Box<Problem>),
}

impl Outcome {
    fn of(file: File, way: Arc<Way>, buffer: &mut [u8]) -> Self {
        if way.treatment.kind == Kind::Excluded {
            return Self::Excluded(file.path);
        }
        match hash(&file.file, &way, buffer) {
            Ok(Hashed { address, size, is_compressed }) => Self::Taken(One { file, address, size, way, is_compressed }),
            Err(error) => {
                let problem = Problem::error(format!("cannot be read: {error}")).code(Code::Unreadable);
                Self::Unreadable(Box::new(problem.in_file(&file.file)))
            }
        }
    }
}

/// A treatment, and what takes the addresses of files that get it.
#[derive(Debug)]
struct Way {
    treatment: Arc<Treatment>,
    plain: Arc<Addresser>,
    /// For what is compressed.
    compressed: Option<Arc<Addresser>>,
}

/// One way for each treatment. Treatments are told apart by where they lie: the rules make one of each, and keep it.
struct Ways {
    generation: u64,
    shared: Mutex<HashMap<usize, Arc<Way>>>,
}

impl Ways {
    fn new(generation: u64) -> Self {
        Self { generation, shared: Mutex::default() }
    }

    fn under(&self, treatment: Arc<Treatment>) -> Arc<Way> {
        let mut shared = self.shared.lock().expect("no one panics while holding the addressers");
        let way = shared.entry(Arc::as_ptr(&treatment).addr()).or_insert_with(|| {
            let addresser =
                |headers, compression| Arc::new(Addresser::compressed(headers, self.generation, compression));
            let plain = match treatment.kind {
                // A sealed file's name is the bundler's and stays, so only the bytes count.
                Kind::Sealed => Arc::new(Addresser::new(&Headers::default(), 0)),
                _ => addresser(&treatment.headers, None),
            };
            let compressed = treatment.compressed.as_ref();
            let compressed = compressed.map(|to| addresser(&to.headers, Some(to.compressing.compression())));
            Arc::new(Way { treatment, plain, compressed })
        });
        way.clone()
    }
}

/// What was found out about a file's bytes.
struct Hashed {
    address: Address,
    size: u64,
    is_compressed: bool,
}

/// Takes the address of a file's bytes, and decides whether it is compressed, if it is of a kind that can be. Most files
/// fit into the buffer and are hashed at once.
fn hash(file: &Path, way: &Way, buffer: &mut [u8]) -> io::Result<Hashed> {
    let mut open = OpenFile::open(file)?;
    let first = fill(&mut open, buffer)?;
    let mut histogram = Histogram::default();
    let candidate = way.treatment.compressed.as_ref().zip(way.compressed.as_deref());
    let takes = |size| candidate.is_some_and(|(to, _)| to.compressing.takes(size));
    if first < BUFFER {
        let (bytes, size) = (&buffer[..first], first as u64);
        if takes(size) {
            histogram.add(bytes);
        }
        let compressed = candidate.filter(|_| takes(size) && histogram.promises_less());
        let addresser = compressed.map_or(&*way.plain, |(_, addresser)| addresser);
        return Ok(Hashed { address: addresser.address_of(bytes), size, is_compressed: compressed.is_some() });
    }
    let mut as_it_is = (*way.plain).clone();
    let mut compressed = candidate.map(|(_, addresser)| addresser.clone());
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
    let compressed = compressed.filter(|_| takes(size) && histogram.promises_less());
    let is_compressed = compressed.is_some();
    Ok(Hashed { address: compressed.unwrap_or(as_it_is).finish(), size, is_compressed })
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::read::Collected;
    use super::super::walk::{Walk, walk};
    use super::*;
    use crate::model::compression::{Encoding, Encodings, Form};
    use crate::model::layout::Layout;
    use crate::prepare::compress::Compressing;
    use crate::prepare::rules::{Rule, SourceMaps};

    /// One file of each kind, and one that is compressed.
    const FILES: [(&str, &str); 7] = [
        ("css/app.css", "a{}"),
        ("index.html", "<p>"),
        ("dist/a-1b2c3d4e.js", "1"),
        ("lib/one.js", "1"),
        ("lib/two/two.js", "2"),
        ("app.js.map", "{}"),
        ("draft.txt", "x"),
    ];

    fn rules(headers: &str) -> Rules {
        let rule = |files: &str, kind| Rule { files: vec![files.to_owned()], kind: Some(kind), ..Rule::default() };
        let team = vec![("x-amz-meta-team".to_owned(), Some(headers.to_owned()))];
        let rules = [
            Rule { headers: team, ..rule("dist/**", Kind::Sealed) },
            rule("draft.txt", Kind::Excluded),
            Rule { tree: Some("lib".to_owned()), ..Rule::default() },
        ];
        let form = Form::Variants(Encodings::new(Encoding::ALL));
        let rules = Rules::new(&rules, SourceMaps::Publish).expect("good rules");
        rules.with_compressing(Some(Compressing { form, smallest: 1 }))
    }

    fn files(folder: &Path, files: &[(&str, &str)]) -> Vec<File> {
        for (path, text) in files {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().expect("below the folder")).expect("room for it");
            fs::write(file, text.repeat(1000)).expect("room for it");
        }
        walk(&Walk { folders: vec![folder.to_owned()], ..Walk::default() }).0
    }

    fn taken(changed: Option<(usize, (&'static str, &'static str))>, headers: &str) -> Taken {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut contents = FILES;
        if let Some((at, file)) = changed {
            contents[at] = file;
        }
        take(files(folder.path(), &contents), &rules(headers), 0).expect("no manifests")
    }

    #[test]
    fn the_digest_of_the_files_is_that_of_the_release() {
        let rewriting = RewritingId::parse(&"7".repeat(32)).expect("32 digits");
        let taken = taken(None, "web");
        let (tree, count, objects) = (taken.tree(rewriting, "strict"), taken.count(), taken.objects());
        let Collected { mut release, .. } = taken.collect(&Layout::new("", None)).expect("they can lie there");
        release.rewriting = rewriting;
        assert_eq!(tree, release.tree("strict"));
        assert_eq!((count, objects), (release.entries().count(), release.names().count()));
        assert_eq!((count, objects), (6, 10));
    }

    #[test]
    fn whatever_changes_gives_another_digest() {
        let digest = |taken: &Taken, strictness| taken.tree(RewritingId::default(), strictness);
        let mut digests = vec![digest(&taken(None, "web"), ""), digest(&taken(None, "web"), "strict")];
        // Of a sealed file, only the bytes enter the address.
        digests.push(digest(&taken(None, "other"), ""));
        for (at, (path, _)) in FILES.into_iter().enumerate().take(6) {
            digests.push(digest(&taken(Some((at, (path, "changed"))), "web"), ""));
        }
        digests.push(digest(&taken(Some((3, ("lib/renamed.js", "1"))), "web"), ""));
        assert_eq!(digests.iter().collect::<HashSet<_>>().len(), digests.len());
        assert_eq!(digest(&taken(Some((6, ("draft.txt", "changed"))), "web"), ""), digests[0]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = files(folder.path(), &[("a.css", "1"), ("b.css", "2"), ("manifest.json", "3")]);
        fs::remove_file(folder.path().join("b.css")).expect("it is there");
        let own = Rule { files: vec!["*.json".to_owned()], kind: Some(Kind::Page), ..Rule::default() };
        let rules = Rules::new(&[own], SourceMaps::Publish).expect("good rules");
        let taken = take(files, &rules, 0).expect("no manifests");
        assert!(!taken.is_sound());
        let problems = taken.collect(&Layout::new("", None)).expect_err("two files are wrong");
        let wrong = problems.iter().map(|problem| problem.file.as_ref().and_then(|file| file.file_name()));
        assert_eq!(wrong.collect::<Vec<_>>(), [Some("b.css".as_ref()), Some("manifest.json".as_ref())]);
    }
}
