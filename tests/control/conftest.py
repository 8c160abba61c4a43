"""Sandboxes that are made by the dozen share their connections."""

from collections.abc import Iterator

import pytest

from tests.control.support import transports


@pytest.fixture(scope="session", autouse=True)
def _connections() -> Iterator[None]:
    yield
    for transport in transports.values():
        transport.close()
    transports.clear()
