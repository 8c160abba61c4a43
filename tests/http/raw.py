"""A server of any ASGI application, and a client made of a plain socket."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from clevora_mock.server.limits import ConnectionLimits
from clevora_mock.server.run import Server
from clevora_mock.server.sockets import listen

TIMEOUT_SECONDS = 20
# Between two segments, so that the kernel does not join them.
PAUSE_SECONDS = 0.005

Address = tuple[str, int]


@dataclass(frozen=True)
class Response:
    """One response, its body without the framing."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


@contextmanager
def serving(app: ASGIApp, limits: ConnectionLimits | None = None) -> Iterator[Address]:
    """The address of a server of `app`, which ends with the context."""
    listener = listen("127.0.0.1", 0)
    accepting = threading.Event()
    server = Server(with_lifespan(app), accepting.set, limits=limits)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        assert accepting.wait(TIMEOUT_SECONDS)
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join(TIMEOUT_SECONDS)


def with_lifespan(app: ASGIApp) -> ASGIApp:
    """Answer the server's questions at its start and end for an `app` that knows HTTP alone."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})

    return served


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond with what arrived: method, path, headers and body."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    seen = {"method": scope["method"], "path": scope["path"], "headers": headers, "body": body.decode()}
    content = json.dumps(seen).encode()
    length = (b"content-length", b"%d" % len(content))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": content})


def answering(headers: list[tuple[bytes, bytes]], *parts: bytes, delay: float = 0.0, pause: float = 0.0) -> ASGIApp:
    """An application whose every response has these headers and consists of these parts, `pause` seconds apart."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(delay)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for index, part in enumerate(parts, 1):
            await send({"type": "http.response.body", "body": part, "more_body": index < len(parts)})
            await asyncio.sleep(pause)

    return app


def connect(address: Address) -> socket.socket:
    connection = socket.create_connection(address, TIMEOUT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def send(connection: socket.socket, *segments: bytes) -> None:
    """Send each of `segments` in a TCP segment of its own."""
    for index, segment in enumerate(segments):
        if index:
            time.sleep(PAUSE_SECONDS)
        connection.sendall(segment)


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes."""
    received = b""
    while part := connection.recv(65_536):
        received += part
    return received


def exchange(address: Address, *segments: bytes) -> bytes:
    """Send `segments`, and return all that comes until the server closes."""
    with connect(address) as connection:
        send(connection, *segments)
        return read_all(connection)


def responses(received: bytes) -> list[Response]:
    """Split what came over a connection into its responses; nothing may be left over."""
    found = []
    while received:
        head, end, rest = received.partition(b"\r\n\r\n")
        assert end, f"half a head: {head!r}"
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
        named = dict(headers)
        if named.get("transfer-encoding") == "chunked":
            body, received = unchunked(rest)
        elif "content-length" in named:
            length = int(named["content-length"])
            assert len(rest) >= length, "half a body"
            body, received = rest[:length], rest[length:]
        else:
            body, received = rest, b""
        assert status.startswith("HTTP/1.1 ")
        found.append(Response(int(status.split()[1]), headers, body))
    return found


def unchunked(sent: bytes) -> tuple[bytes, bytes]:
    """A chunked body without its framing, and what follows it."""
    body = b""
    while True:
        size, _, sent = sent.partition(b"\r\n")
        length = int(size, 16)
        assert sent[length : length + 2] == b"\r\n"
        body += sent[:length]
        sent = sent[length + 2 :]
        if not length:
            return body, sent
