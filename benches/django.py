#!/usr/bin/env python3
"""Run collectstatic with lastly and with its peers against an S3 server in memory, in turns, and print what each cost.

Needs Python 3.11, cargo, PyPI and, for more than the packages of Django itself, npm. Everything it makes lies in
.tools/bench. See benches/README.md.
"""

import argparse
import contextlib
import dataclasses
import importlib.util
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import venv

import run as bench
from run import ROOT, TOOLS, Run, Server, measure

PINS = """
asgiref==3.13.0
boto3==1.44.5
botocore==1.44.5
Collectfasta==3.3.5
Django==5.2.19
django-storages==1.14.6
djangorestframework==3.18.3
jmespath==1.1.0
python-dateutil==2.9.0.post0
s3transfer==0.19.3
six==1.17.0
sqlparse==0.6.1
typing_extensions==4.16.0
urllib3==2.8.0
"""
NPM = [
    "bootstrap",
    "katex",
    "font-awesome",
    "leaflet",
    "jstree",
    "jquery-ui",
    "flag-icons",
    "@fontsource/inter",
    "video.js",
    "admin-lte",
    "bulma",
]
"""Of packages/packages.txt, in the version that stands there last. Stock Django can collect each of them."""
HOME = TOOLS / "django"
CONTESTANTS = ["lastly", "stock", "collectfasta"]
CHANGED = 10
STARTS = 5
ENDINGS = {".css": "\n/* changed */\n", ".js": "\n// changed\n", ".svg": "\n<!-- changed -->\n"}
"""What a changed file ends with, by its kind; others stay."""

SETTINGS = """
import json, os, pathlib
SECRET_KEY = "only for the benchmark"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
]
STATIC_URL = "/static/"
STATICFILES_DIRS = json.loads(os.environ["BENCH_DIRS"])
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
AWS_STORAGE_BUCKET_NAME = "bench"
AWS_LOCATION = "static"
AWS_S3_ENDPOINT_URL = os.environ["AWS_ENDPOINT_URL_S3"]
AWS_S3_ADDRESSING_STYLE = "path"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": os.environ["BENCH_CACHE"],
        "TIMEOUT": None,
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    },
}
MANIFEST_IN_BUCKET = "storages.backends.s3.S3ManifestStaticStorage"
match os.environ["BENCH_CONTESTANT"]:
    case "lastly":
        INSTALLED_APPS.insert(0, "lastly.django")
        OPTIONS = {"store": "s3://bench/static/", "binary": os.environ["BENCH_LASTLY"]}
        STORAGES = {"staticfiles": {"BACKEND": "lastly.django.StaticFilesStorage", "OPTIONS": OPTIONS}}
    case "stock":
        STORAGES = {"staticfiles": {"BACKEND": MANIFEST_IN_BUCKET}}
    case "collectfasta":
        INSTALLED_APPS.insert(0, "collectfasta")
        STORAGES = {"staticfiles": {"BACKEND": MANIFEST_IN_BUCKET}}
        COLLECTFASTA_STRATEGY = "collectfasta.strategies.boto3.Boto3ManifestMemoryStrategy"
        COLLECTFASTA_THREADS = int(os.environ["BENCH_THREADS"])
"""

TIMED = """#!/bin/sh
began=$(date +%s%N)
{program} "$@"
status=$?
echo $(( $(date +%s%N) - began )) >> {log}
exit $status
"""
"""The program, and beside it a file with the nanoseconds that each run of it took."""


def install() -> pathlib.Path:
    """Installs Django and the peers from PyPI; the interpreter."""
    home, python = HOME / "venv", HOME / "venv" / "bin" / "python"
    done = home / "installed"
    if not (done.is_file() and done.read_text() == PINS):
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, with_pip=True)
        (home / "pins.txt").write_text(PINS)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", home / "pins.txt"], check=True)
        done.write_text(PINS)
    return python


def npm_folders(names: list[str]) -> dict[str, pathlib.Path]:
    """Downloads the packages that are not there; their folders."""
    spec = importlib.util.spec_from_file_location("packages_run", ROOT / "packages" / "run.py")
    packages = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = packages
    spec.loader.exec_module(packages)
    known = {package.name: package for package in packages.packages() if package.registry == "npm"}
    for name in names:
        packages.fetch(known[name])
    return {name: known[name].folder for name in names}


def plant(python: pathlib.Path, names: list[str]) -> pathlib.Path:
    """A folder with the static files of the admin, of DRF and of these npm packages, made anew."""
    where = "import django.contrib.admin as a, rest_framework as r; print(a.__path__[0]); print(r.__path__[0])"
    apps = subprocess.run([python, "-c", where], check=True, capture_output=True, text=True).stdout.split()
    tree = HOME / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for app in apps:
        shutil.copytree(pathlib.Path(app, "static"), tree, dirs_exist_ok=True)
    for name, folder in npm_folders(names).items():
        shutil.copytree(folder, tree / "npm" / name)
    return tree


def files_in(tree: pathlib.Path) -> list[pathlib.Path]:
    """What collectstatic finds, with its default ignore patterns."""
    found = (file for file in tree.rglob("*") if file.is_file())
    hidden = (file for file in found if not any(part.startswith(".") for part in file.relative_to(tree).parts))
    return sorted(file for file in hidden if not file.name.endswith("~") and "CVS" not in file.parts)


@contextlib.contextmanager
def ten_changed(tree: pathlib.Path):
    """Has ten files end otherwise, as if just checked out."""
    changeable = [file for file in files_in(tree) if file.suffix in ENDINGS]
    chosen = {file: file.read_bytes() for file in random.Random(0).sample(changeable, CHANGED)}
    soon = max(file.stat().st_mtime for file in changeable) + 1_000_000
    for file, content in chosen.items():
        file.write_bytes(content + ENDINGS[file.suffix].encode())
        os.utime(file, (soon, soon))
    try:
        yield
    finally:
        for file, content in chosen.items():
            file.write_bytes(content)


class Bench:
    """Everybody's runs."""

    def __init__(self, options: argparse.Namespace):
        self.options = options
        manifest = ROOT / "benches" / "server" / "Cargo.toml"
        self.server = options.server or bench.build(manifest)["bench-server"]
        self.lastly = options.lastly or ("lastly" in options.only and bench.build(ROOT / "Cargo.toml")["lastly"]) or ""
        self.python = install()
        self.tree = plant(self.python, [] if options.few else NPM)
        self.files = len(files_in(self.tree))
        self.runs: dict[str, dict[str, list[Run]]] = {}

    def record(self, scenario: str, contestant: str, run: Run):
        self.runs.setdefault(scenario, {}).setdefault(contestant, []).append(run)

    def environment(self, contestant: str, endpoint: str, scratch: pathlib.Path) -> dict[str, str]:
        """Nothing of the user's own settings; what settings.py reads."""
        program = scratch / "lastly"
        program.write_text(TIMED.format(program=self.lastly, log=scratch / "took"))
        program.chmod(0o755)
        (scratch / "settings.py").write_text(SETTINGS)
        return bench.environment(endpoint, scratch) | {
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": os.pathsep.join([str(scratch), str(ROOT / "python")]),
            "BENCH_CONTESTANT": contestant,
            "BENCH_CACHE": str(scratch / "cache"),
            "BENCH_DIRS": json.dumps([str(self.tree)]),
            "BENCH_LASTLY": str(program),
            "LASTLY_CONCURRENCY": str(self.options.concurrency),
            "BENCH_THREADS": str(self.options.concurrency),
        }

    def collect(self, scenario: str, contestant: str, server: Server, scratch: pathlib.Path, assets: int):
        """Runs collectstatic once."""
        command = [self.python, "-m", "django", "collectstatic", "--noinput", "--verbosity", "0"]
        before = server.requests()
        run = measure(command, self.environment(contestant, server.endpoint, scratch), scratch)
        after = server.requests()
        run.requests = {kind: count for kind in after if (count := after[kind] - before.get(kind, 0))}
        run.assets = assets
        uploads = run.requests.get("PutObject", 0) + run.requests.get("CompleteMultipartUpload", 0)
        if uploads < assets:
            sys.exit(f"{contestant} uploaded {uploads} of {assets} assets")
        self.record(scenario, contestant, run)
        took = scratch / "took"
        if took.exists():
            seconds = sum(int(line) for line in took.read_text().split()) / 1e9
            part = dataclasses.replace(run, wall=seconds, cpu=0.0, requests={})
            self.record(scenario, "of it the program lastly", part)
            took.unlink()

    def turns(self):
        """The three scenarios, each contestant after the other, as often as asked."""
        for turn in range(self.options.repeats):
            first = turn % len(self.options.only)
            for contestant in self.options.only[first:] + self.options.only[:first]:
                print(f"{contestant} …", file=sys.stderr, flush=True)
                with Server(self.server, self.options.latency_ms) as server, tempfile.TemporaryDirectory() as scratch:
                    there = pathlib.Path(scratch)
                    self.collect(f"first collectstatic of {self.files:,} files", contestant, server, there, self.files)
                    self.collect("nothing changed", contestant, server, there, 0)
                    with ten_changed(self.tree):
                        self.collect("ten files changed", contestant, server, there, CHANGED)

    def starts(self):
        """What Django itself costs before any command."""
        with tempfile.TemporaryDirectory() as scratch:
            environment = self.environment("stock", "http://127.0.0.1", pathlib.Path(scratch))
            for words in ("pass", "import django; django.setup()"):
                for _ in range(STARTS):
                    run = measure([self.python, "-c", words], environment, pathlib.Path(scratch))
                    self.record("start-up", f"python -c '{words}'", run)


def total(run: Run) -> int:
    return sum(run.requests.values())


def table(scenario: str, rows: dict[str, list[Run]]) -> str:
    lines = [f"### {scenario}", "", "| | wall min / median, s | CPU min / median, s | requests | |", "| --- " * 5 + "|"]
    for contestant, runs in rows.items():
        wall, cpu = [run.wall for run in runs], [run.cpu for run in runs]
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in runs[-1].requests.items())
        cells = [contestant, bench.least_and_median(wall), bench.least_and_median(cpu) if max(cpu) else ""]
        lines.append(f"| {' | '.join([*cells, f'{total(runs[-1]):,}' if kinds else '', kinds])} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=lambda names: names.split(","), default=CONTESTANTS, help="e.g. lastly,stock")
    parser.add_argument("--few", action="store_true", help="only the files of the admin and of DRF")
    parser.add_argument("--lastly", type=os.path.abspath, help="this lastly instead of one built from here")
    parser.add_argument("--server", type=os.path.abspath, help="this server instead of one built from here")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--latency-ms", type=int, default=20, help="what every answer takes")
    parser.add_argument("--concurrency", type=int, default=64, help="requests or threads at once, where there are any")
    parser.add_argument("--json", action="store_true", help="every run, as JSON")
    options = parser.parse_args()
    if unknown := set(options.only) - set(CONTESTANTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(CONTESTANTS)}")
    benchmark = Bench(options)
    here = bench.machine(os.getloadavg()[0])
    benchmark.starts()
    benchmark.turns()
    if options.json:
        every = benchmark.runs.items()
        runs = {s: {c: [dataclasses.asdict(r) for r in rs] for c, rs in rows.items()} for s, rows in every}
        print(json.dumps({"machine": here, "settings": vars(options), "pins": PINS.split(), "runs": runs}, indent=1))
        return
    print(f"{here}; {options.latency_ms} ms an answer, {options.concurrency} at once, {options.repeats} repeats\n")
    for scenario, rows in benchmark.runs.items():
        print(table(scenario, rows))


if __name__ == "__main__":
    main()
