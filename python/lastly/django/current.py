"""Which manifest a process works with: read once, or followed in the background.

The first use reads it; where that fails, the next tries again, but not at once. From then on nothing waits: with
`follow`, a thread of each process asks for a newer one every so many seconds, and what comes replaces the old one as a
whole. While there is nothing to be had, the last good one stays. Nothing here survives a fork but what was read: a
child starts a thread of its own when it first asks.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref

from lastly.django.manifest import Manifest, ManifestUnavailable, Source

logger = logging.getLogger("lastly.django")

PAUSE = 5.0
"""How many seconds a failed first read is remembered, so that requests do not queue behind a server that is gone."""


class Current:
    """The manifest of this process."""

    def __init__(self, source: Source, follow: float | None = None) -> None:
        self.source = source
        self.follow = follow
        self._manifest: Manifest | None = None
        self._failure: tuple[float, ManifestUnavailable] | None = None
        self._warned: str | None = None
        self.forget_threads()
        _all.add(self)

    def forget_threads(self) -> None:
        """Begins again without a thread and with a lock that nobody holds, as a forked child has to."""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wanted = threading.Event()

    @property
    def manifest(self) -> Manifest:
        """The manifest; reads it where this has not been done. ManifestUnavailable."""
        manifest = self._manifest
        if manifest is None:
            manifest = self._first()
        if self.follow and self._thread is None:
            self._start()
        return manifest

    @property
    def known(self) -> Manifest | None:
        """The manifest, if it has been read."""
        return self._manifest

    def replace(self, manifest: Manifest | None) -> None:
        """Takes another manifest from elsewhere; with None, the next use reads it again."""
        with self._lock:
            self._manifest, self._failure = manifest, None

    def refresh(self) -> bool:
        """Asks the source once; whether a newer manifest has come. ManifestUnavailable."""
        content = self.source.read(again=True)
        if content is None:
            return False
        manifest = Manifest.parse(content, self.source)
        with self._lock:
            if self._manifest is not None and _is_older(manifest, self._manifest):
                return False
            changed, self._manifest = manifest != self._manifest, manifest
        return changed

    def _first(self) -> Manifest:
        with self._lock:
            if self._manifest is not None:
                return self._manifest
            if self._failure and time.monotonic() - self._failure[0] < PAUSE:
                raise self._failure[1]
            try:
                self._manifest = Manifest.parse(self.source.read(again=False) or b"", self.source)
            except ManifestUnavailable as error:
                self._failure = (time.monotonic(), error)
                raise
            return self._manifest

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lastly-follow", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        wanted, me = self._wanted, os.getpid()
        while not wanted.wait(self.follow) and os.getpid() == me:
            try:
                if self.refresh():
                    logger.info("the manifest at %s is now that of release %s", self.source, self.manifest.release)
                self._warned = None
            except Exception as error:  # whatever it is, the thread has to live on
                self._warn(str(error))

    def _warn(self, message: str) -> None:
        """Says the same only once in a row."""
        if message != self._warned:
            logger.warning("%s; the last good manifest stays in use", message)
        self._warned = message


def _is_older(new: Manifest, old: Manifest) -> bool:
    """Whether a cache has answered with what was there before; a channel's sequence never falls, not by a rollback."""
    if new.channel != old.channel or new.sequence is None or old.sequence is None:
        return False
    return new.sequence < old.sequence


_all: weakref.WeakSet[Current] = weakref.WeakSet()


def _after_fork() -> None:
    for current in _all:
        current.forget_threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
