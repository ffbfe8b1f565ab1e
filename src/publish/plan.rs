//! What a publish will do, as a value: made without any request, printed by a dry run, carried out by `run`.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::event::Problem;
use crate::model::layout::Name;
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Release, ReleaseId};
use crate::store::probe;

/// Which objects a release needs, and what that means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Objects that no release at hand names, by name; each is created.
    pub uploads: BTreeMap<Name, AssetPath>,
    /// Objects that a kept release names: present and safe, no request (design, section 5, step 6).
    pub reused: usize,
    /// Objects that the current release names and the new one does not. They stay until a collection.
    pub retired: usize,
    /// Bytes of all uploads as the files are; variants do not count.
    pub bytes: u64,
    /// Uploads that are compressed on their way.
    pub compressed: usize,
    /// Whether the store is put to the proof first, for there is no ledger in it yet.
    pub proof: bool,
}

/// Plans the upload of `release`. `kept` are releases that the ledger names, with their ids, `current` the one the
/// channel shows.
///
/// # Errors
/// A sealed asset whose name stands for other bytes already, or for a page: every one of them.
pub fn plan(
    release: &Release,
    current: Option<&Release>,
    kept: &[(ReleaseId, &Release)],
) -> Result<Plan, Vec<Problem>> {
    let mut present: HashMap<Name, (ReleaseId, &AssetPath, &Entry)> = HashMap::new();
    for (id, release) in kept {
        for (path, entry) in release.entries() {
            present.extend(entry.stored().map(|stored| (stored.name, (*id, path, entry))));
        }
    }
    let mut plan = Plan::default();
    let mut problems: Vec<Problem> = kept.iter().flat_map(|(_, earlier)| changed_kind(release, earlier)).collect();
    let objects = release.entries().flat_map(|(path, entry)| entry.stored().map(move |stored| (path, entry, stored)));
    for (path, entry, stored) in objects {
        match present.get(&stored.name) {
            None => {
                let is_own = stored.name == entry.name;
                if plan.uploads.insert(stored.name, path.clone()).is_none() {
                    plan.bytes += if is_own { entry.size } else { 0 };
                    plan.compressed += usize::from(stored.encoding.is_some());
                }
            }
            Some((id, earlier, other)) if other.address != entry.address => {
                problems.push(sealed_clash(path, &format!("`{earlier}` of release {}", id.short())));
            }
            Some(_) => plan.reused += 1,
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if let Some(current) = current {
        let needed: HashSet<Name> = release.names().collect();
        plan.retired = current.names().filter(|name| !needed.contains(name)).collect::<HashSet<_>>().len();
    }
    Ok(plan)
}

/// Files that are a page in one release and sealed in the other: their URL cannot be both.
fn changed_kind(release: &Release, earlier: &Release) -> Vec<Problem> {
    let is_sealed = |release: &Release, path| release.assets.get(path).is_some_and(|entry| entry.sealed);
    let now_sealed = earlier.pages.keys().filter(|path| is_sealed(release, *path));
    let now_pages = release.pages.keys().filter(|path| is_sealed(earlier, *path));
    let problem = |path: &AssetPath, before, now| {
        Problem::error(format!("`{path}` was {before} in an earlier release that is kept, and would be {now}"))
            .hint("what is sealed never changes, and a page may: give the file another name")
    };
    let sealed = now_sealed.map(|path| problem(path, "a page", "sealed"));
    sealed.chain(now_pages.map(|path| problem(path, "sealed", "a page"))).collect()
}

/// A sealed asset whose name is taken by other bytes.
pub fn sealed_clash(path: &AssetPath, other: &str) -> Problem {
    Problem::error(format!("sealed asset `{path}` has other bytes than {other} under the same name")).hint(
        "a sealed name must change with its bytes: if this is no bundler's hashed output, a rule with \
         `kind = \"asset\"` unseals it",
    )
}

/// Requests that a first look at the ledger leaves to be made besides one for each object: release document,
/// registration, commit, reading and writing the manifest, the note of synchrony.
const FIXED_REQUESTS: u64 = 6;

/// What S3 asks for a thousand PUT requests and for a thousand GET requests, in US dollars (us-east-1, S3 Standard).
const PRICE_PER_1000: (f64, f64) = (0.005, 0.0004);

impl Plan {
    /// Requests to the store that carrying out the plan costs, besides those for pages at their own URLs and
    /// [`Self::proof_requests`].
    pub fn requests(&self) -> u64 {
        self.uploads.len() as u64 + FIXED_REQUESTS
    }

    /// About how many requests the proof takes besides.
    pub fn proof_requests(&self) -> u64 {
        if self.proof { probe::REQUESTS } else { 0 }
    }

    /// What all those requests cost, in US dollars. Nearly all but the reading of the manifest are writes.
    pub fn price(&self) -> f64 {
        let (put, get) = PRICE_PER_1000;
        let writes = u32::try_from(self.requests() + self.proof_requests() - 1).unwrap_or(u32::MAX);
        (f64::from(writes) * put + get) / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::address::Addresser;
    use crate::model::headers::Headers;
    use crate::model::release::Origin;

    /// A release of assets given as (path, bytes); those in `sealed/` are sealed.
    fn release(files: &[(&str, &str)]) -> Release {
        let headers = Arc::new(Headers::default());
        let assets = files.iter().map(|(path, bytes)| {
            let sealed = path.starts_with("sealed/");
            let path = AssetPath::new(path).expect("a plain path");
            let address = Addresser::new(&headers, 0).address_of(bytes.as_bytes());
            let name = if sealed { Name::sealed(&path) } else { Name::addressed(&path, &address) };
            let size = bytes.len() as u64;
            (
                path,
                Entry {
                    name,
                    size,
                    address,
                    headers: headers.clone(),
                    integrity: None,
                    sealed,
                    compression: None,
                    origin: Origin::default(),
                },
            )
        });
        Release { assets: assets.collect(), ..Release::default() }
    }

    fn id() -> ReleaseId {
        ReleaseId::of_document(b"{}")
    }

    #[test]
    fn only_what_no_kept_release_names_is_uploaded() {
        let earlier = release(&[("a", "1"), ("b", "2"), ("gone", "3")]);
        let later = release(&[("a", "1"), ("b", "changed"), ("new", "4")]);
        let plan = plan(&later, Some(&earlier), &[(id(), &earlier)]).expect("no sealed files");
        let uploads: Vec<&str> = plan.uploads.values().map(AssetPath::as_str).collect();
        assert_eq!((uploads, plan.reused, plan.retired, plan.bytes), (vec!["b", "new"], 1, 2, 8));
    }

    #[test]
    fn a_first_publish_uploads_everything() {
        let plan = plan(&release(&[("a", "1"), ("b", "1")]), None, &[]).expect("no sealed files");
        assert_eq!((plan.uploads.len(), plan.reused, plan.retired), (2, 0, 0));
    }

    #[test]
    fn a_sealed_name_never_stands_for_other_bytes() {
        let earlier = release(&[("sealed/a.js", "1"), ("sealed/b.js", "2"), ("sealed/c.js", "3")]);
        let later = release(&[("sealed/a.js", "1"), ("sealed/b.js", "x"), ("sealed/c.js", "y")]);
        let problems = plan(&later, Some(&earlier), &[(id(), &earlier)]).expect_err("two clashes");
        assert_eq!(problems.len(), 2);
        let named = format!("`sealed/b.js` of release {}", id().short());
        assert!(problems[0].message.contains(&named), "{}", problems[0].message);
    }
}
