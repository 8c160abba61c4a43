"""Clients that close or half-close a connection while a request is running on it (W9)."""

import asyncio
import gc
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from clevora_mock.server.limits import ConnectionLimits
from clevora_mock.server.protocol import FaultProtocol
from tests.support.asgi import answering, echo, serve_app
from tests.support.raw_client import TIMEOUT_SECONDS, Address, connect, exchange, read_all, responses, send
from tests.support.wait import wait_until

# However late a busy machine reads a half-close, it counts as one.
LENIENT = ConnectionLimits(half_close=TIMEOUT_SECONDS * 1_000_000, half_closed_seconds=TIMEOUT_SECONDS)

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
OK = [(b"content-length", b"2")]


class SilentApplication:
    """An application that starts a response, sends no more, and counts disconnects."""

    def __init__(self, begins: bool = True) -> None:
        self._begins = begins
        self.paths: list[str] = []
        self.left = threading.Semaphore(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])
        if self._begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        self.left.release()


@pytest.fixture
def silence() -> SilentApplication:
    return SilentApplication()


@pytest.fixture
def address(silence: SilentApplication) -> Iterator[Address]:
    with serve_app(silence) as served:
        yield served


def begun(connection: socket.socket) -> None:
    """Return once the start of the response has arrived."""
    received = b""
    while b"begun" not in received:
        received += connection.recv(65_536)


def end(connection: socket.socket) -> None:
    connection.close()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


every_end = pytest.mark.parametrize("leave", [end, reset])


@every_end
def test_a_disconnect_is_noticed(
    silence: SilentApplication, address: Address, leave: Callable[[socket.socket], None]
) -> None:
    connection = connect(address)
    send(connection, GET)
    begun(connection)
    leave(connection)
    assert silence.left.acquire(timeout=TIMEOUT_SECONDS)


@every_end
@pytest.mark.parametrize("waiting", [1, 50])
def test_a_disconnect_behind_pipelined_requests_is_noticed_by_the_running_one(
    silence: SilentApplication, address: Address, leave: Callable[[socket.socket], None], waiting: int
) -> None:
    connection = connect(address)
    send(connection, GET)
    begun(connection)
    send(connection, *[GET.replace(b"/", b"/waits", 1)] * waiting)
    leave(connection)
    assert silence.left.acquire(timeout=TIMEOUT_SECONDS)
    assert silence.paths == ["/"]


def test_a_disconnect_behind_an_unread_body_is_noticed(silence: SilentApplication, address: Address) -> None:
    body = b"x" * 500_000
    connection = connect(address)
    send(connection, GET)
    begun(connection)
    send(connection, b"POST /waits HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body), body)
    end(connection)
    assert silence.left.acquire(timeout=TIMEOUT_SECONDS)


def test_a_disconnect_behind_a_partial_request_is_noticed(silence: SilentApplication, address: Address) -> None:
    connection = connect(address)
    send(connection, GET)
    begun(connection)
    send(connection, GET[:10])
    end(connection)
    assert silence.left.acquire(timeout=TIMEOUT_SECONDS)


def test_disconnects_behind_pipelined_requests_leak_no_descriptors(
    silence: SilentApplication, address: Address
) -> None:
    before = descriptors()
    for _ in range(8):
        with ExitStack() as opened:
            connections = [opened.enter_context(connect(address)) for _ in range(50)]
            for connection in connections:
                connection.sendall(GET * 2)
            for connection in connections:
                begun(connection)
        for _ in connections:
            assert silence.left.acquire(timeout=TIMEOUT_SECONDS)
    wait_until(lambda: descriptors() <= before)
    assert descriptors() == before
    assert len(silence.paths) == 400


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_connection_that_is_reset_after_its_response_is_forgotten() -> None:
    """Its timer for the next request would keep it, with its last request, for more than a minute."""

    def connections() -> int:
        gc.collect()
        return sum(isinstance(one, FaultProtocol) for one in gc.get_objects())

    before = connections()
    with serve_app(answering(OK, b"ok")) as address:
        for _ in range(5):
            with connect(address) as connection:
                connection.sendall(GET)
                connection.recv(65_536)
                reset(connection)
        wait_until(lambda: connections() <= before, "connections are kept")


def test_pipelined_requests_are_answered_in_their_order() -> None:
    async def slower_first(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.05 if scope["path"] == "/0" else 0)
        await echo(scope, receive, send)

    requests = [b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % number for number in range(5)]
    requests[-1] = requests[-1].replace(b"host: x", b"connection: close")
    with serve_app(slower_first) as served:
        found = responses(exchange(served, *requests))
    assert [response.json["path"] for response in found] == ["/0", "/1", "/2", "/3", "/4"]


def test_pipelined_requests_beyond_the_read_limit_are_all_answered() -> None:
    body = b"x" * 30_000
    request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.005)
        await echo(scope, receive, send)

    last = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n"
    with serve_app(slow, ConnectionLimits(pipelined_bytes=50_000)) as served, connect(served) as connection:
        writer = threading.Thread(target=send, args=(connection, request * 40 + last))
        writer.start()
        found = responses(read_all(connection))
        writer.join()
    assert [response.json["body"] == body.decode() for response in found] == [*[True] * 40, False]


def test_reading_ahead_is_bounded(silence: SilentApplication) -> None:
    request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n" + b"x" * 100_000
    with serve_app(silence, ConnectionLimits(pipelined_bytes=50_000)) as served, connect(served) as connection:
        send(connection, GET)
        begun(connection)
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            # Far more than the kernel's buffers hold.
            connection.sendall(request * 500)


def test_a_body_is_read_before_the_disconnect_is_noticed() -> None:
    body = b"x" * 66_000
    read: list[int] = []
    left = threading.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.1)
        while (message := await receive())["type"] != "http.disconnect":
            read.append(len(message["body"]))
        left.set()

    with serve_app(slow, ConnectionLimits(half_close=LENIENT.half_close, half_closed_seconds=0.3)) as served:
        with connect(served) as connection:
            send(connection, b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 66000\r\n\r\n" + body)
        assert left.wait(TIMEOUT_SECONDS)
    assert sum(read) == len(body)


# --- half-closed connections ------------------------------------------------------------------------------------------


def half_closed(address: Address, request: bytes) -> bytes:
    """Return all bytes that a client receives that half-closes its connection directly after `request`."""
    with connect(address) as connection:
        send(connection, request)
        connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


@pytest.mark.clause("W9")
def test_a_half_closed_client_gets_its_response() -> None:
    with serve_app(answering(OK, b"ok", delay=0.1), LENIENT) as served:
        (response,) = responses(half_closed(served, GET))
    assert response.body == b"ok"


@pytest.mark.clause("W9")
def test_a_half_closed_client_gets_the_rest_of_a_paced_response() -> None:
    with serve_app(answering([], b"one", b"two", b"three", delay=0.1, pause=0.05), LENIENT) as served:
        (response,) = responses(half_closed(served, GET))
    assert response.body == b"onetwothree"


@pytest.mark.clause("W9")
def test_a_half_closed_client_gets_all_pipelined_responses() -> None:
    with serve_app(answering(OK, b"ok", delay=0.02), LENIENT) as served:
        assert len(responses(half_closed(served, GET * 5))) == 5


@pytest.mark.clause("W9")
def test_the_connection_of_a_half_closed_client_is_closed_after_its_response() -> None:
    began = time.monotonic()
    with serve_app(answering(OK, b"ok", delay=0.05), LENIENT) as served:
        half_closed(served, GET)
        assert time.monotonic() - began < TIMEOUT_SECONDS / 2


@pytest.mark.clause("W9")
def test_a_half_closed_clients_disconnect_is_noticed() -> None:
    silence = SilentApplication(begins=False)
    with serve_app(silence, ConnectionLimits(half_close=LENIENT.half_close, half_closed_seconds=0.1)) as served:
        with connect(served) as connection:
            send(connection, GET)
            connection.shutdown(socket.SHUT_WR)
        assert silence.left.acquire(timeout=TIMEOUT_SECONDS)


@pytest.mark.clause("W9")
def test_a_half_closed_clients_disconnect_is_noticed_by_a_write() -> None:
    sent = 0
    left = threading.Event()

    async def paced(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        watch = asyncio.ensure_future(gone(receive))
        await asyncio.sleep(0.05)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not watch.done() and sent < 1000:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            sent += 1
            await asyncio.sleep(0.01)
        left.set()

    with serve_app(paced, LENIENT) as served:
        with connect(served) as connection:
            send(connection, GET)
            connection.shutdown(socket.SHUT_WR)
        assert left.wait(TIMEOUT_SECONDS)
    assert sent < 10


async def gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def test_a_late_fin_is_a_disconnect() -> None:
    """A FIN that comes later than directly after the request is a disconnect."""
    silence = SilentApplication(begins=False)
    with serve_app(silence, ConnectionLimits(half_close=0, half_closed_seconds=TIMEOUT_SECONDS)) as served:
        began = time.monotonic()
        with connect(served) as connection:
            send(connection, GET)
            time.sleep(0.01)
            connection.shutdown(socket.SHUT_WR)
            assert read_all(connection) == b""
        assert silence.left.acquire(timeout=TIMEOUT_SECONDS)
        assert time.monotonic() - began < TIMEOUT_SECONDS / 2


@pytest.mark.parametrize(
    "part", [GET[:10], b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nabc"], ids=["head", "body"]
)
def test_the_rest_of_a_half_closed_clients_request_is_not_waited_for(part: bytes) -> None:
    began = time.monotonic()
    with serve_app(echo, ConnectionLimits(half_closed_seconds=TIMEOUT_SECONDS)) as served:
        assert half_closed(served, part) == b""
        assert len(responses(half_closed(served, GET + part))) == 1
        assert time.monotonic() - began < TIMEOUT_SECONDS / 2
