//! Whatever fails, at whichever request (I2, I8): the public side stays whole, the outcome tells the truth, and the
//! same operation run again finishes.
//!
//! Each operation is run once to count its requests, and then once for every request and every way in which it can
//! fail.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;

use futures::FutureExt;
use lastly::error::{Kind, Result};
use lastly::follow::FollowError;
use lastly::model::layout::ChannelName;
use lastly::model::ledger::Channel;
use lastly::publish::{Order, Target, publish};
use lastly::rollback::{Destination, move_channel};
use lastly::site::Site;

use crate::support::gated::{Fate, Scripted};
use crate::support::inspect::Inspected;
use crate::support::{Fixture, Tree, move_order, order, uploaded};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Publish,
    Upload,
    Activate,
    Rollback,
}

/// What is there before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// Nothing at all.
    Empty,
    /// Releases without pages.
    Assets,
    /// Releases with pages: some are changed, some added, some taken away.
    Pages,
    /// The same, and a CDN that does not answer.
    BrokenCdn,
    /// The same with a CDN, after a publish of other files that was killed before its manifest.
    CutShort,
}

/// How a run fails at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// This request meets that fate, and no other.
    Once(Fate),
    /// This request and all later ones meet that fate.
    From(Fate),
    /// This request is carried out and its answer is lost; then nothing answers any more.
    LostThenNothing,
}

impl Failure {
    const ALL: [Self; 8] = [
        Self::Once(Fate::Refused),
        Self::Once(Fate::Vanished),
        Self::Once(Fate::Lost),
        Self::Once(Fate::Killed),
        Self::Once(Fate::KilledAfter),
        Self::From(Fate::Refused),
        Self::From(Fate::Vanished),
        Self::LostThenNothing,
    ];

    fn fate(self, at: usize, request: usize) -> Fate {
        match self {
            _ if request < at => Fate::Through,
            Self::Once(fate) if request == at => fate,
            Self::Once(_) => Fate::Through,
            Self::From(fate) => fate,
            Self::LostThenNothing if request == at => Fate::Lost,
            Self::LostThenNothing => Fate::Vanished,
        }
    }

    /// Whether the store is well again after one request.
    fn passes(self) -> bool {
        matches!(self, Self::Once(Fate::Refused | Fate::Vanished | Fate::Lost))
    }
}

/// Three releases' files; the first two have been published when an operation begins.
struct Trees {
    one: Tree,
    two: Tree,
    next: Tree,
    /// What a publish was about to show when it was cut short.
    other: Tree,
}

impl Trees {
    fn new(start: Start) -> Self {
        let mut trees = [
            Tree::new(&[("a.js", "1"), ("shared.css", "a{}")]),
            Tree::new(&[("a.js", "2"), ("b.js", "2"), ("shared.css", "a{}")]),
            Tree::new(&[("a.js", "3"), ("c.js", "3"), ("shared.css", "a{}")]),
            Tree::new(&[("a.js", "4"), ("shared.css", "a{}")]),
        ];
        if start != Start::Assets {
            for (tree, name) in trees.iter_mut().zip(["one", "two", "next", "other"]) {
                tree.write("index.html", format!("<h1>{name}"));
                tree.write("same.html", "<p>same");
                tree.write(&format!("only-{name}.html"), "<p>");
            }
        }
        let [one, two, next, other] = trees;
        Self { one, two, next, other }
    }
}

/// A site in its starting state, and what an operation makes of it.
struct World<'a> {
    fixture: Fixture,
    operation: Operation,
    before: Option<Channel>,
    shown: Option<&'a Tree>,
    wanted: Option<&'a Tree>,
    order: Order,
    to: Option<Destination>,
}

/// What an operation said of itself.
struct Told {
    moved: bool,
    sequence: Option<u64>,
    unfinished: Option<FollowError>,
}

impl<'a> World<'a> {
    async fn new(operation: Operation, start: Start, trees: &'a Trees) -> Self {
        let fixture = match start {
            Start::Empty | Start::Assets | Start::Pages => Fixture::new(),
            Start::BrokenCdn | Start::CutShort => Fixture::with_cdn(),
        };
        let mut shown = None;
        if start != Start::Empty {
            fixture.publish(&trees.one).await;
            fixture.publish(&trees.two).await;
            shown = Some(&trees.two);
        }
        if start == Start::CutShort {
            let gate =
                Scripted::new(|_, call| match call.key.ends_with("manifest.json") && call.verb.word() != "get" {
                    true => Fate::Killed,
                    false => Fate::Through,
                });
            let site = fixture.site_through(gate.clone());
            assert!(gate.run(publish(&site, &fixture.cdns, &order(&trees.other))).await.is_none());
        }
        let upload = Order { target: Target::Staged, ..order(&trees.next) };
        let (wanted, to) = match operation {
            Operation::Publish => (Some(&trees.next), None),
            Operation::Upload => (shown, None),
            Operation::Activate => {
                let staged = fixture.try_publish(&upload).await.expect("an upload without faults");
                (Some(&trees.next), Some(uploaded(staged.release)))
            }
            Operation::Rollback if start == Start::CutShort => (Some(&trees.two), Some(Destination::Before)),
            Operation::Rollback => (Some(&trees.one), Some(Destination::Before)),
        };
        let before = channel_of(&fixture).await;
        fixture.cdn.broken.store(start == Start::BrokenCdn, Ordering::Relaxed);
        let order = if operation == Operation::Upload { upload } else { order(&trees.next) };
        Self { fixture, operation, before, shown, wanted, order, to }
    }

    fn inspected(&self) -> Inspected<'_> {
        Inspected { store: &*self.fixture.store, layout: &self.fixture.layout }
    }

    async fn run(&self, site: &Site) -> Result<Told> {
        let cdns = &self.fixture.cdns;
        if let Some(to) = &self.to {
            let moved = move_channel(site, cdns, &move_order(to.clone())).await?;
            return Ok(Told { moved: moved.moved, sequence: Some(moved.sequence), unfinished: moved.unfinished });
        }
        let published = publish(site, cdns, &self.order).await?;
        let sequence = published.channel.map(|(_, sequence)| sequence);
        Ok(Told { moved: published.moved, sequence, unfinished: published.unfinished })
    }

    fn sequence_before(&self) -> u64 {
        self.before.as_ref().map_or(0, |channel| channel.sequence)
    }

    /// The manifest is whole, and every page is the old one or the new one (or one of the publish that was cut short).
    async fn assert_whole(&self, trees: &Trees) {
        let live = ChannelName::live();
        assert_eq!(self.inspected().faults_of_manifest(&live).await, Vec::<String>::new());
        let candidates = [self.shown, self.wanted, Some(&trees.other), Some(&trees.two)];
        let candidates: Vec<&Tree> = candidates.into_iter().flatten().collect();
        let paths: BTreeSet<&String> = candidates.iter().flat_map(|tree| tree.files.keys()).collect();
        for path in paths.into_iter().filter(|path| path.ends_with(".html")) {
            let page = self.inspected().page(&live, path).await;
            let possible = candidates.iter().any(|tree| tree.files.get(path) == page.as_ref());
            assert!(possible || page.is_none(), "{path}: {page:?}");
        }
    }

    /// What was told is what has happened.
    async fn assert_true(&self, told: Option<&Result<Told>>) {
        let channel = channel_of(&self.fixture).await;
        let moved = channel.as_ref().map_or(0, |channel| channel.sequence) > self.sequence_before();
        match told {
            None => {}
            Some(Err(error)) if error.kind() == Kind::Unknown => {}
            Some(Err(error)) => assert!(!moved, "it says that nothing has moved: {error}"),
            Some(Ok(told)) => {
                assert_eq!(told.moved, moved);
                assert_eq!(moved, self.operation != Operation::Upload);
                if moved {
                    assert_eq!(told.sequence, channel.map(|channel| channel.sequence));
                    assert_eq!(told.sequence, Some(self.sequence_before() + 1));
                }
                if told.unfinished.is_none() {
                    self.assert_done().await;
                }
            }
        }
    }

    async fn assert_done(&self) {
        match self.wanted {
            Some(tree) => self.inspected().assert_shows(&ChannelName::live(), &tree.files).await,
            None => assert_eq!(self.inspected().manifest(&ChannelName::live()).await, None),
        }
        if self.operation == Operation::Upload {
            let ledger = self.inspected().ledger().await.expect("a ledger");
            for id in ledger.releases.keys() {
                assert_eq!(self.inspected().faults_of(*id).await, Vec::<String>::new());
            }
            assert!(ledger.releases.values().any(|kept| kept.retired_at.is_none()));
        }
    }

    /// Whether the same command would not find what it has left: a rollback that has been carried out to the last
    /// request looks like any other, and another one goes on from there. Only the one who asked can know.
    async fn is_over(&self) -> bool {
        let channel = channel_of(&self.fixture).await;
        let synced = channel.is_some_and(|channel| channel.is_synced() && channel.sequence > self.sequence_before());
        self.operation == Operation::Rollback && synced
    }
}

async fn channel_of(fixture: &Fixture) -> Option<Channel> {
    let inspected = Inspected { store: &*fixture.store, layout: &fixture.layout };
    inspected.ledger().await?.channels.remove(&ChannelName::live())
}

async fn try_everything(operation: Operation, starts: &[Start]) {
    for start in starts {
        let trees = Trees::new(*start);
        let world = World::new(operation, *start, &trees).await;
        let gate = Scripted::open();
        let told = world.run(&world.fixture.site_through(gate.clone())).await;
        world.assert_true(Some(&told)).await;
        let requests = gate.calls();
        assert!(requests.len() > 4, "{operation:?} from {start:?}");
        for failure in Failure::ALL {
            for (at, request) in requests.iter().enumerate() {
                if request.is_probe() && at % 9 != 0 {
                    // The proof of a new store takes many requests, and has tests of its own.
                    continue;
                }
                named(operation, *start, failure, at, try_one(operation, *start, &trees, failure, at)).await;
            }
        }
    }
}

async fn try_one(operation: Operation, start: Start, trees: &Trees, failure: Failure, at: usize) {
    let world = World::new(operation, start, trees).await;
    let gate = Scripted::new(move |request, _| failure.fate(at, request));
    let told = gate.run(world.run(&world.fixture.site_through(gate.clone()))).await;
    world.assert_whole(trees).await;
    world.assert_true(told.as_ref()).await;
    if failure.passes() {
        let told = told.as_ref().expect("nobody was killed");
        assert_ne!(told.as_ref().err().map(|error| error.kind()), Some(Kind::Unknown), "one lost answer is found out");
        let intents = world.inspected().ledger().await.map_or(0, |ledger| ledger.intents.len());
        assert_eq!(intents, 0, "the publisher has given up its intent");
    }

    world.fixture.cdn.broken.store(false, Ordering::Relaxed);
    if !world.is_over().await {
        let again = world.run(&world.fixture.site()).await.expect("no faults any more");
        assert!(again.unfinished.is_none(), "{:?}", again.unfinished);
    }
    world.assert_done().await;
    let moves = u64::from(operation != Operation::Upload);
    let channel = channel_of(&world.fixture).await;
    assert_eq!(channel.map_or(0, |channel| channel.sequence), world.sequence_before() + moves, "it has moved once");
    let told = world.fixture.cdn.told();
    assert!(told.iter().all(|stale| stale.name.as_str() == "manifest.json"), "{told:?}");
    if !world.fixture.cdns.is_empty() && moves > 0 {
        let last = &told.last().expect("the CDN was told").reference;
        assert!(last.contains(&format!("-{}-", world.sequence_before() + 1)), "{last}");
    }
}

/// Says which run it is that fails.
async fn named(operation: Operation, start: Start, failure: Failure, at: usize, run: impl Future<Output = ()>) {
    if let Err(panic) = AssertUnwindSafe(run).catch_unwind().await {
        let what = panic.downcast_ref::<String>().cloned().unwrap_or_default();
        panic!("{operation:?} from {start:?}, {failure:?} at request {at}: {what}");
    }
}

#[tokio::test]
async fn publishes() {
    use Start::{Assets, BrokenCdn, CutShort, Empty, Pages};
    try_everything(Operation::Publish, &[Empty, Assets, Pages, BrokenCdn, CutShort]).await;
}

#[tokio::test]
async fn uploads() {
    use Start::{Assets, Empty, Pages};
    try_everything(Operation::Upload, &[Empty, Assets, Pages]).await;
}

#[tokio::test]
async fn activations() {
    use Start::{Assets, BrokenCdn, CutShort, Pages};
    try_everything(Operation::Activate, &[Assets, Pages, BrokenCdn, CutShort]).await;
}

#[tokio::test]
async fn rollbacks() {
    use Start::{Assets, BrokenCdn, CutShort, Pages};
    try_everything(Operation::Rollback, &[Assets, Pages, BrokenCdn, CutShort]).await;
}
