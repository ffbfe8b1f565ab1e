"""Starts the program `lastly` with the project's options, and understands what it answers.

The program does all the work; it is talked to by its flags, its JSON (version 1) and its exit status only.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Protocol

from django.conf import settings

from lastly import find_binary
from lastly.django.conf import Options, folder, is_url

URLS_VARIABLE = "LASTLY_URLS"
USAGE = 2
"""The exit status of a command line, settings or files that are wrong."""


class Writes(Protocol):
    """Where messages go: a stream, or the wrapper that Django's commands have around theirs."""

    def write(self, text: str, /) -> Any:
        """Takes a text."""


@dataclass(frozen=True)
class Answer:
    """How a run ended."""

    status: int
    document: dict[str, Any]
    """Its JSON; empty where it gave none."""

    @property
    def outcome(self) -> str:
        """What went wrong, in a line, and what that means for the channel; causes and hints were among the messages."""
        error = self.document.get("error") or {}
        said = error.get("message") or f"lastly has ended with status {self.status}"
        if self.status == USAGE:
            return f"{said}; nothing was tried"
        moved = self.document.get("moved")
        if moved is None:
            return f"{said}; nobody knows whether the channel has moved"
        return f"{said}; the channel has {'' if moved else 'not '}moved"


@dataclass
class Program:
    """The program, and what every run of it is told."""

    options: Options

    def command(self, *arguments: str) -> list[str]:
        """A whole command line: one of lastly's commands, its own flags, and the flags that the options stand for."""
        options, own = self.options, str(settings.STATIC_URL or "")
        named = (
            ("store", self.store),
            ("control", options.control),
            ("channel", options.channel),
            ("base-url", options.base_url or (own if is_url(own) else None)),
            ("config", options.config),
        )
        flags = [f"--{name}={value}" for name, value in named if value]
        flags += ["--path-style"] if options.path_style else []
        return [str(find_binary(options.binary)), *arguments, *flags]

    @cached_property
    def store(self) -> str | None:
        """The store as set; STATIC_ROOT, as a folder, where neither the options nor lastly's own settings name one."""
        if self.options.store or not settings.STATIC_ROOT:
            return self.options.store
        flags = [f"--config={self.options.config}"] if self.options.config else []
        try:
            shown = self._finish([str(find_binary(self.options.binary)), "config", "--json", *flags])
            rows = json.loads(shown.stdout)["settings"]
        except (OSError, ValueError, KeyError):
            return None  # what is wrong is said where the program is needed
        unset = any(row["key"] == "store" and row["origin"] == "default" for row in rows)
        return f"dir:{Path(settings.STATIC_ROOT).resolve()}" if unset else None

    def environment(self) -> dict[str, str]:
        """This process's environment, and in it the URLs by which files refer to one another."""
        environment = dict(os.environ)
        urls = dict.fromkeys([settings.STATIC_URL or "", *self.options.urls])
        environment.setdefault(URLS_VARIABLE, ",".join(url for url in urls if url))
        return environment

    def output(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Runs a command to its end, and keeps what it says."""
        return self._finish(self.command(*arguments))

    def _finish(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command,
            env=self.environment(),
            cwd=folder(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    def run(self, arguments: Sequence[str], given: bytes, messages: Writes | None) -> Answer:
        """Runs a command with `--json` and `given` on its stdin; its messages go to `messages`, line by line.

        Where that is None they go straight to stderr: the program sees if it is a terminal, and shows how far it is.
        """
        process = subprocess.Popen(
            self.command(*arguments, "--json"),
            env=self.environment(),
            cwd=folder(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if messages is None else subprocess.PIPE,
        )
        with process:
            forwarder = None
            if messages is not None and process.stderr is not None:
                forwarder = threading.Thread(target=_forward, args=(process.stderr, messages))
                forwarder.start()
            assert process.stdin is not None and process.stdout is not None, "both are pipes"
            with contextlib.suppress(BrokenPipeError):  # it has ended before: its answer says why
                process.stdin.write(given)
                process.stdin.close()
            content = process.stdout.read()
            if forwarder:
                forwarder.join()
        try:
            document = json.loads(content)
        except ValueError:
            document = {}
        return Answer(process.returncode, document if isinstance(document, dict) else {})


def _forward(stream: IO[bytes], messages: Writes) -> None:
    for line in stream:
        messages.write(line.decode(errors="replace").rstrip("\n"))
