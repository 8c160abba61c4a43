"""Response that sends a reply's frames, each at its time, and ends the connection as the reply says.

Frames without a time are joined into as few writes as their size allows. Times count from the start of the body, so
delays do not accumulate. A disconnect ends the sending at once.
"""

import asyncio
from collections.abc import Iterator
from typing import Protocol

import msgspec
from msgspec.structs import replace
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from clevora_mock.contract.errors import ERROR_BY_CODE, SERVICE_UNAVAILABLE
from clevora_mock.core.reply import NEVER, Ending, Frame, Header, Reply, json_reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.web.disconnect import DisconnectWatcher

# The key of the server's ConnectionControl in the scope's extensions.
CONNECTION_CONTROL = "clevora_mock.connection"

# The key of the journal's Connection in the extensions.
JOURNAL_CONNECTION = "clevora_mock.journal_connection"

# In the extensions of a request that came before the response to an earlier one of its connection was complete.
PIPELINED = "clevora_mock.pipelined"

# In the extensions of a request from this process itself, where delays are recorded as if they had been waited for.
WITHOUT_WAITING = "clevora_mock.without_waiting"

# In place of a fault, for a response that the end of the server cuts or prevents.
STOPPED = "stopped"

# Maximum size of one write; a disconnect is noticed between two writes.
MAX_WRITE_BYTES = 64 * 1024

# Long enough for the network to send earlier writes. Wall time: the sandbox's clock may be frozen.
_SEGMENT_SECONDS = 0.02


class ConnectionControl(Protocol):
    """ASGI extension by which an application ends a connection below HTTP, or sees that its client has."""

    @property
    def is_lost(self) -> bool:
        """True once the client has disconnected."""

    def look(self) -> None:
        """Notice a disconnect also while nothing is read."""

    def give_way(self) -> None:
        """End the connection of a client that is slow while others wait for the memory of its request."""

    def close(self) -> None:
        """Send a FIN, even when the response is incomplete."""

    def reset(self) -> None:
        """Send a RST."""


class FramedResponse(Response):
    """Starlette response that sends a reply after `delay` microseconds, and counts what was sent.

    `frames_sent` counts frames; `answered` is the time of the first byte; `abandoned` is True when the client
    disconnected before the end; `simulated_delay` is the time that a frozen clock skipped. Times are in microseconds.
    """

    def __init__(self, reply: Reply, sandbox: Sandbox, delay: int = 0) -> None:
        # Starlette's own constructor would render and copy the body and headers.
        self.reply = reply
        self.status_code = reply.status
        self.raw_headers = list(reply.headers)
        self.background = None
        self._head_sent = False
        self.frames_sent = 0
        self.answered = 0
        self.abandoned = False
        self.simulated_delay = 0
        self._delay = delay
        self._clock = sandbox.clock
        self._delay_clock = sandbox.delay_clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.reply.ending != "complete" and connection_control(scope) is None:
            self.reply = _unsupported(self.reply.ending)
            self.status_code, self.raw_headers = self.reply.status, list(self.reply.headers)
        if self._delay and not await self._wait_delay(scope, receive):
            self.abandoned = True
            return
        control = connection_control(scope)
        if control is not None and control.is_lost:
            # During the work: nothing is sent.
            self.abandoned = True
            return
        if self._delay_clock is not self._clock:
            self.simulated_delay += max([0, *(frame.due for frame in self.reply.frames)])
        # Clients count `Retry-After` from the first byte, which they may read before the last one is sent.
        self.answered = self._clock.now()
        at_once = self._fits_one_write()
        try:
            sending = self._send_at_once(scope, send) if at_once else self._send_frames(scope, receive, send)
            if not await sending:
                self.abandoned = True
                return
        except asyncio.CancelledError:
            self._cut()
            raise
        if not at_once or self.reply.ending != "complete":
            await self._end_connection(scope, send)

    async def _wait_delay(self, scope: Scope, receive: Receive) -> bool:
        """Wait for the delay; return False when the client disconnected meanwhile."""
        clock = None if WITHOUT_WAITING in scope.get("extensions", {}) else self._delay_clock
        if clock is not self._clock:
            self.simulated_delay += self._delay
        if clock is None:
            return True
        watcher = DisconnectWatcher(receive)
        try:
            await watcher.wait_until(clock, clock.elapsed() + self._delay)
        finally:
            watcher.cancel()
        return not watcher.disconnected

    def _fits_one_write(self) -> bool:
        """Return True if all frames can be sent in one write."""
        frames = self.reply.frames
        if self._is_paced or not self.reply.has_head or any(frame.apart for frame in frames):
            return False
        return sum(len(frame.data) for frame in frames) <= MAX_WRITE_BYTES

    @property
    def _is_paced(self) -> bool:
        """True when frames have times to wait for."""
        return any(frame.due == NEVER or (frame.due and self._delay_clock is not None) for frame in self.reply.frames)

    async def _send_at_once(self, scope: Scope, send: Send) -> bool:
        """Send all of a complete response, else the head and the frames; return False as `_send_frames` does."""
        await self._send_head(scope, send)
        control = connection_control(scope)
        if control is not None and control.is_lost:
            # While the head waited for earlier responses to be taken.
            return False
        await send(_body(self.reply.body, more=self.reply.ending != "complete"))
        self.frames_sent = len(self.reply.frames)
        return True

    async def _send_frames(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Send the frames; return False when the client disconnected before the end."""
        clock = self._delay_clock or self._clock
        start = clock.elapsed()
        watcher = DisconnectWatcher(receive)
        try:
            for frames in self._writes():
                first = frames[0]
                if first.apart:
                    await asyncio.sleep(_SEGMENT_SECONDS)
                if first.due == NEVER:
                    await watcher.wait()
                elif first.due and self._delay_clock is not None:
                    await watcher.wait_until(clock, start + first.due)
                if watcher.disconnected:
                    return False
                if not self._head_sent:
                    await self._send_head(scope, send)
                await send(_body(b"".join([frame.data for frame in frames]), more=True))
                # The client may have disconnected while the write was blocked; these frames are lost then.
                if watcher.disconnected:
                    return False
                self.frames_sent += len(frames)
        finally:
            watcher.cancel()
        return True

    def _cut(self) -> None:
        """Record that the end of the server cuts the response: a stream costs what was sent, another body nothing."""
        self.reply = replace(self.reply, fault=STOPPED, undelivered=not self.reply.is_stream)

    def _writes(self) -> Iterator[tuple[Frame, ...]]:
        """Yield the frames of each write: one by one in a paced reply, else grouped by size."""
        frames, paced = self.reply.frames, self._is_paced
        start = size = 0
        for index, frame in enumerate(frames):
            size += len(frame.data)
            following = frames[index + 1] if index + 1 < len(frames) else None
            if paced or frame.apart or following is None or following.apart or size >= MAX_WRITE_BYTES:
                yield frames[start : index + 1]
                start, size = index + 1, 0

    async def _send_head(self, scope: Scope, send: Send) -> None:
        self._head_sent = True
        headers = [*self.raw_headers, *self._length_headers(scope)]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})

    def _length_headers(self, scope: Scope) -> tuple[Header, ...]:
        """Return the ``content-length`` that HTTP/1.0 clients need (W9); larger than a body that is cut short."""
        if scope.get("http_version") != "1.0" or any(name == b"content-length" for name, _ in self.reply.headers):
            return ()
        length = len(self.reply.body) + (self.reply.ending != "complete")
        return ((b"content-length", b"%d" % length),)

    async def _end_connection(self, scope: Scope, send: Send) -> None:
        if self.reply.ending == "complete":
            await send(_body(b"", more=False))
            return
        control = connection_control(scope)
        if control is not None and self.reply.ending == "close":
            control.close()
        elif control is not None:
            if self._head_sent:
                # A reset drops data that is not sent yet.
                await asyncio.sleep(_SEGMENT_SECONDS)
            control.reset()


def stopped_reply() -> Reply:
    """Return the error for a request that the end of the server prevents."""
    spec = SERVICE_UNAVAILABLE
    error = {"message": "The server is stopping", "type": spec.type, "code": spec.code}
    reply = json_reply(msgspec.json.encode({"error": error}), 503)
    return replace(reply, code=spec.code, message=error["message"], fault=STOPPED, undelivered=True)


def connection_control(scope: Scope) -> ConnectionControl | None:
    """Return the server's extension, None if it has none."""
    control: ConnectionControl | None = scope.get("extensions", {}).get(CONNECTION_CONTROL)
    return control


def _unsupported(ending: Ending) -> Reply:
    """Return the error in place of a fault that this server cannot perform."""
    spec = ERROR_BY_CODE["internal_error"]
    message = f"This server cannot {ending} a connection; clevora-mock serve can"
    body = {"error": {"message": message, "type": spec.type, "code": spec.code}}
    return replace(json_reply(msgspec.json.encode(body), spec.status), code=spec.code)


def _body(body: bytes, *, more: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": more}
