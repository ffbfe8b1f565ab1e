//! The Parquet files of an inventory, by the row interface of the `parquet` crate: one row at a time, and of each only
//! the columns that are needed.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;

use super::error::ReportError;
use super::row::{COLUMNS, Expected, Row, Take, places};
use crate::model::timestamp::Timestamp;

/// Passes the rows of a file on. Returns whether to go on.
///
/// # Errors
/// The file cannot be read, lacks columns, or is about another bucket.
pub(super) fn rows(path: &Path, expected: &Expected, take: &mut Take<'_>) -> Result<bool, ReportError> {
    let broken = |source: ParquetError| ReportError::Parquet { path: path.to_owned(), source };
    let file = File::open(path).map_err(|source| ReportError::Unreadable { path: path.to_owned(), source })?;
    let reader = SerializedFileReader::new(file).map_err(broken)?;
    let schema = reader.metadata().file_metadata().schema();
    let there: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
    let missing = |missing| ReportError::Columns { path: path.to_owned(), missing };
    let columns = places(COLUMNS, &there).map_err(missing)?;
    let fields = columns.map(|place| Arc::clone(&schema.get_fields()[place])).to_vec();
    let projection = Type::group_type_builder(schema.name()).with_fields(fields).build().map_err(broken)?;
    for (number, row) in (1..).zip(reader.get_row_iter(Some(projection)).map_err(broken)?) {
        let row = row.map_err(broken)?;
        let fields: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
        let [bucket, key, version, latest, marker, size, modified] = fields[..] else {
            let what = "it has fewer fields than the file has columns".to_owned();
            return Err(ReportError::Row { path: path.to_owned(), row: number, what });
        };
        let bad = |what| ReportError::Row { path: path.to_owned(), row: number, what };
        expected.check_bucket(path, text(bucket).map_err(bad)?)?;
        let found = || {
            let (current, marker, size) = (truth(latest)?, truth(marker)?, length(size)?);
            Row { version: text(version)?, current, marker, size: &size, modified: moment(modified)? }
                .version_of(text(key)?)
        };
        if !take(found().map_err(bad)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn text(field: &Field) -> Result<&str, String> {
    match field {
        Field::Str(text) => Ok(text),
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).map_err(|_| format!("`{field}` is not text")),
        Field::Null => Ok(""),
        _ => Err(format!("`{field}` is not text")),
    }
}

fn truth(field: &Field) -> Result<bool, String> {
    match field {
        Field::Bool(value) => Ok(*value),
        _ => Err(format!("`{field}` is neither true nor false")),
    }
}

/// The length as text; none where the version is a delete marker.
fn length(field: &Field) -> Result<String, String> {
    match field {
        Field::Long(size) => Ok(size.to_string()),
        Field::Null => Ok(String::new()),
        _ => Err(format!("`{field}` is not a size")),
    }
}

fn moment(field: &Field) -> Result<Timestamp, String> {
    match field {
        Field::TimestampMillis(millis) => Ok(Timestamp::from_unix(millis.div_euclid(1000))),
        Field::TimestampMicros(micros) => Ok(Timestamp::from_unix(micros.div_euclid(1_000_000))),
        _ => Err(format!("`{field}` is not a time")),
    }
}
