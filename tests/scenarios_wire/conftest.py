"""Sandboxes that are called after their tests: a name is part of every draw, so the draws are the same in each run."""

from collections.abc import Iterator
from hashlib import sha256

import pytest

from tests.conftest import World
from tests.server import Running


@pytest.fixture
def world(frozen_server: Running, request: pytest.FixtureRequest) -> Iterator[World]:
    """A fresh sandbox in which time stands still."""
    test = f"{request.path.name}/{request.node.name}"
    fresh = World(frozen_server, "wire-" + sha256(test.encode()).hexdigest()[:24])
    with fresh.http:
        yield fresh
