//! How each file is treated: as asset, page or sealed, and under which headers. lastly's own defaults come first, the
//! user's rules on top of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use globset::{Glob, GlobBuilder, GlobSet};

use super::compress::{Compressing, is_compressible};
use crate::model::compression::Form;
use crate::model::headers::{HeaderError, Headers};
use crate::model::path::{AssetPath, PathError};

/// What a file becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Served under its address.
    Asset,
    /// Served under its own URL.
    Page,
    /// Served under the name that a bundler gave it, created once.
    Sealed,
    /// Served as part of a folder that has an address, under its name within it.
    Tree,
    /// Not published.
    Excluded,
}

impl Kind {
    /// Every kind that files can be given one by one, with its word in the settings.
    pub const WORDS: [(&'static str, Self); 4] =
        [("asset", Self::Asset), ("page", Self::Page), ("sealed", Self::Sealed), ("exclude", Self::Excluded)];
}

/// Whether source maps are published, for everyone to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceMaps {
    /// They are; the summary says how many.
    #[default]
    Publish,
    /// They are left out.
    Exclude,
}

impl SourceMaps {
    /// Both with their words in the settings.
    pub const WORDS: [(&'static str, Self); 2] = [("publish", Self::Publish), ("exclude", Self::Exclude)];
}

/// A rule of the user's. Where several match a file, each one's headers are set in turn, and the last kind counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Globs over logical paths; a glob without a slash matches file names in any folder.
    pub files: Vec<String>,
    /// The path of a folder, in place of `files` and `kind`: everything below it is published as one tree. Other rules
    /// can exclude files of it, and set headers.
    pub tree: Option<String>,
    /// What matching files become; `None` leaves that to other rules.
    pub kind: Option<Kind>,
    /// Headers to set, or with `None` to take away.
    pub headers: Vec<(String, Option<String>)>,
    /// Whether matching source maps are published; `None` leaves that to other rules.
    pub source_maps: Option<SourceMaps>,
    /// Whether matching files are compressed, where any are; `None` leaves that to other rules, and then to their type.
    pub compress: Option<bool>,
}

/// What is wrong with a rule, by its place in the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A glob that cannot be read.
    #[error("rule {}: `{glob}` is not a glob: {reason}", .rule + 1)]
    BadGlob {
        /// Which rule, from 0.
        rule: usize,
        /// The glob.
        glob: String,
        /// Why not.
        reason: String,
    },
    /// A tree that is no folder.
    #[error("rule {}: `{tree}` is not the path of a folder: {error}", .rule + 1)]
    BadTree {
        /// Which rule, from 0.
        rule: usize,
        /// The path.
        tree: String,
        /// Why not.
        error: PathError,
    },
    /// A tree whose rule names files or a kind as well, or files that would be a tree without a folder.
    #[error("rule {}: a tree is named by its folder alone, without `files` and `kind`", .rule + 1)]
    MoreThanTree {
        /// Which rule, from 0.
        rule: usize,
    },
    /// A tree in a tree.
    #[error("rule {}: the tree `{inner}` lies in the tree `{outer}`", .rule + 1)]
    NestedTrees {
        /// Which rule, from 0.
        rule: usize,
        /// The inner one.
        inner: String,
        /// The outer one.
        outer: String,
    },
    /// A header that cannot be stored.
    #[error("rule {}: {error}", .rule + 1)]
    BadHeader {
        /// Which rule, from 0.
        rule: usize,
        /// Why not.
        error: HeaderError,
    },
}

/// Pages besides `*.html`: files that browsers, crawlers and other software ask for by name, or whose URL is their
/// identity, as a service worker's is.
const PAGES: [&str; 29] = [
    "*.html",
    "*.htm",
    "/robots.txt",
    "/humans.txt",
    "/security.txt",
    "/ads.txt",
    "/app-ads.txt",
    "/llms.txt",
    "/favicon.ico",
    "/apple-touch-icon*.png",
    "/browserconfig.xml",
    "/crossdomain.xml",
    "/opensearch.xml",
    "/sitemap*.xml",
    "/sitemap*.xml.gz",
    "/version.json",
    "/.well-known/**",
    "atom.xml",
    "feed.xml",
    "index.xml",
    "rss.xml",
    "feed.json",
    "sw.js",
    "service-worker.js",
    "serviceworker.js",
    "firebase-messaging-sw.js",
    "ngsw-worker.js",
    "ngsw.json",
    "OneSignalSDKWorker.js",
];

/// Where the import map of the site goes.
const IMPORT_MAP: &str = "importmap.json";

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const REVALIDATED: &str = "no-cache";

/// The rules of a site, ready to be asked. Files that are treated alike share one treatment.
#[derive(Debug)]
pub struct Rules {
    pages: GlobSet,
    rules: Vec<Ready>,
    source_maps: SourceMaps,
    bundler_manifests: Vec<(String, GlobSet)>,
    compressing: Option<Compressing>,
    makes_import_map: bool,
    shared: Mutex<HashMap<Shape, HashMap<String, Arc<Treatment>>>>,
}

/// A rule of the user's, ready to be asked.
#[derive(Debug)]
struct Ready {
    rule: Rule,
    globs: GlobSet,
    /// The folder of its tree, with a slash at its end.
    tree: Option<String>,
    /// For each glob, whether it has matched a file.
    met: Vec<AtomicBool>,
}

impl Ready {
    fn matches(&self, path: &AssetPath) -> bool {
        if self.tree.as_ref().is_some_and(|tree| path.as_str().starts_with(tree)) {
            return true;
        }
        // Which of the globs match is asked only until each of them has.
        if self.met.iter().all(|met| met.load(Ordering::Relaxed)) {
            return self.globs.is_match(path.as_str());
        }
        let matching = self.globs.matches(path.as_str());
        for glob in &matching {
            self.met[*glob].store(true, Ordering::Relaxed);
        }
        !matching.is_empty()
    }
}

/// What decides a file's headers besides its extension.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Shape {
    kind: Kind,
    /// The rules that match, by their place in the list.
    matched: Vec<usize>,
}

/// How one file is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// What it becomes.
    pub kind: Kind,
    /// Its response headers.
    pub headers: Arc<Headers>,
    /// What becomes of it if it is large enough and gains by being compressed.
    pub compressed: Option<Compressed>,
}

/// How a file is treated that is compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compressed {
    /// How files are compressed.
    pub compressing: Compressing,
    /// The response headers of its own object.
    pub headers: Arc<Headers>,
}

impl Rules {
    /// Checks the user's rules and puts them on top of the defaults.
    ///
    /// # Errors
    /// Everything that is wrong with any rule.
    pub fn new(rules: &[Rule], source_maps: SourceMaps) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let mut checked = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            let mut globs = Vec::new();
            for glob in &rule.files {
                match parse(glob) {
                    Ok(parsed) => globs.push(parsed),
                    Err(error) => {
                        let reason = error.kind().to_string();
                        errors.push(RuleError::BadGlob { rule: at, glob: glob.clone(), reason });
                    }
                }
            }
            for (name, value) in &rule.headers {
                if let Err(error) = Headers::default().set(name, value.as_deref().unwrap_or("-")) {
                    errors.push(RuleError::BadHeader { rule: at, error });
                }
            }
            if rule.kind == Some(Kind::Tree) || rule.tree.is_some() && !(rule.files.is_empty() && rule.kind.is_none()) {
                errors.push(RuleError::MoreThanTree { rule: at });
            }
            let tree = rule.tree.as_ref().and_then(|tree| {
                let bad = |error| errors.push(RuleError::BadTree { rule: at, tree: tree.clone(), error });
                tree_folder(tree).map_err(bad).ok()
            });
            match GlobSet::new(globs) {
                Ok(globs) => {
                    let met = rule.files.iter().map(|_| AtomicBool::default()).collect();
                    checked.push(Ready { rule: rule.clone(), globs, tree, met });
                }
                Err(error) => {
                    let reason = error.to_string();
                    errors.push(RuleError::BadGlob { rule: at, glob: rule.files.join("`, `"), reason });
                }
            }
        }
        errors.extend(tree_in_a_tree(rules));
        if !errors.is_empty() {
            return Err(errors);
        }
        let own = PAGES.iter().map(|glob| parse(glob).expect("lastly's own globs are well formed"));
        let pages = GlobSet::new(own).expect("lastly's own globs fit together");
        Ok(Self {
            pages,
            rules: checked,
            source_maps,
            bundler_manifests: Vec::new(),
            compressing: None,
            makes_import_map: false,
            shared: Mutex::default(),
        })
    }

    /// Takes globs of manifests in which bundlers say what they have hashed.
    ///
    /// # Errors
    /// What is wrong with a glob.
    pub fn with_bundler_manifests(mut self, globs: &[String]) -> Result<Self, String> {
        let set = |glob: &String| Ok((glob.clone(), glob_set([glob.as_str()])?));
        self.bundler_manifests = globs.iter().map(set).collect::<Result<_, String>>()?;
        Ok(self)
    }

    /// Says how files are compressed; none are where nothing is said.
    #[must_use]
    pub fn with_compressing(self, compressing: Option<Compressing>) -> Self {
        Self { compressing, ..self }
    }

    /// Says that an import map of the site is made.
    #[must_use]
    pub fn with_import_map(mut self) -> Self {
        self.makes_import_map = true;
        self
    }

    /// Where the import map of the site goes, if one is made.
    pub fn import_map(&self) -> Option<AssetPath> {
        self.makes_import_map.then(|| AssetPath::new(IMPORT_MAP).expect("a plain path"))
    }

    /// The globs of bundlers' manifests, as the settings spell them and ready to be asked.
    pub fn bundler_manifests(&self) -> impl Iterator<Item = (&str, &GlobSet)> {
        self.bundler_manifests.iter().map(|(glob, set)| (glob.as_str(), set))
    }

    /// The folders of all trees, with a slash at their ends.
    pub fn trees(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter_map(|ready| ready.tree.as_deref())
    }

    /// How a file is treated. `bundled` is what a bundler's manifest makes of it, where no rule decides.
    pub fn treat(&self, path: &AssetPath, bundled: Option<Kind>) -> Arc<Treatment> {
        let matched: Vec<usize> = (0..self.rules.len()).filter(|&at| self.rules[at].matches(path)).collect();
        let matching = || matched.iter().map(|&at| &self.rules[at].rule);
        let maps = matching().filter_map(|rule| rule.source_maps).next_back().unwrap_or(self.source_maps);
        let chosen = matching().filter_map(|rule| rule.kind).next_back();
        let kind = match chosen {
            _ if is_source_map(path) && maps == SourceMaps::Exclude => Kind::Excluded,
            Some(Kind::Excluded) => Kind::Excluded,
            _ if matching().any(|rule| rule.tree.is_some()) => Kind::Tree,
            Some(kind) => kind,
            None if bundled.is_some() => bundled.unwrap_or(Kind::Asset),
            None if self.pages.is_match(path.as_str()) => Kind::Page,
            None => Kind::Asset,
        };
        let extension = path.extension().unwrap_or_default();
        let mut shared = self.shared.lock().expect("no one panics while holding the headers");
        let shape = Shape { kind, matched };
        if let Some(treatment) = shared.get(&shape).and_then(|by_extension| by_extension.get(extension)) {
            return treatment.clone();
        }
        let headers = Arc::new(self.headers(&shape, extension));
        let compressed = self.compressed(&shape, &headers);
        let treatment = Arc::new(Treatment { kind, headers, compressed });
        shared.entry(shape).or_default().insert(extension.to_owned(), treatment.clone());
        treatment
    }

    /// Variants lie beside files that have an address in their names, for the names say where there are any. What is
    /// sealed is created once, under a name that does not say how it was compressed; and a page is whatever its URL
    /// shows, at an edge that compresses.
    fn compressed(&self, shape: &Shape, headers: &Arc<Headers>) -> Option<Compressed> {
        let compressing = self.compressing?;
        let encoding = match (compressing.form, shape.kind) {
            (Form::Variants(_), Kind::Asset) => None,
            (Form::InPlace(encoding), Kind::Asset | Kind::Tree) => Some(encoding),
            _ => return None,
        };
        let chosen = shape.matched.iter().filter_map(|&at| self.rules[at].rule.compress).next_back();
        let is_wanted = headers.content_encoding().is_none() && chosen.unwrap_or_else(|| is_compressible(headers));
        let headers = encoding.map_or_else(|| headers.clone(), |encoding| headers.encoded(encoding));
        is_wanted.then_some(Compressed { compressing, headers })
    }

    /// The globs that have matched none of the files that were asked about, each with the place of its rule.
    pub fn idle(&self) -> Vec<(usize, &str)> {
        let globs = self.rules.iter().enumerate().flat_map(|(at, ready)| {
            ready.rule.files.iter().zip(&ready.met).map(move |(glob, met)| (at, glob.as_str(), met))
        });
        let idle = globs.filter(|(_, _, met)| !met.load(Ordering::Relaxed));
        idle.map(|(at, glob, _)| (at, glob)).collect()
    }

    fn headers(&self, shape: &Shape, extension: &str) -> Headers {
        let cache = if shape.kind == Kind::Page { REVALIDATED } else { IMMUTABLE };
        let content_type = content_type(extension);
        let defaults = [("cache-control", Some(cache)), ("content-type", Some(content_type.as_str()))];
        let chosen = shape.matched.iter().flat_map(|&at| &self.rules[at].rule.headers);
        let chosen = chosen.map(|(name, value)| (name.as_str(), value.as_deref()));
        let mut headers = Headers::default();
        for (name, value) in defaults.into_iter().chain(chosen) {
            match value {
                Some(value) => headers.set(name, value).expect("defaults are well formed, rules were checked"),
                None => headers.remove(name),
            }
        }
        headers
    }
}

/// What is wrong if one tree lies in another. Trees that are no folders are passed over.
pub fn tree_in_a_tree(rules: &[Rule]) -> Option<RuleError> {
    let folder = |(at, rule): (usize, &Rule)| Some((at, tree_folder(rule.tree.as_deref()?).ok()?));
    let folders: Vec<(usize, String)> = rules.iter().enumerate().filter_map(folder).collect();
    folders.iter().find_map(|(rule, inner)| {
        let outer = folders.iter().find(|(_, outer)| inner != outer && inner.starts_with(outer));
        outer.map(|(_, outer)| RuleError::NestedTrees { rule: *rule, inner: inner.clone(), outer: outer.clone() })
    })
}

/// The path of a tree's folder with its slash, however it was written.
///
/// # Errors
/// It is no path of a folder.
pub fn tree_folder(text: &str) -> Result<String, PathError> {
    let path = text.strip_prefix('/').unwrap_or(text);
    AssetPath::new(path.strip_suffix('/').unwrap_or(path)).map(|path| format!("{path}/"))
}

/// A glob over logical paths, in the manner of a gitignore file: without a slash it matches the file name, and a
/// slash at its beginning ties it to the root.
fn parse(glob: &str) -> Result<Glob, globset::Error> {
    let pattern = match glob.strip_prefix('/') {
        Some(rooted) => rooted.to_owned(),
        None if glob.contains('/') => glob.to_owned(),
        None => format!("**/{glob}"),
    };
    GlobBuilder::new(&pattern).literal_separator(true).backslash_escape(true).build()
}

/// Globs as [`Rule::files`] takes them, ready to be asked.
///
/// # Errors
/// Why one is none.
pub fn glob_set<'a>(globs: impl IntoIterator<Item = &'a str>) -> Result<GlobSet, String> {
    let globs = globs.into_iter().map(parse).collect::<Result<Vec<_>, _>>();
    globs.and_then(GlobSet::new).map_err(|error| error.to_string())
}

/// Checks a glob without the cost of making it ready to be asked.
///
/// # Errors
/// Why it is none.
pub fn check_glob(glob: &str) -> Result<(), String> {
    parse(glob).map(drop).map_err(|error| error.kind().to_string())
}

/// Whether a file is a source map, by its name.
pub fn is_source_map(path: &AssetPath) -> bool {
    path.extension() == Some("map")
}

/// The `Content-Type` of files with an extension, from a table of lastly's own (`mime_guess`, and what it lacks), never the build
/// machine's. Text is UTF-8.
fn content_type(extension: &str) -> String {
    let extension = extension.to_ascii_lowercase();
    let guess = match extension.as_str() {
        // Source maps (ECMA-426, section 11) and what the table calls a MPEG stream or does not know.
        "map" => "application/json".to_owned(),
        "mjs" | "cjs" => "text/javascript".to_owned(),
        "webmanifest" => "application/manifest+json".to_owned(),
        "geojson" => "application/geo+json".to_owned(),
        _ => mime_guess::from_ext(&extension).first_or_octet_stream().to_string(),
    };
    if guess.starts_with("text/") && !guess.contains("charset") { format!("{guess}; charset=utf-8") } else { guess }
}

#[cfg(test)]
mod tests;
