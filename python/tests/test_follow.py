"""Following: what comes replaces the old manifest, and what does not come changes nothing."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

from asgiref.sync import sync_to_async
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.test import SimpleTestCase

from lastly.django.current import Current
from lastly.django.manifest import Manifest, ManifestUnavailable, Url
from lastly.django.middleware import one_release
from tests.support import ProjectTestCase


def document(name: str, sequence: int | None = 1, **more: Any) -> bytes:
    """A manifest in which a.css has a name."""
    ours = {"channel": "live", "sequence": sequence, "release": name, **more}
    return json.dumps({"version": "1.1", "hash": name, "paths": {"a.css": name}, "lastly": ours}).encode()


class Cdn:
    """A server with one document, which tells how often it was asked, and how."""

    def __init__(self, test: SimpleTestCase) -> None:
        self.body, self.status = document("one"), 200
        self.asked: list[str | None] = []
        cdn = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tag = f'"{hash(cdn.body)}"'
                known = self.headers["If-None-Match"]
                cdn.asked.append(known)
                status = 304 if cdn.status == 200 and known == tag else cdn.status
                body = cdn.body if status == 200 else b""
                self.send_response(status)
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)


def eventually(holds: Callable[[], bool]) -> None:
    """Waits for what another thread brings about."""
    for _ in range(2000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it has not come about in 20 seconds")


class FromUrl(SimpleTestCase):
    def setUp(self) -> None:
        self.cdn = Cdn(self)
        self.current = Current(lambda: Url(self.cdn.url, 5.0))

    def test_only_what_has_changed_is_sent_again(self) -> None:
        self.assertEqual(self.current.manifest.paths, {"a.css": "one"})
        self.assertFalse(self.current.refresh())
        self.cdn.body = document("two", 2)
        self.assertTrue(self.current.refresh())
        self.assertEqual(self.current.manifest.paths, {"a.css": "two"})
        self.assertEqual([tag is None for tag in self.cdn.asked], [True, False, False])

    def test_the_last_good_manifest_stays(self) -> None:
        self.assertEqual(self.current.manifest.hash, "one")
        for body, status in ((b"", 503), (b"", 404), (b"<html>sorry</html>", 200), (b'{"version": "1.1"}', 200)):
            with self.subTest(body=body, status=status):
                self.cdn.body, self.cdn.status = body, status
                with self.assertLogs("lastly.django", "WARNING") as logged:
                    self.current.keep_up()
                self.assertIn("the last good manifest stays in use", logged.output[0])
                with self.assertNoLogs("lastly.django", "WARNING"):
                    if status != 200:
                        self.current.keep_up()
                self.assertEqual(self.current.manifest.hash, "one")
        self.cdn.body, self.cdn.status = document("two", 2), 200
        self.current.keep_up()
        self.assertEqual(self.current.manifest.hash, "two")

    def test_an_older_answer_of_a_cache_changes_nothing(self) -> None:
        self.cdn.body = document("two", 2)
        self.assertEqual(self.current.manifest.hash, "two")
        self.cdn.body = document("one", 1)
        self.assertFalse(self.current.refresh())
        self.assertEqual(self.current.manifest.hash, "two")
        self.cdn.body = document("one", 3)  # a rollback
        self.assertTrue(self.current.refresh())
        self.assertEqual(self.current.manifest.hash, "one")

    def test_after_a_failed_first_read_requests_do_not_queue(self) -> None:
        self.cdn.status = 500
        for _ in range(3):
            with self.assertRaisesMessage(ManifestUnavailable, "answers 500"):
                _ = self.current.manifest
        self.assertEqual(len(self.cdn.asked), 1)
        self.cdn.status = 200
        with mock.patch("lastly.django.current.PAUSE", 0):
            self.assertEqual(self.current.manifest.hash, "one")

    def test_nobody_listening_is_no_manifest(self) -> None:
        current = Current(lambda: Url("http://127.0.0.1:1/", 5.0))
        with self.assertRaisesMessage(ManifestUnavailable, "http://127.0.0.1:1/ does not answer"):
            _ = current.manifest


class InTheBackground(ProjectTestCase):
    def test_a_project_follows_its_cdn(self) -> None:
        cdn = Cdn(self)
        with self.project({"manifest": cdn.url, "follow": 0.01}):
            self.assertEqual(static("a.css"), "/static/one")
            cdn.body = document("two", 2)
            eventually(lambda: static("a.css") == "/static/two")
            cdn.status = 500
            with self.assertLogs("lastly.django", "WARNING"):
                asked = len(cdn.asked)
                eventually(lambda: len(cdn.asked) > asked + 2)
            self.assertEqual(static("a.css"), "/static/two")

    def test_a_project_follows_its_store(self) -> None:
        (self.folder / "lastly.toml").write_text(f'store = "dir:{self.store}"\n')
        with self.project({"store": None, "follow": 0.01}):
            self.collect()
            staticfiles_storage.load()
            before = static("css/app.css")
            self.write({"css/app.css": "p {}\n"})
            with self.project():
                self.collect()
                after = static("css/app.css")
            self.assertNotEqual(before, after)
        with self.project({"follow": 0.01}):
            self.assertEqual(static("css/app.css"), after)
            publisher = staticfiles_storage.program
            self.write({"css/app.css": "p { top: 0 }\n"})
            self.assertEqual(publisher.run(["publish", str(self.folder / "static")], b"", mock.Mock()).status, 0)
            eventually(lambda: static("css/app.css") != after)

    def test_a_forked_child_follows_by_itself(self) -> None:
        cdn = Cdn(self)
        current = Current(lambda: Url(cdn.url, 5.0), follow=0.01)
        self.assertEqual(current.manifest.hash, "one")
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            cdn.server.socket.close()
            seen = b"!"
            for _ in range(2000):
                if current.manifest.hash == "two":
                    seen = b"2"
                    break
                time.sleep(0.01)
            os.write(write, seen)
            os._exit(0)
        cdn.body = document("two", 2)
        self.assertEqual(os.read(read, 1), b"2")
        os.waitpid(child, 0)
        os.close(read)
        os.close(write)

    def test_the_thread_ends_with_the_storage(self) -> None:
        cdn = Cdn(self)
        current = Current(lambda: Url(cdn.url, 5.0), follow=0.01)
        self.assertEqual(current.manifest.hash, "one")
        thread = next(one for one in threading.enumerate() if one.name == "lastly-follow" and one is current._thread)
        del current
        thread.join(20)
        self.assertFalse(thread.is_alive())


class InARequest(ProjectTestCase):
    def change(self) -> None:
        staticfiles_storage.current.replace(Manifest.parse(document("two", 2), "here"))

    def respond(self, _: HttpRequest) -> HttpResponse:
        before = static("a.css")
        self.change()
        return HttpResponse(f"{before} {static('a.css')}")

    def test_a_page_names_files_of_one_release(self) -> None:
        (self.folder / "baked.json").write_bytes(document("one"))
        with self.project({"manifest": "baked.json"}):
            staticfiles_storage.load()
            response = one_release(self.respond)(HttpRequest())
            self.assertEqual(response.content, b"/static/one /static/one")
            self.assertEqual(static("a.css"), "/static/two")

    def test_so_does_an_asynchronous_one(self) -> None:
        async def view(request: HttpRequest) -> HttpResponse:
            return await sync_to_async(self.respond)(request)

        (self.folder / "baked.json").write_bytes(document("one"))
        with self.project({"manifest": "baked.json"}):
            staticfiles_storage.load()
            response = asyncio.run(one_release(view)(HttpRequest()))
            self.assertEqual(response.content, b"/static/one /static/one")
            self.assertEqual(static("a.css"), "/static/two")
