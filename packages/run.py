#!/usr/bin/env python3
"""Publishes real packages and proves that nothing in what was published leads nowhere.

    run.py                    every package of packages.txt
    run.py --few              those that the tests take
    run.py katex lodash-es    these
    run.py --site FOLDER      a folder instead
    run.py --browser          packages and pages in a browser, in both forms

README.md says what is checked. Ends with status 1 on any difference.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = Path(os.environ.get("LASTLY_TOOLS") or HERE.parent / ".tools").resolve() / "packages"
UNPACKED = Path(os.environ.get("LASTLY_PACKAGES") or TOOLS / "unpacked")
NODE = ["node", "--experimental-vm-modules", "--no-warnings"]
TREES = ["cases/tree/", "npm/@shoelace-style/shoelace/"]
"""Folders of the browser's site with libraries that put names together as they run."""
LEADS_NOWHERE = re.compile(r"^[a-z ]+ `(.*)` leads nowhere: ", re.DOTALL)
COUNTED = {
    "forBundler": re.compile(r"^module specifiers leave out .*, (\d+) in all"),
    "forTemplate": re.compile(r"^(\d+) references hold a template's placeholder"),
}


@dataclasses.dataclass(frozen=True)
class Package:
    """One of the packages of packages.txt."""

    registry: str
    name: str
    version: str
    sha256: str
    options: tuple[str, ...]

    @property
    def folder(self) -> Path:
        if self.registry == "npm":
            return UNPACKED / "npm" / f"{self.name.replace('/', '+')}@{self.version}"
        return UNPACKED / "pypi" / f"{self.name}-{self.version}"

    @property
    def module(self) -> str | None:
        """What Node imports."""
        return next((one.removeprefix("import=") for one in self.options if one.startswith("import=")), None)


def packages() -> list[Package]:
    lines = [line.split() for line in (HERE / "packages.txt").read_text().splitlines()]
    return [Package(*line[:4], tuple(line[4:])) for line in lines if line and line[0] != "#"]


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Only one run at a time installs and downloads."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install() -> None:
    """The parsers, from npm, where Node finds them from this folder."""
    modules, link = TOOLS / "node_modules", HERE / "node_modules"
    lock = (HERE / "package-lock.json").read_text()
    done = TOOLS / "installed"
    if not (done.is_file() and done.read_text() == lock):
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, TOOLS / name)
        subprocess.run(["npm", "ci", "--silent", "--ignore-scripts", "--prefix", TOOLS], check=True)
        done.write_text(lock)
    if not (link.is_symlink() and link.resolve() == modules):
        link.unlink(missing_ok=True)
        link.symlink_to(modules)


def fetch(package: Package) -> None:
    """Downloads and unpacks a package, unless it is there; nothing in it is run."""
    if package.folder.is_dir():
        return
    package.folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=package.folder.parent) as temporary:
        if package.registry == "npm":
            command = ["npm", "pack", "--silent", "--ignore-scripts", f"{package.name}@{package.version}"]
        else:
            wanted = f"{package.name}=={package.version}"
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check", wanted]
        subprocess.run(command, cwd=temporary, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(temporary).iterdir()
        sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
        if sha256 != package.sha256:
            sys.exit(f"{package.name} {package.version}: its archive has the SHA-256 {sha256}")
        inside = Path(temporary) / "unpacked"
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as opened:
                opened.extractall(inside)
        else:
            with tarfile.open(archive) as opened:
                opened.extractall(inside, filter="data")
            (inside,) = inside.iterdir()
        inside.rename(package.folder)


@dataclasses.dataclass
class Published:
    """What came of a publish."""

    store: Path
    answer: dict
    seconds: float
    megabytes: float
    """The most memory that it took."""


def without_settings() -> dict[str, str]:
    """The environment without what would tell lastly something."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LASTLY_", "GITHUB_"))}


def publish(lastly: str, folder: Path, store: Path, **settings: str) -> Published:
    """Publishes a folder with default settings but for these; whatever is wrong ends the program."""
    command = [lastly, "publish", str(folder), "--store", f"dir:{store}", "--json"]
    started = time.monotonic()
    with tempfile.TemporaryFile() as output, subprocess.Popen(
        command, cwd=store.parent, env=without_settings() | settings, stdout=output, stderr=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        output.seek(0)
        answer = json.load(output)
    if process.returncode:
        errors = [problem for problem in answer["problems"] if problem["level"] == "error"]
        raise Failed(f"lastly ended with status {process.returncode}: {answer['error']['message']}; {errors[:3]}")
    return Published(store, answer, seconds, usage.ru_maxrss / 1024)


class Failed(Exception):
    """A publish that did not succeed."""


@dataclasses.dataclass
class Row:
    """A line of the table."""

    name: str
    differences: list[str]
    seen: dict = dataclasses.field(default_factory=dict)
    missing: int = 0
    other_warnings: int = 0
    seconds: float = 0
    megabytes: float = 0

    HEAD = "| package | files | MB | references | rewritten | for bundlers | for templates | missing | checker's | other warnings | s | memory, MB | differences |"

    def __str__(self) -> str:
        seen = collections.defaultdict(int, self.seen)
        cells = [
            self.name,
            *(f"{seen['files']}", f"{seen['bytes'] / 1e6:.1f}", f"{seen['references']}", f"{seen['rewritten']}"),
            *(f"{seen['forBundler']}", f"{seen['forTemplate']}", f"{self.missing}", f"{len(self.seen.get('missing', []))}"),
            *(f"{self.other_warnings}", f"{self.seconds:.1f}", f"{self.megabytes:.0f}", f"{len(self.differences)}"),
        ]
        return f"| {' | '.join(cells)} |"


def examine(lastly: str, name: str, folder: Path, store: Path, module: str | None = None) -> Row:
    """Publishes a folder and compares both forms."""
    try:
        published = publish(lastly, folder, store)
    except Failed as error:
        return Row(name, [str(error)])
    checked = subprocess.run([*NODE, HERE / "check.mjs", folder, store], check=True, stdout=subprocess.PIPE)
    seen = json.loads(checked.stdout)
    row = Row(name, seen["differences"], seen, seconds=published.seconds, megabytes=published.megabytes)
    compare_warnings(row, folder, store, published.answer["problems"])
    if module:
        row.differences += compare_exports(folder, store, module)
    return row


def compare_warnings(row: Row, folder: Path, store: Path, problems: list[dict]) -> None:
    """lastly and the checker miss the same, by file and text."""
    ours: collections.Counter[tuple[str, str]] = collections.Counter()
    counted = dict.fromkeys(COUNTED, 0)
    for problem in problems:
        if missing := LEADS_NOWHERE.match(problem["message"]):
            file = os.path.join(store.parent, problem["file"])
            ours[os.path.relpath(file, folder), missing[1]] += 1
            continue
        for what, message in COUNTED.items():
            if count := message.match(problem["message"]):
                counted[what] = int(count[1])
                break
        else:
            row.other_warnings += 1
    theirs = collections.Counter((missing["file"], missing["text"]) for missing in row.seen["missing"])
    row.missing = ours.total()
    row.differences += [f"{file}: only lastly misses `{text}`" for file, text in ours - theirs]
    row.differences += [f"{file}: lastly does not miss `{text}`" for file, text in theirs - ours]
    for what, count in counted.items():
        if count != row.seen[what]:
            row.differences.append(f"{what}: {count}, and {row.seen[what]} by the checker")


def compare_exports(folder: Path, store: Path, module: str) -> list[str]:
    """Node imports a module in both forms, with everything that it imports."""
    # Node reads the nearest package.json, which has an address in its name here.
    (store / "package.json").write_text('{"type": "module"}')
    key = json.loads((store / "manifest.json").read_text())["paths"][module]
    names = []
    for file in (folder / module, store / key):
        script = f"console.log(JSON.stringify(Object.keys(await import({json.dumps(file.as_uri())}))))"
        node = ["node", "--no-warnings", "--input-type=module", "--eval", script]
        imported = subprocess.run(node, check=False, capture_output=True, text=True)
        if imported.returncode:
            return [f"{module}: Node cannot import {file}: {imported.stderr.strip()[-300:]}"]
        names.append(json.loads(imported.stdout.splitlines()[-1]))
    if not names[0]:
        return [f"{module}: exports nothing"]
    return [] if names[0] == names[1] else [f"{module}: other names are exported"]


# In a browser


def pages(few: bool) -> list[str]:
    """The pages that the browser loads: ours, and those of packages."""
    lists = [HERE / "pages/pages.txt"] if few else [HERE / "pages/pages.txt", HERE / "pages/all/pages.txt"]
    return [page for file in lists for page in file.read_text().split()]


def needed(few: bool) -> list[Package]:
    """The packages, by their newest version, that these pages lie in or load from."""
    own = [HERE / "pages" / page for page in pages(few)]
    text = "\n".join([*pages(few), *(page.read_text() for page in own if page.exists())])
    names = set(re.findall(r"\bnpm/((?:@[^/]+/)?[^/\"' ]+)/", text))
    newest = {package.name: package for package in packages() if package.registry == "npm"}
    return [newest[name] for name in sorted(names)]


def browse(lastly: str, few: bool) -> Row:
    """Puts pages and packages into one site and has a browser load all of its pages in both forms."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, store = Path(temporary) / "site", Path(temporary) / "store"
        shutil.copytree(HERE / "pages", folder, ignore=(lambda _, names: {"all"} & set(names)) if few else None)
        for package in needed(few):
            shutil.copytree(package.folder, folder / "npm" / package.name)
        rules = [f"[[rules]]\ntree = {json.dumps(tree)}\n" for tree in TREES if (folder / tree).is_dir()]
        (store.parent / "lastly.toml").write_text("".join(rules))
        row = examine(lastly, "pages in a browser", folder, store)
        if not row.seen:
            return row
        load(lastly, row, folder, store, pages(few))
        # Once more with module specifiers as they are written, which only an import map leads anywhere.
        mapped = Path(temporary) / "mapped"
        publish(lastly, folder, mapped, LASTLY_IMPORT_MAP="specifiers")
        load(lastly, row, folder, mapped, pages(few))
        return row


def load(lastly: str, row: Row, folder: Path, store: Path, names: list[str]) -> None:
    """Has a browser load pages in both forms."""
    with serving(lastly, store) as url:
        command = ["node", HERE / "browse.mjs", folder, store, url, *names]
        seen = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    for line in seen.stdout.splitlines():
        page = json.loads(line)
        print(f"    {page['page']}: {', '.join(f'{count} {what}' for what, count in page['seen'].items())}")
        row.differences += page["differences"]
    if seen.returncode or len(seen.stdout.splitlines()) != len(names):
        row.differences.append("the browser did not load all pages")


@contextlib.contextmanager
def serving(lastly: str, store: Path) -> Iterator[str]:
    """`lastly serve` on some port; yields its URL."""
    command = [lastly, "serve", "--store", f"dir:{store}", "--port", "0", "--json"]
    with subprocess.Popen(
        command, cwd=store.parent, env=without_settings(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="packages, by name or name@version")
    parser.add_argument("--few", action="store_true", help="only the packages and pages that the tests take")
    parser.add_argument("--site", type=Path, metavar="FOLDER", help="check this folder")
    parser.add_argument("--browser", action="store_true", help="load pages in a browser")
    parser.add_argument("--install", action="store_true", help="only install and download what is needed")
    parser.add_argument("--lastly", type=os.path.abspath, default=str(HERE.parent / "target/release/lastly"), help="the program")
    options = parser.parse_args()

    chosen = [
        package
        for package in packages()
        if (not options.few or "few" in package.options)
        and (not options.names or {package.name, f"{package.name}@{package.version}"} & set(options.names))
    ]
    with alone():
        install()
        with_pages = needed(options.few) if options.browser or options.install else []
        without = [] if options.site or options.browser else chosen
        for package in {*with_pages, *without}:
            fetch(package)
    if options.install:
        return 0
    failed = False

    def report(row: Row) -> None:
        nonlocal failed
        failed = failed or bool(row.differences)
        print(row)
        for difference in row.differences[:20]:
            print(f"    {difference}")
        sys.stdout.flush()

    print(Row.HEAD)
    print("|---|" + "--:|" * (Row.HEAD.count("|") - 2))
    if options.site:
        with tempfile.TemporaryDirectory() as temporary:
            report(examine(options.lastly, options.site.name, options.site.resolve(), Path(temporary) / "store"))
    elif options.browser:
        report(browse(options.lastly, options.few))
    else:
        if not chosen:
            sys.exit("there is no such package in packages.txt")
        for package in chosen:
            name = f"{package.name} {package.version}"
            with tempfile.TemporaryDirectory() as temporary:
                store = Path(temporary) / "store"
                report(examine(options.lastly, name, package.folder, store, package.module))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
