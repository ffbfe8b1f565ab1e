#!/usr/bin/env python3
"""Asks S3 servers how they behave where it matters to lastly, and prints the answers as a table.

    servers.py run -- .tools/moto/bin/python localstack/probe.py    the servers of the tests
    probe.py NAME=URL…                                              any others

Needs boto3, and credentials that may create a bucket. Each server gets a bucket of its own, which is left behind.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sys
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.handlers import set_list_objects_encoding_type_url

CREATORS = 32
ROUNDS = 10
LOOPS = 8
STEPS = 10

CONFIG = Config(
    retries={"total_max_attempts": 1},
    max_pool_connections=CREATORS,
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


def status(call: Callable[..., Any], **arguments: Any) -> str:
    """The status of an answer, with the error's code if it is one."""
    try:
        return str(call(**arguments)["ResponseMetadata"]["HTTPStatusCode"])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        number = str(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return number if code == number else f"{number} {code}"


@dataclass
class Bucket:
    """A bucket that keeps versions."""

    s3: Any
    plain: Any
    """A client that asks for keys as they are in listings, as the SDK for Rust does; boto3's own are encoded."""
    name: str

    def put(self, key: str, body: bytes = b"one", **more: Any) -> Any:
        return self.s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType="text/plain", **more)

    def head(self, key: str, **more: Any) -> Any:
        return self.s3.head_object(Bucket=self.name, Key=key, **more)

    def get(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read())

    def delete(self, key: str, **more: Any) -> Any:
        return self.s3.delete_object(Bucket=self.name, Key=key, **more)

    def versions(self, key: str) -> list[dict[str, Any]]:
        return list(self.s3.list_object_versions(Bucket=self.name, Prefix=key).get("Versions", []))


def create_twice(bucket: Bucket) -> str:
    bucket.put("twice", IfNoneMatch="*")
    return status(bucket.put, key="twice", IfNoneMatch="*")


def create_over_marker(bucket: Bucket) -> str:
    bucket.put("over-marker")
    bucket.delete("over-marker")
    return status(bucket.put, key="over-marker", IfNoneMatch="*")


def replace_current(bucket: Bucket) -> str:
    etag = bucket.put("replace")["ETag"]
    return status(bucket.put, key="replace", body=b"two", IfMatch=etag)


def replace_stale(bucket: Bucket) -> str:
    etag = bucket.put("stale")["ETag"]
    bucket.put("stale", b"two")
    return status(bucket.put, key="stale", body=b"three", IfMatch=etag)


def replace_missing(bucket: Bucket) -> str:
    return status(bucket.put, key="missing", IfMatch='"0123456789abcdef0123456789abcdef"')


def concurrent_creators(bucket: Bucket) -> str:
    winners = []
    with ThreadPoolExecutor(CREATORS) as pool:
        for turn in range(ROUNDS):
            create = [
                pool.submit(status, bucket.put, key=f"race-{turn}", body=b"%d" % one, IfNoneMatch="*")
                for one in range(CREATORS)
            ]
            winners.append(sum(one.result() == "200" for one in create))
    return ", ".join(str(one) for one in sorted(set(winners)))


def concurrent_counter(bucket: Bucket) -> str:
    bucket.put("counter", b"0")

    def count() -> None:
        done = 0
        while done < STEPS:
            # A GET of moto's may fail while the key is written, unless it is serialised.
            try:
                seen = bucket.s3.get_object(Bucket=bucket.name, Key="counter")
                value = int(seen["Body"].read())
            except (ClientError, BotoCoreError, ValueError):
                continue
            done += status(bucket.put, key="counter", body=b"%d" % (value + 1), IfMatch=seen["ETag"]) == "200"

    with ThreadPoolExecutor(LOOPS) as pool:
        for one in [pool.submit(count) for _ in range(LOOPS)]:
            one.result()
    return str(LOOPS * STEPS - int(bucket.get("counter")))


def list_versions(bucket: Bucket) -> str:
    made = [bucket.put("listed", body)["VersionId"] for body in (b"one", b"two", b"three")]
    listed = bucket.versions("listed")
    newest_first = [one["VersionId"] for one in listed] == made[::-1]
    return "yes" if newest_first and [one["IsLatest"] for one in listed] == [True, False, False] else "no"


def page_versions(bucket: Bucket) -> str:
    return same_versions(bucket, "page", ["a", "b", "c/d", "c/d"])


def list_spaced(bucket: Bucket) -> str:
    return same_versions(bucket, "spaced", ["a b", "a+b", "a%b"])


def list_beyond_ascii(bucket: Bucket) -> str:
    return same_versions(bucket, "beyond", ["ä", "日"])


def same_versions(bucket: Bucket, folder: str, names: list[str]) -> str:
    """Whether each version is listed exactly once, in small pages, with keys as they are and with encoded ones."""
    made = sorted((key := f"{folder}/{name}", bucket.put(key)["VersionId"]) for name in names)
    answers = {}
    for kind, s3 in (("plain", bucket.plain), ("encoded", bucket.s3)):
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket.name, Prefix=f"{folder}/", PaginationConfig={"PageSize": 2}
        )
        try:
            listed = [(one["Key"], one["VersionId"]) for page in pages for one in page.get("Versions", [])]
            answers[kind] = "yes" if sorted(listed) == made else "no"
        except BotoCoreError as error:
            answers[kind] = type(error).__name__
    plain, encoded = answers.values()
    return plain if plain == encoded else f"plain: {plain}, encoded: {encoded}"


def delete_version(bucket: Bucket) -> str:
    older = bucket.put("by-version")["VersionId"]
    newer = bucket.put("by-version", b"two")["VersionId"]
    bucket.delete("by-version", VersionId=newer)
    left = [one["VersionId"] for one in bucket.versions("by-version")]
    return "yes" if left == [older] and bucket.get("by-version") == b"one" else "no"


def delete_versions_at_once(bucket: Bucket) -> str:
    objects = [{"Key": key, "VersionId": bucket.put(key)["VersionId"]} for key in ("batch/a", "batch/b")]
    bucket.s3.delete_objects(Bucket=bucket.name, Delete={"Objects": objects})
    if bucket.versions("batch/"):
        return "no"
    again = bucket.s3.delete_objects(Bucket=bucket.name, Delete={"Objects": objects})
    return "yes; once more: " + ", ".join(sorted({one["Code"] for one in again.get("Errors", [])}) or ["no error"])


def marker_hides(bucket: Bucket) -> str:
    version = bucket.put("hidden")["VersionId"]
    marker = bucket.delete("hidden").get("DeleteMarker")
    seen = (status(bucket.head, key="hidden"), status(bucket.head, key="hidden", VersionId=version))
    return "yes" if marker and seen == ("404", "200") else "no"


def delete_stale(bucket: Bucket) -> str:
    etag = bucket.put("delete-stale")["ETag"]
    bucket.put("delete-stale", b"two")
    return status(bucket.delete, key="delete-stale", IfMatch=etag)


def delete_current(bucket: Bucket) -> str:
    etag = bucket.put("delete-current")["ETag"]
    return status(bucket.delete, key="delete-current", IfMatch=etag)


def wrong_sha256(bucket: Bucket) -> str:
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    return status(bucket.put, key="wrong", ChecksumSHA256=wrong)


def sha256_at_head(bucket: Bucket) -> str:
    right = base64.b64encode(hashlib.sha256(b"one").digest()).decode()
    bucket.put("right", ChecksumSHA256=right)
    return "yes" if bucket.head("right", ChecksumMode="ENABLED").get("ChecksumSHA256") == right else "no"


def headers_at_head(bucket: Bucket) -> str:
    headers: dict[str, Any] = {"CacheControl": "public, max-age=31536000, immutable", "ContentEncoding": "gzip"}
    metadata = {"plain": "a", "with_underscore": "b"}
    bucket.put("headers", Metadata=metadata, **headers)
    head = bucket.head("headers")
    lost = [name for name, value in headers.items() if head.get(name) != value]
    lost += [name for name, value in metadata.items() if head["Metadata"].get(name) != value]
    return f"lost: {', '.join(lost)}" if lost else "yes"


CHECKS: dict[str, Callable[[Bucket], str]] = {
    "PUT If-None-Match: *, key is there": create_twice,
    "PUT If-None-Match: *, behind a delete marker": create_over_marker,
    "PUT If-Match, current": replace_current,
    "PUT If-Match, stale": replace_stale,
    "PUT If-Match, no such key": replace_missing,
    f"winners among {CREATORS} creators, {ROUNDS} rounds": concurrent_creators,
    f"lost updates of a counter, {LOOPS} × {STEPS}": concurrent_counter,
    "versions listed, newest first": list_versions,
    "versions listed in pages": page_versions,
    "… keys with space, plus, percent": list_spaced,
    "… keys beyond ASCII": list_beyond_ascii,
    "delete by version": delete_version,
    "delete several versions at once": delete_versions_at_once,
    "delete marker hides, versions stay": marker_hides,
    "DELETE If-Match, current": delete_current,
    "DELETE If-Match, stale": delete_stale,
    "PUT with a wrong SHA-256": wrong_sha256,
    "SHA-256 comes back at HEAD": sha256_at_head,
    "headers and metadata come back at HEAD": headers_at_head,
}


def probe(url: str) -> list[str]:
    s3, plain = (boto3.client("s3", endpoint_url=url, config=CONFIG) for _ in range(2))
    plain.meta.events.unregister("before-parameter-build.s3.ListObjectVersions", set_list_objects_encoding_type_url)
    bucket = Bucket(s3, plain, f"probe-{uuid.uuid4()}")
    s3.create_bucket(Bucket=bucket.name)
    s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    answers = []
    for check in CHECKS.values():
        try:
            answers.append(check(bucket))
        except (ClientError, BotoCoreError, KeyError) as error:
            answers.append(f"failed: {error}")
    return answers


def main() -> None:
    variables = {"moto": "LASTLY_TEST_MOTO", "lax": "LASTLY_TEST_LAX", "localstack": "LASTLY_TEST_LOCALSTACK"}
    servers = dict(argument.split("=", 1) for argument in sys.argv[1:])
    servers = servers or {name: os.environ[variable] for name, variable in variables.items() if variable in os.environ}
    if not servers:
        sys.exit(__doc__)
    rows = zip(CHECKS, *map(probe, servers.values()), strict=True)
    print(f"| | {' | '.join(servers)} |")
    print("| --- " * (len(servers) + 1) + "|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
