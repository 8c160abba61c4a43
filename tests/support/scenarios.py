"""Requests for tests of scenarios and faults."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.support.raw_client import RawResponse, connect, read, read_until_silent
from tests.support.records import journal, wait_for_entries
from tests.support.world import World

QUESTION = "Tell me about the sea, and why people sail on it."


@dataclass(frozen=True)
class RequestExample:
    """A request that can be repeated."""

    name: str
    endpoint: str
    path: str
    body: dict[str, Any]
    rate: int  # micro-dollars a token

    @property
    def streamed(self) -> bool:
        return self.body.get("stream") is True


CHAT = RequestExample(
    "chat", "chat.completions", "/v1/chat/completions", {"messages": [{"role": "user", "content": QUESTION}]}, 500
)
STREAM = RequestExample("stream", CHAT.endpoint, CHAT.path, CHAT.body | {"stream": True}, 500)
EMBEDDINGS = RequestExample(
    "embeddings", "embeddings", "/v1/embeddings", {"input": "the cat sat on the mat, and slept"}, 100
)
SEARCH = RequestExample("search", "search", "/v1/search", {"query": "black holes for complete beginners"}, 200)
SCRIPTS = RequestExample("scripts", "scripts.generate", "/v1/scripts/generate", {"topic": "the history of tea"}, 1000)
REQUEST_EXAMPLES = (CHAT, STREAM, EMBEDDINGS, SEARCH, SCRIPTS)


def request_bytes(world: World, example: RequestExample, **headers: str) -> bytes:
    """Return the bytes of a request; header names are written with underscores."""
    content = json.dumps(example.body).encode()
    given = {"authorization": f"Bearer {world.api_key}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [
        f"POST {urlsplit(world.url).path}{example.path} HTTP/1.1",
        "host: localhost",
        f"content-length: {len(content)}",
        *(f"{name}: {value}" for name, value in given.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


def has(example: RequestExample, amount: int) -> Callable[[RawResponse], bool]:
    """Return a condition: `amount` events of a stream have arrived, or as many bytes of any other body."""
    return lambda seen: len(seen.events if example.streamed else seen.body) >= amount


def send(
    world: World, example: RequestExample, *, stalls: bool = False, amount: int = 0, **headers: str
) -> RawResponse:
    """Send the request over a new connection, and return once it is journaled.

    One that `stalls` is abandoned after `amount` events of a stream, or bytes of any other body.
    """
    before = len(journal(world))
    with connect(world.address) as connection:
        connection.sendall(request_bytes(world, example, **headers))
        if stalls:
            seen = read_until_silent(connection, RawResponse(), has(example, amount))
        else:
            seen = read(connection, RawResponse())
    wait_for_entries(world, before + 1)
    return seen


def start_rules(world: World, *rules: dict[str, Any], **parts: Any) -> None:
    """Start a scenario with these rules."""
    named = [{"name": f"rule {number}"} | rule for number, rule in enumerate(rules, 1)]
    answer = world.http.put("/__mock/scenario", json={"name": "test", "rules": named} | parts)
    assert answer.status_code == 200, answer.text


def start_shipped_scenario(world: World, name: str) -> None:
    """Start a shipped scenario."""
    answer = world.http.put("/__mock/scenario", json={"name": name})
    assert answer.status_code == 200, answer.text
