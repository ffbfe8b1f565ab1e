//! The one place that writes the ledger: read, change (a pure step), swap; outrun, again; answer lost, look for our
//! own writer's id.

use std::sync::Arc;

use uuid::Uuid;

use crate::error::{Explain, Kind};
use crate::event::{Event, Problem};
use crate::model::headers::Headers;
use crate::model::layout::Key;
use crate::model::ledger::{Ledger, Refusal, Step};
use crate::model::timestamp::Timestamp;
use crate::model::wire::{WireError, read_ledger, write_ledger};
use crate::site::Site;
use crate::store::probe::{ProbeError, prove};
use crate::store::{Certainty, Created, Etag, Fetched, Object, Replaced, StoreError, Written};

/// How often a change is tried against competitors before it gives up.
const ATTEMPTS: u32 = 200;

/// How often one request is tried when the store does not answer it.
const PATIENCE: u32 = 3;

/// A version of the ledger as it was read or written.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its content, settled: no stamp says *now* any more.
    pub ledger: Ledger,
    /// When it was written, by the store's clock.
    pub modified: Timestamp,
    etag: Etag,
}

/// Why the ledger was not read or not changed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The store did not answer, and the ledger has certainly not changed.
    #[error("the ledger could not be reached")]
    Store(#[from] StoreError),
    /// The store stopped answering at the swap, and the ledger may have changed.
    #[error("it is not known whether the ledger has changed: the store stopped answering")]
    Unknown(#[source] StoreError),
    /// The ledger is there and cannot be read.
    #[error("the ledger `{key}` cannot be used")]
    Damaged {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: WireError,
    },
    /// The ledger is that of a site elsewhere in the bucket.
    #[error("the ledger `{key}` belongs to the site below `{theirs}`, not to the one below `{ours}`")]
    OtherSite {
        /// The ledger's key.
        key: String,
        /// The prefix it was made for.
        theirs: String,
        /// The prefix of this site.
        ours: String,
    },
    /// The ledger was there and is not there any more.
    #[error("the ledger `{0}` has gone")]
    Gone(Key),
    /// The change does not apply.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store cannot be trusted with a ledger.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// Others changed the ledger every time.
    #[error("{ATTEMPTS} attempts to change the ledger were all outrun by others")]
    Contended,
}

impl CommitError {
    /// The error of a change that moves no channel: nothing hangs on whether it has happened.
    #[must_use]
    pub fn of_no_move(self) -> Self {
        match self {
            Self::Unknown(error) => Self::Store(error),
            other => other,
        }
    }
}

impl Explain for CommitError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown(_) => Kind::Unknown,
            Self::OtherSite { .. } => Kind::Usage,
            Self::Refused(refusal) => refusal.kind(),
            Self::Contended => Kind::Outrun,
            Self::Store(_) | Self::Damaged { .. } | Self::Gone(_) | Self::Probe(_) => Kind::Failed,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Store(error) => error.hints(),
            Self::Unknown(_) => vec!["run the same command again: it finds out, and finishes".to_owned()],
            Self::Damaged { source: WireError::Newer { .. }, .. } => {
                vec!["a later version of lastly publishes this site: update this one".to_owned()]
            }
            Self::Damaged { .. } | Self::Gone(_) => {
                vec!["a bucket with versions still holds the one before: restore it".to_owned()]
            }
            Self::OtherSite { .. } => vec!["give each site a `control` prefix of its own".to_owned()],
            Self::Refused(refusal) => refusal.hints(),
            Self::Probe(error) => error.hints(),
            Self::Contended => vec!["run the same command again".to_owned()],
        }
    }
}

impl Explain for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::Outrun { .. } | Self::Unexpected { .. } => Kind::Outrun,
            Self::IntentGone | Self::Outdated | Self::NotKept(_) | Self::NoChannel(_) | Self::NothingBefore(_) => {
                Kind::Failed
            }
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Outrun { .. } => "nothing is wrong: a later build has been published already",
            Self::Unexpected { .. } | Self::NotKept(_) | Self::NothingBefore(_) => {
                "`lastly releases` lists what there is"
            }
            Self::NoChannel(_) => "a channel begins with its first publish",
            Self::IntentGone | Self::Outdated => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

/// Reads the ledger; `None` where the site has never been published.
///
/// # Errors
/// The store does not answer, or the ledger cannot be used. Neither is ever taken for an empty ledger.
pub async fn read(site: &Site) -> Result<Option<Held>, CommitError> {
    let key = site.layout.ledger();
    let mut attempt = 1;
    let fetched = loop {
        match site.store.get(&key).await {
            Ok(fetched) => break fetched,
            Err(error) if attempt == PATIENCE => return Err(error.into()),
            Err(error) => again(site, &error, &mut attempt).await,
        }
    };
    let Some(Fetched { found, bytes }) = fetched else { return Ok(None) };
    let damaged = |source| CommitError::Damaged { key: key.to_string(), source };
    let ledger = read_ledger(&bytes).map_err(damaged)?;
    if ledger.prefix != site.layout.prefix() {
        let ours = site.layout.prefix().to_owned();
        return Err(CommitError::OtherSite { key: key.to_string(), theirs: ledger.prefix, ours });
    }
    Ok(Some(Held { ledger: ledger.settled(found.modified), modified: found.modified, etag: found.etag }))
}

/// Reads a ledger that was there before.
///
/// # Errors
/// As [`read`], or it is not there any more.
pub async fn reread(site: &Site) -> Result<Held, CommitError> {
    read(site).await?.ok_or_else(|| CommitError::Gone(site.layout.ledger()))
}

/// Changes the ledger: `step` says how, from whatever the ledger then is, and may be asked several times. It must
/// recognise its own effect ([`Step::Already`]), for a write whose answer was lost can still arrive later.
///
/// Where there is no ledger yet, the store is first made to prove that it keeps its promises, and the change starts
/// from an empty one.
///
/// # Errors
/// The step is refused, or the store does not answer.
pub async fn change(
    site: &Site,
    mut held: Option<Held>,
    step: impl Fn(&Ledger) -> Result<Step, Refusal> + Send,
) -> Result<Held, CommitError> {
    if held.is_none() {
        prove(&site.store, &site.layout, &*site.clock).await?;
    }
    let mut lost = None;
    for attempt in 1..=ATTEMPTS {
        let current = held.as_ref().map_or_else(|| Ledger::new(site.layout.prefix()), |held| held.ledger.clone());
        let next = match step(&current)? {
            Step::Changed(next) => Ledger { revision: current.revision + 1, writer: site.clock.fresh_id(), ..next },
            Step::Already => match held {
                Some(held) => return Ok(held),
                None => current,
            },
        };
        match swap(site, held.as_ref(), &next).await {
            Ok(Some(written)) => return Ok(held_after(next, written)),
            Ok(None) => {}
            Err(error) if error.certainty == Certainty::Unknown => lost = Some(error),
            Err(error) => return Err(lost.map_or(error.into(), CommitError::Unknown)),
        }
        held = match read(site).await {
            // A ledger that was there is never begun anew: everything would be forgotten.
            Ok(None) if held.is_some() => {
                return Err(lost.map_or(CommitError::Gone(site.layout.ledger()), CommitError::Unknown));
            }
            Ok(found) => found,
            // The swap that did not apply may have been outrun by its own first attempt, whose answer was lost.
            Err(CommitError::Store(error)) => return Err(CommitError::Unknown(lost.unwrap_or(error))),
            Err(error) => return Err(lost.map_or(error, CommitError::Unknown)),
        };
        match &held {
            Some(found) if found.ledger.writer == next.writer => return Ok(held.expect("it was just found")),
            _ => site.clock.back_off(attempt).await,
        }
    }
    Err(lost.map_or(CommitError::Contended, CommitError::Unknown))
}

/// One swap; `None` when someone else was first, or the caller's own first attempt was. A request that certainly
/// came to nothing is tried again.
async fn swap(site: &Site, held: Option<&Held>, next: &Ledger) -> Result<Option<Written>, StoreError> {
    let key = site.layout.ledger();
    let object = Object::whole(private_json(), write_ledger(next));
    let mut attempt = 1;
    loop {
        let outcome = match held {
            Some(held) => site.store.replace(&key, &held.etag, object.clone()).await.map(|outcome| match outcome {
                Replaced::Done(written) => Some(written),
                Replaced::Outrun => None,
            }),
            None => site.store.create(&key, object.clone()).await.map(|outcome| match outcome {
                Created::New(written) => Some(written),
                Created::AlreadyThere => None,
            }),
        };
        match outcome {
            Err(error) if error.is_passing() && attempt < PATIENCE => again(site, &error, &mut attempt).await,
            outcome => return outcome,
        }
    }
}

async fn again(site: &Site, error: &StoreError, attempt: &mut u32) {
    site.tell(Event::Again { why: error.to_string() });
    site.clock.back_off(*attempt).await;
    *attempt += 1;
}

fn held_after(ledger: Ledger, written: Written) -> Held {
    Held { ledger: ledger.settled(written.at), modified: written.at, etag: written.etag }
}

/// The headers of private documents.
pub fn private_json() -> Arc<Headers> {
    let mut headers = Headers::default();
    for (name, value) in [("content-type", "application/json"), ("cache-control", "no-store")] {
        headers.set(name, value).expect("both are stored headers with plain values");
    }
    Arc::new(headers)
}

/// Takes an intent out again, when its publisher gives up. It does not matter if that fails: a collection reaps it.
pub async fn abandon(site: &Site, held: Held, intent: Uuid) {
    if let Err(error) = change(site, Some(held), |ledger| Ok(ledger.abandon(intent))).await {
        let message = format!("the intent stays in the ledger until a collection reaps it: {error}");
        site.tell(Event::Problem(Problem::warning(message)));
    }
}
