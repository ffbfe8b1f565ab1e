#!/usr/bin/env python3
"""Installs and starts the servers that lastly's tests run against, on loopback, without Docker.

    servers.py install            once; fast when there is nothing to do
    servers.py run -- COMMAND…    runs COMMAND with the servers up, and ends with its status
    servers.py up                 keeps them up and prints the environment to export, until Ctrl-C

README.md says what each server is for and which variables are set.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = Path(os.environ.get("LASTLY_TOOLS") or HERE.parent / ".tools").resolve()
START_SECONDS = 120
STOP_SECONDS = 10


class Unavailable(Exception):
    """A server cannot be installed or started on this machine; says why."""


@dataclass(frozen=True)
class Server:
    """One of the servers."""

    name: str
    variable: str
    """The environment variable that gets its URL."""
    install: Callable[[], None]
    command: Callable[[int, Path], list[str]]
    """What starts it, from a port and a directory of its own; Unavailable if it is not installed."""
    health: str
    """A path that answers, whatever it answers, when the server is ready."""


def python(name: str) -> Path:
    return TOOLS / name / "bin" / "python"


def pins(name: str) -> Path:
    return HERE / "pins" / f"{name}.txt"


def stamp(name: str, interpreter: str) -> str:
    return f"{interpreter}\n{hashlib.sha256(pins(name).read_bytes()).hexdigest()}\n"


def install_venv(name: str, interpreter: str) -> None:
    """A virtual environment with exactly the pinned packages, unless it is there already."""
    venv = TOOLS / name
    done = venv / "installed"
    if done.is_file() and done.read_text() == stamp(name, interpreter):
        print(f"{name}: installed already")
        return
    started = time.monotonic()
    print(f"{name}: installing", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([interpreter, "-m", "venv", str(venv)], check=True)
    pip = [str(python(name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(pins(name))], check=True)
    done.write_text(stamp(name, interpreter))
    print(f"{name}: installed in {time.monotonic() - started:.0f} s")


def installed(name: str) -> str:
    """The interpreter of an installed virtual environment."""
    if not (TOOLS / name / "installed").is_file():
        raise Unavailable(f"not installed; run: python3 {HERE.name}/servers.py install")
    return str(python(name))


def moto(name: str) -> Callable[[int, Path], list[str]]:
    return lambda port, _: [installed(name), str(HERE / "moto_locked.py"), "--port", str(port)]


SERVERS = [
    Server("moto", "LASTLY_TEST_MOTO", lambda: install_venv("moto", sys.executable), moto("moto"), "/_lastly/faults"),
    Server("lax", "LASTLY_TEST_LAX", lambda: install_venv("lax", sys.executable), moto("lax"), "/_lastly/faults"),
]


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as candidate, contextlib.suppress(OSError):
            candidate.bind(("127.0.0.1", port))
            return port


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def die_with_parent() -> None:
    """Has Linux end this process should the starter be killed outright."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the starter, which then stops the servers
            preexec_fn=die_with_parent,
        )


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ends the processes, and whatever they started."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for process in processes:
        process.terminate()
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_up(name: str, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(url):
        if process.poll() is not None:
            sys.exit(f"{name}: ended with status {process.returncode}; see {log}")
        if time.monotonic() > deadline:
            sys.exit(f"{name}: no answer within {START_SECONDS} s; see {log}")
        time.sleep(0.1)


@contextlib.contextmanager
def up(only: list[str]) -> Iterator[dict[str, str]]:
    """The servers, running; yields the variables that tell where. Logs are kept only if something fails."""
    (TOOLS / "runs").mkdir(parents=True, exist_ok=True)
    run = Path(tempfile.mkdtemp(dir=TOOLS / "runs"))
    processes: list[subprocess.Popen[bytes]] = []
    waiting: list[tuple[str, str, subprocess.Popen[bytes], Path]] = []
    variables: dict[str, str] = {}
    started = time.monotonic()
    try:
        for server in chosen(only):
            port, log, directory = free_port(), run / f"{server.name}.log", run / server.name
            directory.mkdir()
            try:
                command = server.command(port, directory)
            except Unavailable as reason:
                if only or server.name == "moto":
                    sys.exit(f"{server.name}: {reason}")
                print(f"{server.name}: not started: {reason}", file=sys.stderr)
                continue
            process = start(command, log)
            processes.append(process)
            variables[server.variable] = f"http://127.0.0.1:{port}"
            waiting.append((server.name, variables[server.variable] + server.health, process, log))
        for name, url, process, log in waiting:
            wait_until_up(name, url, process, log)
            print(f"{name}: up after {time.monotonic() - started:.1f} s", file=sys.stderr)
        yield variables
    except BaseException as failure:
        stop(processes)
        if not isinstance(failure, KeyboardInterrupt):
            print(f"logs: {run}", file=sys.stderr)
        raise
    stop(processes)
    shutil.rmtree(run)


def chosen(only: list[str]) -> list[Server]:
    return [server for server in SERVERS if not only or server.name in only]


def environment(variables: dict[str, str]) -> dict[str, str]:
    """What the tests see: the servers, dummy credentials, and nothing of this machine's own AWS settings."""
    return variables | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def install(only: list[str]) -> int:
    TOOLS.mkdir(parents=True, exist_ok=True)
    for server in chosen(only):
        try:
            server.install()
        except Unavailable as reason:
            if only:
                sys.exit(f"{server.name}: {reason}")
            print(f"{server.name}: left out: {reason}")
    return 0


def run(only: list[str], command: list[str]) -> int:
    with up(only) as variables:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        process = subprocess.Popen(command, env=kept | environment(variables))
        try:
            status = process.wait()
        except KeyboardInterrupt:
            status = process.wait()  # Ctrl-C reached it too
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if status:
            sys.exit(status if status > 0 else 128 - status)
    return 0


def stay_up(only: list[str]) -> int:
    with contextlib.suppress(KeyboardInterrupt), up(only) as variables:
        for name, value in environment(variables).items():
            print(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        signal.pause()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="The servers that lastly's tests run against.")
    names = [server.name for server in SERVERS]
    parser.add_argument("--only", action="append", choices=names, default=[], help="this server; may be repeated")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("install", help="install what is missing")
    actions.add_parser("up", help="start, print the environment, stay until Ctrl-C")
    runner = actions.add_parser("run", help="start, run a command, stop")
    runner.add_argument("command", nargs="+", metavar="COMMAND", help="after --")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    match options.action:
        case "install":
            return install(options.only)
        case "up":
            return stay_up(options.only)
        case _:
            return run(options.only, options.command)


if __name__ == "__main__":
    sys.exit(main())
