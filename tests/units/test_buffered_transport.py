"""The transport that joins writes: nothing is lost, doubled, or out of order."""

import asyncio
import socket as sockets
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from clevora_mock.server.buffered_transport import BufferedTransport
from clevora_mock.server.sockets import has_left, is_reset
from tests.support.virtual_time import run_virtually

KIB = 1024


class Socket(asyncio.Transport):
    """A transport that notes what is done to it, and may not be written to once it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[Any] = []
        self.closed = False
        self.unsent = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.done.append(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        self.done.append("eof")

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True
        self.done.append("close")

    def abort(self) -> None:
        self.closed = True
        self.done.append("abort")

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return name


def done_by(use: Callable[[BufferedTransport, Socket], None]) -> list[Any]:
    """Return what a socket has seen two iterations of the event loop after `use`."""

    async def run() -> list[Any]:
        socket = Socket()
        use(BufferedTransport(socket, close_seconds=1), socket)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return socket.done

    return asyncio.run(run())


def test_the_writes_of_an_iteration_are_sent_together_at_its_end() -> None:
    def use(transport: BufferedTransport, socket: Socket) -> None:
        transport.write(b"head ")
        transport.write(b"body")
        assert socket.done == []

    assert done_by(use) == [b"head body"]


def test_each_iteration_sends_its_own_writes() -> None:
    async def run() -> list[Any]:
        socket = Socket()
        transport = BufferedTransport(socket, close_seconds=1)
        for part in (b"one", b"two"):
            transport.write(part)
            await asyncio.sleep(0)
        return socket.done

    assert asyncio.run(run()) == [b"one", b"two"]


@pytest.mark.parametrize(("first", "second", "at_once"), [(40, 24, 64), (63, 200, 263), (40, 23, 0)])
def test_writes_are_sent_at_once_when_they_are_64_kib(first: int, second: int, at_once: int) -> None:
    """Later bytes are sent at the end of the iteration, and nothing twice."""

    def use(transport: BufferedTransport, socket: Socket) -> None:
        transport.write(b"a" * first * KIB)
        assert socket.done == []
        transport.write(b"b" * second * KIB)
        assert sum(map(len, socket.done)) == at_once * KIB
        transport.write(b"end")

    done = done_by(use)
    assert b"".join(done) == b"a" * first * KIB + b"b" * second * KIB + b"end"
    assert len(done) == (2 if at_once else 1)


def test_closing_sends_what_was_written_before() -> None:
    def use(transport: BufferedTransport, socket: Socket) -> None:
        transport.write(b"last words")
        transport.close()
        assert socket.done == [b"last words", "close"]

    assert done_by(use) == [b"last words", "close"]


@pytest.mark.parametrize(("taken", "done"), [(True, ["close", "close"]), (False, ["close", "close", "abort"])])
def test_a_connection_is_aborted_only_if_the_client_does_not_take_the_rest(taken: bool, done: list[str]) -> None:
    async def work() -> Socket:
        socket = Socket()
        socket.unsent = 1
        transport = BufferedTransport(socket, close_seconds=1)
        transport.close()
        await asyncio.sleep(0.5)
        socket.unsent = 0 if taken else 1
        # The protocol closes it again once it is lost.
        transport.close()
        await asyncio.sleep(1)
        return socket

    assert run_virtually(lambda _: work()).done == done


def test_aborting_sends_what_was_written_before() -> None:
    def use(transport: BufferedTransport, _socket: Socket) -> None:
        transport.write(b"last words")
        transport.abort()

    assert done_by(use) == [b"last words", "abort"]


@pytest.mark.parametrize("size", [1, 64 * KIB])
def test_a_write_after_closing_is_dropped(size: int) -> None:
    def use(transport: BufferedTransport, _socket: Socket) -> None:
        transport.close()
        transport.write(b"x" * size)

    assert done_by(use) == ["close"]


def test_what_is_buffered_when_the_client_disconnects_is_dropped() -> None:
    def use(transport: BufferedTransport, socket: Socket) -> None:
        transport.write(b"too late")
        socket.close()

    assert done_by(use) == ["close"]


def test_other_ways_to_write_come_after_what_is_buffered() -> None:
    def use(transport: BufferedTransport, _socket: Socket) -> None:
        transport.write(b"one")
        transport.writelines([b"two", b"three"])
        transport.write(b"four")
        transport.write_eof()

    assert done_by(use) == [b"one", b"twothree", b"four", "eof"]


def test_all_else_is_the_connection_s() -> None:
    def use(transport: BufferedTransport, socket: Socket) -> None:
        transport.write(b"text")
        assert transport.get_extra_info("peername") == "peername"
        assert not transport.is_closing()
        assert socket.done == []

    assert done_by(use) == [b"text"]


def test_a_closed_socket_is_neither_reset_nor_left() -> None:
    class Closed(Socket):
        def get_extra_info(self, name: str, default: Any = None) -> Any:
            closed = sockets.socket()
            closed.close()
            return closed

    assert [has_left(Closed()), is_reset(Closed())] == [False, False]
