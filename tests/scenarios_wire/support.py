"""A client made of a plain socket, which sees what libraries hide: segments, FIN and RST, half an answer."""

import json
import re
import socket
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, Literal
from urllib.parse import urlsplit

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.accounts import Account
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.ledger import LedgerEntry
from clevora_mock.core.sandbox import Sandbox
from tests.conftest import World

PATIENCE_SECONDS = 20
# How long nothing has to come before a client gives up.
GIVES_UP_SECONDS = 0.3
# So slow that nothing happens by itself; what does is what `World.advance` lets happen.
STANDSTILL = 1e-9

QUESTION = "Tell me about the sea, and why people sail on it."


@dataclass(frozen=True)
class Ask:
    """A request that can be repeated."""

    name: str
    endpoint: str
    path: str
    body: dict[str, Any]

    @property
    def streamed(self) -> bool:
        return self.body.get("stream") is True

    @property
    def rate(self) -> int:
        rate = ENDPOINT_BY_NAME[self.endpoint].rate
        assert rate is not None
        return rate


CHAT = Ask("chat", "chat.completions", "/v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}]})
STREAM = Ask("stream", CHAT.endpoint, CHAT.path, CHAT.body | {"stream": True})
EMBEDDINGS = Ask("embeddings", "embeddings", "/v1/embeddings", {"input": "the cat sat on the mat, and slept"})
SEARCH = Ask("search", "search", "/v1/search", {"query": "black holes for complete beginners"})
SCRIPTS = Ask("scripts", "scripts.generate", "/v1/scripts/generate", {"topic": "the history of tea"})
ASKS = (CHAT, STREAM, EMBEDDINGS, SEARCH, SCRIPTS)

Ending = Literal["whole", "fin", "reset", "silence"]


@dataclass
class Seen:
    """Bytes received over a connection, and its end."""

    ending: Ending = "fin"
    segments: list[bytes] = field(default_factory=list)

    @property
    def raw(self) -> bytes:
        return b"".join(self.segments)

    @property
    def status(self) -> int | None:
        return int(self.raw.split(b" ", 2)[1]) if self.raw else None

    @property
    def headers(self) -> dict[str, str]:
        lines = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def chunked(self) -> bool:
        return self.headers.get("transfer-encoding") == "chunked"

    @property
    def body(self) -> bytes:
        """The body as far as it came, without the framing of chunks."""
        sent = self.raw.partition(b"\r\n\r\n")[2]
        return b"".join(chunks(sent)[0]) if self.chunked else sent

    @property
    def is_whole(self) -> bool:
        _, end, sent = self.raw.partition(b"\r\n\r\n")
        if not end:
            return False
        return chunks(sent)[1] if self.chunked else len(sent) >= int(self.headers.get("content-length", "0"))

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[bytes]:
        """The events of a stream, each with its end."""
        return [event + b"\n\n" for event in without_ids(self.body).split(b"\n\n")[:-1]]

    @property
    def plain(self) -> bytes:
        return without_ids(self.body)


def chunks(sent: bytes) -> tuple[list[bytes], bool]:
    """The chunks of a body, the last one as far as it came, and whether the body was finished."""
    found: list[bytes] = []
    while b"\r\n" in sent:
        size, _, sent = sent.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return found, True
        found.append(sent[:length])
        sent = sent[length + 2 :]
    return found, False


def without_ids(body: bytes) -> bytes:
    """`body` with all ids alike, since no two answers share one."""
    return re.sub(rb"(chatcmpl-|script_)[0-9a-f]{24}", rb"\g<1>" + b"0" * 24, body)


def connect(world: World) -> socket.socket:
    parts = urlsplit(world.url)
    return socket.create_connection((parts.hostname, parts.port), PATIENCE_SECONDS)


def request(world: World, ask: Ask, **headers: str) -> bytes:
    """The bytes of a request; header names have underscores here."""
    content = json.dumps(ask.body).encode()
    given = {"authorization": f"Bearer {world.api_key}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [
        f"POST {urlsplit(world.url).path}{ask.path} HTTP/1.1",
        "host: localhost",
        f"content-length: {len(content)}",
        *(f"{name}: {value}" for name, value in given.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


def read(connection: socket.socket, seen: Seen, patience: float = PATIENCE_SECONDS) -> Seen:
    """Add to `seen` what comes until the answer is whole, the connection ends, or nothing comes for `patience`."""
    while not seen.is_whole:
        connection.settimeout(patience)
        try:
            segment = connection.recv(65_536)
        except ConnectionResetError:
            seen.ending = "reset"
            return seen
        except TimeoutError:
            seen.ending = "silence"
            return seen
        if not segment:
            seen.ending = "fin"
            return seen
        seen.segments.append(segment)
    seen.ending = "whole"
    return seen


def send(world: World, ask: Ask, *, stalls: bool = False, **headers: str) -> Seen:
    """Ask over a connection of its own; one that `stalls` is given up, which the journal then knows of."""
    before = len(journal(world))
    with connect(world) as connection:
        connection.sendall(request(world, ask, **headers))
        seen = read(connection, Seen(), GIVES_UP_SECONDS if stalls else PATIENCE_SECONDS)
    settled(world, before + 1)
    return seen


def use(world: World, *rules: dict[str, Any], **parts: Any) -> None:
    """Make a scenario of these rules the sandbox's."""
    named = [{"name": f"rule {number}"} | rule for number, rule in enumerate(rules, 1)]
    answer = world.http.put("/__mock/scenario", json={"name": "test", "rules": named} | parts)
    assert answer.status_code == 200, answer.text


def activate(world: World, name: str) -> None:
    """Make a shipped scenario the sandbox's."""
    answer = world.http.put("/__mock/scenario", json={"name": name})
    assert answer.status_code == 200, answer.text


def stand_still(world: World) -> None:
    """Let waits be waited out, and time pass by `World.advance` alone."""
    world.http.patch("/__mock/clock", json={"mode": "scaled", "speed": STANDSTILL}).raise_for_status()


def waiting(world: World) -> None:
    """Return once a request waits by the sandbox's clock."""
    deadline = monotonic() + PATIENCE_SECONDS
    while not world.do(lambda sandbox: len(sandbox.clock.timers)):
        assert monotonic() < deadline, "nobody waits"
        sleep(0.002)


def journal(world: World) -> list[JournalEntry]:
    """Every request so far, oldest first."""
    return world.do(lambda sandbox: list(sandbox.journal.entries))


def settled(world: World, count: int) -> list[JournalEntry]:
    """The journal, once it has `count` entries; an answer is read before it is written down."""
    deadline = monotonic() + PATIENCE_SECONDS
    while len(entries := journal(world)) < count:
        assert monotonic() < deadline, f"{len(entries)} of {count} requests are written down"
        sleep(0.002)
    return entries


def shown(world: World, index: int = 0) -> dict[str, Any]:
    """A request as the journal shows it, the newest first."""
    entry = world.http.get("/__mock/requests").json()["requests"][index]
    assert isinstance(entry, dict)
    return entry


def demo(sandbox: Sandbox) -> Account:
    return sandbox.accounts.by_uid["demo"]


def charges(world: World) -> list[LedgerEntry]:
    """The demo account's charges, oldest first."""
    return world.do(lambda sandbox: [entry for entry in demo(sandbox).ledger.entries if entry.type == "charge"])


def check_books(world: World) -> None:
    """Check the ledger's sums, and that they agree with the usage."""

    def look(sandbox: Sandbox) -> None:
        account = demo(sandbox)
        sums = account.ledger.sums()
        assert sums.credits + sums.adjustments - sums.charges == account.ledger.balance
        assert sums.tokens == account.usage.total.tokens == sum(key.tokens for key in account.keys)
        assert sums.charges == account.ledger.spent
        assert sum(entry.cost for entry in sandbox.journal.entries) == sums.charges

    world.do(look)
