"""What several tests of the package's own test tools need."""

import time

import pytest

from clevora_mock.testing import MockError, Server

_PATIENCE_SECONDS = 20


def until_gone(server: Server) -> None:
    """Return once nobody answers at `server`; fail when somebody still does after a while."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            server.ask("GET", "/__mock/health")
        except MockError:
            return
        time.sleep(0.05)
    pytest.fail("the server still runs")
