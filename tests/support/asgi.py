"""A server in a thread for any ASGI application, and simple applications."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from clevora_mock.server.limits import ConnectionLimits
from clevora_mock.server.run import UvicornServer
from clevora_mock.server.sockets import listen
from tests.support.raw_client import TIMEOUT_SECONDS, Address


@contextmanager
def serve_in_thread(
    app: ASGIApp, limits: ConnectionLimits | None = None, ready: Callable[[], None] = lambda: None
) -> Iterator[Address]:
    """Serve `app` until the block ends; yield the address. `ready` runs in the server's loop once it accepts."""
    listener = listen("127.0.0.1", 0)
    accepting = threading.Event()

    def accept() -> None:
        ready()
        accepting.set()

    server = UvicornServer(app, accept, limits=limits)
    thread = threading.Thread(target=server.run, args=([listener],), name="clevora-mock", daemon=True)
    thread.start()
    try:
        assert accepting.wait(TIMEOUT_SECONDS), "the server did not start"
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join(TIMEOUT_SECONDS)


def serve_app(app: ASGIApp, limits: ConnectionLimits | None = None) -> AbstractContextManager[Address]:
    """Serve an `app` that handles only HTTP."""
    return serve_in_thread(with_lifespan(app), limits)


def with_lifespan(app: ASGIApp) -> ASGIApp:
    """Add a lifespan to an `app` that handles only HTTP."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})

    return served


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond with the received method, path, headers and body."""
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
    """Return an application whose responses have these headers and consist of these parts, `pause` seconds apart."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(delay)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for index, part in enumerate(parts, 1):
            await send({"type": "http.response.body", "body": part, "more_body": index < len(parts)})
            await asyncio.sleep(pause)

    return app
