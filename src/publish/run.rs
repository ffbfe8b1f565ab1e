//! Carries out a publish: section 5 of the design, step by step.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use uuid::Uuid;

use super::plan::{Plan, plan};
use super::upload::{Condemned, Upload, Uploaded, ensure_document, upload};
use crate::cdn::Cdn;
use crate::collect::{Prepared, Walk, add_integrity, prepare, walk};
use crate::commit::{CommitError, Held, abandon, change, private_json, read};
use crate::error::{BadInput, Explain, Kind, Result};
use crate::event::{Event, Level, Problem, Stage};
use crate::follow::{FollowError, Followed, Following, follow};
use crate::model::layout::{ChannelName, Key, Name};
use crate::model::ledger::{Cause, Expectation, Ledger, Move, Provenance, Refusal};
use crate::model::release::{Release, ReleaseId, TreeDigest};
use crate::model::wire::{read_condemned, write_release};
use crate::prepare::rules::Rules;
use crate::site::{DocumentError, Site};
use crate::store::Object;

/// How often a publisher begins again because its intent was reaped or a list vanished under its hands.
const REGISTRATIONS: usize = 10;

/// A publish as it was asked for.
#[derive(Clone, Debug)]
pub struct Order {
    /// Which files.
    pub walk: Walk,
    /// How they are treated.
    pub rules: Arc<Rules>,
    /// Enters every address.
    pub generation: u64,
    /// Requests in flight at a time.
    pub concurrency: usize,
    /// Whether everything but the writes is done.
    pub dry_run: bool,
    /// Where it goes.
    pub target: Target,
    /// Who asks for it, and why.
    pub provenance: Provenance,
    /// The URL that stands for the prefix.
    pub base_url: Option<String>,
}

/// Where a publish goes.
#[derive(Clone, Debug)]
pub enum Target {
    /// Nowhere yet: the release is uploaded and kept, for an activation to show it.
    Staged,
    /// A channel.
    Channel {
        /// Its name.
        name: ChannelName,
        /// The build's number, see [`Move::build`].
        build: Option<u64>,
        /// The release that must be current: the beginning of its id, or `none`.
        expect: Option<String>,
        /// See [`Move::expires`].
        expires: Option<Duration>,
    },
}

/// What a publish has done, or in a dry run would do.
#[derive(Debug)]
pub struct Published {
    /// The release.
    pub release: ReleaseId,
    /// The channel and its sequence; `None` for a release that was only uploaded.
    pub channel: Option<(ChannelName, u64)>,
    /// Whether this run moved the channel.
    pub moved: bool,
    /// Files of the release, and their bytes.
    pub files: (usize, u64),
    /// Source maps among them.
    pub source_maps: usize,
    /// Objects created; in a dry run, to be created.
    pub new: usize,
    /// Objects that were there already.
    pub reused: usize,
    /// Objects that the release before named and this one does not.
    pub retired: usize,
    /// Bytes uploaded; in a dry run, to be uploaded.
    pub bytes_uploaded: u64,
    /// The plan of a dry run.
    pub plan: Option<Plan>,
    /// What pages, manifest and CDN needed.
    pub followed: Followed,
    /// Why they have not all followed, when they have not.
    pub unfinished: Option<FollowError>,
    /// What was suspicious about the files.
    pub warnings: Vec<Problem>,
}

/// A publish that cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// There is a manifest, but no ledger that it could be a projection of.
    #[error("there is a manifest at `{manifest}`, but no ledger at `{ledger}`")]
    NoLedger {
        /// The manifest's key.
        manifest: Key,
        /// Where the ledger should be.
        ledger: Key,
    },
    /// Collections reap this publisher's intent faster than it works.
    #[error("the publisher's intent was reaped {REGISTRATIONS} times before it could commit")]
    AlwaysReaped,
}

impl Explain for PublishError {
    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NoLedger { .. } => {
                "if the site is new, another program's file is in the way: choose another prefix; if it is not, \
                 restore the ledger from the bucket's versions, or name its place with `--control`"
            }
            Self::AlwaysReaped => "let the collector's `intent-ttl` be longer than a publish takes",
        };
        vec![hint.to_owned()]
    }
}

/// Publishes files.
///
/// # Errors
/// Bad input, a store that does not answer, or a refusal; the channel has not moved, unless the error's kind is
/// [`Kind::Unknown`]. What remains to be done after the channel has moved is not an error but
/// [`Published::unfinished`].
pub async fn publish(site: &Site, cdns: &[Arc<dyn Cdn>], order: &Order) -> Result<Published> {
    site.tell(Event::Began(Stage::Read));
    let (files, held) = tokio::join!(read_files(site, order), read(site));
    let (prepared, warnings) = files?;
    let held = held?;
    site.tell(Event::Prepared { source_maps: prepared.source_maps });
    if held.is_none() {
        check_nothing_there(site, order).await?;
    }
    let empty = Ledger::new(site.layout.prefix());
    let ledger = held.as_ref().map_or(&empty, |held| &held.ledger);
    let tree = prepared.release.tree();
    let work = Work { site, cdns, order, tree, warnings };

    if let Some(held) = &held
        && let Some(published) = work.unchanged(&prepared, held).await?
    {
        return Ok(published);
    }
    let wish = work.wish(ledger);
    if let Some(wish) = &wish {
        ledger.permits(wish)?;
    }
    let kept = work.kept_releases(ledger).await?;
    let (prepared, kept) = complete(prepared, kept).await?;
    let kept_releases: Vec<&Release> = kept.iter().map(|(_, release)| release).collect();
    let document = write_release(&prepared.release);
    let id = ReleaseId::of_document(&document);
    let current = kept.iter().find(|(id, _)| Some(*id) == work.current(ledger)).map(|(_, release)| release);
    let plan = plan(&prepared.release, current, &kept_releases)
        .map_err(|problems| BadInput { what: "the files", problems })?;
    let retired = plan.retired;

    if order.dry_run {
        let known = ledger.releases.contains_key(&id);
        let plan = if known { Plan { reused: prepared.sources.len(), retired, ..Plan::default() } } else { plan };
        return Ok(Published { retired, ..work.planned(&prepared, id, plan) });
    }
    if ledger.releases.contains_key(&id) {
        let uploaded = Uploaded::default();
        return match wish {
            None => Ok(work.outcome(&prepared, id, uploaded, retired)),
            Some(wish) => {
                site.tell(Event::Began(Stage::Commit));
                let moved = change(site, held, |ledger| ledger.carry_out(&wish, id)).await?;
                Ok(work.follow(&prepared, id, uploaded, retired, moved).await)
            }
        };
    }
    work.create(&prepared, Document { id, bytes: document }, kept, held, wish.as_ref(), retired).await
}

/// Refuses to begin a ledger where a manifest is already: its ledger was lost or lies elsewhere, and a new one would
/// know nothing of what it names.
async fn check_nothing_there(site: &Site, order: &Order) -> Result<()> {
    let Target::Channel { name, .. } = &order.target else { return Ok(()) };
    let manifest = site.layout.key(&Name::manifest(name));
    match site.store.head(&manifest).await? {
        Some(_) => Err(PublishError::NoLedger { manifest, ledger: site.layout.ledger() }.into()),
        None => Ok(()),
    }
}

/// Finds and addresses the files, on threads of their own.
async fn read_files(site: &Site, order: &Order) -> Result<(Prepared, Vec<Problem>)> {
    let (walk_order, rules, layout) = (order.walk.clone(), order.rules.clone(), site.layout.clone());
    let generation = order.generation;
    let reading = tokio::task::spawn_blocking(move || {
        let (files, mut problems) = walk(&walk_order);
        // A file that cannot be published should not hide one that cannot be read.
        match prepare(&files, &rules, &layout, generation) {
            Ok(prepared) => (Some(prepared), problems),
            Err(more) => {
                problems.extend(more);
                (None, problems)
            }
        }
    });
    let (prepared, problems) = reading.await.expect("reading files neither panics nor is cancelled");
    match prepared {
        Some(prepared) if problems.iter().all(|problem| problem.level == Level::Warning) => {
            for problem in &problems {
                site.tell(Event::Problem(problem.clone()));
            }
            site.tell(Event::Collected { files: prepared.sources.len(), bytes: prepared.bytes });
            Ok((prepared, problems))
        }
        _ => Err(BadInput { what: "the files", problems }.into()),
    }
}

type Kept = Vec<(ReleaseId, Release)>;

/// Adds the integrity values, on threads of their own.
async fn complete(mut prepared: Prepared, kept: Kept) -> Result<(Prepared, Kept)> {
    let work = tokio::task::spawn_blocking(move || {
        let known: Vec<&Release> = kept.iter().map(|(_, release)| release).collect();
        let added = add_integrity(&mut prepared.release, &prepared.sources, &known);
        added.map(|()| (prepared, kept))
    });
    let completed = work.await.expect("reading files neither panics nor is cancelled");
    Ok(completed.map_err(|problems| BadInput { what: "the files", problems })?)
}

/// A publish at work.
struct Work<'a> {
    site: &'a Site,
    cdns: &'a [Arc<dyn Cdn>],
    order: &'a Order,
    tree: TreeDigest,
    warnings: Vec<Problem>,
}

/// A release document.
struct Document {
    id: ReleaseId,
    bytes: Vec<u8>,
}

impl Work<'_> {
    fn channel(&self) -> Option<&ChannelName> {
        match &self.order.target {
            Target::Staged => None,
            Target::Channel { name, .. } => Some(name),
        }
    }

    fn current(&self, ledger: &Ledger) -> Option<ReleaseId> {
        self.channel().and_then(|name| ledger.current(name))
    }

    fn wish(&self, ledger: &Ledger) -> Option<Move> {
        let Target::Channel { name, build, expect, expires } = &self.order.target else { return None };
        let expect = expect.as_deref().map(|text| Expectation::read(text, ledger));
        Some(Move {
            id: self.site.clock.fresh_id(),
            channel: name.clone(),
            cause: Cause::Publish,
            build: *build,
            expect,
            expires: *expires,
            provenance: self.order.provenance.clone(),
        })
    }

    /// The outcome where there is nothing to publish: the channel shows this very tree, or the release is kept and
    /// was only to be uploaded. Costs one request, if the public side has followed.
    async fn unchanged(&self, prepared: &Prepared, held: &Held) -> Result<Option<Published>> {
        let Some(id) = held.ledger.made_of(self.tree) else { return Ok(None) };
        let reused = Uploaded { already: prepared.sources.len(), ..Uploaded::default() };
        let Some(name) = self.channel() else { return Ok(Some(self.outcome(prepared, id, reused, 0))) };
        let Some(channel) = held.ledger.channels.get(name).filter(|channel| channel.release == id) else {
            return Ok(None);
        };
        let mut published = self.outcome(prepared, id, reused, 0);
        published.channel = Some((name.clone(), channel.sequence));
        if let Some(synced) = channel.synced.as_ref().filter(|_| channel.is_synced()) {
            let manifest = self.site.store.head(&self.site.layout.key(&Name::manifest(name))).await?;
            if manifest.is_some_and(|found| found.etag.0 == synced.manifest) {
                return Ok(Some(published));
            }
        }
        if !self.order.dry_run {
            self.bring_after(&mut published, prepared, held.clone()).await;
        }
        Ok(Some(published))
    }

    /// Releases to plan with: the one the channel shows, or if it has none the one of `live`, and where there is no
    /// CDN to spend a request on, one more. Each document costs a request and can save one for each of its objects.
    async fn kept_releases(&self, ledger: &Ledger) -> Result<Kept> {
        let own = self.channel().and_then(|name| ledger.channels.get(name));
        let live = ledger.channels.get(&ChannelName::live());
        let mut ids: Vec<ReleaseId> = Vec::new();
        for channel in own.into_iter().chain(live).chain(ledger.channels.values()) {
            let moves = channel.moves.iter().rev().map(|moved| moved.release);
            for id in std::iter::once(channel.release).chain(moves) {
                if ledger.releases.contains_key(&id) && !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        ids.truncate(if self.cdns.is_empty() { 2 } else { 1 });
        let documents = join_all(ids.iter().map(|id| self.site.release(*id))).await;
        let mut releases = Vec::new();
        for (id, document) in ids.into_iter().zip(documents) {
            match document {
                Ok(release) => releases.push((id, release)),
                Err(DocumentError::Store(error)) => return Err(error.into()),
                // The objects are looked at one by one instead; the publish heals what it needs.
                Err(error) => self.site.tell(Event::Problem(Problem::warning(format!("release {id}: {error}")))),
            }
        }
        Ok(releases)
    }

    /// Steps 4 to 11 for a release that is not kept yet.
    async fn create(
        &self,
        prepared: &Prepared,
        document: Document,
        kept: Kept,
        mut held: Option<Held>,
        wish: Option<&Move>,
        retired: usize,
    ) -> Result<Published> {
        let key = self.site.layout.release(document.id);
        let object = Object::whole(private_json(), document.bytes);
        // Written before the intent that names it, so that a collection can always read what an intent needs.
        let was_there = ensure_document(&*self.site.store, &key, &object, &Condemned::default()).await?;
        for _ in 0..REGISTRATIONS {
            let intent = self.site.clock.fresh_id();
            let registered = change(self.site, held, |ledger| Ok(ledger.register(intent, document.id))).await?;
            let Some(condemned) = self.condemned(&registered.ledger).await? else {
                held = read(self.site).await?;
                continue;
            };
            // What was there before the intent was entered can have been collected until then (look only now).
            if was_there || condemned.has_key(&key) {
                ensure_document(&*self.site.store, &key, &object, &condemned).await?;
            }
            let uploaded = match self.upload(prepared, &registered.ledger, &kept, &Arc::new(condemned)).await {
                Ok(uploaded) => uploaded,
                Err(error) => {
                    abandon(self.site, registered, intent).await;
                    return Err(error);
                }
            };
            match self.commit(registered.clone(), intent, document.id, wish).await {
                Ok(moved) => return Ok(self.follow(prepared, document.id, uploaded, retired, moved).await),
                Err(CommitError::Refused(Refusal::IntentGone)) => held = read(self.site).await?,
                Err(error) => {
                    if error.kind() != Kind::Unknown {
                        abandon(self.site, registered, intent).await;
                    }
                    return Err(error.into());
                }
            }
        }
        Err(PublishError::AlwaysReaped.into())
    }

    /// The versions condemned in that version of the ledger; `None` if the list is gone, and with it that version.
    async fn condemned(&self, ledger: &Ledger) -> Result<Option<Condemned>> {
        let Some(list) = ledger.condemned else { return Ok(Some(Condemned::default())) };
        let key = self.site.layout.condemned(list);
        let Some(fetched) = self.site.store.get(&key).await? else { return Ok(None) };
        let text = String::from_utf8_lossy(&fetched.bytes);
        let versions = read_condemned(&text).map_err(|source| DocumentError::Damaged { key, source })?;
        Ok(Some(Condemned::new(versions)))
    }

    /// Steps 6 and 7. Only releases that are still in the ledger of the registration count as present.
    async fn upload(
        &self,
        prepared: &Prepared,
        registered: &Ledger,
        kept: &[(ReleaseId, Release)],
        condemned: &Arc<Condemned>,
    ) -> Result<Uploaded> {
        let still_kept: Vec<&Release> =
            kept.iter().filter(|(id, _)| registered.releases.contains_key(id)).map(|(_, release)| release).collect();
        let plan =
            plan(&prepared.release, None, &still_kept).map_err(|problems| BadInput { what: "the files", problems })?;
        self.site.tell(Event::Began(Stage::Upload));
        self.site.tell(Event::Uploading { objects: plan.uploads.len(), bytes: plan.bytes });
        let upload_of = |(name, path): (&Name, &_)| {
            let entry = prepared.release.assets.get(path).filter(|entry| entry.name == *name);
            let entry = entry.or_else(|| prepared.release.pages.get(path)).expect("the plan is of this release");
            Upload { path: path.clone(), entry: entry.clone(), source: prepared.sources[name].clone() }
        };
        let uploads: Vec<Upload> = plan.uploads.iter().map(upload_of).collect();
        let mut uploaded = upload(self.site, uploads, condemned, self.order.concurrency).await?;
        uploaded.already += plan.reused;
        Ok(uploaded)
    }

    async fn commit(
        &self,
        registered: Held,
        intent: Uuid,
        release: ReleaseId,
        wish: Option<&Move>,
    ) -> std::result::Result<Held, CommitError> {
        self.site.tell(Event::Began(Stage::Commit));
        change(self.site, Some(registered), |ledger| match wish {
            Some(wish) => ledger.promote(intent, release, self.tree, wish),
            None => ledger.stage(intent, release, self.tree, &self.order.provenance),
        })
        .await
    }

    /// Steps 9 to 11, after the channel has moved.
    async fn follow(
        &self,
        prepared: &Prepared,
        id: ReleaseId,
        uploaded: Uploaded,
        retired: usize,
        moved: Held,
    ) -> Published {
        let mut published = self.outcome(prepared, id, uploaded, retired);
        let Some(name) = self.channel() else { return published };
        published.moved = true;
        let ours = moved.ledger.channels.get(name).and_then(|channel| {
            channel.moves.iter().rev().find(|moved| moved.release == id).map(|moved| moved.sequence)
        });
        if let Some(sequence) = ours {
            published.channel = Some((name.clone(), sequence));
            self.site.tell(Event::Moved { channel: name.clone(), release: id, sequence });
        }
        self.bring_after(&mut published, prepared, moved).await;
        published
    }

    async fn bring_after(&self, published: &mut Published, prepared: &Prepared, held: Held) {
        let Some(name) = self.channel() else { return };
        let following = Following {
            channel: name,
            cdns: self.cdns,
            base_url: self.order.base_url.as_deref(),
            at_hand: Some((published.release, &prepared.release)).filter(|_| published.moved),
            sources: &prepared.sources,
            concurrency: self.order.concurrency,
        };
        match follow(self.site, &following, held).await {
            Ok((_, followed)) => published.followed = followed,
            Err(error) => published.unfinished = Some(error),
        }
    }

    fn outcome(&self, prepared: &Prepared, release: ReleaseId, uploaded: Uploaded, retired: usize) -> Published {
        Published {
            release,
            channel: None,
            moved: false,
            files: (prepared.sources.len(), prepared.bytes),
            source_maps: prepared.source_maps,
            new: uploaded.new,
            reused: uploaded.already,
            retired,
            bytes_uploaded: uploaded.bytes,
            plan: None,
            followed: Followed::default(),
            unfinished: None,
            warnings: self.warnings.clone(),
        }
    }

    fn planned(&self, prepared: &Prepared, release: ReleaseId, plan: Plan) -> Published {
        let uploaded = Uploaded { new: plan.uploads.len(), already: plan.reused, bytes: plan.bytes };
        Published { plan: Some(plan), ..self.outcome(prepared, release, uploaded, 0) }
    }
}
