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
import fcntl
import os
import random
import shlex
import shutil
import signal
import socket
import string
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


class Terminated(SystemExit):
    """Somebody ended the starter by a signal."""


@dataclass(frozen=True)
class Place:
    """Where a server is to run."""

    port: int
    directory: Path
    """Its own, for this run."""
    backend_port: int | None
    """Where the cache finds its bucket: moto's, unless another is asked for."""


@dataclass(frozen=True)
class Server:
    """One of the servers."""

    name: str
    variable: str
    """The environment variable that gets its URL."""
    install: Callable[[], None]
    """Makes sure that it is there; Unavailable if it cannot be."""
    command: Callable[[Place], list[str]]
    """What starts it; Unavailable if it is not there."""
    health: str
    """A path that answers, whatever it answers, when the server is ready."""


def python(name: str) -> Path:
    return TOOLS / name / "bin" / "python"


def pins(name: str) -> Path:
    return HERE / "pins" / f"{name}.txt"


def install_venv(name: str, interpreter: str) -> None:
    """A virtual environment with exactly the pinned packages, unless it is there already."""
    venv = TOOLS / name
    done, wanted = venv / "installed", pins(name).read_text()
    if python(name).exists() and done.is_file() and done.read_text() == wanted:
        print(f"{name}: installed already")
        return
    started = time.monotonic()
    print(f"{name}: installing", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([interpreter, "-m", "venv", str(venv)], check=True)
    pip = [str(python(name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(pins(name))], check=True)
    done.write_text(wanted)
    print(f"{name}: installed in {time.monotonic() - started:.0f} s")


def installed(name: str) -> str:
    """The interpreter of an installed virtual environment."""
    if not (TOOLS / name / "installed").is_file():
        raise Unavailable(f"not installed; run: python3 {HERE.name}/servers.py install")
    return str(python(name))


def install_moto(name: str) -> Callable[[], None]:
    return lambda: install_venv(name, sys.executable)


def moto_command(name: str) -> Callable[[Place], list[str]]:
    return lambda place: [installed(name), str(HERE / "moto_locked.py"), "--port", str(place.port)]


def install_localstack() -> None:
    install_venv("localstack", newer_python())


def newer_python() -> str:
    """A Python that LocalStack runs on: the newest one on the path or under pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for version in ("3.13", "3.12"):
        found = shutil.which(f"python{version}")
        candidates = [Path(found)] if found else []
        candidates += sorted(pyenv.glob(f"{version}.*/bin/python"))
        for candidate in candidates:
            # One of pyenv's shims may be on the path without a version behind it.
            if subprocess.run([candidate, "-c", ""], stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return str(candidate)
    raise Unavailable("needs Python 3.12 or 3.13, and none was found on the path or under pyenv")


def localstack_command(place: Place) -> list[str]:
    newer_python()  # if there is none, that is the reason to give
    wrapper = str(HERE / "localstack_loopback.py")
    return [installed("localstack"), wrapper, str(place.port), str(place.directory)]


def varnishd() -> str:
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which("varnishd", path=path)
    if not found:
        raise Unavailable("no varnishd; on Debian: apt-get install --no-install-recommends varnish")
    return found


def find_varnish() -> None:
    print(f"varnish: found {varnishd()}")


def varnish_command(place: Place) -> list[str]:
    program = varnishd()
    if place.backend_port is None:
        raise Unavailable("needs moto or --backend-port")
    vcl = place.directory / "cache.vcl"
    template = string.Template((HERE / "cache.vcl").read_text())
    vcl.write_text(template.substitute(backend_port=place.backend_port))
    return [
        *(program, "-F", "-j", "none", "-n", str(place.directory), "-f", str(vcl)),
        *("-a", f"127.0.0.1:{place.port}", "-T", "none", "-s", "malloc,64m"),
    ]


SERVERS = [
    Server("moto", "LASTLY_TEST_MOTO", install_moto("moto"), moto_command("moto"), "/_lastly/faults"),
    Server("lax", "LASTLY_TEST_LAX", install_moto("lax"), moto_command("lax"), "/_lastly/faults"),
    Server("localstack", "LASTLY_TEST_LOCALSTACK", install_localstack, localstack_command, "/_localstack/health"),
    Server("varnish", "LASTLY_TEST_VARNISH", find_varnish, varnish_command, "/_lastly/up"),
]


LIBRARIES = {"python": "LASTLY_TEST_PYTHON"}
"""Not servers but what a Python of their own can import, and the variable that gets that Python's path."""


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
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS denies where Linux finds nothing
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
def up(only: list[str], backend_port: int | None) -> Iterator[dict[str, str]]:
    """The servers, running; yields the variables that tell where. Logs are kept only if something fails."""
    (TOOLS / "runs").mkdir(parents=True, exist_ok=True)
    run = Path(tempfile.mkdtemp(dir=TOOLS / "runs"))
    processes: list[subprocess.Popen[bytes]] = []
    waiting: list[tuple[str, str, subprocess.Popen[bytes], Path]] = []
    variables: dict[str, str] = {}
    started = time.monotonic()
    failed = True
    try:
        for server in chosen(only):
            place = Place(free_port(), run / server.name, backend_port)
            place.directory.mkdir()
            try:
                command = server.command(place)
            except Unavailable as reason:
                if only or server.name == "moto":
                    sys.exit(f"{server.name}: {reason}")
                print(f"{server.name}: not started: {reason}", file=sys.stderr)
                continue
            url, log = f"http://127.0.0.1:{place.port}", run / f"{server.name}.log"
            process = start(command, log)
            processes.append(process)
            waiting.append((server.name, url + server.health, process, log))
            variables[server.variable] = url
            if server.name == "moto":
                backend_port = backend_port or place.port
            if server.name == "varnish":
                variables["LASTLY_TEST_VARNISH_BACKEND_PORT"] = str(backend_port)
        for name, url, process, log in waiting:
            wait_until_up(name, url, process, log)
            print(f"{name}: up after {time.monotonic() - started:.1f} s", file=sys.stderr)
        for name, variable in chosen_libraries(only):
            try:
                variables[variable] = installed(name)
            except Unavailable as reason:
                if only:
                    sys.exit(f"{name}: {reason}")
                print(f"{name}: not there: {reason}", file=sys.stderr)
        yield variables
        failed = False
    except (KeyboardInterrupt, Terminated):
        failed = False
        raise
    finally:
        stop(processes)
        if failed:
            print(f"logs of the servers: {run}", file=sys.stderr)
        else:
            shutil.rmtree(run, ignore_errors=True)


def chosen(only: list[str]) -> list[Server]:
    return [server for server in SERVERS if not only or server.name in only]


def chosen_libraries(only: list[str]) -> list[tuple[str, str]]:
    return [(name, variable) for name, variable in LIBRARIES.items() if not only or name in only]


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
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the directory may be shared
        for server in chosen(only):
            try:
                server.install()
            except Unavailable as reason:
                if only:
                    sys.exit(f"{server.name}: {reason}")
                print(f"{server.name}: left out: {reason}")
        for name, _ in chosen_libraries(only):
            install_venv(name, sys.executable)
    return 0


def run(only: list[str], backend_port: int | None, command: list[str]) -> int:
    with up(only, backend_port) as variables:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        try:
            process = subprocess.Popen(command, env=kept | environment(variables))
        except OSError as error:
            sys.exit(f"{command[0]}: {error.strerror}")
        try:
            status = process.wait()
        except KeyboardInterrupt:
            process.wait()  # Ctrl-C reached it too
            raise Terminated(128 + signal.SIGINT) from None
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if status:
            sys.exit(status if status > 0 else 128 - status)
    return 0


def stay_up(only: list[str], backend_port: int | None) -> int:
    with contextlib.suppress(KeyboardInterrupt), up(only, backend_port) as variables:
        for name, value in environment(variables).items():
            print(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        signal.pause()
    return 0


def terminate(number: int, _: object) -> None:
    raise Terminated(128 + number)


def main() -> int:
    arguments, command = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, command = arguments[:at], arguments[at + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["install", "run", "up"])
    names = [server.name for server in SERVERS] + list(LIBRARIES)
    parser.add_argument("--only", action="append", choices=names, default=[], help="this server; may be repeated")
    parser.add_argument("--backend-port", type=int, metavar="PORT", help="what varnish caches (default: moto)")
    options = parser.parse_args(arguments)
    if bool(command) != (options.action == "run"):
        parser.error("run, and only run, takes -- and a command")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, terminate)
    match options.action:
        case "install":
            return install(options.only)
        case "run":
            return run(options.only, options.backend_port, command)
        case _:
            return stay_up(options.only, options.backend_port)


if __name__ == "__main__":
    sys.exit(main())
