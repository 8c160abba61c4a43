"""A streamed chat over a socket: its request, its response, and the JSON of its chunks."""

import json
from typing import Any
from urllib.parse import urlsplit

from tests.support.raw_client import Response, connect, read_response
from tests.support.world import World


def chat_request(world: World, body: dict[str, Any], *, key: str | None = None, close: bool = True) -> bytes:
    """Return the bytes of a chat request by a key, or the demo key; `close` asks the server to end the connection."""
    content = json.dumps(body).encode()
    lines = [
        f"POST {urlsplit(world.url).path}/v1/chat/completions HTTP/1.1",
        "host: localhost",
        f"authorization: Bearer {key or world.api_key}",
        "content-type: application/json",
        f"content-length: {len(content)}",
        *(["connection: close"] if close else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


def stream(world: World, body: dict[str, Any]) -> Response:
    """Return a chat's complete stream."""
    with connect(world.address) as connection:
        connection.sendall(chat_request(world, body | {"stream": True}, close=False))
        return read_response(connection)


def chunks(body: bytes) -> list[dict[str, Any]]:
    """Return the JSON of each event except the sentinel."""
    events = body.decode().removesuffix("\n\n").split("\n\n")
    assert events.pop() == "data: [DONE]"
    return [json.loads(event.removeprefix("data: ")) for event in events]
