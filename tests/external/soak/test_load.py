"""Load with every fault: the books agree, nothing is left, and the server's health is told all the while."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from tests.external.seed import SEED
from tests.external.soak.load import DELIVERIES, DEPOSIT, Books, Entry, Journal, Line
from tests.external.soak.server import JOURNAL_SIZE
from tests.support.program import environment
from tests.support.raw_client import Address, RawResponse, connect, read
from tests.support.wait import wait_until
from tests.support.world import TLS

WARM_UP_SECONDS = 10
SECONDS = float(os.environ.get("SOAK_SECONDS", "30"))
MEMORY_MIB = 20
# Of the answers to health checks, and of holds of the event loop. The goal is 50 ms, on a machine that is not busy.
HEALTH_SECONDS = 5.0
HOLD_MILLISECONDS = 100
PAUSE_SECONDS = 0.02
OPENING = 10_000_000_000_000


@dataclass(frozen=True)
class Server:
    """The server under load."""

    url: str
    http: httpx.Client

    @property
    def address(self) -> Address:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0

    def census(self) -> dict[str, float]:
        return dict(self.http.get("/census").json())

    def get(self, path: str) -> Any:
        return self.http.get(path).json()

    def journal(self, prefix: str, limit: int) -> Journal:
        return msgspec.json.decode(self.http.get(f"{prefix}/requests?limit={limit}").content, type=Journal)


@contextmanager
def served() -> Iterator[Server]:
    """Run the server; fails if it writes to stderr or does not end at SIGTERM."""
    command = [sys.executable, "-m", "tests.external.soak.server"]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline().removeprefix("READY "))["url"]
        try:
            with httpx.Client(base_url=url, verify=TLS, timeout=30) as http:
                yield Server(url, http)
            process.terminate()
            assert process.communicate(timeout=10) == ("", "")
        finally:
            process.kill()


def under_load(server: Server, seconds: float) -> tuple[Books, list[float]]:
    """Run the clients; return their books, and the seconds that health checks took meanwhile."""
    host, port = server.address
    command = [sys.executable, "-m", "tests.external.soak.load", host, str(port), str(SEED), str(seconds)]
    took: list[float] = []
    with (
        subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE) as clients,
        connect(server.address) as connection,
    ):
        assert clients.stdout is not None
        os.set_blocking(clients.stdout.fileno(), False)
        output = b""
        while clients.poll() is None:
            took.append(_health(connection))
            output += clients.stdout.read() or b""
            time.sleep(PAUSE_SECONDS)
        output += clients.stdout.read() or b""
        assert clients.returncode == 0
    return msgspec.json.decode(output, type=Books), took


def _health(connection: socket.socket) -> float:
    began = time.monotonic()
    connection.sendall(b"GET /__mock/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert read(connection, RawResponse()).status == 200
    return time.monotonic() - began


def test_load_with_every_fault_leaves_the_books_right_and_nothing_else() -> None:
    with served() as server:
        # So that all that is loaded at first use is loaded, and journals and ledgers have been full: Python keeps the
        # memory of its greatest use for the next one.
        under_load(server, WARM_UP_SECONDS)
        _remove_sandboxes(server)
        before = server.census()
        books, took = under_load(server, SECONDS)
        hold = server.census()["hold"]
        for sandbox in books.paid:
            check_books(server, sandbox, books)
        _remove_sandboxes(server)
        with suppress(AssertionError):
            wait_until(lambda: not _left(server, before))
        assert _left(server, before) == {}
        after = server.census()
    health = [1000 * each for each in took]
    sys.stdout.write(
        f"{len(books.lines)} requests of 64 clients; {len(took)} health checks took {median(health):.1f} ms, "
        f"99 % up to {quantiles(health, n=100)[98]:.1f} ms, at most {max(health):.1f} ms; the event loop was held "
        f"for at most {hold:.1f} ms; memory {before['memory']:.1f} MiB before, {after['memory']:.1f} MiB after\n"
    )
    assert max(took) < HEALTH_SECONDS
    assert hold < HOLD_MILLISECONDS
    assert after["memory"] - before["memory"] < MEMORY_MIB


def _remove_sandboxes(server: Server) -> None:
    for sandbox in server.get("/__mock/sandboxes")["sandboxes"]:
        if sandbox["name"] != "default":
            server.http.delete(f"/sandbox/{sandbox['name']}/")


def _left(server: Server, before: dict[str, float]) -> dict[str, float]:
    """Return what there is more of than before, besides memory."""
    now = server.census()
    counts = before.keys() - {"memory", "hold"}
    return {name: now[name] - before[name] for name in counts if now[name] > before[name]}


def check_books(server: Server, sandbox: str, books: Books) -> None:
    """Compare a sandbox's journal, ledger and usage with the books of its clients."""
    prefix = f"/sandbox/{sandbox}/__mock"
    lines = [line for line in books.lines if line.sandbox == sandbox]
    # With the events of the payments.
    expected = len(lines) + DELIVERIES * books.paid[sandbox] // DEPOSIT
    wait_until(lambda: _total(server.journal(prefix, 1)) >= expected, f"{sandbox}: requests are missing")
    journal = server.journal(prefix, JOURNAL_SIZE)
    assert _total(journal) == expected
    by_agent: dict[str, list[Entry]] = {}
    for entry in (books.entries[sandbox] | {entry.id: entry for entry in journal.requests}).values():
        by_agent.setdefault(entry.client, []).append(entry)
    wrong = [(line, found) for line in lines if not _agrees(line, found := by_agent.get(line.agent, []))]
    assert wrong == []
    spent = sum(_micros(entry.cost) for found in by_agent.values() for entry in found)
    ledger = server.get(f"{prefix}/ledger?uid=demo")
    assert _micros(ledger["charges"]) == spent
    assert _micros(ledger["credits"]) == OPENING + books.paid[sandbox]
    assert _micros(ledger["balance"]) == OPENING + books.paid[sandbox] - spent


def _total(journal: Journal) -> int:
    return journal.count + journal.evicted


def _agrees(line: Line, found: list[Entry]) -> bool:
    """Tell whether a request has one entry, and that what its client knows of it."""
    if len(found) != 1:
        return False
    return line.outcome == "unknown" or (_micros(found[0].cost), found[0].status) == (line.cost, line.status)


def _micros(dollars: float) -> int:
    return round(dollars * 1_000_000)
