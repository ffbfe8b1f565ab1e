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
    /// `None`, as for `published`, in what is not public: of a release that the channel has not shown.
    sequence: Option<u64>,
    release: String,
    published: Option<String>,
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
    let Manifest { channel, release: id, base_url, .. } = manifest;
    let shown = Some((manifest.sequence, manifest.published));
    bytes(&Projection { channel, release: *id, shown, base_url: base_url.as_deref() }, release, &manifest.pages)
}

/// What a channel's manifest says, or would say, of a release. It is not for the channel's own path: how the pages lie
/// at their own URLs is not known here, so `pages` is empty.
#[derive(Clone, Copy, Debug)]
pub struct Projection<'a> {
    /// The channel.
    pub channel: &'a ChannelName,
    /// The release.
    pub release: ReleaseId,
    /// The sequence and the time of the channel's last move to it; `None` if the channel has never shown it.
    pub shown: Option<(u64, Timestamp)>,
    /// What every path of it is relative to, where that is known.
    pub base_url: Option<&'a str>,
}

/// The bytes of such a manifest. `release` must be the one that `projection` names.
pub fn write_projection(projection: &Projection<'_>, release: &Release) -> Vec<u8> {
    bytes(projection, release, &BTreeMap::new())
}

fn bytes(projection: &Projection<'_>, release: &Release, pages: &BTreeMap<AssetPath, PageState>) -> Vec<u8> {
    let asset_paths = release.assets.iter().map(|(path, entry)| (path.to_string(), entry.name.to_string()));
    let page_paths = release.pages.keys().map(|path| (path, Name::page(projection.channel, path)));
    let asset = |(path, entry): (&AssetPath, &Entry)| {
        let wire = WireAsset {
            integrity: entry.integrity.as_ref().map(|integrity| integrity.as_str().to_owned()),
            size: entry.size,
            content_type: entry.headers.content_type().to_owned(),
        };
        (path.to_string(), wire)
    };
    let page = |(path, entry): (&AssetPath, &Entry)| {
        let state = pages.get(path)?;
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
        hash: projection.release.short(),
        paths: asset_paths.chain(page_paths.map(|(path, name)| (path.to_string(), name.to_string()))).collect(),
        lastly: Extension {
            format: FORMAT,
            channel: projection.channel.to_string(),
            sequence: projection.shown.map(|(sequence, _)| sequence),
            release: projection.release.to_string(),
            published: projection.shown.map(|(_, published)| published.to_string()),
            base_url: projection.base_url.map(str::to_owned),
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
    let (Some(sequence), Some(published)) = (wire.sequence, &wire.published) else {
        return Err(bad(DOCUMENT, "when the channel moved")("null"));
    };
    Ok(Manifest {
        channel: ChannelName::new(&wire.channel).map_err(|_| bad(DOCUMENT, "a channel's name")(&wire.channel))?,
        sequence,
        release: ReleaseId::parse(&wire.release).ok_or_else(|| bad(DOCUMENT, "a release id")(&wire.release))?,
        published: Timestamp::parse(published).ok_or_else(|| bad(DOCUMENT, "a time")(published))?,
        base_url: wire.base_url,
        pages: wire.pages.into_iter().map(page).collect::<Result<_, WireError>>()?,
    })
}
