"""`collectstatic`: what it finds, what it publishes, what it says."""

from __future__ import annotations

import io
import json
from pathlib import Path
from unittest import mock

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.management.commands import collectstatic
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError

from lastly.django.management.commands.collectstatic import Command
from tests.support import ProjectTestCase


class RemoteFinder(BaseFinder):
    """Finds a file that lies on no disk."""

    def check(self, **_: object) -> list[object]:
        return []

    def list(self, _: object):  # type: ignore[no-untyped-def]
        storage = InMemoryStorage()
        storage.save("made.css", ContentFile(b"p { color: red }\n"))
        yield "made.css", storage


class CollectStatic(ProjectTestCase):
    def manifest(self) -> dict[str, str]:
        return json.loads((self.store / "manifest.json").read_text())["paths"]

    def test_publishes_what_the_finders_find_and_counts_as_django_does(self) -> None:
        with self.project():
            out, _ = self.collect()
            self.assertRegex(out, r"^live now shows [0-9a-f]{32} \(sequence 1\)\n\n")
            self.assertIn(f"\n5 static files copied to 'dir:{self.store}', 5 post-processed.\n", out)
            out, _ = self.collect()
            self.assertRegex(out, r"^live shows, as before, [0-9a-f]{32} \(sequence 1\)\n\n")
            self.assertIn(f"\n0 static files copied to 'dir:{self.store}', 5 unmodified, 5 post-processed.\n", out)
            self.assertEqual(self.collect(verbosity=0), ("", ""))
            self.assertIn(
                f"Post-processed 'css/app.css' as '{self.manifest()['css/app.css']}'", self.collect(verbosity=2)[0]
            )
            self.write({"img/dot.svg": "<svg xmlns='http://www.w3.org/2000/svg'><g/></svg>\n"})
            out, _ = self.collect()
            self.assertIn("2 static files copied", out)
            self.assertIn("3 unmodified", out)
        self.assertEqual(set(self.manifest()), {"css/app.css", "img/dot.svg", "js/app.js", "js/util.js", "robots.txt"})

    def test_nothing_is_copied_to_static_root(self) -> None:
        with self.project(STATIC_ROOT=str(self.folder / "root")):
            self.collect()
        self.assertFalse((self.folder / "root").exists())

    def test_without_a_store_static_root_becomes_one(self) -> None:
        with self.project({"store": None}, STATIC_ROOT=str(self.folder / "root")):
            self.collect()
            url = staticfiles_storage.url("css/app.css")
            self.assertTrue(staticfiles_storage.exists(url.removeprefix("/static/")))
        self.assertTrue((self.folder / "root" / "manifest.json").exists())

    def test_lastlys_own_settings_come_before_static_root(self) -> None:
        (self.folder / "lastly.toml").write_text('store = "dir:elsewhere"\n')
        with self.project({"store": None}, STATIC_ROOT=str(self.folder / "root")):
            self.collect()
            self.assertNotEqual(staticfiles_storage.url("css/app.css"), "/static/css/app.css")
        self.assertTrue((self.folder / "elsewhere" / "manifest.json").exists())
        self.assertFalse((self.folder / "root").exists())

    def test_the_first_finder_wins_and_the_other_file_is_reported(self) -> None:
        self.write({"css/app.css": "p {}\n"}, "more")
        directories = [self.folder / "static", self.folder / "more"]
        with self.project(STATICFILES_DIRS=directories):
            out, _ = self.collect()
            content = Path(staticfiles_storage.path(self.manifest()["css/app.css"])).read_text()
        self.assertIn("Found another file with the destination path 'css/app.css'", out)
        self.assertIn("1 skipped due to conflict", out)
        self.assertTrue(content.startswith("body"))

    def test_prefixes_stand_before_the_paths(self) -> None:
        with self.project(STATICFILES_DIRS=[("shop", self.folder / "static")]):
            self.collect()
        self.assertIn("shop/css/app.css", self.manifest())

    def test_a_file_without_a_place_on_disk_is_published_too(self) -> None:
        with self.project(STATICFILES_FINDERS=[f"{__name__}.RemoteFinder"]):
            self.collect()
            self.assertEqual(list(self.manifest()), ["made.css"])

    def test_patterns_leave_files_out(self) -> None:
        self.write({".hidden": "", "a~": "", "notes.md": ""})
        with self.project():
            self.collect("--ignore", "*.md")
            self.assertEqual({path for path in self.manifest() if "/" not in path}, {"robots.txt"})
            self.collect("--no-default-ignore", "-i", "a~")
            self.assertEqual(
                {path for path in self.manifest() if "/" not in path}, {".hidden", "notes.md", "robots.txt"}
            )

    def test_a_dry_run_runs_everything_and_writes_nothing(self) -> None:
        with self.project():
            out, _ = self.collect("--dry-run")
            self.assertIn("5 static files would be copied", out)
            self.assertRegex(out, r"Pretending to copy 'css/app.css' as 'css/app\.[0-9a-f]{32}\.css'\n")
            self.assertFalse(self.store.exists())
            self.write({"css/app.css": "body { background: url(nothing.png) }\n"})
            with self.project({"strict": True}), self.assertRaises(CommandError):
                self.collect("--dry-run")

    def test_an_upload_does_not_move_the_channel(self) -> None:
        with self.project():
            self.collect()
            before = (self.store / "manifest.json").read_bytes()
            self.write({"robots.txt": "User-agent: nobody\n"})
            out, _ = self.collect("--upload-only", "--manifest-file", str(self.folder / "baked.json"))
            self.assertEqual((self.store / "manifest.json").read_bytes(), before)
            self.assertIn("1 static file copied", out)
            self.assertRegex(out, r"Uploaded ([0-9a-f]{32}); to show it: lastly activate \1\n")
            out, _ = self.collect("--no-post-process")
            self.assertEqual((self.store / "manifest.json").read_bytes(), before)
            self.assertIn("--no-post-process uploads without moving the channel", out)
            self.assertNotIn(", 5 post-processed", out)
        baked = json.loads((self.folder / "baked.json").read_text())
        self.assertEqual(len(baked["paths"]), 5)

    def test_the_option_manifest_names_the_file_that_is_written(self) -> None:
        with self.project({"manifest": "baked.json"}):
            self.collect()
            url = staticfiles_storage.url("css/app.css")
        self.assertEqual((self.folder / "baked.json").read_bytes(), (self.store / "manifest.json").read_bytes())
        self.assertEqual(url, "/static/" + self.manifest()["css/app.css"])

    def test_channels_have_manifests_of_their_own(self) -> None:
        with self.project():
            self.collect("--channel", "preview-1")
        self.assertTrue((self.store / "channels/preview-1/manifest.json").exists())
        with self.project({"channel": "preview-1"}):
            self.assertRegex(staticfiles_storage.url("css/app.css"), r"^/static/css/app\.[0-9a-f]{32}\.css$")

    def test_an_older_build_does_not_replace_a_newer_one(self) -> None:
        with self.project():
            self.collect("--sequence", "7")
            self.write({"robots.txt": "User-agent: nobody\n"})
            with self.assertRaises(CommandError) as raised:
                self.collect("--sequence", "6")
        self.assertEqual(raised.exception.returncode, 3)
        self.assertIn("; the channel has not moved", str(raised.exception))

    def test_an_error_names_the_file_in_the_project(self) -> None:
        self.write({"css/app.css": "body { background: url(dott.svg) }\n"})
        err = io.StringIO()
        with self.project({"strict": True}), self.assertRaises(CommandError) as raised:
            call_command("collectstatic", interactive=False, stderr=err)
        self.assertIn(f"{self.folder / 'static/css/app.css'}:1:24", err.getvalue())
        self.assertEqual(raised.exception.returncode, 2)

    def test_warnings_of_the_program_come_through(self) -> None:
        self.write({"css/app.css": "body { background: url(dott.svg) }\n"})
        with self.project():
            _, err = self.collect()
        self.assertIn("dott.svg", err)

    def test_static_url_leads_to_the_files(self) -> None:
        self.write({"css/app.css": "body { background: url(/assets/img/dot.svg) }\n"})
        with self.project(STATIC_URL="/assets/"):
            self.collect()
            content = Path(staticfiles_storage.path(self.manifest()["css/app.css"])).read_text()
        self.assertIn(self.manifest()["img/dot.svg"], content)

    def test_link_is_refused_and_clear_explained(self) -> None:
        with self.project():
            with self.assertRaisesMessage(CommandError, "--link"):
                self.collect("--link")
            out, _ = self.collect("--clear")
        self.assertIn("--clear deletes nothing here", out)

    def test_it_asks_before_it_publishes(self) -> None:
        with self.project(), mock.patch("builtins.input", return_value="no") as asked:
            with self.assertRaisesMessage(CommandError, "Collecting static files cancelled."):
                call_command("collectstatic")
            self.assertIn("channel live", asked.call_args.args[0])
            self.assertFalse(self.store.exists())

    def test_a_mistake_in_the_options_is_found_before_anything_is_done(self) -> None:
        with self.project({"chanel": "live"}), self.assertRaisesMessage(SystemCheckError, "did you mean 'channel'?"):
            call_command("collectstatic", interactive=False, skip_checks=False)

    def test_other_storages_are_collected_as_by_django(self) -> None:
        stock = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
        with self.project(STORAGES=stock, STATIC_ROOT=str(self.folder / "root")):
            out, _ = self.collect("--ignore", "*.js")
            self.assertIn(f"3 static files copied to '{self.folder / 'root'}', 3 post-processed.", out)
            with self.assertRaisesMessage(CommandError, "--upload-only needs the storage"):
                self.collect("--upload-only")

    def test_djangos_own_command_is_told_from_ours(self) -> None:
        apps = ["django.contrib.staticfiles", "lastly.django"]
        root = str(self.folder / "root")
        with self.project(STATIC_ROOT=root, INSTALLED_APPS=apps), self.assertRaises(SystemCheckError) as raised:
            call_command("collectstatic", interactive=False, skip_checks=False)
        self.assertIn("put 'lastly.django' above 'django.contrib.staticfiles'", str(raised.exception))
        with self.project(STATIC_ROOT=root), self.assertRaisesMessage(NotImplementedError, "a release never changes"):
            call_command(collectstatic.Command(), interactive=False)

    def test_collect_says_which_files_have_a_new_name(self) -> None:
        options = {"verbosity": 0, "link": False, "clear": False, "dry_run": False, "ignore_patterns": []}
        with self.project():
            command = Command()
            command.set_options(**options, interactive=False, post_process=True, use_default_ignore_patterns=True)
            self.assertEqual(len(command.collect()["modified"]), 5)
            self.write({"img/dot.svg": "<svg xmlns='http://www.w3.org/2000/svg'><g/></svg>\n"})
            collected = command.collect()
        self.assertEqual(set(collected["modified"]), {"css/app.css", "img/dot.svg"})
        self.assertEqual(len(collected["unmodified"]), 3)
        self.assertEqual(len(collected["post_processed"]), 5)
