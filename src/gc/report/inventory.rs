//! An S3 Inventory report: a `manifest.json` that names data files, in CSV packed with gzip, or in Parquet (the S3 user
//! guide, "Locating your inventory list"). Every file is looked for, and its MD5 taken, before the first row is.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use md5::{Digest, Md5};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::candidates::broken;
use super::error::ReportError;
use super::parquet;
use super::row::{COLUMNS, Expected, Row, Take, moment, places, truth};
use crate::store::Version;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    source_bucket: String,
    file_format: String,
    file_schema: String,
    files: Vec<DataFile>,
}

#[derive(Deserialize)]
struct DataFile {
    key: String,
    #[serde(rename = "MD5checksum")]
    md5: String,
}

/// Reads a report.
///
/// # Errors
/// It cannot be read, or is about something else.
pub(super) fn read(path: &Path, expected: &Expected, take: &mut Take<'_>) -> Result<(), ReportError> {
    if path.to_str().is_some_and(|text| text.starts_with("s3://")) {
        return Err(ReportError::Remote(path.to_owned()));
    }
    let text = std::fs::read(path).map_err(|source| ReportError::Unreadable { path: path.to_owned(), source })?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|source| ReportError::NoManifest { path: path.to_owned(), source })?;
    expected.check_bucket(path, &manifest.source_bucket)?;
    let is = |format: &str| manifest.file_format.eq_ignore_ascii_case(format);
    let columns = match () {
        () if is("parquet") => None,
        () if is("csv") => {
            let there: Vec<&str> = manifest.file_schema.split(',').collect();
            let missing = |missing| ReportError::Columns { path: path.to_owned(), missing };
            Some(places(COLUMNS, &there).map_err(missing)?)
        }
        () => return Err(ReportError::Format(manifest.file_format)),
    };
    let files: Vec<PathBuf> = manifest.files.iter().map(|file| find(path, file)).collect::<Result<_, _>>()?;
    for (found, named) in files.iter().zip(&manifest.files) {
        check(found, &named.md5)?;
    }
    let mut ours = false;
    let mut take = |version: Version| {
        ours |= version.key.as_str().starts_with(&expected.prefix);
        take(version)
    };
    for file in &files {
        let goes_on = match columns {
            Some(columns) => rows_of_csv(file, columns, expected, &mut take)?,
            None => parquet::rows(file, expected, &mut take)?,
        };
        if !goes_on {
            return Ok(());
        }
    }
    if ours { Ok(()) } else { Err(ReportError::OtherPrefix { path: path.to_owned(), prefix: expected.prefix.clone() }) }
}

/// Where a data file lies: beside the manifest, in a folder `data` there, or in one beside the manifest's folder, as S3
/// delivers it.
fn find(manifest: &Path, file: &DataFile) -> Result<PathBuf, ReportError> {
    let folder = manifest.parent().unwrap_or(Path::new(""));
    let name = file.key.rsplit('/').next().unwrap_or_default();
    let places = [folder.join(name), folder.join("data").join(name), folder.join("../data").join(name)];
    let found = places.iter().find(|place| place.is_file()).cloned();
    found.ok_or_else(|| {
        let places = places.iter().map(|place| format!("`{}`", place.display())).collect();
        ReportError::Missing { key: file.key.clone(), places }
    })
}

/// Compares a file with the MD5 that the manifest has of it.
fn check(path: &Path, expected: &str) -> Result<(), ReportError> {
    let md5 = || -> io::Result<String> {
        let (mut file, mut hasher, mut buffer) = (File::open(path)?, Md5::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
                count => hasher.update(&buffer[..count]),
            }
        }
    };
    let found = md5().map_err(|source| ReportError::Unreadable { path: path.to_owned(), source })?;
    if found.eq_ignore_ascii_case(expected) { Ok(()) } else { Err(ReportError::Changed(path.to_owned())) }
}

/// Passes the rows of a file on. Returns whether to go on.
fn rows_of_csv(
    path: &Path,
    columns: [usize; COLUMNS.len()],
    expected: &Expected,
    take: &mut Take<'_>,
) -> Result<bool, ReportError> {
    let file = File::open(path).map_err(|source| ReportError::Unreadable { path: path.to_owned(), source })?;
    let unpacked = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(unpacked);
    let (mut record, mut row) = (csv::StringRecord::new(), 0);
    loop {
        row += 1;
        if !reader.read_record(&mut record).map_err(|source| broken(path, row, &source))? {
            return Ok(true);
        }
        let [bucket, key, version, latest, marker, size, modified] =
            columns.map(|place| record.get(place).unwrap_or_default());
        expected.check_bucket(path, bucket)?;
        let found = || {
            let [current, marker] = [truth(latest)?, truth(marker)?];
            Row { version, current, marker, size, modified: moment(modified)? }.version_of(&decoded(key)?)
        };
        if !take(found().map_err(|what| ReportError::Row { path: path.to_owned(), row, what })?) {
            return Ok(false);
        }
    }
}

/// A key as it is: in CSV, and only there, S3 encodes it as in a form, where a space is a plus.
fn decoded(key: &str) -> Result<String, String> {
    let spaced = key.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(|text| text.into_owned()).map_err(|_| format!("`{key}` is not a key"))
}

#[cfg(test)]
mod tests;
