"""One connection: what is held back leaves whole and in order, and an idle one ends, but none that has work to do."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from clevora_mock.connection import Outbox, Outlet
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
