"""Which files there are: what Django's finders find, and where each one lies on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from django.apps import apps
from django.contrib.staticfiles.finders import get_finders
from django.core.files.storage import Storage

Found = Mapping[str, tuple[Storage, str]]
"""Logical path → the storage of a finder, and the path there."""


def find(ignore: list[str], conflict: Callable[[str], None] | None = None) -> dict[str, tuple[Storage, str]]:
    """Everything that the finders find. The first one wins; of a later file with the same path `conflict` is told."""
    found: dict[str, tuple[Storage, str]] = {}
    for finder in get_finders():
        for path, storage in finder.list(ignore):
            prefix = getattr(storage, "prefix", None)
            logical = f"{prefix}/{path}" if prefix else path
            logical = logical.replace("\\", "/") if os.sep == "\\" else logical
            if logical not in found:
                found[logical] = (storage, path)
            elif conflict:
                conflict(logical)
    return found


@contextlib.contextmanager
def spooled(found: Found) -> Iterator[dict[str, Path]]:
    """Each file's place on this machine; what has none, since its storage is elsewhere, is copied until this ends."""
    with contextlib.ExitStack() as stack:
        folder: Path | None = None
        places: dict[str, Path] = {}
        for logical, (storage, path) in found.items():
            try:
                place: Path | None = Path(storage.path(path))
            except NotImplementedError:
                place = None
            if place is None or not place.is_file():
                if folder is None:
                    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lastly-")))
                place = folder / logical
                place.parent.mkdir(parents=True, exist_ok=True)
                with storage.open(path) as source, place.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
            places[logical] = place
        yield places


class Finders:
    """The files that the finders find, as a manifest by which every name stays as it is."""

    def read(self, *, again: bool) -> bytes | None:
        """Lists the files, and only once."""
        if again:
            return None
        ignore: list[str] = apps.get_app_config("staticfiles").ignore_patterns  # type: ignore[attr-defined]
        return json.dumps({"version": "1.1", "paths": {path: path for path in find(ignore)}}).encode()

    def __str__(self) -> str:
        return "the finders"
