"""The OPTIONS of the storage: what they are called, what they may say, and which of them contradict one another.

What is left out here is up to lastly itself: its settings file, then its environment. Nothing is read and nothing is
started here.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

BYPASS_VARIABLE = "LASTLY_BYPASS"
RELEASE_VARIABLE = "LASTLY_RELEASE"
SOURCES = ("store", "cdn", "finders")
"""What `manifest` can be, besides a file and a URL."""
MISSING = ("error", "warn", "original")
FOR_DJANGO = ("location", "file_permissions_mode", "directory_permissions_mode", "allow_overwrite")
"""Options of Django's own storage, which are handed on."""


@dataclass(frozen=True)
class Options:
    """What the project has set; `None` where it has not."""

    store: str | None = None
    control: str | None = None
    channel: str | None = None
    base_url: str | None = None
    config: str | None = None
    cloudfront: tuple[str, ...] = ()
    purge: tuple[str, ...] = ()
    strict: bool = False
    path_style: bool = False
    urls: tuple[str, ...] = ()
    binary: str | None = None
    manifest: str = "store"
    release: str | None = None
    follow: float | None = None
    timeout: float = 5.0
    missing: str = "error"
    check_in_debug: bool = False
    bypass_url: str | None = None
    bypass: bool = False
    importmap: Mapping[str, str] | None = None

    @property
    def baked(self) -> str | None:
        """The file that holds the manifest, where it is to be read from one that the image is built with."""
        return None if self.manifest in SOURCES or is_url(self.manifest) else self.manifest


@dataclass(frozen=True)
class Problem:
    """Something wrong with the options."""

    id: str
    message: str
    hint: str


def read(given: Mapping[str, Any]) -> tuple[Options, list[Problem]]:
    """The options as given and in the environment, and all that is wrong with them."""
    problems: list[Problem] = []
    known = [field.name for field in fields(Options)]
    taken: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            problems.append(_unknown(name, [*known, *FOR_DJANGO]))
        elif value is not None:
            taken[name] = _typed(name, value, problems)
    taken = {name: value for name, value in taken.items() if value is not None}
    taken.setdefault("release", os.environ.get(RELEASE_VARIABLE) or None)
    _read_bypass(taken)
    options = Options(**taken)
    problems += _contradictions(options)
    return options, problems


def parse(given: Mapping[str, Any]) -> Options:
    """The options, where nothing is wrong with them; ImproperlyConfigured names everything that is."""
    options, problems = read(given)
    if problems:
        said = "; ".join(f"{problem.message} ({problem.hint})" for problem in problems)
        raise ImproperlyConfigured(f"the OPTIONS of the staticfiles storage: {said}")
    return options


def folder() -> Path:
    """What relative paths in settings start from, and where lastly looks for its settings file: BASE_DIR, if set."""
    base = getattr(settings, "BASE_DIR", None)
    return Path(base).resolve() if base else Path.cwd()


def is_url(text: str) -> bool:
    """Whether the text is a URL that can be asked for."""
    return text.startswith(("http://", "https://"))


def _unknown(name: str, known: Iterable[str]) -> Problem:
    if any(word in name.lower() for word in ("secret", "access_key", "token", "password", "credential")):
        return Problem("lastly.E001", f"there is no option {name!r}", "credentials come from the AWS chain only")
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
    return Problem("lastly.E001", f"there is no option {name!r}", hint)


LISTS = ("cloudfront", "purge", "urls")
SWITCHES = ("strict", "path_style", "check_in_debug", "bypass")
SECONDS = ("follow", "timeout")


def _typed(name: str, value: Any, problems: list[Problem]) -> Any:
    """The value in the type of its option; where it cannot be, a problem and None."""
    if name in LISTS:
        value = (value,) if isinstance(value, str) else value
        if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
            return tuple(value)
        wanted = "a list of strings"
    elif name in SWITCHES:
        if isinstance(value, bool):
            return value
        wanted = "True or False"
    elif name in SECONDS:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            return float(value)
        wanted = "a number of seconds above 0"
    elif name == "importmap":
        if isinstance(value, Mapping) and all(isinstance(part, str) for pair in value.items() for part in pair):
            return dict(value)
        wanted = "a dict of strings"
    else:
        if isinstance(value, (str, os.PathLike)) and os.fspath(value):
            return str(value)
        wanted = "a string"
    problems.append(Problem("lastly.E002", f"the option {name!r} is {value!r}", f"it has to be {wanted}"))
    return None


def _read_bypass(taken: dict[str, Any]) -> None:
    """The environment switches the bypass on or off, or says itself where it leads."""
    said = os.environ.get(BYPASS_VARIABLE, "").strip()
    if not said:
        return
    if said.lower() in ("0", "false", "no", "off"):
        taken["bypass"] = False
    else:
        taken["bypass"] = True
        if said.lower() not in ("1", "true", "yes", "on"):
            taken["bypass_url"] = said


def _is_prefix(url: str) -> bool:
    """Whether names can be put behind it."""
    parts = urlsplit(url)
    plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    return plain and url.endswith("/") and (is_url(url) or url.startswith("/"))


def _contradictions(options: Options) -> list[Problem]:
    found = []
    if options.missing not in MISSING:
        near = difflib.get_close_matches(options.missing, MISSING, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has to be one of {', '.join(MISSING)}"
        found.append(Problem("lastly.E002", f"the option 'missing' is {options.missing!r}", hint))
    if options.release and options.follow:
        found.append(
            Problem(
                "lastly.E003",
                "'release' pins the servers to a release, and 'follow' has them follow the channel",
                "leave one of the two out",
            )
        )
    if options.release and options.manifest != "store":
        found.append(
            Problem(
                "lastly.E003",
                f"'release' (or {RELEASE_VARIABLE}) is looked up in the store, and 'manifest' is {options.manifest!r}",
                "set 'manifest' to 'store', or leave the release out: a manifest that is a file is one release anyway",
            )
        )
    if options.follow and options.manifest == "finders":
        found.append(Problem("lastly.E003", "'finders' have nothing to 'follow'", "leave one of the two out"))
    if options.bypass and not options.bypass_url:
        found.append(
            Problem(
                "lastly.E003",
                "the bypass is on, and nothing says where it leads",
                f"set 'bypass_url', or set {BYPASS_VARIABLE} to a URL",
            )
        )
    for name in ("base_url", "bypass_url"):
        url = getattr(options, name)
        if url and not _is_prefix(url):
            hint = "it has to be a URL with no user in it, or an absolute path, and ends with a slash"
            found.append(Problem("lastly.E004", f"the option {name!r} is {url!r}", hint))
    if options.manifest == "cdn" and not is_url(options.base_url or settings.STATIC_URL or ""):
        found.append(
            Problem("lastly.E004", "'manifest' is 'cdn', and 'base_url' is no URL", "set 'base_url' to the CDN's URL")
        )
    return found
