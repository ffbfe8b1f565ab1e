//! Where requests wait until the scheduler lets them go on, one at a time.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{BoxFuture, pending};
use lastly::clock::Clock;
use lastly::model::timestamp::Timestamp;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::support::TestClock;
use crate::support::gated::{Call, Fate, Gate};

/// One run of one command: a party that begins again is another one.
pub(crate) type Party = usize;

/// Someone who waits.
pub(crate) struct Waiting {
    pub(crate) party: Party,
    /// The request; `None` for a party that sleeps.
    pub(crate) call: Option<Call>,
    number: u64,
    go: oneshot::Sender<Fate>,
}

/// A request whose answer was lost and which has not arrived yet.
pub(crate) struct Ghost {
    pub(crate) party: Party,
    pub(crate) call: Call,
    pub(crate) work: BoxFuture<'static, ()>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    ghosts: Vec<Ghost>,
    killed: Vec<Party>,
    /// Counts whatever parties do.
    activity: u64,
}

/// Where requests wait.
#[derive(Default)]
pub(crate) struct Desk(Mutex<State>);

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no one panics with it")
    }

    async fn wait(&self, party: Party, call: Option<Call>) -> Fate {
        let (go, gone) = oneshot::channel();
        {
            let mut state = self.lock();
            state.activity += 1;
            let number = state.activity;
            state.waiting.push(Waiting { party, call, number, go });
        }
        match gone.await {
            Ok(fate) => fate,
            Err(_) => pending().await,
        }
    }

    /// Notes that something has happened.
    pub(crate) fn stir(&self) {
        self.lock().activity += 1;
    }

    pub(crate) fn activity(&self) -> u64 {
        self.lock().activity
    }

    pub(crate) fn is_waiting(&self, party: Party) -> bool {
        self.lock().waiting.iter().any(|waiting| waiting.party == party)
    }

    pub(crate) fn is_killed(&self, party: Party) -> bool {
        self.lock().killed.contains(&party)
    }

    /// Who waits, in an order that does not depend on how parties were polled, each once for everything it waits for.
    pub(crate) fn parties(&self) -> Vec<Party> {
        let mut parties: Vec<Party> = self.lock().waiting.iter().map(|waiting| waiting.party).collect();
        parties.sort_unstable();
        parties.dedup();
        parties
    }

    /// Takes one of the things that a party waits for.
    pub(crate) fn take(&self, party: Party, choose: impl FnOnce(usize) -> usize) -> Waiting {
        let mut state = self.lock();
        let mut own: Vec<usize> = (0..state.waiting.len()).filter(|at| state.waiting[*at].party == party).collect();
        own.sort_by_key(|at| (state.waiting[*at].call.clone(), state.waiting[*at].number));
        let chosen = own[choose(own.len())];
        state.waiting.remove(chosen)
    }

    pub(crate) fn ghosts(&self) -> usize {
        self.lock().ghosts.len()
    }

    pub(crate) fn take_ghost(&self, at: usize) -> Ghost {
        self.lock().ghosts.remove(at)
    }

    /// Forgets what a party waits for: it is dead.
    pub(crate) fn forget(&self, party: Party) {
        self.lock().waiting.retain(|waiting| waiting.party != party);
    }
}

impl Waiting {
    /// Lets it go on.
    pub(crate) fn go(self, fate: Fate) {
        // Nobody hears it if the party has ended meanwhile.
        let _ = self.go.send(fate);
    }
}

/// A party's door to the store.
#[derive(Debug)]
pub(crate) struct PartyGate {
    pub(crate) party: Party,
    pub(crate) desk: Arc<Desk>,
}

#[async_trait]
impl Gate for PartyGate {
    async fn fate(&self, call: &Call) -> Fate {
        if call.is_probe() {
            return Fate::Through;
        }
        self.desk.wait(self.party, Some(call.clone())).await
    }

    fn keep(&self, call: Call, work: BoxFuture<'static, ()>) {
        let mut state = self.desk.lock();
        state.activity += 1;
        state.ghosts.push(Ghost { party: self.party, call, work });
    }

    fn killed(&self) {
        let mut state = self.desk.lock();
        state.activity += 1;
        state.killed.push(self.party);
    }
}

/// A party's clock: its ids say whose they are, and whoever sleeps waits for the scheduler.
#[derive(Debug)]
pub(crate) struct PartyClock {
    pub(crate) party: Party,
    pub(crate) desk: Arc<Desk>,
    pub(crate) ids: AtomicU64,
}

impl PartyClock {
    /// The party that has made an id.
    pub(crate) fn owner(id: Uuid) -> Option<Party> {
        usize::try_from(id.as_u64_pair().0).ok()?.checked_sub(1)
    }
}

#[async_trait]
impl Clock for PartyClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(TestClock::BEGINNING)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _: Duration) {
        self.desk.wait(self.party, None).await;
    }

    fn fresh_id(&self) -> Uuid {
        Uuid::from_u64_pair(self.party as u64 + 1, self.ids.fetch_add(1, Ordering::Relaxed))
    }
}

/// The store's clock: a second passes with every step.
#[derive(Debug, Default)]
pub(crate) struct StoreClock(pub(crate) AtomicI64);

#[async_trait]
impl Clock for StoreClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(TestClock::BEGINNING + self.0.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _: Duration) {}

    fn fresh_id(&self) -> Uuid {
        Uuid::nil()
    }
}
