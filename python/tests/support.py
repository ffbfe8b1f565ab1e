"""What the tests share: a project in a folder of its own, published by the real program into a store beside it."""

from __future__ import annotations

import contextlib
import gc
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.test import SimpleTestCase, override_settings

FILES = {
    "css/app.css": "body { background: url(../img/dot.svg) }\n",
    "img/dot.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>\n",
    "js/app.js": "import './util.js';\n",
    "js/util.js": "import './app.js';\nexport const one = 1;\n",
    "robots.txt": "User-agent: *\n",
}

MEMORY = Path("/dev/shm")
"""Where Linux has files that are never written to a disk, which a store in a folder would wait for."""


class ProjectTestCase(SimpleTestCase):
    """Each test has a folder, files in it, and a store."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="lastly-test-", dir=MEMORY if MEMORY.is_dir() else None)
        self.addCleanup(temporary.cleanup)
        self.addCleanup(gc.collect)  # and with the storage goes the thread that follows
        self.folder = Path(temporary.name).resolve()
        self.store = self.folder / "store"
        self.write(FILES)

    def write(self, files: dict[str, str], folder: str = "static") -> None:
        """Writes source files."""
        for path, content in files.items():
            place = self.folder / folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)

    @contextlib.contextmanager
    def project(self, options: dict[str, Any] | None = None, **settings: Any) -> Iterator[None]:
        """The settings of this project, with OPTIONS on top of its store."""
        given = {"store": f"dir:{self.store}", **(options or {})}
        backend = {"BACKEND": "lastly.django.StaticFilesStorage", "OPTIONS": given}
        ours = {
            "BASE_DIR": self.folder,
            "STATICFILES_DIRS": [self.folder / "static"],
            "STORAGES": {"staticfiles": backend},
        }
        with override_settings(**{**ours, **settings}):
            yield

    def collect(self, *flags: str, verbosity: int = 1, **options: Any) -> tuple[str, str]:
        """Runs collectstatic in the project; what it says on stdout and on stderr."""
        out, err = io.StringIO(), io.StringIO()
        call_command("collectstatic", *flags, interactive=False, verbosity=verbosity, stdout=out, stderr=err, **options)
        return out.getvalue(), err.getvalue()
