"""A wait that several tests share."""

import time

import pytest

from clevora_mock.testing import MockError, Server

TIMEOUT_SECONDS = 20


def until_gone(server: Server) -> None:
    """Return once `server` has ended; fail after a timeout."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        try:
            server.call("GET", "/__mock/health")
        except MockError:
            return
        time.sleep(0.05)
    pytest.fail("the server is still running")
