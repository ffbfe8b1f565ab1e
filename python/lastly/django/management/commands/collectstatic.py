"""`manage.py collectstatic`, which publishes where the project's storage is lastly's, and else is Django's own."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.staticfiles.management.commands import collectstatic
from django.core.management.base import CommandError

from lastly.django.files import find, spooled
from lastly.django.program import Writes
from lastly.django.publish import NotPublished, Order, Publication, publish
from lastly.django.storage import StaticFilesStorage

OURS = {"upload_only": "--upload-only", "channel": "--channel", "sequence": "--sequence"}


class Command(collectstatic.Command):
    """Collects as Django does, and hands what it has found to lastly."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds lastly's options to Django's."""
        super().add_arguments(parser)
        parser.add_argument(
            "--upload-only",
            action="store_true",
            help="Upload the release without moving the channel to it; `lastly activate` does that.",
        )
        parser.add_argument("--channel", metavar="NAME", help="The channel, instead of the one in the settings.")
        parser.add_argument(
            "--sequence", type=int, metavar="N", help="The build's number: an older build never replaces a newer one."
        )

    def handle(self, **options: Any) -> str | None:
        """Publishes, or does as Django does."""
        if not isinstance(self.storage, StaticFilesStorage):
            given = [flag for name, flag in OURS.items() if options.get(name) not in (None, False)]
            if given:
                raise CommandError(f"{given[0]} needs the storage lastly.django.StaticFilesStorage in STORAGES")
            return super().handle(**options)
        self.set_options(**options)
        order = Order(
            upload_only=options["upload_only"] or not self.post_process,
            dry_run=self.dry_run,
            channel=options["channel"],
            sequence=options["sequence"],
            verbosity=self.verbosity,
        )
        self._explain()
        self._ask(self.storage, order)
        skipped: list[str] = []
        found = find(self.ignore_patterns, lambda path: self._conflict(path, skipped))
        with spooled(found) as files:
            try:
                publication = publish(self.storage.program, files, order, self._messages())
            except NotPublished as error:
                raise CommandError(str(error), returncode=error.status) from error
        if publication.manifest:
            self.storage.current.replace(publication.manifest)
        return self._summary(self.storage, publication, len(skipped)) if self.verbosity >= 1 else None

    def _conflict(self, path: str, skipped: list[str]) -> None:
        skipped.append(path)
        message = (
            f"Found another file with the destination path '{path}'. It will be ignored since only the first "
            "encountered file is collected. If this is not what you want, make sure every static file has a unique path."
        )
        self.log(message, level=1)

    def _explain(self) -> None:
        """What Django's options mean where nothing is overwritten."""
        if self.symlink:
            raise CommandError("--link: a release is made of copies that never change, and not of links; leave it out")
        if self.clear:
            self.log(
                "--clear deletes nothing here: a release holds exactly what was collected, and what earlier ones "
                "hold may still be on somebody's screen; `lastly gc` deletes it in time.",
                level=1,
            )
        if not self.post_process:
            self.log("--no-post-process uploads without moving the channel, as --upload-only does.", level=1)

    def _ask(self, storage: StaticFilesStorage, order: Order) -> None:
        """Asks whether this is wanted, as Django does; not where nothing would be written."""
        if not self.interactive or order.dry_run:
            return
        where = storage.program.store or "the store in lastly's settings"
        channel = order.channel or storage.options.channel or "live"
        does = "Nothing will be overwritten"
        does += ".\n" if order.upload_only else f"; the channel {channel} will show what is collected.\n"
        question = (
            f"\nYou have requested to publish static files to\n\n    {where}\n\n{does}"
            "Are you sure you want to do this?\n\nType 'yes' to continue, or 'no' to cancel: "
        )
        if input(question) != "yes":
            raise CommandError("Collecting static files cancelled.")

    def _messages(self) -> Writes | None:
        """Where the program's messages go: straight to the terminal, unless somebody has put something in between."""
        return None if getattr(self.stderr, "_out", None) is sys.__stderr__ else self.stderr

    def _summary(self, storage: StaticFilesStorage, publication: Publication, skipped: int) -> str:
        new, reused = publication.new, publication.reused
        where = f" to '{storage.program.store}'" if storage.program.store else ""
        said = f"\n{new} static file{'' if new == 1 else 's'} copied{where}"
        said += f", {reused} unmodified" if reused else ""
        processed = 0
        if publication.manifest:
            processed = sum(path != name for path, name in publication.manifest.paths.items())
        said += f", {processed} post-processed" if processed else ""
        said += f", {skipped} skipped due to conflict" if skipped else ""
        return f"{said}."
