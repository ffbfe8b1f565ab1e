//! What every store has to do, as functions that any store can be put through.
//!
//! Each function asserts one promise of [`Store`] under keys of its own below `prefix`, which should be fresh. They
//! expect a store that keeps versions, and they panic where it breaks its word.

mod content;
mod objects;
mod races;
mod steps;
mod versions;

use std::sync::Arc;

pub use self::content::{broken_streams_leave_nothing, large_streams};
pub use self::objects::{
    created_again_after_a_marker, created_once, empty_objects_are_objects, hashes_and_times_are_right,
    headers_come_back, nothing_is_there_at_first, odd_keys_are_keys, removed_only_by_its_etag,
    replaced_only_by_its_etag,
};
pub use self::races::{increment, no_increment_is_lost, one_creator_wins, one_replacer_wins};
pub use self::versions::{
    deleting_exposes_the_version_before, deleting_what_is_gone_is_fine, long_listings, versions_are_listed_by_key,
};

use super::Store;

/// Puts `store` through everything here but [`long_listings`], which is slow over a network.
pub async fn run(store: &Arc<dyn Store>, prefix: &str) {
    nothing_is_there_at_first(store, prefix).await;
    created_once(store, prefix).await;
    replaced_only_by_its_etag(store, prefix).await;
    removed_only_by_its_etag(store, prefix).await;
    created_again_after_a_marker(store, prefix).await;
    headers_come_back(store, prefix).await;
    odd_keys_are_keys(store, prefix).await;
    empty_objects_are_objects(store, prefix).await;
    hashes_and_times_are_right(store, prefix).await;
    large_streams(store, prefix).await;
    broken_streams_leave_nothing(store, prefix).await;
    versions_are_listed_by_key(store, prefix).await;
    deleting_exposes_the_version_before(store, prefix).await;
    deleting_what_is_gone_is_fine(store, prefix).await;
    one_creator_wins(store, prefix).await;
    one_replacer_wins(store, prefix).await;
    no_increment_is_lost(store, prefix).await;
}
