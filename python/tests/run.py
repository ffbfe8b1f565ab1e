#!/usr/bin/env python3
"""Runs the tests of the Python side, with every pair of Python and Django that this machine has.

    run.py install            the virtual environments, once; fast when there is nothing to do
    run.py                    style, types and tests
    run.py --part wheel       one part; this one builds the wheel and tries it
    run.py NAME…              the tests of `unit` whose names contain one of these

The environments lie in `.tools/` (or LASTLY_TOOLS) and hold exactly what `pins/` says. The program is the one that
LASTLY_BINARY names, or else what cargo has last built for debugging.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = Path(os.environ.get("LASTLY_TOOLS") or ROOT / ".tools").resolve()
NOTHING_RAN = 5
PROJECT = """
SECRET_KEY = "only for tests"
INSTALLED_APPS = ["lastly.django", "django.contrib.staticfiles"]
STATIC_URL = "/static/"
STATICFILES_DIRS = ["static"]
STORAGES = {"staticfiles": {"BACKEND": "lastly.django.StaticFilesStorage", "OPTIONS": {"store": "dir:store"}}}
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment: a Python, and what is installed in it."""

    pins: str
    """The name of a file in `pins/`."""
    version: tuple[int, int]
    """Of Python."""

    @property
    def name(self) -> str:
        return f"python-{self.version[0]}.{self.version[1]}-{self.pins}"

    @property
    def python(self) -> Path:
        return TOOLS / self.name / "bin" / "python"

    def install(self) -> bool:
        """Makes sure that it is there; False where this machine has no such Python."""
        interpreter = find_python(self.version)
        if interpreter is None:
            print(f"{self.name}: left out: no Python {self.version[0]}.{self.version[1]} on the path or under pyenv")
            return False
        done, wanted = TOOLS / self.name / "installed", (HERE / "pins" / f"{self.pins}.txt").read_text()
        if self.python.exists() and done.is_file() and done.read_text() == wanted:
            return True
        started = time.monotonic()
        shutil.rmtree(TOOLS / self.name, ignore_errors=True)
        subprocess.run([interpreter, "-m", "venv", TOOLS / self.name], check=True)
        pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", HERE / "pins" / f"{self.pins}.txt"], check=True)
        done.write_text(wanted)
        print(f"{self.name}: installed in {time.monotonic() - started:.0f} s")
        return True

    def run(self, *arguments: str | Path, folder: Path = ROOT) -> int:
        """Runs its Python with the package and the program in reach."""
        paths = [str(ROOT / "python"), str(HERE)]
        variables = os.environ | {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LASTLY_BINARY": str(binary()),
        }
        return subprocess.run([self.python, *arguments], cwd=folder, env=variables, check=False).returncode


MATURIN = Environment("maturin", (3, 11))
LINT = Environment("lint", (3, 11))
DEPLOYS = Environment("deploys", (3, 11))
GRID = [
    Environment("django-5.2", (3, 11)),
    Environment("django-6.0", (3, 12)),
    Environment("django-6.1", (3, 13)),
]
"""Every supported Django, and every supported Python."""


def find_python(version: tuple[int, int]) -> str | None:
    """The interpreter of a version: this one, or one on the path or under pyenv."""
    if sys.version_info[:2] == version:
        return sys.executable
    name = f"{version[0]}.{version[1]}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [shutil.which(f"python{name}"), *sorted(pyenv.glob(f"{name}.*/bin/python"))]
    for candidate in filter(None, candidates):
        # One of pyenv's shims may be on the path without a version behind it.
        if subprocess.run([candidate, "-c", ""], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return str(candidate)
    return None


def binary() -> Path:
    """The program under test."""
    if named := os.environ.get("LASTLY_BINARY"):
        return Path(named).resolve()
    cargo = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    described = subprocess.run(cargo, cwd=ROOT, check=True, capture_output=True).stdout
    path = Path(json.loads(described)["target_directory"], "debug", "lastly")
    if not path.is_file():
        sys.exit(f"{path} is missing: cargo build")
    return path


def lint(_: list[str]) -> int:
    """Style and types."""
    python = ROOT / "python"
    steps: list[list[str | Path]] = [
        ["-m", "ruff", "check", "--quiet", "--no-cache", python],
        ["-m", "ruff", "format", "--quiet", "--no-cache", "--check", python],
        ["-m", "mypy", "--no-error-summary", f"--cache-dir={TOOLS / 'mypy'}"],
    ]
    return max(LINT.run(*step) for step in steps)


def unit(names: list[str]) -> int:
    """The tests in this folder, in every pair of the grid."""
    status = 0
    for environment in present(GRID):
        print(f"{environment.name}:", flush=True)
        chosen = [word for name in names for word in ("-k", name)]
        ended = environment.run("-W", "error", "-m", "unittest", "discover", "-s", HERE, "-t", HERE.parent, *chosen)
        status = max(status, 0 if names and ended == NOTHING_RAN else ended)
    return status


def conformance(_: list[str]) -> int:
    """Django's own tests for staticfiles, in every pair of the grid."""
    return max(environment.run(ROOT / "python" / "conformance" / "run.py") for environment in present(GRID))


def deploys(_: list[str]) -> int:
    """The example project, with gunicorn, nginx and an S3 server."""
    return DEPLOYS.run("-m", "unittest", "discover", "-s", ROOT / "python" / "deploys")


def wheel(_: list[str]) -> int:
    """The wheel, built for debugging and installed into an environment of its own: it brings everything it needs."""
    MATURIN.install()
    with tempfile.TemporaryDirectory(prefix="lastly-") as temporary:
        build = ["-m", "maturin", "build", "--quiet", "--locked", "--profile", "dev", "--out", temporary]
        if MATURIN.run(*build):
            return 1
        (built,) = Path(temporary).glob("*.whl")
        fresh = Path(temporary, "fresh")
        subprocess.run([sys.executable, "-m", "venv", fresh], check=True)
        pip = [fresh / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, built, "--requirement", HERE / "pins" / "django-5.2.txt"], check=True)
        project = Path(temporary, "project")
        (project / "static").mkdir(parents=True)
        (project / "static" / "app.css").write_text("body {}\n")
        (project / "project.py").write_text(PROJECT)
        command = [fresh / "bin" / "python", "-m", "django", "collectstatic", "--noinput", "--settings", "project"]
        clean = {"PATH": os.defpath, "PYTHONPATH": str(project)}
        ended = subprocess.run(command, cwd=project, env=clean, check=False, capture_output=True, text=True)
        print(ended.stdout, ended.stderr)
        return 0 if ended.returncode == 0 and "1 static file copied" in ended.stdout else 1


PARTS: dict[str, Callable[[list[str]], int]] = {
    "lint": lint,
    "unit": unit,
    "conformance": conformance,
    "deploys": deploys,
    "wheel": wheel,
}
ALWAYS = ("lint", "unit", "conformance", "deploys")
"""The parts that run unless others are asked for: the wheel takes a build of its own."""


def present(environments: list[Environment]) -> list[Environment]:
    """Those that are installed."""
    return [environment for environment in environments if environment.python.exists()]


def install() -> None:
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the directory may be shared
        for environment in (LINT, DEPLOYS, *GRID):
            environment.install()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, action="append", help="this part; may be repeated")
    parser.add_argument("names", nargs="*", metavar="NAME", help="tests, or `install`")
    options = parser.parse_args()
    install()
    if options.names == ["install"]:
        return 0
    parts = options.part or (["unit"] if options.names else list(ALWAYS))
    failed = [part for part in parts if PARTS[part](options.names) != 0]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
