//! Every store through the same suite.

use std::sync::Arc;

use lastly::clock::SystemClock;
use lastly::store::Store;
use lastly::store::conformance::{long_listings, run};
use lastly::store::memory::MemoryStore;

#[tokio::test(flavor = "multi_thread")]
async fn memory() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock::default())));
    run(&store, "").await;
    long_listings(&store, "below/").await;
    assert!(store.requests().total() > 1000);
}
