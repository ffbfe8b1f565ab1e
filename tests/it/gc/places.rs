//! The main path on stores that are not in memory.

use std::sync::Arc;

use lastly::clock::Clock;
use lastly::event::Silent;
use lastly::gc::{self, plan::Class};
use lastly::model::layout::Layout;
use lastly::publish::publish;
use lastly::site::Site;
use lastly::store::Store;
use lastly::store::directory::DirectoryStore;

use super::{counted, deleted, tree};
use crate::servers::{Bucket, MOTO, clock};
use crate::support::collector::{by, greedy};
use crate::support::inspect::Inspected;
use crate::support::order;

/// Three releases of which two go, and another publisher's object that stays.
async fn collects(store: Arc<dyn Store>, clock: Arc<dyn Clock>) {
    let layout = Layout::new("static", None);
    let site = Site { store: store.clone(), layout: layout.clone(), clock, report: Arc::new(Silent) };
    for text in ["1", "2", "3"] {
        let published = publish(&site, &[], &order(&tree(text))).await.expect("a publish");
        assert!(published.unfinished.is_none(), "{:?}", published.unfinished);
    }
    let planned = gc::collect(&site, &gc::Order { apply: false, ..by(greedy()) }).await.expect("a plan");
    let collected = gc::collect(&site, &by(greedy())).await.expect("a collection");
    assert!(collected.unfinished.is_none(), "{:?}", collected.unfinished);
    assert_eq!(counted(&planned), [(Class::Object, 4), (Class::Document, 2)]);
    assert_eq!((counted(&collected), deleted(&collected)), (counted(&planned), 6));
    let inspected = Inspected { store: &*store, layout: &layout };
    inspected.assert_shows(&crate::support::channel("live"), &tree("3").files).await;
    let ledger = inspected.ledger().await.expect("a ledger");
    assert_eq!((ledger.releases.len(), ledger.condemned), (1, None));
    let again = gc::collect(&site, &by(greedy())).await.expect("a collection");
    assert_eq!((again.deleted, again.goes.len()), (0, 0), "{:?}", again.goes);
}

#[tokio::test]
async fn a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(DirectoryStore::new(folder.path(), clock()));
    collects(store, clock()).await;
}

#[tokio::test]
async fn a_bucket() {
    let bucket = Bucket::fresh(MOTO).await;
    collects(Arc::new(bucket.store().await), clock()).await;
}
