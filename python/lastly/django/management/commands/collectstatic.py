"""`manage.py collectstatic`, which publishes where the project's storage is lastly's, and else is Django's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.management.commands import collectstatic
from django.core.management.base import CommandError, CommandParser

from lastly.django.files import find, spooled
from lastly.django.manifest import Manifest
from lastly.django.program import Writes
from lastly.django.publish import NotPublished, Order, Publication, publish
from lastly.django.storage import StaticFilesStorage

OURS = {
    "upload_only": "--upload-only",
    "channel": "--channel",
    "sequence": "--sequence",
    "manifest_file": "--manifest-file",
}
LINK = "--link: a release is made of copies that never change, and not of links; leave the option out"
CLEAR = (
    "--clear deletes nothing here: a release holds exactly what was collected, and what earlier ones hold may still be "
    "on somebody's screen; `lastly gc` deletes it in time."
)
NO_POST_PROCESS = "--no-post-process uploads without moving the channel, as --upload-only does."
CONFLICT = (
    "Found another file with the destination path '%s'. It will be ignored since only the first encountered file is "
    "collected. If this is not what you want, make sure every static file has a unique path."
)


class Command(collectstatic.Command):
    """Collects as Django does, and hands what it has found to lastly."""

    def add_arguments(self, parser: CommandParser) -> None:
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
        parser.add_argument(
            "--manifest-file",
            metavar="FILE",
            help="Write the manifest to this file as well, to be baked into an image "
            "(default: the file that the option `manifest` names, if it does).",
        )

    def set_options(self, **options: Any) -> None:
        """Takes Django's options, and lastly's."""
        super().set_options(**options)
        manifest_file = options.get("manifest_file")
        self.order = Order(
            upload_only=options.get("upload_only") or not self.post_process,
            dry_run=self.dry_run,
            channel=options.get("channel"),
            sequence=options.get("sequence"),
            manifest_file=Path(manifest_file).absolute() if manifest_file else None,
            verbosity=self.verbosity,
        )

    def handle(self, **options: Any) -> str | None:
        """Publishes, or does as Django does."""
        if not isinstance(self.storage, StaticFilesStorage):
            given = [flag for name, flag in OURS.items() if options.get(name) not in (None, False)]
            if given:
                raise CommandError(f"{given[0]} needs the storage lastly.django.StaticFilesStorage in STORAGES")
            return super().handle(**options)
        self.set_options(**options)
        if self.interactive and not self.dry_run:
            self._ask(self.storage)
        publication, _, skipped = self._publish(self.storage)
        self._report(self.storage, publication)
        return self._summary(self.storage, publication, len(skipped)) if self.verbosity >= 1 else None

    def collect(self) -> dict[str, list[str]]:
        """Publishes without asking, for those who call it as Django's; says which files have a new name since."""
        if not isinstance(self.storage, StaticFilesStorage):
            return super().collect()
        before = _names(self.storage)
        _, found, skipped = self._publish(self.storage)
        after = _names(self.storage)
        unmodified = [path for path in found if before.get(path) == after.get(path)]
        modified = [path for path in found if before.get(path) != after.get(path)]
        processed = found if self.post_process else []
        return {
            "modified": modified,
            "unmodified": unmodified,
            "post_processed": processed,
            "skipped": skipped,
            "deleted": [],
        }

    def _publish(self, storage: StaticFilesStorage) -> tuple[Publication, list[str], list[str]]:
        """What came of it, the paths that were published, and those of files that others hid."""
        self._explain()
        skipped: list[str] = []

        def conflict(path: str) -> None:
            skipped.append(path)
            self.log(CONFLICT % path, level=1)

        found = find(self.ignore_patterns, conflict)
        try:
            with spooled(found) as files:
                publication = publish(storage.program, files, self.order, self._messages())
        except NotPublished as error:
            raise CommandError(str(error), returncode=max(error.status, 1)) from error
        except OSError as error:  # the program is not there, or a file cannot be read
            raise CommandError(str(error), returncode=2) from error
        storage.current.replace(None)
        return publication, list(found), skipped

    def _explain(self) -> None:
        """Says what Django's options mean where nothing is overwritten."""
        if self.symlink:
            raise CommandError(LINK)
        if self.clear:
            self.log(CLEAR, level=1)
        if not self.post_process:
            self.log(NO_POST_PROCESS, level=1)

    def _ask(self, storage: StaticFilesStorage) -> None:
        """Asks whether this is wanted, in Django's words where these are true here."""
        where = storage.program.store or "the store in lastly's settings"
        channel = self.order.channel or storage.options.channel or "live"
        does = "Nothing will be overwritten"
        does += ".\n" if self.order.upload_only else f", and the channel {channel} will show what is collected.\n"
        question = (
            f"\nYou have requested to publish static files to\n\n    {where}\n\n{does}"
            "Are you sure you want to do this?\n\nType 'yes' to continue, or 'no' to cancel: "
        )
        if input(question) != "yes":
            raise CommandError("Collecting static files cancelled.")

    def _messages(self) -> Writes | None:
        """Where the program's messages go: straight to stderr, unless somebody has put something in between."""
        return None if getattr(self.stderr, "_out", None) is sys.__stderr__ else self.stderr

    def _report(self, storage: StaticFilesStorage, publication: Publication) -> None:
        """Says what has become of the files, and of the channel."""
        release = publication.release
        for path, name in publication.plan:
            self.log(f"Pretending to copy '{path}' as '{name}'", level=1)
        if self.dry_run:
            self.log(f"The release would be {release}", level=1)
        elif self.order.upload_only:
            self.log(f"Uploaded {release}; to show it: lastly activate {release}", level=1)
        else:
            names = _names(storage) if self.verbosity > 1 and not self.order.channel else {}
            for path, name in names.items():
                self.log(f"Post-processed '{path}' as '{name}'")
            shows = "now shows" if publication.moved else "shows, as before,"
            self.log(f"{publication.channel} {shows} {release} (sequence {publication.sequence})", level=1)

    def _summary(self, storage: StaticFilesStorage, publication: Publication, skipped: int) -> str:
        new, reused = publication.new, publication.reused
        done = "would be copied" if self.dry_run else "copied"
        said = f"\n{new} static file{'' if new == 1 else 's'} {done}"
        said += f" to '{storage.program.store}'" if storage.program.store else ""
        said += f", {reused} unmodified" if reused else ""
        said += f", {publication.files} post-processed" if publication.files and self.post_process else ""
        said += f", {skipped} skipped due to conflict" if skipped else ""
        return f"{said}."


def _names(storage: StaticFilesStorage) -> dict[str, str]:
    """The names that the manifest now gives."""
    text = storage.read_manifest()
    return Manifest.parse(text, "the store").paths if text else {}
