//! The files of a site as references see them: which there are, and what becomes of their names.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use crate::model::path::AssetPath;
use crate::prepare::rules::Kind;

/// All files of a site, by number.
#[derive(Debug, Default)]
pub struct Files {
    files: Vec<(AssetPath, Kind)>,
    numbers: HashMap<AssetPath, u32>,
    excluded: HashSet<AssetPath>,
    by_name: OnceLock<HashMap<String, Vec<u32>>>,
    packages: HashSet<String>,
}

/// Files that stand at the root of a package.
const PACKAGE_MARKS: [&str; 3] = ["package.json", "bower.json", "PKG-INFO"];

/// Folders that hold packages.
const PACKAGE_FOLDERS: [&str; 4] = ["node_modules", "bower_components", "vendor", "site-packages"];

/// How different, at most, a name may be that is offered in place of one that is not there: edits for each character.
const LIKENESS: f64 = 0.75;

impl Files {
    /// Takes the files that are published, and those that the rules leave out.
    pub fn new(files: Vec<(AssetPath, Kind)>, excluded: HashSet<AssetPath>) -> Self {
        let numbers: HashMap<AssetPath, u32> =
            files.iter().zip(0..).map(|((path, _), number)| (path.clone(), number)).collect();
        let mut packages: HashSet<String> =
            files.iter().filter_map(|(path, _)| package_of(path)).map(str::to_owned).collect();
        if numbers.contains_key("index.html") {
            packages.remove("");
        }
        Self { files, numbers, excluded, by_name: OnceLock::new(), packages }
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
    /// another folder, or a similar one beside it.
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
        let like = |other: &AssetPath| strsim::normalized_levenshtein(path, other.as_str());
        let best = |numbers: &[u32]| {
            let candidates = numbers.iter().map(|&number| self.path(number));
            candidates.map(|path| (like(path), path)).max_by(|(one, _), (other, _)| one.total_cmp(other))
        };
        if let Some((_, found)) = by_name.get(&name.to_lowercase()).and_then(|numbers| best(numbers)) {
            return Some(found);
        }
        let start = self.files.partition_point(|(other, _)| other.as_str() < folder);
        let beside = self.files[start..].iter().map(|(path, _)| path);
        let beside = beside.take_while(|path| path.as_str().starts_with(folder)).take(1000);
        let candidates = beside.filter(|other| other.directory().trim_end_matches('/') == folder);
        let best = candidates.map(|path| (like(path), path)).max_by(|(one, _), (other, _)| one.total_cmp(other));
        best.filter(|(likeness, _)| *likeness >= LIKENESS).map(|(_, path)| path)
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

    #[test]
    fn a_package_is_told_by_its_description() {
        let paths = ["a/b/x-1.dist-info/METADATA", "c/package.json", "d/index.html"];
        let files = paths.map(|path| (AssetPath::new(path).expect("a plain path"), Kind::Asset));
        let files = Files::new(files.to_vec(), HashSet::new());
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
            let files = Files::new(files.collect(), HashSet::new());
            let page = AssetPath::new("demo/index.html").expect("a plain path");
            assert_eq!(files.is_in_a_package(&page), expected, "{paths:?}");
        }
    }

    #[test]
    fn the_nearest_file_is_offered() {
        let paths = ["css/app.css", "fonts/inter.woff2", "img/Logo.png", "js/chart.js", "js/main.js"];
        let files = paths.map(|path| (AssetPath::new(path).expect("a plain path"), Kind::Asset));
        let files = Files::new(files.to_vec(), HashSet::new());
        for (missing, nearest) in [
            ("img/logo.png", Some("img/Logo.png")),
            ("css/inter.woff2", Some("fonts/inter.woff2")),
            ("js/chrat.js", Some("js/chart.js")),
            ("js/other.js", None),
            ("nowhere/x.bin", None),
        ] {
            assert_eq!(files.nearest(missing).map(AssetPath::as_str), nearest, "{missing}");
        }
    }
}
