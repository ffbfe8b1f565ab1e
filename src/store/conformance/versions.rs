//! Versions: how they are listed and how they go.

use std::collections::BTreeSet;
use std::iter;
use std::sync::Arc;

use futures::{StreamExt, stream};

use super::steps::{create, get, key, list, object, replace, there};
use crate::model::layout::Key;
use crate::store::{Created, Object, Replaced, Store, Version, VersionId};

/// How many writes [`long_listings`] has in flight.
const IN_FLIGHT: usize = 32;

/// Versions come in the order of their keys, of one key the newest first, and say what they are.
pub async fn versions_are_listed_by_key(store: &Arc<dyn Store>, prefix: &str) {
    let [after, folder, dash, marked] = ["list/b0", "list/b/c", "list/b-c", "list/a"].map(|name| key(prefix, name));
    create(store, &after, "").await;
    create(store, &folder, "1").await;
    let first = create(store, &dash, "12").await;
    replace(store, &dash, &first.etag, "345").await;
    let hidden = create(store, &marked, "6789").await;
    store.remove(&marked, &hidden.etag).await.expect("remove");
    create(store, &key(prefix, "lisu"), "outside").await;

    let rows = list(store, &format!("{prefix}list/")).await;
    let told: Vec<(&Key, bool, bool, u64)> =
        rows.iter().map(|row| (&row.key, row.current, row.marker, row.size)).collect();
    let expected = [
        (&marked, true, true, 0),
        (&marked, false, false, 4),
        (&dash, true, false, 3),
        (&dash, false, false, 2),
        (&folder, true, false, 1),
        (&after, true, false, 0),
    ];
    assert_eq!(told, expected);
    for row in rows.iter().filter(|row| row.current && !row.marker) {
        let found = store.head(&row.key).await.expect("head").expect("there");
        assert_eq!((found.version.as_ref(), found.modified), (Some(&row.id), row.modified));
    }
    let inside = list(store, &format!("{prefix}list/b")).await;
    assert_eq!(inside, rows[2..], "a prefix may end anywhere");
    assert_eq!(list(store, &format!("{prefix}list/c")).await, []);
}

/// Deleting the current version exposes the one before it, be it an object or nothing; deleting a delete marker
/// brings the object back.
pub async fn deleting_exposes_the_version_before(store: &Arc<dyn Store>, prefix: &str) {
    let key = key(prefix, "delete/exposed");
    let first = create(store, &key, "first").await;
    let second = replace(store, &key, &first.etag, "second").await;
    let third = replace(store, &key, &second.etag, "third").await;
    store.remove(&key, &third.etag).await.expect("remove");
    let rows = list(store, key.as_str()).await;
    let [marker, newest, middle, oldest] = &rows[..] else { panic!("four versions, not {rows:?}") };

    delete(store, &[marker]).await;
    assert_eq!(there(store, &key).await.bytes, "third");
    delete(store, &[middle]).await;
    assert_eq!(there(store, &key).await.bytes, "third");
    assert_eq!(store.create(&key, object("x")).await.expect("create"), Created::AlreadyThere);
    delete(store, &[newest]).await;
    let exposed = there(store, &key).await;
    assert_eq!((exposed.bytes, &exposed.found.etag), ("first".into(), &first.etag));
    assert_eq!(exposed.found.version.as_ref(), Some(&oldest.id));
    replace(store, &key, &first.etag, "fourth").await;
    let rows = list(store, key.as_str()).await;
    delete(store, &rows.iter().collect::<Vec<_>>()).await;
    assert!(get(store, &key).await.is_none());
    assert_eq!(list(store, key.as_str()).await, []);
    create(store, &key, "fifth").await;
    let rows = list(store, key.as_str()).await;
    assert_eq!(rows.len(), 1);
    assert_ne!(rows[0].id, oldest.id, "a version id is used once");
}

/// What is gone can be deleted again, and what never was, too; nothing else goes with it.
pub async fn deleting_what_is_gone_is_fine(store: &Arc<dyn Store>, prefix: &str) {
    let [stays, goes] = ["delete/stays", "delete/goes"].map(|name| key(prefix, name));
    create(store, &stays, "stays").await;
    create(store, &goes, "goes").await;
    let rows = list(store, goes.as_str()).await;
    let [row] = &rows[..] else { panic!("one version, not {rows:?}") };
    delete(store, &[row]).await;
    delete(store, &[row, row]).await;
    create(store, &goes, "goes").await;
    delete(store, &[row]).await;
    assert_eq!(there(store, &goes).await.bytes, "goes", "an id names one version for ever");
    assert_eq!(there(store, &stays).await.bytes, "stays");
}

/// A listing of more than a page misses nothing and says nothing twice, also where a page ends within one key.
pub async fn long_listings(store: &Arc<dyn Store>, prefix: &str) {
    let many: Vec<Key> = (0..985).map(|number| key(prefix, &format!("long/{}/{number}", number % 7))).collect();
    let created = stream::iter(many.clone()).map(async |key| create(store, &key, "x").await);
    created.buffer_unordered(IN_FLIGHT).collect::<Vec<_>>().await;
    let deep = key(prefix, "long/deep");
    let mut etag = create(store, &deep, "0").await.etag;
    for version in 1..30 {
        let object = Object::whole(Arc::default(), version.to_string());
        match store.replace(&deep, &etag, object).await.expect("replace") {
            Replaced::Done(written) => etag = written.etag,
            Replaced::Outrun => panic!("nobody else writes {deep}"),
        }
    }
    let mut expected = many;
    expected.extend(iter::repeat_n(deep, 30));
    expected.sort();
    let rows = list(store, &format!("{prefix}long/")).await;
    assert!(rows.iter().map(|row| &row.key).eq(&expected), "{} rows, not {}", rows.len(), expected.len());
    let ids: BTreeSet<&VersionId> = rows.iter().map(|row| &row.id).collect();
    assert_eq!(ids.len(), expected.len());
}

async fn delete(store: &Arc<dyn Store>, rows: &[&Version]) {
    let versions: Vec<(Key, VersionId)> = rows.iter().map(|row| (row.key.clone(), row.id.clone())).collect();
    let outcomes = store.delete_versions(&versions).await.expect("delete");
    assert_eq!(outcomes.len(), versions.len());
    for outcome in outcomes {
        outcome.expect("deleted");
    }
}
