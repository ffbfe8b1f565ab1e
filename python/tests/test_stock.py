"""Django's own ManifestStaticFilesStorage, which reads lastly's manifest as it stands."""

import json
import subprocess
import tempfile
from pathlib import Path

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.test import SimpleTestCase

from lastly import find_binary

FILES = {
    "css/app.css": 'a { background: url("../img/logo.svg") }\n',
    "img/logo.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>\n",
    "LICENSE": "none\n",
    "robots.txt": "User-agent: *\n",
}


class ReadingStorage(ManifestStaticFilesStorage):
    """Stock but for the manifest's name, which is a class attribute there."""

    manifest_name = "manifest.json"


class StockReads(SimpleTestCase):
    """What the stock storage makes of a store that is a folder."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        source, self.store = Path(folder.name, "source"), Path(folder.name, "store")
        for name, text in FILES.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(text)
        publish = [find_binary(), "publish", source, f"--store=dir:{self.store}", "--quiet"]
        subprocess.run(publish, cwd=folder.name, check=True)
        self.storage = ReadingStorage(location=self.store, base_url="/static/")

    def test_every_name_leads_to_a_file_in_the_store(self) -> None:
        self.assertEqual(set(self.storage.hashed_files), set(FILES))
        for name in FILES:
            stored = self.storage.stored_name(name)
            self.assertEqual(self.storage.url(name), f"/static/{stored}")
            self.assertTrue((self.store / stored).is_file(), stored)

    def test_addresses_stand_in_the_urls_of_assets_and_not_in_those_of_pages(self) -> None:
        self.assertRegex(self.storage.url("css/app.css?v=1#top"), r"^/static/css/app\.[0-9a-f]{32}\.css\?v=1#top$")
        self.assertRegex(self.storage.url("LICENSE"), r"^/static/LICENSE\.[0-9a-f]{32}$")
        self.assertEqual(self.storage.url("robots.txt"), "/static/robots.txt")

    def test_the_hash_is_the_beginning_of_the_releases_id(self) -> None:
        release = json.loads((self.store / "manifest.json").read_text())["lastly"]["release"]
        self.assertEqual(self.storage.manifest_hash, release[:12])

    def test_a_name_that_the_release_does_not_hold_is_an_error(self) -> None:
        with self.assertRaisesMessage(ValueError, "Missing staticfiles manifest entry for 'css/gone.css'"):
            self.storage.url("css/gone.css")
