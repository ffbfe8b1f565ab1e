"""The manifest of a release, and the places where it can be read: a file, the store, a URL.

Reading gives bytes, or None where nothing has changed since the last time; only `Manifest.parse` says what bytes mean.
When it is read, and what is done where it cannot be, is in `current`.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

LARGEST = 256 * 1024 * 1024
"""Most bytes that are read of an answer: a manifest has some 200 for each file."""


class ManifestUnavailable(ValueError):
    """The manifest could not be read, or what was read is none; the message says where and why."""

    def __init__(self, message: str, *, not_there: bool = False) -> None:
        super().__init__(message)
        self.not_there = not_there
        """Whether there is no such file."""

    def again(self) -> ManifestUnavailable:
        """The same, to be raised anew: an exception that is raised twice gathers tracebacks."""
        return ManifestUnavailable(str(self), not_there=self.not_there)


@dataclass(frozen=True)
class Manifest:
    """What a release is made of, as its manifest says."""

    paths: dict[str, str]
    hash: str
    channel: str | None = None
    sequence: int | None = None
    release: str | None = None
    base_url: str | None = None
    assets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def parse(cls, content: bytes | str, source: object) -> Manifest:
        """Reads a manifest of lastly's, or of Django's ManifestStaticFilesStorage. ManifestUnavailable."""
        try:
            document = json.loads(content)
        except ValueError as error:
            raise ManifestUnavailable(f"what {source} gives is no manifest: {error}") from error
        if not isinstance(document, dict) or document.get("version") not in ("1.0", "1.1"):
            raise ManifestUnavailable(f"what {source} gives is no manifest: no version 1.0 or 1.1 stands in it")
        paths, more = document.get("paths"), document.get("lastly", {})
        if not isinstance(paths, dict) or not all(isinstance(name, str) for name in paths.values()):
            raise ManifestUnavailable(f"what {source} gives is no manifest: no paths stand in it")
        if not isinstance(more, dict) or not isinstance(more.get("assets", {}), dict):
            raise ManifestUnavailable(f"what {source} gives is no manifest of lastly's")
        return cls(
            paths=paths,
            hash=str(document.get("hash", "")),
            channel=more.get("channel"),
            sequence=more.get("sequence"),
            release=more.get("release"),
            base_url=more.get("base_url"),
            assets=more.get("assets", {}),
        )

    def integrity(self, path: str) -> str | None:
        """The value for an `integrity` attribute: scripts and style sheets have one."""
        value = self.assets.get(path, {}).get("integrity")
        return value if isinstance(value, str) else None


class Source(Protocol):
    """A place where a manifest can be read."""

    def read(self, *, again: bool) -> bytes | None:
        """The manifest's bytes; with `again`, None where they are those of the last time. ManifestUnavailable."""


@dataclass
class File:
    """A file: one that the image was built with, or the manifest in a store that is a folder."""

    path: Path
    seen: tuple[int, int, int] | None = None

    def read(self, *, again: bool) -> bytes | None:
        """Reads the file."""
        try:
            status = self.path.stat()
            version = (status.st_mtime_ns, status.st_size, status.st_ino)
            if again and version == self.seen:
                return None
            content = self.path.read_bytes()
        except OSError as error:
            message = f"the manifest {self.path} cannot be read: {error.strerror}"
            raise ManifestUnavailable(message, not_there=isinstance(error, FileNotFoundError)) from error
        self.seen = version
        return content

    def __str__(self) -> str:
        return str(self.path)


@dataclass
class Url:
    """A URL, as a rule on the CDN: one request, conditional from the second on."""

    url: str
    timeout: float
    etag: str | None = None

    def read(self, *, again: bool) -> bytes | None:
        """Asks for the manifest."""
        headers = {"Accept": "application/json", "User-Agent": "lastly"}
        if again and self.etag:
            headers["If-None-Match"] = self.etag
        try:
            with urllib.request.urlopen(
                urllib.request.Request(self.url, headers=headers), timeout=self.timeout
            ) as answer:
                content: bytes = answer.read(LARGEST + 1)
                etag = answer.headers.get("ETag")
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 304 and again:
                return None
            raise ManifestUnavailable(f"{self.url} answers {error.code} {error.reason}") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise ManifestUnavailable(f"{self.url} does not answer: {reason}") from error
        if len(content) > LARGEST:
            raise ManifestUnavailable(f"what {self.url} gives is no manifest: it is larger than {LARGEST} bytes")
        self.etag = etag
        return content

    def __str__(self) -> str:
        return self.url
