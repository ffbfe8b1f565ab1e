"""What moto_locked.py adds to moto. README.md says how to run it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import time
import unittest
import uuid
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

URL = os.environ["LASTLY_TEST_MOTO"]
SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
ONCE = Config(retries={"total_max_attempts": 1})


def connect() -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(URL).netloc, timeout=5)


def control(method: str, path: str, body: Any = None) -> Any:
    """The answer's JSON, or its status if it has none."""
    with contextlib.closing(connect()) as connection:
        connection.request(method, f"/_lastly/{path}", None if body is None else json.dumps(body))
        response = connection.getresponse()
        answer = response.read()
    return json.loads(answer) if answer else response.status


class Bucket(unittest.TestCase):
    def setUp(self) -> None:
        self.bucket = f"test-{uuid.uuid4()}"
        self.s3 = boto3.client("s3", endpoint_url=URL, config=ONCE)
        self.addCleanup(self.s3.close)
        self.s3.create_bucket(Bucket=self.bucket)

    def put(self, key: str) -> str:
        try:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"body")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        except ConnectionClosedError:
            return "closed"
        return "done"

    def keys(self) -> list[str]:
        return [one["Key"] for one in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])]

    def fault(self, **settings: Any) -> None:
        self.assertEqual(control("POST", "faults", {"path": f"/{self.bucket}/"} | settings), 204)


class Log(Bucket):
    def test_lists_and_forgets_what_is_under_a_path(self) -> None:
        self.put("a b")
        expected = {"method": "PUT", "path": f"/{self.bucket}/a%20b", "query": "", "status": 200}
        self.assertEqual(control("GET", f"requests?path=/{self.bucket}/"), [expected])
        self.assertEqual(control("DELETE", f"requests?path=/{self.bucket}/"), 204)
        left = control("GET", f"requests?path=/{self.bucket}")
        self.assertEqual([(one["method"], one["path"]) for one in left], [("PUT", f"/{self.bucket}")])

    def test_does_not_list_the_control_itself(self) -> None:
        self.assertEqual(control("GET", "requests?path=/_lastly"), [])


class Faults(Bucket):
    def test_refuses_without_doing(self) -> None:
        self.fault(mode="refuse", after=1)
        self.assertEqual([self.put(key) for key in "abc"], ["done", "SlowDown", "done"])
        self.assertEqual(self.keys(), ["a", "c"])
        self.assertEqual([one["status"] for one in control("GET", f"requests?path=/{self.bucket}/")], [200, 503, 200])

    def test_refuses_as_told(self) -> None:
        self.fault(mode="refuse", status=409, code="ConditionalRequestConflict", count=2)
        self.assertEqual([self.put(key) for key in "abc"], ["ConditionalRequestConflict"] * 2 + ["done"])

    def test_loses_the_answer_of_what_is_done(self) -> None:
        self.fault(mode="lose", after=1)
        self.assertEqual([self.put(key) for key in "abc"], ["done", "closed", "done"])
        self.assertEqual(self.keys(), ["a", "b", "c"])
        self.assertEqual([one["status"] for one in control("GET", f"requests?path=/{self.bucket}/")], [200, None, 200])

    def test_delays(self) -> None:
        self.fault(mode="delay", ms=200)
        started = time.monotonic()
        self.put("slow")
        self.assertGreaterEqual(time.monotonic() - started, 0.2)

    def test_keep_to_their_path_and_method(self) -> None:
        self.fault(mode="refuse", count=None, path=f"/{self.bucket}/hit/")
        self.fault(mode="refuse", count=None, method="DELETE")
        self.assertEqual(self.put("missed"), "done")
        self.assertEqual([self.put("hit/1"), self.put("hit/2")], ["SlowDown"] * 2)
        with self.assertRaises(ClientError):
            self.s3.delete_object(Bucket=self.bucket, Key="missed")
        self.assertEqual(len(control("GET", f"faults?path=/{self.bucket}")), 2)
        self.assertEqual(control("DELETE", f"faults?path=/{self.bucket}"), 204)
        self.assertEqual(self.put("hit/3"), "done")

    def test_mistakes_are_told(self) -> None:
        self.assertIn("unknown mode", control("POST", "faults", {"mode": "explode"})["error"])
        self.assertIn("unexpected", control("POST", "faults", {"mode": "lose", "afetr": 1})["error"])
        self.assertIn("no such control", control("POST", "fault", {})["error"])


class Connections(Bucket):
    def test_are_kept(self) -> None:
        headers = {"Content-Type": "text/plain", "Authorization": SIGNED}
        with contextlib.closing(connect()) as connection:
            connection.connect()
            first = connection.sock
            for method, body in (("PUT", b"one"), ("PUT", b""), ("HEAD", None), ("PUT", iter([b"in ", b"chunks"]))):
                connection.request(method, f"/{self.bucket}/kept", body, headers, encode_chunked=True)
                response = connection.getresponse()
                response.read()
                self.assertEqual(response.status, 200)
                self.assertIs(connection.sock, first)
        self.assertEqual(self.s3.get_object(Bucket=self.bucket, Key="kept")["Body"].read(), b"in chunks")

    def test_half_a_body_is_not_stored(self) -> None:
        parts = urlsplit(URL)
        with socket.create_connection((parts.hostname, parts.port)) as half:
            head = f"PUT /{self.bucket}/half HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 9\r\n\r\nhalf"
            half.sendall(head.encode())
            half.shutdown(socket.SHUT_WR)
            self.assertEqual(half.recv(1), b"")
        self.assertEqual(self.keys(), [])


class Invalidations(unittest.TestCase):
    def setUp(self) -> None:
        self.cloudfront = boto3.client("cloudfront", endpoint_url=URL, config=ONCE)
        self.addCleanup(self.cloudfront.close)
        origin = {"Id": "o", "DomainName": "o.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        config = {
            "CallerReference": str(uuid.uuid4()),
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
        }
        self.distribution = self.cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]

    def create(self, reference: str, *paths: str) -> Any:
        batch = {"CallerReference": reference, "Paths": {"Quantity": len(paths), "Items": paths}}
        answer = self.cloudfront.create_invalidation(DistributionId=self.distribution, InvalidationBatch=batch)
        return answer["Invalidation"]

    def poll(self, identifier: str) -> str:
        answer = self.cloudfront.get_invalidation(DistributionId=self.distribution, Id=identifier)
        return str(answer["Invalidation"]["Status"])

    def test_a_repeated_request_is_the_same_invalidation(self) -> None:
        first = self.create("one", "/a", "/b")
        self.assertEqual(first["Status"], "Completed")
        self.assertEqual(self.create("one", "/b", "/a"), first)
        self.assertNotEqual(self.create("two", "/a", "/b")["Id"], first["Id"])
        with self.assertRaisesRegex(ClientError, "InvalidationBatchAlreadyExists"):
            self.create("one", "/c")

    def test_too_many(self) -> None:
        settings = {"distribution": self.distribution, "too_many": 2}
        self.assertEqual(control("POST", "invalidations", settings), 204)
        for _ in range(2):
            with self.assertRaisesRegex(ClientError, "TooManyInvalidationsInProgress"):
                self.create("one", "/a")
        self.assertEqual(self.create("one", "/a")["Status"], "Completed")

    def test_in_progress(self) -> None:
        self.assertEqual(control("POST", "invalidations", {"distribution": self.distribution, "polls": 2}), 204)
        created = self.create("one", "/a")
        self.assertEqual(created["Status"], "InProgress")
        polled = [self.poll(created["Id"]) for _ in range(4)]
        self.assertEqual(polled, ["InProgress", "InProgress", "Completed", "Completed"])


if __name__ == "__main__":
    unittest.main()
