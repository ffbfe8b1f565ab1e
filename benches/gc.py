#!/usr/bin/env python3
"""Collect the garbage of sites of several sizes on an S3 server in memory, and print what each collection cost.

Needs cargo. See benches/README.md.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from run import BUCKET, ROOT, Server, build, environment, machine, measure


class Site(Server):
    """A server with a site of so many objects: half stand in kept releases, nothing names the other half."""

    def __init__(self, program: str, objects: int, latency_ms: int):
        command = [program, "--latency-ms", str(latency_ms), "--bucket", BUCKET, "--site", str(objects)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.endpoint = self.process.stdout.readline().strip()


def command(lastly: str, options: argparse.Namespace, *more: str) -> list[str]:
    everything = ["--min-object-age", "0s", "--max-delete", "60%"]
    width = ["--concurrency", str(options.concurrency)]
    return [lastly, "gc", "--store", f"s3://{BUCKET}/static/", *everything, *width, *more]


def plan(lastly: str, options: argparse.Namespace, server: Site) -> dict:
    """What a collection would do, and what the server has been asked for it."""
    with tempfile.TemporaryDirectory() as scratch:
        env = environment(server.endpoint, pathlib.Path(scratch))
        answer = subprocess.run(command(lastly, options, "--json"), env=env, check=True, stdout=subprocess.PIPE)
    return json.loads(answer.stdout)


def collect(lastly: str, options: argparse.Namespace, objects: int, server_program: str) -> dict:
    with Site(server_program, objects, options.latency_ms) as server, tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        run = measure(command(lastly, options, "--apply"), environment(server.endpoint, scratch), scratch)
        requests = server.requests()
        left = plan(lastly, options, server)
        goes = sum(row["versions"] for row in left["goes"])
        if goes or left["stays"]["versions"] < objects // 2:
            sys.exit(f"after the collection of {objects:,} objects {goes:,} are left that should have gone")
    numbers = {"wall": run.wall, "cpu": run.cpu, "rss_mb": run.rss_mb}
    return {"objects": objects, "victims": objects // 2, **numbers, "requests": requests}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = [1_000, 100_000, 1_000_000]
    parser.add_argument("--objects", type=lambda text: [int(size) for size in text.split(",")], default=sizes)
    parser.add_argument("--lastly", type=os.path.abspath, help="this lastly instead of one built from here")
    parser.add_argument("--server", type=os.path.abspath, help="this bench-server instead of one built from here")
    parser.add_argument("--latency-ms", type=int, default=20, help="what every answer takes")
    parser.add_argument("--concurrency", type=int, default=16, help="requests at once")
    parser.add_argument("--json", action="store_true", help="every run, as JSON")
    options = parser.parse_args()
    server = options.server or build(ROOT / "benches" / "server" / "Cargo.toml")["bench-server"]
    lastly = options.lastly or build(ROOT / "Cargo.toml")["lastly"]

    here = machine(os.getloadavg()[0])
    runs = [collect(lastly, options, objects, server) for objects in options.objects]
    if options.json:
        print(json.dumps({"machine": here, "runs": runs}, indent=1))
        return
    print(f"{here}; {options.latency_ms} ms an answer, {options.concurrency} at once\n")
    print("| objects | go | wall, s | CPU, s | max RSS, MB | requests |")
    print("| --- | --- | --- | --- | --- | --- |")
    for run in runs:
        requests = ", ".join(f"{count:,} {kind}" for kind, count in run["requests"].items())
        numbers = f"{run['wall']:.1f} | {run['cpu']:.1f} | {run['rss_mb']:.0f}"
        print(f"| {run['objects']:,} | {run['victims']:,} | {numbers} | {requests} |")


if __name__ == "__main__":
    main()
