#!/usr/bin/env python3
"""LocalStack's S3, on 127.0.0.1 only: localstack_loopback.py PORT DIRECTORY.

LocalStack hands the host of GATEWAY_LISTEN to its own checks but listens on every interface, so the interface is given
to Twisted here. Everything it writes goes under the directory.
"""

import functools
import os
import sys
import tempfile
from pathlib import Path

import twisted.internet.endpoints

port, directory = int(sys.argv[1]), Path(sys.argv[2])
os.environ |= {
    "GATEWAY_LISTEN": f"127.0.0.1:{port}",
    "SERVICES": "s3",
    "STRICT_SERVICE_LOADING": "1",
    "FILESYSTEM_ROOT": str(directory),
    "OVERRIDE_IN_DOCKER": "0",  # inside a container it would write to /var/lib/localstack
    "DISABLE_EVENTS": "1",  # no telemetry
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "DNS_ADDRESS": "0",  # no name server
}
tempfile.tempdir = str(directory)
twisted.internet.endpoints.TCP4ServerEndpoint = functools.partial(
    twisted.internet.endpoints.TCP4ServerEndpoint, interface="127.0.0.1"
)

from localstack.runtime.main import main  # noqa: E402  (it reads the environment at import)

main()
