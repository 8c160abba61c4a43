"""A client's connection: uvicorn's HTTP protocol, which writes less often and can end in ways HTTP does not know.

A write enters the kernel and wakes the client up, which costs more than making what is written. So nothing is written
while there are requests to answer: what the answers of one turn of the event loop come to leaves at its end, one write
for each connection, and clients that are woken together find the server done with all of them.
"""

import asyncio
import socket
import struct
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from clevora_mock.core.chance import digest
from clevora_mock.web.framed_response import CONNECTION_CONTROL as WIRE

# What a connection holds back at most.
_HELD_BYTES = 64 * 1024

_BAD_REQUEST = b'{"error":{"message":"This is not HTTP/1.1","type":"invalid_request_error","code":"invalid_request"}}'


class Outbox:
    """The outlets of one server that hold something back; emptied once in a turn of the event loop."""

    def __init__(self) -> None:
        self._waiting: list[Outlet] = []

    def add(self, outlet: "Outlet") -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._empty)
        self._waiting.append(outlet)

    def _empty(self) -> None:
        waiting, self._waiting = self._waiting, []
        for outlet in waiting:
            outlet.flush()


class Outlet:
    """A transport that holds back what is written to it until the end of the event loop's turn."""

    def __init__(self, transport: asyncio.Transport, outbox: Outbox) -> None:
        self._transport = transport
        self._outbox = outbox
        self._held = b""
        # What uvicorn asks of a transport besides writing.
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info

    def write(self, data: bytes) -> None:
        if len(self._held) + len(data) > _HELD_BYTES:
            # Not put together first: to copy what is large takes long.
            self.flush()
            if not self.is_closing():
                self._transport.write(data)
        elif self._held:
            self._held += data
        elif data:
            self._held = data
            self._outbox.add(self)

    def flush(self) -> None:
        if self._held:
            data, self._held = self._held, b""
            if not self.is_closing():
                self._transport.write(data)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def reset(self) -> None:
        """End with a TCP reset."""
        self.flush()
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class Cycle(RequestResponseCycle):
    """One request and its answer: uvicorn's, which asks less of what the application says than of a stranger's.

    What could break the connection is still refused: a line break in a header, and a body that is not as long as said.
    """

    _read = False

    async def receive(self) -> Any:
        if self.more_body or self._read or self.disconnected or self.response_complete:
            return await super().receive()
        # All is there, as it mostly is; what comes next is that the client leaves.
        self._read = True
        self.message_event.clear()
        return {"type": "http.request", "body": bytes(self.body), "more_body": False}

    async def send(self, message: Any) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_started:
            self._go_on(message.get("body", b""), message.get("more_body", False))
        else:
            self._begin(message["status"], message["headers"])

    def _begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        lines = [STATUS_LINE[status]]
        for name, value in headers:
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"content-length":
                self.chunked_encoding = False
                self.expected_content_length = int(value)
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in (204, 304):
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        if not head.count(b"\n") == head.count(b"\r") == len(lines):
            raise RuntimeError("a header with a line break in it")
        self.response_started = True
        self.waiting_for_100_continue = False
        self.transport.write(head + b"\r\n")

    def _go_on(self, body: bytes, more: bool) -> None:
        if self.chunked_encoding:
            if body:
                self.transport.write(b"%x\r\n%b\r\n" % (len(body), body))
            if not more:
                self.transport.write(b"0\r\n\r\n")
        elif self.scope["method"] != "HEAD":
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0 or (self.expected_content_length and not more):
                raise RuntimeError("a body that is not as long as its content-length says")
            self.transport.write(body)
        if not more:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()


class Config(uvicorn.Config):
    """uvicorn's configuration, which all connections of a server share, and with it their outbox."""

    def __init__(self, app: Any, **settings: Any) -> None:
        super().__init__(app, http=Connection, **settings)
        self.outbox = Outbox()


class Connection(HttpToolsProtocol):
    """One connection and its requests, one after another."""

    config: Config
    transport: Outlet  # type: ignore[assignment]
    cycle: Cycle
    # How often a timer has found it idle since the last answer; None while there is something to do.
    _looks: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = Outlet(transport, self.config.outbox)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()

    # A timer for each answer would be a twentieth of its cost. So one that runs is left to run, and closes when it
    # finds that nothing has happened since the last one: after one to two times the keep-alive timeout.

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start(self.pipeline.pop()[0])
            return
        self._looks = 0
        if self.timeout_keep_alive_task is None:
            self._look_later()

    def _unset_keepalive_if_required(self) -> None:
        self._looks = None

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._looks is None:
            return
        if self._looks:
            super().timeout_keep_alive_handler()
        else:
            self._looks += 1
            self._look_later()

    def _look_later(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def on_headers_complete(self) -> None:
        scope, parser = self.scope, self.parser
        version = parser.get_http_version()
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope["method"] = parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["raw_path"] = url.path
        scope["path"] = unquote(path) if "%" in path else path
        scope["query_string"] = url.query or b""
        scope["extensions"] = {WIRE: self}  # type: ignore[dict-item]
        before: Cycle | None = self.cycle
        self.cycle = Cycle(
            scope,
            self.transport,  # type: ignore[arg-type]
            self.flow,
            self.logger,
            self.access_logger,
            access_log=False,
            default_headers=[],
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        # There is none before the first.
        if before is None or before.response_complete:
            self._start(self.cycle)
        else:
            # Requests that come before the answer wait for their turn.
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _start(self, cycle: RequestResponseCycle) -> None:
        task = self.loop.create_task(cycle.run_asgi(self.app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def close(self) -> None:
        """Close the connection in good order, whatever the answer still lacks."""
        self.cycle.disconnected = True
        self.transport.close()

    def reset(self) -> None:
        """Reset the connection."""
        self.cycle.disconnected = True
        self.transport.reset()

    def send_400_response(self, msg: str) -> None:
        """What is not even HTTP is refused in JSON too (W1)."""
        # It belongs to no sandbox, whose draws would name it; when it came does as well.
        request_id = digest("not HTTP", self.server_state.total_requests, id(self)).hex()[:24]
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nx-request-id: req_%b\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b"
            % (request_id.encode(), len(_BAD_REQUEST), _BAD_REQUEST)
        )
        self.transport.close()
