"""A manifest from the store, read by the program: that of a release, or of what the channel now shows."""

from __future__ import annotations

from dataclasses import dataclass

from lastly.django.manifest import ManifestUnavailable
from lastly.django.program import Program


@dataclass
class Released:
    """The manifest that `lastly manifest` prints."""

    program: Program
    last: bytes | None = None

    def read(self, *, again: bool) -> bytes | None:
        """Runs the program, with the credentials that this process has."""
        release = self.program.options.release
        try:
            ended = self.program.output("manifest", *([release] if release else []))
        except OSError as error:
            raise ManifestUnavailable(f"{self} cannot be read: {error}") from error
        if ended.returncode != 0:
            said = ended.stderr.decode(errors="replace").strip()
            raise ManifestUnavailable(f"{self} cannot be read: {said}")
        if again and ended.stdout == self.last:
            return None
        self.last = ended.stdout
        return ended.stdout

    def __str__(self) -> str:
        options = self.program.options
        return f"the manifest of {options.release or options.channel or 'live'} in {self.program.store or 'the store'}"
