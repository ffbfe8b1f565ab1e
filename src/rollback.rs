//! Moving a channel to a release that is kept already: back to an earlier one, or on to an uploaded one. It is one
//! compare-and-swap; the public side follows as after a publish, and no files are needed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::cdn::Cdn;
use crate::collect::Sources;
use crate::commit::{CommitError, change};
use crate::error::Result;
use crate::event::{Event, Stage};
use crate::follow::{FollowError, Followed, Following, follow};
use crate::history::{HistoryError, expectation, ledger};
use crate::model::layout::{ChannelName, Name};
use crate::model::ledger::{Cause, Expectation, Move, Provenance, Step};
use crate::model::path::AssetPath;
use crate::model::release::{Difference, Entry, Release, ReleaseId, differences};
use crate::site::Site;

/// A move as it was asked for.
#[derive(Clone, Debug)]
pub struct Order {
    /// The channel.
    pub channel: ChannelName,
    /// Where to.
    pub to: Destination,
    /// The build's number, see [`Move::build`].
    pub build: Option<u64>,
    /// The release that must be current: the beginning of its id, or `none`.
    pub expect: Option<String>,
    /// See [`Move::expires`].
    pub expires: Option<Duration>,
    /// Whether only to say what would be done.
    pub dry_run: bool,
    /// Who asks for it, and why.
    pub provenance: Provenance,
    /// The URL that stands for the prefix.
    pub base_url: Option<String>,
    /// Requests in flight at a time.
    pub concurrency: usize,
}

/// Where a channel moves to.
#[derive(Clone, Debug)]
pub enum Destination {
    /// The release before the current one.
    Before,
    /// An earlier release: the beginning of its id, or a channel that shows it.
    Earlier(String),
    /// An uploaded release, likewise.
    Uploaded(String),
}

/// What a move has done.
#[derive(Debug)]
pub struct Moved {
    /// The release the channel showed before.
    pub before: Option<ReleaseId>,
    /// The release it shows now.
    pub release: ReleaseId,
    /// The channel's sequence.
    pub sequence: u64,
    /// Whether this run moved it.
    pub moved: bool,
    /// What a dry run has found out.
    pub change: Option<Change>,
    /// What pages, manifest and CDN needed.
    pub followed: Followed,
    /// Why they have not all followed, when they have not.
    pub unfinished: Option<FollowError>,
}

/// What a move would change for the channel's visitors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Objects of the release; all of them are in the store.
    pub objects: usize,
    /// Files that only the release has, and not the one that is shown now.
    pub added: usize,
    /// Files that only the one that is shown now has.
    pub removed: usize,
    /// Files that differ.
    pub changed: usize,
    /// Pages that would be written at their own URLs.
    pub pages_written: usize,
    /// Pages that would be taken away.
    pub pages_removed: usize,
}

impl Change {
    /// From what a channel shows to what it would show.
    fn between(before: &Release, after: &Release) -> Self {
        let objects: BTreeSet<Name> = after.names().collect();
        let mut change = Self { objects: objects.len(), ..Self::default() };
        for (_, difference) in differences(before, after) {
            match difference {
                Difference::Added(_) => change.added += 1,
                Difference::Removed(_) => change.removed += 1,
                Difference::Changed(..) => change.changed += 1,
            }
        }
        let is_same = |(path, entry): &(&AssetPath, &Entry)| {
            before.pages.get(*path).is_some_and(|other| other.address == entry.address)
        };
        change.pages_written = after.pages.iter().filter(|page| !is_same(page)).count();
        change.pages_removed = before.pages.keys().filter(|path| !after.pages.contains_key(*path)).count();
        change
    }
}

/// Moves a channel to a release that is kept.
///
/// # Errors
/// The store does not answer, or the move is refused; the channel has not moved, unless the error's kind is
/// [`crate::error::Kind::Unknown`]. What remains to be done after the channel has moved is [`Moved::unfinished`].
pub async fn move_channel(site: &Site, cdns: &[Arc<dyn Cdn>], order: &Order) -> Result<Moved> {
    let held = ledger(site).await?;
    let (release, cause) = match &order.to {
        Destination::Before => {
            let before = held.ledger.before_current(&order.channel).map_err(CommitError::Refused)?;
            (before, Cause::Rollback)
        }
        Destination::Earlier(text) => (held.ledger.find(text).map_err(HistoryError::Find)?, Cause::Rollback),
        Destination::Uploaded(text) => (held.ledger.find(text).map_err(HistoryError::Find)?, Cause::Activate),
    };
    let mut wish = Move {
        id: site.clock.fresh_id(),
        channel: order.channel.clone(),
        cause,
        build: order.build,
        expect: order.expect.as_deref().map(|text| expectation(text, &held.ledger)).transpose()?,
        expires: order.expires,
        provenance: order.provenance.clone(),
    };
    let before = held.ledger.current(&order.channel);
    let mut outcome = Moved {
        before,
        release,
        sequence: held.ledger.channels.get(&order.channel).map_or(0, |channel| channel.sequence),
        moved: false,
        change: None,
        followed: Followed::default(),
        unfinished: None,
    };
    let held = if before == Some(release) {
        let step = held.ledger.confirm(&wish, release).map_err(CommitError::Refused)?;
        if order.dry_run || step == Step::Already {
            held
        } else {
            change(site, Some(held), |ledger| ledger.confirm(&wish, release)).await.map_err(CommitError::of_no_move)?
        }
    } else {
        held.ledger.permits(&wish).map_err(CommitError::Refused)?;
        if order.dry_run {
            let shown = match before {
                Some(id) => site.release(id).await?,
                None => Release::default(),
            };
            outcome.change = Some(Change::between(&shown, &site.release(release).await?));
            return Ok(outcome);
        }
        if let (Destination::Before, Some(current)) = (&order.to, before) {
            // "Before" means before what is current now; what others publish meanwhile is not to be undone.
            wish.expect = Some(Expectation::Release(current));
        }
        site.tell(Event::Began(Stage::Commit));
        let held = change(site, Some(held), |ledger| ledger.carry_out(&wish, release)).await?;
        outcome.moved = true;
        outcome.sequence = held.ledger.sequence_of(&wish).unwrap_or(outcome.sequence);
        site.tell(Event::Moved { channel: order.channel.clone(), release, sequence: outcome.sequence });
        held
    };
    if order.dry_run {
        return Ok(outcome);
    }
    let following = Following {
        channel: &order.channel,
        cdns,
        base_url: order.base_url.as_deref(),
        at_hand: None,
        sources: &Sources::new(),
        concurrency: order.concurrency,
    };
    match follow(site, &following, held).await {
        Ok((_, followed)) => outcome.followed = followed,
        Err(error) => outcome.unfinished = Some(error),
    }
    Ok(outcome)
}
