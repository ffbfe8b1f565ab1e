"""Makes of a folder with `rows.csv` and `releases/` what S3 Inventory would deliver, and what the docs' query finds.

    inventory.py FOLDER SQL

`rows.csv` has a row for each version of a bucket. Written are `parquet/` and `csv/`, each a report of two data files,
and `candidates.csv`.
"""

import csv
import gzip
import hashlib
import json
import pathlib
import sys
import urllib.parse

import duckdb

COLUMNS = {
    "Bucket": "VARCHAR",
    "Key": "VARCHAR",
    "VersionId": "VARCHAR",
    "IsLatest": "BOOLEAN",
    "IsDeleteMarker": "BOOLEAN",
    "Size": "BIGINT",
    "LastModifiedDate": "TIMESTAMP",
}
SNAKE = ["bucket", "key", "version_id", "is_latest", "is_delete_marker", "size", "last_modified_date"]


def manifest(folder: pathlib.Path, form: str, schema: str) -> None:
    """Beside a folder `data`, a folder named by the time, as S3 has it."""
    files = [
        {
            "key": f"reports/site/all/data/{file.name}",
            "size": file.stat().st_size,
            "MD5checksum": hashlib.md5(file.read_bytes()).hexdigest(),
        }
        for file in sorted((folder / "data").iterdir())
    ]
    report = folder / "2026-11-22T01-00Z"
    report.mkdir()
    text = {"sourceBucket": "site", "fileFormat": form, "fileSchema": schema, "files": files}
    (report / "manifest.json").write_text(json.dumps(text))


def main() -> None:
    folder, query = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_text()
    types = {name: kind for name, kind in zip(SNAKE, COLUMNS.values(), strict=True)}
    database = duckdb.connect()
    rows = database.read_csv(str(folder / "rows.csv"), header=False, dtype=types, names=SNAKE, quotechar='"')
    database.execute("CREATE TABLE rows AS SELECT * FROM rows")

    for form in ("parquet", "csv"):
        (folder / form / "data").mkdir(parents=True)
    for part in (0, 1):
        some = f"SELECT * FROM rows WHERE hash(key) % 2 = {part}"
        file = folder / "parquet" / "data" / f"{part}.parquet"
        database.execute(f"COPY ({some}) TO '{file}' (FORMAT parquet, COMPRESSION snappy)")
        with gzip.open(folder / "csv" / "data" / f"{part}.csv.gz", "wt", newline="") as packed:
            writer = csv.writer(packed, quoting=csv.QUOTE_ALL)
            for bucket, key, version, latest, marker, size, modified in database.execute(some).fetchall():
                flags = [str(latest).lower(), str(marker).lower(), "" if marker else size]
                moment = modified.strftime("%Y-%m-%dT%H:%M:%S.000Z")
                writer.writerow([bucket, urllib.parse.quote_plus(key, safe="/"), version, *flags, moment])
    manifest(folder / "parquet", "Parquet", "message s3.inventory { }")
    manifest(folder / "csv", "CSV", ", ".join(COLUMNS))

    # The tables that the query reads in Athena, and the one function that DuckDB has by another name.
    database.execute(f"CREATE VIEW inventory AS SELECT * FROM read_parquet('{folder}/parquet/data/*.parquet')")
    entries = "'MAP(VARCHAR, STRUCT(key VARCHAR))'"
    columns = f"{{assets: {entries}, pages: {entries}}}"
    documents = f"read_json('{folder}/releases/*.json', filename = true, columns = {columns})"
    database.execute(f'CREATE VIEW releases AS SELECT filename AS "$path", assets, pages FROM {documents}')
    database.execute(f"CREATE VIEW remaining AS SELECT * FROM read_csv('{folder}/remaining.csv', header = true)")
    fields = "replace(replace(format, '%s', '%S'), '%i', '%M')"
    database.execute(f"CREATE MACRO date_format(moment, format) AS strftime(moment, {fields})")
    database.execute(f"COPY ({query}) TO '{folder}/candidates.csv' (FORMAT csv, HEADER)")


main()
