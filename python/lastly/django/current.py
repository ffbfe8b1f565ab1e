"""Which manifest a process works with: read once, or followed in the background.

The first use reads it; where that fails, the next tries again, but not at once. From then on nothing waits: with
`follow`, a thread of each process asks for a newer one every so many seconds, and what comes replaces the old one as a
whole. While there is nothing to be had, the last good one stays. Only what was read survives a fork: a child starts a
thread of its own when it first asks.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from lastly.django.manifest import Manifest, ManifestUnavailable, Source

logger = logging.getLogger("lastly.django")

PAUSE = 5.0
"""How many seconds a failed first read is remembered, so that requests do not queue behind a server that is gone."""


class Current:
    """The manifest of this process."""

    def __init__(self, source: Callable[[], Source], follow: float | None = None) -> None:
        self.follow = follow
        self._make_source = source
        self._source: Source | None = None
        self._manifest: Manifest | None = None
        self._failure: tuple[float, ManifestUnavailable] | None = None
        self._warned = ""
        self._held: ContextVar[Manifest | None] = ContextVar("lastly_manifest", default=None)
        self.forget_thread()
        _all.add(self)

    def forget_thread(self) -> None:
        """Begins again without a thread, and with locks that nobody holds, as a forked child has to."""
        self._reading = threading.Lock()
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def manifest(self) -> Manifest:
        """The manifest; reads it where this has not been done. ManifestUnavailable."""
        manifest = self._held.get() or self._manifest or self._first()
        if self.follow and self._thread is None:
            self._start()
        return manifest

    def replace(self, manifest: Manifest | None) -> None:
        """Takes a manifest from elsewhere; after None, the next use reads it again."""
        with self._changing:
            self._manifest, self._failure = manifest, None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Until this ends, whoever runs in this context has the manifest of its beginning."""
        token = self._held.set(self._manifest)
        try:
            yield
        finally:
            self._held.reset(token)

    def refresh(self) -> bool:
        """Asks the source once; whether another manifest has come. ManifestUnavailable."""
        source = self._source or self._make_source()
        content = source.read(again=True)
        if content is None:
            return False
        manifest = Manifest.parse(content, source)
        with self._changing:
            known = self._manifest
            if manifest == known or (known and _is_older(manifest, known)):
                return False
            self._manifest = manifest
        return True

    def _first(self) -> Manifest:
        """Reads the manifest, one thread at a time: the others wait for what it gets."""
        with self._reading:
            if self._manifest is not None:
                return self._manifest
            if self._failure and time.monotonic() - self._failure[0] < PAUSE:
                raise self._failure[1].again()
            try:
                source = self._source = self._make_source()
                manifest = Manifest.parse(source.read(again=False) or b"", source)
            except ManifestUnavailable as error:
                self._failure = (time.monotonic(), error)
                raise
            self.replace(manifest)
            return manifest

    def _start(self) -> None:
        with self._changing:
            if self._thread is None:
                arguments = (weakref.ref(self), self.follow)
                self._thread = threading.Thread(target=_keep_up, args=arguments, name="lastly-follow", daemon=True)
                self._thread.start()

    def keep_up(self) -> None:
        """Refreshes, and logs what keeps it from that: the same only once in a row."""
        try:
            if self.refresh():
                logger.info("the manifest is now that of release %s", self._manifest and self._manifest.release)
            self._warned = ""
        except Exception as error:  # noqa: BLE001  # whatever it is, the thread has to live on
            if str(error) != self._warned:
                logger.warning("%s; the last good manifest stays in use", error)
            self._warned = str(error)


def _keep_up(reference: weakref.ref[Current], seconds: float) -> None:
    """Keeps a manifest up to date for as long as somebody uses it."""
    while True:
        time.sleep(seconds)
        current = reference()
        if current is None:
            return
        current.keep_up()
        del current


def _is_older(new: Manifest, old: Manifest) -> bool:
    """Whether a cache has answered with what was there before; a channel's sequence never falls, not by a rollback."""
    if new.channel != old.channel or new.sequence is None or old.sequence is None:
        return False
    return new.sequence < old.sequence


_all: weakref.WeakSet[Current] = weakref.WeakSet()


def _after_fork() -> None:
    for current in _all:
        current.forget_thread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
