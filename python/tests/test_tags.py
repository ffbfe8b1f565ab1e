"""The template tags: what browsers get to check, and that nothing breaks out of it."""

from __future__ import annotations

import json
import re
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.template import Context, TemplateSyntaxError, engines
from django.templatetags.static import static

from lastly.django.manifest import ManifestUnavailable
from tests.support import ProjectTestCase

MAP = re.compile(r'^<script type="importmap"( nonce="[^"]*")?>(.*)</script>$', re.DOTALL)


def render(template: str, **context: Any) -> str:
    django = engines["django"]
    return str(django.from_string("{% load lastly %}" + template).template.render(Context(context)))


def import_map(rendered: str) -> dict[str, dict[str, str]]:
    found = MAP.match(rendered)
    assert found, rendered
    content: dict[str, dict[str, str]] = json.loads(found[2])
    return content


class Unasked:
    """A nonce that is false until it has been asked for, as Django's LazyNonce."""

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return "abc"


class Integrity(ProjectTestCase):
    def test_scripts_and_styles_have_a_value(self) -> None:
        with self.project():
            self.collect()
            value = staticfiles_storage.manifest.integrity("js/app.js")
            expected = f'integrity="{value}" crossorigin="anonymous"'
            self.assertEqual(render("{% lastly_integrity 'js/app.js' %}").replace("&#x2B;", "+"), expected)
            self.assertEqual(render("{% lastly_integrity path %}", path="js/app.js?v=1#x"), expected)
            self.assertEqual(render("{% lastly_integrity 'img/dot.svg' %}"), "")

    def test_what_is_missing_is_an_error_as_for_static(self) -> None:
        with self.project():
            self.collect()
            with self.assertRaisesMessage(ValueError, "the nearest name is 'js/app.js'"):
                render("{% lastly_integrity 'js/ap.js' %}")

    def test_without_a_manifest_it_is_a_matter_of_what_is_missing(self) -> None:
        with self.project(), self.assertRaises(ManifestUnavailable):
            render("{% lastly_integrity 'js/app.js' %}")
        with self.project({"missing": "original"}):
            self.assertEqual(render("{% lastly_integrity 'js/app.js' %}"), "")

    def test_in_debug_and_with_other_storages_there_is_none(self) -> None:
        with self.project(DEBUG=True):
            self.assertEqual(render("{% lastly_integrity 'js/app.js' %}"), "")
        stock = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
        with self.project(STORAGES=stock):
            self.assertEqual(render("{% lastly_integrity 'js/app.js' %}"), "")


class ImportMap(ProjectTestCase):
    def test_modules_have_their_urls_and_integrity(self) -> None:
        with self.project({"importmap": {"app": "js/app.js"}}):
            self.collect()
            rendered = import_map(render("{% lastly_importmap 'js/util.js' %}"))
            urls = {"app": static("js/app.js"), "js/util.js": static("js/util.js")}
            self.assertEqual(rendered["imports"], urls)
            self.assertEqual(set(rendered["integrity"]), set(urls.values()))
            self.assertTrue(all(value.startswith("sha384-") for value in rendered["integrity"].values()))

    def test_a_folder_stands_for_its_scripts(self) -> None:
        with self.project({"importmap": {"app/": "js/"}}):
            self.collect()
            expected = {"app/app.js": static("js/app.js"), "app/util.js": static("js/util.js")}
            self.assertEqual(import_map(render("{% lastly_importmap %}"))["imports"], expected)
        with self.project({"importmap": {"app/": "jss/"}}), self.assertRaisesMessage(ValueError, "entry for 'jss/'"):
            render("{% lastly_importmap %}")
        with self.project({"importmap": {"app/": "js/"}}, DEBUG=True):
            self.assertEqual(import_map(render("{% lastly_importmap %}")), {"imports": {"app/": "/static/js/"}})

    def test_specifiers_that_stay_as_they_are_are_in_it(self) -> None:
        (self.folder / "lastly.toml").write_text('import-map = "specifiers"\n')
        with self.project({"base_url": "https://cdn.example.com/static/"}):
            self.collect()
            rendered = import_map(render("{% lastly_importmap %}"))
            published = json.loads((self.store / staticfiles_storage.stored_name("importmap.json")).read_text())
        self.assertIn("https://cdn.example.com/static/js/util.js", rendered["imports"])
        scripts = {key: url for key, url in rendered["imports"].items() if key.endswith(".js")}
        self.assertEqual(scripts, published["imports"])
        self.assertEqual(rendered["integrity"].items() & published["integrity"].items(), published["integrity"].items())

    def test_nothing_breaks_out(self) -> None:
        evil = "</script><script>alert('1' & 2)</script><!--\u2028"
        with self.project({"importmap": {evil: "js/app.js"}}):
            self.collect()
            rendered = render("{% lastly_importmap nonce=nonce %}", nonce='"><script>')
        self.assertEqual(rendered.count("<"), 2)
        self.assertEqual(rendered.count(">"), 2)
        self.assertNotIn("\u2028", rendered)
        self.assertIn(' nonce="&quot;&gt;&lt;script&gt;">', rendered)
        self.assertIn(evil, import_map(rendered)["imports"])

    def test_a_nonce_is_for_the_policy(self) -> None:
        with self.project():
            self.collect()
            for nonce, attribute in (("abc", ' nonce="abc"'), (Unasked(), ' nonce="abc"'), ("", ""), (None, "")):
                rendered = render("{% lastly_importmap 'js/app.js' nonce=nonce %}", nonce=nonce)
                self.assertTrue(rendered.startswith(f'<script type="importmap"{attribute}>{{'), rendered)

    def test_a_map_of_nothing_is_a_mistake(self) -> None:
        with self.project():
            self.collect()
            with self.assertRaisesMessage(TemplateSyntaxError, "name a module"):
                render("{% lastly_importmap %}")
