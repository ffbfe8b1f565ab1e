//! Makes a release whole and commits it: steps 4 to 8 of section 5 of the design, which is where publishers and
//! collections meet.
//!
//! What a publisher sees of the store counts only from the moment its intent stands in the ledger: from then on no
//! version of a key it needs is newly condemned, and what was condemned before is named by the list of that ledger.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::plan::{Plan, plan};
use super::upload::{Condemned, Upload, Uploaded, Waiting, ensure_document, upload};
use crate::collect::Prepared;
use crate::commit::{CommitError, Held, abandon, change, reread};
use crate::error::{BadInput, Explain, Kind, Result};
use crate::event::{Event, Stage};
use crate::model::address::Address;
use crate::model::compression::Compression;
use crate::model::layout::Name;
use crate::model::ledger::{Ledger, Move, Provenance, Refusal};
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Release, ReleaseId, Stored, TreeDigest};
use crate::model::wire::read_condemned;
use crate::site::{DocumentError, Site};
use crate::store::Object;

/// How often a publisher begins again because its intent was reaped.
pub(super) const REGISTRATIONS: usize = 10;

/// Collections reap this publisher's intent faster than it works.
#[derive(Debug, thiserror::Error)]
#[error("the publisher's intent was reaped {REGISTRATIONS} times before it could commit")]
pub struct AlwaysReaped;

impl Explain for AlwaysReaped {
    fn hints(&self) -> Vec<String> {
        vec!["let the collector's `intent-ttl` be longer than a publish takes".to_owned()]
    }
}

/// A release to be made.
pub(super) struct Making<'a> {
    pub prepared: &'a Prepared,
    pub id: ReleaseId,
    /// Its document.
    pub document: Object,
    /// Releases that the ledger named at first, with their ids: while it does, their objects are present and safe.
    pub kept: Vec<(ReleaseId, Release)>,
    /// What is to be created if the ledger still names all of these.
    pub plan: Plan,
    pub tree: TreeDigest,
    pub concurrency: usize,
    /// The move that shows it; `None` if it is only to be kept.
    pub wish: Option<Move>,
    pub provenance: &'a Provenance,
}

/// Makes a release whole and commits it. `held` is the ledger as it was read before anything was written.
///
/// # Errors
/// The channel has not moved, unless the error's kind is [`Kind::Unknown`].
pub(super) async fn make(site: &Site, making: &Making<'_>, mut held: Option<Held>) -> Result<(Uploaded, Held)> {
    // Written before the intent that names it, so that a collection can always read what an intent needs.
    let key = site.layout.release(making.id);
    let tried = ensure_document(&*site.store, &key, &making.document, &Condemned::default()).await?;
    let mut uploaded = Uploaded::default();
    for round in 0..REGISTRATIONS {
        let intent = site.clock.fresh_id();
        let before = held.as_ref().map_or(0, |held| held.ledger.revision);
        let registered = change(site, held, |ledger| Ok(ledger.register(intent, making.id))).await;
        let registered = registered.map_err(CommitError::of_no_move)?;
        // Nobody wrote the ledger between the document and the intent, so no collection has taken the document.
        let undisturbed = round == 0 && registered.ledger.revision == before + 1;
        let look = Look { undisturbed, tried: tried || round > 0 };
        match upload_and_commit(site, making, &registered, intent, look, &mut uploaded).await {
            Ok(Some(committed)) => return Ok((uploaded, committed)),
            Ok(None) => held = Some(reread(site).await?),
            Err(error) => {
                if error.kind() != Kind::Unknown {
                    abandon(site, registered, intent).await;
                }
                return Err(error);
            }
        }
    }
    Err(AlwaysReaped.into())
}

/// What the store's answers have told so far.
#[derive(Clone, Copy)]
struct Look {
    /// The release document has been seen under the condemned list of the registration.
    undisturbed: bool,
    /// Somebody has begun to make this very release before, and may have left objects of it.
    tried: bool,
}

/// Steps 6 to 8; `None` if the intent was reaped meanwhile.
async fn upload_and_commit(
    site: &Site,
    making: &Making<'_>,
    registered: &Held,
    intent: Uuid,
    look: Look,
    uploaded: &mut Uploaded,
) -> Result<Option<Held>> {
    let key = site.layout.release(making.id);
    let (condemned, is_own) = condemned(site, &registered.ledger).await?;
    if !(look.undisturbed && is_own) || condemned.has_key(&key) {
        ensure_document(&*site.store, &key, &making.document, &condemned).await?;
    }
    upload_all(site, making, &registered.ledger, condemned, look.tried, uploaded).await?;
    site.tell(Event::Began(Stage::Commit));
    let committed = change(site, Some(registered.clone()), |ledger| match &making.wish {
        Some(wish) => ledger.promote(intent, making.id, making.tree, wish),
        None => ledger.stage(intent, making.id, making.tree, making.provenance),
    });
    match committed.await {
        Ok(committed) => Ok(Some(committed)),
        Err(CommitError::Refused(Refusal::IntentGone)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The versions that were condemned when the intent was entered, and whether this is that very list. A list that has
/// been replaced since has been deleted; the newer one does as well for whatever is looked at from now on, for what
/// has left it does not exist any more.
pub(super) async fn condemned(site: &Site, registered: &Ledger) -> Result<(Condemned, bool)> {
    let mut named = registered.condemned;
    while let Some(list) = named {
        let key = site.layout.condemned(list);
        if let Some(fetched) = site.store.get(&key).await? {
            let text = String::from_utf8_lossy(&fetched.bytes);
            let versions = read_condemned(&text).map_err(|source| DocumentError::Damaged { key, source })?;
            return Ok((Condemned::new(versions), named == registered.condemned));
        }
        named = reread(site).await?.ledger.condemned;
        if named == Some(list) {
            return Err(DocumentError::Missing(key).into());
        }
    }
    Ok((Condemned::default(), named == registered.condemned))
}

/// Steps 6 and 7. Only releases that are still in the ledger of the registration count as present.
async fn upload_all(
    site: &Site,
    making: &Making<'_>,
    registered: &Ledger,
    condemned: Condemned,
    tried: bool,
    uploaded: &mut Uploaded,
) -> Result<()> {
    let release = &making.prepared.release;
    let kept = making.kept.iter().filter(|(id, _)| registered.releases.contains_key(id));
    let kept: Vec<(ReleaseId, &Release)> = kept.map(|(id, release)| (*id, release)).collect();
    let anew;
    let plan = if kept.len() == making.kept.len() {
        &making.plan
    } else {
        anew = plan(release, None, &kept).map_err(|problems| BadInput { what: "the files", problems })?;
        &anew
    };
    site.tell(Event::Began(Stage::Upload));
    site.tell(Event::Uploading { objects: plan.uploads.len(), bytes: plan.bytes });
    let elsewhere = Elsewhere::new(kept.iter().map(|(_, release)| *release));
    let entry_of = |name: &Name, path: &AssetPath| {
        let named = |entry: &&Entry| entry.stored().any(|stored| stored.name == *name);
        let entry = release.assets.get(path).filter(named).or_else(|| release.pages.get(path));
        let entry = entry.expect("the plan is of this release");
        (entry, entry.stored().find(|stored| stored.name == *name).expect("the plan is of this release"))
    };
    let waiting = plan.uploads.iter().map(|(name, path)| {
        let (entry, stored) = entry_of(name, path);
        Waiting { name, path, size: entry.size, is_encoded: stored.encoding.is_some() }
    });
    let upload_of = |waiting: &Waiting<'_>| {
        let (entry, stored) = entry_of(waiting.name, waiting.path);
        let left = || stored.encoding.filter(|_| tried).map(|_| stored.name.clone());
        let same = elsewhere.same(entry, &stored).or_else(left).map(|name| site.layout.key(&name));
        let source = making.prepared.sources[&entry.name].clone();
        Upload { path: waiting.path.clone(), entry: entry.clone(), stored, source, same }
    };
    let done = upload(site, waiting.collect(), upload_of, &Arc::new(condemned), making.concurrency).await?;
    uploaded.new += done.new;
    uploaded.bytes += done.bytes;
    uploaded.compressed += done.compressed;
    uploaded.already = (plan.uploads.len() + plan.reused).saturating_sub(uploaded.new);
    Ok(())
}

/// What kept releases have in compressed form, by address: a file that was renamed or copied has it too, under another
/// name.
struct Elsewhere<'a>(HashMap<(Address, Compression), &'a Entry>);

impl<'a> Elsewhere<'a> {
    fn new(kept: impl Iterator<Item = &'a Release>) -> Self {
        let assets = kept.flat_map(|release| release.assets.values());
        Self(assets.filter_map(|entry| Some(((entry.address, entry.compression?), entry))).collect())
    }

    /// An object with the bytes that this one of `entry` is to have.
    fn same(&self, entry: &Entry, stored: &Stored) -> Option<Name> {
        stored.encoding?;
        let other = self.0.get(&(entry.address, entry.compression?))?;
        other.stored().find(|other| other.encoding == stored.encoding).map(|other| other.name)
    }
}
