//! What a directory store writes down of one key: its versions, as JSON.
//!
//! These structs are this store's own and leave its folder by no way, so they carry their serde here and not in
//! `model/wire.rs`; the store's `format` file guards them. This file knows nothing of where records lie.

use std::collections::BTreeMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::address::hex;
use crate::model::headers::Headers;
use crate::model::layout::Key;
use crate::model::timestamp::Timestamp;
use crate::store::{Etag, Found, VersionId};

/// The versions of one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// The key, so that a record says itself what it is of.
    pub(super) key: String,
    /// The oldest first.
    pub(super) versions: Vec<Stored>,
}

/// One version, or one delete marker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    pub(super) id: String,
    /// In seconds since the Unix epoch.
    pub(super) modified: i64,
    /// Absent for a delete marker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Facts>,
}

/// What is known of a version's bytes, and the headers they go with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Facts {
    pub(super) etag: String,
    pub(super) size: u64,
    /// In base64.
    pub(super) sha256: String,
    pub(super) headers: BTreeMap<String, String>,
}

impl Record {
    /// The record of a key that has no versions.
    pub(super) fn empty(key: &Key) -> Self {
        Self { key: key.to_string(), versions: Vec::new() }
    }

    /// Reads the record of `key`. No bytes at all are what a power failure leaves of a record that was new, and
    /// count as none.
    pub(super) fn parse(key: &Key, bytes: &[u8]) -> io::Result<Self> {
        if bytes.is_empty() {
            return Ok(Self::empty(key));
        }
        let record = Self::read(bytes)?;
        if record.key != key.as_str() {
            let other = format!("this file system does not tell it from `{}`", record.key);
            return Err(io::Error::new(io::ErrorKind::InvalidData, other));
        }
        Ok(record)
    }

    /// Reads a record of any key.
    pub(super) fn read(bytes: &[u8]) -> io::Result<Self> {
        serde_json::from_slice(bytes).map_err(|why| damaged(&why))
    }

    /// The bytes that [`Self::read`] reads.
    pub(super) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain data becomes JSON")
    }

    /// The current version, unless there is none or it is a delete marker.
    pub(super) fn current(&self) -> Option<(&Stored, &Facts)> {
        let stored = self.versions.last()?;
        stored.content.as_ref().map(|content| (stored, content))
    }

    /// The current version's ETag.
    pub(super) fn etag(&self) -> Option<&str> {
        self.current().map(|(_, content)| content.etag.as_str())
    }

    /// An id for the next version: unique through `fresh`, and greater than those of the versions before it, so that
    /// a listing can go on after a version that has been deleted meanwhile.
    pub(super) fn next_id(&self, fresh: Uuid) -> String {
        let ordinal = |stored: &Stored| u64::from_str_radix(stored.id.split('-').next()?, 16).ok();
        let newest = self.versions.iter().filter_map(ordinal).max().unwrap_or(0);
        format!("{:010x}-{}", newest + 1, fresh.simple())
    }

    /// Whether a version of this id is among them.
    pub(super) fn holds(&self, id: &str) -> bool {
        self.versions.iter().any(|stored| stored.id == id)
    }
}

impl Facts {
    /// What is written down of so many bytes with these headers. The ETag is as long as one of S3's.
    pub(super) fn new(size: u64, sha256: &[u8; 32], headers: &Headers) -> Self {
        let headers = headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { etag: hex(&sha256[..16]), size, sha256: BASE64.encode(sha256), headers }
    }

    /// What the store says of a version with this content.
    pub(super) fn found(&self, stored: &Stored) -> io::Result<Found> {
        let mut headers = Headers::default();
        for (name, value) in &self.headers {
            headers.set(name, value).map_err(|why| damaged(&why))?;
        }
        let sha256 = BASE64.decode(&self.sha256).map_err(|why| damaged(&why))?;
        Ok(Found {
            etag: Etag(self.etag.clone()),
            version: Some(VersionId(stored.id.clone())),
            size: self.size,
            modified: Timestamp::from_unix(stored.modified),
            sha256: Some(sha256.try_into().map_err(|_| damaged(&"a SHA-256 of another length"))?),
            headers,
        })
    }
}

fn damaged(why: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("what the store wrote down of it is damaged: {why}"))
}
