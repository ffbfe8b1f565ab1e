//! The release document. Its bytes are canonical: no space, maps sorted, header sets in a sorted table.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::format::{Text, WireError, bad, check_format, read, write};
use crate::model::address::Address;
use crate::model::compression::Compression;
use crate::model::headers::Headers;
use crate::model::layout::Name;
use crate::model::path::AssetPath;
use crate::model::release::{CircleId, Entry, Integrity, Origin, Release, RewritingId};

const DOCUMENT: &str = "the release document";
const FORMAT: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRelease<'a> {
    format: u64,
    rewriting: String,
    headers: Vec<BTreeMap<String, String>>,
    #[serde(borrow)]
    assets: BTreeMap<Text<'a>, WireEntry<'a>>,
    #[serde(borrow)]
    pages: BTreeMap<Text<'a>, WireEntry<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEntry<'a> {
    #[serde(borrow)]
    key: Text<'a>,
    size: u64,
    #[serde(borrow)]
    address: Text<'a>,
    /// Index into the table of header sets.
    headers: usize,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    integrity: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sealed: bool,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    compression: Option<Text<'a>>,
    /// The address of the bytes before references were rewritten.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    source: Option<Text<'a>>,
    /// What it refers to: indices into all paths, those of `assets` and then those of `pages`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refs: Option<Vec<usize>>,
    /// What it names by module specifiers that stay as they are, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    imports: Option<Vec<usize>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    circle: Option<Text<'a>>,
}

/// The canonical bytes of a release.
pub fn write_release<'a>(release: &'a Release) -> Vec<u8> {
    let sets: BTreeSet<&Headers> = release.entries().map(|(_, entry)| &*entry.headers).collect();
    let index: BTreeMap<&Headers, usize> = sets.iter().enumerate().map(|(at, headers)| (*headers, at)).collect();
    let places: HashMap<&AssetPath, usize> = release.entries().enumerate().map(|(at, (path, _))| (path, at)).collect();
    let indices = |targets: &Vec<AssetPath>| targets.iter().map(|target| places[target]).collect();
    let entry = |(path, entry): (&'a AssetPath, &'a Entry)| {
        let wire = WireEntry {
            key: Text::of(entry.name.as_str()),
            size: entry.size,
            address: Text::shown(entry.address),
            headers: index[&*entry.headers],
            integrity: entry.integrity.as_ref().map(|integrity| Text::of(integrity.as_str())),
            sealed: entry.sealed,
            compression: entry.compression.map(Text::shown),
            source: entry.origin.source.map(Text::shown),
            refs: entry.origin.targets.as_ref().map(indices),
            imports: entry.origin.imports.as_ref().map(indices),
            circle: entry.origin.circle.map(Text::shown),
        };
        (Text::of(path.as_str()), wire)
    };
    let pairs = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    write(&WireRelease {
        format: FORMAT,
        rewriting: release.rewriting.to_string(),
        headers: sets.iter().map(|headers| headers.iter().map(pairs).collect()).collect(),
        assets: release.assets.iter().map(entry).collect(),
        pages: release.pages.iter().map(entry).collect(),
    })
}

/// Reads a release document.
///
/// # Errors
/// The bytes are not one, or one of a later format.
pub fn read_release(bytes: &[u8]) -> Result<Release, WireError> {
    let wire: WireRelease = read(DOCUMENT, FORMAT, bytes)?;
    check_format(DOCUMENT, wire.format, FORMAT)?;
    let sets = wire.headers.iter().map(|pairs| Ok(Arc::new(headers(pairs)?))).collect::<Result<Vec<_>, WireError>>()?;
    let mut paths = Vec::with_capacity(wire.assets.len() + wire.pages.len());
    for Text(text) in wire.assets.keys().chain(wire.pages.keys()) {
        paths.push(AssetPath::new(text).map_err(|_| bad(DOCUMENT, "a logical path")(text))?);
    }
    let (of_assets, of_pages) = paths.split_at(wire.assets.len());
    let entries = |wire: BTreeMap<Text<'_>, WireEntry<'_>>, own: &[AssetPath]| {
        let entries = own.iter().zip(wire.into_values());
        entries.map(|(path, wire)| Ok((path.clone(), entry(wire, &sets, &paths)?))).collect::<Result<_, WireError>>()
    };
    let rewriting = RewritingId::parse(&wire.rewriting);
    Ok(Release {
        assets: entries(wire.assets, of_assets)?,
        pages: entries(wire.pages, of_pages)?,
        rewriting: rewriting.ok_or_else(|| bad(DOCUMENT, "an id of the rewriting")(&wire.rewriting))?,
    })
}

fn headers(pairs: &BTreeMap<String, String>) -> Result<Headers, WireError> {
    let mut headers = Headers::default();
    for (name, value) in pairs {
        headers.set(name, value).map_err(|_| bad(DOCUMENT, "a header that S3 stores")(name))?;
    }
    Ok(headers)
}

fn entry(wire: WireEntry<'_>, sets: &[Arc<Headers>], paths: &[AssetPath]) -> Result<Entry, WireError> {
    let headers = sets.get(wire.headers).cloned();
    let address = |Text(text): &Text<'_>| Address::parse(text).ok_or_else(|| bad(DOCUMENT, "an address")(text));
    let circle = |Text(text): &Text<'_>| CircleId::parse(text).ok_or_else(|| bad(DOCUMENT, "a circle")(text));
    let compression =
        |Text(text): &Text<'_>| Compression::parse(text).ok_or_else(|| bad(DOCUMENT, "a way of compressing")(text));
    let target =
        |at: &usize| paths.get(*at).cloned().ok_or_else(|| bad(DOCUMENT, "an index into the paths")(&at.to_string()));
    let origin = Origin {
        source: wire.source.as_ref().map(address).transpose()?,
        targets: wire.refs.map(|refs| refs.iter().map(target).collect()).transpose()?,
        imports: wire.imports.map(|refs| refs.iter().map(target).collect()).transpose()?,
        circle: wire.circle.as_ref().map(circle).transpose()?,
    };
    Ok(Entry {
        name: Name::new(&wire.key.0),
        size: wire.size,
        address: address(&wire.address)?,
        headers: headers.ok_or_else(|| bad(DOCUMENT, "an index into `headers`")(&wire.headers.to_string()))?,
        integrity: wire.integrity.as_ref().map(|Text(text)| Integrity::new(text)),
        sealed: wire.sealed,
        compression: wire.compression.as_ref().map(compression).transpose()?,
        origin,
    })
}
