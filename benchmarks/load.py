"""A small load generator: each connection sends its next request as soon as a response is complete.

Of a response its status and completeness are checked: the length or the last chunk, and a stream's ``[DONE]``.
"""

import asyncio
import gc
import random
import re
import socket
import time
from array import array
from collections.abc import Iterator

import uvloop
from msgspec import Struct

# The time for a server to finish open requests at the end.
_TIMEOUT_SECONDS = 60.0
# Paced streams begin at random moments within the first second, as those of many users do.
_SPREAD_SECONDS = 1.0

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_TOKEN = b'"content":"'


class Result(Struct):
    """The result of a run, in seconds. `answered` and `events` include responses after the time was up.

    `lateness` is each token's distance, in either direction, from its due time, by its stream's first token. `busy` is
    the share of its processor that the generator used; near 1, the generator is the bottleneck and not the server.
    """

    latencies: "array[float]"
    lateness: "array[float]"
    answered: int = 0
    events: int = 0
    bytes: int = 0
    seconds: float = 0.0
    busy: float = 0.0


def milliseconds(seconds: "array[float]", share: float) -> float:
    """Return a quantile in milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Load(Struct):
    """The requests of all connections and their result; `step` is the time between paced tokens in seconds, or 0."""

    requests: Iterator[bytes]
    result: Result
    step: float = 0.0
    running: bool = True


class Client(asyncio.Protocol):
    """One connection of a load; `ended` is set when it has no more requests to send, or by a failure."""

    def __init__(self, load: Load) -> None:
        self.ended = asyncio.get_running_loop().create_future()
        self._load = load
        self._received = bytearray()
        self._missing = 0
        self._tokens = 0
        self._asked = self._first = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def connection_lost(self, exception: Exception | None) -> None:
        self._fail(f"the server closed a connection: {exception}")

    def ask(self) -> None:
        request = next(self._load.requests, None) if self._load.running else None
        if request is None:
            self.ended.set_result(None)
            self._transport.close()
            return
        self._tokens = 0
        self._asked = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._load.step:
            self._listen(data)
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

    def _listen(self, data: bytes) -> None:
        """Note when tokens arrive."""
        now = time.perf_counter()
        for _ in range(data.count(_TOKEN)):
            if self._tokens:
                self._load.result.lateness.append(abs(now - self._first - self._tokens * self._load.step))
            else:
                self._first = now
            self._tokens += 1

    def _whole(self) -> bool:
        """Tell whether the head, or a chunked response, is complete; sets `_missing`, the bytes that a body lacks."""
        received = self._received
        head = received.find(b"\r\n\r\n")
        if head < 0:
            return False
        length = _LENGTH.search(received, 0, head + 2)
        if length is None:
            return received.endswith(b"\r\n0\r\n\r\n")
        self._missing = head + 4 + int(length[1]) - len(received)
        return True

    def _answered(self) -> None:
        load, received = self._load, self._received
        events = received.count(b"data: ")
        if not received.startswith(b"HTTP/1.1 200") or (events and b"data: [DONE]" not in received[-40:]):
            self._fail(f"not the answer that was expected: {bytes(received[:300])!r}")
            return
        load.result.answered += 1
        load.result.events += events
        if load.running:
            load.result.latencies.append(time.perf_counter() - self._asked)
        received.clear()
        self.ask()

    def _fail(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(RuntimeError(why))


def run(port: int, requests: Iterator[bytes], connections: int, seconds: float, rate: float = 0) -> Result:
    """Send requests to 127.0.0.1:`port` for `seconds`, or until none are left.

    With `rate`, the tokens a second of paced streams, lateness is measured.
    """
    load = Load(requests, Result(array("d"), array("d")), 1 / rate if rate else 0.0)
    # A garbage collection would pause all connections at once, and there is nothing to collect.
    gc.disable()
    try:
        uvloop.run(_run(port, load, connections, seconds))
    finally:
        gc.enable()
    return load.result


async def _run(port: int, load: Load, connections: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    clients = [await _connect(port, load) for _ in range(connections)]
    used, start = time.process_time(), time.perf_counter()
    draw = random.Random(0)
    for client in clients:
        loop.call_later(draw.uniform(0, _SPREAD_SECONDS) if load.step else 0, client.ask)

    def stop() -> None:
        """Send no more requests; later responses do not count for the rate."""
        load.running = False
        load.result.seconds = time.perf_counter() - start

    end = loop.call_later(seconds + (_SPREAD_SECONDS if load.step else 0), stop)
    async with asyncio.timeout(seconds + _TIMEOUT_SECONDS):
        await asyncio.gather(*(client.ended for client in clients))
    if load.running:
        end.cancel()
        stop()
    load.result.busy = (time.process_time() - used) / (time.perf_counter() - start)


async def _connect(port: int, load: Load) -> Client:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return (await asyncio.get_running_loop().create_connection(lambda: Client(load), sock=connection))[1]
