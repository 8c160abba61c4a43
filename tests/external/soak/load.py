"""Clients with books: ``python -m tests.external.soak.load HOST PORT SEED SECONDS`` prints these as JSON.

Each of the clients has one connection, draws requests of all endpoints with and without faults, reads answers whole,
leaves in the middle, gives up waiting, or asks again. Each request has a user agent of its own, so that its entry in
the journal can be found.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

import msgspec
from msgspec import Struct

from clevora_mock.settings import DEMO_KEY
from tests.support.raw_client import Address, Response, first_response

SANDBOXES = 8
CLIENTS_EACH = 8
COLLECT_SECONDS = 2.0
PATIENCE_SECONDS = 20.0
# For the answer to a request with a fault that may never end.
SHORT_SECONDS = 0.4

# In micro-dollars, and how often the event of its payment is delivered.
DEPOSIT = 15_000_000
DELIVERIES = 2

# In micro-dollars a token (B1).
RATES = {"/v1/chat/completions": 500, "/v1/embeddings": 100, "/v1/search": 200, "/v1/scripts/generate": 1000}
MODEL_REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Why do people sail?"}]}),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Tell me of the sea."}], "stream": True}),
    ("/v1/embeddings", {"input": ["the cat sat on the mat", "and slept"]}),
    ("/v1/search", {"query": "black holes for complete beginners"}),
    ("/v1/scripts/generate", {"topic": "the history of tea", "length": "short"}),
]
FAULTS = [
    *("reset", "close", "stall", "truncate", "slow_body", "garbage", "empty_body", "wrong_content_type", "html_error"),
    *("malformed_chunk", "duplicate_chunk", "split_utf8", "no_usage", "no_done", "error_frame", "early_end"),
    *("comments", "line_endings", "usage_chunk", "unframed_error", "float_embeddings"),
]
ERRORS = ["400", "401", "402", "429", "500", "503", "504"]
# Reads of the dashboard, and what has no route.
READS = [
    *("/api/developer/account", "/api/developer/usage", "/api/developer/transactions?limit=5", "/v1/keys", "/v1/usage"),
    *("/docs/llms", "/nowhere"),
]

Outcome = Literal["billed", "free", "unknown"]


class Line(Struct, frozen=True):
    """A request in a client's books; its cost in micro-dollars is exact if `outcome` is not ``unknown``."""

    agent: str
    sandbox: str
    request: str
    outcome: Outcome
    cost: int = 0
    status: int = 0


class Entry(Struct, frozen=True):
    """An entry of a journal; its cost is in dollars."""

    id: str
    client: str
    status: int | None
    cost: float


class Journal(Struct):
    """An answer of ``/__mock/requests``."""

    count: int
    evicted: int
    requests: list[Entry]


class Books(Struct):
    """All requests of all clients, and by sandbox, what they paid in (micro-dollars) and what its journal has held."""

    lines: list[Line]
    paid: dict[str, int]
    entries: dict[str, dict[str, Entry]]


@dataclass
class Connection:
    """A connection that is opened when it is needed."""

    address: Address
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> asyncio.StreamReader:
        if self.streams is None:
            self.streams = await asyncio.open_connection(*self.address)
        reader, writer = self.streams
        writer.write(request)
        await writer.drain()
        return reader

    def close(self) -> None:
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None

    async def response(self, reader: asyncio.StreamReader, seconds: float) -> Response | None:
        """Return the next response; None if there is no whole one in time."""
        received = b""
        deadline = time.monotonic() + seconds
        while (found := first_response(received)) is None:
            try:
                part = await asyncio.wait_for(reader.read(65_536), deadline - time.monotonic())
            except (TimeoutError, OSError):
                part = b""
            if not part:
                return None
            received += part
        return found[0]


@dataclass
class Client:
    """One client: its draws, its connection, its books."""

    address: Address
    sandbox: str
    name: str
    random: Random
    lines: list[Line] = field(default_factory=list)
    paid: int = 0
    token: str = ""

    def __post_init__(self) -> None:
        self.connection = Connection(self.address)

    async def run(self, until: float) -> None:
        self.token = (await self._control("POST", "/__mock/tokens", {"uid": "demo"}))["idToken"]
        actions: list[Callable[[], Any]] = [self._model, self._model, self._model, self._fault, self._fault]
        actions += [self._leave, self._error, self._read, self._pay]
        while time.monotonic() < until:
            await self.random.choice(actions)()
        self.connection.close()

    async def _model(self) -> None:
        """Ask a model, and read the whole answer."""
        path, body = self.random.choice(MODEL_REQUESTS)
        response = await self._ask("POST", path, body)
        assert response is not None, f"no answer to {path}"
        assert response.status == 200, response
        self._book(path, "billed", RATES[path] * tokens(response), response.status)

    async def _fault(self) -> None:
        """Ask for a fault; give up where the answer does not end, and sometimes ask again."""
        path, body = self.random.choice(MODEL_REQUESTS)
        headers = {"x-clevora-mock-fault": self.random.choice(FAULTS)}
        for _ in range(self.random.choice((1, 1, 2))):
            response = await self._ask("POST", path, body, headers, SHORT_SECONDS)
            self.connection.close()
            is_refused = response is not None and response.status == 400
            self._book(
                f"{headers} for {path}", "free" if is_refused else "unknown", status=response.status if response else 0
            )

    async def _leave(self) -> None:
        """Leave at once, soon, or after the first bytes of the answer."""
        path, body = self.random.choice(MODEL_REQUESTS)
        headers = {"x-clevora-mock-delay": "30ms"} if self.random.random() < 0.5 else {}
        reader = await self.connection.send(self._request("POST", path, body, headers))
        leaving = self.random.choice(("at once", "soon", "after the first bytes"))
        if leaving == "soon":
            await asyncio.sleep(self.random.random() * 0.1)
        elif leaving == "after the first bytes":
            await reader.read(self.random.randrange(1, 400))
        self.connection.close()
        self._book(f"{headers} for {path}, left {leaving}", "unknown")

    async def _error(self) -> None:
        path, body = self.random.choice(MODEL_REQUESTS)
        error = self.random.choice(ERRORS)
        response = await self._ask("POST", path, body, {"x-clevora-mock-error": error})
        assert response is not None
        assert response.status == int(error)
        self._book(f"{error} for {path}", "free", status=response.status)

    async def _read(self) -> None:
        path = self.random.choice(READS)
        response = await self._ask("GET", path)
        assert response is not None
        assert response.status in {200, 404}
        self._book(path, "free", status=response.status)

    async def _pay(self) -> None:
        """Top up, and pay at once or a little later."""
        response = await self._ask("POST", "/api/developer/topup", {"amount": DEPOSIT // 1_000_000})
        assert response is not None
        assert response.status == 200, response
        self._book("top-up", "free", status=response.status)
        checkout = response.json["data"]["checkoutUrl"].rpartition("/")[2]
        delay = self.random.choice((None, "300ms"))
        await self._control("POST", f"/__mock/checkouts/{checkout}/pay", {"delay": delay, "deliveries": DELIVERIES})
        self.paid += DEPOSIT

    async def _control(self, method: str, path: str, body: Any = None) -> Any:
        reader = await self.connection.send(self._request(method, path, body, {}))
        response = await self.connection.response(reader, PATIENCE_SECONDS)
        assert response is not None, f"no answer to {path}"
        assert response.status == 200, response
        return response.json

    async def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        seconds: float = PATIENCE_SECONDS,
    ) -> Response | None:
        try:
            reader = await self.connection.send(self._request(method, path, body, headers or {}))
            response = await self.connection.response(reader, seconds)
        except OSError:
            response = None
        if response is None or dict(response.headers).get("connection") == "close":
            self.connection.close()
        return response

    def _request(self, method: str, path: str, body: Any, headers: dict[str, str]) -> bytes:
        content = b"" if body is None else json.dumps(body).encode()
        is_key = path.startswith("/v1/") and not path.startswith(("/v1/keys", "/v1/usage"))
        lines = [
            f"{method} /sandbox/{self.sandbox}{path} HTTP/1.1",
            "host: localhost",
            f"user-agent: {self._agent()}",
            f"authorization: Bearer {DEMO_KEY if is_key else self.token}",
            f"content-length: {len(content)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + content

    def _agent(self) -> str:
        return f"{self.name}/{len(self.lines)}"

    def _book(self, request: str, outcome: Outcome, cost: int = 0, status: int = 0) -> None:
        self.lines.append(Line(self._agent(), self.sandbox, request, outcome, cost, status))


def tokens(response: Response) -> int:
    """Return the tokens of an answer, or of a stream's last chunk."""
    if dict(response.headers)["content-type"].startswith("application/json"):
        return int(response.json["usage"]["total_tokens"])
    *_, last, done, rest = response.body.split(b"\n\n")
    assert (done, rest) == (b"data: [DONE]", b"")
    return int(json.loads(last.removeprefix(b"data: "))["usage"]["total_tokens"])


async def collect(address: Address, sandbox: str, until: float) -> dict[str, Entry]:
    """Read a sandbox's journal again and again, before it drops what it holds; return all entries by id."""
    connection = Connection(address)
    request = f"GET /sandbox/{sandbox}/__mock/requests?limit=10000 HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()
    entries: dict[str, Entry] = {}
    while time.monotonic() < until:
        response = await connection.response(await connection.send(request), PATIENCE_SECONDS)
        assert response is not None, "no journal"
        entries |= {entry.id: entry for entry in msgspec.json.decode(response.body, type=Journal).requests}
        await asyncio.sleep(COLLECT_SECONDS)
    connection.close()
    return entries


async def load(address: Address, seed: int, seconds: float) -> Books:
    """Let all clients run, and return their books."""
    until = time.monotonic() + seconds
    sandboxes = [f"soak-{number}" for number in range(SANDBOXES)]
    clients = [
        Client(address, sandbox, f"{sandbox}-{number}", Random(f"{seed} {sandbox} {number}"))
        for sandbox in sandboxes
        for number in range(CLIENTS_EACH)
    ]
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(client.run(until))
        journals = {name: tasks.create_task(collect(address, name, until)) for name in sandboxes}
    paid = dict.fromkeys(sandboxes, 0)
    for client in clients:
        paid[client.sandbox] += client.paid
    entries = {name: task.result() for name, task in journals.items()}
    return Books([line for client in clients for line in client.lines], paid, entries)


def main() -> None:
    host, port, seed, seconds = sys.argv[1:]
    books = asyncio.run(load((host, int(port)), int(seed), float(seconds)))
    sys.stdout.buffer.write(msgspec.json.encode(books))


if __name__ == "__main__":
    main()
