//! The release document. Its bytes are canonical: no space, maps sorted, header sets in a sorted table.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::format::{WireError, bad, check_format, read, write};
use crate::model::address::Address;
use crate::model::headers::Headers;
use crate::model::layout::Name;
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Integrity, Release};

const DOCUMENT: &str = "the release document";
const FORMAT: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRelease {
    format: u64,
    headers: Vec<BTreeMap<String, String>>,
    assets: BTreeMap<String, WireEntry>,
    pages: BTreeMap<String, WireEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEntry {
    key: String,
    size: u64,
    address: String,
    /// Index into the table of header sets.
    headers: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    integrity: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sealed: bool,
}

/// The canonical bytes of a release.
pub fn write_release(release: &Release) -> Vec<u8> {
    let sets: BTreeSet<&Headers> = release.entries().map(|(_, entry)| &*entry.headers).collect();
    let index: BTreeMap<&Headers, usize> = sets.iter().enumerate().map(|(at, headers)| (*headers, at)).collect();
    let entry = |(path, entry): (&AssetPath, &Entry)| {
        let wire = WireEntry {
            key: entry.name.to_string(),
            size: entry.size,
            address: entry.address.to_string(),
            headers: index[&*entry.headers],
            integrity: entry.integrity.as_ref().map(|integrity| integrity.as_str().to_owned()),
            sealed: entry.sealed,
        };
        (path.to_string(), wire)
    };
    let pairs = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    write(&WireRelease {
        format: FORMAT,
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
    let entries = |wire: BTreeMap<String, WireEntry>| {
        wire.into_iter().map(|(path, wire)| entry(&path, wire, &sets)).collect::<Result<BTreeMap<_, _>, _>>()
    };
    Ok(Release { assets: entries(wire.assets)?, pages: entries(wire.pages)? })
}

fn headers(pairs: &BTreeMap<String, String>) -> Result<Headers, WireError> {
    let mut headers = Headers::default();
    for (name, value) in pairs {
        headers.set(name, value).map_err(|_| bad(DOCUMENT, "a header that S3 stores")(name))?;
    }
    Ok(headers)
}

fn entry(path: &str, wire: WireEntry, sets: &[Arc<Headers>]) -> Result<(AssetPath, Entry), WireError> {
    let headers = sets.get(wire.headers).cloned();
    let entry = Entry {
        name: Name::new(&wire.key),
        size: wire.size,
        address: Address::parse(&wire.address).ok_or_else(|| bad(DOCUMENT, "an address")(&wire.address))?,
        headers: headers.ok_or_else(|| bad(DOCUMENT, "an index into `headers`")(&wire.headers.to_string()))?,
        integrity: wire.integrity.as_deref().map(Integrity::new),
        sealed: wire.sealed,
    };
    let path = AssetPath::new(path).map_err(|_| bad(DOCUMENT, "a logical path")(path))?;
    Ok((path, entry))
}
