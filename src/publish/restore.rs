//! Publishing a release again without its files, from its document, while its objects last.
//!
//! It is a publish that uploads nothing new: it registers, looks, puts again what is condemned, and enters the release
//! as one that no channel shows yet.

use futures::{StreamExt, stream};

use super::create::{REGISTRATIONS, condemned};
use super::upload::{Condemned, ensure_document, put_again};
use crate::commit::{CommitError, Held, abandon, change, private_json, reread};
use crate::error::{Explain, Result};
use crate::event::Problem;
use crate::history::ledger;
use crate::model::layout::{Form, Key};
use crate::model::ledger::{Provenance, Refusal};
use crate::model::release::{Release, ReleaseId};
use crate::model::wire::write_release;
use crate::site::Site;
use crate::store::Object;

/// Requests in flight at a time.
const CONCURRENCY: usize = 16;

/// A release that cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is no document of it.
    #[error("there is no document of a release `{0}`")]
    NoDocument(String),
    /// Several releases are called so.
    #[error("`{0}` begins the ids of several releases")]
    Several(String),
    /// Objects of it are gone.
    #[error("{} of {total} objects of release {release} are gone", problems.len())]
    Gone {
        /// The release.
        release: ReleaseId,
        /// How many objects it has.
        total: usize,
        /// Which are gone.
        problems: Vec<Problem>,
    },
    /// Collections reap its intent faster than it works.
    #[error("the intent was reaped {REGISTRATIONS} times before the release was kept")]
    AlwaysReaped,
}

impl Explain for RestoreError {
    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NoDocument(_) => "a collection has taken it: publish its files again",
            Self::Several(_) => "give more of the id",
            Self::Gone { .. } => "publish its files again: they get the same keys",
            Self::AlwaysReaped => "let the collector's `intent-ttl` be longer than this takes",
        };
        vec![hint.to_owned()]
    }

    fn problems(&self) -> &[Problem] {
        match self {
            Self::Gone { problems, .. } => problems,
            _ => &[],
        }
    }
}

/// Keeps a release again that a collection has dropped; one that is kept already is left as it is. `text` begins its
/// id.
///
/// # Errors
/// Its document or some of its objects are gone, or the store does not answer.
pub async fn restore(site: &Site, text: &str) -> Result<ReleaseId> {
    let mut held = ledger(site).await?;
    if let Ok(id) = held.ledger.find(text) {
        return Ok(id);
    }
    let id = find(site, text).await?;
    let release = site.release(id).await?;
    for _ in 0..REGISTRATIONS {
        let intent = site.clock.fresh_id();
        let registered = change(site, Some(held), |ledger| Ok(ledger.register(intent, id))).await;
        let registered = registered.map_err(CommitError::of_no_move)?;
        if let Err(error) = bring_back(site, id, &release, &registered).await {
            abandon(site, registered, intent).await;
            return Err(error);
        }
        let (tree, provenance) = (release.tree(""), Provenance::default());
        match change(site, Some(registered), |ledger| ledger.stage(intent, id, tree, &provenance)).await {
            Ok(_) => return Ok(id),
            Err(CommitError::Refused(Refusal::IntentGone)) => held = reread(site).await?,
            Err(error) => return Err(error.of_no_move().into()),
        }
    }
    Err(RestoreError::AlwaysReaped.into())
}

/// The one release whose id begins so and whose document is there.
async fn find(site: &Site, text: &str) -> Result<ReleaseId> {
    let missing = || RestoreError::NoDocument(text.to_owned());
    let page = site.store.versions(&site.layout.releases(text), None).await?;
    let current = page.versions.iter().filter(|version| version.current && !version.marker);
    let ids: Vec<ReleaseId> = current
        .filter_map(|version| match site.layout.form(&version.key) {
            Some(Form::Document(id)) => Some(id),
            _ => None,
        })
        .collect();
    match ids[..] {
        [id] if !text.is_empty() => Ok(id),
        [_, _, ..] => Err(RestoreError::Several(text.to_owned()).into()),
        _ => Err(missing().into()),
    }
}

/// Sees to it that everything the release names is there in a version that nobody will delete.
async fn bring_back(site: &Site, id: ReleaseId, release: &Release, registered: &Held) -> Result<()> {
    let (condemned, _) = condemned(site, &registered.ledger).await?;
    let condemned = &condemned;
    let look = |(what, key): (String, Key)| async move { (what, put_again(&*site.store, &key, condemned).await) };
    let keys = release.entries().flat_map(|(path, entry)| {
        entry.stored().map(move |stored| match stored.encoding.filter(|_| stored.name != entry.name) {
            Some(encoding) => (format!("the variant of `{path}` in `{}`", encoding.token()), stored.name),
            None => (format!("`{path}`"), stored.name),
        })
    });
    let keys = keys.map(|(what, name)| (what, site.layout.key(&name)));
    let mut outcomes = stream::iter(keys.collect::<Vec<_>>()).map(look).buffer_unordered(CONCURRENCY);
    let (mut problems, mut total) = (Vec::new(), 0);
    while let Some((what, outcome)) = outcomes.next().await {
        total += 1;
        if !outcome? {
            problems.push(Problem::error(format!("{what} is gone")));
        }
    }
    if !problems.is_empty() {
        problems.sort_by(|one, other| one.message.cmp(&other.message));
        return Err(RestoreError::Gone { release: id, total, problems }.into());
    }
    document(site, id, release, condemned).await
}

/// The document itself can be made again from what was read of it.
async fn document(site: &Site, id: ReleaseId, release: &Release, condemned: &Condemned) -> Result<()> {
    let object = Object::whole(private_json(), write_release(release));
    ensure_document(&*site.store, &site.layout.release(id), &object, condemned).await?;
    Ok(())
}
