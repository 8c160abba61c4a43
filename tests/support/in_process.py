"""A client of an ASGI application in this process, on an event loop with virtual time.

Nothing runs, and no time passes, except within a call of `Client`. That makes it fast and reproducible.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any, TypeVar
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

from tests.support.virtual_time import VirtualLoop

T = TypeVar("T")

# Virtual seconds after which a client gives up.
PATIENCE = 60.0


class InlineLoop(VirtualLoop):
    """Loop that runs the work of threads at once, since a thread would need real time."""

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - belongs to whoever waits for the work
            future.set_exception(error)
        return future


class Exchange:
    """A request that has been sent, and what has been received.

    `ending` is ``complete``, ``close``, ``reset`` or ``left``; None while the response is running.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, app: ASGIApp, scope: dict[str, Any], body: bytes) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.ending: str | None = None
        self._waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self._left = asyncio.Event()
        scope["extensions"] = {"clevora_mock.connection": self}
        self.task = loop.create_task(self._run(app, scope))

    # The server's extension for faults of the connection.
    @property
    def is_lost(self) -> bool:
        return self.ending == "left"

    def look(self) -> None: ...

    def give_way(self) -> None:
        self.leave()

    def close(self) -> None:
        self.ending = "close"

    def reset(self) -> None:
        self.ending = "reset"

    def leave(self) -> None:
        """Disconnect."""
        if self.ending is None:
            self.ending = "left"
        self._left.set()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    async def _run(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        await app(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        if self._waiting:
            return self._waiting.pop()
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self.ending == "left":
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                self.ending = "complete"


class Client:
    """A client of `app`, whose paths start with `prefix`."""

    def __init__(self, app: ASGIApp, loop: InlineLoop, prefix: str = "") -> None:
        self.app = app
        self.loop = loop
        self.prefix = prefix

    def open(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Exchange:
        """Send a request without waiting for its response; a `body` that is not bytes is sent as JSON."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        raw, _, query = f"{self.prefix}{path}".partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "server": ("127.0.0.1", 2538),
            "client": ("127.0.0.1", 50_000),
            "path": unquote(raw),
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "headers": [
                (b"host", b"127.0.0.1:2538"),
                (b"content-length", b"%d" % len(content)),
                *((name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()),
            ],
        }
        exchange = Exchange(self.loop, self.app, scope, content)
        self.loop.run_until_idle()
        return exchange

    def call(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Exchange:
        """Send a request and return its response; leave when it takes longer than `PATIENCE`."""
        exchange = self.open(method, path, body, headers)
        self.finish(exchange)
        return exchange

    def finish(self, exchange: Exchange, patience: float = PATIENCE) -> None:
        """Let time pass until the response has ended; leave when it takes longer than `patience`."""
        if not exchange.task.done():
            self.loop.run_until_complete(asyncio.wait([exchange.task], timeout=patience))
            exchange.leave()
            self.loop.run_until_idle()
        exchange.task.result()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.run_until_complete(asyncio.sleep(seconds))
        self.loop.run_until_idle()
