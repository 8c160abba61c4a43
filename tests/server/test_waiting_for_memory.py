"""Clients that take a server's memory and stop: others hardly wait for them."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from clevora_mock.settings import DEMO_KEY
from tests.support.program import serve_process
from tests.support.raw_client import Address, connect
from tests.support.wait import wait_until

# Each test starts a process.
pytestmark = pytest.mark.slow

MIB = 1024 * 1024
CHAT = "/v1/chat/completions"
SIGN_UP = b"POST /identitytoolkit.googleapis.com/v1/accounts:signUp?key=a HTTP/1.1\r\nhost: localhost\r\n"
HALF_SENT = SIGN_UP + b"content-length: %d\r\n\r\n" % (4 * MIB) + b"x" * (4 * MIB - 1)

# A busy machine takes a while for anything; before, others waited for up to 75 seconds.
SOON_SECONDS = 2.0
LONG_SECONDS = 12.0


class Place:
    """A server process with clients that stay connected."""

    def __init__(self, url: str, opened: ExitStack) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self.address: Address = (host, int(port))
        self._opened = opened
        headers = {"authorization": f"Bearer {DEMO_KEY}"}
        self.http = opened.enter_context(httpx.Client(base_url=url, headers=headers, timeout=60))

    def connect(self) -> socket.socket:
        return self._opened.enter_context(connect(self.address))

    def connect_without_reading(self) -> socket.socket:
        connection = self._opened.enter_context(socket.socket())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(self.address)
        return connection

    def seconds_of_chat(self, size: int) -> float:
        """Return how long a chat of `size` characters takes."""
        began = time.monotonic()
        body = {"messages": [{"role": "user", "content": "a " * (size // 2)}]}
        assert self.http.post(CHAT, json=body).status_code == 200
        return time.monotonic() - began

    def seconds_of_embeddings(self, count: int) -> float:
        began = time.monotonic()
        assert self.http.post("/v1/embeddings", json={"input": ["a"] * count}).status_code == 200
        return time.monotonic() - began

    def embed(self, connection: socket.socket, count: int) -> None:
        """Ask for vectors, whose answer nobody reads."""
        body = json.dumps({"input": ["a"] * count}).encode()
        head = f"POST /v1/embeddings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {DEMO_KEY}\r\n".encode()
        connection.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)

    def entries(self, endpoint: str) -> list[dict[str, object]]:
        return list(self.http.get("/__mock/requests", params={"endpoint": endpoint}).json()["requests"])


@pytest.fixture
def place() -> Iterator[Place]:
    with serve_process("serve", "--quiet", "--no-rate-limit") as server, ExitStack() as opened:
        started = Place(server.url, opened)
        # The models are loaded with the first requests.
        started.seconds_of_chat(2)
        started.seconds_of_embeddings(1)
        yield started


def test_small_requests_do_not_wait_for_large_bodies_that_do_not_end(place: Place) -> None:
    for _ in range(8):
        connection = place.connect()
        connection.settimeout(1)
        try:
            connection.sendall(HALF_SENT)
        except TimeoutError:
            # It waits for those before.
            continue
    assert place.seconds_of_chat(100_000) < SOON_SECONDS


def test_announced_bodies_take_nothing(place: Place) -> None:
    for _ in range(20):
        place.connect().sendall(HALF_SENT[:1_000])
    assert place.seconds_of_chat(2 * MIB) < SOON_SECONDS


def test_large_bodies_that_do_not_end_give_way(place: Place) -> None:
    connections = [place.connect() for _ in range(6)]
    for connection in connections:
        connection.sendall(HALF_SENT)
    assert place.seconds_of_chat(3 * MIB) < LONG_SECONDS
    refused = connections[0].recv(1_000)
    assert refused.startswith(b"HTTP/1.1 408 ")
    assert b"in time: other requests wait for the memory that its body takes" in refused


def test_an_answer_that_nobody_reads_gives_way(place: Place) -> None:
    place.embed(place.connect_without_reading(), 2048)
    time.sleep(1)
    assert place.seconds_of_embeddings(1_000) < LONG_SECONDS
    assert [entry["abandoned"] for entry in place.entries("embeddings")].count(True) == 1


def test_a_client_that_leaves_while_it_waits_is_journaled_as_that(place: Place) -> None:
    place.embed(place.connect_without_reading(), 2048)
    wait_until(lambda: place.http.get("/__mock/health").status_code == 200)
    leaving = place.connect()
    place.embed(leaving, 2000)
    leaving.close()
    wait_until(lambda: [entry["abandoned"] for entry in place.entries("embeddings")][:1] == [True])
