//! What the tests of whole operations share: folders made of (path, bytes), a site on a store in memory, a clock and
//! a CDN that only remember.

pub(crate) mod collector;
pub(crate) mod gated;
pub(crate) mod host;
pub(crate) mod inspect;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use lastly::cdn::{Cdn, CdnError, Invalidated, Stale};
use lastly::clock::Clock;
use lastly::collect::Walk;
use lastly::error::Result;
use lastly::event::{Report, Silent};
use lastly::model::layout::{ChannelName, Layout};
use lastly::model::ledger::Provenance;
use lastly::model::release::ReleaseId;
use lastly::model::timestamp::Timestamp;
use lastly::prepare::rules::{Rule, Rules, SourceMaps};
use lastly::publish::{self, Published, Target, publish};
use lastly::rollback::{self, Destination, Moved, move_channel};
use lastly::site::Site;
use lastly::store::memory::MemoryStore;
use lastly::store::{Requests, Store, Versioning};
use tempfile::TempDir;
use uuid::Uuid;

use self::gated::{Gate, Gated, Scripted};
use self::inspect::Inspected;

/// A source folder.
pub(crate) struct Tree {
    folder: TempDir,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Tree {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let mut tree = Self { folder: tempfile::tempdir().expect("a temporary folder"), files: BTreeMap::new() };
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    pub(crate) fn write(&mut self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.folder.path().join(path);
        std::fs::create_dir_all(file.parent().expect("a file lies in a folder")).expect("a new folder");
        std::fs::write(file, bytes.as_ref()).expect("room for a file");
        self.files.insert(path.to_owned(), bytes.as_ref().to_vec());
    }

    pub(crate) fn remove(&mut self, path: &str) {
        std::fs::remove_file(self.folder.path().join(path)).expect("it was there");
        self.files.remove(path);
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// A clock that moves a second whenever someone looks, and hands out ids in order. Nobody ever waits for it.
#[derive(Debug, Default)]
pub(crate) struct TestClock {
    seconds: AtomicU64,
    ids: AtomicU64,
}

impl TestClock {
    /// 2026-11-22T04:00:00Z
    pub(crate) const BEGINNING: i64 = 1_795_320_000;

    /// Lets so many hours pass.
    pub(crate) fn pass(&self, hours: u64) {
        self.seconds.fetch_add(hours * 3600, Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let seconds = self.seconds.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_unix(Self::BEGINNING + i64::try_from(seconds).expect("a short test"))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.seconds.load(Ordering::Relaxed))
    }

    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }

    fn fresh_id(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.ids.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

/// A CDN that remembers what it was told, and can be out of order.
#[derive(Debug, Default)]
pub(crate) struct TestCdn {
    told: Mutex<Vec<Stale>>,
    asked: AtomicU64,
    pub(crate) broken: AtomicBool,
}

impl TestCdn {
    pub(crate) fn told(&self) -> Vec<Stale> {
        self.told.lock().expect("no one panics with it").clone()
    }
}

#[async_trait]
impl Cdn for TestCdn {
    fn name(&self) -> String {
        "test CDN".to_owned()
    }

    async fn invalidate(&self, stale: &Stale) -> std::result::Result<Invalidated, CdnError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.broken.load(Ordering::Relaxed) {
            return Err(CdnError { cdn: self.name(), reason: "out of order".to_owned(), hint: None, source: None });
        }
        self.told.lock().expect("no one panics with it").push(stale.clone());
        Ok(Invalidated { cdn: self.name(), path: format!("/{}", stale.name), id: None, completed: true })
    }
}

/// A site on a store in memory.
pub(crate) struct Fixture {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) layout: Layout,
    pub(crate) cdn: Arc<TestCdn>,
    pub(crate) cdns: Vec<Arc<dyn Cdn>>,
    pub(crate) report: Arc<dyn Report>,
}

impl Fixture {
    /// An empty store without a CDN.
    pub(crate) fn new() -> Self {
        let clock = Arc::new(TestClock::default());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let layout = Layout::new("static", None);
        Self { store, clock, layout, cdn: Arc::default(), cdns: Vec::new(), report: Arc::new(Silent) }
    }

    /// The same with a CDN in front.
    pub(crate) fn with_cdn() -> Self {
        let fixture = Self::new();
        Self { cdns: vec![fixture.cdn.clone()], ..fixture }
    }

    pub(crate) fn site(&self) -> Site {
        self.site_on(self.store.clone())
    }

    pub(crate) fn site_on(&self, store: Arc<dyn Store>) -> Site {
        Site { store, layout: self.layout.clone(), clock: self.clock.clone(), report: self.report.clone() }
    }

    pub(crate) fn site_through(&self, gate: Arc<dyn Gate>) -> Site {
        self.site_on(Arc::new(Gated::new(self.store.clone(), gate)))
    }

    /// A look at the store, past everything that lastly believes of it.
    pub(crate) fn inspected(&self) -> Inspected<'_> {
        Inspected { store: &*self.store, layout: &self.layout }
    }

    pub(crate) async fn assert_live_shows(&self, tree: &Tree) {
        self.inspected().assert_shows(&ChannelName::live(), &tree.files).await;
    }

    /// The store, of which nobody may delete what has `part` in its key.
    pub(crate) fn stubborn(&self, part: &'static str) -> Arc<dyn Store> {
        let mut gated = Gated::new(self.store.clone(), Scripted::open());
        gated.undeletable = Some(part);
        Arc::new(gated)
    }

    /// The store, saying that of its versions; `None` where nobody may see it.
    pub(crate) fn versioning(&self, versioning: Option<Versioning>) -> Arc<dyn Store> {
        let mut gated = Gated::new(self.store.clone(), Scripted::open());
        gated.versioning = versioning;
        Arc::new(gated)
    }

    /// Requests to the store and to the CDN so far.
    pub(crate) fn requests(&self) -> u64 {
        self.store.requests().total() + self.cdn.asked.load(Ordering::Relaxed)
    }

    /// What an operation asked of the store and the CDN: all requests, and those of the store by verb.
    pub(crate) async fn cost<T>(&self, operation: impl Future<Output = T>) -> (T, u64, Requests) {
        let (before, verbs_before) = (self.requests(), self.store.requests());
        let outcome = operation.await;
        let mut verbs = self.store.requests();
        for (verb, count) in &mut verbs.0 {
            *count -= verbs_before.0.get(verb).copied().unwrap_or(0);
        }
        verbs.0.retain(|_, count| *count > 0);
        (outcome, self.requests() - before, verbs)
    }

    pub(crate) async fn try_publish(&self, order: &publish::Order) -> Result<Published> {
        publish(&self.site(), &self.cdns, order).await
    }

    /// Publishes a tree to `live`; everything must follow.
    pub(crate) async fn publish(&self, tree: &Tree) -> Published {
        let published = self.try_publish(&order(tree)).await.expect("a publish without faults");
        assert!(published.unfinished.is_none(), "{:?}", published.unfinished);
        published
    }

    pub(crate) async fn try_move(&self, order: &rollback::Order) -> Result<Moved> {
        move_channel(&self.site(), &self.cdns, order).await
    }

    /// Moves `live`; everything must follow.
    pub(crate) async fn move_to(&self, to: Destination) -> Moved {
        let moved = self.try_move(&move_order(to)).await.expect("a move without faults");
        assert!(moved.unfinished.is_none(), "{:?}", moved.unfinished);
        moved
    }
}

/// No rules but lastly's own, made once.
fn plain_rules() -> Arc<Rules> {
    static PLAIN: LazyLock<Arc<Rules>> =
        LazyLock::new(|| Arc::new(Rules::new(&[], SourceMaps::Publish).expect("no rules")));
    PLAIN.clone()
}

/// The plain order to publish a tree to `live`.
pub(crate) fn order(tree: &Tree) -> publish::Order {
    publish::Order {
        walk: Walk { folders: vec![tree.path().to_owned()], ..Walk::default() },
        rules: plain_rules(),
        references: Arc::default(),
        generation: 0,
        concurrency: 4,
        dry_run: false,
        target: target("live"),
        provenance: Provenance::default(),
        base_url: None,
    }
}

/// A rule under which whatever lies below `sealed/` is sealed.
pub(crate) fn sealed_rules() -> Arc<Rules> {
    let sealed = lastly::prepare::rules::Kind::Sealed;
    let rule = Rule { files: vec!["sealed/**".to_owned()], kind: Some(sealed), ..Rule::default() };
    Arc::new(Rules::new(&[rule], SourceMaps::Publish).expect("a good rule"))
}

pub(crate) fn channel(name: &str) -> ChannelName {
    ChannelName::new(name).expect("a plain name")
}

pub(crate) fn target(name: &str) -> Target {
    Target::Channel { name: channel(name), build: None, expect: None, expires: None }
}

/// The plain order to move `live`.
pub(crate) fn move_order(to: Destination) -> rollback::Order {
    rollback::Order {
        channel: ChannelName::live(),
        to,
        build: None,
        expect: None,
        expires: None,
        dry_run: false,
        provenance: Provenance::default(),
        base_url: None,
        concurrency: 4,
    }
}

pub(crate) fn uploaded(release: ReleaseId) -> Destination {
    Destination::Uploaded(release.to_string())
}

pub(crate) fn earlier(release: ReleaseId) -> Destination {
    Destination::Earlier(release.to_string())
}
