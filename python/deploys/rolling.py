"""A rolling deploy behind a CDN, and what visitors see of it, step by step.

Two servers of the app stand behind nginx, whose two edges keep caches of their own in front of the bucket. Edition 1 is
deployed, and one edge has seen it; edition 2 is deployed, and the servers are replaced one after the other. Who looks
when, and through which edge, is laid down here; visitors who come at any time are on top of that.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from crawl import Answer, Visitor, expected_type, page_loads
from example import START_SECONDS, Edition, edges, free_port

SITE = "http://www.test/"
CDN = "http://cdn.test/static/"
"""Where everybody finds the static files; to which edge the name leads depends on where the visitor is."""
ADDRESS = re.compile(rb"\.[0-9a-f]{32}(?=\.[a-z0-9])")
EDITION = re.compile(r'<meta name="edition" content="(\d+)">')
TRIES = 40
"""How often a page is asked for until the server of an edition answers; they take turns."""

Truth = dict[int, dict[str, bytes]]
"""By edition and logical path: what the file has in the source folders."""


@dataclass
class View:
    """What one visitor got: a page with all that it leads to."""

    edition: int | None
    """Of the page; `None` if it could not be had."""
    urls: list[str] = field(default_factory=list)
    """What the page itself loads."""
    faults: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """What was seen at each step, and meanwhile."""

    steps: dict[str, View] = field(default_factory=dict)
    meanwhile: list[View] = field(default_factory=list)

    def wait_for(self, edition: int, looking: list[Future[None]]) -> None:
        """Waits until visitors have seen the edition, as long as they look."""
        deadline = time.monotonic() + START_SECONDS
        while not any(view.edition == edition for view in self.meanwhile) and not any(one.done() for one in looking):
            if time.monotonic() > deadline:
                raise AssertionError(f"no visitor has seen edition {edition}: {self.faults()[-3:]}")
            time.sleep(0.05)

    def faults(self) -> list[str]:
        """All of them."""
        found = [f"{step}: {fault}" for step, view in self.steps.items() for fault in view.faults]
        return found + [f"meanwhile: {fault}" for view in self.meanwhile for fault in view.faults]


def logical(url: str) -> str:
    """The logical path of the file at a URL of the CDN."""
    return ADDRESS.sub(b"", url.removeprefix(CDN).encode()).decode()


class Judge:
    """Knows what each edition's files are, and says what is wrong with an answer."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth

    def view(self, visitor: Visitor) -> View:
        """Fetches the page and all that it leads to."""
        try:
            page = visitor.fetch(SITE)
        except OSError as error:
            return View(None, faults=[f"missing: the page, {error}"])
        found = EDITION.search(page.text()) if page.status == 200 else None
        if not found:
            return View(None, faults=[f"missing: the page, status {page.status}"])
        urls, integrity = page_loads(page)
        view = View(int(found[1]), urls)
        view.faults = self.faults(visitor, view, integrity)
        return view

    def faults(self, visitor: Visitor, view: View, integrity: dict[str, str]) -> list[str]:
        """What is wrong with what a page leads to."""
        assert view.edition is not None
        found = []
        try:
            for answer in visitor.everything(view.urls):
                if fault := self.fault(answer, view.edition, integrity.get(answer.url)):
                    found += [f"{fault}: {answer.url}, for a page of edition {view.edition}"]
        except OSError as error:
            found.append(f"missing: {error}, for a page of edition {view.edition}")
        return found

    def fault(self, answer: Answer, edition: int, integrity: str | None) -> str | None:
        """What is wrong with an answer: it is missing, wrong, or mixed with another edition's files."""
        name = logical(answer.url)
        if not answer.url.startswith(CDN) or name not in self.truth[edition]:
            return "wrong: no file of this edition"
        if answer.status != 200:
            return f"missing: status {answer.status}"
        if answer.type != expected_type(answer.url):
            return f"wrong: {answer.type}"
        body = ADDRESS.sub(b"", answer.body)
        if body != self.truth[edition][name]:
            others = [other for other, files in self.truth.items() if files.get(name) == body]
            return f"mixed: the file of edition {others[0]}" if others else "wrong: other bytes"
        if integrity and integrity != "sha384-" + base64.b64encode(hashlib.sha384(answer.body).digest()).decode():
            return "wrong: a browser would refuse it"
        return None


class Servers:
    """The app's servers, each at a port of its own; at least one of them answers at any time."""

    def __init__(self) -> None:
        self.ports = [free_port(), free_port()]
        self.running = [contextlib.ExitStack(), contextlib.ExitStack()]

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.running:
            server.close()

    def replace(self, index: int, edition: Edition) -> None:
        """Stops a server, and starts one of this edition in its place."""
        self.running[index].close()
        self.running[index].enter_context(edition.serve(self.ports[index]))


@contextlib.contextmanager
def visitors(judge: Judge, through: list[Visitor], seen: Seen) -> Iterator[None]:
    """Two who look through each edge in turn, again and again; whole pages of both editions are seen before the end."""
    over = threading.Event()

    def look() -> None:
        turn = 0
        while not over.is_set():
            seen.meanwhile.append(judge.view(through[turn % len(through)]))
            turn += 1

    with ThreadPoolExecutor(2) as pool:
        looking = [pool.submit(look) for _ in range(2)]
        try:
            seen.wait_for(1, looking)
            yield
            seen.wait_for(2, looking)
        finally:
            over.set()
        for one in looking:
            one.result()


def play(origin: str, editions: list[Edition], publish: Callable[[Edition], None], truth: Truth, folder: Path) -> Seen:
    """Deploys the editions one after the other. `publish` puts an edition's files into the bucket at `origin`."""
    first, second = editions
    judge, seen = Judge(truth), Seen()

    def look(step: str, visitor: Visitor, edition: int) -> None:
        for _ in range(TRIES):
            seen.steps[step] = judge.view(visitor)
            if seen.steps[step].edition in {edition, None}:
                return
        raise AssertionError(f"{step}: no server of edition {edition} answers")

    with Servers() as servers, edges(origin, servers.ports, folder) as urls:
        one, two = (Visitor(url) for url in urls)
        publish(first)
        for index in range(2):
            servers.replace(index, first)
        look("edition 1, edge one", one, 1)
        tab = seen.steps["edition 1, edge one"]
        through = [one]
        with visitors(judge, through, seen):
            publish(second)
            look("edition 2 is in the bucket, edge two is asked for the first time", two, 1)
            through.append(two)
            servers.replace(0, second)
            look("half of the servers are new, a new page through edge one", one, 2)
            look("half of the servers are new, an old page through edge two", two, 1)
            servers.replace(1, second)
            look("all servers are new, edge one", one, 2)
            look("all servers are new, edge two", two, 2)
            open_tab = View(1, tab.urls)
            open_tab.faults = judge.faults(two, open_tab, {})
            seen.steps["a tab that was opened before goes on loading, edge two"] = open_tab
    return seen
