"""A small load generator: so many connections, each asking again as soon as it is answered."""

import asyncio
import socket
import time
from itertools import cycle

import uvloop
from msgspec import Struct


class Result(Struct):
    """What a run gave; latencies in seconds."""

    requests: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    def quantile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Client(asyncio.Protocol):
    """One connection; counts whole answers, by content-length or the last chunk."""

    def __init__(self, requests: "cycle[bytes]", result: Result) -> None:
        self._requests = requests
        self._result = result
        self._received = b""
        self._asked = 0.0
        self.running = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._whole():
            return
        if not self._received.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(self._received[:300].decode())
        self._result.requests += 1
        self._result.latencies.append(time.perf_counter() - self._asked)
        self._received = b""
        if self.running:
            self._ask()
        else:
            self._transport.close()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        self._transport.write(next(self._requests))  # type: ignore[attr-defined]

    def _whole(self) -> bool:
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return False
        start = self._received.find(b"content-length: ", 0, head)
        if start < 0:
            return self._received.endswith(b"0\r\n\r\n")
        end = self._received.find(b"\r", start)
        return len(self._received) - head - 4 >= int(self._received[start + 16 : end])


def load(port: int, requests: list[bytes], connections: int, seconds: float) -> Result:
    """Ask 127.0.0.1:`port` for `seconds` over so many `connections`, by turns each of `requests`."""

    async def run() -> Result:
        loop = asyncio.get_running_loop()
        result = Result(0, 0.0, [])
        asked = cycle(requests)
        clients = []
        start = time.perf_counter()
        for _ in range(connections):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            clients.append((await loop.create_connection(lambda: Client(asked, result), sock=connection))[1])
        await asyncio.sleep(seconds)
        result.seconds = time.perf_counter() - start
        for client in clients:
            client.running = False
        await asyncio.sleep(0.1)
        return result

    return uvloop.run(run())
