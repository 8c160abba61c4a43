"""The servers of the property tests."""

from collections.abc import Iterator

import pytest

from clevora_mock.clock import Clock
from clevora_mock.settings import Settings
from tests.support.server import RunningServer, serve_settings
from tests.support.world import make_stopped_clock


class StillSettings(Settings, frozen=True):
    """Settings whose clocks are `make_stopped_clock`."""

    def make_clock(self) -> Clock:
        return make_stopped_clock()


@pytest.fixture(scope="session")
def still_server() -> Iterator[RunningServer]:
    """Provide a server whose clocks move only when set, with streams paced at 200 tokens a second."""
    with serve_settings(StillSettings(tokens_per_second=200.0)) as server:
        yield server
