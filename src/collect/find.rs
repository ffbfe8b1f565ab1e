//! What the files refer to, as `rewrite` sees it, without anything being rewritten or addressed anew.

use std::sync::Arc;

use super::address::{Look, Site, Work};
use super::read::Collected;
use crate::event::Problem;
use crate::prepare::references::References;

/// What was found of the references of all files.
#[derive(Debug)]
pub struct Found {
    /// How many there are, wherever they lead.
    pub references: usize,
    /// How many of them lead to a file of the site.
    pub resolved: usize,
    /// What there is to say about the others, errors and warnings, in the order of the files.
    pub problems: Vec<Problem>,
}

/// Finds the references of all files.
///
/// # Errors
/// Every file that cannot be read any more, or has changed meanwhile.
pub fn find(collected: Collected, references: &Arc<References>) -> Result<Found, Vec<Problem>> {
    let Collected { release, sources, excluded, trees, warnings: mut problems, .. } = collected;
    let site = Site::new(&release, excluded, trees, references);
    let work = Work::new(&site, &release, &sources, &[]);
    let looks = work.look_at_all(|_, _, _| {})?;
    let parsed = looks.iter().filter_map(|look| match look {
        Some(Look::Parsed(links)) => Some((links.references, links.resolved)),
        _ => None,
    });
    let (references, resolved) = parsed.fold((0, 0), |(all, some), (more, led)| (all + more, some + led));
    problems.extend(work.problems(&looks));
    Ok(Found { references, resolved, problems })
}
