"""A publish: files go to the program, and what it says of them comes back."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lastly.django.manifest import File, Manifest
from lastly.django.program import Answer, Program, Writes


@dataclass(frozen=True)
class Order:
    """What is wanted of a publish beyond the options."""

    upload_only: bool = False
    dry_run: bool = False
    channel: str | None = None
    sequence: int | None = None
    verbosity: int = 1


@dataclass(frozen=True)
class Publication:
    """What a publish came to."""

    answer: Answer
    new: int
    reused: int
    manifest: Manifest | None
    """That of the release; none after a dry run."""


class NotPublished(Exception):
    """The program has failed; the message is what it said, with the files where they are in the project."""

    def __init__(self, message: str, status: int, file: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.file = file


def publish(program: Program, files: Mapping[str, Path], order: Order, messages: Writes | None) -> Publication:
    """Publishes the files under their logical paths. NotPublished."""
    if order.channel:
        program = Program(dataclasses.replace(program.options, channel=order.channel))
    with tempfile.TemporaryDirectory(prefix="lastly-") as folder:
        tree = Path(folder, "tree")
        tree.mkdir()
        for logical, place in files.items():
            target = tree / logical
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place, target)
        answer = program.run([*_flags(program, order), str(tree)], messages)
    problems = answer.document.get("problems") or []
    if answer.status != 0:
        wrong = [problem for problem in problems if problem.get("level") == "error"]
        file = next((problem["file"] for problem in wrong if problem.get("file")), None)
        raise NotPublished(answer.error or f"lastly has ended with status {answer.status}", answer.status, file)
    return Publication(
        answer, answer.document.get("new") or 0, answer.document.get("reused") or 0, _manifest(program, order)
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
    flags += ["--quiet"] if order.verbosity == 0 else ["--verbose"] * max(0, order.verbosity - 1)
    return flags


def _manifest(program: Program, order: Order) -> Manifest | None:
    if order.dry_run or order.upload_only or not program.store:
        return None
    channel = program.options.channel or "live"
    name = "manifest.json" if channel == "live" else f"channels/{channel}/manifest.json"
    source = File(Path(program.store.removeprefix("dir:")) / name)
    return Manifest.parse(source.read(again=False) or b"", source)
