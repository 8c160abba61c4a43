"""How many examples are tried, and the servers that they run against."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from clevora_mock.settings import Settings
from clevora_mock.testing.server import Running, running

from .support import Still

_COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    "print_blob": True,
}

# The same examples in every run, so that a failure is the change's fault; HYPOTHESIS_PROFILE=explore looks further.
settings.register_profile("reproducible", derandomize=True, max_examples=100, **_COMMON)
settings.register_profile("explore", max_examples=1000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))


@pytest.fixture(scope="session")
def still_server() -> Iterator[Running]:
    """A server whose clocks move only when told to, yet whose streams are paced: 200 tokens a second."""
    with running(Settings(clock=Still(), tokens_per_second=200.0)) as server:
        yield server
