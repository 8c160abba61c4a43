"""Limits on connections, on what waits in them, and on how long a client may take what was sent."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from starlette.types import Receive, Scope, Send

from clevora_mock.server.limits import ConnectionLimits
from tests.support.asgi import answering, echo, serve_app
from tests.support.raw_client import TIMEOUT_SECONDS, Address, connect, exchange, read_all, reset, responses, send
from tests.support.wait import wait_until

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@pytest.fixture
def narrow() -> Iterator[Address]:
    """Provide a server of at most three connections."""
    with serve_app(echo, ConnectionLimits(connections=3)) as served:
        yield served


def test_a_connection_too_many_is_told_so(narrow: Address) -> None:
    with ExitStack() as opened:
        for _ in range(3):
            connection = opened.enter_context(connect(narrow))
            connection.sendall(GET)
            assert connection.recv(65_536)
        (refused,) = responses(exchange(narrow))
        assert (refused.status, refused.header("connection")) == (503, "close")
        assert refused.json["error"]["code"] == "service_unavailable"


def test_a_closed_connection_makes_room(narrow: Address) -> None:
    for _ in range(10):
        (response,) = responses(exchange(narrow, LAST))
        assert response.status == 200


def test_a_head_has_at_most_256_lines() -> None:
    def head(lines: int) -> bytes:
        return LAST.removesuffix(b"\r\n") + b"x: y\r\n" * (lines - 2) + b"\r\n"

    with serve_app(echo) as served:
        assert [responses(exchange(served, head(lines)))[0].status for lines in (256, 257)] == [200, 431]


@pytest.mark.parametrize(
    "start", [b"", b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"], ids=["head", "body"]
)
def test_a_request_that_arrives_byte_by_byte_times_out(start: bytes) -> None:
    """Each byte is in time, but not the whole request."""
    with serve_app(echo, ConnectionLimits(receive_seconds=20, request_seconds=0.3)) as served, connect(served) as slow:
        slow.sendall(start or b"GET / HTTP/1.1\r\nx-long: ")
        slow.settimeout(0.05)
        received = b""
        began = time.monotonic()
        while not received:
            assert time.monotonic() - began < TIMEOUT_SECONDS
            slow.sendall(b"a")
            try:
                received = slow.recv(65_536)
            except TimeoutError:
                continue
        assert received.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_takes_nothing_is_dropped() -> None:
    gone = threading.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        watch = asyncio.ensure_future(_disconnected(receive))
        while not watch.done():
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
            await asyncio.sleep(0)
        gone.set()

    with serve_app(endless, ConnectionLimits(idle_seconds=0.2)) as served, connect(served) as connection:
        connection.sendall(GET)
        assert gone.wait(TIMEOUT_SECONDS)


def test_a_slow_reader_is_not_dropped() -> None:
    body = b"x" * 20_000_000
    with (
        serve_app(
            answering([(b"content-length", b"%d" % len(body)), (b"connection", b"close")], body),
            ConnectionLimits(idle_seconds=1),
        ) as served,
        connect(served) as connection,
    ):
        connection.sendall(GET)
        received = 0
        while part := connection.recv(2_000_000):
            received += len(part)
            time.sleep(0.02)
    assert received > len(body)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def test_thousands_of_pipelined_requests_are_all_answered() -> None:
    with serve_app(echo) as served, connect(served) as connection:
        sender = threading.Thread(target=send, args=(connection, GET * 5000 + LAST))
        sender.start()
        found = responses(read_all(connection))
        sender.join()
    assert [response.json["path"] for response in found] == ["/"] * 5000 + ["/last"]


def test_requests_that_wait_behind_a_client_that_has_left_are_not_served() -> None:
    served_paths: list[str] = []

    async def first_is_slow(scope: Scope, receive: Receive, send: Send) -> None:
        served_paths.append(scope["path"])
        await asyncio.sleep(0.2)
        await echo(scope, receive, send)

    with serve_app(first_is_slow) as served:
        connection = connect(served)
        send(connection, GET.replace(b"/", b"/first", 1) + GET.replace(b"/", b"/second", 1))
        wait_until(lambda: served_paths)
        reset(connection)
        time.sleep(0.6)
    assert served_paths == ["/first"]
