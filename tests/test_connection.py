"""One connection: what is held back leaves whole and in order, and an idle one ends, but none that has work to do."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from clevora_mock.connection import Outbox, Outlet
from clevora_mock.server import Server, listen
from tests.server import Running, running


class Wire(asyncio.Transport):
    """A transport that writes down what happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def written(work: Callable[[Outlet], None]) -> tuple[list[bytes], Wire]:
    """What has left while `work` was still at it, and the wire after the turn."""

    async def run() -> tuple[list[bytes], Wire]:
        wire = Wire()
        work(Outlet(wire, Outbox()))
        meanwhile = [*wire.writes]
        await asyncio.sleep(0)
        return meanwhile, wire

    return asyncio.run(run())


def test_what_is_written_in_one_turn_leaves_in_one_write_at_its_end() -> None:
    def work(outlet: Outlet) -> None:
        for part in (b"head", b"body", b"end"):
            outlet.write(part)

    meanwhile, wire = written(work)
    assert meanwhile == []
    assert wire.writes == [b"headbodyend"]


def test_several_connections_leave_in_the_order_of_their_first_writes() -> None:
    async def run() -> list[bytes]:
        wire, outbox = Wire(), Outbox()
        first, second = Outlet(wire, outbox), Outlet(wire, outbox)
        first.write(b"1")
        second.write(b"2")
        first.write(b"3")
        await asyncio.sleep(0)
        second.write(b"4")
        await asyncio.sleep(0)
        return wire.writes

    assert asyncio.run(run()) == [b"13", b"2", b"4"]


def test_much_does_not_wait() -> None:
    meanwhile, wire = written(lambda outlet: outlet.write(b"x" * 70_000))
    assert [len(data) for data in meanwhile] == [70_000]
    assert wire.writes == meanwhile


def test_closing_sends_what_was_held_back() -> None:
    def work(outlet: Outlet) -> None:
        outlet.write(b"last words")
        outlet.close()

    meanwhile, wire = written(work)
    assert meanwhile == wire.writes == [b"last words"]
    assert wire.closed


def test_nothing_is_written_to_a_connection_that_has_gone() -> None:
    async def run() -> list[bytes]:
        wire = Wire()
        Outlet(wire, Outbox()).write(b"too late")
        wire.closed = True
        await asyncio.sleep(0)
        return wire.writes

    assert asyncio.run(run()) == []


@pytest.fixture(scope="module")
def impatient() -> Iterator[Running]:
    """A server whose connections may be idle for a second."""
    with running() as server:
        assert server.server is not None
        server.server.config.timeout_keep_alive = 1
        yield server


@contextmanager
def connected(server: Running) -> Iterator[socket.socket]:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        yield connection


def chat(server: Running, text: str) -> bytes:
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    return (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {server.api_key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


def read_answer(connection: socket.socket) -> bytes:
    """One answer's body; nothing of the next one is read."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
        assert head, "the connection was closed"
    assert head.startswith(b"HTTP/1.1 200")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return body


def test_pipelined_requests_are_answered_in_their_order(impatient: Running) -> None:
    asked = [f"Tell me about number {number}." for number in range(5)]
    with connected(impatient) as connection:
        connection.sendall(b"".join(chat(impatient, text) for text in asked))
        together = [json.loads(read_answer(connection)) for _ in asked]
    with connected(impatient) as connection:
        for text, answer in zip(asked, together, strict=True):
            connection.sendall(chat(impatient, text))
            assert json.loads(read_answer(connection))["choices"] == answer["choices"]


def test_a_connection_in_use_is_kept_and_an_idle_one_is_closed(impatient: Running) -> None:
    with connected(impatient) as connection:
        for _ in range(5):
            connection.sendall(chat(impatient, "Hello"))
            read_answer(connection)
            time.sleep(0.4)
        assert connection.recv(1) == b""


def test_a_request_that_comes_slowly_is_waited_for(impatient: Running) -> None:
    with connected(impatient) as connection:
        connection.sendall(chat(impatient, "Hello"))
        read_answer(connection)
        slow = chat(impatient, "Hello again")
        connection.sendall(slow[:20])
        time.sleep(2.5)
        connection.sendall(slow[20:])
        assert b"chat.completion" in read_answer(connection)
        assert connection.recv(1) == b""


def answering(headers: list[tuple[bytes, bytes]], *bodies: bytes) -> AbstractContextManager[socket.socket]:
    """A connection to a server whose every answer has these headers and consists of these parts."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for body in bodies:
            await send({"type": "http.response.body", "body": body, "more_body": body is not bodies[-1]})

    return serving(app)


@contextmanager
def serving(app: ASGIApp) -> Iterator[socket.socket]:
    """A connection to a server of `app`."""
    listener = listen("127.0.0.1", 0)
    accepting = threading.Event()
    server = Server(app, accepting.set)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        assert accepting.wait(20)
        with socket.create_connection(listener.getsockname(), timeout=20) as connection:
            yield connection
    finally:
        server.should_exit = True
        thread.join(20)


def all_of(connection: socket.socket, method: str = "GET") -> bytes:
    connection.sendall(f"{method} / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
    received = b""
    while part := connection.recv(65536):
        received += part
    return received


@pytest.mark.parametrize("broken", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb"])
def test_a_header_with_a_line_break_never_leaves(broken: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with answering([(b"x-echo", broken)], b"") as connection:
        assert all_of(connection).startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert "line break" in capfd.readouterr().err


@pytest.mark.parametrize("bodies", [[b"too", b" long"], [b"s"]], ids=["too long", "too short"])
def test_a_body_that_is_not_as_long_as_said_ends_the_connection(
    bodies: list[bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    with answering([(b"content-length", b"4")], *bodies) as connection:
        head, _, body = all_of(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(body) < 4
    assert "content-length" in capfd.readouterr().err


def test_an_answer_without_a_length_is_sent_in_chunks() -> None:
    with answering([], b"one", b"", b"three") as connection:
        head, _, body = all_of(connection).partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert body == b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"5")]], ids=["no length", "a length"])
def test_an_answer_to_head_has_no_body(headers: list[tuple[bytes, bytes]]) -> None:
    with answering(headers, b"12345") as connection:
        assert all_of(connection, "HEAD").endswith(b"\r\n\r\n")


def test_who_leaves_after_a_long_body_is_missed() -> None:
    # The last of it is what stops the reading.
    body = b"x" * 66_000
    read: list[int] = []
    left = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.3)
        while (message := await receive())["type"] != "http.disconnect":
            read.append(len(message["body"]))
        left.set()

    with serving(app) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 66000\r\n\r\n" + body)
        connection.close()
        assert left.wait(20)
    assert sum(read) == len(body)
