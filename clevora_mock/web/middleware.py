"""Middleware that finds a request's sandbox, adds the common headers, and journals the exchange."""

import asyncio
import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clevora_mock.clock import SECOND, http_date
from clevora_mock.core.reply import Header
from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.web.exchange_recorder import ExchangeRecorder, SharedState, add_exchange
from clevora_mock.web.framed_response import MAX_WRITE_BYTES

# A body that is not sent in one write.
_LARGE_BYTES = 2 * MAX_WRITE_BYTES

_ENCODED_SLASH = rb"(?i)%(2f)"


class SandboxMiddleware:
    """ASGI middleware that resolves ``/sandbox/<name>`` and journals every exchange, also a failed one.

    The sandbox's prefix moves from the path to `root_path`, so that routes need no prefix. `server` is sent with every
    response; `latency` is a delay in microseconds.
    """

    def __init__(self, app: ASGIApp, sandboxes: Sandboxes, latency: int = 0, server: str | None = None) -> None:
        self._app = app
        self._sandboxes = sandboxes
        self._shared = SharedState(sandboxes, latency)
        self._server: list[Header] = [] if server is None else [(b"x-clevora-mock-server", server.encode())]
        self._date: tuple[int, bytes] = (0, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        mounted = scope.get("root_path", "")
        with self._sandboxes.resolve(decoded_path(scope).removeprefix(mounted)) as (sandbox, prefix, path):
            sandbox.end_expired_scenario()
            root = mounted + prefix
            shown = path if path.endswith("//") else path.removesuffix("/")
            exchange = ExchangeRecorder(sandbox, scope, root, shown or "/", self._shared)
            inner = add_exchange({**scope, "root_path": root, "path": root + (path or "/")}, exchange)
            try:
                await self._run(exchange, inner, receive, send)
            finally:
                exchange.finish()

    async def _run(self, exchange: ExchangeRecorder, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; its response gets the common headers."""

        async def send_with_headers(message: Message) -> None:
            send_part = exchange.work_memory.timed(send)
            if message["type"] == "http.response.start":
                exchange.is_begun = True
                message = {**message, "headers": [*message.get("headers", ()), *self._headers(exchange)]}
                await send_part(message)
                exchange.start(message["status"])
            elif len(message.get("body", b"")) > _LARGE_BYTES:
                await _send_in_slices(send_part, message)
            else:
                await send_part(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except asyncio.CancelledError:
            # The server stops: what it sends now is what the journal says. A head that waits for the client waits on.
            if not exchange.is_begun:
                await exchange.respond_stopped()(scope, receive, send_with_headers)
            raise

    def _headers(self, exchange: ExchangeRecorder) -> list[Header]:
        common = exchange.common_headers()
        seconds = exchange.arrived // SECOND
        if self._date[0] != seconds:
            self._date = (seconds, http_date(seconds).encode())
        return [(b"x-request-id", exchange.request_id.encode()), (b"date", self._date[1]), *self._server, *common]


async def _send_in_slices(send: Send, message: Message) -> None:
    """Send a large body as its reader takes it, since the server would buffer all of it at once."""
    body: bytes = message["body"]
    for start in range(0, len(body), MAX_WRITE_BYTES):
        end = start + MAX_WRITE_BYTES
        more = end < len(body) or message.get("more_body", False)
        await send({**message, "body": body[start:end], "more_body": more})
        # A reader that takes everything at once must not keep the others waiting.
        await asyncio.sleep(0)


def decoded_path(scope: Scope) -> str:
    """Return the path, in which encoded slashes stay encoded, since they separate nothing (W3)."""
    raw: bytes = scope.get("raw_path") or b""
    if not re.search(_ENCODED_SLASH, raw):
        return str(scope["path"])
    return unquote(re.sub(_ENCODED_SLASH, rb"%25\1", raw).decode("ascii", "replace"))
