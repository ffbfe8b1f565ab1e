//! The manifest: the public projection of a channel's current release.
//!
//! `paths`, `version` and `hash` are what Django's `ManifestStaticFilesStorage` reads (format 1.1 of its manifest);
//! everything else stands under `lastly`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::format::{Text, WireError, bad, check_format, read, write};
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
    #[serde(borrow)]
    version: Text<'a>,
    hash: String,
    #[serde(borrow)]
    paths: BTreeMap<Text<'a>, Text<'a>>,
    #[serde(borrow)]
    lastly: Extension<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Extension<'a> {
    format: u64,
    channel: String,
    /// `None`, as for `published`, in what is not public: of a release that the channel has not shown.
    sequence: Option<u64>,
    release: String,
    published: Option<String>,
    base_url: Option<String>,
    #[serde(borrow)]
    assets: BTreeMap<Text<'a>, WireAsset<'a>>,
    #[serde(borrow)]
    pages: BTreeMap<Text<'a>, WirePage<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAsset<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    integrity: Option<Text<'a>>,
    size: u64,
    #[serde(borrow, rename = "type")]
    content_type: Text<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePage<'a> {
    #[serde(borrow)]
    address: Text<'a>,
    #[serde(borrow)]
    etag: Text<'a>,
    size: u64,
    #[serde(borrow, rename = "type")]
    content_type: Text<'a>,
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

fn bytes<'a>(projection: &Projection<'_>, release: &'a Release, pages: &'a BTreeMap<AssetPath, PageState>) -> Vec<u8> {
    let asset_paths =
        release.assets.iter().map(|(path, entry)| (Text::of(path.as_str()), Text::of(entry.name.as_str())));
    let page_paths =
        release.pages.keys().map(|path| (Text::of(path.as_str()), Text::shown(Name::page(projection.channel, path))));
    let asset = |(path, entry): (&'a AssetPath, &'a Entry)| {
        let wire = WireAsset {
            integrity: entry.integrity.as_ref().map(|integrity| Text::of(integrity.as_str())),
            size: entry.size,
            content_type: Text::of(entry.headers.content_type()),
        };
        (Text::of(path.as_str()), wire)
    };
    let page = |(path, entry): (&'a AssetPath, &'a Entry)| {
        let state = pages.get(path)?;
        let wire = WirePage {
            address: Text::shown(state.address),
            etag: Text::of(&state.etag),
            size: entry.size,
            content_type: Text::of(entry.headers.content_type()),
        };
        Some((Text::of(path.as_str()), wire))
    };
    write(&WireManifest {
        version: Text::of("1.1"),
        hash: projection.release.short(),
        paths: asset_paths.chain(page_paths).collect(),
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
    let page = |(Text(path), page): (Text<'_>, WirePage<'_>)| {
        let Text(address) = &page.address;
        let address = Address::parse(address).ok_or_else(|| bad(DOCUMENT, "an address")(address))?;
        let path = AssetPath::new(&path).map_err(|_| bad(DOCUMENT, "a logical path")(&path))?;
        Ok((path, PageState { address, etag: page.etag.0.into_owned() }))
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
