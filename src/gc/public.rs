//! What everybody can see: the manifests of all channels, and whether other sites lie within this one.

use std::collections::BTreeSet;

use futures::future::try_join_all;

use super::error::GcError;
use super::policy::{Public, Shown, lifetime};
use crate::error::Result;
use crate::model::layout::{ChannelName, Key, Name};
use crate::model::ledger::Ledger;
use crate::model::wire::{Manifest, WireError, read_ledger, read_manifest};
use crate::site::Site;
use crate::store::Fetched;

/// What was seen of the manifests.
pub(super) enum Look {
    /// All is well.
    Clear(Public),
    /// This does not go together with the ledger, unless the ledger has changed meanwhile.
    Doubt(GcError),
}

/// Reads the manifests of every channel of the ledger, and of those that were found in the store besides.
///
/// # Errors
/// The store does not answer, or a manifest is of a later version of lastly.
pub(super) async fn look(site: &Site, ledger: &Ledger, found: &BTreeSet<ChannelName>) -> Result<Look> {
    let live = ChannelName::live();
    let names: BTreeSet<&ChannelName> = ledger.channels.keys().chain(found).chain([&live]).collect();
    let key = |name: &ChannelName| site.layout.key(&Name::manifest(name));
    let fetch = |name| async move { site.store.get(&key(name)).await };
    let fetched = try_join_all(names.iter().map(|name| fetch(name))).await?;
    let mut public = Public::new();
    for (name, fetched) in names.into_iter().zip(fetched) {
        let channel = ledger.channels.get(name);
        let Some(Fetched { found, bytes }) = fetched else {
            if channel.is_some_and(|channel| channel.synced.is_some()) {
                return Ok(Look::Doubt(GcError::Missing { key: key(name), channel: name.clone() }));
            }
            continue;
        };
        let manifest = match read_manifest(&bytes) {
            Ok(manifest) => manifest,
            Err(source @ WireError::Newer { .. }) => return Err(GcError::Unreadable { key: key(name), source }.into()),
            Err(source) if channel.is_some() => return Err(GcError::Unreadable { key: key(name), source }.into()),
            // Some other program's file, where a channel of that name would have its manifest.
            Err(_) => continue,
        };
        if let Some(doubt) = doubt(ledger, name, &manifest) {
            return Ok(Look::Doubt(doubt));
        }
        let shown = Shown {
            sequence: manifest.sequence,
            release: manifest.release,
            ttl: lifetime(found.headers.get("cache-control")),
            pages: manifest.pages.into_keys().collect(),
        };
        public.insert(name.clone(), shown);
    }
    Ok(Look::Clear(public))
}

/// Why a manifest and the ledger do not go together: no manifest is ever ahead of the ledger.
fn doubt(ledger: &Ledger, name: &ChannelName, manifest: &Manifest) -> Option<GcError> {
    let known = ledger.channels.get(name);
    let fits = match known {
        Some(channel) if channel.sequence == manifest.sequence => channel.release == manifest.release,
        Some(channel) => manifest.sequence < channel.sequence,
        // What is left of a channel that has been dropped.
        None => !name.is_live() && manifest.sequence <= ledger.closed,
    };
    let (channel, public, ledger) = (name.clone(), manifest.sequence, known.map(|channel| channel.sequence));
    (!fits).then_some(GcError::LedgerBehind { channel, public, ledger })
}

/// Refuses to collect a site that lies within another one or holds one, as far as that can be seen: what lies below
/// both prefixes cannot be told apart. `found` are keys that may be other sites' ledgers.
///
/// # Errors
/// There is such a site, or the store does not answer.
pub(super) async fn check_neighbours(site: &Site, found: &BTreeSet<Key>) -> Result<()> {
    let above: BTreeSet<Key> = site.layout.ledgers_above().into_iter().collect();
    for key in found.union(&above) {
        let Some(fetched) = site.store.get(key).await? else { continue };
        let is_nested = match read_ledger(&fetched.bytes) {
            Ok(other) => {
                let (theirs, ours) = (&*other.prefix, site.layout.prefix());
                theirs.starts_with(ours) || ours.starts_with(theirs)
            }
            Err(WireError::Newer { .. }) => true,
            // Some other program's file.
            Err(_) => false,
        };
        if is_nested {
            return Err(GcError::Nested { ledger: key.clone() }.into());
        }
    }
    Ok(())
}
