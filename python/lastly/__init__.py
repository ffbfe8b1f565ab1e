"""Finds the program `lastly`, which the wheel of this package carries.

Everything that publishes is in that program; what is here only starts it. `lastly.django` is the part for Django.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path

__all__ = ["BINARY_VARIABLE", "BinaryNotFound", "find_binary"]

BINARY_VARIABLE = "LASTLY_BINARY"
"""The environment variable that names the program, for when it does not lie where the wheel puts it."""


class BinaryNotFound(FileNotFoundError):
    """The program is in none of the places where it could be; the message lists them."""


def find_binary(named: str | os.PathLike[str] | None = None) -> Path:
    """The path of the program: `named`, else what LASTLY_BINARY names, else the one installed with this package.

    Raises BinaryNotFound. A program that is named and is not there is an error; no other is taken for it.
    """
    for place, value in (("the setting `binary`", named), (BINARY_VARIABLE, os.environ.get(BINARY_VARIABLE))):
        if value:
            path = Path(value)
            if path.is_file():
                return path
            raise BinaryNotFound(f"{place} names {path}, and there is no such file")
    looked = []
    for folder in _script_folders():
        path = folder / f"lastly{sysconfig.get_config_var('EXE') or ''}"
        if path.is_file():
            return path
        looked.append(str(path))
    found = shutil.which("lastly")
    if found:
        return Path(found)
    raise BinaryNotFound(
        f"the program lastly is not installed: neither on the PATH, nor at {', nor at '.join(looked)}; "
        f"install the wheel (pip install lastly), or name the program in {BINARY_VARIABLE}"
    )


def _script_folders() -> list[Path]:
    """Where installers put programs: into the environment, or with `pip install --user` beside the user's packages."""
    schemes = [None, sysconfig.get_preferred_scheme("user")]
    folders = [sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts") for scheme in schemes]
    return list(dict.fromkeys(Path(folder) for folder in folders))
