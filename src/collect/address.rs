//! Takes the address of every file of a site: what is referred to first, circles at once, pages last.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use rayon::iter::Either;
use rayon::prelude::*;

use super::source::{Source, Sources};
use crate::error::FILE_CHANGED;
use crate::event::{Code, Problem};
use crate::model::address::Address;
use crate::model::circle::{MemberHasher, addresses_in_circle};
use crate::model::layout::{InName, Name};
use crate::model::path::{AssetPath, common_folder};
use crate::model::release::{CircleId, Entry, Integrity, Origin, Release};
use crate::prepare::files::{Files, Trees};
use crate::prepare::links::{Links, Spot, links};
use crate::prepare::references::References;
use crate::prepare::rules::Kind;
use crate::prepare::splice::{Edit, Edits};
use crate::refs::format::Format;
use crate::refs::graph::{Graph, Unit};

/// What every reference is looked up in.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) files: Files,
    pub(super) references: Arc<References>,
    /// The scripts to which no import map applies, once they are known: see [`Work::settle_workers`].
    pub(super) workers: OnceLock<HashSet<u32>>,
}

impl Site {
    /// Takes the files of a release as they are, those that the rules leave out, and the trees.
    pub(super) fn new(
        release: &Release,
        excluded: HashSet<AssetPath>,
        trees: Trees,
        references: &Arc<References>,
    ) -> Self {
        let kind = |path: &AssetPath, entry: &Entry| match entry.sealed {
            true => Kind::Sealed,
            false if release.pages.contains_key(path) => Kind::Page,
            false if trees.keys().any(|folder| path.as_str().starts_with(folder)) => Kind::Tree,
            false => Kind::Asset,
        };
        let files = release.entries().map(|(path, entry)| (path.clone(), kind(path, entry))).collect();
        Self { files: Files::new(files, excluded, trees), references: references.clone(), workers: OnceLock::new() }
    }

    pub(super) fn links(&self, number: u32, bytes: &[u8]) -> Links {
        let format = Format::of(self.files.path(number)).expect("only files that have a format are parsed");
        let mut links = links(bytes, number, format, &self.files, &self.references.roots, self.references.is_mapped());
        if self.workers.get().is_some_and(|workers| workers.contains(&number)) {
            links.rewrite_specifiers();
        }
        links
    }

    /// What stands in the name of a file: the address of its tree, or else its own and what variants it has.
    pub(super) fn in_name(&self, number: u32, own: InName) -> InName {
        self.files.tree(number).map_or(own, |(_, address)| InName { address: *address, compression: None })
    }
}

/// Puts addresses where they go.
pub(super) fn edits(spots: &[Spot], in_name: impl Fn(u32) -> InName) -> Edits {
    let edit = |spot: &Spot| Edit { range: spot.place..spot.place, text: in_name(spot.target).to_string().into() };
    Edits::new(spots.iter().map(edit).collect())
}

/// Everything that went well, or all that did not.
pub(super) fn all<T: Send>(outcomes: impl ParallelIterator<Item = Result<T, Problem>>) -> Result<Vec<T>, Vec<Problem>> {
    let (done, problems): (Vec<T>, Vec<Problem>) = outcomes.partition_map(|outcome| match outcome {
        Ok(done) => Either::Left(done),
        Err(problem) => Either::Right(problem),
    });
    if problems.is_empty() { Ok(done) } else { Err(problems) }
}

/// A site at work. All files go by number.
pub(super) struct Work<'a> {
    pub(super) site: &'a Site,
    /// As the files are.
    pub(super) entries: Vec<&'a Entry>,
    sources: Vec<&'a Source>,
    /// Releases that were made with the same settings.
    pub(super) known: &'a [&'a Release],
    /// The integrity values of files as they are served, as far as they have been taken.
    pub(super) integrities: Vec<OnceLock<Integrity>>,
}

/// What is known of a file's references.
pub(super) enum Look<'a> {
    /// What was found in it.
    Parsed(Links),
    /// What an earlier release, in which the file was the same, says of it.
    Kept { entry: &'a Entry, of: &'a Release, targets: Vec<u32>, imports: Option<Vec<u32>> },
}

/// What has become of a file.
#[derive(Clone)]
pub(super) struct Done {
    pub(super) address: Address,
    pub(super) size: u64,
    /// `None` if nothing is changed, or it has not been found out what.
    pub(super) edits: Option<Arc<Edits>>,
    pub(super) circle: Option<CircleId>,
    pub(super) targets: Option<Vec<AssetPath>>,
    pub(super) imports: Option<Vec<AssetPath>>,
}

impl Done {
    /// What has become of a file for which everything is as it was in a known release.
    fn known(entry: &Entry) -> Self {
        let Origin { circle, targets, imports, .. } = entry.origin.clone();
        Self { address: entry.address, size: entry.size, edits: None, circle, targets, imports }
    }
}

impl<'a> Work<'a> {
    /// Makes ready to work on files as they are.
    pub(super) fn new(site: &'a Site, release: &'a Release, sources: &'a Sources, known: &'a [&'a Release]) -> Self {
        Self {
            site,
            entries: release.entries().map(|(_, entry)| entry).collect(),
            sources: release.entries().map(|(_, entry)| &sources[&entry.name]).collect(),
            known,
            integrities: release.entries().map(|_| OnceLock::new()).collect(),
        }
    }

    fn numbers(&self) -> impl IndexedParallelIterator<Item = u32> {
        (0..self.entries.len() as u32).into_par_iter()
    }

    /// Finds the references of all files. Whatever is parsed is also shown to `show`, while its bytes are at hand.
    ///
    /// # Errors
    /// Every file that cannot be read any more, or has changed.
    pub(super) fn look_at_all(
        &self,
        show: impl Fn(u32, &Links, &[u8]) + Sync,
    ) -> Result<Vec<Option<Look<'a>>>, Vec<Problem>> {
        let look = |number: u32| {
            if Format::of(self.site.files.path(number)).is_none() {
                return Ok(None);
            }
            if let Some(kept) = self.kept(number) {
                return Ok(Some(kept));
            }
            let bytes = self.read(number)?;
            let links = self.site.links(number, &bytes);
            show(number, &links, &bytes);
            Ok(Some(Look::Parsed(links)))
        };
        all(self.numbers().map(look))
    }

    fn kept(&self, number: u32) -> Option<Look<'a>> {
        let files = &self.site.files;
        let (path, own) = (files.path(number), self.entries[number as usize]);
        self.known.iter().find_map(|of| {
            let entry = if files.kind(number) == Kind::Page { of.pages.get(path) } else { of.assets.get(path) }?;
            let same = entry.source() == own.address && entry.headers == own.headers && self.was_the_same(number, of);
            let targets = entry.origin.targets.as_ref().filter(|_| same)?;
            let numbers = |paths: &Vec<AssetPath>| {
                // A target of another kind can be something to report.
                let same = |number: &u32| self.was_the_same(*number, of);
                paths.iter().map(|path| files.number(path.as_str()).filter(same)).collect::<Option<Vec<u32>>>()
            };
            let imports = entry.origin.imports.as_ref().map(numbers);
            let imports = if imports.is_some() { Some(imports.flatten()?) } else { None };
            Some(Look::Kept { entry, of, targets: numbers(targets)?, imports })
        })
    }

    /// Whether a file was of the same kind in a known release, and part of the same tree.
    fn was_the_same(&self, number: u32, of: &Release) -> bool {
        let path = self.site.files.path(number);
        let was = |is_same: &dyn Fn(&Entry) -> bool| of.assets.get(path).is_some_and(is_same);
        match (self.site.files.kind(number), self.site.files.tree(number)) {
            (_, Some((folder, _))) => {
                let beginning = format!("{}.", folder.trim_end_matches('/'));
                was(&|entry| !entry.sealed && entry.name.as_str().starts_with(&beginning))
            }
            (Kind::Sealed, None) => was(&|entry| entry.sealed),
            (Kind::Page, None) => of.pages.contains_key(path),
            _ => was(&|entry| !entry.sealed && !entry.is_in_tree(path)),
        }
    }

    pub(super) fn parse(&self, number: u32) -> Result<Links, Problem> {
        Ok(self.site.links(number, &self.read(number)?))
    }

    pub(super) fn read(&self, number: u32) -> Result<Vec<u8>, Problem> {
        let source = self.sources[number as usize];
        source.read_original().map_err(|error| {
            let problem = Problem::error(format!("cannot be read: {error}")).code(Code::Unreadable);
            problem.in_file(&source.file).hint(FILE_CHANGED)
        })
    }

    /// What there is to say about the references, in the order of the files.
    pub(super) fn problems(&self, looks: &[Option<Look>]) -> Vec<Problem> {
        let of_file = |(number, look): (u32, &'_ Option<Look>)| match look {
            Some(Look::Parsed(links)) => {
                let file = &self.sources[number as usize].file;
                let judge = &self.site.references.judge;
                let findings = links.findings.iter();
                findings.filter_map(|finding| judge.problem(finding, number, &self.site.files, file)).collect()
            }
            _ => Vec::new(),
        };
        let mut problems: Vec<Problem> = (0..).zip(looks).flat_map(of_file).collect();
        let parsed = || {
            looks.iter().flatten().filter_map(|look| match look {
                Look::Parsed(links) => Some(links),
                Look::Kept { .. } => None,
            })
        };
        let for_a_bundler: usize = parsed().map(|links| links.for_a_bundler).sum();
        if for_a_bundler > 0 {
            let message = format!(
                "module specifiers leave out what only a bundler adds (`./x` for `./x.js`), {for_a_bundler} in all; \
                 they stay as they are"
            );
            let hint = "publish what the bundler makes, not its sources";
            problems.push(Problem::warning(message).code(Code::BundlerSpecifier).hint(hint));
        }
        let for_a_template: usize = parsed().map(|links| links.for_a_template).sum();
        if for_a_template > 0 {
            let message = format!(
                "{for_a_template} references hold a template's placeholder (`{{{{ x }}}}`, `{{% x %}}`); they stay as they are"
            );
            problems
                .push(Problem::warning(message).hint("publish what the templates make, or leave them out by `ignore`"));
        }
        problems
    }

    /// Takes the address of every file, each after those that it refers to.
    pub(super) fn address_all(&self, looks: &[Option<Look>]) -> Result<Vec<Done>, Vec<Problem>> {
        let files = &self.site.files;
        let graph = Graph::new((0..).zip(looks).map(|(number, look)| match look {
            Some(look) if files.kind(number) == Kind::Asset => self.renamed_targets(look),
            _ => Vec::new(),
        }));
        let mut units = graph.units();
        units.retain(|unit| files.kind(unit.files[0]) != Kind::Page);
        units.sort_by_key(|unit| unit.level);
        let mut done: Vec<Option<Done>> = vec![None; looks.len()];
        for level in units.chunk_by(|one, other| one.level == other.level) {
            let addressed = all(level.par_iter().map(|unit| self.unit(unit, looks, &done)))?;
            for (number, outcome) in
                level.iter().zip(addressed).flat_map(|(unit, outcome)| unit.files.iter().copied().zip(outcome))
            {
                done[number as usize] = Some(outcome);
            }
        }
        let is_page = |number: &u32| files.kind(*number) == Kind::Page;
        let pages = self.numbers().filter(is_page);
        let pages = all(pages.map(|number| Ok((number, self.single(number, looks, &done)?))))?;
        for (number, outcome) in pages {
            done[number as usize] = Some(outcome);
        }
        Ok(done.into_iter().map(|done| done.expect("every file is a page or in a unit")).collect())
    }

    /// The files that a file refers to and that have an address in their names.
    fn renamed_targets(&self, look: &Look) -> Vec<u32> {
        match look {
            Look::Parsed(links) => links.spots.iter().map(|spot| spot.target).collect(),
            Look::Kept { targets, .. } => {
                targets.iter().copied().filter(|&target| self.site.files.has_address(target)).collect()
            }
        }
    }

    fn unit(&self, unit: &Unit, looks: &[Option<Look>], done: &[Option<Done>]) -> Result<Vec<Done>, Problem> {
        if unit.is_circle {
            self.circle(&unit.files, looks, done)
        } else {
            Ok(vec![self.single(unit.files[0], looks, done)?])
        }
    }

    /// A file whose targets have all been addressed.
    fn single(&self, number: u32, looks: &[Option<Look>], done: &[Option<Done>]) -> Result<Done, Problem> {
        let entry = self.entries[number as usize];
        let look = looks[number as usize].as_ref();
        let (address, size) = (entry.address, entry.size);
        let as_it_is = Done { address, size, edits: None, circle: None, targets: None, imports: None };
        let parsed;
        let links = match look {
            None => return Ok(as_it_is),
            Some(Look::Parsed(links)) => links,
            Some(Look::Kept { entry, of, targets, .. })
                if self.are_unchanged(targets, of, done) && !self.needs_a_map(number, targets, looks) =>
            {
                return Ok(Done::known(entry));
            }
            Some(Look::Kept { .. }) => {
                parsed = self.parse(number)?;
                &parsed
            }
        };
        let mut in_tags = self.changes_of_tags(number, links, done)?;
        in_tags.extend(self.map_in_page(number, links, looks, done)?);
        // What stands in tags and in maps has to be worked out each time: nothing else tells it.
        let targets = self.targets_to_keep(links).filter(|_| in_tags.is_empty());
        let imports = self.imports_to_keep(number, links).filter(|_| targets.is_some());
        let as_it_is = Done { targets, imports, ..as_it_is };
        if links.spots.is_empty() && in_tags.is_empty() {
            return Ok(as_it_is);
        }
        let edits = edits(&links.spots, |target| self.in_name(done, target)).and(in_tags);
        let bytes = edits.apply(&self.read(number)?);
        let address = self.sources[number as usize].addresser.address_of(&bytes);
        self.note_integrity(number, &bytes, address);
        Ok(Done { address, size: bytes.len() as u64, edits: Some(Arc::new(edits)), ..as_it_is })
    }

    /// What the next publish needs so as not to parse the file again, unless there is something to say about it again,
    /// or another file could make a difference to it.
    fn targets_to_keep(&self, links: &Links) -> Option<Vec<AssetPath>> {
        let nothing_to_say = links.findings.is_empty() && links.for_a_bundler == 0 && links.for_a_template == 0;
        let is_settled = nothing_to_say && !links.is_open;
        is_settled.then(|| links.targets.iter().map(|&target| self.site.files.path(target).clone()).collect())
    }

    /// Whether everything that a file of a known release refers to is still called what it was.
    fn are_unchanged(&self, targets: &[u32], of: &Release, done: &[Option<Done>]) -> bool {
        targets.iter().all(|&target| {
            let path = self.site.files.path(target);
            let before = of.assets.get(path).map(|before| &before.name);
            match self.site.files.kind(target) {
                Kind::Asset => before == Some(&Name::of(path, &self.in_name(done, target))),
                Kind::Tree => before == Some(&self.entries[target as usize].name),
                _ => true,
            }
        })
    }

    /// What stands in the name of a file.
    pub(super) fn in_name(&self, done: &[Option<Done>], target: u32) -> InName {
        let done = done[target as usize].as_ref().expect("what is referred to is addressed first");
        self.addressed(target, done.address)
    }

    /// What stands in the name of a file that has this address.
    fn addressed(&self, number: u32, address: Address) -> InName {
        self.site.in_name(number, InName { address, compression: self.entries[number as usize].compression })
    }

    /// Files that refer to one another, in the order of their paths.
    fn circle(&self, members: &[u32], looks: &[Option<Look>], done: &[Option<Done>]) -> Result<Vec<Done>, Problem> {
        if let Some(done) = self.kept_circle(members, looks, done) {
            return Ok(done);
        }
        let looked = |number: u32| match &looks[number as usize] {
            Some(Look::Parsed(links)) => Ok(links.clone()),
            _ => self.parse(number),
        };
        let links = members.par_iter().map(|&number| looked(number)).collect::<Result<Vec<Links>, Problem>>()?;
        let is_member = |target: u32| members.binary_search(&target).is_ok();
        let folder = common_folder(members.iter().map(|&number| self.site.files.path(number).directory()));
        let digest = |(&number, links): (&u32, &Links)| {
            let relative = |number: u32| &self.site.files.path(number).as_str()[folder.len()..];
            let outward: Vec<Spot> = links.spots.iter().copied().filter(|spot| !is_member(spot.target)).collect();
            let bytes = edits(&outward, |target| self.in_name(done, target)).apply(&self.read(number)?);
            let mut hasher = MemberHasher::new(relative(number), &self.sources[number as usize].addresser);
            hasher.bytes(&bytes);
            let mut put_in_before = 0;
            for spot in &links.spots {
                if is_member(spot.target) {
                    hasher.reference(spot.place + put_in_before, relative(spot.target));
                } else {
                    put_in_before += self.in_name(done, spot.target).to_string().len();
                }
            }
            Ok(hasher.finish())
        };
        let digests = members.par_iter().zip(&links).map(digest).collect::<Result<Vec<_>, Problem>>()?;
        let (circle, addresses) = addresses_in_circle(&digests);
        let of_member: HashMap<u32, Address> = members.iter().copied().zip(addresses.iter().copied()).collect();
        let done = members.iter().zip(&links).zip(addresses).map(|((&number, links), own)| {
            let edits = edits(&links.spots, |target| match of_member.get(&target) {
                Some(address) => self.addressed(target, *address),
                None => self.in_name(done, target),
            });
            let size = edits.size_after(self.entries[number as usize].size);
            let targets = self.targets_to_keep(links);
            let imports = self.imports_to_keep(number, links).filter(|_| targets.is_some());
            Done { address: own, size, edits: Some(Arc::new(edits)), circle: Some(circle), targets, imports }
        });
        Ok(done.collect())
    }

    /// A circle of which neither a member nor anything that it refers to has changed.
    fn kept_circle(&self, members: &[u32], looks: &[Option<Look>], done: &[Option<Done>]) -> Option<Vec<Done>> {
        let mut circle = None;
        members
            .iter()
            .map(|&number| {
                let Some(Look::Kept { entry, of, targets, .. }) = &looks[number as usize] else { return None };
                let outward = targets.iter().copied().filter(|target| members.binary_search(target).is_err());
                let same_circle = *circle.get_or_insert(entry.origin.circle?) == entry.origin.circle?;
                let unchanged = same_circle && self.are_unchanged(&outward.collect::<Vec<u32>>(), of, done);
                unchanged.then(|| Done::known(entry))
            })
            .collect()
    }
}
