//! Bytes that come as a stream, and streams that break.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use sha2::{Digest, Sha256};

use super::steps::{create, get, key, list, stale, there};
use crate::store::{Body, Certainty, Content, Created, Object, Reason, Replaced, Store, StoreError};

/// More than any store here sends in one request.
const LARGE: u64 = 20 * 1024 * 1024 + 1;
/// Less than any store here cuts into parts.
const SMALL: u64 = 300_000;
/// How many bytes the stream gives at once.
const PIECE: u64 = 64 * 1024;

/// Bytes made up on the way, whose stream may break.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    size: u64,
    /// After so many bytes.
    breaks: Option<u64>,
}

impl Content for Pattern {
    fn size(&self) -> u64 {
        self.size
    }

    fn open(&self) -> BoxStream<'static, io::Result<Bytes>> {
        let last = self.breaks.map(|_| Err(io::Error::other("the source changed")));
        stream::iter(pieces(self.breaks.unwrap_or(self.size)).map(Ok).chain(last)).boxed()
    }
}

/// So many bytes in pieces, no two of which are the same.
fn pieces(size: u64) -> impl Iterator<Item = Bytes> {
    (0..size).step_by(PIECE as usize).map(move |start| {
        let mut piece = vec![b'.'; PIECE.min(size - start) as usize];
        for (byte, mark) in piece.iter_mut().zip(start.to_le_bytes()) {
            *byte = mark;
        }
        piece.into()
    })
}

fn streamed(size: u64, breaks: Option<u64>) -> Object {
    Object { headers: Arc::default(), body: Body::Stream(Arc::new(Pattern { size, breaks })) }
}

/// Streams are stored whole, and like anything else only once.
pub async fn large_streams(store: &Arc<dyn Store>, prefix: &str) {
    for size in [0, SMALL, LARGE] {
        let key = key(prefix, &format!("stream-{size}"));
        let created = store.create(&key, streamed(size, None)).await.expect("create");
        let Created::New(written) = created else { panic!("{key} is there already") };
        assert_eq!(store.create(&key, streamed(size, None)).await.expect("create"), Created::AlreadyThere);
        let fetched = there(store, &key).await;
        let expected: Vec<u8> = pieces(size).flatten().collect();
        assert!(fetched.bytes == expected, "{key} has other bytes");
        assert_eq!((fetched.found.size, &fetched.found.etag), (size, &written.etag));
        assert!(fetched.found.sha256.is_none_or(|sha256| sha256[..] == Sha256::digest(&expected)[..]));
        assert_eq!(store.replace(&key, &stale(), streamed(size, None)).await.expect("replace"), Replaced::Outrun);
        let replaced = store.replace(&key, &written.etag, streamed(SMALL, None)).await.expect("replace");
        assert!(matches!(replaced, Replaced::Done(_)));
        assert_eq!(there(store, &key).await.found.size, SMALL);
    }
}

/// A stream that breaks, be it after its last byte, leaves no object, no version, and what was there before.
pub async fn broken_streams_leave_nothing(store: &Arc<dyn Store>, prefix: &str) {
    for (size, breaks) in [(0, 0), (SMALL, 0), (SMALL, SMALL / 2), (SMALL, SMALL), (LARGE, LARGE / 2), (LARGE, LARGE)] {
        let fresh = key(prefix, &format!("broken/{size}-{breaks}"));
        changed(store.create(&fresh, streamed(size, Some(breaks))).await);
        assert!(get(store, &fresh).await.is_none());
        let versions = list(store, fresh.as_str()).await;
        assert!(versions.is_empty(), "{versions:?}");

        let before = create(store, &fresh, "before").await;
        changed(store.replace(&fresh, &before.etag, streamed(size, Some(breaks))).await);
        assert_eq!(there(store, &fresh).await.bytes, "before");
        let versions = list(store, fresh.as_str()).await;
        assert_eq!(versions.len(), 1, "{versions:?}");
    }
}

/// Asserts that a write came to nothing because its source changed.
fn changed<T: std::fmt::Debug>(outcome: Result<T, StoreError>) {
    let error = outcome.expect_err("a broken stream is no object");
    assert_eq!((&error.reason, error.certainty), (&Reason::Changed, Certainty::Refused), "{error}");
}
