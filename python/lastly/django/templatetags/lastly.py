"""Template tags for browsers that check what they load: `integrity` attributes and import maps.

Without a release to speak of, in DEBUG or with another storage, names stay as they are and nothing is checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from lastly.django.manifest import ManifestUnavailable
from lastly.django.storage import StaticFilesStorage

register = template.Library()

SCRIPTS = (".js", ".mjs")
MODULES = (*SCRIPTS, ".css", ".json", ".wasm")
SITE_MAP = "importmap.json"
"""What lastly calls the import map of a site; a manifest has it where there is one."""
ESCAPES = {ord(character): f"\\u{ord(character):04X}" for character in "<>&\u2028\u2029"}
"""What must not stand in a script element as it is; JSON means the same by its escapes."""


def _storage() -> StaticFilesStorage | None:
    """The storage, where it gives names of a release."""
    if settings.DEBUG or not isinstance(staticfiles_storage, StaticFilesStorage):
        return None
    try:
        staticfiles_storage.load()
    except ManifestUnavailable:
        if staticfiles_storage.manifest_strict:
            raise
        return None
    return staticfiles_storage


@register.simple_tag
def lastly_integrity(path: str) -> str:
    """`integrity` and `crossorigin` of a script or style sheet, for beside `src="{% static path %}"`.

    Nothing for what has no such value. What the release does not hold is treated as `{% static %}` does.
    """
    storage = _storage()
    if storage is None:
        return ""
    logical = urlsplit(unquote(path)).path.strip()
    storage.known(logical)  # says so if it is missing
    value = storage.manifest.integrity(logical)
    return format_html('integrity="{}" crossorigin="anonymous"', value) if value else ""


@register.simple_tag
def lastly_importmap(*paths: str, nonce: object = None) -> SafeString:
    """An import map with the modules of the option `importmap`, and with `paths` under their own names.

    Where lastly makes an import map of the site (its setting `import-map`), every module is in it under its plain URL
    as well. `nonce` is for a Content-Security-Policy. The map has to stand before the first module of the page.
    """
    option = staticfiles_storage.options.importmap if isinstance(staticfiles_storage, StaticFilesStorage) else None
    named = {**(option or {}), **{path: path for path in paths}}
    storage = _storage()
    modules = [module for specifier, path in named.items() for module in _modules(specifier, path, storage)]
    if storage and SITE_MAP in storage.manifest.paths:
        modules += _site(storage)
    elif not named:
        raise template.TemplateSyntaxError(
            "lastly_importmap: neither arguments nor the option `importmap` name a module"
        )
    imports: dict[str, str] = {}
    integrity: dict[str, str] = {}
    for specifier, logical in modules:
        imports[specifier] = url = staticfiles_storage.url(logical)
        value = storage.manifest.integrity(logical) if storage else None
        if value:
            integrity[url] = value
    document = {"imports": imports, **({"integrity": integrity} if integrity else {})}
    content = mark_safe(json.dumps(document, ensure_ascii=False).translate(ESCAPES))
    said = "" if nonce is None else str(nonce)  # Django's own is false until somebody has asked for its text
    attribute = format_html(' nonce="{}"', said) if said else ""
    return format_html('<script type="importmap"{}>{}</script>', attribute, content)


def _modules(specifier: str, path: str, storage: StaticFilesStorage | None) -> Iterator[tuple[str, str]]:
    """The module itself; of a folder, with a slash at its end, every script of the release that lies below it."""
    if storage is None or not path.endswith("/"):
        yield specifier, path
        return
    within = sorted(one for one in storage.manifest.paths if one.startswith(path) and one.endswith(SCRIPTS))
    for logical in within:
        yield specifier + logical.removeprefix(path), logical
    if not within:
        storage.known(path)  # says that it is missing


def _site(storage: StaticFilesStorage) -> Iterator[tuple[str, str]]:
    """Whatever a module can name, under the URL to which a relative specifier leads that stands as it was written."""
    for logical, name in sorted(storage.manifest.paths.items()):
        if logical.endswith(MODULES) and name != logical:
            yield storage.base_url + quote(logical), logical
