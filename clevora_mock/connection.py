"""A client's connection: uvicorn's HTTP protocol, which writes less often and can end in ways HTTP does not know.

A write enters the kernel and wakes the client up, which costs more than making what is written. So nothing is written
while there are requests to answer: what the answers of one turn of the event loop come to leaves at its end, one write
for each connection, and clients that are woken together find the server done with all of them.
"""

import asyncio
import socket
import struct
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clevora_mock.api.stream import WIRE
from clevora_mock.core.chance import digest

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
        if self._held:
            self._held += data
        elif data:
            self._held = data
            self._outbox.add(self)
        if len(self._held) > _HELD_BYTES:
            self.flush()

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


class Config(uvicorn.Config):
    """uvicorn's configuration, which all connections of a server share, and with it their outbox."""

    def __init__(self, app: Any, **settings: Any) -> None:
        super().__init__(app, http=Connection, **settings)
        self.outbox = Outbox()


class Connection(HttpToolsProtocol):
    """One connection and its requests, one after another."""

    config: Config
    transport: Outlet  # type: ignore[assignment]
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
            self._start_asgi_task(*self.pipeline.pop())
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

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {WIRE: self}  # type: ignore[dict-item]

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
