//! Candidates that a query has made: CSV with a head, of which the columns `key` and `version_id` are needed, `size`,
//! `is_delete_marker` and `last_modified` are taken where they are there, and all others are left.

use std::path::Path;

use super::error::ReportError;
use super::row::{Expected, Row, Take, moment, places, truth};
use crate::model::timestamp::Timestamp;

/// Reads them.
///
/// # Errors
/// The file cannot be read, or is about something else.
pub(super) fn read(path: &Path, expected: &Expected, take: &mut Take<'_>) -> Result<(), ReportError> {
    let unreadable = |source: csv::Error| broken(path, 0, &source);
    let mut reader = csv::ReaderBuilder::new().from_path(path).map_err(unreadable)?;
    let head = reader.headers().map_err(unreadable)?.clone();
    let there: Vec<&str> = head.iter().collect();
    let columns = |missing| ReportError::Columns { path: path.to_owned(), missing };
    let [key, version] = places(["key", "version_id"], &there).map_err(columns)?;
    let optional = |name| places([name], &there).ok().map(|[place]| place);
    let [size, marker, modified] = ["size", "is_delete_marker", "last_modified"].map(optional);
    let (mut record, mut row, mut ours) = (csv::StringRecord::new(), 0, false);
    loop {
        row += 1;
        if !reader.read_record(&mut record).map_err(|source| broken(path, row, &source))? {
            break;
        }
        let field = |place: usize| record.get(place).unwrap_or_default();
        let given = |place: Option<usize>| place.map(field).filter(|text| !text.is_empty());
        let found = || {
            // Whoever leaves the time out has seen to it that nothing is too young.
            let modified = given(modified).map_or(Ok(Timestamp::from_unix(0)), moment)?;
            let (marker, size) = (given(marker).map_or(Ok(false), truth)?, given(size).unwrap_or_default());
            Row { version: field(version), current: false, marker, size, modified }.version_of(field(key))
        };
        let found = found().map_err(|what| ReportError::Row { path: path.to_owned(), row, what })?;
        ours |= found.key.as_str().starts_with(&expected.prefix);
        if !take(found) {
            return Ok(());
        }
    }
    if row > 1 && !ours {
        return Err(ReportError::OtherPrefix { path: path.to_owned(), prefix: expected.prefix.clone() });
    }
    Ok(())
}

/// Tells a file that cannot be read from one that cannot be understood.
pub(super) fn broken(path: &Path, row: u64, error: &csv::Error) -> ReportError {
    let path = path.to_owned();
    match error.kind() {
        csv::ErrorKind::Io(source) => {
            ReportError::Unreadable { path, source: std::io::Error::new(source.kind(), source.to_string()) }
        }
        _ => ReportError::Row { path, row, what: error.to_string() },
    }
}
