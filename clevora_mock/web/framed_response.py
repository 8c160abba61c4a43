"""A response that sends a reply frame by frame, at the frames' times, and ends the connection as the reply says.

A reply is complete before its first byte, so sending is only a matter of pace. Frames without a time leave in as few
writes as their size allows. With times, lateness never adds up, since each is counted from the start; a client that
leaves meanwhile is noticed at once.
"""

import asyncio
from collections.abc import Iterator
from typing import Protocol

import msgspec
from msgspec.structs import replace
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from clevora_mock.contract.errors import ERROR_BY_CODE
from clevora_mock.core.reply import NEVER, Ending, Frame, Header, Reply, json_reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.web.disconnect import DisconnectWatcher

# The key of the server's ConnectionControl in the scope's extensions.
CONNECTION_CONTROL = "clevora_mock.connection"

# The most that leaves in one write; a client that leaves is noticed between two of them.
MAX_WRITE_BYTES = 64 * 1024

# Long enough for the network to send earlier writes; wall time, whatever the sandbox's clock says.
_SEGMENT_SECONDS = 0.02


class ConnectionControl(Protocol):
    """The ASGI extension by which an application ends a connection below HTTP."""

    def close(self) -> None:
        """Close the connection in good order, whatever the answer still lacks."""

    def reset(self) -> None:
        """Reset the connection."""


class FramedResponse(Response):
    """A reply on its way: a Starlette response that sends it after `delay` microseconds, and knows how far it got.

    `frames_sent` counts frames; `answered` is the moment of the first byte; `abandoned` is True when the client left
    first; `simulated_delay` is the time, in microseconds, that a frozen clock recorded instead of waiting for.
    """

    def __init__(self, reply: Reply, sandbox: Sandbox, delay: int = 0) -> None:
        # Starlette's own constructor would render and copy what is complete already.
        self.reply = reply
        self.status_code = reply.status
        self.raw_headers = list(reply.headers)
        self.background = None
        self._begun = False
        self.frames_sent = 0
        self.answered = 0
        self.abandoned = False
        self.simulated_delay = 0
        self._delay = delay
        self._clock = sandbox.clock
        self._delay_clock = sandbox.delay_clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.reply.ending != "complete" and _control(scope) is None:
            self.reply = _unsupported(self.reply.ending)
            self.status_code, self.raw_headers = self.reply.status, list(self.reply.headers)
        if self._delay and not await self._wait(receive):
            self.abandoned = True
            return
        if self._delay_clock is not self._clock:
            self.simulated_delay += max([0, *(frame.due for frame in self.reply.frames)])
        # A client counts `Retry-After` from the first byte, and may have read it before the sending is over.
        self.answered = self._clock.now()
        if self._leaves_at_once():
            finished = self.reply.ending == "complete"
            await self._send_head(scope, send)
            await send(_body(self.reply.body, more=not finished))
            self.frames_sent = len(self.reply.frames)
            if not finished:
                await self._end(scope, send)
        elif await self._send_frames(scope, receive, send):
            await self._end(scope, send)
        else:
            self.abandoned = True

    async def _wait(self, receive: Receive) -> bool:
        """Hold the answer back for the delay; False when the client left meanwhile."""
        clock = self._delay_clock
        if clock is not self._clock:
            self.simulated_delay += self._delay
        if clock is None:
            return True
        watcher = DisconnectWatcher(receive)
        try:
            await watcher.wait_until(clock, clock.now() + self._delay)
        finally:
            watcher.cancel()
        return not watcher.disconnected

    def _leaves_at_once(self) -> bool:
        """Tell whether all frames can leave in one write."""
        frames = self.reply.frames
        if self._is_paced or not self.reply.has_head or any(frame.apart for frame in frames):
            return False
        # The size of a body in one piece does not matter: it is billed whole, and its length is announced.
        return not self.reply.is_stream or sum(len(frame.data) for frame in frames) <= MAX_WRITE_BYTES

    @property
    def _is_paced(self) -> bool:
        """True where frames have times to wait for."""
        return any(frame.due == NEVER or (frame.due and self._delay_clock is not None) for frame in self.reply.frames)

    async def _send_frames(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Send frame by frame, or write by write; False when the client left before the end."""
        clock = self._delay_clock
        start = 0 if clock is None else clock.now()
        watcher = DisconnectWatcher(receive)
        try:
            for frames in self._writes():
                first = frames[0]
                if first.apart:
                    await asyncio.sleep(_SEGMENT_SECONDS)
                if first.due == NEVER:
                    await watcher.wait()
                elif first.due and clock is not None:
                    await watcher.wait_until(clock, start + first.due)
                if watcher.disconnected:
                    return False
                if not self._begun:
                    await self._send_head(scope, send)
                await send(_body(b"".join([frame.data for frame in frames]), more=True))
                # A write that has to wait for the client gives it the time to leave; what waited is lost then.
                if watcher.disconnected:
                    return False
                self.frames_sent += len(frames)
            if not self._begun and self.reply.has_head:
                await self._send_head(scope, send)
        finally:
            watcher.cancel()
        return True

    def _writes(self) -> Iterator[tuple[Frame, ...]]:
        """Group the frames that leave together: those of a paced reply singly, others by size."""
        frames, paced = self.reply.frames, self._is_paced
        start = size = 0
        for index, frame in enumerate(frames):
            size += len(frame.data)
            following = frames[index + 1] if index + 1 < len(frames) else None
            if paced or frame.apart or following is None or following.apart or size >= MAX_WRITE_BYTES:
                yield frames[start : index + 1]
                start, size = index + 1, 0

    async def _send_head(self, scope: Scope, send: Send) -> None:
        self._begun = True
        headers = [*self.raw_headers, *self._length(scope)]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})

    def _length(self, scope: Scope) -> tuple[Header, ...]:
        """Return the length that an HTTP/1.0 client needs (W9), and that an answer that breaks off falls short of."""
        if scope.get("http_version") != "1.0" or any(name == b"content-length" for name, _ in self.reply.headers):
            return ()
        length = len(self.reply.body) + (self.reply.ending != "complete")
        return ((b"content-length", b"%d" % length),)

    async def _end(self, scope: Scope, send: Send) -> None:
        if self.reply.ending == "complete":
            await send(_body(b"", more=False))
            return
        control = _control(scope)
        if control is not None and self.reply.ending == "close":
            control.close()
        elif control is not None:
            if self._begun:
                # A reset drops what has not left yet.
                await asyncio.sleep(_SEGMENT_SECONDS)
            control.reset()


def _control(scope: Scope) -> ConnectionControl | None:
    """Return the server's extension, None where it offers none."""
    control: ConnectionControl | None = scope.get("extensions", {}).get(CONNECTION_CONTROL)
    return control


def _unsupported(ending: Ending) -> Reply:
    """Return the answer in place of a fault that the server cannot carry out."""
    spec = ERROR_BY_CODE["internal_error"]
    message = f"This server cannot {ending} a connection; clevora-mock serve can"
    body = {"error": {"message": message, "type": spec.type, "code": spec.code}}
    return replace(json_reply(msgspec.json.encode(body), spec.status), code=spec.code)


def _body(body: bytes, *, more: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": more}
