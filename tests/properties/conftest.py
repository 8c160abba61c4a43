"""The servers that the properties run against."""

from collections.abc import Iterator

import pytest

from tests.server import Running, running

from .support import StillSettings


@pytest.fixture(scope="session")
def still_server() -> Iterator[Running]:
    """A server whose clocks move only when told to, yet whose streams are paced: 200 tokens a second."""
    with running(StillSettings(tokens_per_second=200.0)) as server:
        yield server
