//! Where the references of one file lead, among the files of the site.

use super::files::Files;
use super::rules::Kind as Becomes;
use crate::model::path::{AssetPath, common_folder};
use crate::refs::format::Format;
use crate::refs::reference::{Kind, MapPlace, Obstacle, Reference};
use crate::refs::resolve::{Folder, Inside, Resolved, Roots, resolve};

/// What a file refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The files of the site that it refers to, by number, each once, ascending.
    pub targets: Vec<u32>,
    /// Where the address of a target goes, in the order of their places.
    pub spots: Vec<Spot>,
    /// The files with an address that it names by module specifiers which stay as they are, for an import map tells
    /// where these lead; each once, ascending. They are not among `targets`.
    pub imports: Vec<u32>,
    /// Where the addresses of `imports` would go otherwise, in the order of their places.
    pub specifiers: Vec<Spot>,
    /// Where a page's import map stands, or would have to.
    pub map: MapPlace,
    /// Tags of a page whose files can be checked.
    pub checkable: Vec<Checkable>,
    /// What there is to report.
    pub findings: Vec<Finding>,
    /// Module specifiers without the extension that only a bundler adds: its sources, not what browsers load.
    pub for_a_bundler: usize,
    /// Whether a reference leads to no file, and nothing is said of it, but would count if there were one.
    pub is_open: bool,
    /// How many references there are, wherever they lead.
    pub references: usize,
    /// How many of them lead to a file of the site.
    pub resolved: usize,
    /// References that hold a template's placeholder and lead nowhere as they stand: no page, but what makes one.
    pub for_a_template: usize,
}

/// Where an address goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The place in the file.
    pub place: usize,
    /// The file whose address it is.
    pub target: u32,
}

/// A tag whose file can be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkable {
    /// The file.
    pub target: u32,
    /// What was found.
    pub tag: crate::refs::reference::Checkable,
}

/// Something to report about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Line and column, from 1.
    pub position: (usize, usize),
    /// What it is.
    pub what: What,
}

/// What there is to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A reference that leads to no file.
    Missing {
        /// As it stands in the file.
        text: String,
        /// The path at which there is no file; `None` if it lies above the site's root.
        path: Option<String>,
        /// What it is for.
        kind: Kind,
    },
    /// A reference to a file that the rules leave out.
    Excluded {
        /// As it stands in the file.
        text: String,
        /// The path of that file.
        path: String,
        /// What it is for.
        kind: Kind,
    },
    /// A reference that resolves against whichever page runs the script, to what seems to be an asset.
    AgainstThePage {
        /// As it stands in the file.
        text: String,
        /// What would name the asset if it were relative to the file.
        name: String,
        /// The asset.
        path: AssetPath,
    },
    /// A sealed file that refers to an asset, or to the folder of a tree, whose name it cannot know.
    FromSealed {
        /// As it stands in the file.
        text: String,
        /// The asset or folder.
        path: String,
    },
    /// A file of a tree whose reference leads past its own folder, to something that has an address in its name.
    FromTree {
        /// As it stands in the file.
        text: String,
        /// The file or folder.
        path: String,
    },
    /// A reference to a file of a tree that does not name the tree's folder, so that the address can be put nowhere.
    IntoTree {
        /// As it stands in the file.
        text: String,
        /// The tree's folder, with its slash.
        tree: String,
    },
    /// A reference to a folder whose files have addresses in their names, so that no name put together with it will do.
    Folder {
        /// As it stands in the file.
        text: String,
        /// The folder, with its slash; empty for the root.
        path: String,
    },
    /// A module specifier that is worked out at run time.
    Computed {
        /// A module that the file imports by its address as well.
        beside: Option<AssetPath>,
    },
    /// A page's import map to which nothing can be added.
    FixedMap,
    /// A file that cannot be parsed.
    Unparsable {
        /// Why not.
        why: String,
    },
}

/// What bundlers add to a module specifier.
const BUNDLED: [&str; 12] = [
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".tsx",
    ".jsx",
    ".json",
    "/index.js",
    "/index.mjs",
    "/index.ts",
    "/index.tsx",
    "/package.json",
];

/// What placeholders begin with in Django's, Jinja's, Handlebars', Liquid's and Go's templates, in ERB, EJS and JSP, and
/// in PHP.
const PLACEHOLDERS: [&str; 4] = ["{{", "{%", "<%", "<?"];

impl Links {
    /// Has module specifiers rewritten like every other reference, as where no import map applies.
    pub fn rewrite_specifiers(&mut self) {
        self.spots.append(&mut self.specifiers);
        self.spots.sort_by_key(|spot| spot.place);
        self.targets.append(&mut self.imports);
        self.targets.sort_unstable();
        self.targets.dedup();
    }
}

/// Finds out what a file refers to. With `mapped`, an import map tells where relative module specifiers lead.
pub fn links(bytes: &[u8], number: u32, format: Format, files: &Files, roots: &Roots, mapped: bool) -> Links {
    let found = format.find(bytes);
    let path = files.path(number);
    let links = Links { references: found.references.len(), map: found.map, ..Links::default() };
    let is_page = files.kind(number) == Becomes::Page;
    let applies = match format {
        Format::Html => is_page,
        // It is for pages; what it asks for stays.
        Format::ImportMap => true,
        // A script that is not renamed is a worker more often than not.
        Format::Script | Format::Module => !is_page,
        _ => false,
    };
    let mut looking = Looking { number, files, stays: mapped && applies, module: None, told: Vec::new(), links };
    if looking.stays
        && format == Format::Html
        && let Some(there) = found.map.there
        && there.imports.is_none()
    {
        looking.report(there.place, What::FixedMap);
    }
    for reference in &found.references {
        let (text, kind) = (reference.value.text(), reference.kind);
        let mut resolved = resolve(text, kind, path, found.base.as_deref(), roots);
        let leads_to_file = |resolved: &Resolved| match resolved {
            Resolved::Inside(inside) => files.number(&inside.path).is_some(),
            _ => false,
        };
        // The page that runs a script is not known; most lie at the root, if not beside it.
        if kind == Kind::Document && !leads_to_file(&resolved) {
            resolved = resolve(text, kind, &page_at_root(), None, roots);
        }
        match resolved {
            Resolved::Inside(inside) => looking.inside(reference, inside),
            Resolved::Folder(folder) => looking.folder(reference, &folder),
            Resolved::Above if !is_told(reference.kind) => {}
            Resolved::Above if has_placeholder(text) => looking.links.for_a_template += 1,
            Resolved::Above => {
                let what = What::Missing { text: text.to_owned(), path: None, kind: reference.kind };
                looking.report(reference.value.place(0), what);
            }
            _ => {}
        }
    }
    for remark in found.remarks {
        let what = match remark.what {
            // What is not rewritten need not be understood, and finds what it asks for where it always was.
            _ if matches!(files.kind(number), Becomes::Sealed | Becomes::Tree) => continue,
            Obstacle::Unparsable(why) => What::Unparsable { why },
            Obstacle::Computed => What::Computed { beside: looking.module.map(|module| files.path(module).clone()) },
        };
        looking.report(remark.place, what);
    }
    let Looking { told, mut links, .. } = looking;
    links.findings = findings(bytes, told);
    for tag in found.checkable {
        let at = found.references.binary_search_by_key(&tag.reference, |reference| reference.value.place(0));
        let Ok(reference) = at.map(|at| &found.references[at]) else { continue };
        let resolved = resolve(reference.value.text(), reference.kind, path, found.base.as_deref(), roots);
        if let Resolved::Inside(inside) = resolved
            && let Some(target) = files.number(&inside.path)
        {
            links.checkable.push(Checkable { target, tag });
        }
    }
    for files in [&mut links.targets, &mut links.imports] {
        files.sort_unstable();
        files.dedup();
    }
    links.spots.sort_by_key(|spot| spot.place);
    links.specifiers.sort_by_key(|spot| spot.place);
    links
}

struct Looking<'a> {
    number: u32,
    files: &'a Files,
    /// Whether relative module specifiers, and the keys of import maps that they ask for, stay as they are.
    stays: bool,
    /// A module that is imported by its address.
    module: Option<u32>,
    /// What there is to report, each with its place.
    told: Vec<(usize, What)>,
    links: Links,
}

impl Looking<'_> {
    /// Takes a reference that leads to a place inside the site.
    fn inside(&mut self, reference: &Reference, inside: Inside) {
        let (text, kind) = (reference.value.text(), reference.kind);
        let Some(target) = self.files.number(&inside.path) else {
            let folder = Folder { path: format!("{}/", inside.path), ends: inside.ends };
            let names_tree = self.files.tree_of_folder(&folder.path).is_some_and(|(tree, _)| tree == folder.path);
            if is_told(kind) && !names_tree || !self.is_put_into_tree(reference, &folder) {
                self.nothing_there(reference, inside.path);
            }
            return;
        };
        self.links.resolved += 1;
        let (has_address, path) = (self.files.has_address(target), self.files.path(target));
        if kind == Kind::Document {
            if has_address && !self.is_own_tree(target) {
                let is_rooted = text.starts_with('/') || text.contains("://");
                let name = if is_rooted { text.to_owned() } else { relative(self.files.path(self.number), path) };
                let what = What::AgainstThePage { text: text.to_owned(), name, path: path.clone() };
                self.report(reference.value.place(0), what);
            }
            return;
        }
        if kind == Kind::Asked && self.stays {
            return;
        }
        let stays = self.stays
            && kind == Kind::Module
            && has_address
            && !self.is_own_tree(target)
            && is_plain_relative(text, path);
        let index = match self.files.tree(target) {
            None => Some(inside.name),
            Some((folder, _)) => inside.ends[depth(folder)],
        };
        let is_rewritten = !matches!(self.files.kind(self.number), Becomes::Sealed | Becomes::Tree);
        if stays {
            self.links.imports.push(target);
            let spot = index.map(|index| Spot { place: reference.value.place(index), target });
            self.links.specifiers.extend(spot.filter(|_| is_rewritten));
            return;
        }
        self.links.targets.push(target);
        if has_address {
            self.put_in(reference, target, path.as_str(), index);
        }
    }

    /// Takes a reference to a folder: that of a tree has an address, which all names that are put together with it then
    /// have; no other will do where files have addresses of their own.
    fn folder(&mut self, reference: &Reference, folder: &Folder) {
        if self.is_put_into_tree(reference, folder) {
            return;
        }
        let (text, path) = (reference.value.text(), &folder.path);
        match reference.kind {
            Kind::Module => self.links.for_a_bundler += 1,
            kind if !is_told(kind) => {}
            _ if has_placeholder(text) => self.links.for_a_template += 1,
            _ if self.files.kind(self.number) == Becomes::Sealed => {}
            // A page that stands for the folder is what the reference leads to.
            kind if self.files.has_addresses(path)
                && (kind == Kind::Mapped || self.files.number(&format!("{path}index.html")).is_none()) =>
            {
                let what = What::Folder { text: text.to_owned(), path: path.clone() };
                self.report(reference.value.place(0), what);
            }
            _ => self.links.is_open = true,
        }
    }

    /// Puts the address of a tree into a reference to its folder, or to something below, whether it is there or not.
    /// Returns whether it was one.
    fn is_put_into_tree(&mut self, reference: &Reference, folder: &Folder) -> bool {
        let Some((tree, target)) = self.files.tree_of_folder(&folder.path) else { return false };
        let kind = reference.kind;
        if matches!(kind, Kind::Document | Kind::Module) || (kind == Kind::Asked && self.stays) {
            return false;
        }
        let index = folder.ends[depth(tree)];
        self.links.resolved += 1;
        self.links.targets.push(target);
        self.put_in(reference, target, &folder.path, index);
        true
    }

    /// Whether a file is of the tree that this one is of.
    fn is_own_tree(&self, target: u32) -> bool {
        let tree = |number| self.files.tree(number).map(|(folder, _)| folder);
        tree(target).is_some() && tree(target) == tree(self.number)
    }

    /// Has an address put into a reference at an index of its text. `path` is what it leads to.
    fn put_in(&mut self, reference: &Reference, target: u32, path: &str, index: Option<usize>) {
        let (text, kind, place) = (reference.value.text().to_owned(), reference.kind, reference.value.place(0));
        let path = path.to_owned();
        match (self.files.kind(self.number), index) {
            (Becomes::Sealed, _) => self.report(place, What::FromSealed { text, path }),
            (Becomes::Tree, None) if self.is_own_tree(target) => {}
            (Becomes::Tree, _) => self.report(place, What::FromTree { text, path }),
            (_, Some(index)) => {
                self.module = self.module.or(matches!(kind, Kind::Module | Kind::Mapped).then_some(target));
                self.links.spots.push(Spot { place: reference.value.place(index), target });
            }
            (_, None) => {
                let tree = self.files.tree(target).map(|(folder, _)| folder.to_owned()).unwrap_or_default();
                self.report(place, What::IntoTree { text, tree });
            }
        }
    }

    fn nothing_there(&mut self, reference: &Reference, path: String) {
        let (text, kind) = (reference.value.text().to_owned(), reference.kind);
        let what = match kind {
            kind if !is_told(kind) => {
                self.links.is_open = true;
                return;
            }
            _ if self.files.is_excluded(&path) => What::Excluded { text, path, kind },
            _ if has_placeholder(&text) => {
                self.links.for_a_template += 1;
                return;
            }
            Kind::Module | Kind::Mapped
                if BUNDLED.iter().any(|end| self.files.number(&format!("{path}{end}")).is_some()) =>
            {
                self.links.for_a_bundler += 1;
                return;
            }
            _ => What::Missing { text, path: Some(path), kind },
        };
        self.report(reference.value.place(0), what);
    }

    fn report(&mut self, place: usize, what: What) {
        self.told.push((place, what));
    }
}

/// Whether it is told where a reference of this kind leads nowhere.
fn is_told(kind: Kind) -> bool {
    !matches!(kind, Kind::Link | Kind::Mention | Kind::Asked | Kind::Document)
}

/// A page at the root of the site, whether there is one or not.
fn page_at_root() -> AssetPath {
    AssetPath::new("index.html").expect("a plain path")
}

/// How a file names another one relative to itself.
fn relative(from: &AssetPath, to: &AssetPath) -> String {
    let shared = common_folder([from.directory(), to.directory()].into_iter()).len();
    let up = from.directory()[shared..].matches('/').count();
    format!("{}{}", "../".repeat(up), &to.as_str()[shared..])
}

/// Which of the segments of a path within a folder, from 0, is that folder's own name.
fn depth(folder: &str) -> usize {
    folder.matches('/').count() - 1
}

/// Whether a specifier leads, by the URL standard alone, to exactly the URL under which an import map has the file: it
/// is relative, has no query, and neither it nor the file's path has what can be spelled in two ways.
fn is_plain_relative(text: &str, path: &AssetPath) -> bool {
    let is_plain = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || " -._~!$&'()*+,;=:@/".contains(c);
    (text.starts_with("./") || text.starts_with("../"))
        && text.chars().all(is_plain)
        && path.as_str().chars().all(is_plain)
}

fn has_placeholder(text: &str) -> bool {
    PLACEHOLDERS.iter().any(|placeholder| text.contains(placeholder))
}

/// What there is to report, in the order of the places, with lines and columns, from 1; columns count characters.
fn findings(bytes: &[u8], mut told: Vec<(usize, What)>) -> Vec<Finding> {
    told.sort_by_key(|(place, _)| *place);
    let mut counted = 0;
    let (mut line, mut column) = (1, 1);
    let finding = |(place, what): (usize, What)| {
        let place = place.min(bytes.len());
        let between = &bytes[counted..place];
        let is_end = |at: &usize| between[*at] == b'\n' || bytes.get(counted + at + 1) != Some(&b'\n');
        let ends = memchr::memchr2_iter(b'\n', b'\r', between).filter(is_end);
        let (lines, start) = ends.fold((0, 0), |(lines, _), at| (lines + 1, at + 1));
        if lines > 0 {
            (line, column) = (line + lines, 1);
        }
        column += String::from_utf8_lossy(&between[start..]).chars().count();
        counted = place;
        Finding { position: (line, column), what }
    };
    told.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_of_every_kind_and_characters() {
        let bytes = "a\r\nb\rc\n\u{e4}\u{2297}x".as_bytes();
        let expected =
            [(0, (1, 1)), (1, (1, 2)), (3, (2, 1)), (3, (2, 1)), (5, (3, 1)), (7, (4, 1)), (12, (4, 3)), (99, (4, 4))];
        let positions = |places: &[usize]| -> Vec<(usize, usize)> {
            let told = places.iter().map(|&place| (place, What::FixedMap)).collect();
            findings(bytes, told).into_iter().map(|finding| finding.position).collect()
        };
        for (place, expected) in expected {
            assert_eq!(positions(&[place]), [expected], "{place}");
        }
        let (places, expected): (Vec<usize>, Vec<_>) = expected.into_iter().unzip();
        assert_eq!(positions(&places), expected);
    }

    /// One that is quadratic takes minutes.
    #[test]
    fn very_many_findings_have_their_places() {
        let bytes = "x".repeat(200_000);
        let told = (0..bytes.len()).rev().map(|place| (place, What::FixedMap)).collect();
        let positions = findings(bytes.as_bytes(), told).into_iter().map(|finding| finding.position);
        assert!(positions.eq((1..=bytes.len()).map(|column| (1, column))));
    }
}
