//! From files with their addresses to a release, as if no file referred to another.

use std::collections::HashSet;

use super::source::{Rewriting, Source, Sources};
use super::taken::{Made, One, Taken, take};
use super::tree::File;
use crate::event::{Code, Problem};
use crate::model::layout::{InName, Layout, Name};
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Origin, Release};
use crate::prepare::files::Trees;
use crate::prepare::rules::{Kind, Rules};

/// The files as they are in the source folders.
#[derive(Debug)]
pub struct Collected {
    /// What would be published if no file referred to another.
    pub release: Release,
    /// Where the bytes of each of its objects come from.
    pub sources: Sources,
    /// Files that the rules leave out.
    pub excluded: HashSet<AssetPath>,
    /// Folders that are published whole.
    pub trees: Trees,
    /// How the import map of the site is served, if one is made.
    pub import_map: Option<Made>,
    /// What was suspicious about bundlers' manifests and trees.
    pub warnings: Vec<Problem>,
}

/// Takes the address of every file, and collects what a release is made of. `files` are sorted by path.
///
/// # Errors
/// As [`take`] and [`Taken::collect`].
pub fn read(files: Vec<File>, rules: &Rules, layout: &Layout, generation: u64) -> Result<Collected, Vec<Problem>> {
    take(files, rules, generation)?.collect(layout)
}

impl Taken {
    /// Collects what a release is made of.
    ///
    /// # Errors
    /// Every file that cannot be read, or cannot lie where it would have to.
    pub fn collect(mut self, layout: &Layout) -> Result<Collected, Vec<Problem>> {
        let mut problems = std::mem::take(&mut self.problems);
        let files = std::mem::take(&mut self.files);
        let mut sources = Sources::with_capacity(files.len());
        let (mut assets, mut pages) = (Vec::with_capacity(files.len()), Vec::new());
        for one in files {
            match self.entry(&one, layout) {
                Err(problem) => problems.push(problem.code(Code::Unpublishable).in_file(&one.file.file)),
                Ok(entry) => {
                    let (is_page, addresser) = (one.kind() == Kind::Page, one.addresser().clone());
                    let One { file: File { path, file }, size, address, .. } = one;
                    let source = Source { file, size, address, addresser, rewriting: Rewriting::Nothing };
                    sources.insert(entry.name.clone(), source);
                    if is_page { &mut pages } else { &mut assets }.push((path, entry));
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let (assets, pages) = (assets.into_iter().collect(), pages.into_iter().collect());
        let release = Release { assets, pages, ..Release::default() };
        let Self { excluded, trees, import_map, warnings, .. } = self;
        Ok(Collected { release, sources, excluded, trees, import_map, warnings })
    }

    fn entry(&self, one: &One, layout: &Layout) -> Result<Entry, Problem> {
        let (path, address, compression) = (&one.file.path, one.address, one.compression());
        let own = matches!(one.kind(), Kind::Page | Kind::Sealed).then(|| Name::sealed(path));
        if let Some(why) = own.as_ref().and_then(|own| layout.reserved(own)) {
            let hint = "a rule with `kind = \"asset\"` publishes it under its address";
            return Err(Problem::error(format!("cannot be published under its own name: {why}")).hint(hint));
        }
        let name = match (one.kind(), own) {
            (Kind::Sealed, Some(own)) => own,
            (Kind::Tree, _) => self.name_in_tree(path),
            _ => Name::of(path, &InName { address, compression }),
        };
        let (size, headers, sealed) = (one.size, one.headers().clone(), one.kind() == Kind::Sealed);
        let origin = Origin::default();
        let entry = Entry { name, size, address, headers, integrity: None, sealed, compression, origin };
        let too_long = entry.stored().find_map(|stored| layout.too_long(&stored.name));
        too_long.map_or(Ok(entry), |message| Err(Problem::error(message)))
    }
}
