//! From files as they are to files as they are served: every reference gets the address of what it names, and every
//! file the address of what it then is.
//!
//! What is referred to comes first. Files that refer to one another in a circle are addressed together; pages come
//! last, for nothing is renamed on account of them. A file of which an earlier release tells that neither it nor
//! anything it refers to has changed is not parsed again.

use std::path::PathBuf;
use std::sync::Arc;

use super::address::{Site, Work, edits};
use super::read::Collected;
use super::source::{FindEdits, Rewriting, Source, Sources};
use super::taken::Made;
use crate::event::{Level, Problem};
use crate::model::layout::{InName, Name};
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Origin, Release};
use crate::prepare::integrity::is_checked;
use crate::prepare::references::References;
use crate::prepare::splice::Edits;

/// A release, but for its integrity values, and where its bytes are.
#[derive(Debug)]
pub struct Prepared {
    /// What is to be published.
    pub release: Release,
    /// Where the bytes of each of its objects come from.
    pub sources: Sources,
    /// What was suspicious about the references.
    pub warnings: Vec<Problem>,
}

/// Rewrites the references of all files. `known` are releases that were made with the same settings.
///
/// # Errors
/// Files that cannot be read any more or have changed meanwhile; references that must not lead nowhere, with the
/// warnings about the others.
pub fn rewrite(
    collected: Collected,
    references: &Arc<References>,
    known: &[&Release],
) -> Result<Prepared, Vec<Problem>> {
    let Collected { mut release, mut sources, excluded, trees, import_map, warnings: mut problems, .. } = collected;
    let site = Arc::new(Site::new(&release, excluded, trees, references));
    // A reference to a folder leads elsewhere once that folder is a tree, or is none any more.
    let has_settings = |known: &&Release| known.rewriting == release.rewriting && known.trees() == release.trees();
    let known: Vec<&Release> = known.iter().copied().filter(has_settings).collect();
    let mut work = Work::new(&site, &release, &sources, &known);
    let mut looks = work.look_at_all(|number, links, bytes| {
        if links.spots.is_empty() && links.specifiers.is_empty() {
            // Nothing will be changed in it.
            work.note_integrity(number, bytes, work.entries[number as usize].address);
        }
    })?;
    problems.extend(work.problems(&looks));
    if problems.iter().any(|problem| problem.level == Level::Error) {
        return Err(problems);
    }
    work.settle_workers(&mut looks)?;
    let done = work.address_all(&looks)?;
    let import_map = match import_map {
        Some(made) => Some((work.map_of_site(&looks, &done)?, made)),
        None => None,
    };
    drop(looks);
    let integrities = std::mem::take(&mut work.integrities);

    let entries = release.entries().map(|(_, entry)| entry.compression);
    let own = done.iter().zip(entries).map(|(done, compression)| InName { address: done.address, compression });
    let in_names = (0..).zip(own).map(|(number, own)| site.in_name(number, own)).collect();
    let names = Arc::new(Names { site: site.clone(), in_names });
    let entries = release.assets.iter_mut().chain(&mut release.pages);
    for (((number, (path, entry)), done), integrity) in (0..).zip(entries).zip(done).zip(integrities) {
        entry.integrity = integrity.into_inner().filter(|_| is_checked(&entry.headers));
        if done.address != entry.address {
            let mut source = sources.remove(&entry.name).expect("every file has a source");
            source.rewriting = match done.edits {
                Some(edits) => Rewriting::Known(edits),
                None => Rewriting::Later(Arc::new(Again { names: names.clone(), number })),
            };
            entry.origin.source = Some(entry.address);
            (entry.address, entry.size) = (done.address, done.size);
            entry.name = Name::of(path, &InName { address: entry.address, compression: entry.compression });
            sources.insert(entry.name.clone(), source);
        }
        entry.origin.circle = done.circle;
        entry.origin.targets = done.targets;
        entry.origin.imports = done.imports;
    }
    if let Some((bytes, made)) = import_map {
        let (path, entry, source) = put_in(bytes, made);
        sources.insert(entry.name.clone(), source);
        release.assets.insert(path, entry);
    }
    Ok(Prepared { release, sources, warnings: problems })
}

/// A file of the release that is not in the source folders.
fn put_in(bytes: Vec<u8>, Made { path, headers, addresser }: Made) -> (AssetPath, Entry, Source) {
    let (address, size) = (addresser.address_of(&bytes), bytes.len() as u64);
    let (integrity, sealed, compression, origin) = (None, false, None, Origin::default());
    let name = Name::addressed(&path, &address);
    let entry = Entry { name, size, address, headers, integrity, sealed, compression, origin };
    let file = PathBuf::from(path.as_str());
    (path, entry, Source { file, size, address, addresser, rewriting: Rewriting::Made(bytes.into()) })
}

/// The site once every name is known.
#[derive(Debug)]
struct Names {
    site: Arc<Site>,
    /// What stands in the names of the files.
    in_names: Vec<InName>,
}

/// What is to be changed in a file that was not parsed, because an earlier release told what comes of it.
#[derive(Debug)]
struct Again {
    names: Arc<Names>,
    number: u32,
}

impl FindEdits for Again {
    fn edits(&self, bytes: &[u8]) -> Edits {
        let links = self.names.site.links(self.number, bytes);
        edits(&links.spots, |target| self.names.in_names[target as usize])
    }
}

#[cfg(test)]
mod tests;
