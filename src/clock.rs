//! The only door to time and to fresh ids.
//!
//! No decision about what is kept hangs on this clock: times in the ledger come from the store. It serves waits,
//! progress and the ids that tell one writer from another.

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use uuid::Uuid;

use crate::model::timestamp::Timestamp;

/// Time and fresh ids.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// This machine's idea of the moment: for stores that are folders of this machine, and for messages.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment; never runs backwards.
    fn elapsed(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, span: Duration);

    /// An id that nobody has had before.
    fn fresh_id(&self) -> Uuid;

    /// Waits before attempt `attempt` (from 1) at something contended: up to 10 ms, doubled each time up to 1 s, at
    /// random below that, so that competitors fall out of step.
    async fn back_off(&self, attempt: u32) {
        let ceiling = Duration::from_millis(10) * 2u32.pow(attempt.min(7));
        let fraction = self.fresh_id().as_u64_pair().0 as u32;
        self.sleep(ceiling.min(Duration::from_secs(1)).mul_f64(f64::from(fraction) / f64::from(u32::MAX))).await;
    }
}

/// The machine's clock and randomness.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { started: Instant::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }

    fn fresh_id(&self) -> Uuid {
        Uuid::new_v4()
    }
}
