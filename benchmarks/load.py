"""A small load generator: each connection sends its next request as soon as a response is complete.

Requests come as bytes. Of a response only its completeness is checked: the status, the length or the last chunk, and
the number of a stream's events. `Result.busy` is the share of its processor that the generator used; near 1, the
generator is the bottleneck and not the server.
"""

import asyncio
import gc
import socket
import time
from array import array
from collections.abc import Callable, Iterator
from typing import TypeVar

import uvloop
from msgspec import Struct

P = TypeVar("P", bound=asyncio.Protocol)

# How long a server may take to finish open requests when the time is up.
_PATIENCE_SECONDS = 60.0


class Result(Struct):
    """The result of a run; latencies in seconds. `answered` includes responses after the time was up."""

    latencies: "array[float]"
    answered: int = 0
    bytes: int = 0
    seconds: float = 0.0
    busy: float = 0.0

    @property
    def requests(self) -> int:
        """The number of requests answered in time."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    def quantile(self, share: float) -> float:
        return quantile(self.latencies, share)


def quantile(values: "array[float]", share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Load:
    """Sends requests to 127.0.0.1:`port`; each response must be a complete 200, and a stream has `events` events."""

    def __init__(self, port: int, requests: Iterator[bytes], connections: int, events: int = 0) -> None:
        self.result = Result(array("d"))
        self.requests = requests
        self.events = events
        self.running = True
        self._port = port
        self._connections = connections
        self._ended: asyncio.Future[None]

    async def run(self, seconds: float) -> Result:
        """Send requests until the time is up or none are left."""
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        clients = [(await connect(self._port, lambda: Client(self))) for _ in range(self._connections)]
        self._open = len(clients)
        used, self._start = time.process_time(), time.perf_counter()
        end = loop.call_later(seconds, self.stop)
        for client in clients:
            client.ask()
        async with asyncio.timeout(seconds + _PATIENCE_SECONDS):
            await self._ended
        end.cancel()
        self.stop()
        self.result.busy = (time.process_time() - used) / (time.perf_counter() - self._start)
        return self.result

    def stop(self) -> None:
        """Send no more requests; later responses do not count for the rate."""
        if self.running:
            self.running = False
            self.result.seconds = time.perf_counter() - self._start

    def finished(self) -> None:
        """Count a connection that is done."""
        self._open -= 1
        if not self._open and not self._ended.done():
            self._ended.set_result(None)

    def fail(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_exception(RuntimeError(why))


class Client(asyncio.Protocol):
    """One connection of a load."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = bytearray()
        self._missing = 0
        self._asked = 0.0
        self._done = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def connection_lost(self, exception: Exception | None) -> None:
        if not self._done:
            self._load.fail(f"the server closed a connection: {exception}")

    def data_received(self, data: bytes) -> None:
        self._load.result.bytes += len(data)
        if self._missing:
            # A body of known length is counted, not kept.
            self._missing -= len(data)
        else:
            self._received += data
            if not self._whole():
                return
        if not self._missing:
            self._answered()

    def ask(self) -> None:
        load = self._load
        request = next(load.requests, None) if load.running else None
        if request is None:
            self._done = True
            self._transport.close()
            load.finished()
            return
        self._asked = time.perf_counter()
        self._transport.write(request)

    def _answered(self) -> None:
        load, received = self._load, self._received
        if not received.startswith(b"HTTP/1.1 200") or (load.events and received.count(b"data: ") != load.events):
            load.fail(f"not the answer that was expected: {bytes(received[:300])!r}")
        load.result.answered += 1
        if load.running:
            load.result.latencies.append(time.perf_counter() - self._asked)
        self._received.clear()
        self.ask()

    def _whole(self) -> bool:
        """Tell whether the head, or a chunked response, is complete; sets `_missing`, the bytes that a body lacks."""
        received = self._received
        head = received.find(b"\r\n\r\n")
        if head < 0:
            return False
        length = _content_length(received[:head])
        if length is None:
            return received.endswith(b"\r\n0\r\n\r\n")
        self._missing = head + 4 + length - len(received)
        return True


def _content_length(head: bytearray) -> int | None:
    start = head.find(b"ontent-")
    while start >= 0:
        # Node capitalizes header names.
        if head[start + 7 : start + 15].lower() == b"length: ":
            end = head.find(b"\r", start)
            return int(head[start + 15 : end if end > 0 else len(head)])
        start = head.find(b"ontent-", start + 7)
    return None


async def connect(port: int, make: Callable[[], P]) -> P:
    """Open a connection to 127.0.0.1:`port` and hand it to a new protocol."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return (await asyncio.get_running_loop().create_connection(make, sock=connection))[1]


def load(port: int, requests: Iterator[bytes], connections: int, seconds: float, events: int = 0) -> Result:
    """Send requests for `seconds`, or until `requests` are used up."""

    async def run() -> Result:
        return await Load(port, requests, connections, events).run(seconds)

    # A garbage collection would pause all connections at once, and there is nothing to collect.
    gc.disable()
    try:
        return uvloop.run(run())
    finally:
        gc.enable()
