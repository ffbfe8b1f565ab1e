//! The integrity values of scripts and styles.

use std::collections::HashMap;

use rayon::prelude::*;

use super::source::Sources;
use crate::error::FILE_CHANGED;
use crate::event::Problem;
use crate::model::address::Address;
use crate::model::layout::Name;
use crate::model::release::{Entry, Integrity, Release};
use crate::prepare::integrity::{integrity_of, is_checked};

/// Completes a release with the integrity values of its scripts and styles, as far as it has none yet. What `known` releases say of the same
/// address is taken over; the other files are read.
///
/// # Errors
/// Every file that cannot be read any more, or has changed since its address was taken.
pub fn add_integrity(release: &mut Release, sources: &Sources, known: &[&Release]) -> Result<(), Vec<Problem>> {
    let known: HashMap<(&Name, Address), &Integrity> = known
        .iter()
        .flat_map(|release| release.entries())
        .filter_map(|(_, entry)| Some(((&entry.name, entry.address), entry.integrity.as_ref()?)))
        .collect();
    let entries: Vec<&mut Entry> = release.assets.values_mut().chain(release.pages.values_mut()).collect();
    let checked = entries.into_par_iter().filter(|entry| is_checked(&entry.headers));
    let problems: Vec<Problem> = checked
        .filter(|entry| entry.integrity.is_none())
        .filter_map(|entry| {
            if let Some(integrity) = known.get(&(&entry.name, entry.address)) {
                entry.integrity = Some((*integrity).clone());
                return None;
            }
            let source = &sources[&entry.name];
            match source.read() {
                Ok(bytes) => entry.integrity = Some(integrity_of(&bytes)),
                Err(error) => {
                    return Some(
                        Problem::error(format!("cannot be read: {error}")).in_file(&source.file).hint(FILE_CHANGED),
                    );
                }
            }
            None
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
