"""The example project as tests run it: editions of it on disk, gunicorn in front of each, and nginx in front of those.

Everything that is started is stopped when its `with` ends.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import shutil
import socket
import string
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent / "examples" / "django"
START_SECONDS = 60
STOP_SECONDS = 15
COMMENTS = {
    ".css": "/* edition %d */\n",
    ".js": "// edition %d\n",
    ".svg": "<!-- edition %d -->\n",
    ".png": "edition %d",
}


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as candidate, contextlib.suppress(OSError):
            candidate.bind(("127.0.0.1", port))
            return port


class Edition:
    """A copy of the project whose page names the edition, and whose static files are its own.

    The second edition also has a file under another name, so that one appears and one goes.
    """

    def __init__(self, number: int, folder: Path, settings: str, environment: dict[str, str]) -> None:
        """Plants it. `settings` are lines that come after those of the project."""
        self.number = number
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LASTLY_STORE")}
        self.environment = kept | {"DATABASE": str(folder / "db.sqlite3")} | environment
        left_out = shutil.ignore_patterns("__pycache__", "static-store", "*.sqlite3", "release.json")
        shutil.copytree(PROJECT, folder, ignore=left_out)
        with (folder / "project/settings.py").open("a") as opened:
            opened.write("\n" + settings)
        self._edit(
            "guestbook/templates/guestbook/index.html", "</head>", f'<meta name="edition" content="{number}">\n</head>'
        )
        for file in folder.glob("guestbook/static/**/*"):
            if file.suffix in COMMENTS:
                with file.open("ab") as opened:
                    opened.write((COMMENTS[file.suffix] % number).encode())
        if number > 1:
            self._rename("pencil.svg", "pen.svg")

    def _edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text, f"{name} has no {old}"
        (self.folder / name).write_text(text.replace(old, new))

    def without_lastly(self) -> None:
        """Takes lastly's template tags out."""
        page = "guestbook/templates/guestbook/index.html"
        script = '<script type="importmap">{"imports": {"guestbook": "{% static "guestbook/js/app.js" %}"}}</script>'
        self._edit(page, "{% load static lastly %}", "{% load static %}")
        self._edit(page, " {% lastly_integrity 'guestbook/css/site.css' %}", "")
        self._edit(page, "{% lastly_importmap %}", script)

    def check_out_again(self) -> None:
        """Makes the static files newer than anything in a bucket by now: stock Django compares whole seconds."""
        soon = time.time() + 2
        for file in self.folder.glob("guestbook/static/**/*"):
            os.utime(file, (soon, soon))

    def _rename(self, old: str, new: str) -> None:
        for file in self.folder.glob("guestbook/static/**/*"):
            if file.suffix in {".css", ".js"}:
                file.write_text(file.read_text().replace(old, new))
            elif file.name == old:
                file.rename(file.with_name(new))

    def manage(self, *words: str) -> None:
        """Runs `manage.py`, which has to succeed."""
        self.run([sys.executable, "manage.py", *words])

    def run(self, command: list[str]) -> None:
        """Runs a command in the project, which has to succeed."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    @contextlib.contextmanager
    def serve(self, port: int) -> Iterator[None]:
        """Has gunicorn answer at this port."""
        how = f"--bind 127.0.0.1:{port} --workers 1 --threads 4 --worker-tmp-dir {self.folder}"
        command = [sys.executable, "-m", "gunicorn", "project.wsgi", *how.split()]
        with running(command, self.folder, self.environment, f"http://127.0.0.1:{port}/admin/login/"):
            yield


@contextlib.contextmanager
def running(command: list[str], folder: Path, environment: dict[str, str], up: str) -> Iterator[None]:
    """A process, from when the URL answers until the end."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not answers(up):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise AssertionError(f"{command[0]} does not answer at {up}:\n{log.read().decode()}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(url: str) -> bool:
    """Whether a server answers at this URL, whatever it says."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextlib.contextmanager
def edges(origin: str, app_ports: list[int], folder: Path) -> Iterator[list[str]]:
    """nginx as a CDN in front of the bucket at the URL `origin` and of the app's servers; its two edges' URLs."""
    program = shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin")))
    if not program:
        raise AssertionError("there is no nginx; on Debian: apt-get install --no-install-recommends nginx")
    folder.mkdir()
    ports = [free_port(), free_port()]
    names = {
        "user": "user root;" if os.geteuid() == 0 else "",
        "directory": folder,
        "origin": origin,
        "app_servers": " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in app_ports),
        "port_one": ports[0],
        "port_two": ports[1],
    }
    for name in ("edge.conf", "edge.inc"):
        (folder / name).write_text(string.Template((HERE / name).read_text()).substitute(names))
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    command = [program, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "edge.conf")]
    with running(command, folder, dict(os.environ), urls[0] + "/static/"):
        yield urls


def bucket(endpoint: str) -> str:
    """Makes a bucket of its own; its name."""
    name = f"test-{secrets.token_hex(6)}"
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request"}
    request = urllib.request.Request(f"{endpoint}/{name}", method="PUT", headers=signed)
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=START_SECONDS).close()
    return name
