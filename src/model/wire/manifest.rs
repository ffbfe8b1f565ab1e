//! The manifest: the public projection of a channel's current release.
//!
//! `paths`, `version` and `hash` are what Django's `ManifestStaticFilesStorage` reads (format 1.1 of its manifest);
//! everything else stands under `lastly`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::format::{WireError, bad, check_format, read, write};
use crate::model::address::Address;
use crate::model::layout::{ChannelName, Name};
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Release, ReleaseId};
use crate::model::timestamp::Timestamp;

const DOCUMENT: &str = "the manifest";
const FORMAT: u64 = 1;

/// What a manifest says of its channel: everything that a later publish or rollback needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The channel.
    pub channel: ChannelName,
    /// The sequence of the move that it follows.
    pub sequence: u64,
    /// The release it shows.
    pub release: ReleaseId,
    /// When that release became current.
    pub published: Timestamp,
    /// What every path of it is relative to, where that is known.
    pub base_url: Option<String>,
    /// What lies at the pages' own URLs.
    pub pages: BTreeMap<AssetPath, PageState>,
}

/// What lies at a page's own URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageState {
    /// The address of the object that was copied there.
    pub address: Address,
    /// The ETag the copy has: the condition under which a later move replaces it.
    pub etag: String,
}

#[derive(Serialize, Deserialize)]
struct WireManifest<'a> {
    version: &'a str,
    hash: String,
    paths: BTreeMap<String, String>,
    lastly: Extension,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Extension {
    format: u64,
    channel: String,
    sequence: u64,
    release: String,
    published: String,
    base_url: Option<String>,
    assets: BTreeMap<String, WireAsset>,
    pages: BTreeMap<String, WirePage>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAsset {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    integrity: Option<String>,
    size: u64,
    #[serde(rename = "type")]
    content_type: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePage {
    address: String,
    etag: String,
    size: u64,
    #[serde(rename = "type")]
    content_type: String,
}

/// The bytes of a channel's manifest. `release` must be the one that `manifest` names, and every page of it must
/// stand in `manifest.pages`.
pub fn write_manifest(manifest: &Manifest, release: &Release) -> Vec<u8> {
    let asset_paths = release.assets.iter().map(|(path, entry)| (path.to_string(), entry.name.to_string()));
    let page_paths = release.pages.keys().map(|path| (path, Name::page(&manifest.channel, path)));
    let asset = |(path, entry): (&AssetPath, &Entry)| {
        let wire = WireAsset {
            integrity: entry.integrity.as_ref().map(|integrity| integrity.as_str().to_owned()),
            size: entry.size,
            content_type: entry.headers.content_type().to_owned(),
        };
        (path.to_string(), wire)
    };
    let page = |(path, entry): (&AssetPath, &Entry)| {
        let state = manifest.pages.get(path)?;
        let wire = WirePage {
            address: state.address.to_string(),
            etag: state.etag.clone(),
            size: entry.size,
            content_type: entry.headers.content_type().to_owned(),
        };
        Some((path.to_string(), wire))
    };
    write(&WireManifest {
        version: "1.1",
        hash: manifest.release.short(),
        paths: asset_paths.chain(page_paths.map(|(path, name)| (path.to_string(), name.to_string()))).collect(),
        lastly: Extension {
            format: FORMAT,
            channel: manifest.channel.to_string(),
            sequence: manifest.sequence,
            release: manifest.release.to_string(),
            published: manifest.published.to_string(),
            base_url: manifest.base_url.clone(),
            assets: release.assets.iter().map(asset).collect(),
            pages: release.pages.iter().filter_map(page).collect(),
        },
    })
}

/// Reads a manifest.
///
/// # Errors
/// The bytes are no manifest of lastly's, or one of a later format.
pub fn read_manifest(bytes: &[u8]) -> Result<Manifest, WireError> {
    let wire: WireManifest = read(DOCUMENT, FORMAT, bytes)?;
    let wire = wire.lastly;
    check_format(DOCUMENT, wire.format, FORMAT)?;
    let page = |(path, page): (String, WirePage)| {
        let address = Address::parse(&page.address).ok_or_else(|| bad(DOCUMENT, "an address")(&page.address))?;
        let path = AssetPath::new(&path).map_err(|_| bad(DOCUMENT, "a logical path")(&path))?;
        Ok((path, PageState { address, etag: page.etag }))
    };
    Ok(Manifest {
        channel: ChannelName::new(&wire.channel).map_err(|_| bad(DOCUMENT, "a channel's name")(&wire.channel))?,
        sequence: wire.sequence,
        release: ReleaseId::parse(&wire.release).ok_or_else(|| bad(DOCUMENT, "a release id")(&wire.release))?,
        published: Timestamp::parse(&wire.published).ok_or_else(|| bad(DOCUMENT, "a time")(&wire.published))?,
        base_url: wire.base_url,
        pages: wire.pages.into_iter().map(page).collect::<Result<_, WireError>>()?,
    })
}
