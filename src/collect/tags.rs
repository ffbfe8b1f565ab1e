//! The integrity values that stand in a page's tags: a browser refuses a file that has not the bytes they promise, so
//! they follow what is rewritten. On request, tags get one that have none.

use std::sync::Arc;

use super::address::{Done, Work, edits};
use crate::event::Problem;
use crate::model::address::Address;
use crate::model::release::{Entry, Integrity};
use crate::prepare::integrity::{integrity_of, is_checked};
use crate::prepare::links::{Checkable, Links};
use crate::prepare::rules::Kind;
use crate::prepare::splice::Edit;

impl Work<'_> {
    /// What is to be changed in the tags of a file whose targets have all been addressed.
    ///
    /// # Errors
    /// A target that cannot be read any more, or has changed.
    pub(super) fn changes_of_tags(
        &self,
        number: u32,
        links: &Links,
        done: &[Option<Done>],
    ) -> Result<Vec<Edit>, Problem> {
        if matches!(self.site.files.kind(number), Kind::Sealed | Kind::Tree) {
            return Ok(Vec::new());
        }
        let changes = links.checkable.iter().filter_map(|checkable| self.change(checkable, done).transpose());
        changes.collect()
    }

    fn change(&self, checkable: &Checkable, done: &[Option<Done>]) -> Result<Option<Edit>, Problem> {
        let (target, tag) = (checkable.target, &checkable.tag);
        // Pages can change under their names at any time, and are addressed last.
        let Some(of_target) = done[target as usize].as_ref() else { return Ok(None) };
        let is_rewritten = of_target.address != self.entries[target as usize].address;
        let value = || self.integrity(target, of_target, done);
        Ok(match &tag.integrity {
            Some(range) if is_rewritten && !range.is_empty() => {
                Some(Edit { range: range.clone(), text: value()?.as_str().into() })
            }
            None if self.site.references.integrity => {
                let crossorigin = if tag.has_crossorigin { "" } else { " crossorigin=\"anonymous\"" };
                let text = format!(" integrity=\"{}\"{crossorigin}", value()?.as_str());
                Some(Edit { range: tag.end..tag.end, text: text.into() })
            }
            _ => None,
        })
    }

    /// The integrity value of a file as it is served; taken once, however many pages load it.
    pub(super) fn integrity(
        &self,
        target: u32,
        of_target: &Done,
        done: &[Option<Done>],
    ) -> Result<&Integrity, Problem> {
        let kept = &self.integrities[target as usize];
        if let Some(integrity) = kept.get() {
            return Ok(integrity);
        }
        if let Some(known) = self.known_integrity(target, of_target.address) {
            return Ok(kept.get_or_init(|| known.clone()));
        }
        let mut bytes = self.read(target)?;
        if of_target.address != self.entries[target as usize].address {
            let changes = match &of_target.edits {
                Some(changes) => changes.clone(),
                None => Arc::new(edits(&self.site.links(target, &bytes).spots, |target| self.in_name(done, target))),
            };
            bytes = changes.apply(&bytes);
        }
        Ok(kept.get_or_init(|| integrity_of(&bytes)))
    }

    /// Takes the integrity value of a file whose bytes, as they are served, are at hand; unless none is asked for, or a
    /// known release has it.
    pub(super) fn note_integrity(&self, number: u32, bytes: &[u8], address: Address) {
        if is_checked(&self.entries[number as usize].headers) && self.known_integrity(number, address).is_none() {
            self.integrities[number as usize].get_or_init(|| integrity_of(bytes));
        }
    }

    fn known_integrity(&self, number: u32, address: Address) -> Option<&Integrity> {
        let path = self.site.files.path(number);
        let same = |entry: &&Entry| entry.address == address;
        self.known.iter().filter_map(|of| of.assets.get(path).filter(same)?.integrity.as_ref()).next()
    }
}
