"""`manage.py check`: what is wrong with the settings, and what to change.

Those that ask a store or a CDN belong to `check --deploy`. docs/django.md lists all of them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import STATICFILES_STORAGE_ALIAS, settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.core.management import get_commands
from django.utils.module_loading import import_string

from lastly import BinaryNotFound, find_binary
from lastly.django import conf
from lastly.django.manifest import Manifest, ManifestUnavailable
from lastly.django.storage import StaticFilesStorage

CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_S3_ACCESS_KEY_ID",
    "AWS_S3_SECRET_ACCESS_KEY",
)
"""What settings call credentials that django-storages reads."""
MIDDLEWARE = "lastly.django.middleware.one_release"


def check_settings(**_: Any) -> list[CheckMessage]:
    """What the settings alone show."""
    given = _given()
    if given is None:
        return []
    options, problems = conf.read(given)
    found: list[CheckMessage] = [Error(problem.message, hint=problem.hint, id=problem.id) for problem in problems]
    return [*found, *_order(), *_urls(options), *_credentials(), *_middleware(options)]


def check_release(**_: Any) -> list[CheckMessage]:
    """What shows only where the release is looked up."""
    given = _given()
    if given is None:
        return []
    options, problems = conf.read(given)
    if problems:
        return []
    storage = import_string(settings.STORAGES[STATICFILES_STORAGE_ALIAS]["BACKEND"])(**given)
    found: list[CheckMessage] = []
    try:
        find_binary(options.binary)
    except BinaryNotFound as error:
        found.append(checks.Warning(str(error), hint="collectstatic needs it", id="lastly.W004"))
    if options.bypass:
        hint = f"unset {conf.BYPASS_VARIABLE}, or the option 'bypass', once the CDN is back"
        found.append(
            checks.Warning(f"the CDN is bypassed: URLs begin with {options.bypass_url}", hint=hint, id="lastly.W003")
        )
    try:
        manifest = Manifest.parse(storage.source().read(again=False) or b"", storage.source())
    except ManifestUnavailable as error:
        hint = "run collectstatic before, or change the option 'manifest'"
        return [*found, Error(str(error), hint=hint, id="lastly.E006")]
    return [*found, *_published(options, manifest)]


def _given() -> dict[str, Any] | None:
    """The OPTIONS, where the storage is lastly's."""
    configured: dict[str, Any] = settings.STORAGES.get(STATICFILES_STORAGE_ALIAS, {})
    try:
        backend = import_string(configured.get("BACKEND", ""))
    except ImportError:
        return None
    if not (isinstance(backend, type) and issubclass(backend, StaticFilesStorage)):
        return None
    given = dict(configured.get("OPTIONS", {}))
    return {name: value for name, value in given.items() if name not in conf.FOR_DJANGO}


def _order() -> list[CheckMessage]:
    if not apps.is_installed("django.contrib.staticfiles"):
        hint = "add 'django.contrib.staticfiles' below 'lastly.django'"
        return [Error("'django.contrib.staticfiles' is not in INSTALLED_APPS", hint=hint, id="lastly.E005")]
    provider = get_commands()["collectstatic"]
    name = provider if isinstance(provider, str) else type(provider).__module__
    if name == "lastly.django":
        return []
    message = f"collectstatic is that of {name!r}: it copies every file before it publishes"
    hint = f"put 'lastly.django' above {name!r} in INSTALLED_APPS"
    return [Error(message, hint=hint, id="lastly.E005")]


def _urls(options: conf.Options) -> list[CheckMessage]:
    own = str(settings.STATIC_URL or "")
    if options.base_url and conf.is_url(own) and own != options.base_url:
        message = f"STATIC_URL is {own!r}, and 'base_url' is {options.base_url!r}: only the second is used"
        hint = "leave 'base_url' out, or set STATIC_URL to the path at which Django itself serves files in DEBUG"
        return [checks.Warning(message, hint=hint, id="lastly.W001")]
    return []


def _credentials() -> list[CheckMessage]:
    named = [name for name in CREDENTIALS if getattr(settings, name, None)]
    if not named:
        return []
    message = f"credentials stand in the settings, where lastly does not look: {', '.join(named)}"
    hint = (
        "give them to the AWS chain instead (environment, profile, role), and take them out if nothing else needs them"
    )
    return [checks.Warning(message, hint=hint, id="lastly.W002")]


def _middleware(options: conf.Options) -> list[CheckMessage]:
    if not options.follow or MIDDLEWARE in settings.MIDDLEWARE:
        return []
    message = "a page that is made while the next release comes can name files of both"
    return [checks.Warning(message, hint=f"add {MIDDLEWARE!r} to MIDDLEWARE", id="lastly.W006")]


def _published(options: conf.Options, manifest: Manifest) -> list[CheckMessage]:
    """Whether the pages ask for files where these have been published."""
    used = options.base_url or str(settings.STATIC_URL)
    wanted = manifest.base_url
    same = not wanted or wanted == used or (not conf.is_url(used) and urlsplit(wanted).path == used)
    if same:
        return []
    message = f"the release was published for {wanted!r}, and the URLs of this project begin with {used!r}"
    return [checks.Warning(message, hint="set 'base_url' to the URL at which the store is served", id="lastly.W005")]
