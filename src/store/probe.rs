//! Nobody's data is trusted to a store that lies: proves the promises that everything else stands on.
//!
//! Many servers take the conditions of S3's conditional writes and ignore them, or look first and act later. On such
//! a store two publishers at once would overwrite each other's ledger, and nobody would hear of it. So a store is put
//! to the proof once, before a ledger is first made in it.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::try_join_all;

use super::{Created, Etag, Object, Replaced, Store, StoreError};
use crate::clock::Clock;
use crate::error::Explain;
use crate::model::layout::{Key, Layout};

/// About how many requests the proof takes.
pub const REQUESTS: u64 = 80;
/// How often it is tried whether one of many wins.
const ROUNDS: usize = 2;
/// How many compete in each round.
const COMPETITORS: usize = 16;
/// How large their objects are: large enough for a store that writes in place to mix them.
const SIZE: usize = 10_000;

/// Why a store is not used.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It broke a promise.
    #[error("the store cannot be trusted: {0}")]
    Broken(Promise),
    /// It did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a store promises, named by how it was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Promise {
    /// What was written is what is read.
    #[error("what was just written is not what is read")]
    ReadBack,
    /// A create never touches an object that is there.
    #[error("it overwrote an object that it was asked to create only if none was there")]
    CreateOnce,
    /// A replace happens only if the ETag it names is current.
    #[error("it replaced an object although another version than the named one was there")]
    ReplaceNamed,
    /// A replace happens if the ETag it names is current.
    #[error("it refused to replace the very version that was there")]
    ReplaceWorks,
    /// Of many creates at once one happens.
    #[error("of {COMPETITORS} that created one object at once it let more than one win")]
    OneCreator,
    /// Of many replaces of one version at once one happens.
    #[error("of {COMPETITORS} that replaced one version at once it let more than one win")]
    OneReplacer,
}

impl Explain for ProbeError {
    fn hints(&self) -> Vec<String> {
        match self {
            Self::Broken(_) => vec![
                "two publishers at once would overwrite or lose each other's work there without a word".to_owned(),
                "use Amazon S3, another store with atomic conditional writes, or a folder: `dir:PATH`".to_owned(),
            ],
            Self::Store(error) => error.hints(),
        }
    }
}

/// Proves that `store` does what it says, with objects of its own under fresh keys, which are removed again as far
/// as the store and the permissions let them be.
///
/// # Errors
/// The store broke a promise, or did not answer.
pub async fn prove(store: &Arc<dyn Store>, layout: &Layout, clock: &dyn Clock) -> Result<(), ProbeError> {
    let store = &**store;
    let keys: Vec<Key> = (0..=ROUNDS).map(|_| layout.probe(clock.fresh_id())).collect();
    let outcome = prove_with(store, &keys).await;
    clear_away(store, &keys).await;
    outcome
}

async fn prove_with(store: &dyn Store, keys: &[Key]) -> Result<(), ProbeError> {
    let Some((first, races)) = keys.split_first() else { return Ok(()) };
    one_after_the_other(store, first).await?;
    for key in races {
        let create = |number| async move {
            let created = store.create(key, object(number)).await?;
            Ok::<_, StoreError>((number, matches!(created, Created::New(_))))
        };
        let outcomes = try_join_all((0..COMPETITORS).map(create)).await?;
        let before = one_won(store, key, &outcomes, Promise::OneCreator).await?;

        let before = &before;
        let replace = |number| async move {
            let replaced = store.replace(key, before, object(number)).await?;
            Ok::<_, StoreError>((number, matches!(replaced, Replaced::Done(_))))
        };
        let outcomes = try_join_all((COMPETITORS..2 * COMPETITORS).map(replace)).await?;
        one_won(store, key, &outcomes, Promise::OneReplacer).await?;
    }
    Ok(())
}

/// Creates and replaces without any competition. A refusal may be the echo of a request that the store's client sent
/// twice, so that what is there counts, and not only the answer.
async fn one_after_the_other(store: &dyn Store, key: &Key) -> Result<(), ProbeError> {
    let [first, second, third] = [0, 1, 2];
    store.create(key, object(first)).await?;
    let stale = there(store, key, [first], Promise::ReadBack).await?;

    if let Created::New(_) = store.create(key, object(second)).await? {
        return Err(ProbeError::Broken(Promise::CreateOnce));
    }
    there(store, key, [first], Promise::CreateOnce).await?;

    let refused = match store.replace(key, &stale, object(second)).await? {
        Replaced::Done(_) => Promise::ReadBack,
        Replaced::Outrun => Promise::ReplaceWorks,
    };
    there(store, key, [second], refused).await?;

    if let Replaced::Done(_) = store.replace(key, &stale, object(third)).await? {
        return Err(ProbeError::Broken(Promise::ReplaceNamed));
    }
    there(store, key, [second], Promise::ReplaceNamed).await?;
    Ok(())
}

/// Checks that at most one of those who wrote to `key` was told that it won, and that its object is there whole. Where
/// nobody was told so, the winner heard an echo.
async fn one_won(
    store: &dyn Store,
    key: &Key,
    outcomes: &[(usize, bool)],
    promise: Promise,
) -> Result<Etag, ProbeError> {
    let winners: Vec<usize> = outcomes.iter().filter(|(_, won)| *won).map(|(number, _)| *number).collect();
    match winners[..] {
        [] => there(store, key, outcomes.iter().map(|(number, _)| *number), promise).await,
        [_] => there(store, key, winners, promise).await,
        [_, _, ..] => Err(ProbeError::Broken(promise)),
    }
}

/// Checks that one of the objects `numbers` is at `key`, and returns its ETag; where none is, `promise` was broken.
async fn there(
    store: &dyn Store,
    key: &Key,
    numbers: impl IntoIterator<Item = usize>,
    promise: Promise,
) -> Result<Etag, ProbeError> {
    let fetched = store.get(key).await?;
    let found = fetched.filter(|fetched| numbers.into_iter().any(|number| fetched.bytes == body(number)));
    found.map(|fetched| fetched.found.etag).ok_or(ProbeError::Broken(promise))
}

/// Removes the objects as far as that is allowed: publishers need no permission to delete, and nothing reads what
/// stays.
async fn clear_away(store: &dyn Store, keys: &[Key]) {
    for key in keys {
        if let Ok(Some(found)) = store.head(key).await {
            let _ = store.remove(key, &found.etag).await;
        }
    }
}

fn object(number: usize) -> Object {
    Object::whole(Arc::default(), body(number))
}

fn body(number: usize) -> Bytes {
    vec![number as u8; SIZE].into()
}
