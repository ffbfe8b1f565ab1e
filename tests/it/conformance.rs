//! Every store through the same suite.

use std::sync::Arc;

use lastly::clock::SystemClock;
use lastly::store::Store;
use lastly::store::conformance::{long_listings, run};
use lastly::store::directory::DirectoryStore;
use lastly::store::memory::MemoryStore;

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock::default())));
    run(&store, "").await;
    long_listings(&store, "below/").await;
    assert!(store.requests().total() > 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn directory() {
    let scratch = tempfile::tempdir().expect("a folder");
    let root = scratch.path().join("made/by the store");
    let store: Arc<dyn Store> = Arc::new(DirectoryStore::new(root, Arc::new(SystemClock::default())));
    run(&store, "").await;
    long_listings(&store, "below/").await;
    assert!(store.requests().total() > 1000);
}
