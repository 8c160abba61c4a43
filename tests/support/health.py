"""A client that asks a server for its health all the time, and measures how long it waits."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.raw_client import Address, connect

_REQUEST = b"GET /__mock/health HTTP/1.1\r\nhost: localhost\r\n\r\n"
_PAUSE_SECONDS = 0.002


class HealthCheck:
    """The longest wait for an answer, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.count = 0

    def ask(self, connection: socket.socket) -> None:
        begun = time.perf_counter()
        connection.sendall(_REQUEST)
        answer = connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 200"), answer
        self.longest = max(self.longest, time.perf_counter() - begun)
        self.count += 1


@contextmanager
def health_checks(address: Address) -> Iterator[HealthCheck]:
    """Ask until the block ends, from another thread and over one connection."""
    check, ended = HealthCheck(), threading.Event()

    def run() -> None:
        with connect(address) as connection:
            while not ended.is_set():
                check.ask(connection)
                time.sleep(_PAUSE_SECONDS)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield check
        # A freeze that begins with the last request is waited for.
        with connect(address) as connection:
            check.ask(connection)
    finally:
        ended.set()
        thread.join()
