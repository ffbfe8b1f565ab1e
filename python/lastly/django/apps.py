"""The app, which brings the command `collectstatic`, the template tags and the checks."""

from __future__ import annotations

from django.apps import AppConfig


class LastlyConfig(AppConfig):
    """Has to stand above `django.contrib.staticfiles`, so that its command is the one that runs."""

    name = "lastly.django"
    label = "lastly"
    verbose_name = "lastly"
