"""URLs: from the manifest, in DEBUG, past the CDN, and of names that are missing."""

from __future__ import annotations

import os
from unittest import mock

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.forms import Media
from django.template import engines
from django.templatetags.static import static

from lastly.django import StaticFilesStorage
from lastly.django.manifest import ManifestUnavailable
from tests.support import ProjectTestCase

HASHED = r"^https://cdn\.example\.com/static/css/app\.[0-9a-f]{32}\.css"
CDN = {"base_url": "https://cdn.example.com/static/"}


class Urls(ProjectTestCase):
    def test_names_are_those_of_the_release(self) -> None:
        with self.project(CDN):
            self.collect()
            self.assertRegex(static("css/app.css"), HASHED + "$")
            rendered = engines["django"].from_string("{% load static %}{% static 'css/app.css' %}").render()
            self.assertEqual(rendered, static("css/app.css"))
            self.assertIn(static("css/app.css"), str(Media(css={"all": ["css/app.css"]})))
            self.assertEqual(static("robots.txt"), "https://cdn.example.com/static/robots.txt")
            self.assertRegex(staticfiles_storage.manifest_hash, "^[0-9a-f]{12}$")
            self.assertEqual(len(staticfiles_storage.hashed_files), 5)

    def test_without_a_base_url_the_release_says_where_it_is_served(self) -> None:
        (self.folder / "lastly.toml").write_text(f'base-url = "{CDN["base_url"]}"\n')
        with self.project():
            self.collect()
            self.assertRegex(static("css/app.css"), HASHED + "$")
        (self.folder / "lastly.toml").unlink()
        with self.project(STATIC_URL="https://other.example.com/"):
            self.collect()
            self.assertEqual(staticfiles_storage.manifest.base_url, "https://other.example.com/")
            self.assertTrue(static("css/app.css").startswith("https://other.example.com/css/app."))

    def test_queries_and_fragments_stay(self) -> None:
        with self.project(CDN):
            self.collect()
            self.assertRegex(static("css/app.css?a=1#b"), HASHED + r"\?a=1#b$")
            self.assertRegex(static("css/app.css?#iefix"), HASHED + r"\?#iefix$")
            self.assertEqual(static("css/"), "https://cdn.example.com/static/css/")

    def test_names_are_quoted_as_by_django(self) -> None:
        names = ["a b.css", "⊗.txt", "50%.txt"]
        self.write(dict.fromkeys(names, "x {}\n"))
        with self.project(CDN):
            self.collect()
            stock = ManifestStaticFilesStorage(self.store, CDN["base_url"])
            stock.hashed_files = dict(staticfiles_storage.hashed_files)
            for name in names:
                with self.subTest(name=name):
                    self.assertEqual(staticfiles_storage.url(name), stock.url(name))

    def test_django_itself_reads_the_manifest(self) -> None:
        with self.project(CDN):
            self.collect()
            stock = type("Stock", (ManifestStaticFilesStorage,), {"manifest_name": "manifest.json"})
            self.assertEqual(stock(self.store, CDN["base_url"]).url("css/app.css"), static("css/app.css"))

    def test_in_debug_names_stay_as_they_are(self) -> None:
        with self.project({**CDN, "missing": "error"}, DEBUG=True):
            self.assertEqual(static("css/app.css"), "/static/css/app.css")
            self.assertEqual(static("css/nothing.css"), "/static/css/nothing.css")

    def test_in_debug_the_finders_can_be_asked(self) -> None:
        with self.project({"check_in_debug": True}, DEBUG=True):
            self.assertEqual(static("css/app.css?a#b"), "/static/css/app.css?a#b")
            self.assertEqual(static("css/"), "/static/css/")
            with self.assertRaisesMessage(ValueError, "entry for 'css/ap.css': the nearest name is 'css/app.css'"):
                static("css/ap.css")

    def test_finders_take_the_place_of_a_manifest(self) -> None:
        with self.project({"manifest": "finders"}):
            self.assertEqual(static("css/app.css?a#b"), "/static/css/app.css?a#b")
            with self.assertRaisesMessage(ValueError, "entry for 'css/ap.css': the nearest name is 'css/app.css'"):
                static("css/ap.css")
        with self.project({"manifest": "finders", "missing": "original"}):
            self.assertEqual(static("css/ap.css"), "/static/css/ap.css")

    def test_the_bypass_leads_past_the_cdn_at_once(self) -> None:
        origin = "https://origin.example.com/"
        with self.project({**CDN, "bypass_url": origin}):
            self.collect()
            name = static("css/app.css").removeprefix(CDN["base_url"])
            for said in ("1", "true"), ("ON", "on"):
                with mock.patch.dict(os.environ, LASTLY_BYPASS=said[0]):
                    self.assertEqual(
                        StaticFilesStorage(**CDN, bypass_url=origin, store=f"dir:{self.store}").url("css/app.css"),
                        origin + name,
                    )
            with mock.patch.dict(os.environ, LASTLY_BYPASS="https://other.example.com/"):
                url = StaticFilesStorage(**CDN, store=f"dir:{self.store}").url("css/app.css")
                self.assertEqual(url, "https://other.example.com/" + name)
        with self.project({**CDN, "bypass_url": origin, "bypass": True}):
            self.assertEqual(static("css/app.css"), origin + name)
            with mock.patch.dict(os.environ, LASTLY_BYPASS="0"):
                storage = StaticFilesStorage(**CDN, bypass_url=origin, bypass=True, store=f"dir:{self.store}")
                self.assertEqual(storage.url("css/app.css"), CDN["base_url"] + name)


class Missing(ProjectTestCase):
    def test_strictly_it_is_an_error_that_names_the_nearest(self) -> None:
        with self.project():
            self.collect()
            message = "Missing staticfiles manifest entry for 'css/ap.css': the nearest name is 'css/app.css'"
            with self.assertRaisesMessage(ValueError, message):
                static("css/ap.css")

    def test_it_can_be_logged_once(self) -> None:
        with self.project({"missing": "warn"}):
            self.collect()
            with self.assertLogs("lastly.django", "WARNING") as logged:
                self.assertEqual(static("css/ap.css"), "/static/css/ap.css")
                static("css/ap.css")
        self.assertEqual(len(logged.records), 1)
        self.assertIn("nearest name is 'css/app.css'", logged.output[0])

    def test_it_can_pass_in_silence(self) -> None:
        with self.project({"missing": "original"}), self.assertNoLogs("lastly.django"):
            self.collect()
            self.assertEqual(static("css/ap.css"), "/static/css/ap.css")

    def test_without_any_manifest_the_same_holds(self) -> None:
        with self.project(), self.assertRaisesMessage(ManifestUnavailable, "manifest.json cannot be read"):
            static("css/app.css")
        with self.project():
            self.assertEqual(staticfiles_storage.hashed_files, {})
        with self.project({"missing": "warn"}), self.assertLogs("lastly.django", "WARNING"):
            self.assertEqual(static("css/app.css"), "/static/css/app.css")


class Manifests(ProjectTestCase):
    def test_a_release_can_be_pinned(self) -> None:
        with self.project():
            self.collect()
            old, release = static("robots.txt"), staticfiles_storage.manifest.release
            before = static("css/app.css")
            self.write({"css/app.css": "p {}\n"})
            self.collect()
            self.assertNotEqual(static("css/app.css"), before)
        with self.project({"release": release}):
            self.assertEqual((static("robots.txt"), static("css/app.css")), (old, before))
        with mock.patch.dict(os.environ, LASTLY_RELEASE=str(release)), self.project():
            self.assertEqual(static("css/app.css"), before)
        with self.project({"release": "0" * 32}), self.assertRaisesMessage(ManifestUnavailable, "0" * 32):
            static("css/app.css")

    def test_what_is_no_manifest_is_refused(self) -> None:
        for content in ("", "[]", "<html>", '{"version": "2.0", "paths": {}}', '{"version": "1.1", "paths": {"a": 1}}'):
            (self.folder / "baked.json").write_text(content)
            refused = self.assertRaisesMessage(ManifestUnavailable, "baked.json")
            with self.subTest(content=content), self.project({"manifest": "baked.json"}), refused:
                static("css/app.css")

    def test_the_store_asked_for_by_the_program_gives_the_same(self) -> None:
        with self.project():
            self.collect()
            expected = static("css/app.css")
        (self.folder / "lastly.toml").write_text(f'store = "dir:{self.store}"\n')
        with self.project({"store": None}):
            self.assertEqual(static("css/app.css"), expected)


class Refusals(ProjectTestCase):
    def test_options_that_do_not_exist_are_an_error_with_the_nearest_name(self) -> None:
        with self.assertRaisesMessage(ImproperlyConfigured, "there is no option 'base_ulr' (did you mean 'base_url'?)"):
            StaticFilesStorage(base_ulr="/static/")

    def test_what_is_in_the_store_is_nobodys_to_change(self) -> None:
        with self.project():
            self.collect()
            for refused in (
                lambda: staticfiles_storage.save("a.css", mock.Mock()),
                lambda: staticfiles_storage.delete("robots.txt"),
                lambda: staticfiles_storage.post_process({}),
            ):
                with self.assertRaisesMessage(NotImplementedError, "a release never changes"):
                    refused()
