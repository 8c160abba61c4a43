"""HTTP by hand, for what a client library would hide: raw bytes, chunks, and half a request."""

import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.conftest import World

_PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Reply:
    """A whole response as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(world: "World") -> socket.socket:
    parts = urlsplit(world.url)
    return socket.create_connection((parts.hostname, parts.port), _PATIENCE_SECONDS)


def post(world: "World", path: str, body: Any, *, close: bool = True) -> bytes:
    """A whole POST request by the demo key."""
    content = json.dumps(body).encode()
    prefix = urlsplit(world.url).path
    lines = [
        f"POST {prefix}{path} HTTP/1.1",
        "host: localhost",
        f"authorization: Bearer {world.api_key}",
        "content-type: application/json",
        f"content-length: {len(content)}",
        *(["connection: close"] if close else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


def read_reply(connection: socket.socket) -> Reply:
    """The next response on a connection, until its own end and not the connection's."""
    with connection.makefile("rb") as reader:
        status = int(reader.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := reader.readline().strip()) != b"":
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("transfer-encoding") != "chunked":
            return Reply(status, headers, reader.read(int(headers.get("content-length", "0"))))
        body = b""
        while (size := int(reader.readline(), 16)) > 0:
            body += reader.read(size)
            assert reader.readline() == b"\r\n"
        assert reader.readline() == b"\r\n"
        return Reply(status, headers, body)


def exchange(world: "World", request: bytes) -> bytes:
    """All the bytes that come back, until the server closes."""
    with connect(world) as connection:
        connection.sendall(request)
        parts: list[bytes] = []
        while part := connection.recv(65_536):
            parts.append(part)
        return b"".join(parts)


def stream(world: "World", body: dict[str, Any]) -> Reply:
    """A chat's stream, whole."""
    with connect(world) as connection:
        connection.sendall(post(world, "/v1/chat/completions", body | {"stream": True}, close=False))
        return read_reply(connection)


def chunks(body: bytes) -> list[dict[str, Any]]:
    """The JSON of each event but the sentinel."""
    events = body.decode().removesuffix("\n\n").split("\n\n")
    assert events.pop() == "data: [DONE]"
    return [json.loads(event.removeprefix("data: ")) for event in events]
