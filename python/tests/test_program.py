"""The program: where it is found, what it is told, and what its answers mean."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest import TestCase, mock

from django.core.management import call_command
from django.core.management.base import CommandError

from lastly import BinaryNotFound, find_binary
from tests.support import ProjectTestCase

STAND_IN = """#!{python}
import json, os, sys
given = {{"arguments": sys.argv[1:], "urls": os.environ.get("LASTLY_URLS"), "stdin": sys.stdin.read()}}
with open({seen!r}, "w") as file:
    json.dump(given, file)
print("something is said", file=sys.stderr)
print(json.dumps({document!r}))
sys.exit({status})
"""
PUBLISHED = {
    "new": 0,
    "reused": 0,
    "files": 0,
    "release": "abc",
    "channel": "live",
    "sequence": 3,
    "moved": False,
    "plan": None,
    "error": None,
}


class Found(TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.program = Path(temporary.name, "lastly")
        self.program.write_text("#!/bin/sh\necho installed\n")
        self.program.chmod(0o755)
        self.enterContext(mock.patch.dict(os.environ))
        os.environ.pop("LASTLY_BINARY", None)

    def test_where_it_was_installed(self) -> None:
        with mock.patch("sysconfig.get_path", return_value=str(self.program.parent)):
            self.assertEqual(find_binary(), self.program)

    def test_on_the_path(self) -> None:
        os.environ["PATH"] = str(self.program.parent)
        with mock.patch("sysconfig.get_path", return_value="/nowhere"):
            self.assertEqual(find_binary(), self.program)

    def test_by_name(self) -> None:
        os.environ["LASTLY_BINARY"] = "/nowhere/lastly"
        self.assertEqual(find_binary(self.program), self.program)
        with self.assertRaisesRegex(BinaryNotFound, "LASTLY_BINARY names /nowhere/lastly"):
            find_binary()
        os.environ["LASTLY_BINARY"] = str(self.program)
        self.assertEqual(find_binary(), self.program)
        with self.assertRaisesRegex(BinaryNotFound, "the setting `binary` names /nowhere/lastly"):
            find_binary("/nowhere/lastly")

    def test_nowhere(self) -> None:
        os.environ["PATH"] = "/nowhere"
        with mock.patch("sysconfig.get_path", return_value="/scripts"), self.assertRaises(BinaryNotFound) as raised:
            find_binary()
        self.assertIn("/scripts/lastly", str(raised.exception))
        self.assertIn("LASTLY_BINARY", str(raised.exception))

    def test_it_can_be_run_as_a_module(self) -> None:
        os.environ["LASTLY_BINARY"] = str(self.program)
        ended = subprocess.run([sys.executable, "-m", "lastly", "--version"], check=True, capture_output=True)
        self.assertEqual(ended.stdout, b"installed\n")


class Told(ProjectTestCase):
    def stand_in(self, document: dict[str, Any] = PUBLISHED, status: int = 0) -> str:
        """A program that notes what it is told, and answers this."""
        path = self.folder / "lastly"
        seen = str(self.folder / "seen.json")
        path.write_text(STAND_IN.format(python=sys.executable, seen=seen, document=document, status=status))
        path.chmod(0o755)
        return str(path)

    def seen(self) -> dict[str, Any]:
        return json.loads((self.folder / "seen.json").read_text())

    def test_every_option_becomes_a_flag(self) -> None:
        options = {
            "binary": self.stand_in(),
            "store": "s3://bucket/static/",
            "control": ".private/",
            "channel": "preview-1",
            "base_url": "https://cdn.example.com/static/",
            "config": "other.toml",
            "cloudfront": ["E1", "E2:/"],
            "purge": "http://varnish:6081/",
            "strict": True,
            "path_style": True,
            "urls": ["/old/"],
            "manifest": "baked.json",
        }
        with self.project(options):
            self.collect("--sequence", "7", verbosity=2)
        seen = self.seen()
        expected = [
            *("publish", "--strict", "--cloudfront=E1", "--cloudfront=E2:/", "--purge=http://varnish:6081/"),
            *("--sequence=7", f"--manifest-file={self.folder}/baked.json", "--verbose", "--files-from=-", "--json"),
            *("--store=s3://bucket/static/", "--control=.private/", "--channel=preview-1"),
            *("--base-url=https://cdn.example.com/static/", "--config=other.toml", "--path-style"),
        ]
        self.assertEqual(seen["arguments"], expected)
        self.assertEqual(seen["urls"], "/static/,/old/")
        files = [json.loads(line) for line in seen["stdin"].splitlines()]
        self.assertIn({"path": "css/app.css", "file": str(self.folder / "static/css/app.css")}, files)

    def test_an_upload_tells_no_cdn(self) -> None:
        with self.project({"binary": self.stand_in(), "cloudfront": "E1", "purge": "http://varnish/"}):
            self.collect("--upload-only", "--sequence", "7", verbosity=0)
        store = f"--store=dir:{self.store}"
        self.assertEqual(self.seen()["arguments"], ["upload", "--quiet", "--files-from=-", "--json", store])

    def test_what_it_says_comes_through(self) -> None:
        with self.project({"binary": self.stand_in()}):
            _, err = self.collect()
        self.assertEqual(err, "something is said\n")

    def test_the_last_line_says_what_has_become_of_the_channel(self) -> None:
        error = {"message": "it went wrong", "causes": [], "hints": []}
        for status, moved, said in (
            (1, False, "it went wrong; the channel has not moved"),
            (4, True, "it went wrong; the channel has moved"),
            (2, False, "it went wrong; nothing was tried"),
            (6, None, "it went wrong; nobody knows whether the channel has moved"),
        ):
            binary = self.stand_in({"error": error, "moved": moved}, status)
            with self.subTest(status=status), self.project({"binary": binary}):
                with self.assertRaises(CommandError) as raised:
                    self.collect()
                self.assertEqual((str(raised.exception), raised.exception.returncode), (said, status))

    def test_a_program_that_is_killed_is_no_success(self) -> None:
        binary = self.stand_in()
        Path(binary).write_text("#!/bin/sh\nkill -9 $$\n")
        with self.project({"binary": binary}), self.assertRaises(CommandError) as raised:
            self.collect()
        self.assertEqual(raised.exception.returncode, 1)
        self.assertIn("ended with status -9; nobody knows", str(raised.exception))

    def test_a_program_that_is_not_there_is_an_error(self) -> None:
        with self.project({"binary": "/nowhere/lastly"}), self.assertRaisesMessage(CommandError, "/nowhere/lastly"):
            call_command("collectstatic", interactive=False, stdout=io.StringIO())
