use std::io::Write;
use std::sync::Arc;

use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::model::timestamp::Timestamp;

const SCHEMA: &str = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag";
const PARQUET: &str = "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8);
    optional binary version_id (UTF8); optional boolean is_latest; optional boolean is_delete_marker;
    optional int64 size; optional int64 last_modified_date (TIMESTAMP_MILLIS); optional binary e_tag (UTF8); }";

/// A report as S3 delivers it: `2026-11-22T01-00Z/manifest.json`, and data files in `data`.
struct Report {
    folder: TempDir,
    files: Vec<(String, String)>,
}

impl Report {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("data")).expect("a folder");
        std::fs::create_dir_all(folder.path().join("2026-11-22T01-00Z")).expect("a folder");
        Self { folder, files: Vec::new() }
    }

    fn add(&mut self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join("data").join(name), bytes).expect("a file");
        let md5: String = Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        self.files.push((format!("reports/site/all/data/{name}"), md5));
    }

    fn add_csv(&mut self, name: &str, rows: &str) {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(rows.as_bytes()).expect("memory");
        self.add(name, &packed.finish().expect("memory"));
    }

    fn manifest(&self, format: &str, schema: &str) -> PathBuf {
        let files: Vec<_> =
            self.files.iter().map(|(key, md5)| json!({ "key": key, "size": 1, "MD5checksum": md5 })).collect();
        let manifest = json!({
            "sourceBucket": "site", "destinationBucket": "arn:aws:s3:::reports", "version": "2016-11-30",
            "creationTimestamp": "1795309200000", "fileFormat": format, "fileSchema": schema, "files": files,
        });
        let path = self.folder.path().join("2026-11-22T01-00Z/manifest.json");
        std::fs::write(&path, manifest.to_string()).expect("a file");
        path
    }
}

fn rows(manifest: &Path) -> Result<Vec<Version>, ReportError> {
    let expected = Expected { bucket: Some("site".to_owned()), prefix: "static/".to_owned() };
    let mut found = Vec::new();
    read(manifest, &expected, &mut |version| {
        found.push(version);
        true
    })?;
    Ok(found)
}

fn row(key: &str, rest: &str) -> String {
    format!("\"site\",\"{key}\",{rest},\"etag\"\n")
}

const PLAIN: &str = r#""v1","true","false","12","2026-11-20T04:00:00.000Z""#;

#[test]
fn every_file_of_a_report_in_csv_is_read() {
    let mut report = Report::new();
    report.add_csv("1.csv.gz", &(row("static/a.js", PLAIN) + &row("other/x%2By+z%E2%8A%97%25.js", PLAIN)));
    let gone = r#""","false","true","","2026-11-21T04:00:00.123Z""#;
    report.add_csv("2.csv.gz", &row("static/gone.js", gone));
    let found = rows(&report.manifest("CSV", SCHEMA)).expect("a report");
    let keys: Vec<&str> = found.iter().map(|version| version.key.as_str()).collect();
    assert_eq!(keys, ["static/a.js", "other/x+y z\u{2297}%.js", "static/gone.js"]);
    let modified = Timestamp::parse("2026-11-20T04:00:00Z").expect("a time");
    let (key, id) = (found[0].key.clone(), crate::store::VersionId("v1".to_owned()));
    assert_eq!(found[0], Version { key, id, current: true, marker: false, size: 12, modified });
    assert!(found[2].marker && !found[2].current && found[2].size == 0 && found[2].id.0 == "null", "{:?}", found[2]);
}

#[test]
fn a_report_in_parquet_is_read_as_s3_writes_it() {
    let schema = Arc::new(parse_message_type(PARQUET).expect("a schema"));
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).expect("memory");
    let mut group = file.next_row_group().expect("memory");
    let texts = |texts: [&str; 2]| texts.map(|text| ByteArray::from(text.as_bytes().to_vec()));
    for (column, texts) in [(0, texts(["site"; 2])), (1, texts(["static/a+b.js", "static/b.js"]))] {
        let mut writer = group.next_column().expect("memory").unwrap_or_else(|| panic!("column {column}"));
        writer.typed::<ByteArrayType>().write_batch(&texts, None, None).expect("memory");
        writer.close().expect("memory");
    }
    let mut writer = group.next_column().expect("memory").expect("version_id");
    writer.typed::<ByteArrayType>().write_batch(&texts(["v1", ""])[..1], Some(&[1, 0]), None).expect("memory");
    writer.close().expect("memory");
    for flags in [[true, false], [false, true]] {
        let mut writer = group.next_column().expect("memory").expect("a flag");
        writer.typed::<BoolType>().write_batch(&flags, Some(&[1, 1]), None).expect("memory");
        writer.close().expect("memory");
    }
    for numbers in [[12, 0], [1_795_147_200_123, 1_795_147_200_123]] {
        let mut writer = group.next_column().expect("memory").expect("a number");
        writer.typed::<Int64Type>().write_batch(&numbers, Some(&[1, 1]), None).expect("memory");
        writer.close().expect("memory");
    }
    let mut writer = group.next_column().expect("memory").expect("e_tag");
    writer.typed::<ByteArrayType>().write_batch(&[], Some(&[0, 0]), None).expect("memory");
    writer.close().expect("memory");
    group.close().expect("memory");
    let mut report = Report::new();
    report.add("1.parquet", &file.into_inner().expect("memory"));
    let found = rows(&report.manifest("Parquet", PARQUET)).expect("a report");
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].key.as_str(), &*found[0].id.0, found[0].size), ("static/a+b.js", "v1", 12));
    assert_eq!((found[0].current, found[0].marker, found[0].modified.as_unix()), (true, false, 1_795_147_200));
    assert_eq!((&*found[1].id.0, found[1].current, found[1].marker), ("null", false, true));
}

#[test]
fn what_is_missing_is_named_at_once() {
    let mut report = Report::new();
    report.add_csv("1.csv.gz", &row("static/a.js", PLAIN));
    let error = rows(&report.manifest("CSV", "Bucket, Key, Size")).expect_err("columns are missing").to_string();
    assert!(error.ends_with(": VersionId, IsLatest, IsDeleteMarker, LastModifiedDate"), "{error}");
    let error = rows(&report.manifest("ORC", SCHEMA)).expect_err("another format").to_string();
    assert!(error.contains("ORC"), "{error}");
    let schema = "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); }";
    let parquet = Arc::new(parse_message_type(schema).expect("a schema"));
    let empty = SerializedFileWriter::new(Vec::new(), parquet, Arc::default()).expect("memory").into_inner();
    let mut report = Report::new();
    report.add("1.parquet", &empty.expect("memory"));
    let error = rows(&report.manifest("Parquet", schema)).expect_err("columns are missing").to_string();
    assert!(error.ends_with(": VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate"), "{error}");
}

#[test]
fn a_report_of_something_else_is_refused() {
    let check = |rows_of: &str, change: fn(&mut Report), expected: &str| {
        let mut report = Report::new();
        report.add_csv("1.csv.gz", rows_of);
        change(&mut report);
        let error = rows(&report.manifest("CSV", SCHEMA)).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    };
    let site = row("static/a.js", PLAIN);
    check(&site.replace("\"site\"", "\"other\""), |_| {}, "about the bucket `other`, and the site lies in `site`");
    check(&row("stat/a.js", PLAIN), |_| {}, "names nothing below `static/`");
    check("", |_| {}, "names nothing below `static/`");
    check(&site, |report| report.files[0].1 = "0".repeat(32), "another MD5");
    check(&site, |report| report.files[0].0 = "reports/site/data/2.csv.gz".to_owned(), "reports/site/data/2.csv.gz");
    check(&site.replace("2026-11-20", "yesterday"), |_| {}, "row 1: `yesterdayT04:00:00.000Z` is not a time");
    check(&(site.clone() + &site.replace("\"v1\"", "\"v\t1\"")), |_| {}, "row 2: `v\t1` is not the id of a version");
    check(&site.replace("\"true\"", "\"yes\""), |_| {}, "row 1: `yes` is neither true nor false");
    let error = rows(Path::new("s3://reports/x/manifest.json")).expect_err("it lies in a bucket");
    assert!(error.to_string().contains("lies in a bucket"), "{error}");
}
