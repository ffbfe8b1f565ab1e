//! One simulation: draws who takes part, then lets one request after another go on, until nobody is left.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use lastly::cdn::Cdn;
use lastly::event::Silent;
use lastly::model::layout::Layout;
use lastly::model::release::ReleaseId;
use lastly::site::Site;
use lastly::store::memory::MemoryStore;
use lastly::store::{Store, Verb};
use tokio::task::JoinHandle;

use super::desk::{Desk, Party, PartyClock, PartyGate, StoreClock};
pub(crate) use super::flaw::Flaw;
use super::flaw::flawed;
use super::parties::{Command, Draw, Ended, Place, Script, Trees, beginnings, cast};
use super::watch::Watch;
use crate::support::TestCdn;
use crate::support::gated::{Call, Fate, Gated};

/// More steps than any simulation should need.
const STEPS: usize = 4000;

/// What became of a simulation.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) seed: u64,
    pub(crate) trace: Vec<String>,
    pub(crate) violation: Option<String>,
}

impl Outcome {
    /// Everything that happened, for a reader.
    pub(crate) fn story(&self) -> String {
        let end = self.violation.as_deref().unwrap_or("everything holds");
        format!("{}\nseed {}: {end}\nLASTLY_SEED={} replays it", self.trace.join("\n"), self.seed, self.seed)
    }
}

/// Runs one seed from its beginning to its end.
pub(crate) fn run(seed: u64, flaw: Flaw, trees: &Arc<Trees>) -> Outcome {
    // One thread for everything that blocks, so that it ends in the order in which it began.
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
    let runtime = runtime.expect("a runtime without I/O");
    runtime.block_on(async {
        let mut simulation = Simulation::new(seed, flaw, trees.clone());
        let violation = simulation.play().await.err();
        Outcome { seed, trace: simulation.trace, violation }
    })
}

/// A command that is being carried out.
struct Running {
    script: usize,
    task: JoinHandle<()>,
    ended: Arc<Mutex<Option<Ended>>>,
}

/// How far a script has come.
struct Progress {
    script: Script,
    next: usize,
    staged: Option<ReleaseId>,
}

/// Whether a party has done all it was told to; it has not when it was killed.
fn is_done(ended: &Option<Ended>) -> bool {
    ended.as_ref().is_some_and(Ended::is_done)
}

struct Simulation {
    draw: Draw,
    desk: Arc<Desk>,
    clock: Arc<StoreClock>,
    store: Arc<dyn Store>,
    layout: Layout,
    cdn: Option<Arc<TestCdn>>,
    trees: Arc<Trees>,
    watch: Watch,
    running: BTreeMap<Party, Running>,
    scripts: Vec<Progress>,
    ends: Vec<(Party, Option<Ended>)>,
    parties: Party,
    /// Faults in a thousand requests, and how often in a thousand steps the same party goes on.
    trouble: usize,
    stickiness: usize,
    trace: Vec<String>,
}

impl Simulation {
    fn new(seed: u64, flaw: Flaw, trees: Arc<Trees>) -> Self {
        let mut draw = Draw(seed);
        let clock = Arc::new(StoreClock::default());
        let memory = Arc::new(MemoryStore::new(clock.clone()));
        let layout = Layout::new("static", None);
        let watch = Watch::new(memory.clone(), layout.clone());
        let cdn = draw.chance(500).then(Arc::<TestCdn>::default);
        if let Some(cdn) = &cdn {
            cdn.broken.store(draw.chance(200), Ordering::Relaxed);
        }
        let trouble = [0, 0, 20, 60][draw.below(4)];
        let stickiness = [0, 500, 900][draw.below(3)];
        Self {
            draw,
            desk: Arc::default(),
            clock,
            store: flawed(memory, flaw),
            layout,
            cdn,
            trees,
            watch,
            running: BTreeMap::new(),
            scripts: Vec::new(),
            ends: Vec::new(),
            parties: 0,
            trouble,
            stickiness,
            trace: Vec::new(),
        }
    }

    async fn play(&mut self) -> Result<(), String> {
        let trouble = std::mem::take(&mut self.trouble);
        for command in beginnings(&mut self.draw) {
            self.perform(vec![Script { commands: vec![command], retries: 0 }]).await?;
        }
        self.trouble = trouble;
        let cast = cast(&mut self.draw);
        self.perform(cast).await?;
        self.trouble = 0;
        if !self.ends.iter().all(|(_, ended)| is_done(ended)) {
            // Someone has left something undone: it takes one command more, of anyone, to finish it.
            if let Some(cdn) = &self.cdn {
                cdn.broken.store(false, Ordering::Relaxed);
            }
            if let Some(release) = self.watch.current() {
                let finisher = Script { commands: vec![Command::Finish(release)], retries: 0 };
                self.perform(vec![finisher]).await?;
                if let Some((_, ended)) = self.ends.last().filter(|(_, ended)| !is_done(ended)) {
                    return Err(format!("the same again does not finish: {ended:?}"));
                }
            }
        }
        for (party, ended) in &self.ends {
            if let Some(ended) = ended {
                self.watch.told_the_truth(*party, ended)?;
            }
        }
        let gone = self.ends.iter().filter(|(_, ended)| !is_done(ended)).map(|(party, _)| *party).collect();
        self.watch.finally(&gone).await
    }

    /// Plays scripts to their ends, all at once.
    async fn perform(&mut self, scripts: Vec<Script>) -> Result<(), String> {
        let first = self.scripts.len();
        for script in scripts {
            self.trace.push(format!(
                "script {}: {:?}, {} retries",
                self.scripts.len(),
                script.commands,
                script.retries
            ));
            self.scripts.push(Progress { script, next: 0, staged: None });
        }
        for at in first..self.scripts.len() {
            self.begin(at).await;
        }
        let mut last = None;
        for _ in 0..STEPS {
            let waiting = self.desk.parties();
            let ghosts = self.desk.ghosts();
            if waiting.is_empty() && ghosts == 0 {
                return Ok(());
            }
            if ghosts > 0 && (waiting.is_empty() || self.draw.chance(100)) {
                self.land_a_ghost().await?;
                continue;
            }
            let party = match last {
                Some(party) if waiting.contains(&party) && self.draw.chance(self.stickiness) => party,
                _ => waiting[self.draw.below(waiting.len())],
            };
            last = Some(party);
            self.step(party).await?;
        }
        Err(format!("no end after {STEPS} steps"))
    }

    /// A party begins the next command of its script.
    async fn begin(&mut self, script: usize) {
        let party = self.parties;
        self.parties += 1;
        let progress = &self.scripts[script];
        let (command, staged) = (progress.script.commands[progress.next].clone(), progress.staged);
        let gate = Arc::new(PartyGate { party, desk: self.desk.clone() });
        let clock = PartyClock { party, desk: self.desk.clone(), ids: AtomicU64::new(0) };
        let site = Site {
            store: Arc::new(Gated::new(self.store.clone(), gate)),
            layout: self.layout.clone(),
            clock: Arc::new(clock),
            report: Arc::new(Silent),
        };
        let cdns = self.cdn.iter().map(|cdn| cdn.clone() as Arc<dyn Cdn>).collect();
        let place = Place { site, cdns, trees: self.trees.clone() };
        self.trace.push(format!("party {party}: script {script}, {command:?}"));
        if matches!(command, Command::Collect) {
            self.watch.may_collect(party);
        }
        let ended = Arc::new(Mutex::new(None));
        let (told, desk) = (ended.clone(), self.desk.clone());
        let task = tokio::spawn(async move {
            let end = place.run(&command, staged).await;
            *told.lock().expect("no one panics with it") = Some(end);
            desk.stir();
        });
        self.running.insert(party, Running { script, task, ended });
        self.settle(party).await;
    }

    /// Lets one request of a party meet its fate, and looks at what has become of the store.
    async fn step(&mut self, party: Party) -> Result<(), String> {
        let draw = &mut self.draw;
        let waiting = self.desk.take(party, |among| draw.below(among));
        let Some(call) = waiting.call.clone() else {
            waiting.go(Fate::Through);
            self.settle(party).await;
            return self.end(party).await;
        };
        let fate = self.fate(&call);
        self.clock.0.fetch_add(1, Ordering::Relaxed);
        self.trace.push(format!(
            "{party}: {call}{}",
            if fate == Fate::Through { String::new() } else { format!(" {fate:?}") }
        ));
        let before = self.watch.newest(&call.key).await;
        waiting.go(fate);
        self.settle(party).await;
        let changed = self.watch.newest(&call.key).await != before;
        self.watch.after(party, &call, changed).await?;
        self.end(party).await
    }

    fn fate(&mut self, call: &Call) -> Fate {
        if !self.draw.chance(self.trouble) {
            return Fate::Through;
        }
        let writes = matches!(call.verb, Verb::Create | Verb::Replace | Verb::Remove | Verb::Delete);
        let fates: &[Fate] = match writes {
            false => &[Fate::Refused, Fate::Killed],
            true => {
                &[Fate::Refused, Fate::Vanished, Fate::Lost, Fate::Echoed, Fate::Late, Fate::Killed, Fate::KilledAfter]
            }
        };
        fates[self.draw.below(fates.len())]
    }

    /// A request that was lost arrives after all, or never will.
    async fn land_a_ghost(&mut self) -> Result<(), String> {
        let at = self.draw.below(self.desk.ghosts());
        let ghost = self.desk.take_ghost(at);
        if self.draw.chance(300) {
            self.trace.push(format!("{}: {} never arrives", ghost.party, ghost.call));
            return Ok(());
        }
        self.trace.push(format!("{}: {} arrives late", ghost.party, ghost.call));
        self.clock.0.fetch_add(1, Ordering::Relaxed);
        let before = self.watch.newest(&ghost.call.key).await;
        ghost.work.await;
        let changed = self.watch.newest(&ghost.call.key).await != before;
        self.watch.after(ghost.party, &ghost.call, changed).await
    }

    /// Waits until a party has got as far as it gets without the scheduler.
    async fn settle(&self, party: Party) {
        let mut at_rest_since = None;
        loop {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            let at_rest = self.is_over(party) || self.desk.is_waiting(party);
            let activity = at_rest.then(|| self.desk.activity());
            if at_rest && activity == at_rest_since {
                return;
            }
            at_rest_since = activity;
            // Whatever blocks has been queued before this, and so ends before it.
            tokio::task::spawn_blocking(|| ()).await.expect("nothing happens there");
        }
    }

    /// Whether a party has ended or was killed.
    fn is_over(&self, party: Party) -> bool {
        self.running[&party].task.is_finished() || self.desk.is_killed(party)
    }

    /// If a party has ended, lets its script go on, or begin the command again.
    async fn end(&mut self, party: Party) -> Result<(), String> {
        if !self.is_over(party) {
            return Ok(());
        }
        let running = self.running.remove(&party).expect("it was just there");
        running.task.abort();
        let outcome = running.task.await;
        if outcome.as_ref().is_err_and(|error| error.is_panic()) {
            return Err(format!("party {party} panicked: {outcome:?}"));
        }
        self.desk.forget(party);
        let ended = running.ended.lock().expect("no one panics with it").take();
        self.trace.push(match &ended {
            Some(ended) => format!("party {party}: {ended:?}"),
            None => format!("party {party}: killed"),
        });
        if let Some(ended) = &ended {
            self.watch.told_the_truth(party, ended)?;
        }
        self.ends.push((party, ended.clone()));
        let progress = &mut self.scripts[running.script];
        match &ended {
            Some(Ended::Done { release, .. }) => {
                progress.staged = *release;
                progress.next += 1;
            }
            Some(ended) if !ended.may_be_tried_again() => progress.next = progress.script.commands.len(),
            _ if progress.script.retries > 0 => progress.script.retries -= 1,
            _ => progress.next = progress.script.commands.len(),
        }
        if progress.next < progress.script.commands.len() {
            self.begin(running.script).await;
        }
        Ok(())
    }
}
