"""uvicorn's HTTP protocol, stricter about HTTP/1.1 (W9), with `close` and `reset` for the application."""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clevora_mock.clock import SECOND, wall_micros
from clevora_mock.core.journal import Connection
from clevora_mock.server.buffered_transport import BufferedTransport
from clevora_mock.server.close_delimited import delimited
from clevora_mock.server.limits import ConnectionLimits
from clevora_mock.server.parser import RequestParser
from clevora_mock.server.pipeline import Pipeline
from clevora_mock.server.refusals import Refusals
from clevora_mock.server.sockets import has_left, is_reset, reset
from clevora_mock.server.timeouts import Timeouts
from clevora_mock.web.framed_response import CONNECTION_CONTROL, JOURNAL_CONNECTION, PIPELINED

# The first bytes of a TLS connection.
_TLS = b"\x16\x03"
_TLS_HINT = "this is a TLS handshake, but the server speaks HTTP alone; use http://, not https://"

# The shortest requests have 18 bytes, so few of them are in a piece.
_PIECE_BYTES = 2048


class FaultProtocol(HttpToolsProtocol):
    """A connection; the extensions of each request's scope hold it for the application."""

    def __init__(
        self,
        *args: Any,
        limits: ConnectionLimits,
        refusals: Refusals,
        accepted: "set[FaultProtocol]",
        on_refused: Callable[[str], None],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._requests = self.parser = RequestParser(self, limits.head_bytes, limits.header_lines)
        self._pipeline = Pipeline(limits)
        self.running = self._pipeline.running
        self._timeouts, self._limits, self._refusals = Timeouts(self, limits), limits, refusals
        self._on_refused = on_refused
        # The start of what was parsed last.
        self._parsed = b""
        # Received behind as many requests as may wait.
        self._unparsed = b""
        # The connections that are open, of the whole server.
        self._accepted = accepted
        self._journaled = Connection()
        self.is_lost = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = BufferedTransport(transport, self._limits.idle_seconds)
        super().connection_made(self._transport)  # type: ignore[arg-type]
        self._accepted.add(self)
        if len(self._accepted) > self._limits.connections:
            self._send_refusal(503)
            self.connection_lost(None)
            return
        self._timeouts.idle()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = self._journaled.is_lost = True
        self._unparsed = b""
        self._accepted.discard(self)
        self._timeouts.stop()
        self._timeouts.stop_reader()
        # uvicorn tells only its newest request, not the running one, that the client has disconnected.
        self.cycle = self.running() or self.cycle
        # For a connection that is lost by an error, uvicorn would leave its timer, and so the connection in memory.
        super().connection_lost(None)

    def data_received(self, data: bytes) -> None:
        self._timeouts.stop()
        self._parse(self._unparsed + data)
        if self._transport.is_closing():
            return
        if self._transport.is_held:
            self._timeouts.held()
        elif self._requests.ended:
            self._timeouts.last_response()
        elif self._requests.in_request:
            self._await_request()
        elif self.running() is None:
            self._timeouts.idle()

    def _parse(self, data: bytes) -> None:
        """Parse `data` in pieces, as long as the requests in it may wait."""
        start = 0
        while start < len(data) and not (self._transport.is_closing() or self._pipeline.is_full()):
            piece = data[start : start + _PIECE_BYTES]
            start += _PIECE_BYTES
            self._parsed = piece[: len(_TLS)]
            super().data_received(piece)
            self._pipeline.count(len(piece))
        self._unparsed = data[start:]
        if self._transport.is_closing():
            return
        if self._pipeline.is_full():
            self._transport.hold_reading()
        elif self._transport.is_held or self._pipeline.waiting():
            # uvicorn stops reading while requests wait, and would not notice a disconnect.
            self._transport.release_reading()

    def _await_request(self) -> None:
        """Wait for more of a request, but not longer than for a whole one."""
        if wall_micros() - self._requests.began > self._limits.request_seconds * SECOND:
            self.stop_receiving()
        else:
            self._timeouts.receiving()

    def on_response_complete(self) -> None:
        if self.running() and not self._transport.is_closing():
            # A client that has left shows it once data is sent to it; the requests that wait are not served then.
            self._transport.flush()
            if is_reset(self._transport):
                self.connection_lost(None)
        super().on_response_complete()
        if self._transport.is_held and not (self._transport.is_closing() or self._pipeline.is_full()):
            self.data_received(b"")

    def pause_writing(self) -> None:
        super().pause_writing()
        self._timeouts.await_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._timeouts.stop_reader()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection for the response if the client half-closes it right after its request."""
        self._transport.flush()
        running, late = self.running(), wall_micros() - self._requests.completed > self._limits.half_close
        if is_half_closed := bool(running) and not (running.response_started or late):
            self._timeouts.half_closed()
        return is_half_closed

    def on_headers_complete(self) -> None:
        self.scope["extensions"] = {CONNECTION_CONTROL: self, JOURNAL_CONNECTION: self._journaled}  # type: ignore[dict-item]
        if self.running():
            self.scope["extensions"][PIPELINED] = {}
        super().on_headers_complete()
        self._pipeline.add(self.cycle)
        self.cycle.send = delimited(self.cycle, self.scope["http_version"])  # type: ignore[method-assign, assignment]

    def on_message_complete(self) -> None:
        super().on_message_complete()
        # uvicorn stops reading within a large body, and would not notice a disconnect during the work.
        self._transport.resume_reading()

    def close(self) -> None:
        """Close the connection without a reset, even where a response is incomplete."""
        self.connection_lost(None)

    def drop(self) -> None:
        """Close the connection without what its client has not taken."""
        self._transport.abort()

    def check_left(self) -> None:
        """Notice a disconnect of a client whose connection is not read, now or later."""
        self.look()
        if not self._transport.is_closing():
            self._timeouts.held()

    def look(self) -> None:
        """Notice a disconnect of a client whose connection is not read."""
        is_unread = not (self._transport.is_closing() or self._transport.is_reading())
        if is_unread and has_left(self._transport) and not self.eof_received():
            self.connection_lost(None)

    def give_way(self) -> None:
        """End a connection that is too slow, with an error response unless another has begun."""
        running = self.running()
        if self._requests.in_request and running and not running.response_started:
            self.refuse(408, "other requests wait for the memory that its body takes")
        else:
            self.drop()

    def reset(self) -> None:
        reset(self._transport)
        self.connection_lost(None)

    def refuse(self, status: int, why: str = "") -> None:
        """Send an error response and close (W1); behind a complete request, close after its response instead."""
        if (running := self.running()) and (self._requests.in_head or not self._requests.in_request):
            self._requests.ended = True
        else:
            if not (self._transport.is_closing() or (running and running.response_started)):
                self._send_refusal(status, _TLS_HINT if status == 400 and self._parsed == _TLS else why)
            self.connection_lost(None)

    def _send_refusal(self, status: int, why: str = "") -> None:
        response, message = self._refusals.response(status, why)
        self._transport.write(response)
        self._on_refused(f"{status}: {message}")

    def stop_receiving(self) -> None:
        """Close a connection that waits for more of a request, unless a response is still to be sent."""
        running, in_head = self.running(), self._requests.in_head
        awaited = running is self.cycle and self._transport.is_reading() and not (in_head or running.response_started)
        if not (running or in_head):
            self.close()
        elif running and not awaited:
            self._timeouts.receiving()
        else:
            self.refuse(408)
