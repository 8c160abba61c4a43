"""One server for the run, one fresh sandbox for each test: every test has a world of its own at the price of a path."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from typing import TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, settings

from clevora_mock.clock import Clock
from clevora_mock.core.id_tokens import Identity, issue
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.settings import Settings
from tests.server import Running, running

_COMMON = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    "print_blob": True,
}

# The same examples in every run, so that a failure is the change's fault; HYPOTHESIS_PROFILE=explore looks further.
settings.register_profile("reproducible", derandomize=True, max_examples=100, **_COMMON)
settings.register_profile("explore", max_examples=1000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "reproducible"))

T = TypeVar("T")

# Making one reads every certificate of the machine, which takes longer than most tests.
TLS = httpx.create_ssl_context()


class World:
    """A sandbox of the shared server, and the credentials that open it."""

    def __init__(self, server: Running, name: str) -> None:
        self.server = server
        self.name = name
        self.url = f"{server.url}/sandbox/{name}"
        self.base_url = f"{self.url}/v1"
        self.api_key = server.api_key
        self.headers = {"authorization": f"Bearer {server.api_key}"}
        self.http = httpx.Client(base_url=self.url, timeout=20, verify=TLS)

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandbox(self.name)

    @property
    def clock(self) -> Clock:
        return self.sandbox.clock

    def do(self, work: Callable[[Sandbox], T]) -> T:
        """Run `work` on the sandbox, on the server's own thread."""
        sandbox = self.sandbox
        return self.server.do(lambda: work(sandbox))

    def advance(self, seconds: float) -> None:
        self.do(lambda sandbox: sandbox.clock.advance(seconds))

    def id_token(self, uid: str = "demo", email: str | None = None, lifetime: int = 3600) -> str:
        project = self.server.settings.firebase_project
        return issue(Identity(uid, email), project, self.clock.now(), lifetime)

    def signed_in(self, uid: str = "demo") -> dict[str, str]:
        return {"authorization": f"Bearer {self.id_token(uid)}"}

    def balance(self, micros: int, uid: str = "demo") -> None:
        """Set an account's balance, as the control plane would."""

        def adjust(sandbox: Sandbox) -> None:
            account = sandbox.accounts.by_uid[uid]
            account.ledger.adjust(sandbox.next_entry(), micros, sandbox.clock.now())

        self.do(adjust)


@pytest.fixture(scope="session")
def names() -> Iterator[str]:
    """Names that no other test of the run has."""
    return (f"t{number}" for number in count())


@pytest.fixture(scope="session")
def frozen_server() -> Iterator[Running]:
    """A server whose clocks stand still at 2026-01-01T00:00:00Z."""
    with running(Settings(clock="frozen")) as server:
        yield server


@pytest.fixture(scope="session")
def real_server() -> Iterator[Running]:
    """A server whose clocks run with the wall, and whose streams are paced at 200 tokens a second."""
    with running(Settings(tokens_per_second=200.0)) as server:
        yield server


@pytest.fixture
def world(frozen_server: Running, names: Iterator[str]) -> Iterator[World]:
    """A fresh sandbox in which time stands still."""
    fresh = World(frozen_server, next(names))
    with fresh.http:
        yield fresh


@pytest.fixture
def live_world(real_server: Running, names: Iterator[str]) -> Iterator[World]:
    """A fresh sandbox in which time runs and streams are paced."""
    fresh = World(real_server, next(names))
    with fresh.http:
        yield fresh
