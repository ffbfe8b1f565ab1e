//! The files of one source folder, on all cores: a task for each folder in it. Symbolic links are followed as long as
//! they stay within the source folders.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rayon::Scope;

use super::ignored::Ignored;
use crate::event::{Code, Problem};
use crate::model::path::AssetPath;

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its logical path.
    pub path: AssetPath,
    /// Where it is.
    pub file: PathBuf,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files of each folder that has any, by path.
    pub(super) files: Vec<Vec<File>>,
    pub(super) problems: Vec<Problem>,
}

/// Finds every file in `folder`. Folders come in the order of their first files: this is nearly the order of all paths.
/// `roots` are all source folders with their real places: a symbolic link may lead into any of them.
pub(super) fn search(folder: &Path, ignored: &Ignored<'_>, roots: &[(PathBuf, PathBuf)]) -> Found {
    let search = Search { ignored, roots, found: Mutex::default() };
    let root = Folder { place: folder.to_owned(), path: Some(String::new()), links: None };
    rayon::scope(|scope| search.visit(scope, root));
    let mut found = search.found.into_inner().expect("no one panics while adding what was found");
    found.files.sort_unstable_by(|one, other| one[0].path.cmp(&other[0].path));
    found
}

struct Search<'a> {
    ignored: &'a Ignored<'a>,
    roots: &'a [(PathBuf, PathBuf)],
    found: Mutex<Found>,
}

/// A folder on its way to be looked into.
struct Folder {
    place: PathBuf,
    /// Its logical path, with a slash at its end; `None` where a part of it is not UTF-8.
    path: Option<String>,
    links: Option<Arc<Link>>,
}

/// A link to a folder that was followed on the way, and those before it.
struct Link {
    /// The real folder that the link lies in.
    from: PathBuf,
    before: Option<Arc<Self>>,
}

/// What an entry of a folder is.
enum Entry {
    LeftOut,
    File(File),
    Folder(Folder),
}

impl Search<'_> {
    fn visit<'s>(&'s self, scope: &Scope<'s>, folder: Folder) {
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        let unreadable = |error: io::Error| {
            Problem::error(format!("cannot be read: {error}")).code(Code::Unreadable).in_file(&folder.place)
        };
        match fs::read_dir(&folder.place) {
            Err(error) => problems.push(unreadable(error)),
            Ok(entries) => {
                for entry in entries {
                    match entry.map_err(unreadable).and_then(|entry| self.look(&entry, &folder)) {
                        Ok(Entry::LeftOut) => {}
                        Ok(Entry::File(file)) => files.push(file),
                        Ok(Entry::Folder(inner)) => scope.spawn(move |scope| self.visit(scope, inner)),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
        }
        files.sort_unstable_by(|one: &File, other| one.path.cmp(&other.path));
        let mut found = self.found.lock().expect("no one panics while adding what was found");
        found.files.extend((!files.is_empty()).then_some(files));
        found.problems.append(&mut problems);
    }

    fn look(&self, entry: &DirEntry, folder: &Folder) -> Result<Entry, Problem> {
        let name = entry.file_name();
        let place = folder.place.join(&name);
        let refuse = |message: String| Problem::error(message).code(Code::Unpublishable).in_file(&place);
        let mut kind = entry.file_type().map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let followed = kind.is_symlink().then(|| fs::metadata(&place));
        if let Some(Ok(metadata)) = &followed {
            kind = metadata.file_type();
        }
        if self.ignored.leaves_out(&place, &name, kind.is_dir()) {
            return Ok(Entry::LeftOut);
        }
        let mut links = folder.links.clone();
        if let Some(followed) = followed {
            let real = followed.and_then(|_| place.canonicalize());
            let real = real.map_err(|error| refuse(format!("is a symbolic link that leads nowhere: {error}")))?;
            if !self.roots.iter().any(|(_, root)| real.starts_with(root)) {
                let message = format!("is a symbolic link that leads out of the source folders, to {}", real.display());
                return Err(refuse(message).hint("copy what it points to, or add it to `ignore`"));
            }
            if kind.is_dir() {
                let from = folder.place.canonicalize();
                let from = from.map_err(|error| refuse(format!("cannot be read: {error}")))?;
                let link = Link { from, before: links };
                if link.is_below(&real) {
                    return Err(refuse(format!("is a symbolic link back into {}, which it lies in", real.display())));
                }
                links = Some(Arc::new(link));
            }
        }
        let path = folder.path.as_deref().zip(name.to_str()).map(|(folder, name)| [folder, name].concat());
        if kind.is_dir() {
            return Ok(Entry::Folder(Folder { place, path: path.map(|path| path + "/"), links }));
        }
        if !kind.is_file() {
            return Err(refuse("is neither a file nor a folder".to_owned()));
        }
        let path = path.ok_or_else(|| refuse("has a name that is not UTF-8, which no URL can carry".to_owned()))?;
        match AssetPath::new(&path) {
            Ok(path) => Ok(Entry::File(File { path, file: place })),
            Err(error) => Err(refuse(format!("cannot be published: {error}"))),
        }
    }
}

impl Link {
    /// Whether the link, or one that was followed before it, lies in `folder`.
    fn is_below(&self, folder: &Path) -> bool {
        self.from.starts_with(folder) || self.before.as_ref().is_some_and(|before| before.is_below(folder))
    }
}
