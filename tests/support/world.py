"""A fresh sandbox of a running server for each test, and its credentials."""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from itertools import count
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from clevora_mock.clock import FROZEN_START, Clock
from clevora_mock.core.id_tokens import Identity, issue
from clevora_mock.core.sandbox import Sandbox, StartupScenario
from clevora_mock.core.scenario import DEFAULT
from clevora_mock.settings import Settings
from tests.support.raw_client import TIMEOUT_SECONDS, Address
from tests.support.server import RunningServer

T = TypeVar("T")

# So slow that only `World.advance` moves the clock.
_STOPPED_SPEED = 1e-9

# Creating one reads every certificate of the machine, which takes longer than most tests.
TLS = httpx.create_ssl_context()

# The names of the running test's sandboxes.
_names: ContextVar[Iterator[str]] = ContextVar("names")
# One connection pool per server, shared by sandboxes that are created in large numbers.
_transports: dict[str, httpx.HTTPTransport] = {}


class World:
    """A sandbox of the shared server, and its credentials."""

    def __init__(self, server: RunningServer, name: str) -> None:
        self.server = server
        self.name = name
        self.url = f"{server.url}/sandbox/{name}"
        self.base_url = f"{self.url}/v1"
        self.api_key = server.api_key
        self.headers = {"authorization": f"Bearer {server.api_key}"}
        self.http = httpx.Client(base_url=self.url, timeout=TIMEOUT_SECONDS, verify=TLS)
        # It exists from now on, since a refused request makes none.
        server.sandbox(name)

    @property
    def address(self) -> Address:
        parts = urlsplit(self.server.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandbox(self.name)

    @property
    def clock(self) -> Clock:
        return self.sandbox.clock

    def run_in_server(self, work: Callable[[Sandbox], T]) -> T:
        """Run `work` on the sandbox in the server's thread, and return its result."""
        sandbox = self.sandbox
        return self.server.run_in_server(lambda: work(sandbox))

    def advance(self, seconds: float) -> None:
        self.run_in_server(lambda sandbox: sandbox.clock.advance(seconds))

    def stop_clock(self) -> None:
        """Slow the clock down until only `advance` moves it."""
        self.run_in_server(lambda sandbox: sandbox.clock.set_mode("scaled", _STOPPED_SPEED))

    def id_token(self, uid: str = "demo", email: str | None = None, lifetime: int = 3600) -> str:
        project = self.server.settings.firebase_project
        return issue(Identity(uid, email), project, self.clock.now(), lifetime)

    def signed_in(self, uid: str = "demo") -> dict[str, str]:
        return {"authorization": f"Bearer {self.id_token(uid)}"}

    def open_checkout(self, dollars: float = 50, uid: str = "demo") -> str:
        """Open a checkout through the API, and return its id."""
        answer = self.http.post("/api/developer/topup", headers=self.signed_in(uid), json={"amount": dollars})
        return str(answer.json()["data"]["checkoutUrl"].rpartition("/")[2])

    def balance(self, micros: int, uid: str = "demo") -> None:
        """Set an account's balance by an adjustment."""

        def adjust(sandbox: Sandbox) -> None:
            account = sandbox.accounts.by_uid[uid]
            account.ledger.adjust(sandbox.next_entry(), micros, sandbox.clock.now())

        self.run_in_server(adjust)


def name_sandboxes(start: str) -> None:
    """Let `fresh_name` return names with this start, numbered from 0: a name is part of every draw."""
    _names.set(f"{start}-{number}" for number in count())


def fresh_name() -> str:
    """Return a sandbox name that nothing else in the run uses, and that is the same in each run of the test."""
    return next(_names.get())


def fresh_world(server: RunningServer) -> World:
    """Return a sandbox for one example of many; those of a server share their connections."""
    world = World(server, fresh_name())
    world.http.close()
    transport = _transports.setdefault(server.url, httpx.HTTPTransport(verify=TLS))
    world.http = httpx.Client(base_url=world.url, timeout=TIMEOUT_SECONDS, transport=transport)
    return world


def close_shared_connections() -> None:
    """Close the connections of `fresh_world`."""
    for transport in _transports.values():
        transport.close()
    _transports.clear()


def make_stopped_clock() -> Clock:
    """Return a clock in the mode ``real`` on a wall clock that stands still."""
    return Clock("real", start=FROZEN_START, read=lambda: 0)


def make_sandbox(clock: Clock) -> Sandbox:
    """Return a sandbox without a server."""
    return Sandbox("alone", Settings().sandbox_config(), clock, StartupScenario(DEFAULT))
