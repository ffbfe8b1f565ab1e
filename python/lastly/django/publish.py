"""A publish: files go to the program, and what it says of them comes back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lastly.django.conf import folder
from lastly.django.program import Program, Writes


@dataclass(frozen=True)
class Order:
    """What is wanted of a publish beyond the options."""

    upload_only: bool = False
    dry_run: bool = False
    channel: str | None = None
    sequence: int | None = None
    manifest_file: Path | None = None
    verbosity: int = 1


@dataclass(frozen=True)
class Publication:
    """What a publish came to."""

    new: int
    reused: int
    files: int
    release: str
    channel: str | None
    """None where no channel was to be moved."""
    sequence: int | None
    moved: bool
    """Whether the channel shows something else than before."""
    plan: list[tuple[str, str]]
    """After a dry run, what would be uploaded: logical path and name in the store."""


class NotPublished(Exception):
    """The program has ended with another status than 0; the message is what it says of that."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def publish(program: Program, files: Mapping[str, Path], order: Order, messages: Writes | None) -> Publication:
    """Publishes the files under their logical paths. NotPublished."""
    if order.channel:
        program = Program(dataclasses.replace(program.options, channel=order.channel))
    lines = [json.dumps({"path": logical, "file": str(place)}) for logical, place in files.items()]
    answer = program.run([*_flags(program, order), "--files-from=-"], "\n".join(lines).encode(), messages)
    if answer.status != 0:
        raise NotPublished(answer.outcome, answer.status)
    said = answer.document
    uploads = (said.get("plan") or {}).get("uploads") or []
    return Publication(
        new=said["new"],
        reused=said["reused"],
        files=said["files"],
        release=said["release"],
        channel=said["channel"],
        sequence=said["sequence"],
        moved=bool(said["moved"]),
        plan=[(upload["path"], upload["name"]) for upload in uploads],
    )


def _flags(program: Program, order: Order) -> list[str]:
    options = program.options
    flags = ["upload" if order.upload_only else "publish"]
    flags += ["--dry-run"] if order.dry_run else []
    flags += ["--strict"] if options.strict else []
    if not order.upload_only:
        flags += [f"--cloudfront={one}" for one in options.cloudfront]
        flags += [f"--purge={one}" for one in options.purge]
        flags += [f"--sequence={order.sequence}"] if order.sequence is not None else []
    if manifest_file := order.manifest_file or options.baked:
        flags += [f"--manifest-file={folder() / manifest_file}"]
    flags += ["--quiet"] if order.verbosity == 0 else ["--verbose"] * max(0, order.verbosity - 1)
    return flags
