"""One server for the run and fresh sandboxes for each test, named after the test.

A sandbox's name is part of every draw, so each test sees the same draws in each run, also alone.
"""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from clevora_mock.settings import Settings
from tests.support.program import environment
from tests.support.server import RunningServer, serve_settings
from tests.support.world import World, close_shared_connections, name_sandboxes

# For the programs that tests start. Done here, before any worker and any server starts.
for _variable in os.environ.keys() - environment().keys():
    del os.environ[_variable]

_TESTS = Path(__file__).parent
_COMMON: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    "print_blob": True,
}

# The same examples in every run, so that a failure is caused by the change; HYPOTHESIS_PROFILE=explore varies them.
settings.register_profile("reproducible", derandomize=True, max_examples=100, **_COMMON)
settings.register_profile("explore", max_examples=1000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))


@pytest.fixture(scope="session")
def frozen_server() -> Iterator[RunningServer]:
    """Provide a server whose clocks are frozen at 2026-01-01T00:00:00Z."""
    with serve_settings(Settings(clock="frozen")) as server:
        yield server


@pytest.fixture(scope="session")
def real_server() -> Iterator[RunningServer]:
    """Provide a server whose clocks run in real time, with streams paced at 200 tokens a second."""
    with serve_settings(Settings(tokens_per_second=200.0)) as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def _shared_connections() -> Iterator[None]:
    yield
    close_shared_connections()


def sandbox_of(request: pytest.FixtureRequest) -> str:
    """Return the sandbox's name for a test."""
    test = f"{request.path.relative_to(_TESTS).as_posix()}::{request.node.nodeid.partition('::')[2]}"
    return "test-" + sha256(test.encode()).hexdigest()[:24]


@pytest.fixture(autouse=True, scope="module")
def _module_sandbox_names(request: pytest.FixtureRequest) -> None:
    """Name the sandboxes of a module's fixtures after the module, whichever of its tests comes first."""
    path = request.path.relative_to(_TESTS).as_posix()
    name_sandboxes("module-" + sha256(path.encode()).hexdigest()[:24])


@pytest.fixture(autouse=True)
def _sandbox_names(request: pytest.FixtureRequest) -> None:
    name_sandboxes(sandbox_of(request))


@pytest.fixture
def world(frozen_server: RunningServer, request: pytest.FixtureRequest) -> Iterator[World]:
    """Provide a fresh sandbox with a frozen clock."""
    fresh = World(frozen_server, sandbox_of(request))
    with fresh.http:
        yield fresh


@pytest.fixture
def live_world(real_server: RunningServer, request: pytest.FixtureRequest) -> Iterator[World]:
    """Provide a fresh sandbox with a real clock and paced streams."""
    fresh = World(real_server, sandbox_of(request))
    with fresh.http:
        yield fresh
