"""The servers of the property tests."""

from collections.abc import Iterator

import pytest

from clevora_mock.clock import Clock
from clevora_mock.settings import Settings
from tests.support.server import Running, running
from tests.support.world import still_clock


class StillSettings(Settings, frozen=True):
    """Settings whose clocks are `still_clock`."""

    def make_clock(self) -> Clock:
        return still_clock()


@pytest.fixture(scope="session")
def still_server() -> Iterator[Running]:
    """Provide a server whose clocks move only when set, with streams paced at 200 tokens a second."""
    with running(StillSettings(tokens_per_second=200.0)) as server:
        yield server
