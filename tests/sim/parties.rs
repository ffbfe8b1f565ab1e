//! Who takes part in a simulation, and what each of them does.

use std::sync::Arc;

use lastly::cdn::Cdn;
use lastly::error::{Kind, Result};
use lastly::follow::FollowError;
use lastly::model::layout::ChannelName;
use lastly::model::release::ReleaseId;
use lastly::publish::{Order, Target, publish};
use lastly::rollback::{self, Destination, move_channel};
use lastly::site::Site;

use crate::support::collector::collect;
use crate::support::{Tree, earlier, move_order, order, uploaded};

/// Draws numbers (splitmix64).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is below a usize")
    }

    /// True so many times in a thousand.
    pub(crate) fn chance(&mut self, in_thousand: usize) -> bool {
        self.below(1000) < in_thousand
    }
}

/// The folders that are published.
pub(crate) struct Trees(Vec<Tree>);

impl Trees {
    /// Small sites that differ in every way two sites can: assets and pages changed, added, taken away, come back.
    pub(crate) fn new() -> Arc<Self> {
        let sites: [&[(&str, &str)]; TREES] = [
            &[("a.js", "1"), ("p.html", "<p>1"), ("q.html", "<q>")],
            &[("a.js", "2"), ("p.html", "<p>2")],
            &[("a.js", "1"), ("b.js", "3"), ("p.html", "<p>1")],
            &[("b.js", "4"), ("q.html", "<q>")],
            &[("a.js", "2"), ("p.html", "<p>1"), ("q.html", "<q>5"), ("r.html", "<r>")],
        ];
        Arc::new(Self(sites.into_iter().map(Tree::new).collect()))
    }
}

const TREES: usize = 5;

/// What a party is told to do.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Publish {
        tree: usize,
        build: Option<u64>,
    },
    Upload {
        tree: usize,
    },
    /// Shows what the same party has uploaded before.
    Activate,
    Rollback,
    Collect,
    /// Goes to the release that is current already: does only what others have left undone.
    Finish(ReleaseId),
}

/// What a command made of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It did what it was told to.
    Done { moved: bool, release: Option<ReleaseId> },
    /// The channel has moved, but not everything has followed.
    Unfinished { moved: bool, why: String },
    /// It failed.
    Failed { kind: Kind, why: String },
}

impl Ended {
    fn new(moved: bool, release: ReleaseId, unfinished: Option<FollowError>) -> Self {
        match unfinished {
            None => Self::Done { moved, release: Some(release) },
            Some(error) => Self::Unfinished { moved, why: error.to_string() },
        }
    }

    /// Whether the party could go on with its next command.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }

    /// Whether it is of use to begin again.
    pub(crate) fn may_be_tried_again(&self) -> bool {
        match self {
            Self::Done { .. } => false,
            Self::Unfinished { .. } => true,
            Self::Failed { kind, .. } => matches!(kind, Kind::Failed | Kind::Unknown),
        }
    }
}

/// Where a party works.
pub(crate) struct Place {
    pub(crate) site: Site,
    pub(crate) cdns: Vec<Arc<dyn Cdn>>,
    pub(crate) trees: Arc<Trees>,
}

impl Place {
    /// Carries a command out. `staged` is what the same party has uploaded.
    pub(crate) async fn run(&self, command: &Command, staged: Option<ReleaseId>) -> Ended {
        let outcome = match command {
            Command::Publish { tree, build } => {
                let (name, build) = (ChannelName::live(), *build);
                self.publish(*tree, Target::Channel { name, build, expect: None, expires: None }).await
            }
            Command::Upload { tree } => self.publish(*tree, Target::Staged).await,
            Command::Activate => self.move_to(uploaded(staged.expect("it was uploaded"))).await,
            Command::Rollback => self.move_to(Destination::Before).await,
            Command::Collect => collect(&self.site).await.map(|collected| match collected.unfinished {
                None => Ended::Done { moved: false, release: None },
                Some(error) => Ended::Failed { kind: Kind::Failed, why: error.to_string() },
            }),
            Command::Finish(release) => self.move_to(earlier(*release)).await,
        };
        outcome.unwrap_or_else(|error| Ended::Failed { kind: error.kind(), why: error.to_string() })
    }

    async fn publish(&self, tree: usize, target: Target) -> Result<Ended> {
        let order = Order { target, concurrency: 2, ..order(&self.trees.0[tree]) };
        let published = publish(&self.site, &self.cdns, &order).await?;
        Ok(Ended::new(published.moved, published.release, published.unfinished))
    }

    async fn move_to(&self, to: Destination) -> Result<Ended> {
        let order = rollback::Order { concurrency: 2, ..move_order(to) };
        let moved = move_channel(&self.site, &self.cdns, &order).await?;
        Ok(Ended::new(moved.moved, moved.release, moved.unfinished))
    }
}

/// What one party does in turn, and how often it begins a command again that came to nothing.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) commands: Vec<Command>,
    pub(crate) retries: usize,
}

/// Draws who takes part: two or three publishers, perhaps one who uploads and activates, one who rolls back, and one
/// or two collectors.
pub(crate) fn cast(draw: &mut Draw) -> Vec<Script> {
    let numbered = draw.chance(300);
    let mut scripts = Vec::new();
    for at in 0..2 + draw.below(2) {
        let build = (numbered && draw.chance(700)).then(|| 10 + at as u64);
        let first = Command::Publish { tree: draw.below(TREES), build };
        let mut commands = vec![first];
        if draw.chance(200) {
            commands.push(Command::Publish { tree: draw.below(TREES), build: None });
        }
        scripts.push(Script { commands, retries: draw.below(3) });
    }
    if draw.chance(500) {
        let upload = Command::Upload { tree: draw.below(TREES) };
        scripts.push(Script { commands: vec![upload, Command::Activate], retries: draw.below(2) });
    }
    if draw.chance(600) {
        let commands = vec![Command::Rollback; 1 + draw.below(2)];
        scripts.push(Script { commands, retries: draw.below(2) });
    }
    if draw.chance(400) {
        let commands = vec![Command::Collect; 1 + draw.below(3)];
        for _ in 0..1 + draw.below(2) {
            scripts.push(Script { commands: commands.clone(), retries: draw.below(2) });
        }
    }
    scripts
}

/// What was published before anything else happens.
pub(crate) fn beginnings(draw: &mut Draw) -> Vec<Command> {
    let releases = [0, 1, 1, 2][draw.below(4)];
    (0..releases).map(|_| Command::Publish { tree: draw.below(TREES), build: None }).collect()
}
