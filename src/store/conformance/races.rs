//! Many at once: what everything else stands on.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinSet;

use super::steps::{create, key, there};
use crate::model::layout::Key;
use crate::store::{Created, Object, Replaced, Store};

/// How many compete for one object.
const COMPETITORS: usize = 32;
/// How many move the counter.
const LOOPS: usize = 8;
/// How often each of them moves it.
const TURNS: usize = 10;
/// How large the objects are that are competed for, so that a store that writes in place is caught at it.
const SIZE: usize = 10_000;

/// Of many who create one object at once exactly one is told that it did, and its bytes are there.
pub async fn one_creator_wins(store: &Arc<dyn Store>, prefix: &str) {
    for round in 0..4 {
        let key = key(prefix, &format!("race/create-{round}"));
        let create = |store: Arc<dyn Store>, key: Key, object| async move {
            matches!(store.create(&key, object).await.expect("create"), Created::New(_))
        };
        one_wins(store, &key, create).await;
    }
}

/// Of many who replace one version at once exactly one is told that it did, and its bytes are there.
pub async fn one_replacer_wins(store: &Arc<dyn Store>, prefix: &str) {
    for round in 0..4 {
        let key = key(prefix, &format!("race/replace-{round}"));
        let before = create(store, &key, "before").await;
        let replace = |store: Arc<dyn Store>, key: Key, object| {
            let etag = before.etag.clone();
            async move { matches!(store.replace(&key, &etag, object).await.expect("replace"), Replaced::Done(_)) }
        };
        one_wins(store, &key, replace).await;
    }
}

async fn one_wins<F>(store: &Arc<dyn Store>, key: &Key, write: impl Fn(Arc<dyn Store>, Key, Object) -> F)
where
    F: Future<Output = bool> + Send + 'static,
{
    let body = |competitor: usize| Bytes::from(vec![competitor as u8; SIZE]);
    let mut competitors = JoinSet::new();
    for competitor in 0..COMPETITORS {
        let outcome = write(Arc::clone(store), key.clone(), Object::whole(Arc::default(), body(competitor)));
        competitors.spawn(async move { outcome.await.then_some(competitor) });
    }
    let winners: Vec<usize> = competitors.join_all().await.into_iter().flatten().collect();
    let [winner] = winners[..] else { panic!("{winners:?} all won {key}") };
    assert!(there(store, key).await.bytes == body(winner), "{winner} won {key}, but other bytes are there");
}

/// A counter that several move by compare-and-swap ends at the number of their moves.
pub async fn no_increment_is_lost(store: &Arc<dyn Store>, prefix: &str) {
    let key = key(prefix, "race/counter");
    create(store, &key, "0").await;
    let mut loops = JoinSet::new();
    for _ in 0..LOOPS {
        let (store, key) = (Arc::clone(store), key.clone());
        loops.spawn(async move {
            for _ in 0..TURNS {
                increment(&store, &key).await;
            }
        });
    }
    loops.join_all().await;
    assert_eq!(count(&there(store, &key).await.bytes), LOOPS * TURNS);
}

/// Adds one to the counter at `key`, however often others come first.
pub async fn increment(store: &Arc<dyn Store>, key: &Key) {
    loop {
        let fetched = there(store, key).await;
        let more = (count(&fetched.bytes) + 1).to_string();
        let replaced = store.replace(key, &fetched.found.etag, Object::whole(Arc::default(), more)).await;
        if matches!(replaced.expect("replace"), Replaced::Done(_)) {
            return;
        }
    }
}

fn count(bytes: &[u8]) -> usize {
    std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).expect("a counter is a number")
}
