"""A rolling deploy behind a CDN: not one wrong, missing or mixed answer; and stock Django, where that is seen."""

from __future__ import annotations

import dataclasses
import os
import tempfile
import unittest
from pathlib import Path

from crawl import Answer
from example import Edition, bucket
from rolling import CDN, Judge, Truth, play

HOSTS = 'ALLOWED_HOSTS = ["www.test", "127.0.0.1"]\n'

FOLDER = """
from project.settings import *
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT = BASE_DIR / "collected"
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "lastly.django"]
"""
"""Stock Django, into a folder."""

OVERWRITTEN = """
INSTALLED_APPS.remove("lastly.django")
STORAGES["staticfiles"] = {
    "BACKEND": "storages.backends.s3.S3StaticStorage",
    "OPTIONS": {
        "bucket_name": os.environ["BUCKET"],
        "endpoint_url": os.environ["LASTLY_TEST_MOTO"],
        "location": "static",
        "custom_domain": "cdn.test",
        "url_protocol": "http:",
    },
}
"""
"""Stock Django, into a bucket, under names that the next deploy overwrites."""


class Judgement(unittest.TestCase):
    """What is taken for a fault."""

    def judged(self, **said: object) -> str | None:
        """The verdict on an answer for edition 2 that is as it should be but for what is said."""
        judge = Judge({1: {"a.css": b"one", "b.css": b""}, 2: {"a.css": b'two "b.css"', "b.css": b""}})
        name = f"{CDN}a.{'0' * 32}.css"
        answer = Answer(name, 200, "text/css", f'two "b.{"1" * 32}.css"'.encode(), {}, {})
        return judge.fault(dataclasses.replace(answer, **said), 2, None)

    def test_a_file_of_the_edition_is_whole(self) -> None:
        self.assertIsNone(self.judged())

    def test_what_is_not_there_is_missing(self) -> None:
        self.assertEqual(self.judged(status=404), "missing: status 404")

    def test_another_type_or_other_bytes_are_wrong(self) -> None:
        self.assertEqual(self.judged(type="text/plain"), "wrong: text/plain")
        self.assertEqual(self.judged(body=b"three"), "wrong: other bytes")
        self.assertEqual(self.judged(url="http://cdn.test/static/c.css"), "wrong: no file of this edition")

    def test_a_file_of_the_other_edition_is_mixed(self) -> None:
        self.assertEqual(self.judged(body=b"one"), "mixed: the file of edition 1")


class RollingDeploy(unittest.TestCase):
    """The same play with both."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.endpoint = os.environ["LASTLY_TEST_MOTO"]
        self.bucket = bucket(self.endpoint)
        self.origin = f"{self.endpoint}/{self.bucket}"

    def editions(self, settings: str) -> list[Edition]:
        """Both editions, with a database that they share."""
        environment = {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "BUCKET": self.bucket,
            "LASTLY_STORE": f"s3://{self.bucket}/static/",
            "STATIC_URL": CDN,
            "DATABASE": str(self.folder / "db.sqlite3"),
        }
        return [Edition(number, self.folder / str(number), HOSTS + settings, environment) for number in (1, 2)]

    def truth(self, editions: list[Edition]) -> Truth:
        """What the files of each edition are, as stock Django finds them."""
        for edition in editions:
            (edition.folder / "project" / "on_disk.py").write_text(FOLDER)
            edition.manage("collectstatic", "--noinput", "--settings=project.on_disk")
        collected = {edition.number: edition.folder / "collected" for edition in editions}
        return {
            number: {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*") if file.is_file()}
            for number, root in collected.items()
        }

    def test_lastly_mixes_nothing(self) -> None:
        editions = self.editions("")
        editions[0].manage("migrate", "--verbosity=0")

        def publish(edition: Edition) -> None:
            edition.manage("collectstatic", "--noinput")

        seen = play(self.origin, editions, publish, self.truth(editions), self.folder / "nginx")
        self.assertEqual(seen.faults(), [])
        self.assertEqual({view.edition for view in seen.meanwhile}, {1, 2})

    def test_names_that_are_overwritten_are_seen_mixed(self) -> None:
        editions = self.editions(OVERWRITTEN)
        for edition in editions:
            edition.without_lastly()
        editions[0].manage("migrate", "--verbosity=0")

        def publish(edition: Edition) -> None:
            edition.check_out_again()
            edition.manage("collectstatic", "--noinput", "--ignore=admin")

        seen = play(self.origin, editions, publish, self.truth(editions), self.folder / "nginx")
        faulty = [step for step, view in seen.steps.items() if any("mixed" in fault for fault in view.faults)]
        self.assertEqual(
            faulty,
            [
                "edition 2 is in the bucket, edge two is asked for the first time",
                "half of the servers are new, a new page through edge one",
                "half of the servers are new, an old page through edge two",
                "all servers are new, edge one",
                "a tab that was opened before goes on loading, edge two",
            ],
        )
