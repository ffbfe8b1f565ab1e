//! Objects: how they come, change and go, one request after the other.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::steps::{create, get, key, list, object, replace, stale, there};
use crate::model::headers::Headers;
use crate::model::layout::Key;
use crate::store::{Created, Object, Removed, Replaced, Store};

/// A key that has never been written has no object.
pub async fn nothing_is_there_at_first(store: &Arc<dyn Store>, prefix: &str) {
    let key = key(prefix, "nothing");
    assert_eq!(store.head(&key).await.expect("head"), None);
    assert!(get(store, &key).await.is_none());
    assert_eq!(store.replace(&key, &stale(), object("x")).await.expect("replace"), Replaced::Outrun);
    assert_eq!(store.remove(&key, &stale()).await.expect("remove"), Removed::Gone);
    assert!(get(store, &key).await.is_none(), "neither replace nor remove makes an object");
}

/// The first create makes the object, and no later one touches it.
pub async fn created_once(store: &Arc<dyn Store>, prefix: &str) {
    let key = key(prefix, "folder/once.txt");
    let written = create(store, &key, "first").await;
    for body in ["second", "first"] {
        assert_eq!(store.create(&key, object(body)).await.expect("create"), Created::AlreadyThere);
    }
    let fetched = there(store, &key).await;
    assert_eq!(fetched.bytes, "first");
    assert_eq!(fetched.found.etag, written.etag);
    assert_eq!(store.head(&key).await.expect("head"), Some(fetched.found), "head and get say the same");
}

/// An object is replaced if its ETag is named, and otherwise stays.
pub async fn replaced_only_by_its_etag(store: &Arc<dyn Store>, prefix: &str) {
    let key = key(prefix, "replaced");
    let first = create(store, &key, "first").await;
    let second = replace(store, &key, &first.etag, "second").await;
    assert_ne!(first.etag, second.etag);
    assert_eq!(store.replace(&key, &first.etag, object("stale")).await.expect("replace"), Replaced::Outrun);
    let fetched = there(store, &key).await;
    assert_eq!((fetched.bytes, fetched.found.etag), ("second".into(), second.etag));
}

/// An object is removed if its ETag is named, and otherwise stays.
pub async fn removed_only_by_its_etag(store: &Arc<dyn Store>, prefix: &str) {
    let key = key(prefix, "removed");
    let first = create(store, &key, "first").await;
    let second = replace(store, &key, &first.etag, "second").await;
    assert_eq!(store.remove(&key, &first.etag).await.expect("remove"), Removed::Outrun);
    assert_eq!(there(store, &key).await.bytes, "second");
    assert_eq!(store.remove(&key, &second.etag).await.expect("remove"), Removed::Gone);
    assert!(get(store, &key).await.is_none());
    assert_eq!(store.head(&key).await.expect("head"), None);
    assert_eq!(store.remove(&key, &second.etag).await.expect("remove again"), Removed::Gone);
    assert_eq!(store.replace(&key, &second.etag, object("x")).await.expect("replace"), Replaced::Outrun);
}

/// Behind a delete marker there is no object: it can be created, with the very bytes it had, too.
pub async fn created_again_after_a_marker(store: &Arc<dyn Store>, prefix: &str) {
    let key = key(prefix, "again");
    let first = create(store, &key, "bytes").await;
    store.remove(&key, &first.etag).await.expect("remove");
    create(store, &key, "bytes").await;
    assert_eq!(there(store, &key).await.bytes, "bytes");
    assert_eq!(store.create(&key, object("other")).await.expect("create"), Created::AlreadyThere);
}

/// Every header comes back as it was given, and belongs to its version.
pub async fn headers_come_back(store: &Arc<dyn Store>, prefix: &str) {
    let key = key(prefix, "headers");
    let mut headers = Headers::default();
    for (name, value) in [
        ("cache-control", "public, max-age=31536000, immutable"),
        ("content-disposition", "attachment; filename=\"a b.txt\""),
        ("content-encoding", "br"),
        ("content-language", "de-AT, en"),
        ("content-type", "text/html; charset=utf-8"),
        ("x-amz-meta-release", "a=b; c, d"),
        ("x-amz-meta-team.name_2", "web"),
    ] {
        headers.set(name, value).expect(name);
    }
    let created = store.create(&key, Object::whole(Arc::new(headers.clone()), "x")).await.expect("create");
    let Created::New(written) = created else { panic!("{key} is there already") };
    assert_eq!(there(store, &key).await.found.headers, headers);
    let mut fewer = Headers::default();
    fewer.set("content-type", "text/plain").expect("a plain type");
    let object = Object::whole(Arc::new(fewer.clone()), "y");
    let replaced = store.replace(&key, &written.etag, object).await.expect("replace");
    assert!(matches!(replaced, Replaced::Done(_)));
    assert_eq!(store.head(&key).await.expect("head").map(|found| found.headers), Some(fewer));
}

/// Keys are any text, and no two of them are the same.
pub async fn odd_keys_are_keys(store: &Arc<dyn Store>, prefix: &str) {
    let names = [
        "⊗.txt",
        "%2F.txt",
        "a b/c  d.txt",
        "a+b",
        "a%20b",
        "&<>\"'",
        "ü",
        "u\u{308}",
        "🦀",
        "?x=1#y",
        "x;y=z,@:!$()*",
        "a\\b",
        "~",
        "...",
        "CASE",
        "Case",
        "{}[]^`|",
    ];
    let keys: Vec<Key> = names.iter().map(|name| key(prefix, &format!("odd/{name}"))).collect();
    for (key, name) in keys.iter().zip(names) {
        create(store, key, name).await;
    }
    for (key, name) in keys.iter().zip(names) {
        assert_eq!(there(store, key).await.bytes, name, "{key}");
    }
    let mut sorted = keys;
    sorted.sort();
    let listed: Vec<Key> = list(store, &format!("{prefix}odd/")).await.into_iter().map(|row| row.key).collect();
    assert_eq!(listed, sorted);
}

/// No bytes are bytes.
pub async fn empty_objects_are_objects(store: &Arc<dyn Store>, prefix: &str) {
    let key = key(prefix, "empty");
    create(store, &key, "").await;
    let fetched = there(store, &key).await;
    assert_eq!((fetched.bytes, fetched.found.size), (Bytes::new(), 0));
    assert_eq!(store.create(&key, object("")).await.expect("create"), Created::AlreadyThere);
}

/// Sizes, hashes and times are those of what was written.
pub async fn hashes_and_times_are_right(store: &Arc<dyn Store>, prefix: &str) {
    let key = key(prefix, "hashes");
    let written = create(store, &key, "some bytes").await;
    let found = store.head(&key).await.expect("head").expect("there");
    assert_eq!((found.size, &found.etag), (10, &written.etag));
    assert!(found.sha256.is_none_or(|sha256| sha256[..] == Sha256::digest("some bytes")[..]));
    assert!(found.version.is_some());
    let apart = written.at.until(found.modified).max(found.modified.until(written.at));
    assert!(apart < Duration::from_secs(60), "written at {}, modified at {}", written.at, found.modified);
    assert!(written.at.as_unix() > 1_700_000_000, "{} is no time of day", written.at);
}
