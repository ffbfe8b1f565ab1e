//! The steps of which the promises' tests are made: each does one thing to a store and expects it to work.

use std::sync::Arc;

use crate::model::layout::Key;
use crate::store::{Created, Etag, Fetched, Object, Replaced, Store, Version, Written};

pub(super) fn key(prefix: &str, name: &str) -> Key {
    Key::new(&format!("{prefix}{name}"))
}

pub(super) fn object(body: &'static str) -> Object {
    Object::whole(Arc::default(), body)
}

/// An ETag that no object here has.
pub(super) fn stale() -> Etag {
    Etag("0".repeat(32))
}

pub(super) async fn get(store: &Arc<dyn Store>, key: &Key) -> Option<Fetched> {
    store.get(key).await.expect("get")
}

pub(super) async fn there(store: &Arc<dyn Store>, key: &Key) -> Fetched {
    get(store, key).await.unwrap_or_else(|| panic!("{key} is not there"))
}

pub(super) async fn create(store: &Arc<dyn Store>, key: &Key, body: &'static str) -> Written {
    match store.create(key, object(body)).await.expect("create") {
        Created::New(written) => written,
        Created::AlreadyThere => panic!("{key} is there already"),
    }
}

pub(super) async fn replace(store: &Arc<dyn Store>, key: &Key, etag: &Etag, body: &'static str) -> Written {
    match store.replace(key, etag, object(body)).await.expect("replace") {
        Replaced::Done(written) => written,
        Replaced::Outrun => panic!("{key} has another ETag"),
    }
}

/// Every row, from as many pages as there are.
pub(super) async fn list(store: &Arc<dyn Store>, prefix: &str) -> Vec<Version> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = store.versions(prefix, after).await.expect("versions");
        rows.extend(page.versions);
        after = page.next;
        if after.is_none() {
            return rows;
        }
    }
}
