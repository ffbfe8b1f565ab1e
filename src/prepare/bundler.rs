//! What bundlers say of their output: which files have a hash in their names, so that they can be sealed.
//!
//! A file is sealed because a bundler's own manifest names it, never because its name looks hashed. But bundlers can
//! be told to leave the hash out, and then their manifest names files that change under one name; so the part by
//! which an output's name differs from its source's must look like a hash, too. Pure: `collect` reads the manifests.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::rules::Kind;
use crate::model::path::AssetPath;

/// Who wrote a manifest, as far as its shape tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Vite's: <https://vite.dev/guide/backend-integration>
    Vite,
    /// esbuild's metafile: <https://esbuild.github.io/api/#metafile>
    Esbuild,
    /// From the name of each source to that of what came of it: webpack-assets-manifest's, webpack-manifest-plugin's,
    /// Propshaft's before version 1.2.
    Flat,
    /// Propshaft's since it knows integrity values.
    Propshaft,
    /// Sprockets'.
    Sprockets,
    /// Laravel Mix's: it puts the hash into a query, and every version of a file lies under one name.
    Mix,
}

/// What a bundler says it has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Of which shape it is.
    pub shape: Shape,
    outputs: Vec<Output>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Output {
    /// Its path, or the end of its URL.
    path: String,
    /// What its file name would be without a hash, if that is known.
    plain: Option<String>,
}

/// What becomes of files on account of bundlers' manifests, where no rule decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundled {
    /// Files that are sealed, and their source maps, which are pages: a map can change while the name of the script,
    /// which its own name follows, stays.
    pub kinds: HashMap<AssetPath, Kind>,
    /// Files that a manifest names and that have no hash in their names.
    pub plain: BTreeSet<AssetPath>,
}

/// The shape that the manifest with this well-known path must have; `None` for every other file.
pub fn well_known(path: &AssetPath) -> Option<&'static [Shape]> {
    let is_sprockets = |name: &str| {
        let id = name.strip_prefix(".sprockets-manifest-").and_then(|rest| rest.strip_suffix(".json"));
        id.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let is_at = |end: &str| path.as_str().strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    match path.file_name() {
        _ if is_at(".vite/manifest.json") => Some(&[Shape::Vite]),
        ".manifest.json" => Some(&[Shape::Flat, Shape::Propshaft]),
        name if is_sprockets(name) => Some(&[Shape::Sprockets]),
        _ => None,
    }
}

impl Manifest {
    /// Reads a manifest; `None` if it is of no shape that is known.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        let entries = value.as_object()?;
        let inner = |key: &str| entries.get(key)?.as_object();
        let (shape, outputs) = if let (Some(_), Some(outputs)) = (inner("inputs"), inner("outputs")) {
            (Shape::Esbuild, esbuild(outputs))
        } else if let (Some(files), Some(_)) = (inner("files"), inner("assets")) {
            (Shape::Sprockets, each(files, |path, file| Some(of_source(path, Some(text(file.get("logical_path"))?))))?)
        } else if let Some(outputs) = vite(entries) {
            (Shape::Vite, outputs)
        } else if let Some(outputs) =
            each(entries, |name, file| Some(of_source(text(file.get("digested_path"))?, Some(name))))
        {
            (Shape::Propshaft, outputs)
        } else if is_mix(entries) {
            (Shape::Mix, Vec::new())
        } else {
            (Shape::Flat, flat(entries)?)
        };
        Some(Self { shape, outputs })
    }

    /// Adds what the manifest, which lies at `path`, makes of files. `find` gives the file with a path, if there is
    /// one.
    pub fn sort<'a>(&self, path: &AssetPath, find: impl Fn(&str) -> Option<&'a AssetPath>, bundled: &mut Bundled) {
        let folder = path.directory();
        let folder = match folder.strip_suffix(".vite/") {
            Some(above) if self.shape == Shape::Vite && (above.is_empty() || above.ends_with('/')) => above,
            _ => folder,
        };
        // Of several outputs with one path, the one whose plain name is most like it tells most.
        let mut hashes: BTreeMap<&AssetPath, &str> = BTreeMap::new();
        for Output { path, plain } in &self.outputs {
            let Some(file) = self.locate(path, folder, &find) else { continue };
            let hash = hash_in(file.file_name(), plain.as_deref());
            let least = hashes.entry(file).or_insert(hash);
            *least = if hash.len() < least.len() { hash } else { least };
        }
        let is_listed_script = |map: &AssetPath| {
            let script = map.as_str().strip_suffix(".map").and_then(&find);
            script.is_some_and(|script| hashes.contains_key(script))
        };
        let outputs: Vec<_> = hashes.iter().filter(|(file, _)| !is_listed_script(file)).collect();
        let lengths: BTreeSet<usize> =
            outputs.iter().flat_map(|(_, hash)| long_parts(hash)).filter(|part| !is_word(part)).map(str::len).collect();
        for (file, hash) in outputs {
            // A hash can by chance be a word; then it is as long as the others.
            let is_hashed =
                long_parts(hash).any(|part| lengths.contains(&part.len())) || has_own_digest(file.file_name());
            if !is_hashed {
                bundled.plain.insert((*file).clone());
                continue;
            }
            bundled.kinds.insert((*file).clone(), Kind::Sealed);
            if let Some(map) = find(&format!("{file}.map")) {
                bundled.kinds.entry(map.clone()).or_insert(Kind::Page);
            }
        }
    }

    /// The file that an output is. webpack writes a public path before its name, and esbuild the path from where it
    /// ran: then it is the file with the longest end of that path, in the manifest's folder or the lowest above it.
    fn locate<'a>(
        &self,
        path: &str,
        folder: &str,
        find: &impl Fn(&str) -> Option<&'a AssetPath>,
    ) -> Option<&'a AssetPath> {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let path = match path.split_once("//") {
            Some((scheme, rest)) if scheme.is_empty() || scheme.ends_with(':') => rest.split_once('/')?.1,
            _ => path,
        };
        let path = path.trim_start_matches("./").trim_start_matches('/');
        if !matches!(self.shape, Shape::Flat | Shape::Esbuild) {
            return find(&format!("{folder}{path}"));
        }
        let starts = |text: &str| text.match_indices('/').map(|(at, _)| at + 1).collect::<Vec<usize>>();
        let folders = starts(folder).into_iter().rev().chain([0]).map(|end| &folder[..end]);
        let ends: Vec<&str> = [0].into_iter().chain(starts(path)).map(|start| &path[start..]).collect();
        folders.flat_map(|folder| ends.iter().map(move |end| format!("{folder}{end}"))).find_map(|path| find(&path))
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str()
}

/// An output that came of the file at `source`.
fn of_source(path: &str, source: Option<&str>) -> Output {
    Output { path: path.to_owned(), plain: source.map(|source| file_name(source).to_owned()) }
}

/// An output that is called `name` but for its hash and extension.
fn of_name(path: &str, name: Option<&str>) -> Output {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
    Output { path: path.to_owned(), plain: name.map(|name| format!("{}.{extension}", file_name(name))) }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The name of a source without its extension.
fn stem(path: &str) -> &str {
    let name = file_name(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// What `read` makes of every entry; `None` if it can make nothing of one.
fn each(entries: &Map<String, Value>, read: impl Fn(&str, &Value) -> Option<Output>) -> Option<Vec<Output>> {
    entries.iter().map(|(name, value)| read(name, value)).collect()
}

fn vite(chunks: &Map<String, Value>) -> Option<Vec<Output>> {
    let mut outputs = Vec::new();
    for (key, chunk) in chunks {
        let path = text(chunk.get("file"))?;
        // A chunk that no source stands for has its own name as key, behind an underscore.
        let source = text(chunk.get("src")).unwrap_or(key);
        let source = Some(source).filter(|source| source.strip_prefix('_') != Some(file_name(path)));
        let name = text(chunk.get("name")).or(source.map(stem));
        outputs.push(of_name(path, name));
        let listed =
            |key: &str| chunk.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        outputs.extend(listed("css").map(|path| of_name(path, name)));
        outputs.extend(listed("assets").map(|path| of_name(path, None)));
    }
    Some(outputs)
}

fn esbuild(outputs: &Map<String, Value>) -> Vec<Output> {
    let source = |output: &Value| {
        let only = output.get("inputs").and_then(Value::as_object).filter(|inputs| inputs.len() == 1);
        let entry = text(output.get("entryPoint")).or_else(|| only?.keys().next().map(String::as_str));
        entry.map(|entry| stem(entry).to_owned())
    };
    outputs.iter().map(|(path, output)| of_name(path, source(output).as_deref())).collect()
}

fn is_mix(entries: &Map<String, Value>) -> bool {
    let is_same = |(name, value): (&String, &Value)| {
        name.starts_with('/') && value.as_str().is_some_and(|path| path.split('?').next() == Some(name))
    };
    !entries.is_empty() && entries.iter().all(is_same)
}

fn flat(entries: &Map<String, Value>) -> Option<Vec<Output>> {
    // webpack-assets-manifest can list entry points besides, in an object of their own.
    let files = entries.iter().filter(|(name, value)| !(*name == "entrypoints" && value.is_object()));
    let read = |(name, value): (&String, &Value)| {
        let path = value.as_str().or_else(|| text(value.get("src")))?;
        Some(of_source(path, Some(name)))
    };
    files.map(read).collect()
}

/// What stands in a file's name and not in its plain name: the hash, if it has one, with what separates it.
fn hash_in<'a>(name: &'a str, plain: Option<&str>) -> &'a str {
    let plain = match plain {
        Some(plain) => plain,
        None => &name[name.rfind('.').unwrap_or(name.len())..],
    };
    let (here, there) = (name.as_bytes(), plain.as_bytes());
    let before = here.iter().zip(there).take_while(|(one, other)| one == other).count();
    let both = here.len().min(there.len()) - before;
    let behind = here.iter().rev().zip(there.iter().rev()).take(both).take_while(|(one, other)| one == other).count();
    name.get(before..name.len() - behind).unwrap_or(name)
}

/// How long a hash is at least.
const SHORTEST: usize = 6;

/// The parts of a name's difference that are as long as a hash.
fn long_parts(text: &str) -> impl Iterator<Item = &str> {
    let is_hash_character = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let parts = text.split(move |c| !is_hash_character(c)).map(|part| part.strip_prefix(['-', '_']).unwrap_or(part));
    parts.filter(|part| part.len() >= SHORTEST)
}

/// Whether it may well be a word: all of it small letters.
fn is_word(part: &str) -> bool {
    !part.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// Whether a file came into Propshaft hashed, and says so: `app-1a2b3c4.digested.js`.
fn has_own_digest(name: &str) -> bool {
    let digest = name.split_once(".digested.").and_then(|(stem, _)| stem.rsplit_once('-'));
    digest.is_some_and(|(_, digest)| digest.len() > SHORTEST)
}

#[cfg(test)]
mod tests;
