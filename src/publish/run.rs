//! Carries out a publish: section 5 of the design, step by step.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::create::{Making, make};
use super::plan::{Plan, plan};
use super::upload::Uploaded;
use crate::cdn::Cdn;
use crate::collect::{Collected, Prepared, Sources, Taken, Walk, add_integrity, rewrite, take, walk};
use crate::commit::{CommitError, Held, change, private_json, read, reread};
use crate::error::{BadInput, Explain, Result};
use crate::event::{Event, Level, Problem, Stage};
use crate::follow::{FollowError, Followed, Following, follow};
use crate::history::expectation;
use crate::model::layout::{ChannelName, Key, Name};
use crate::model::ledger::{Cause, Ledger, Move, Provenance, Refusal, Step};
use crate::model::release::{Release, ReleaseId};
use crate::model::wire::write_release;
use crate::prepare::references::References;
use crate::prepare::rules::Rules;
use crate::site::{DocumentError, Site};
use crate::store::Object;

/// A publish as it was asked for.
#[derive(Clone, Debug)]
pub struct Order {
    /// Which files.
    pub walk: Walk,
    /// How they are treated.
    pub rules: Arc<Rules>,
    /// How their references are rewritten.
    pub references: Arc<References>,
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
    /// Bytes uploaded; in a dry run, to be uploaded, before anything is compressed.
    pub bytes_uploaded: u64,
    /// Objects that had to be compressed; in a dry run, that would have to be, unless files were renamed.
    pub compressed: usize,
    /// The plan of a dry run.
    pub plan: Option<Plan>,
    /// Whether a dry run found a channel that shows the release, but pages, manifest or CDN that have yet to follow.
    pub behind: bool,
    /// What pages, manifest and CDN needed.
    pub followed: Followed,
    /// Why they have not all followed, when they have not.
    pub unfinished: Option<FollowError>,
    /// What was suspicious about the files.
    pub warnings: Vec<Problem>,
}

/// A publish that cannot begin.
#[derive(Debug, thiserror::Error)]
#[error("there is a manifest at `{manifest}`, but no ledger at `{ledger}`")]
pub struct NoLedger {
    manifest: Key,
    ledger: Key,
}

impl Explain for NoLedger {
    fn hints(&self) -> Vec<String> {
        let hint = "if the site is new, another program's file is in the way: choose another prefix; if it is not, \
                    restore the ledger from the bucket's versions, or name its place with `--control`";
        vec![hint.to_owned()]
    }
}

/// Publishes files.
///
/// # Errors
/// Bad input, a store that does not answer, or a refusal; the channel has not moved, unless the error's kind is
/// [`crate::error::Kind::Unknown`]. What remains to be done after the channel has moved is not an error but
/// [`Published::unfinished`].
pub async fn publish(site: &Site, cdns: &[Arc<dyn Cdn>], order: &Order) -> Result<Published> {
    site.tell(Event::Began(Stage::Read));
    let (files, held) = tokio::join!(read_files(site, order), read(site));
    let (taken, warnings) = files?;
    let files = Files::of(&taken);
    site.tell(Event::Prepared { source_maps: files.source_maps });
    let held = match held? {
        None => nothing_there(site, order).await?,
        held => held,
    };
    let empty = Ledger::new(site.layout.prefix());
    let ledger = held.as_ref().map_or(&empty, |held| &held.ledger);
    let tree = taken.tree(order.references.id, &order.references.strictness);
    let mut work = Work { site, cdns, order, files, warnings };

    let wish = work.wish(ledger)?;
    if let Some(held) = &held
        && let Some(id) = ledger.made_of(tree)
        && let Some((mut published, behind)) = work.unchanged(id, held, wish.as_ref()).await?
    {
        match behind {
            Some(held) => {
                let sources = collect(site, order, taken).await?.sources;
                work.bring_after(&mut published, &sources, None, held).await;
            }
            None => free(taken),
        }
        return Ok(published);
    }
    if let Some(wish) = &wish {
        ledger.permits(wish)?;
    }
    let (kept, collected) = tokio::join!(work.kept_releases(ledger), collect(site, order, taken));
    let (collected, kept, references) = (collected?, kept?, order.references.clone());
    let completed = complete(collected, references, kept, work.current(ledger)).await?;
    let Completed { prepared, id, document, kept, plan } = completed;
    for warning in &prepared.warnings {
        site.tell(Event::Problem(warning.clone()));
    }
    work.warnings.extend(prepared.warnings.iter().cloned());
    if let Some(held) = &held
        && ledger.releases.contains_key(&id)
        && let Some((mut published, behind)) = work.unchanged(id, held, wish.as_ref()).await?
    {
        if let Some(held) = behind {
            work.bring_after(&mut published, &prepared.sources, None, held).await;
        }
        return Ok(published);
    }
    let plan = plan.map_err(|problems| BadInput { what: "the files", problems })?;
    let retired = plan.retired;

    let known = ledger.releases.contains_key(&id);
    if order.dry_run {
        let plan = if known {
            Plan { reused: work.files.objects, retired, ..Plan::default() }
        } else {
            Plan { proof: held.is_none(), ..plan }
        };
        return Ok(Published { retired, ..work.planned(id, plan) });
    }
    let mut held = held;
    if known {
        let uploaded = work.all_reused();
        let Some(wish) = &wish else { return Ok(work.outcome(id, uploaded, retired)) };
        site.tell(Event::Began(Stage::Commit));
        match change(site, held, |ledger| ledger.carry_out(wish, id)).await {
            Ok(moved) => return Ok(work.follow(&prepared, id, uploaded, retired, wish, moved).await),
            // Collected since the ledger was read. But the files are at hand.
            Err(CommitError::Refused(Refusal::NotKept(_))) => held = Some(reread(site).await?),
            Err(error) => return Err(error.into()),
        }
    }
    let document = Object::whole(private_json(), document);
    let provenance = &order.provenance;
    let concurrency = order.concurrency;
    let making = Making { prepared: &prepared, id, document, kept, plan, tree, concurrency, wish, provenance };
    let (uploaded, committed) = make(site, &making, held).await?;
    let published = match &making.wish {
        None => work.outcome(id, uploaded, retired),
        Some(wish) => work.follow(&prepared, id, uploaded, retired, wish, committed).await,
    };
    free((making.kept, prepared));
    Ok(published)
}

/// Frees thousands of entries elsewhere, which takes milliseconds that nobody has to wait for.
fn free(entries: impl Send + 'static) {
    rayon::spawn(move || drop(entries));
}

/// Refuses to begin a ledger where a manifest is already: its ledger was lost or lies elsewhere, and a new one would
/// know nothing of what it names. Returns the ledger if someone else has begun it meanwhile.
async fn nothing_there(site: &Site, order: &Order) -> Result<Option<Held>> {
    let live = ChannelName::live();
    let own = match &order.target {
        Target::Channel { name, .. } if !name.is_live() => Some(name),
        _ => None,
    };
    for name in own.into_iter().chain([&live]) {
        let manifest = site.layout.key(&Name::manifest(name));
        if site.store.head(&manifest).await?.is_some() {
            let held = read(site).await?;
            let ledger = site.layout.ledger();
            return if held.is_some() { Ok(held) } else { Err(NoLedger { manifest, ledger }.into()) };
        }
    }
    Ok(None)
}

/// Finds and addresses the files, on threads of their own.
async fn read_files(site: &Site, order: &Order) -> Result<(Taken, Vec<Problem>)> {
    let (walk_order, rules, layout) = (order.walk.clone(), order.rules.clone(), site.layout.clone());
    let generation = order.generation;
    let reading = tokio::task::spawn_blocking(move || {
        let (files, mut problems) = walk(&walk_order);
        let is_sound = problems.iter().all(|problem| problem.level == Level::Warning);
        match take(files, &rules, generation) {
            Ok(taken) if is_sound && taken.is_sound() => return Ok((taken, problems)),
            // A file that cannot be found should not hide one that cannot be read, or cannot lie where it would have to.
            Ok(taken) => problems.extend(taken.collect(&layout).err().unwrap_or_default()),
            Err(more) => problems.extend(more),
        }
        Err(problems)
    });
    let read = reading.await.expect("reading files neither panics nor is cancelled");
    let (taken, warnings) = read.map_err(|problems| BadInput { what: "the files", problems })?;
    for warning in &warnings {
        site.tell(Event::Problem(warning.clone()));
    }
    site.tell(Event::Collected { files: taken.count(), bytes: taken.bytes() });
    Ok((taken, warnings))
}

/// Collects what a release is made of, on a thread of its own.
async fn collect(site: &Site, order: &Order, taken: Taken) -> Result<Collected> {
    let layout = site.layout.clone();
    let collecting = tokio::task::spawn_blocking(move || taken.collect(&layout));
    let collected = collecting.await.expect("collecting files neither panics nor is cancelled");
    let mut collected = collected.map_err(|problems| BadInput { what: "the files", problems })?;
    collected.release.rewriting = order.references.id;
    Ok(collected)
}

type Kept = Vec<(ReleaseId, Release)>;

/// A release that has been worked out.
struct Completed {
    prepared: Prepared,
    id: ReleaseId,
    document: Vec<u8>,
    /// Releases that the ledger names.
    kept: Kept,
    plan: std::result::Result<Plan, Vec<Problem>>,
}

/// Rewrites the references and adds the integrity values, on threads of their own, and works out what there is to do.
/// `current` is the release that the channel shows.
async fn complete(
    collected: Collected,
    references: Arc<References>,
    kept: Kept,
    current: Option<ReleaseId>,
) -> Result<Completed> {
    let work = tokio::task::spawn_blocking(move || {
        let known: Vec<&Release> = kept.iter().map(|(_, release)| release).collect();
        let mut prepared = rewrite(collected, &references, &known)?;
        add_integrity(&mut prepared.release, &prepared.sources, &known)?;
        let written = || {
            let document = write_release(&prepared.release);
            (ReleaseId::of_document(&document), document)
        };
        let planned = || {
            let current = kept.iter().find(|(id, _)| Some(*id) == current).map(|(_, release)| release);
            let kept: Vec<(ReleaseId, &Release)> = kept.iter().map(|(id, release)| (*id, release)).collect();
            plan(&prepared.release, current, &kept)
        };
        let ((id, document), plan) = rayon::join(written, planned);
        Ok(Completed { prepared, id, document, kept, plan })
    });
    let completed = work.await.expect("reading files neither panics nor is cancelled");
    Ok(completed.map_err(|problems| BadInput { what: "the files", problems })?)
}

/// What there is to publish.
#[derive(Clone, Copy)]
struct Files {
    count: usize,
    /// What is stored of them: their variants too.
    objects: usize,
    bytes: u64,
    source_maps: usize,
}

impl Files {
    fn of(taken: &Taken) -> Self {
        let (count, objects, bytes) = (taken.count(), taken.objects(), taken.bytes());
        Self { count, objects, bytes, source_maps: taken.source_maps() }
    }
}

/// A publish at work.
struct Work<'a> {
    site: &'a Site,
    cdns: &'a [Arc<dyn Cdn>],
    order: &'a Order,
    files: Files,
    warnings: Vec<Problem>,
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

    fn wish(&self, ledger: &Ledger) -> Result<Option<Move>> {
        let Target::Channel { name, build, expect, expires } = &self.order.target else { return Ok(None) };
        let expect = expect.as_deref().map(|text| expectation(text, ledger)).transpose()?;
        Ok(Some(Move {
            id: self.site.clock.fresh_id(),
            channel: name.clone(),
            cause: Cause::Publish,
            build: *build,
            expect,
            expires: *expires,
            provenance: self.order.provenance.clone(),
        }))
    }

    /// The outcome where there is nothing to publish: the channel shows this very release, or it is kept and was only
    /// to be uploaded. Costs one request more, if the public side has followed: a look at the manifest, or
    /// the note of a later build's number. If it has not, the ledger comes with the outcome, to bring it after.
    async fn unchanged(
        &self,
        id: ReleaseId,
        held: &Held,
        wish: Option<&Move>,
    ) -> Result<Option<(Published, Option<Held>)>> {
        let mut published = self.outcome(id, self.all_reused(), 0);
        let Some(wish) = wish else { return Ok(Some((published, None))) };
        let Some(channel) = held.ledger.channels.get(&wish.channel).filter(|channel| channel.release == id) else {
            return Ok(None);
        };
        published.channel = Some((wish.channel.clone(), channel.sequence));
        let step = held.ledger.confirm(wish, id).map_err(CommitError::Refused)?;
        let has_followed = channel.is_synced() && self.cdns.iter().all(|cdn| channel.has_told(&cdn.name()));
        let mut held = held.clone();
        if step != Step::Already && !self.order.dry_run {
            let noted = change(self.site, Some(held), |ledger| ledger.confirm(wish, id)).await;
            held = noted.map_err(CommitError::of_no_move)?;
            if has_followed {
                return Ok(Some((published, None)));
            }
        } else if let Some(synced) = channel.synced.as_ref().filter(|_| has_followed) {
            let manifest = self.site.store.head(&self.site.layout.key(&Name::manifest(&wish.channel))).await?;
            if manifest.is_some_and(|found| found.etag.0 == synced.manifest) {
                return Ok(Some((published, None)));
            }
        }
        published.behind = self.order.dry_run;
        let behind = (!self.order.dry_run).then_some(held);
        Ok(Some((published, behind)))
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

    /// Steps 9 to 11, after the channel has moved.
    async fn follow(
        &self,
        prepared: &Prepared,
        id: ReleaseId,
        uploaded: Uploaded,
        retired: usize,
        wish: &Move,
        moved: Held,
    ) -> Published {
        let mut published = self.outcome(id, uploaded, retired);
        published.moved = true;
        if let Some(sequence) = moved.ledger.sequence_of(wish) {
            published.channel = Some((wish.channel.clone(), sequence));
            self.site.tell(Event::Moved { channel: wish.channel.clone(), release: id, sequence });
        }
        self.bring_after(&mut published, &prepared.sources, Some(&prepared.release), moved).await;
        published
    }

    async fn bring_after(&self, published: &mut Published, sources: &Sources, release: Option<&Release>, held: Held) {
        let Some(name) = self.channel() else { return };
        let following = Following {
            channel: name,
            cdns: self.cdns,
            base_url: self.order.base_url.as_deref(),
            at_hand: release.map(|release| (published.release, release)),
            sources,
            concurrency: self.order.concurrency,
        };
        match follow(self.site, &following, held).await {
            Ok((_, followed)) => published.followed = followed,
            Err(error) => published.unfinished = Some(error),
        }
    }

    fn all_reused(&self) -> Uploaded {
        Uploaded { already: self.files.objects, ..Uploaded::default() }
    }

    fn outcome(&self, release: ReleaseId, uploaded: Uploaded, retired: usize) -> Published {
        Published {
            release,
            channel: None,
            moved: false,
            files: (self.files.count, self.files.bytes),
            source_maps: self.files.source_maps,
            new: uploaded.new,
            reused: uploaded.already,
            retired,
            bytes_uploaded: uploaded.bytes,
            compressed: uploaded.compressed,
            plan: None,
            behind: false,
            followed: Followed::default(),
            unfinished: None,
            warnings: self.warnings.clone(),
        }
    }

    fn planned(&self, release: ReleaseId, plan: Plan) -> Published {
        let uploaded =
            Uploaded { new: plan.uploads.len(), bytes: plan.bytes, already: plan.reused, compressed: plan.compressed };
        Published { plan: Some(plan), ..self.outcome(release, uploaded, 0) }
    }
}
