//! A row of a report as text, and the version that it stands for.

use std::path::Path;

use super::error::ReportError;
use crate::model::layout::Key;
use crate::model::timestamp::Timestamp;
use crate::store::{Version, VersionId};

/// The columns of an inventory that are needed, as its manifest spells them.
pub(super) const COLUMNS: [&str; 7] =
    ["Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "LastModifiedDate"];

/// What a report should be about.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// The site's bucket; `None` where it does not lie in one.
    pub(super) bucket: Option<String>,
    /// What the site's keys begin with.
    pub(super) prefix: String,
}

impl Expected {
    /// Refuses a report about another bucket.
    pub(super) fn check_bucket(&self, path: &Path, theirs: &str) -> Result<(), ReportError> {
        match &self.bucket {
            Some(ours) if ours != theirs => {
                Err(ReportError::OtherBucket { path: path.to_owned(), theirs: theirs.to_owned(), ours: ours.clone() })
            }
            _ => Ok(()),
        }
    }
}

/// Takes versions of a report, and says whether to go on.
pub(super) type Take<'a> = dyn FnMut(Version) -> bool + 'a;

/// Everything but the key, as it stands in a report.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) version: &'a str,
    pub(super) current: bool,
    pub(super) marker: bool,
    /// Empty for a delete marker.
    pub(super) size: &'a str,
    pub(super) modified: Timestamp,
}

impl Row<'_> {
    /// The version of `key` that this is.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn version_of(self, key: &str) -> Result<Version, String> {
        if !self.version.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("`{}` is not the id of a version", self.version));
        }
        let size = match self.size {
            "" => 0,
            text => text.parse().map_err(|_| format!("`{text}` is not a size"))?,
        };
        Ok(Version {
            key: Key::new(key),
            // What was written before the bucket kept versions has no id, or this one.
            id: VersionId(if self.version.is_empty() { "null" } else { self.version }.to_owned()),
            current: self.current,
            marker: self.marker,
            size,
            modified: self.modified,
        })
    }
}

/// The names of columns that are the same but for case and underscores: `LastModifiedDate`, `last_modified_date`.
pub(super) fn same_column(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.trim().replace('_', "").to_ascii_lowercase();
    plain(one) == plain(other)
}

/// Where each of these columns is among those that there are.
///
/// # Errors
/// All that are missing.
pub(super) fn places<const N: usize>(
    needed: [&'static str; N],
    there: &[&str],
) -> Result<[usize; N], Vec<&'static str>> {
    let place = |name: &str| there.iter().position(|other| same_column(name, other));
    let missing: Vec<&'static str> = needed.into_iter().filter(|name| place(name).is_none()).collect();
    if missing.is_empty() { Ok(needed.map(|name| place(name).expect("none is missing"))) } else { Err(missing) }
}

/// Reads `true` and `false`.
///
/// # Errors
/// It is neither.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    text.to_ascii_lowercase().parse().map_err(|_| format!("`{text}` is neither true nor false"))
}

/// Reads a time.
///
/// # Errors
/// It is none.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| format!("`{text}` is not a time such as 2026-11-22T04:00:00Z"))
}
