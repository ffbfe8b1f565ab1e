//! A site as many publishes leave it, made in memory in a few seconds: half of its objects stand in kept releases of
//! 10,000 each, and nothing names the other half. As lastly stores it: see `docs/formats.md`.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use s3s::S3Result;
use s3s::dto::{Timestamp, TimestampFormat};

use crate::store::{Condition, Store};

const RELEASE: usize = 10_000;
const HEADERS: &str =
    r#"{"cache-control":"public, max-age=31536000, immutable","content-type":"image/svg+xml"}"#;

/// Puts a site of so many objects below `static/`.
pub(crate) fn plant(store: &Store, bucket: &str, objects: usize) -> S3Result<()> {
    let put = |key: &str, body: Bytes| {
        let condition = Condition::default();
        store
            .put(bucket, key, &condition, body, HeaderMap::new())
            .map(|_| ())
    };
    let mut releases = Vec::new();
    let kept: Vec<usize> = (0..objects).step_by(2).collect();
    for indexes in kept.chunks(RELEASE) {
        let entries: Vec<String> = indexes
            .iter()
            .map(|index| entry(*index))
            .collect();
        let document = format!(
            r#"{{"format":1,"rewriting":"{}","headers":[{HEADERS}],"assets":{{{}}},"pages":{{}}}}"#,
            "0".repeat(32),
            entries.join(",")
        );
        let id = digits(blake3::hash(document.as_bytes()).as_bytes(), 16);
        put(
            &format!(".lastly/static/releases/{id}.json"),
            document.into(),
        )?;
        releases.push(id);
    }
    for index in 0..objects {
        put(
            &format!("static/{}", name(index)),
            Bytes::from_static(b"<svg/>"),
        )?;
    }
    releases.sort();
    put(".lastly/static/ledger.json", ledger(&releases).into())
}

/// The ledger of a site whose releases have been uploaded an hour ago and not been shown yet.
fn ledger(releases: &[String]) -> String {
    let mut staged = Vec::new();
    Timestamp::from(SystemTime::now() - Duration::from_secs(3600))
        .format(TimestampFormat::DateTime, &mut staged)
        .expect("memory");
    let staged = String::from_utf8_lossy(&staged);
    let kept: Vec<String> = releases
        .iter()
        .map(|id| {
            format!(
                r#""{id}":{{"tree":"{}","staged_at":"{staged}"}}"#,
                &id[..32]
            )
        })
        .collect();
    format!(
        r#"{{"format":1,"prefix":"static/","revision":1,"writer":"00000000-0000-0000-0000-000000000001","channels":{{}},"releases":{{{}}},"intents":{{}},"condemned":null}}"#,
        kept.join(",")
    )
}

fn entry(index: usize) -> String {
    let address = digits(blake3::hash(&index.to_le_bytes()).as_bytes(), 32);
    format!(
        r#""{}.svg":{{"key":"{}","size":6,"address":"{address}","headers":0}}"#,
        stem(index),
        name(index)
    )
}

fn stem(index: usize) -> String {
    format!("set-{:04}/icon-{index:07}", index / 1000)
}

fn name(index: usize) -> String {
    let address = digits(blake3::hash(&index.to_le_bytes()).as_bytes(), 16);
    format!("{}.{address}.svg", stem(index))
}

fn digits(bytes: &[u8], count: usize) -> String {
    bytes[..count].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
