//! The stored formats, byte for byte (`golden/`). A test that fails here says that sites which exist already will be
//! read differently, or not at all: that takes a new format number, not a new golden file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lastly::model::address::Addresser;
use lastly::model::headers::Headers;
use lastly::model::layout::{ChannelName, Name};
use lastly::model::ledger::{Cause, Channel, Intent, Kept, Ledger, Moved, Pin, Provenance, Stamp, Synced};
use lastly::model::path::AssetPath;
use lastly::model::release::{CircleId, Entry, Integrity, Origin, Release, ReleaseId, RewritingId, TreeDigest};
use lastly::model::timestamp::Timestamp;
use lastly::model::wire::{
    Manifest, PageState, WireError, read_ledger, read_manifest, read_release, write_ledger, write_manifest,
    write_release,
};
use uuid::Uuid;

use crate::support::channel;

const LEDGER: &[u8] = include_bytes!("golden/ledger.json");
const RELEASE: &[u8] = include_bytes!("golden/release.json");
const MANIFEST: &[u8] = include_bytes!("golden/manifest.json");

fn path(text: &str) -> AssetPath {
    AssetPath::new(text).expect("a plain path")
}

fn entry(text: &str, bytes: &[u8], content_type: &str, sealed: bool) -> (AssetPath, Entry) {
    let mut headers = Headers::default();
    for (name, value) in [("content-type", content_type), ("cache-control", "max-age=1")] {
        headers.set(name, value).expect("a plain header");
    }
    let address = Addresser::new(&if sealed { Headers::default() } else { headers.clone() }, 0).address_of(bytes);
    let name = if sealed { Name::sealed(&path(text)) } else { Name::addressed(&path(text), &address) };
    let integrity = content_type.starts_with("text/css").then(|| Integrity::new("sha384-AAAA"));
    let (size, headers, origin) = (bytes.len() as u64, Arc::new(headers), Origin::default());
    let entry = Entry { name, size, address, headers, integrity, sealed, origin };
    (path(text), entry)
}

fn release() -> Release {
    let mut css = entry("css/app.css", b"a{}", "text/css; charset=utf-8", false);
    css.1.origin = Origin {
        source: Some(Addresser::new(&css.1.headers, 0).address_of(b"b{}")),
        targets: Some(vec![path("dist/chunk.1a2b.wasm"), path("docs/index.html")]),
        imports: None,
        circle: CircleId::parse("0123456789abcdef0123456789abcdef"),
    };
    let odd = entry("\u{2297} %2F.txt", b"odd", "text/plain; charset=utf-8", false);
    let sealed = entry("dist/chunk.1a2b.wasm", b"\0asm", "application/wasm", true);
    let page = entry("docs/index.html", b"<h1>", "text/html; charset=utf-8", false);
    let rewriting = RewritingId::parse("00112233445566778899aabbccddeeff").expect("32 digits");
    Release { assets: [css, odd, sealed].into(), pages: [page].into(), rewriting }
}

fn manifest(release: &Release) -> Manifest {
    let page = |(path, entry): (&AssetPath, &Entry)| {
        (path.clone(), PageState { address: entry.address, etag: "0123456789abcdef".to_owned() })
    };
    Manifest {
        channel: channel("preview-7"),
        sequence: 42,
        release: ReleaseId::of_document(&write_release(release)),
        published: Timestamp::from_unix(1_795_320_000),
        base_url: Some("https://cdn.example.com/static/".to_owned()),
        pages: release.pages.iter().map(page).collect(),
    }
}

fn moved(n: u128, cause: Cause, at: Stamp, provenance: Provenance) -> Moved {
    let release = ReleaseId::of_document(&[u8::try_from(n).expect("a small number")]);
    Moved { id: Uuid::from_u128(n), release, sequence: 40 + u64::try_from(n).expect("small"), at, cause, provenance }
}

fn ledger() -> Ledger {
    let at = |seconds: i64| Stamp::At(Timestamp::from_unix(1_795_320_000 + seconds));
    let provenance = Provenance {
        message: Some("first".to_owned()),
        commit: Some("0a1b2c".to_owned()),
        actor: Some("someone".to_owned()),
        build_url: Some("https://ci.example.com/1".to_owned()),
    };
    let moves = vec![
        moved(1, Cause::Publish, at(1), provenance.clone()),
        moved(2, Cause::Activate, at(2), Provenance::default()),
        moved(3, Cause::Rollback, Stamp::Now, Provenance::default()),
    ];
    let live = Channel {
        release: moves[2].release,
        sequence: 43,
        build: Some(41),
        synced: Some(Synced {
            sequence: 42,
            manifest: "0123456789abcdef".to_owned(),
            told: BTreeSet::from(["CloudFront E2QWRUHAPOMQZL".to_owned()]),
        }),
        expires: Some(Duration::from_secs(7 * 24 * 60 * 60)),
        moves: moves.clone(),
    };
    let new = Channel { build: None, synced: None, expires: None, moves: moves[..1].to_vec(), ..live.clone() };
    let tree = TreeDigest::parse("00112233445566778899aabbccddeeff").expect("32 digits");
    let kept = |retired_at, provenance, pinned| Kept { tree, staged_at: at(0), retired_at, pinned, provenance };
    let pin = Pin { reason: "a mail links to it".to_owned(), actor: Some("someone".to_owned()), at: at(4) };
    let new_pin = Pin { reason: "an audit".to_owned(), actor: None, at: Stamp::Now };
    Ledger {
        prefix: "static/".to_owned(),
        revision: 7,
        writer: Uuid::from_u128(9),
        channels: BTreeMap::from([(ChannelName::live(), live), (channel("preview-7"), new)]),
        releases: BTreeMap::from([
            (moves[0].release, kept(Some(at(2)), provenance, Some(pin))),
            (moves[1].release, kept(Some(Stamp::Now), Provenance::default(), Some(new_pin))),
            (moves[2].release, kept(None, Provenance::default(), None)),
        ]),
        intents: BTreeMap::from([
            (Uuid::from_u128(10), Intent { release: moves[0].release, at: at(3) }),
            (Uuid::from_u128(11), Intent { release: moves[0].release, at: Stamp::Now }),
        ]),
        condemned: Some(Uuid::from_u128(12)),
        closed: 17,
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("JSON is UTF-8")
}

#[test]
fn the_ledger_is_written_and_read_as_ever() {
    assert_eq!(text(&write_ledger(&ledger())), text(LEDGER));
    assert_eq!(read_ledger(LEDGER).expect("format 1"), ledger());
}

/// What a ledger has no need of is not in it.
#[test]
fn a_ledger_without_pins_and_without_closed_channels_says_nothing_of_them() {
    let mut ledger = ledger();
    ledger.closed = 0;
    ledger.releases.values_mut().for_each(|kept| kept.pinned = None);
    let bytes = write_ledger(&ledger);
    assert!(!text(&bytes).contains("pinned") && !text(&bytes).contains("closed"), "{}", text(&bytes));
    assert_eq!(read_ledger(&bytes).expect("format 1"), ledger);
}

#[test]
fn a_release_document_is_written_and_read_as_ever() {
    assert_eq!(text(&write_release(&release())), text(RELEASE));
    assert_eq!(read_release(RELEASE).expect("format 1"), release());
    assert_eq!(ReleaseId::of_document(RELEASE).to_string(), blake3::hash(RELEASE).to_hex()[..32]);
}

#[test]
fn a_manifest_is_written_and_read_as_ever() {
    let (release, manifest) = (release(), manifest(&release()));
    assert_eq!(text(&write_manifest(&manifest, &release)), text(MANIFEST));
    assert_eq!(read_manifest(MANIFEST).expect("format 1"), manifest);
}

/// What `ManifestFilesMixin.load_manifest` of Django takes: a known version, a hash, and texts by texts.
#[test]
fn django_loads_the_manifest_as_it_stands() {
    let json: serde_json::Value = serde_json::from_slice(MANIFEST).expect("JSON");
    assert_eq!(json["version"], "1.1");
    assert!(json["hash"].as_str().is_some_and(|hash| !hash.is_empty()));
    let paths: BTreeMap<String, String> = serde_json::from_value(json["paths"].clone()).expect("texts by texts");
    let release = release();
    assert_eq!(paths.len(), 4);
    assert_eq!(paths["css/app.css"], release.assets[&path("css/app.css")].name.as_str());
    assert_eq!(paths["dist/chunk.1a2b.wasm"], "dist/chunk.1a2b.wasm");
    assert_eq!(paths["docs/index.html"], "channels/preview-7/docs/index.html");
}

/// What is not understood is never skipped, for it would be dropped when the ledger is next written.
#[test]
fn later_formats_and_unknown_fields_are_refused() {
    let later = |golden: &[u8]| text(golden).replace("\"format\":1", "\"format\":2").into_bytes();
    assert!(matches!(read_ledger(&later(LEDGER)), Err(WireError::Newer { found: 2, known: 1, .. })));
    assert!(matches!(read_release(&later(RELEASE)), Err(WireError::Newer { found: 2, known: 1, .. })));
    assert!(matches!(read_manifest(&later(MANIFEST)), Err(WireError::Newer { found: 2, known: 1, .. })));
    let unknown = |golden: &[u8]| text(golden).replace("\"format\":1", "\"format\":1,\"more\":1").into_bytes();
    assert!(matches!(read_ledger(&unknown(LEDGER)), Err(WireError::Malformed { .. })));
    assert!(matches!(read_release(&unknown(RELEASE)), Err(WireError::Malformed { .. })));
    assert!(matches!(read_manifest(&unknown(MANIFEST)), Err(WireError::Malformed { .. })));
    for bytes in [&b""[..], b"{}", b"null", &LEDGER[..LEDGER.len() - 1]] {
        assert!(read_ledger(bytes).is_err());
    }
}
