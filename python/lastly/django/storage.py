"""The storage: which URL a name has in the release that this process works with.

It is a ManifestStaticFilesStorage, and so are its URLs in every detail (queries, fragments, quoting, DEBUG); but its
manifest is lastly's, is read at first use, and can come from elsewhere and change while the process runs. It writes
nothing: the command publishes.
"""

from __future__ import annotations

import dataclasses
import difflib
import logging
from collections.abc import Iterable
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, ManifestStaticFilesStorage

from lastly.django import conf
from lastly.django.current import Current
from lastly.django.files import Finders, find
from lastly.django.manifest import File, Manifest, ManifestUnavailable, Source, Url
from lastly.django.program import Program
from lastly.django.store import Released

UNCHANGED = (
    "a release never changes; collectstatic publishes the next one "
    "(with 'lastly.django' above 'django.contrib.staticfiles' in INSTALLED_APPS)"
)
logger = logging.getLogger("lastly.django")


class StaticFilesStorage(ManifestStaticFilesStorage):
    """Gives the URLs of a release; its OPTIONS are those of `lastly.django.conf.Options`."""

    def __init__(self, location: str | None = None, base_url: str | None = None, **given: Any) -> None:
        for_django = {name: given.pop(name) for name in conf.FOR_DJANGO if name in given}
        self.options = conf.parse({"base_url": base_url, **given})
        self.program = Program(self.options)
        self.current = Current(self.source, self.options.follow)
        # Not that of ManifestFilesMixin, which reads the manifest at once: here this waits for the first use.
        super(ManifestFilesMixin, self).__init__(location or self._folder(), base_url, **for_django)
        self.current.replace(None)
        self.manifest_storage = self
        self.manifest_strict = self.options.missing == "error"
        channel = self.options.channel or "live"
        self.manifest_name = "manifest.json" if channel == "live" else f"channels/{channel}/manifest.json"
        self._reported: set[str] = set()

    # Where things are.

    def _folder(self) -> str | None:
        """The folder of a store that is one; None leaves it at STATIC_ROOT."""
        store = self.options.store or ""
        return str(conf.folder() / store.removeprefix("dir:")) if store.startswith("dir:") else None

    @property
    def base_url(self) -> str:
        """What URLs begin with: STATIC_URL where nothing is published, the origin while the CDN is bypassed.

        Else what the project has set or, where it has not, what the release was published for.
        """
        options = self.options
        if settings.DEBUG or options.manifest == "finders":
            return str(settings.STATIC_URL)
        if options.bypass and options.bypass_url:
            return options.bypass_url
        return options.base_url or self._published_url() or str(settings.STATIC_URL)

    def _published_url(self) -> str | None:
        try:
            return self.manifest.base_url
        except ManifestUnavailable:
            return None

    def source(self) -> Source:
        """Where the manifest is read."""
        options = self.options
        if options.manifest == "cdn" or conf.is_url(options.manifest):
            prefix = options.base_url or settings.STATIC_URL
            at = f"{prefix}{self.manifest_name}" if options.manifest == "cdn" else options.manifest
            return Url(at, options.timeout)
        if options.manifest == "finders":
            return Finders()
        if options.baked:
            return File(conf.folder() / options.baked)
        store = self.program.store or ""
        if store.startswith("dir:") and not options.release:
            return File(conf.folder() / store.removeprefix("dir:") / self.manifest_name)
        return Released(self.program)

    # The manifest.

    @property
    def manifest(self) -> Manifest:
        """The manifest that this process, or this request, works with; ManifestUnavailable."""
        return self.current.manifest

    def load(self) -> None:
        """Reads the manifest now, so that no request has to: for a server's start. ManifestUnavailable."""
        _ = self.manifest

    @property
    def hashed_files(self) -> dict[str, str]:
        """The names in the store by logical path, under Django's name for them; none before the first publish."""
        try:
            return self.manifest.paths
        except ManifestUnavailable as error:
            if error.not_there:
                return {}
            raise

    @hashed_files.setter
    def hashed_files(self, paths: dict[str, str]) -> None:
        self.current.replace(Manifest(paths, ""))

    @property
    def manifest_hash(self) -> str:
        """Changes whenever a file does."""
        return self.manifest.hash

    @manifest_hash.setter
    def manifest_hash(self, value: str) -> None:
        self.current.replace(dataclasses.replace(self.manifest, hash=value))

    def read_manifest(self) -> str | None:  # type: ignore[override]  # as Django's own, against its stubs
        """The manifest's text as it now is, None where there is none yet."""
        try:
            return (self.source().read(again=False) or b"").decode()
        except ManifestUnavailable as error:
            if error.not_there:
                return None
            raise

    # Names.

    def url(self, name: str | None, force: bool = False) -> str:
        """The URL of a file; in DEBUG that at which Django itself serves it."""
        if settings.DEBUG and not force and self.options.check_in_debug:
            self._find(name or "")
        return str(super().url(name or "", force))

    def stored_name(self, name: str) -> str:
        """The name in the store, with query and fragment as they were."""
        parts = urlsplit(unquote(name))
        path = parts.path.strip()
        stored = self.known(path)
        if "?#" in name and not parts.query:
            stored += "?"
        return urlunsplit(parts._replace(path=stored))

    def known(self, path: str) -> str:
        """The name in the store of a logical path; one that the release does not hold is a matter of `missing`."""
        try:
            paths = self.manifest.paths
        except ManifestUnavailable as error:
            if self.manifest_strict:
                raise
            self._report("", str(error))
            return path
        stored = paths.get(self.hash_key(path))
        if stored is None:
            self._missing(path, paths)
            return path
        return stored

    def _find(self, name: str) -> None:
        """The check of `stored_name` where there is no manifest: whether the finders know the file."""
        path = urlsplit(unquote(name)).path.strip()
        if path and not path.endswith("/") and not finders.find(path):
            self._missing(path, find([]))

    def _missing(self, path: str, paths: Iterable[str]) -> None:
        if self.options.missing == "original" or (not self.manifest_strict and path in self._reported):
            return
        near = difflib.get_close_matches(path, paths, 1)
        message = f"Missing staticfiles manifest entry for '{path}'"
        message += f": the nearest name is '{near[0]}'" if near else ""
        if self.manifest_strict:
            raise ValueError(message)
        self._report(path, message)

    def _report(self, path: str, message: str) -> None:
        """Logs what is wrong with a path, once in the life of a process."""
        if path not in self._reported and self.options.missing != "original":
            self._reported.add(path)
            logger.warning("%s", message)

    # What no storage of releases does.

    def _save(self, name: str, _: Any) -> NoReturn:
        """Refuses: what is in the store is what lastly has put there."""
        raise NotImplementedError(f"{name!r} cannot be saved: {UNCHANGED}")

    def delete(self, name: str) -> NoReturn:
        """Refuses: an open page may still need it."""
        raise NotImplementedError(f"{name!r} cannot be deleted: {UNCHANGED}")

    def post_process(self, *_: Any, **__: Any) -> NoReturn:
        """Refuses: lastly has done it before anything was stored."""
        raise NotImplementedError(f"files cannot be processed any more: {UNCHANGED}")
