//! Import maps: one of the whole site, and where module specifiers stay as they are, one in each page that loads
//! modules. Pages come last, so every address that a map holds is known by then.

use std::collections::{BTreeSet, HashSet};

use rayon::prelude::*;

use super::address::{Done, Look, Work, all};
use crate::event::Problem;
use crate::model::layout::Name;
use crate::model::path::AssetPath;
use crate::prepare::import_map::Entries;
use crate::prepare::integrity::is_checked;
use crate::prepare::links::Links;
use crate::prepare::rules::Kind;
use crate::prepare::splice::Edit;
use crate::refs::format::Format;

impl<'a> Look<'a> {
    /// The files that it refers to, and those that it names by specifiers which stay as they are.
    fn leads(&self) -> (&[u32], &[u32]) {
        match self {
            Self::Parsed(links) => (&links.targets, &links.imports),
            Self::Kept { targets, imports, .. } => (targets, imports.as_deref().unwrap_or_default()),
        }
    }
}

impl<'a> Work<'a> {
    fn is_script(&self, number: u32) -> bool {
        matches!(Format::of(self.site.files.path(number)), Some(Format::Script | Format::Module))
    }

    /// Whether pages, and nothing else, are what a file of this format is once it is loaded.
    fn takes_a_map(&self, number: u32) -> bool {
        let format = Format::of(self.site.files.path(number));
        format == Some(Format::Html) && self.site.files.kind(number) == Kind::Page
    }

    /// Finds the scripts that may run where no import map applies: what scripts name by anything else than a module
    /// specifier is a worker more often than not, and a drawing or a page that is an asset gets no map. Their specifiers
    /// are rewritten, and so are those of every script that they load.
    ///
    /// # Errors
    /// Every file that has to be parsed again on account of this, and cannot be read any more or has changed.
    pub(super) fn settle_workers(&self, looks: &mut [Option<Look<'a>>]) -> Result<(), Vec<Problem>> {
        if !self.site.references.is_mapped() {
            return Ok(());
        }
        let workers = loop {
            let workers = self.workers(looks);
            // What was rewritten before and is not now, or the other way round.
            let is_stale = |number: &u32| match &looks[*number as usize] {
                Some(Look::Kept { imports, .. }) => {
                    self.keeps_specifiers(*number) && imports.is_some() == workers.contains(number)
                }
                _ => false,
            };
            let stale: Vec<u32> = (0..looks.len() as u32).filter(is_stale).collect();
            if stale.is_empty() {
                break workers;
            }
            for (number, links) in all(stale.par_iter().map(|&number| Ok((number, self.parse(number)?))))? {
                looks[number as usize] = Some(Look::Parsed(links));
            }
        };
        for &number in &workers {
            if let Some(Look::Parsed(links)) = &mut looks[number as usize] {
                links.rewrite_specifiers();
            }
        }
        self.site.workers.get_or_init(|| workers);
        Ok(())
    }

    /// Whether the specifiers of a file stay as they are, unless it is a worker's.
    fn keeps_specifiers(&self, number: u32) -> bool {
        self.is_script(number) && self.site.files.kind(number) != Kind::Page
    }

    fn workers(&self, looks: &[Option<Look<'_>>]) -> HashSet<u32> {
        let scripts = |targets: &[u32]| -> Vec<u32> {
            targets.iter().copied().filter(|&target| self.is_script(target)).collect()
        };
        let mut next = Vec::new();
        for (number, look) in (0..).zip(looks) {
            let format = Format::of(self.site.files.path(number));
            let runs_scripts = matches!(format, Some(Format::Script | Format::Module | Format::Html | Format::Svg));
            let Some(look) = look.as_ref().filter(|_| runs_scripts && !self.takes_a_map(number)) else { continue };
            // Where all were rewritten, nobody can tell specifiers from the rest. If it is a worker's, it need not be told.
            let is_unclear = matches!(look, Look::Kept { imports: None, .. }) && self.keeps_specifiers(number);
            if !is_unclear {
                next.extend(scripts(look.leads().0));
            }
        }
        let mut workers = HashSet::new();
        while let Some(number) = next.pop() {
            if workers.insert(number)
                && let Some(look) = &looks[number as usize]
            {
                let (targets, imports) = look.leads();
                next.extend(scripts(targets));
                next.extend(scripts(imports));
            }
        }
        workers
    }

    /// What the next publish needs to know of a file's specifiers; `None` where they are rewritten.
    pub(super) fn imports_to_keep(&self, number: u32, links: &Links) -> Option<Vec<AssetPath>> {
        let is_worker = self.site.workers.get()?.contains(&number);
        let stay = self.keeps_specifiers(number) && !is_worker;
        stay.then(|| links.imports.iter().map(|&import| self.site.files.path(import).clone()).collect())
    }

    /// Whether a file is a page that loads modules by what these targets load.
    pub(super) fn needs_a_map(&self, number: u32, targets: &[u32], looks: &[Option<Look<'_>>]) -> bool {
        self.site.references.is_mapped() && self.takes_a_map(number) && !self.mapped(targets, &[], looks).is_empty()
    }

    /// The modules that are asked for by specifiers which stay as they are, once a page has loaded these files.
    fn mapped(&self, targets: &[u32], imports: &[u32], looks: &[Option<Look<'_>>]) -> BTreeSet<u32> {
        let mut mapped: BTreeSet<u32> = imports.iter().copied().collect();
        let mut next: Vec<u32> = [targets, imports].concat();
        let mut seen = HashSet::new();
        while let Some(number) = next.pop() {
            if self.is_script(number)
                && seen.insert(number)
                && let Some(look) = &looks[number as usize]
            {
                let (targets, imports) = look.leads();
                mapped.extend(imports);
                next.extend(targets);
                next.extend(imports);
            }
        }
        mapped
    }

    /// What is put into a page so that the modules that it loads find one another.
    ///
    /// # Errors
    /// A module that cannot be read any more, or has changed.
    pub(super) fn map_in_page(
        &self,
        number: u32,
        links: &Links,
        looks: &[Option<Look<'_>>],
        done: &[Option<Done>],
    ) -> Result<Vec<Edit>, Problem> {
        if !self.site.references.is_mapped() || !self.takes_a_map(number) {
            return Ok(Vec::new());
        }
        let mapped: Vec<u32> = self.mapped(&links.targets, &links.imports, looks).into_iter().collect();
        if mapped.is_empty() {
            return Ok(Vec::new());
        }
        let entries = mapped.iter().map(|&number| {
            let own = done[number as usize].as_ref().expect("pages are addressed last");
            self.entry(number, own, done, self.site.references.integrity)
        });
        Ok(entries.collect::<Result<Entries, Problem>>()?.put_into(&links.map))
    }

    /// The import map of the site: every script, and whatever else is asked for by a specifier that stays as it is.
    ///
    /// # Errors
    /// Every module that cannot be read any more, or has changed.
    pub(super) fn map_of_site(&self, looks: &[Option<Look<'_>>], done: &[Done]) -> Result<Vec<u8>, Vec<Problem>> {
        let scripts = (0..looks.len() as u32).filter(|&number| self.is_script(number));
        let with_address = scripts.filter(|&number| self.site.files.has_address(number));
        let imports = looks.iter().flatten().flat_map(|look| look.leads().1.iter().copied());
        let numbers: BTreeSet<u32> = with_address.chain(imports).collect();
        let done: Vec<Option<Done>> = done.iter().cloned().map(Some).collect();
        let entry = |&number: &u32| {
            let own = done[number as usize].as_ref().expect("every file is done");
            self.entry(number, own, &done, true)
        };
        let numbers: Vec<u32> = numbers.into_iter().collect();
        let entries = all(numbers.par_iter().map(entry))?;
        Ok(entries.into_iter().collect::<Entries>().to_string().into_bytes())
    }

    /// A module's URL as it is asked for, the one that it has, and its hash.
    fn entry(
        &self,
        number: u32,
        own: &Done,
        done: &[Option<Done>],
        with_hash: bool,
    ) -> Result<(String, String, Option<String>), Problem> {
        let (path, entry) = (self.site.files.path(number), self.entries[number as usize]);
        let name = match self.site.files.kind(number) {
            Kind::Tree => entry.name.clone(),
            _ => Name::addressed(path, &own.address),
        };
        let url = |name: &Name| format!("{}{}", self.site.references.own, name.in_url());
        let hash = if with_hash && is_checked(&entry.headers) {
            Some(self.integrity(number, own, done)?.as_str().to_owned())
        } else {
            None
        };
        Ok((url(&Name::sealed(path)), url(&name), hash))
    }
}
