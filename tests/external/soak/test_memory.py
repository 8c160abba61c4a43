"""No attack from this machine takes 200 MB of a server's memory, and what it took is given back."""

import json
import re
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from clevora_mock.settings import DEMO_KEY
from tests.support.program import StartedServer, serve_process
from tests.support.raw_client import Address, connect
from tests.support.wait import wait_until

MAX_MEGABYTES = 200
# Of a chat beside clients that take memory.
LONGEST_WAIT_SECONDS = 5.0
MIB = 1024 * 1024

CHAT = b"/v1/chat/completions"
AUTHORIZED = b"authorization: Bearer " + DEMO_KEY.encode() + b"\r\n"
FOREIGN = b"origin: http://evil.example\r\n"


class Victim:
    """A server process, its connections and its memory."""

    def __init__(self, server: StartedServer, opened: ExitStack) -> None:
        host, _, port = server.url.removeprefix("http://").partition(":")
        self.address: Address = (host, int(port))
        self.http = opened.enter_context(httpx.Client(base_url=server.url, timeout=60))
        self._status = Path(f"/proc/{server.process.pid}/status")
        self._opened = opened
        # The models are loaded with the first requests.
        for path, body in (
            (CHAT.decode(), {"messages": [{"role": "user", "content": "a"}]}),
            ("/v1/embeddings", {"input": "a"}),
        ):
            self.http.post(path, json=body, headers={"authorization": f"Bearer {DEMO_KEY}"}).raise_for_status()
        self.start = self._megabytes("VmRSS")

    def peak(self) -> float:
        """Return the most that the process had above its start, in megabytes."""
        return self._megabytes("VmHWM") - self.start

    def connect(self, *, reads: bool = True) -> socket.socket:
        """Open a connection; one that does not read has small buffers."""
        if reads:
            return self._opened.enter_context(connect(self.address))
        connection = self._opened.enter_context(socket.socket())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(self.address)
        return connection

    def is_alive(self) -> bool:
        return self.http.get("/__mock/health").status_code == 200

    def _megabytes(self, name: str) -> float:
        found = re.search(rf"{name}:\s+(\d+) kB", self._status.read_text())
        assert found
        return int(found[1]) / 1024


@pytest.fixture
def victim(request: pytest.FixtureRequest) -> Iterator[Victim]:
    """Provide a server that closes what is idle or unread for 3 s."""
    arguments = ("serve", "--quiet", "--no-rate-limit", "--idle-timeout", "3s")
    with serve_process(*arguments) as server, ExitStack() as opened:
        started = Victim(server, opened)
        yield started
        print(f"{request.node.name}: {started.peak():.0f} MB above the start")


def head(method: bytes, path: bytes, size: int, headers: bytes = b"") -> bytes:
    return b"%b %b HTTP/1.1\r\nhost: localhost\r\n%bcontent-length: %d\r\n\r\n" % (method, path, headers, size)


def post(path: bytes, body: bytes, headers: bytes = AUTHORIZED) -> bytes:
    return head(b"POST", path, len(body), headers) + body


def send_quietly(connection: socket.socket, data: bytes) -> None:
    """Send as much as the server takes within some seconds."""
    connection.settimeout(3)
    with suppress(OSError):
        connection.sendall(data)


def together(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check(victim: Victim) -> None:
    assert victim.peak() < MAX_MEGABYTES
    wait_until(victim.is_alive)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        (b"POST", b"/__mock/reset", FOREIGN, 403),
        (b"PUT", b"/__mock/state", b"", 413),
        (b"POST", b"/__mock/reset", b"", 413),
        (b"PUT", b"/__mock/scenario", b"", 413),
        (b"POST", b"/v1/nowhere", b"", 404),
        (b"PUT", CHAT, b"", 405),
        (b"POST", CHAT, b"authorization: Bearer sk_live_no\r\n", 401),
        (b"POST", CHAT, AUTHORIZED, 413),
    ],
)
def test_a_refused_body_of_400_megabytes_is_not_kept(
    victim: Victim, method: bytes, path: bytes, headers: bytes, status: int
) -> None:
    connection = victim.connect()
    connection.sendall(head(method, path, 400 * MIB, headers))
    for _ in range(400):
        connection.sendall(b"x" * MIB)
    assert connection.recv(65_536).startswith(b"HTTP/1.1 %d " % status)
    assert victim.peak() < 20


@pytest.mark.parametrize(
    "start",
    [
        head(b"POST", CHAT, 4 * MIB),
        head(b"POST", CHAT, 4 * MIB, AUTHORIZED),
        head(b"POST", b"/v1/nowhere", 4 * MIB),
        head(b"POST", b"/identitytoolkit.googleapis.com/v1/accounts:signUp?key=a", 4 * MIB),
        head(b"PUT", b"/__mock/scenario", MIB),
        head(b"PUT", b"/__mock/state", 40 * MIB),
        head(b"PUT", b"/__mock/state", 40 * MIB).replace(b"length: ", b"length: 000000000000"),
        head(b"PUT", b"/__mock/state", 40 * MIB, b"host: evil.example\r\n").replace(b"host: localhost\r\n", b""),
    ],
    ids=["no key", "key", "unknown path", "firebase", "scenario", "state", "zeros", "other host"],
)
def test_many_bodies_that_do_not_end(victim: Victim, start: bytes) -> None:
    together(lambda: send_quietly(victim.connect(), start + b"x" * (4 * MIB - 1)), 150)
    began = time.monotonic()
    body = {"messages": [{"role": "user", "content": "a" * 100_000}]}
    victim.http.post(CHAT.decode(), json=body, headers={"authorization": f"Bearer {DEMO_KEY}"}).raise_for_status()
    assert time.monotonic() - began < LONGEST_WAIT_SECONDS
    check(victim)


@pytest.mark.parametrize(
    "other",
    [
        b"[" + b"[]," * 199_000 + b"1]",
        b"[" + b'"ab",' * 800_000 + b"1]",
        b'{"a":":"' + b"".join(b',"%05x":1' % number for number in range(380_000)) + b"}",
    ],
    ids=["arrays", "texts", "keys"],
)
def test_many_bodies_that_take_much_memory_decoded(victim: Victim, other: bytes) -> None:
    body = b'{"messages":[{"role":"user","content":"x"}],"other":' + other + b"}"
    found: list[bytes] = []

    def ask() -> None:
        connection = victim.connect()
        connection.settimeout(120)
        connection.sendall(post(CHAT, body))
        found.append(connection.recv(12))

    together(ask, 6)
    assert found == [b"HTTP/1.1 200"] * 6
    # A key that occurs twice makes the server decode it once more.
    body = body.replace(b'"other"', b'"messages"')
    together(ask, 6)
    assert found[6:] == [b"HTTP/1.1 400"] * 6
    check(victim)


def test_answers_that_nobody_reads_wait_and_are_dropped(victim: Victim) -> None:
    """Each of them has 70 MB; they follow one another, as the server gives up those before."""
    connections = [victim.connect(reads=False) for _ in range(6)]
    for connection in connections:
        connection.sendall(post(b"/v1/embeddings", json.dumps({"input": ["a"] * 2048}).encode()))

    def dropped() -> bool:
        entries = victim.http.get("/__mock/requests", params={"endpoint": "embeddings"}).json()["requests"]
        return [entry["abandoned"] for entry in entries].count(True) == len(connections)

    wait_until_slowly(dropped)
    check(victim)


def wait_until_slowly(condition: Callable[[], bool]) -> None:
    """Wait for something that may take several timeouts."""
    for _ in range(5):
        with suppress(AssertionError):
            wait_until(condition)
            return
    raise AssertionError("it never came true")


def test_long_streams_that_nobody_reads(victim: Victim) -> None:
    text = "a b " * 250_000
    body = {"stream": True, "messages": [{"role": "user", "content": f'Reply with exactly: "{text}"'}]}
    for _ in range(8):
        send_quietly(victim.connect(reads=False), post(CHAT, json.dumps(body).encode()))
    wait_until_slowly(lambda: len(victim.http.get("/__mock/ledger?uid=demo").json()["entries"]) > 1)
    check(victim)


def fill_journal(victim: Victim, request: bytes, count: int) -> None:
    """Send a request many times over one connection."""
    with connect(victim.address) as connection:

        def send() -> None:
            for _ in range(count):
                connection.sendall(request)

        sender = threading.Thread(target=send)
        sender.start()
        answered = 0
        rest = b""
        while answered < count:
            part = rest + connection.recv(65_536)
            assert len(part) > len(rest)
            answered += part.count(b"HTTP/1.1 ")
            rest = part[-8:]
        sender.join()


BIG = post(CHAT, b'{"messages":[{"role":"user","content":"' + b"x" * 16_000 + b'"}]}', b"")
LONG_HEAD = b"GET /v1/%b?%b HTTP/1.1\r\nhost: localhost\r\nuser-agent: %b\r\n\r\n" % (
    b"p." * 10_000,
    b"q=1&" * 5_000,
    b"u " * 10_000,
)
WIDE = b"GET /v1/%b HTTP/1.1\r\nhost: localhost\r\n\r\n" % (b"%F0%9F%98%80" * 4_000)


@pytest.mark.parametrize(("request_bytes", "count"), [(BIG, 4_000), (LONG_HEAD, 3_000), (WIDE, 500)])
def test_entries_of_the_journal(victim: Victim, request_bytes: bytes, count: int) -> None:
    fill_journal(victim, request_bytes, count)
    assert victim.peak() < 100
    check(victim)


@pytest.mark.parametrize("path", [b"/__mock/requests?limit=10000", b"/__mock/state", b"/__mock/events"])
def test_views_that_nobody_reads(victim: Victim, path: bytes) -> None:
    fill_journal(victim, BIG, 2_500)
    for _ in range(12):
        victim.connect(reads=False).sendall(b"GET %b HTTP/1.1\r\nhost: localhost\r\n\r\n" % path)
    fill_journal(victim, BIG, 500)
    check(victim)


def snapshot_with(victim: Victim, entry: dict[str, Any], size: int) -> bytes:
    """Return a snapshot of `size` bytes whose journal is one entry over and over."""
    one = json.dumps(entry).encode()
    count = size // (len(one) + 1)
    state = victim.http.get("/__mock/state").json() | {"journal": [], "journal_total": count}
    start, end = json.dumps(state).encode().split(b'"journal": []')
    return start + b'"journal": [' + b",".join([one] * count) + b"]" + end


@pytest.mark.parametrize("characters", [0, 16_000])
def test_the_largest_snapshots(victim: Victim, characters: int) -> None:
    entry = victim.http.get("/__mock/state").json()["journal"][0] | {"client": "", "produced": ""}
    entry |= {"body": b64encode(b"x" * characters).decode(), "body_bytes": characters}
    body = snapshot_with(victim, entry, 43 * MIB)
    for _ in range(3):
        assert victim.http.put("/__mock/state", content=body).status_code == 200
    check(victim)


def test_snapshots_of_many_accounts_that_nobody_reads(victim: Victim) -> None:
    state = victim.http.get("/__mock/state").json()
    (account,) = state["accounts"]
    (key,) = account["keys"]
    accounts = [
        account | {"uid": f"u{number}", "keys": [key | {"id": f"key{number}", "hash": f"{number:064x}"}]}
        for number in range(10_000)
    ]
    assert victim.http.put("/__mock/state", json=state | {"accounts": accounts}).status_code == 200
    for _ in range(40):
        victim.connect(reads=False).sendall(b"GET /__mock/state HTTP/1.1\r\nhost: localhost\r\n\r\n")
    check(victim)


def kept_scenario(values: int) -> bytes:
    """Return a scenario as long as one may be, with so many values."""
    scenario = {"rules": [{"when": {"body": {"a": [{}] * values}}, "then": {"error": 500}}]}
    return json.dumps(scenario).encode().ljust(MIB)


def kept_state(victim: Victim, what: str) -> bytes:
    """Return a snapshot with very much of one kind."""
    state = victim.http.get("/__mock/state").json() | {"journal": [], "journal_total": 0}
    (account,) = state["accounts"]
    (key,) = account["keys"]
    one = account | {"keys": []}
    day = {"requests": 1, "tokens": 9, "errors": 0, "endpoints": {}}
    entry = account["entries"][0] | {"amount": 0}
    user, times = state["users"][0], [1] * 100_000
    run = state["scenario"] | {"source": kept_scenario(19_900).decode()}
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "accounts": lambda: {
            "accounts": [
                account | {"uid": f"u{number}", "keys": [key | {"id": f"key{number}", "hash": f"{number:064x}"}]}
                for number in range(10_000)
            ]
        },
        "entries": lambda: {
            "accounts": [one | {"uid": f"u{number}", "entries": [entry] * 10_000, "balance": 0} for number in range(29)]
        },
        "days": lambda: {
            "accounts": [
                one | {"uid": f"u{number}", "usage": account["usage"] | {"days": dict.fromkeys(range(400), day)}}
                for number in range(1_500)
            ]
        },
        "events": lambda: {"events_seen": [f"event {number:05d}".ljust(200, "x") for number in range(50_000)]},
        "side scenarios": lambda: {"side_scenarios": {f"s{number}": run for number in range(38)}},
        "draws": lambda: {"draws": {f"purpose {number}": 1 for number in range(500_000)}},
        "rules": lambda: {
            "accounts": [
                one
                | {
                    "uid": f"u{account}",
                    "entries": [entry | {"rule": f"{account} {number} ".ljust(500, "é")} for number in range(2_000)],
                    "balance": 0,
                }
                for account in range(16)
            ]
        },
        "names": lambda: {
            "users": [
                user | {"uid": f"u{number}", "email": None, "name": f"{number} ".ljust(2_000, "é")}
                for number in range(10_000)
            ]
        },
        "requests": lambda: {
            "accounts": [
                one | {"uid": "demo", "keys": [key | {"id": f"k{number}", "hash": f"{number:064x}", "recent": times}]}
                for number in range(200)
            ]
        },
    }
    return json.dumps(state | parts[what](), ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize(("values", "count"), [(1, 320), (19_900, 100)])
def test_long_scenarios_of_many_sandboxes(victim: Victim, values: int, count: int) -> None:
    body = kept_scenario(values)
    for number in range(count):
        assert victim.http.put(f"/sandbox/s{number}/__mock/scenario", content=body).status_code == 200
    check(victim)


@pytest.mark.parametrize(
    "what", ["accounts", "entries", "days", "events", "side scenarios", "draws", "rules", "names", "requests"]
)
def test_large_snapshots_in_many_sandboxes(victim: Victim, what: str) -> None:
    body = kept_state(victim, what)
    for number in range(4):
        # Some of them take the server half a minute.
        answer = victim.http.put(f"/sandbox/s{number}/__mock/state", content=body, timeout=300)
        # Some are too large for a sandbox.
        assert answer.status_code in (200, 400)
    check(victim)


def test_connections_that_begin_a_request_and_stop(victim: Victim) -> None:
    begun = b"GET / HTTP/1.1\r\nhost: localhost\r\nx-long: " + b"a" * 60_000
    for _ in range(3_000):
        with suppress(OSError):
            victim.connect().sendall(begun)
    assert victim.peak() < MAX_MEGABYTES


def test_heads_of_many_small_lines(victim: Victim) -> None:
    lines = b"".join(b"%d:\r\n" % (number % 10) for number in range(12_000))
    for _ in range(600):
        with suppress(OSError):
            victim.connect().sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n" + lines)
    check(victim)


@pytest.mark.parametrize(
    "behind",
    [
        b"GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n" * 32_000,
        b"GET /v1/x HTTP/1.1\r\nhost: x\r\nlong: %b\r\n\r\n" % (b"y" * 60_000) * 20,
        post(CHAT, b"x" * 60_000) * 20,
        head(b"POST", CHAT, 4 * MIB, AUTHORIZED) + b"x" * MIB,
    ],
    ids=["small", "long heads", "bodies", "one long body"],
)
def test_requests_behind_one_that_does_not_end(victim: Victim, behind: bytes) -> None:
    endless = post(
        CHAT, b'{"messages":[{"role":"user","content":"x"}]}', AUTHORIZED + b"x-clevora-mock-fault: stall\r\n"
    )
    together(lambda: send_quietly(victim.connect(), endless + behind), 400)
    assert victim.peak() < MAX_MEGABYTES
