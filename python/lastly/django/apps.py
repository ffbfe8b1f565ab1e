"""The app, which brings the command `collectstatic`, the template tags and the checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class LastlyConfig(AppConfig):
    """Has to stand above `django.contrib.staticfiles`, so that its command is the one that runs."""

    name = "lastly.django"
    label = "lastly"
    verbose_name = "lastly"

    def ready(self) -> None:
        """Registers the checks; those of the settings also run before `collectstatic`."""
        from lastly.django.checks import check_release, check_settings

        checks.register(check_settings, checks.Tags.staticfiles)
        checks.register(check_release, checks.Tags.staticfiles, deploy=True)
