//! The files of a site as references see them: which there are, and what becomes of their names.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound::{Included, Unbounded};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::model::address::Address;
use crate::model::path::AssetPath;
use crate::prepare::rules::Kind;

/// All files of a site, by number.
#[derive(Debug, Default)]
pub struct Files {
    files: Vec<(AssetPath, Kind)>,
    numbers: HashMap<AssetPath, u32>,
    excluded: HashSet<AssetPath>,
    trees: Trees,
    /// The first file of each tree that has any.
    in_trees: BTreeMap<String, u32>,
    by_name: OnceLock<HashMap<String, Vec<u32>>>,
    by_path: OnceLock<Vec<u32>>,
    with_addresses: OnceLock<HashSet<String>>,
    packages: HashSet<String>,
    /// How many names have been compared to offer one.
    compared: AtomicUsize,
}

/// The address of each tree, by the path of its folder with its slash. None lies in another.
pub type Trees = BTreeMap<String, Address>;

/// Files that stand at the root of a package.
const PACKAGE_MARKS: [&str; 3] = ["package.json", "bower.json", "PKG-INFO"];

/// Folders that hold packages.
const PACKAGE_FOLDERS: [&str; 4] = ["node_modules", "bower_components", "vendor", "site-packages"];

/// How different, at most, a name may be that is offered in place of one that is not there: edits for each character.
const LIKENESS: f64 = 0.75;

/// How many names are compared with one that is not there, and with all of them: where thousands of names lead nowhere,
/// the first few show what is wrong, and each more would take a millisecond.
const COMPARED: (usize, usize) = (1000, 100_000);

/// The length of a path, in bytes, beyond which there is no file: that of S3's longest key.
const LONGEST: usize = 1024;

impl Files {
    /// Takes the files that are published, those that the rules leave out, and the trees.
    pub fn new(files: Vec<(AssetPath, Kind)>, excluded: HashSet<AssetPath>, trees: Trees) -> Self {
        let numbers: HashMap<AssetPath, u32> =
            files.iter().zip(0..).map(|((path, _), number)| (path.clone(), number)).collect();
        let mut packages: HashSet<String> =
            files.iter().filter_map(|(path, _)| package_of(path)).map(str::to_owned).collect();
        if numbers.contains_key("index.html") {
            packages.remove("");
        }
        let mut files = Self { files, numbers, excluded, trees, packages, ..Self::default() };
        for number in 0..files.count() as u32 {
            if let Some((folder, _)) = files.tree(number) {
                let folder = folder.to_owned();
                files.in_trees.entry(folder).or_insert(number);
            }
        }
        files
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// The number of the file with a path.
    pub fn number(&self, path: &str) -> Option<u32> {
        self.numbers.get(path).copied()
    }

    /// The path of a file.
    pub fn path(&self, number: u32) -> &AssetPath {
        &self.files[number as usize].0
    }

    /// What becomes of a file.
    pub fn kind(&self, number: u32) -> Kind {
        self.files[number as usize].1
    }

    /// The folder, with its slash, and the address of the tree that a file is part of.
    pub fn tree(&self, number: u32) -> Option<(&str, &Address)> {
        let (path, kind) = &self.files[number as usize];
        // What begins with the folder follows it, and no other folder can come between.
        let (folder, address) = self.trees.range::<str, _>((Unbounded, Included(path.as_str()))).next_back()?;
        (*kind == Kind::Tree && path.as_str().starts_with(folder)).then_some((folder, address))
    }

    /// The tree that a folder is, or lies in, whether or not there is such a folder; and a file of that tree.
    pub fn tree_of_folder(&self, path: &str) -> Option<(&str, u32)> {
        let (folder, number) = self.in_trees.range::<str, _>((Unbounded, Included(path))).next_back()?;
        path.starts_with(folder).then_some((folder, *number))
    }

    /// Whether a file below a folder is served under a name that depends on its bytes.
    pub fn has_addresses(&self, folder: &str) -> bool {
        let folders = self.with_addresses.get_or_init(|| {
            let mut folders = HashSet::new();
            for (path, _) in
                (0..).zip(&self.files).filter(|(number, _)| self.has_address(*number)).map(|(_, file)| file)
            {
                let mut folder = path.directory();
                while !folders.contains(folder) {
                    folders.insert(folder.to_owned());
                    folder = folder
                        .strip_suffix('/')
                        .map_or("", |folder| &folder[..folder.rfind('/').map_or(0, |at| at + 1)]);
                }
            }
            folders
        });
        folders.contains(folder)
    }

    /// Whether the name under which a file is served depends on its bytes.
    pub fn has_address(&self, number: u32) -> bool {
        matches!(self.kind(number), Kind::Asset | Kind::Tree)
    }

    /// Whether there is a file with this path that the rules leave out.
    pub fn is_excluded(&self, path: &str) -> bool {
        self.excluded.contains(path)
    }

    /// Whether a file lies in a package that was taken in whole, with its examples and tests: somebody else's work.
    /// The root is one only without an `index.html`: with it, the description beside it is that of a site's own tools.
    pub fn is_in_a_package(&self, path: &AssetPath) -> bool {
        let folder = path.directory();
        let ends = folder.match_indices('/').map(|(at, _)| at + 1);
        std::iter::once(0).chain(ends).any(|end| self.packages.contains(&folder[..end]))
            || folder.split('/').any(|segment| PACKAGE_FOLDERS.contains(&segment))
    }

    /// The file that was probably meant by a path at which there is none: the same name in other letter case, in
    /// another folder, or a similar one beside it. None for what comes behind very many others that are not there.
    pub fn nearest(&self, path: &str) -> Option<&AssetPath> {
        let folded = |path: &AssetPath| path.file_name().to_lowercase();
        let by_name = self.by_name.get_or_init(|| {
            let mut by_name: HashMap<String, Vec<u32>> = HashMap::new();
            for ((path, _), number) in self.files.iter().zip(0..) {
                by_name.entry(folded(path)).or_default().push(number);
            }
            by_name
        });
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if let Some(numbers) = by_name.get(&name.to_lowercase()) {
            return self.most_like(path, numbers.iter().copied()).map(|(_, found)| found);
        }
        let by_path = self.by_path.get_or_init(|| {
            let mut numbers: Vec<u32> = (0..self.files.len() as u32).collect();
            numbers.sort_unstable_by_key(|&number| self.path(number));
            numbers
        });
        let start = by_path.partition_point(|&other| self.path(other).as_str() < folder);
        let below = by_path[start..].iter().copied().take_while(|&other| self.path(other).as_str().starts_with(folder));
        let beside =
            below.take(COMPARED.0).filter(|&other| self.path(other).directory().trim_end_matches('/') == folder);
        self.most_like(path, beside).filter(|(likeness, _)| *likeness >= LIKENESS).map(|(_, path)| path)
    }

    /// The file whose path is most like another, and how much it is; the later one of two.
    fn most_like(&self, path: &str, numbers: impl Iterator<Item = u32>) -> Option<(f64, &AssetPath)> {
        let left = COMPARED.1.saturating_sub(self.compared.load(Ordering::Relaxed));
        let most = if path.len() > LONGEST { 0 } else { left.min(COMPARED.0) };
        let candidates = numbers.take(most).map(|number| self.path(number));
        let compared = candidates.map(|other| (strsim::normalized_levenshtein(path, other.as_str()), other));
        let counted = compared.inspect(|_| _ = self.compared.fetch_add(1, Ordering::Relaxed));
        counted.max_by(|(one, _), (other, _)| one.total_cmp(other))
    }
}

/// The folder, with its slash, whose being a package a file gives away: an npm or Bower package's own description, a
/// Python package's, or that of an installed one, which lies in a folder beside it.
fn package_of(path: &AssetPath) -> Option<&str> {
    let folder = path.directory();
    if path.file_name() == "METADATA" && folder.ends_with(".dist-info/") {
        return Some(&folder[..folder[..folder.len() - 1].rfind('/').map_or(0, |at| at + 1)]);
    }
    PACKAGE_MARKS.contains(&path.file_name()).then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::address_of_tree;

    #[test]
    fn a_package_is_told_by_its_description() {
        let paths = ["a/b/x-1.dist-info/METADATA", "c/package.json", "d/index.html"];
        let files = paths.map(|path| (AssetPath::new(path).expect("a plain path"), Kind::Asset));
        let files = Files::new(files.to_vec(), HashSet::new(), Trees::new());
        for (path, expected) in [
            ("a/b/x/demo.html", true),
            ("a/index.html", false),
            ("c/demo/index.html", true),
            ("c.html", false),
            ("d/node_modules/x/index.html", true),
            ("d/index.html", false),
        ] {
            let path = AssetPath::new(path).expect("a plain path");
            assert_eq!(files.is_in_a_package(&path), expected, "{path}");
        }
    }

    #[test]
    fn a_site_with_its_own_description_is_no_package() {
        for (paths, expected) in [
            (&["demo/index.html", "package.json"][..], true),
            (&["demo/index.html", "index.html", "package.json"], false),
            (&["demo/index.html", "demo/package.json", "index.html"], true),
        ] {
            let files = paths.iter().map(|path| (AssetPath::new(path).expect("a plain path"), Kind::Asset));
            let files = Files::new(files.collect(), HashSet::new(), Trees::new());
            let page = AssetPath::new("demo/index.html").expect("a plain path");
            assert_eq!(files.is_in_a_package(&page), expected, "{paths:?}");
        }
    }

    #[test]
    fn a_file_knows_its_tree() {
        let tree = |path: &str, kind| (AssetPath::new(path).expect("a plain path"), kind);
        let files = vec![
            tree("a-b/x.js", Kind::Tree),
            tree("a.js", Kind::Asset),
            tree("a/x.js", Kind::Tree),
            tree("a/x/y.js", Kind::Tree),
            tree("b/x.js", Kind::Asset),
        ];
        let addresses = ["a-b/", "a/"].map(|folder| (folder.to_owned(), address_of_tree([])));
        let files = Files::new(files, HashSet::new(), addresses.into());
        let trees: Vec<Option<&str>> = (0..5).map(|number| files.tree(number).map(|(folder, _)| folder)).collect();
        assert_eq!(trees, [Some("a-b/"), None, Some("a/"), Some("a/"), None]);
    }

    #[test]
    fn a_folder_knows_its_tree_and_whether_names_in_it_have_addresses() {
        let files = [
            ("a/b/c/x.js", Kind::Tree),
            ("d/e/f/x.js", Kind::Asset),
            ("d/x.html", Kind::Page),
            ("g/x.js", Kind::Sealed),
        ];
        let files = files.map(|(path, kind)| (AssetPath::new(path).expect("a plain path"), kind));
        let trees = ["a/b/", "empty/"].map(|folder| (folder.to_owned(), address_of_tree([])));
        let files = Files::new(files.to_vec(), HashSet::new(), trees.into());
        for (folder, tree, has_addresses) in [
            ("", None, true),
            ("a/", None, true),
            ("a/b/", Some(("a/b/", 0)), true),
            ("a/b/not/there/", Some(("a/b/", 0)), false),
            ("a/bc/", None, false),
            ("d/", None, true),
            ("d/e/", None, true),
            ("empty/", None, false),
            ("g/", None, false),
        ] {
            assert_eq!((files.tree_of_folder(folder), files.has_addresses(folder)), (tree, has_addresses), "{folder}");
        }
    }

    #[test]
    fn names_are_offered_until_too_many_have_been_compared() {
        let path = |number: usize| format!("img/some-picture-{number}.png");
        let files = (0..2000).map(|number| (AssetPath::new(&path(number)).expect("a plain path"), Kind::Asset));
        let files = Files::new(files.collect(), HashSet::new(), Trees::new());
        assert!(files.nearest("img/some-picture-x.png").is_some());
        assert_eq!(files.nearest(&format!("img/{}", "x".repeat(1 << 20))), None);
        let offered = (0..200).filter(|number| files.nearest(&format!("img/same-picture-x{number}.png")).is_some());
        assert_eq!(offered.count(), COMPARED.1 / COMPARED.0 - 1);
    }

    #[test]
    fn the_nearest_file_is_offered() {
        let paths = ["css/app.css", "fonts/inter.woff2", "img/Logo.png", "js/chart.js", "js/main.js"];
        let assets = paths.map(|path| (path, Kind::Asset));
        // Pages come behind all assets.
        let pages = ["about.html", "css/index.html", "index.html", "js/help.html"].map(|path| (path, Kind::Page));
        let files = assets.into_iter().chain(pages);
        let files = files.map(|(path, kind)| (AssetPath::new(path).expect("a plain path"), kind));
        let files = Files::new(files.collect(), HashSet::new(), Trees::new());
        for (missing, nearest) in [
            ("img/logo.png", Some("img/Logo.png")),
            ("css/inter.woff2", Some("fonts/inter.woff2")),
            ("js/chrat.js", Some("js/chart.js")),
            ("js/hlep.html", Some("js/help.html")),
            ("indx.html", Some("index.html")),
            ("js/other.js", None),
            ("nowhere/x.bin", None),
        ] {
            assert_eq!(files.nearest(missing).map(AssetPath::as_str), nearest, "{missing}");
        }
    }
}
