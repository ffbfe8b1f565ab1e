//! What is S3's own about the S3 store, against a real server: parts, metadata, retries and what failures mean. What
//! all stores have in common is in the conformance suite.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use lastly::model::headers::Headers;
use lastly::model::layout::Key;
use lastly::store::s3::{S3Options, S3Store};
use lastly::store::{
    Body, Certainty, Content, Created, Cursor, Object, Reason, Removed, Replaced, Store, StoreError, Verb, VersionId,
};

use crate::servers::{Bucket, MOTO, canned, clock};

const MIB: usize = 1024 * 1024;

fn headers() -> Arc<Headers> {
    let mut headers = Headers::default();
    for (name, value) in [
        ("cache-control", "public, max-age=31536000, immutable"),
        ("content-disposition", "attachment; filename=\"a.css\""),
        ("content-encoding", "br"),
        ("content-language", "de"),
        ("content-type", "text/css; charset=utf-8"),
        ("x-amz-meta-team", "web"),
    ] {
        headers.set(name, value).expect("it can be stored");
    }
    Arc::new(headers)
}

fn small(bytes: &str) -> Object {
    Object::whole(headers(), Bytes::copy_from_slice(bytes.as_bytes()))
}

/// A source of `chunks` MiB, and perhaps an error behind them.
#[derive(Clone, Copy, Debug)]
struct Mebibytes {
    chunks: u8,
    broken: bool,
}

impl Content for Mebibytes {
    fn size(&self) -> u64 {
        u64::from(self.chunks) * MIB as u64
    }

    fn open(&self) -> BoxStream<'static, io::Result<Bytes>> {
        let end = self.broken.then(|| Err(io::Error::other("the file changed")));
        stream::iter((0..self.chunks).map(|number| Ok(vec![number; MIB].into())).chain(end)).boxed()
    }
}

fn large(chunks: u8, broken: bool) -> Object {
    Object { headers: headers(), body: Body::Stream(Arc::new(Mebibytes { chunks, broken })) }
}

/// A store that sends what is larger than 5 MiB in parts of 5 MiB.
async fn store_in_parts(bucket: &Bucket) -> S3Store {
    let least = 5 * MIB as u64;
    S3Store::open(S3Options { multipart_above: least, part_size: least, ..bucket.options() }, clock()).await
}

fn counted(store: &S3Store) -> Vec<(Verb, u64)> {
    store.requests().0.into_iter().collect()
}

fn described_as(error: &StoreError) -> (&Reason, Certainty) {
    (&error.reason, error.certainty)
}

#[tokio::test]
async fn headers_checksum_and_time_come_back() {
    let bucket = Bucket::fresh(MOTO).await;
    let store = bucket.store().await;
    let key = Key::new("css/a b+c%2F⊗.css");
    let Created::New(written) = store.create(&key, small("abc")).await.expect("it works") else {
        panic!("there was nothing before")
    };
    let fetched = store.get(&key).await.expect("it works").expect("it is there");
    assert_eq!(fetched.bytes, "abc");
    assert_eq!(fetched.found.headers, *headers());
    assert_eq!(fetched.found.etag, written.etag);
    assert_eq!(fetched.found.sha256.map(|digest| (digest[0], digest[31])), Some((0xba, 0xad)));
    assert!(fetched.found.version.is_some());
    // The answer's Date is the moment of the answer, the object's time that of the write.
    let apart = written.at.as_unix() - fetched.found.modified.as_unix();
    assert!((0..60).contains(&apart), "{apart} s");
    assert_eq!(store.head(&key).await.expect("it works"), Some(fetched.found));
    assert_eq!(store.head(&Key::new("css/other.css")).await.expect("it works"), None);
    assert_eq!(counted(&store), [(Verb::Get, 1), (Verb::Head, 2), (Verb::Create, 1)]);
}

#[tokio::test]
async fn large_objects_go_up_in_parts() {
    let bucket = Bucket::fresh(MOTO).await;
    let store = store_in_parts(&bucket).await;
    let key = Key::new("large");
    let Created::New(written) = store.create(&key, large(11, false)).await.expect("it works") else {
        panic!("there was nothing before")
    };
    // A beginning, three parts and an end.
    assert_eq!(counted(&store), [(Verb::Part, 5)]);
    let fetched = store.get(&key).await.expect("it works").expect("it is there");
    assert_eq!((fetched.bytes.len(), &fetched.found.etag), (11 * MIB, &written.etag));
    assert!((0..11).all(|mib| fetched.bytes[mib * MIB..][..MIB].iter().all(|byte| usize::from(*byte) == mib)));
    assert_eq!(fetched.found.headers, *headers());

    assert_eq!(store.create(&key, large(6, false)).await.expect("it works"), Created::AlreadyThere);
    let whole = Object::whole(headers(), vec![7; 6 * MIB]);
    assert!(matches!(store.replace(&key, &written.etag, whole.clone()).await, Ok(Replaced::Done(_))));
    // moto looks at no If-Match here, so the completion, the second POST, is made to fail.
    let stale = r#"{"mode": "refuse", "method": "POST", "after": 1, "status": 412, "code": "PreconditionFailed"}"#;
    bucket.fault(stale).await;
    assert_eq!(store.replace(&key, &written.etag, whole).await.expect("it works"), Replaced::Outrun);
    assert_eq!(store.head(&key).await.expect("it works").map(|found| found.size), Some(6 * MIB as u64));
    assert!(!bucket.ask("GET", "?uploads", "").await.contains("<Upload>"), "an upload was left behind");
}

#[tokio::test]
async fn a_source_that_changes_leaves_nothing() {
    let bucket = Bucket::fresh(MOTO).await;
    let store = store_in_parts(&bucket).await;
    let key = Key::new("large");
    for broken in [large(11, true), large(2, true)] {
        let error = store.create(&key, broken).await.expect_err("the source failed");
        assert_eq!(described_as(&error), (&Reason::Changed, Certainty::Refused));
    }
    assert_eq!(store.head(&key).await.expect("it works"), None);
    assert!(!bucket.ask("GET", "?uploads", "").await.contains("<Upload>"), "an upload was left behind");
    assert!(store.versions("", None).await.expect("it works").versions.is_empty());
}

#[tokio::test]
async fn a_conflict_begins_anew() {
    let bucket = Bucket::fresh(MOTO).await;
    let store = store_in_parts(&bucket).await;
    let conflict = r#"{"mode": "refuse", "method": "PUT", "status": 409, "code": "ConditionalRequestConflict"}"#;
    bucket.fault(conflict).await;
    assert!(matches!(store.create(&Key::new("a"), small("a")).await, Ok(Created::New(_))));
    assert_eq!(counted(&store), [(Verb::Create, 2)]);

    // The second POST is the one that completes an upload.
    bucket.fault(&conflict.replace("PUT", "POST").replace(r#""status""#, r#""after": 1, "status""#)).await;
    assert!(matches!(store.create(&Key::new("large"), large(6, false)).await, Ok(Created::New(_))));
    // Twice a beginning, two parts and an end, and the first upload's abortion.
    assert_eq!(counted(&store), [(Verb::Create, 2), (Verb::Part, 9)]);
    assert!(!bucket.ask("GET", "?uploads", "").await.contains("<Upload>"), "an upload was left behind");

    bucket.fault(&conflict.replace(r#""status""#, r#""count": null, "status""#)).await;
    let error = store.create(&Key::new("b"), small("b")).await.expect_err("it never ends");
    assert_eq!(described_as(&error), (&Reason::Unavailable, Certainty::Refused));
}

#[tokio::test]
async fn every_attempt_is_counted() {
    let bucket = Bucket::fresh(MOTO).await;
    let store = bucket.store().await;
    bucket.fault(r#"{"mode": "refuse", "count": 2, "status": 503, "code": "SlowDown"}"#).await;
    assert!(matches!(store.create(&Key::new("a"), small("a")).await, Ok(Created::New(_))));
    assert_eq!(counted(&store), [(Verb::Create, 3)]);
}

#[tokio::test]
async fn a_lost_answer_leaves_it_open() {
    let bucket = Bucket::fresh(MOTO).await;
    let store = bucket.store().await;
    // The first attempt is carried out, the second one finds its work.
    bucket.fault(r#"{"mode": "lose"}"#).await;
    assert_eq!(store.create(&Key::new("a"), small("a")).await.expect("it works"), Created::AlreadyThere);
    let etag = store.head(&Key::new("a")).await.expect("it works").expect("it is there").etag;
    bucket.fault(r#"{"mode": "lose"}"#).await;
    assert_eq!(store.remove(&Key::new("a"), &etag).await.expect("it works"), Removed::Gone);

    // That a later attempt is refused says nothing of the first.
    bucket.fault(r#"{"mode": "lose"}"#).await;
    bucket.fault(r#"{"mode": "refuse", "after": 1, "status": 403, "code": "ExpiredToken"}"#).await;
    let error = store.create(&Key::new("b"), small("b")).await.expect_err("the credentials expired");
    assert_eq!(described_as(&error), (&Reason::Denied, Certainty::Unknown));

    bucket.fault(r#"{"mode": "lose", "count": null}"#).await;
    let error = store.create(&Key::new("c"), small("c")).await.expect_err("nobody answers");
    assert_eq!(described_as(&error), (&Reason::Unavailable, Certainty::Unknown));
}

#[tokio::test]
async fn failures_say_what_is_wrong() {
    let bucket = Bucket::fresh(MOTO).await;
    let store = bucket.store().await;
    let key = Key::new("a");
    for (status, code, reason) in [
        (403, "AccessDenied", Reason::Denied),
        (403, "InvalidAccessKeyId", Reason::Denied),
        (400, "BadDigest", Reason::Changed),
        (501, "NotImplemented", Reason::Unsupported),
    ] {
        bucket.fault(&format!(r#"{{"mode": "refuse", "status": {status}, "code": "{code}"}}"#)).await;
        let error = store.create(&key, small("a")).await.expect_err(code);
        assert_eq!(described_as(&error), (&reason, Certainty::Refused));
        let source = error.source.expect("it has the store's words").to_string();
        assert!(
            source.starts_with(&format!("the store answered {status} {code}: A fault set by the test")),
            "{source}"
        );
    }
    assert_eq!(store.head(&key).await.expect("it works"), None);

    let elsewhere = Bucket { name: "lastly-nobody-made-this".to_owned(), ..bucket.clone() };
    let error = elsewhere.store().await.create(&key, small("a")).await.expect_err("there is no bucket");
    assert_eq!(described_as(&error), (&Reason::NoStore, Certainty::Refused));

    // Nothing listens on the discard port.
    let nowhere = Bucket { server: "http://127.0.0.1:9".to_owned(), ..bucket };
    let error = nowhere.store().await.create(&key, small("a")).await.expect_err("there is no server");
    assert_eq!(described_as(&error), (&Reason::Unavailable, Certainty::Refused));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let rest = "Last-Modified: Sun, 22 Nov 2026 04:00:00 GMT\r\nConnection: close\r\nContent-Length: 3\r\n\r\n";
    let broken: &str = format!("HTTP/1.1 200 OK\r\nETag: \"e\"\r\n{rest}a").leak();
    let sound: &str = format!("HTTP/1.1 200 OK\r\nETag: \"e\"\r\n{rest}abc").leak();
    let bare = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let server = canned(vec![broken, sound, bare]).await;
    let store = Bucket { server, name: "any".to_owned() }.store().await;
    let fetched = store.get(&Key::new("a")).await.expect("it works").expect("it is there");
    assert_eq!(fetched.bytes, "abc");
    assert_eq!(counted(&store), [(Verb::Get, 2)]);
    // And one that is no answer of S3's leaves open what was done.
    let error = store.create(&Key::new("a"), small("")).await.expect_err("there is no ETag");
    let reason = Reason::Other("the store answered without an ETag".to_owned());
    assert_eq!(described_as(&error), (&reason, Certainty::Unknown));
}

#[tokio::test]
async fn a_host_name_without_domain_takes_path_style() {
    let bucket = Bucket::fresh(MOTO).await;
    let named = Bucket { server: bucket.server.replace("127.0.0.1", "localhost"), ..bucket };
    let store = named.store().await;
    assert!(matches!(store.create(&Key::new("a"), small("a")).await, Ok(Created::New(_))));
}

#[tokio::test]
async fn a_server_without_conditional_deletes_still_removes() {
    let bucket = Bucket::fresh(MOTO).await;
    let store = bucket.store().await;
    let key = Key::new("index.html");
    let Created::New(first) = store.create(&key, small("a")).await.expect("it works") else {
        panic!("there was nothing before")
    };
    let Replaced::Done(second) = store.replace(&key, &first.etag, small("b")).await.expect("it works") else {
        panic!("nobody else writes here")
    };
    let unsupported = r#"{"mode": "refuse", "method": "DELETE", "status": 501, "code": "NotImplemented"}"#;
    bucket.fault(unsupported).await;
    assert_eq!(store.remove(&key, &first.etag).await.expect("it works"), Removed::Outrun);
    assert!(store.head(&key).await.expect("it works").is_some());
    bucket.fault(unsupported).await;
    assert_eq!(store.remove(&key, &second.etag).await.expect("it works"), Removed::Gone);
    assert_eq!(store.head(&key).await.expect("it works"), None);
}

#[tokio::test]
async fn listings_go_over_pages_with_keys_of_every_kind() {
    let bucket = Bucket::fresh(MOTO).await;
    let store = bucket.store().await;
    // More than a page of 1000, and the last of the first page needs encoding.
    let keys: Vec<Key> = (0..1002).map(|number| Key::new(&format!("t/{number:04} ⊗+%2F&<.txt"))).collect();
    let created = stream::iter(&keys).map(|key| store.create(key, small("a"))).buffered(16);
    assert!(created.all(async |created| matches!(created, Ok(Created::New(_)))).await);
    let etag = store.head(&keys[1]).await.expect("it works").expect("it is there").etag;
    assert_eq!(store.remove(&keys[1], &etag).await.expect("it works"), Removed::Gone);
    bucket.ask("PUT", "u/other.txt", "a").await;

    let mut rows = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = store.versions("t/", after.take()).await.expect("it works");
        assert!(page.versions.len() <= 1000);
        rows.extend(page.versions);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let current: Vec<&Key> = rows.iter().filter(|row| row.current).map(|row| &row.key).collect();
    assert!(current.iter().copied().eq(&keys), "{} current versions of {} keys", current.len(), keys.len());
    assert_eq!(rows.len(), 1003);
    let removed: Vec<_> = rows.iter().filter(|row| row.key == keys[1]).map(|row| (row.current, row.marker)).collect();
    assert_eq!(removed, [(true, true), (false, false)]);

    let mut doomed: Vec<(Key, VersionId)> = rows[..3].iter().map(|row| (row.key.clone(), row.id.clone())).collect();
    doomed.push((Key::new("t/never"), doomed[0].1.clone()));
    let outcome = store.delete_versions(&doomed).await.expect("it works");
    assert!(outcome.len() == 4 && outcome.iter().all(Result::is_ok), "{outcome:?}");
    let left = store.versions("t/000", None).await.expect("it works").versions;
    assert_eq!(left.first().map(|row| &row.key), Some(&keys[2]));
}
