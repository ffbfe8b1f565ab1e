//! Looks at what lies in a store, past everything that lastly believes of it.

use std::collections::{BTreeMap, BTreeSet};

use lastly::model::address::Addresser;
use lastly::model::headers::Headers;
use lastly::model::layout::{ChannelName, Key, Layout, Name};
use lastly::model::ledger::Ledger;
use lastly::model::path::AssetPath;
use lastly::model::release::{Entry, Release, ReleaseId};
use lastly::model::wire::{Manifest, read_ledger, read_manifest, read_release};
use lastly::store::{Fetched, Store};

/// What is in a store, for a site of generation 0.
pub(crate) struct Inspected<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) layout: &'a Layout,
}

impl Inspected<'_> {
    pub(crate) async fn get(&self, key: &Key) -> Option<Fetched> {
        self.store.get(key).await.expect("a store in memory answers")
    }

    pub(crate) async fn ledger(&self) -> Option<Ledger> {
        let fetched = self.get(&self.layout.ledger()).await?;
        Some(read_ledger(&fetched.bytes).expect("a ledger").settled(fetched.found.modified))
    }

    pub(crate) async fn manifest(&self, channel: &ChannelName) -> Option<Manifest> {
        let fetched = self.get(&self.layout.key(&Name::manifest(channel))).await?;
        Some(read_manifest(&fetched.bytes).expect("a manifest"))
    }

    /// The manifest as whoever knows nothing of lastly reads it.
    pub(crate) async fn manifest_json(&self, channel: &ChannelName) -> Option<serde_json::Value> {
        let fetched = self.get(&self.layout.key(&Name::manifest(channel))).await?;
        Some(serde_json::from_slice(&fetched.bytes).expect("JSON"))
    }

    pub(crate) async fn release(&self, id: ReleaseId) -> Release {
        self.whole_release(id).await.expect("a kept release")
    }

    async fn whole_release(&self, id: ReleaseId) -> Result<Release, String> {
        let missing = || format!("the document of release {id} is missing");
        let fetched = self.get(&self.layout.release(id)).await.ok_or_else(missing)?;
        if ReleaseId::of_document(&fetched.bytes) != id {
            return Err(format!("the document of release {id} has another id"));
        }
        read_release(&fetched.bytes).map_err(|error| format!("release {id}: {error}"))
    }

    /// Why an object is not what its entry says; `None` if it is.
    async fn fault(&self, entry: &Entry) -> Option<String> {
        let key = self.layout.key(&entry.name);
        let Some(fetched) = self.get(&key).await else { return Some(format!("`{key}` is missing")) };
        let headers = if entry.sealed { Headers::default() } else { (*entry.headers).clone() };
        let right = Addresser::new(&headers, 0).address_of(&fetched.bytes) == entry.address
            && fetched.found.headers == *entry.headers;
        (!right).then(|| format!("`{key}` is not what its address says"))
    }

    /// What is wrong with a release: objects that are not in the store, or not what they should be.
    pub(crate) async fn faults_of(&self, id: ReleaseId) -> Vec<String> {
        let release = match self.whole_release(id).await {
            Ok(release) => release,
            Err(fault) => return vec![fault],
        };
        let mut faults = Vec::new();
        for (_, entry) in release.entries() {
            faults.extend(self.fault(entry).await);
        }
        faults
    }

    /// I2: what is wrong with the public manifest. It is a projection of its release, and all assets of that are there.
    pub(crate) async fn faults_of_manifest(&self, channel: &ChannelName) -> Vec<String> {
        let Some(manifest) = self.manifest(channel).await else { return Vec::new() };
        let json = self.manifest_json(channel).await.expect("it was there");
        let mut faults = self.faults_of(manifest.release).await;
        let Ok(release) = self.whole_release(manifest.release).await else { return faults };
        let name = |path: &AssetPath| match release.assets.get(path) {
            Some(entry) => entry.name.clone(),
            None => Name::page(channel, path),
        };
        let paths: BTreeMap<String, String> =
            release.entries().map(|(path, _)| (path.to_string(), name(path).to_string())).collect();
        if json["paths"] != serde_json::to_value(paths).expect("plain data") {
            faults.push(format!("the manifest of `{channel}` is not that of its release"));
        }
        faults
    }

    /// What lies at a page's own URL.
    pub(crate) async fn page(&self, channel: &ChannelName, path: &str) -> Option<Vec<u8>> {
        let path = AssetPath::new(path).expect("a plain path");
        Some(self.get(&self.layout.key(&Name::page(channel, &path))).await?.bytes.to_vec())
    }

    /// Names of current objects that are neither addressed nor sealed nor a manifest: pages at their own URLs.
    async fn pages_there(&self) -> BTreeSet<String> {
        let page = self.store.versions(self.layout.prefix(), None).await.expect("a store in memory answers");
        assert!(page.next.is_none(), "tests are small");
        let current = page.versions.into_iter().filter(|version| version.current && !version.marker);
        let public = current.filter(|version| !version.key.as_str().starts_with(self.layout.control()));
        let names = public.map(|version| version.key.as_str()[self.layout.prefix().len()..].to_owned());
        let others = names.filter(|name| address_in(name).is_none() && !name.starts_with("sealed/"));
        others.filter(|name| !name.ends_with("manifest.json")).collect()
    }

    /// Asserts that a channel shows exactly `files`, everywhere: ledger, manifest, assets and pages.
    pub(crate) async fn assert_shows(&self, channel: &ChannelName, files: &BTreeMap<String, Vec<u8>>) {
        let ledger = self.ledger().await.expect("a ledger");
        let shown = &ledger.channels[channel];
        assert!(shown.is_synced(), "the ledger does not know that all has followed");
        let manifest = self.manifest(channel).await.expect("a manifest");
        assert_eq!((manifest.release, manifest.sequence), (shown.release, shown.sequence));
        assert_eq!(self.faults_of_manifest(channel).await, Vec::<String>::new());
        let release = self.release(shown.release).await;
        let paths: Vec<String> = files.keys().cloned().collect();
        let mut found: Vec<String> = release.entries().map(|(path, _)| path.to_string()).collect();
        found.sort();
        assert_eq!(found, paths, "other files than were published");
        for (path, entry) in release.entries() {
            let fetched = self.get(&self.layout.key(&entry.name)).await.expect("no faults");
            assert_eq!(fetched.bytes, files[path.as_str()], "{path}");
        }
        assert_eq!(self.faults_of_pages(channel).await, Vec::<String>::new());
    }

    /// What is wrong with the pages of a channel, given that everything should have followed.
    pub(crate) async fn faults_of_pages(&self, channel: &ChannelName) -> Vec<String> {
        let ledger = self.ledger().await.expect("a ledger");
        let release = self.release(ledger.channels[channel].release).await;
        let mut faults = Vec::new();
        for (path, entry) in &release.pages {
            let key = self.layout.key(&Name::page(channel, path));
            match self.get(&key).await {
                None => faults.push(format!("page `{key}` is missing")),
                Some(copy) => {
                    let object = self.get(&self.layout.key(&entry.name)).await.expect("the page's object");
                    let headers = entry.headers.iter().all(|(name, value)| copy.found.headers.get(name) == Some(value));
                    if object.bytes != copy.bytes || !headers {
                        faults.push(format!("page `{key}` shows another release"));
                    }
                }
            }
        }
        if channel.is_live() {
            let wanted: BTreeSet<String> = release.pages.keys().map(ToString::to_string).collect();
            let there = self.pages_there().await;
            let sealed: BTreeSet<&str> =
                release.assets.values().filter(|entry| entry.sealed).map(|entry| entry.name.as_str()).collect();
            let others = there.iter().filter(|name| !name.starts_with("channels/") && !sealed.contains(name.as_str()));
            faults.extend(
                others.filter(|name| !wanted.contains(*name)).map(|name| format!("page `{name}` is left over")),
            );
        }
        faults
    }
}

/// The digits of the address that stand in a name, if there are any.
pub(crate) fn address_in(name: &str) -> Option<&str> {
    let is_address = |part: &&str| part.len() == 32 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let file = name.rsplit('/').next().unwrap_or(name);
    let in_folders = name.split('/').filter_map(|folder| folder.rsplit('.').next());
    file.rsplit('.').take(2).chain(in_folders).find(is_address)
}
