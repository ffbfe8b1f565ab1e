#!/usr/bin/env python3
"""moto's S3 and CloudFront on one port, one request at a time.

moto checks a precondition and then writes, so two threads may both find a key absent. Here a request is read to its
end first, and then moto runs under one lock: If-None-Match and If-Match become atomic, as they are at AWS.

Around moto, never inside it, stand the things that lastly's tests need:

* HTTP/1.1 with connections kept alive (moto's own server closes after each answer);
* a log of all requests, faults and delays, under /_lastly (see README.md);
* a wrong SHA-256 is refused, and a right one is remembered for HEAD;
* a bucket's versioning is told in an element of the name that S3 gives it, without which SDKs cannot read it;
* CloudFront: a repeated CallerReference, "Completed" instead of moto's "COMPLETED", and, when asked for, invalidations
  that are refused as too many or stay in progress.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import re
import threading
import time
import traceback
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from moto.moto_server import werkzeug_app
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

CONTROL = "/_lastly/"
CLOUDFRONT = "/2020-05-31/"
INVALIDATION = re.compile(r"/2020-05-31/distribution/(?P<distribution>[^/]+)/invalidation(?:/(?P<id>[^/]+))?")

# Old releases of moto have no handler of their own.
RequestHandler: type[WSGIRequestHandler] = getattr(werkzeug_app, "MotoRequestHandler", WSGIRequestHandler)


@dataclass(frozen=True)
class Response:
    """An answer, whole."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_json(cls, value: Any, status: int = 200) -> Response:
        return cls(status, json.dumps(value).encode() + b"\n", (("Content-Type", "application/json"),))

    @classmethod
    def of_error(cls, path: str, status: int, code: str, message: str) -> Response:
        """An error in the words of the service that the path belongs to."""
        error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        if path.startswith(CLOUDFRONT):
            error = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
        else:
            error = f"<Error>{error}</Error>"
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'.encode()
        return cls(status, body, (("Content-Type", "application/xml"),))


@dataclass
class Fault:
    """What is to happen to some of the coming requests."""

    mode: str  # "refuse": answer an error and do nothing; "lose": do it and hang up; "delay": wait first
    after: int = 0  # matching requests that pass before it begins
    count: int | None = 1  # matching requests that it then hits; None: all
    path: str = "/"  # how the path of a matching request begins
    method: str | None = None  # None: any
    status: int = 503  # "refuse": the answer's status
    code: str = "SlowDown"  # "refuse": the answer's error code
    ms: int = 0  # "delay": milliseconds

    def __post_init__(self) -> None:
        if self.mode not in ("refuse", "lose", "delay"):
            raise ValueError(f"unknown mode: {self.mode}")

    def strikes(self, method: str, path: str) -> bool:
        """Whether it hits this request; counts it."""
        if not path.startswith(self.path) or self.method not in (None, method):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.count is None:
            return True
        self.count -= 1
        return self.count >= 0


@dataclass
class Control:
    """The request log and the faults."""

    faults: list[Fault] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, method: str, path: str, query: str, status: int | None) -> None:
        with self.lock:
            self.requests.append({"method": method, "path": path, "query": query, "status": status})

    def strike(self, method: str, path: str) -> list[Fault]:
        """The faults that hit this request."""
        with self.lock:
            struck = [fault for fault in self.faults if fault.strikes(method, path)]
            self.faults = [fault for fault in self.faults if fault.count is None or fault.count > 0]
            return struck

    def answer(self, method: str, name: str, prefix: str, body: bytes) -> Response | None:
        """GET, POST and DELETE of /_lastly/requests and /_lastly/faults, of the paths that begin with the prefix."""
        with self.lock:
            match method, name:
                case "GET", "requests":
                    return Response.of_json([one for one in self.requests if one["path"].startswith(prefix)])
                case "DELETE", "requests":
                    self.requests = [one for one in self.requests if not one["path"].startswith(prefix)]
                    return Response(204)
                case "GET", "faults":
                    return Response.of_json([asdict(one) for one in self.faults if one.path.startswith(prefix)])
                case "POST", "faults":
                    self.faults.append(Fault(**json.loads(body)))
                    return Response(204)
                case "DELETE", "faults":
                    self.faults = [one for one in self.faults if not one.path.startswith(prefix)]
                    return Response(204)
        return None


@dataclass
class Distribution:
    """What moto does not know about a distribution's invalidations."""

    too_many: int = 0  # creations that are still to be refused
    polls: int = 0  # polls that each new invalidation stays in progress for
    created: dict[str, tuple[list[str], Response]] = field(default_factory=dict)  # by caller reference
    in_progress: dict[str, int] = field(default_factory=dict)  # polls left, by the invalidation's id


class Moto:
    """moto as a function from requests to answers. Not thread-safe, nor is what it wraps."""

    def __init__(self) -> None:
        self.app = werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
        self.distributions: dict[str, Distribution] = {}

    def answer(self, environ: dict[str, Any], path: str, body: bytes) -> Response:
        method = environ["REQUEST_METHOD"]
        if found := INVALIDATION.fullmatch(path):
            distribution = self.distributions.setdefault(found["distribution"], Distribution())
            if method == "POST" and found["id"] is None:
                return self.create_invalidation(distribution, environ, path, body)
            response = self.run(environ, body)
            return show_invalidation(distribution, found["id"], response) if found["id"] else completed(response)
        if method == "GET" and "versioning" in parse_qs(environ["QUERY_STRING"], keep_blank_values=True):
            return replaced(self.run(environ, body), b"GetBucketVersioningResponse", b"VersioningConfiguration")
        expected = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
        chunked = "HTTP_X_AMZ_DECODED_CONTENT_LENGTH" in environ  # aws-chunked: the body is wrapped
        if method == "PUT" and expected and not chunked:
            actual = base64.b64encode(hashlib.sha256(body).digest()).decode()
            if expected != actual:
                message = "The SHA256 you specified did not match the calculated checksum."
                return Response.of_error(path, 400, "BadDigest", message)
            # moto keeps a checksum only if this header names its algorithm; S3 keeps it anyway.
            environ.setdefault("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM", "SHA256")
        return self.run(environ, body)

    def create_invalidation(
        self, distribution: Distribution, environ: dict[str, Any], path: str, body: bytes
    ) -> Response:
        if distribution.too_many > 0:
            distribution.too_many -= 1
            message = "Your request contains too many invalidations in progress."
            return Response.of_error(path, 400, "TooManyInvalidationsInProgress", message)
        batch = ElementTree.fromstring(body)
        reference = batch.findtext("{*}CallerReference", "")
        paths = sorted(item.text or "" for item in batch.iterfind("{*}Paths/{*}Items/{*}Path"))
        if reference in distribution.created:
            earlier, response = distribution.created[reference]
            if paths == earlier:
                return response
            message = "Your caller reference is associated with another invalidation batch."
            return Response.of_error(path, 400, "InvalidationBatchAlreadyExists", message)
        response = self.run(environ, body)
        if response.status == 201:
            identifier = ElementTree.fromstring(response.body).findtext("{*}Id", "")
            if distribution.polls > 0:
                distribution.in_progress[identifier] = distribution.polls
                response = completed(response, b"InProgress")
            else:
                response = completed(response)
            distribution.created[reference] = (paths, response)
        return response

    def set_distribution(self, identifier: str, too_many: int = 0, polls: int = 0) -> None:
        distribution = self.distributions.setdefault(identifier, Distribution())
        distribution.too_many = too_many
        distribution.polls = polls

    def run(self, environ: dict[str, Any], body: bytes) -> Response:
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        try:
            chunks, status, headers = run_wsgi_app(self.app, environ, buffered=True)
        except Exception as error:  # moto lets whatever it stumbles over through
            traceback.print_exc()
            return Response.of_error(environ["PATH_INFO"], 500, "InternalError", f"moto: {error}")
        return Response(int(status.split()[0]), b"".join(chunks), tuple(headers))


def completed(response: Response, status: bytes = b"Completed") -> Response:
    """The answer with moto's COMPLETED replaced, which is no status that CloudFront knows."""
    return replaced(response, b"<Status>COMPLETED</Status>", b"<Status>%s</Status>" % status)


def replaced(response: Response, old: bytes, new: bytes) -> Response:
    """The answer with other words in its body."""
    body = response.body.replace(old, new)
    headers = tuple((name, value) for name, value in response.headers if name.lower() != "content-length")
    return replace(response, body=body, headers=headers)


def show_invalidation(distribution: Distribution, identifier: str, response: Response) -> Response:
    """The answer to a poll, which is counted."""
    left = distribution.in_progress.pop(identifier, 0)
    if left == 0:
        return completed(response)
    distribution.in_progress[identifier] = left - 1
    return completed(response, b"InProgress")


class Server(ThreadedWSGIServer):
    """The server's state: moto and its lock, the log and the faults."""

    def __init__(self, host: str, port: int) -> None:
        self.moto = Moto()
        self.lock = threading.Lock()
        self.control = Control()
        super().__init__(host, port, self.moto.app, Handler)


class Handler(RequestHandler):  # type: ignore[misc, valid-type]
    """One connection: requests are read whole, answers are written whole, so it can be kept."""

    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        # Every method's do_… arrives here; the name is the parent's.
        environ = self.make_environ()
        body = self.read_body(environ)
        path, _, query = self.path.partition("?")
        if path.startswith(CONTROL):
            response: Response | None = self.control(path, query, body)
        else:
            response = self.respond(environ, path, query, body)
        if response is None:
            self.close_connection = True
        else:
            self.write(response)

    def read_body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):
            return bytes(environ["wsgi.input"].read())
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = bytes(self.rfile.read(length))
        if len(body) < length:
            raise ConnectionError("the client hung up in the middle of a body")
        return body

    def respond(self, environ: dict[str, Any], path: str, query: str, body: bytes) -> Response | None:
        """The answer, or None if the connection is to be dropped without one."""
        struck = {fault.mode: fault for fault in self.server.control.strike(self.command, path)}
        if delay := struck.get("delay"):
            time.sleep(delay.ms / 1000)
        with self.server.lock:
            if refusal := struck.get("refuse"):
                response = Response.of_error(path, refusal.status, refusal.code, "A fault set by the test.")
            else:
                response = self.server.moto.answer(environ, path, body)
            lost = "lose" in struck
            self.server.control.record(self.command, path, query, None if lost else response.status)
        return None if lost else response

    def control(self, path: str, query: str, body: bytes) -> Response:
        name = path.removeprefix(CONTROL)
        prefix = parse_qs(query).get("path", ["/"])[0]
        try:
            if (self.command, name) == ("POST", "invalidations"):
                settings = json.loads(body)
                with self.server.lock:
                    self.server.moto.set_distribution(settings.pop("distribution"), **settings)
                return Response(204)
            response = self.server.control.answer(self.command, name, prefix, body)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return Response.of_json({"error": f"{type(error).__name__}: {error}"}, 400)
        return response or Response.of_json({"error": f"no such control: {self.command} {path}"}, 404)

    def write(self, response: Response) -> None:
        self.send_response(response.status)
        names = set()
        for name, value in response.headers:
            names.add(name.lower())
            self.send_header(name, value)
        if "content-length" not in names and response.status not in (204, 304):
            self.send_header("Content-Length", str(len(response.body)))
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def send_response(self, code: int, message: str | None = None) -> None:
        # The parent would add a Server and a Date of its own beside moto's.
        self.send_response_only(code, message)

    def handle_expect_100(self) -> bool:
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the requests are at /_lastly/requests."""


def main() -> None:
    parser = argparse.ArgumentParser(description="moto's S3 and CloudFront, one request at a time")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5000, help="0: any free one")
    parser.add_argument("--latency", type=int, default=0, metavar="MS", help="delay every request")
    options = parser.parse_args()
    server = Server(options.host, options.port)
    if options.latency:
        server.control.faults.append(Fault("delay", count=None, ms=options.latency))
    print(f"http://{options.host}:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
