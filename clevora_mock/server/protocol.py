"""uvicorn's HTTP protocol, stricter about HTTP/1.1 (W9), with `close` and `reset` for the application."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clevora_mock.clock import wall_micros
from clevora_mock.server.buffered_transport import BufferedTransport
from clevora_mock.server.close_delimited import delimited
from clevora_mock.server.limits import ConnectionLimits
from clevora_mock.server.parser import RequestParser
from clevora_mock.server.pipeline import Pipeline
from clevora_mock.server.refusals import Refusals
from clevora_mock.server.sockets import reset
from clevora_mock.server.timeouts import Timeouts
from clevora_mock.web.framed_response import CONNECTION_CONTROL


class FaultProtocol(HttpToolsProtocol):
    """A connection; the extensions of each request's scope hold it for the application."""

    def __init__(self, *args: Any, limits: ConnectionLimits, refusals: Refusals, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._requests = self.parser = RequestParser(self, limits.head_bytes)
        self._pipeline = Pipeline(limits.pipelined_bytes)
        self.running = self._pipeline.running
        self._timeouts, self._limits, self._refusals = Timeouts(self, limits), limits, refusals

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = BufferedTransport(transport)
        super().connection_made(self._transport)  # type: ignore[arg-type]
        self._timeouts.idle()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timeouts.stop()
        # uvicorn tells only its newest request, not the running one, that the client has disconnected.
        self.cycle = self.running() or self.cycle
        # For a connection that is lost by an error, uvicorn would leave its timer, and so the connection in memory.
        super().connection_lost(None)

    def data_received(self, data: bytes) -> None:
        self._timeouts.stop()
        super().data_received(data)
        if self._transport.is_closing():
            return
        if self._requests.ended:
            self._timeouts.last_response()
        elif self._requests.in_request:
            self._timeouts.receiving()
        elif self.running() is None:
            self._timeouts.idle()
        # uvicorn stops reading while requests wait, and would not notice a disconnect.
        if self._pipeline.has_room(len(data)):
            self._transport.resume_reading()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection for the response if the client half-closes it right after its request."""
        self._transport.flush()
        running, late = self.running(), wall_micros() - self._requests.completed > self._limits.half_close
        if is_half_closed := bool(running) and not (running.response_started or late):
            self._timeouts.half_closed()
        return is_half_closed

    def on_headers_complete(self) -> None:
        self.scope["extensions"] = {CONNECTION_CONTROL: self}  # type: ignore[dict-item]
        super().on_headers_complete()
        self._pipeline.add(self.cycle)
        self.cycle.send = delimited(self.cycle, self.scope["http_version"])  # type: ignore[method-assign, assignment]

    def close(self) -> None:
        """Close the connection without a reset, even where a response is incomplete."""
        self.connection_lost(None)

    def reset(self) -> None:
        reset(self._transport)
        self.connection_lost(None)

    def refuse(self, status: int) -> None:
        """Send an error response and close (W1); behind a complete request, close after its response instead."""
        if (running := self.running()) and (self._requests.in_head or not self._requests.in_request):
            self._requests.ended = True
        else:
            if not (self._transport.is_closing() or (running and running.response_started)):
                self._transport.write(self._refusals.response(status))
            self.connection_lost(None)

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
