"""The checks: each one speaks where it should, names what to change, and is documented."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Any
from unittest import mock

from django.core.checks import run_checks

from lastly.django.conf import Options
from tests.support import ProjectTestCase

ROOT = Path(__file__).resolve().parents[2]
FOLLOWS = {"MIDDLEWARE": ["lastly.django.middleware.one_release"]}


class Checks(ProjectTestCase):
    def said(self, options: dict[str, Any] | None = None, *, deploy: bool = False, **settings: Any) -> dict[str, str]:
        """The messages of lastly's checks by id, with their hints."""
        with self.project(options, **settings):
            messages = run_checks(include_deployment_checks=deploy)
        return {one.id: f"{one.msg} | {one.hint}" for one in messages if one.id and one.id.startswith("lastly.")}

    def assert_said(self, said: dict[str, str], number: str, *parts: str) -> None:
        self.assertEqual(list(said), [f"lastly.{number}"])
        for part in parts:
            self.assertIn(part, said[f"lastly.{number}"])

    def test_nothing_is_wrong_with_a_plain_project(self) -> None:
        with self.project():
            self.collect()
        self.assertEqual(self.said(deploy=True), {})

    def test_unknown_options(self) -> None:
        self.assert_said(self.said({"chanel": "live"}), "E001", "did you mean 'channel'?")
        self.assert_said(self.said({"access_key": "AKIA"}), "E001", "'access_key'", "AWS chain")

    def test_values_of_the_wrong_kind(self) -> None:
        for name, value in (
            ("follow", "often"),
            ("follow", 0),
            ("strict", "yes"),
            ("cloudfront", [1]),
            ("importmap", {"a": 1}),
            ("store", 3),
            ("missing", "waarn"),
        ):
            with self.subTest(name=name):
                self.assert_said(self.said({name: value}), "E002", f"'{name}'")

    def test_options_that_fight_each_other(self) -> None:
        self.assert_said(self.said({"release": "abc", "follow": 5}, **FOLLOWS), "E003", "'release'", "'follow'")
        self.assert_said(self.said({"release": "abc", "manifest": "baked.json"}), "E003", "'baked.json'")
        self.assert_said(self.said({"bypass": True}), "E003", "set 'bypass_url'")
        self.assert_said(self.said({"manifest": "finders", "follow": 5}, **FOLLOWS), "E003", "'finders'")
        with mock.patch.dict(os.environ, LASTLY_BYPASS="1"):
            self.assert_said(self.said(), "E003", "LASTLY_BYPASS")

    def test_urls(self) -> None:
        for name in ("base_url", "bypass_url"):
            self.assert_said(self.said({name: "https://cdn.example.com/static"}), "E004", "ends with a slash")
            self.assert_said(self.said({name: "cdn.example.com/"}), "E004")
            self.assert_said(self.said({name: "https://me:word@cdn.example.com/"}), "E004", "no user")
        self.assert_said(self.said({"manifest": "cdn"}), "E004", "'base_url'")

    def test_the_order_of_apps(self) -> None:
        apps = ["django.contrib.staticfiles", "lastly.django"]
        said = self.said(INSTALLED_APPS=apps)
        self.assert_said(said, "E005", "put 'lastly.django' above 'django.contrib.staticfiles'")
        self.assert_said(self.said(INSTALLED_APPS=["lastly.django"]), "E005", "not in INSTALLED_APPS")

    def test_a_manifest_that_cannot_be_read(self) -> None:
        self.assertEqual(self.said({"manifest": "baked.json"}), {})
        self.assert_said(self.said({"manifest": "baked.json"}, deploy=True), "E006", "baked.json", "run collectstatic")

    def test_two_urls(self) -> None:
        given = {"base_url": "https://a.example.com/"}
        self.assert_said(self.said(given, STATIC_URL="https://b.example.com/"), "W001", "https://b.example.com/")

    def test_credentials_in_settings(self) -> None:
        said = self.said(AWS_SECRET_ACCESS_KEY="very secret")
        self.assert_said(said, "W002", "AWS_SECRET_ACCESS_KEY", "AWS chain")
        self.assertNotIn("very secret", str(said))

    def test_what_only_a_deployment_shows(self) -> None:
        with self.project({"base_url": "https://a.example.com/"}):
            self.collect()
        given = {"base_url": "https://b.example.com/"}
        self.assert_said(self.said(given, deploy=True), "W005", "https://a.example.com/", "https://b.example.com/")
        given = {"bypass": True, "bypass_url": "/static/", "base_url": "https://a.example.com/"}
        self.assert_said(self.said(given, deploy=True), "W003", "/static/")
        given = {"binary": str(self.folder / "nothing"), "base_url": "https://a.example.com/"}
        self.assert_said(self.said(given, deploy=True), "W004", "nothing")

    def test_following_needs_the_middleware(self) -> None:
        self.assert_said(self.said({"follow": 5}), "W006", "lastly.django.middleware.one_release")
        self.assertEqual(self.said({"follow": 5}, **FOLLOWS), {})

    def test_every_check_and_every_option_is_documented(self) -> None:
        package = ROOT / "python" / "lastly" / "django"
        code = "".join(path.read_text() for path in package.rglob("*.py"))
        documented = (ROOT / "docs" / "django.md").read_text()
        ids = set(re.findall(r"lastly\.[EW]\d{3}", code))
        self.assertEqual(ids, set(re.findall(r"lastly\.[EW]\d{3}", documented)))
        self.assertGreaterEqual(len(ids), 12)
        for field in fields(Options):
            self.assertIn(f"| `{field.name}` |", documented)
