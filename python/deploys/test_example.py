"""The example, published to an S3 server and served by gunicorn: every URL of every page is answered by the store."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.parse import urlencode

from crawl import Answer, Visitor, expected_type, page_loads
from example import PROJECT, START_SECONDS, Edition, bucket, edges, free_port, running
from rolling import ADDRESS, CDN, SITE, logical

PAGES = [
    "",
    "admin/",
    "admin/guestbook/entry/",
    "admin/guestbook/entry/add/",
    "admin/auth/user/add/",
    "admin/auth/user/1/change/",
]
VIEW = f"{SITE}admin/jsi18n/"
"""A script that is no file: the app answers it."""
SEEN = {
    "guestbook/css/site.css",
    "guestbook/css/type.css",
    "guestbook/css/form.css",
    "guestbook/fonts/marks.woff2",
    "guestbook/img/logo.svg",
    "guestbook/img/paper.png",
    "guestbook/img/pencil.svg",
    "guestbook/js/app.js",
    "guestbook/js/entries.js",
    "guestbook/js/reader.js",
    "guestbook/js/greeting.js",
    "guestbook/js/counter.js",
    "admin/css/login.css",
    "admin/css/base.css",
    "admin/css/forms.css",
    "admin/css/widgets.css",
    "admin/img/icon-addlink.svg",
    "admin/js/vendor/jquery/jquery.min.js",
    "admin/js/admin/DateTimeShortcuts.js",
    "admin/js/calendar.js",
}
"""Some of what the pages lead to, directly and not, so that it is known that they are looked at."""


INSTALLS = ("python3 -m venv ", ". .venv/", "pip install ")
"""Commands of the example's README that the tests' own environment stands for."""


def browser(url: str, profile: Path) -> str:
    """The page at the URL after a browser has run its modules, as HTML."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    command += [f"--user-data-dir={profile}", "--virtual-time-budget=10000", "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=START_SECONDS).stdout


class Example(unittest.TestCase):
    """The example as it is."""

    def test_the_commands_of_its_readme_run_as_they_stand(self) -> None:
        text = (PROJECT / "README.md").read_text().partition("With a bucket")[0]
        commands = [line.strip() for line in text.splitlines() if line.startswith("    ")]
        *steps, server = [command for command in commands if not command.startswith(INSTALLS)]
        self.assertTrue(steps)
        with tempfile.TemporaryDirectory() as temporary:
            port, scripts = free_port(), Path(sys.executable).parent
            environment = {
                "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]]),
                "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}",
            }
            edition = Edition(1, Path(temporary, "project"), "", environment)
            for step in steps:
                edition.run(step.split())
            url = f"http://127.0.0.1:{port}/"
            with running(server.split(), edition.folder, edition.environment, url):
                visitor = Visitor()
                page = visitor.fetch(url)
                answers = list(visitor.everything(page_loads(page)[0]))
                seen = browser(url, Path(temporary, "browser"))
        self.assertIn(" data-marked=", seen)
        self.assertEqual([answer.url for answer in answers if answer.status != 200], [])
        self.assertIn(
            "guestbook/js/reader.js", {logical(answer.url.replace(f"{url}static/", CDN)) for answer in answers}
        )

    def test_every_url_of_every_page_is_answered_by_the_store(self) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            endpoint = os.environ["LASTLY_TEST_MOTO"]
            name = bucket(endpoint)
            environment = {
                "AWS_ENDPOINT_URL_S3": endpoint,
                "LASTLY_STORE": f"s3://{name}/static/",
                "STATIC_URL": CDN,
                "DJANGO_SUPERUSER_PASSWORD": "a password for tests",
            }
            edition = Edition(1, folder / "project", 'ALLOWED_HOSTS = ["www.test", "127.0.0.1"]\n', environment)
            edition.manage("migrate", "--verbosity=0")
            edition.manage("createsuperuser", "--noinput", "--username=somebody", "--email=somebody@example.com")
            edition.manage("collectstatic", "--noinput")
            port = free_port()
            with edition.serve(port), edges(f"{endpoint}/{name}", [port], folder / "nginx") as (edge, _):
                visitor = Visitor(edge)
                pages = self.pages(visitor)
                first = {url for page in pages for url in page_loads(page)[0]} - {VIEW}
                answers = list(visitor.everything(sorted(first)))
        for answer in answers:
            with self.subTest(answer.url):
                self.judge(answer)
        self.assertLessEqual(SEEN, {logical(answer.url) for answer in answers})

    def pages(self, visitor: Visitor) -> list[Answer]:
        """The pages, those of the admin after logging in."""
        login = visitor.fetch(f"{SITE}admin/login/")
        token = login.cookies["csrftoken"]
        said = {"username": "somebody", "password": "a password for tests", "csrfmiddlewaretoken": token}
        cookie = {"Cookie": f"csrftoken={token}"}
        session = visitor.fetch(f"{SITE}admin/login/", cookie, urlencode(said).encode()).cookies["sessionid"]
        inside = [visitor.fetch(SITE + page, {"Cookie": f"sessionid={session}"}) for page in PAGES]
        pages = [login, *inside]
        self.assertEqual([page.status for page in pages], [200] * len(pages))
        return pages

    def judge(self, answer: Answer) -> None:
        """An asset as it should be: under an address, there, of the right type, from the bucket, kept for ever."""
        self.assertTrue(answer.url.startswith(CDN))
        self.assertRegex(answer.url.encode(), ADDRESS)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.type, expected_type(answer.url))
        self.assertEqual(answer.headers["x-cache"], "MISS")
        self.assertEqual(answer.headers["cache-control"], "public, max-age=31536000, immutable")
