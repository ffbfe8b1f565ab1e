"""Fetches a page and everything that it loads, and everything that those load, as a browser would.

What loads what is found here by plain patterns, which know nothing of lastly's parsers.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urldefrag, urljoin, urlsplit

SECONDS = 30

TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
"""The type that each kind of file has to be served with."""

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
IN_CSS = re.compile(r"""(?:url\(|@import\s+(?!url\())\s*["']?(?P<url>[^"')]+)["']?""")
IN_JS = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["'](?P<url>\.{0,2}/[^"']+)["']"""
    r"""|\bnew\s+URL\(\s*["'](?P<file>[^"']+)["']\s*,\s*import\.meta\.url\s*\)"""
)
LOADING_LINKS = {"stylesheet", "icon", "modulepreload", "preload", "manifest", "apple-touch-icon"}


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    url: str
    status: int
    type: str
    body: bytes
    headers: dict[str, str]
    """By lower-case name."""
    cookies: dict[str, str]
    """Those that it sets."""

    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class _Direct(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: what is loaded has to be where it is said to be."""

    def redirect_request(self, *_: object) -> None:
        return None


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks, and keeps nothing of what was answered."""

    edge: str | None = None
    """The server that every host's name leads to, as a CDN's edge; `None` where names are addresses."""

    def fetch(self, url: str, headers: dict[str, str] | None = None, data: bytes | None = None) -> Answer:
        """Asks once, whatever the answer is."""
        proxies = {"http": self.edge} if self.edge else {}
        opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies), _Direct)
        request = urllib.request.Request(url, data=data, headers=headers or {})
        try:
            response = opener.open(request, timeout=SECONDS)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            named = {name.lower(): value for name, value in response.headers.items()}
            kind = response.headers.get_content_type() if "content-type" in named else ""
            set_cookies = SimpleCookie("; ".join(response.headers.get_all("set-cookie", [])))
            cookies = {name: cookie.value for name, cookie in set_cookies.items()}
            return Answer(url, response.status, kind, response.read(), named, cookies)

    def everything(self, first: list[str]) -> Iterator[Answer]:
        """The answers for these URLs, and for all that they lead to, each once."""
        waiting, seen = list(first), set(first)
        while waiting:
            answer = self.fetch(waiting.pop())
            yield answer
            if answer.status == 200:
                new = [url for url in asset_loads(answer) if url not in seen]
                seen.update(new)
                waiting += new


class _Page(HTMLParser):
    """Takes down what a page loads, and the integrity that it demands of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.integrity: dict[str, str] = {}
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        loaded = given.get("src") if tag in {"script", "img", "source", "video", "audio", "iframe", "input"} else None
        if tag == "link" and LOADING_LINKS & set(given.get("rel", "").split()):
            loaded = given.get("href")
        if loaded:
            self.loads.append(loaded)
            if "integrity" in given:
                self.integrity[loaded] = given["integrity"]
        self.loads += [part.split()[0] for part in given.get("srcset", "").split(",") if part.strip()]
        self.loads += in_css(given.get("style", ""))
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inside = given.get("type", tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script"}:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "importmap":
            for name, value in json.loads(data).items():
                if name == "imports":
                    self.loads += value.values()
                elif name == "integrity":
                    self.loads += value
                    self.integrity |= value
        elif self.inside in {"style", "text/css"}:
            self.loads += in_css(data)
        elif self.inside in {"script", "module", "text/javascript"}:
            self.loads += in_js(data)


def in_css(text: str) -> list[str]:
    """The URLs in a style sheet."""
    return [found["url"].strip() for found in IN_CSS.finditer(COMMENT.sub("", text))]


def in_js(text: str) -> list[str]:
    """The paths of modules and files in a script; bare specifiers are the import map's business."""
    return [found["url"] or found["file"] for found in IN_JS.finditer(text)]


def page_loads(page: Answer) -> tuple[list[str], dict[str, str]]:
    """The absolute URLs that a page loads, each once, and the integrity demanded of some of them."""
    read = _Page(page.text())
    integrity = {urljoin(page.url, url): value for url, value in read.integrity.items()}
    return list(absolute(page.url, read.loads)), integrity


def asset_loads(answer: Answer) -> list[str]:
    """The absolute URLs that a style sheet or script loads, each once."""
    find = {"text/css": in_css, "text/javascript": in_js}.get(answer.type)
    return list(absolute(answer.url, find(answer.text()))) if find else []


def absolute(base: str, urls: list[str]) -> Iterator[str]:
    """The URLs as they are asked for: whole, without fragments; not those of other schemes, such as data."""
    seen = set()
    for url in urls:
        whole = urldefrag(urljoin(base, url)).url
        if urlsplit(whole).scheme in {"http", "https"} and whole not in seen:
            seen.add(whole)
            yield whole


def expected_type(url: str) -> str | None:
    """The type that the file at this URL has to be served with, by its extension."""
    return TYPES.get(urlsplit(url).path.rpartition(".")[2])
