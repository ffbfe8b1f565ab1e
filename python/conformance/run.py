"""Runs Django's own tests for staticfiles with lastly's storage and command, for the Django that is installed here.

The tests come from Django's source distribution, which is kept in `.tools/` (or LASTLY_TOOLS). What is left out, and
why, stands in left-out.txt.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import django

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = Path(os.environ.get("LASTLY_TOOLS") or ROOT / ".tools").resolve() / "django"
MEMORY = Path("/dev/shm")


def source(version: str) -> Path:
    """The folder of Django's source distribution; downloads and unpacks it unless it is there."""
    folder = TOOLS / f"django-{version}"
    pins = dict(line.split() for line in (HERE / "sources.txt").read_text().splitlines() if line[:1].isdigit())
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the directory may be shared
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=TOOLS) as temporary:
                wanted = Path(temporary, "wanted.txt")
                wanted.write_text(f"Django=={version} --hash=sha256:{pins[version]}\n")
                pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
                pip += ["--no-binary", "Django", "--require-hashes", "--requirement", str(wanted), "--dest", temporary]
                subprocess.run(pip, check=True)
                with tarfile.open(next(Path(temporary).glob("*.tar.gz"))) as archive:
                    archive.extractall(temporary, filter="data")
                Path(temporary, folder.name).rename(folder)
    return folder


def main() -> int:
    version = django.get_version()
    tests = source(version) / "tests"
    paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    # In memory, because every publish waits until its files are on the disk.
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as temporary:
        variables = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TMPDIR": temporary}
        command = [sys.executable, "runtests.py", "staticfiles_tests", "--parallel", "1", "--settings=swapped"]
        done = subprocess.run(command, cwd=tests, env=variables, capture_output=True, text=True, check=False)
    counts = [line for line in done.stdout.splitlines() if line.startswith(f"| {version} |")]
    told = (ROOT / "docs" / "django.md").read_text().splitlines()
    if done.returncode or len(counts) != 1:
        print(done.stdout, done.stderr)
        return 1
    print(f"Django, tests, passed, left out: {counts[0]}", flush=True)
    if counts[0] not in told:
        print("docs/django.md counts otherwise")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
