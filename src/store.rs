//! What lastly asks of a store, in one trait, and the stores that answer.
//!
//! There is no plain put and no plain delete: an object is created where there is none, or replaced where the
//! writer names what it replaces, and what is deleted is named by version. So the rules that keep a site whole (I1,
//! I3) are rules of the types.

#[cfg(any(test, feature = "testing"))]
pub mod conformance;
pub mod directory;
#[cfg(any(test, feature = "testing"))]
pub mod faulty;
pub mod memory;
pub mod probe;
pub mod s3;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::error::{Explain, FILE_CHANGED};
use crate::model::headers::Headers;
use crate::model::layout::Key;
use crate::model::timestamp::Timestamp;

/// A place for objects with the semantics of a versioned S3 bucket.
///
/// Each call is atomic for its key: nobody ever observes half an object. Calls may be retried inside, so that a
/// [`Created::AlreadyThere`] or [`Replaced::Outrun`] can be the echo of the caller's own first attempt; callers tell
/// by looking at what is there.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// The current version of an object with its bytes; `None` where there is none.
    async fn get(&self, key: &Key) -> Result<Option<Fetched>, StoreError>;

    /// The current version of an object without its bytes.
    async fn head(&self, key: &Key) -> Result<Option<Found>, StoreError>;

    /// Creates an object where there is none (`If-None-Match: *`). Where the current version is a delete marker,
    /// there is none.
    async fn create(&self, key: &Key, object: Object) -> Result<Created, StoreError>;

    /// Replaces the current version if its ETag is `etag` (`If-Match`).
    async fn replace(&self, key: &Key, etag: &Etag, object: Object) -> Result<Replaced, StoreError>;

    /// Hides the current version behind a delete marker if its ETag is `etag`; in a store without versions, deletes
    /// it. For pages only: no asset is ever removed this way.
    async fn remove(&self, key: &Key, etag: &Etag) -> Result<Removed, StoreError>;

    /// One page of the versions of all keys that begin with `prefix`, ordered by key; `after` is the previous
    /// page's [`VersionPage::next`].
    async fn versions(&self, prefix: &str, after: Option<Cursor>) -> Result<VersionPage, StoreError>;

    /// Deletes versions for good, at most [`DELETE_BATCH`] of them. The answer has a row for each, in order: `Ok`
    /// when it is gone (also when it was gone before), or why it is not.
    async fn delete_versions(&self, versions: &[(Key, VersionId)]) -> Result<Vec<Result<(), StoreError>>, StoreError>;

    /// How the store is set up. One on this machine keeps every version and has nothing else to set.
    async fn circumstances(&self) -> Circumstances {
        Circumstances { versioning: Ok(Versioning::Enabled), bucket: None }
    }

    /// What has been asked of the store so far.
    fn requests(&self) -> Requests;
}

/// How many versions one request can delete (S3's `DeleteObjects`).
pub const DELETE_BATCH: usize = 1000;

/// An entity tag: opaque, compared only with what the store gave.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Etag(pub String);

impl Etag {
    /// Reads a header: a strong tag without its quotation marks, so that a ledger holds one form whatever the store.
    pub fn of_header(text: &str) -> Self {
        let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        Self(inner.unwrap_or(text).to_owned())
    }

    /// The tag as headers have it (RFC 9110, section 8.8.3).
    pub fn in_header(&self) -> String {
        // Some servers send tags of other forms, and earlier versions of lastly kept the marks.
        if self.0.contains('"') { self.0.clone() } else { format!("\"{}\"", self.0) }
    }
}

/// A version's id: used once in the life of a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId(pub String);

/// What is to be stored: bytes and response headers.
#[derive(Clone, Debug)]
pub struct Object {
    /// The response headers.
    pub headers: Arc<Headers>,
    /// The bytes.
    pub body: Body,
}

/// The bytes of an object on their way into a store.
#[derive(Clone, Debug)]
pub enum Body {
    /// All of them.
    Whole(Bytes),
    /// A source that can be read from its beginning as often as needed.
    Stream(Arc<dyn Content>),
}

/// A source of bytes too large to hold.
pub trait Content: fmt::Debug + Send + Sync {
    /// How many bytes there will be.
    fn size(&self) -> u64;

    /// Reads them from the beginning. An error anywhere in the stream, also after its last byte, means that the
    /// bytes are not what they should be: the store then keeps nothing of them.
    fn open(&self) -> BoxStream<'static, io::Result<Bytes>>;
}

impl Body {
    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Stream(content) => content.size(),
        }
    }
}

impl Object {
    /// An object from bytes in memory.
    pub fn whole(headers: Arc<Headers>, bytes: impl Into<Bytes>) -> Self {
        Self { headers, body: Body::Whole(bytes.into()) }
    }
}

/// What is known of an object in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its ETag.
    pub etag: Etag,
    /// The current version's id; `None` where the store keeps no versions.
    pub version: Option<VersionId>,
    /// Length of its bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Timestamp,
    /// The SHA-256 of its bytes, where the store keeps it for the object whole.
    pub sha256: Option<[u8; 32]>,
    /// Its response headers.
    pub headers: Headers,
}

/// An object from the store.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// What is known of it.
    pub found: Found,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What became of a create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// The object is there now.
    New(Written),
    /// Some object was there already.
    AlreadyThere,
}

/// What became of a replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// The object is there now.
    Done(Written),
    /// The current version is another one, or there is none.
    Outrun,
}

/// What became of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// There is no current version now.
    Gone,
    /// The current version is another one.
    Outrun,
}

/// What a store says of an object it has just taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its ETag.
    pub etag: Etag,
    /// When, by the store's clock.
    pub at: Timestamp,
}

/// One version of one key, or one delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The key.
    pub key: Key,
    /// The version's id; `null` in a store that keeps no versions.
    pub id: VersionId,
    /// Whether it is the current one.
    pub current: bool,
    /// Whether it is a delete marker.
    pub marker: bool,
    /// Length of its bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Timestamp,
}

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionPage {
    /// Its rows.
    pub versions: Vec<Version>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Cursor>,
}

/// Where in a listing to go on: after this key, and after this version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The key.
    pub key: Key,
    /// The version, where the page ended between versions of one key.
    pub version: Option<VersionId>,
}

/// How a store is set up, each fact for itself: where it cannot be seen, it is the error that says why.
#[derive(Debug)]
pub struct Circumstances {
    /// Whether versions are kept.
    pub versioning: Result<Versioning, StoreError>,
    /// What only a bucket has.
    pub bucket: Option<BucketSettings>,
}

/// Whether a store keeps what is replaced or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioning {
    /// Every version is kept.
    Enabled,
    /// Not any more: a write takes the place of the last write since then.
    Suspended,
    /// It never was.
    Off,
}

/// What is set for a bucket.
#[derive(Debug)]
pub struct BucketSettings {
    /// Its name.
    pub name: String,
    /// The store's clock, where it answered at all.
    pub now: Option<Timestamp>,
    /// The bucket policy's JSON, where there is one.
    pub policy: Result<Option<String>, StoreError>,
    /// Whether there is a CORS rule for `GET`.
    pub cors: Result<bool, StoreError>,
    /// Whether no policy and no access list can let everybody in.
    pub closed_to_public: Result<bool, StoreError>,
    /// The lifecycle rules in force that can concern objects without tags.
    pub lifecycle: Result<Vec<LifecycleRule>, StoreError>,
}

/// What a bucket does by itself with some of its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleRule {
    /// Its name.
    pub id: String,
    /// What the keys begin with that it concerns.
    pub prefix: String,
    /// Whether it throws the parts of unfinished uploads away.
    pub aborts_uploads: bool,
    /// Whether current versions expire, or move to where they cannot be read at once.
    pub takes_objects_away: bool,
}

/// What a store was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// [`Store::get`].
    Get,
    /// [`Store::head`].
    Head,
    /// [`Store::create`].
    Create,
    /// [`Store::replace`].
    Replace,
    /// A piece of a large create or replace, its beginning or its end.
    Part,
    /// [`Store::remove`].
    Remove,
    /// [`Store::versions`].
    List,
    /// [`Store::delete_versions`].
    Delete,
    /// [`Store::circumstances`].
    Inspect,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 9] = [
        Self::Get,
        Self::Head,
        Self::Create,
        Self::Replace,
        Self::Part,
        Self::Remove,
        Self::List,
        Self::Delete,
        Self::Inspect,
    ];

    /// The verb's word, in messages and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Head => "head",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Part => "part",
            Self::Remove => "remove",
            Self::List => "list",
            Self::Delete => "delete",
            Self::Inspect => "inspect",
        }
    }
}

/// Requests by verb, every attempt counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests(pub BTreeMap<Verb, u64>);

impl Requests {
    /// All of them together.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

/// Counts a store's requests; clones share the count.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<[AtomicU64; Verb::ALL.len()]>);

impl Tally {
    /// Counts one.
    pub fn add(&self, verb: Verb) {
        self.0[verb as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// What has been counted.
    pub fn requests(&self) -> Requests {
        let counts = Verb::ALL.into_iter().map(|verb| (verb, self.0[verb as usize].load(Ordering::Relaxed)));
        Requests(counts.filter(|(_, count)| *count > 0).collect())
    }
}

/// A request that came to nothing, or may have.
#[derive(Debug, thiserror::Error)]
#[error("{} `{key}`: {reason}", verb.word())]
pub struct StoreError {
    /// What was asked.
    pub verb: Verb,
    /// Of which key, or of which prefix.
    pub key: String,
    /// Why it came to nothing.
    pub reason: Reason,
    /// Whether it certainly came to nothing.
    pub certainty: Certainty,
    /// What lies behind it.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Whether a request that failed was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It was not.
    Refused,
    /// It may have been: the answer was lost.
    Unknown,
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No permission, or credentials that are not valid.
    #[error("access denied")]
    Denied,
    /// Nobody has said in which region the store is.
    #[error("no region is set")]
    NoRegion,
    /// No credentials at all.
    #[error("there are no credentials")]
    NoCredentials,
    /// There is no such bucket or folder.
    #[error("there is no such store")]
    NoStore,
    /// The store does not answer, or says that it cannot now.
    #[error("the store is not available")]
    Unavailable,
    /// The bytes were not what was announced: a source that changed, or a checksum that does not match.
    #[error("the bytes changed on their way")]
    Changed,
    /// The store cannot do this.
    #[error("the store does not support this")]
    Unsupported,
    /// Anything else, in the store's own words.
    #[error("{0}")]
    Other(String),
}

impl StoreError {
    /// An error that certainly came to nothing.
    pub fn refused(verb: Verb, key: impl fmt::Display, reason: Reason) -> Self {
        Self { verb, key: key.to_string(), reason, certainty: Certainty::Refused, source: None }
    }

    /// Whether the same request, made again, might succeed and can do no harm: it certainly came to nothing, for want
    /// of an answer.
    pub fn is_passing(&self) -> bool {
        self.certainty == Certainty::Refused && self.reason == Reason::Unavailable
    }

    /// The same error, when the answer was lost and nobody can say whether the request was carried out.
    #[must_use]
    pub fn unknown(mut self) -> Self {
        self.certainty = Certainty::Unknown;
        self
    }

    /// Adds what lies behind it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl Explain for StoreError {
    fn hints(&self) -> Vec<String> {
        let hint = match self.reason {
            Reason::Denied => "`lastly policy publisher` prints the permissions that a publisher needs",
            Reason::NoCredentials => {
                "lastly takes them from the AWS chain: set AWS_PROFILE or AWS_ACCESS_KEY_ID, log in with `aws sso login`, \
                 or in GitHub Actions run aws-actions/configure-aws-credentials first"
            }
            Reason::NoRegion => {
                "set AWS_REGION, or `region` for the profile in ~/.aws/config; AWS_ENDPOINT_URL_S3 names a server of another \
                 kind"
            }
            Reason::NoStore => "lastly never creates a bucket: check its name and AWS_REGION",
            Reason::Unavailable => "run the same command again: what is in the store already is used",
            Reason::Changed => FILE_CHANGED,
            Reason::Unsupported | Reason::Other(_) => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}
