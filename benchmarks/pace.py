"""A client of paced streams: the arrival of each event against its due time.

An event is due by the stream's own first event: the role and the first token leave together, each other one a step
later. An error is the distance from that moment, in either direction.
"""

import asyncio
import gc
import random
import time
from array import array

import uvloop
from msgspec import Struct

from benchmarks.load import connect, quantile

_PATIENCE_SECONDS = 60.0


class Heard(Struct):
    """The events of paced streams; errors in seconds."""

    errors: "array[float]"
    streams: int = 0
    most_open: int = 0
    seconds: float = 0.0
    busy: float = 0.0

    def milliseconds(self, share: float) -> float:
        return 1000 * quantile(self.errors, share)


class Audience:
    """Keeps `streams` streams open at 127.0.0.1:`port`, each of `events` events besides the sentinel."""

    def __init__(self, port: int, request: bytes, streams: int, rate: float, events: int) -> None:
        self.request = request
        self.step = 1 / rate
        self.events = events
        self.heard = Heard(array("d"))
        self.running = True
        self.open = 0
        self._port = port
        self._left = streams
        self._ended: asyncio.Future[None]

    async def run(self, spread: float, seconds: float) -> Heard:
        """Open all streams, repeat those that end until the time is up, and read the last ones to their end.

        They begin at random times within the first `spread` seconds, as streams of many users do.
        """
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        listeners = [await connect(self._port, lambda: Listener(self)) for _ in range(self._left)]
        used, start = time.process_time(), time.perf_counter()
        draw = random.Random(0)
        for listener in listeners:
            loop.call_later(draw.uniform(0, spread), listener.ask)
        loop.call_later(max(spread, seconds), self._stop)
        async with asyncio.timeout(spread + seconds + self.events * self.step + _PATIENCE_SECONDS):
            await self._ended
        self.heard.seconds = time.perf_counter() - start
        self.heard.busy = (time.process_time() - used) / self.heard.seconds
        return self.heard

    def began(self) -> None:
        self.open += 1
        self.heard.most_open = max(self.heard.most_open, self.open)

    def ended(self) -> None:
        self.open -= 1
        self.heard.streams += 1

    def finished(self) -> None:
        """Count a connection that is done."""
        self._left -= 1
        if not self._left and not self._ended.done():
            self._ended.set_result(None)

    def fail(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_exception(RuntimeError(why))

    def _stop(self) -> None:
        self.running = False


class Listener(asyncio.Protocol):
    """One connection of an audience."""

    def __init__(self, audience: Audience) -> None:
        self._audience = audience
        self._done = False
        self._heard = 0
        self._first = 0.0
        self._tail = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def connection_lost(self, exception: Exception | None) -> None:
        if not self._done:
            self._audience.fail(f"the server closed a connection: {exception}")

    def ask(self) -> None:
        self._heard = 0
        self._tail = b""
        self._transport.write(self._audience.request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        audience = self._audience
        if not self._heard and not self._begin(now, data):
            return
        for _ in range(data.count(b"data: {")):
            if self._heard:
                due = (self._heard - 1) * audience.step
                audience.heard.errors.append(abs(now - self._first - due))
            self._heard += 1
        self._tail = (self._tail + data)[-20:]
        if self._tail.endswith(b"0\r\n\r\n"):
            self._end()

    def _begin(self, now: float, data: bytes) -> bool:
        """Tell whether the first event has arrived."""
        if not self._tail:
            if not data.startswith(b"HTTP/1.1 200"):
                self._audience.fail(f"no stream: {data[:300]!r}")
            self._audience.began()
            self._tail = data[-20:]
        self._first = now
        return b"data: {" in data

    def _end(self) -> None:
        audience = self._audience
        audience.ended()
        if self._heard != audience.events:
            audience.fail(f"a stream of {self._heard} events instead of {audience.events}")
        if audience.running:
            self.ask()
            return
        self._done = True
        self._transport.close()
        audience.finished()


def listen(port: int, request: bytes, streams: int, rate: float, events: int, seconds: float) -> Heard:
    """Keep `streams` streams open for `seconds`; with 0, read each of them once."""

    async def run() -> Heard:
        return await Audience(port, request, streams, rate, events).run(spread=2.0, seconds=seconds)

    gc.disable()
    try:
        return uvloop.run(run())
    finally:
        gc.enable()
