"""Answers that leave in pieces: server-sent events, and whatever a fault makes of an answer (contract S1-S6).

The answer is whole before its first byte, so sending it is only a matter of pace. Without one, frames leave in as few
writes as their size allows. With one, each has a deadline counted from the start, so lateness never adds up; and who
leaves meanwhile is noticed at once and pays for what had been sent.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from msgspec import Struct
from starlette.types import Receive, Scope, Send

from clevora_mock.clock import SECOND, Clock
from clevora_mock.core.call import Call
from clevora_mock.core.chance import Draws

# The most that leaves in one write; a client that goes away is noticed between two of them.
WRITE_BYTES = 64 * 1024

# Long enough for the network to send what was written before; wall time, whatever the sandbox's clock says.
_SEGMENT_SECONDS = 0.02

# The server's own handle on the connection, in the scope's extensions.
WIRE = "clevora_mock.wire"

Ending = Literal["finish", "close", "reset"]


class Wire(Protocol):
    """What a server lets the application do below HTTP."""

    def close(self) -> None:
        """Close the connection in good order, whatever the answer still lacks."""

    def reset(self) -> None:
        """Reset the connection."""


class Pace(Struct, frozen=True):
    """When a stream's events leave: the first content after `first`, then so many a second, give or take a share."""

    tokens_per_second: float | None = None
    first: int = 0
    jitter: float = 0.0

    def deadlines(self, frames: int, draws: Draws) -> list[int | None]:
        """For each frame, its microseconds from the start; the role leaves at once."""
        step = SECOND / self.tokens_per_second if self.tokens_per_second else 0.0
        moment = float(self.first)
        deadlines: list[int | None] = [0]
        for _ in range(frames - 1):
            deadlines.append(round(moment))
            moment += step * (1 + self.jitter * (draws.below(2001) / 1000 - 1) if self.jitter else 1)
        return deadlines


class Events:
    """A stream's events, which all begin alike: with `start`, and then each with its own of `rests`."""

    __slots__ = ("rests", "start")

    def __init__(self, start: bytes, rests: list[bytes]) -> None:
        self.start = start
        self.rests = rests

    def __len__(self) -> int:
        return len(self.rests)

    def whole(self) -> bytes:
        return self.start + self.start.join(self.rests)

    def frames(self) -> list[bytes]:
        return [self.start + rest for rest in self.rests]


class Transmission:
    """An answer in frames: an ASGI application that sends itself.

    `settle` is told, once and however it ends, how many frames were sent. `deadlines`, one for each frame, are in
    microseconds from the start, and None is never: silence until the client gives up. Without deadlines everything
    leaves at once. `ending` says how the connection ends; what is not "finish" needs a server that gives its wire.
    """

    def __init__(
        self,
        frames: list[bytes] | Events,
        headers: list[tuple[bytes, bytes]],
        call: Call,
        settle: Callable[[int], None] = lambda sent: None,
    ) -> None:
        self.status_code = 200
        self.raw_headers = headers
        self._frames = frames
        self.call = call
        self.settle = settle
        self.deadlines: list[int | None] | None = None
        self.ending: Ending = "finish"
        # The frame that must not share a TCP segment with the one before it.
        self.apart: int | None = None
        # A connection may end before a byte of the answer.
        self.silent = False
        self._begun = False
        self._sent = 0
        self._finished = False

    @property
    def frames(self) -> list[bytes]:
        """The frames one by one; a stream that leaves at once is never taken apart."""
        if isinstance(self._frames, Events):
            self._frames = self._frames.frames()
        return self._frames

    @frames.setter
    def frames(self, frames: list[bytes]) -> None:
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            deadlines = None if self.deadlines is None else self._deadlines(self.deadlines)
            body = self._in_one_write() if deadlines is None else None
            if body is not None:
                await self._send_at_once(body, send)
                whole = True
            else:
                whole = await self._send_watched(deadlines, receive, send)
            if not whole:
                self.call.abandoned = True
            elif not self._finished:
                await self._end(scope, send)
        finally:
            if not self._begun:
                self.call.status = 0
            self.settle(self._sent)

    def _deadlines(self, deadlines: list[int | None]) -> list[int | None] | None:
        """Those of the deadlines that have to be waited for; None when there are none."""
        sandbox = self.call.sandbox
        if sandbox.pacemaker is sandbox.clock:
            return deadlines
        # A frozen clock does not see the wait, so it is written down.
        finite = [deadline for deadline in deadlines if deadline is not None]
        self.call.waited += finite[-1] if finite else 0
        if sandbox.pacemaker is not None:
            return deadlines
        # Nothing moves it on either, so nobody waits.
        return None if len(finite) == len(deadlines) else [0] * len(finite) + [None] * (len(deadlines) - len(finite))

    def _in_one_write(self) -> bytes | None:
        """All frames together; None when that is too much, or not what is wanted."""
        if self.apart is not None or self.silent:
            return None
        frames = self._frames
        body = frames.whole() if isinstance(frames, Events) else b"".join(frames)
        return body if len(body) <= WRITE_BYTES else None

    async def _send_at_once(self, body: bytes, send: Send) -> None:
        await self._start(send)
        self._finished = self.ending == "finish"
        await send(_body(body, more=not self._finished))
        self._sent = len(self._frames)

    async def _send_watched(self, deadlines: list[int | None] | None, receive: Receive, send: Send) -> bool:
        """Send frame by frame, or write by write; False when the client left before the end."""
        pacemaker = self.call.sandbox.pacemaker
        start = pacemaker.now() if pacemaker is not None else 0
        departure = Departure(receive)
        try:
            for count, body, deadline in _portions(self.frames, deadlines, self.apart):
                if count - 1 == self.apart:
                    await asyncio.sleep(_SEGMENT_SECONDS)
                if deadline is None:
                    await departure.itself()
                elif deadline and pacemaker is not None:
                    await departure.or_moment(pacemaker, start + deadline)
                if departure.happened:
                    return False
                if not self._begun:
                    await self._start(send)
                await send(_body(body, more=True))
                # A write that has to wait for the client gives it the time to leave.
                self._sent = count
            if not self._begun and not self.silent:
                await self._start(send)
        finally:
            departure.forget()
        return True

    async def _start(self, send: Send) -> None:
        self._begun = True
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    async def _end(self, scope: Scope, send: Send) -> None:
        if self.ending == "finish":
            await send(_body(b"", more=False))
            return
        wire: Wire | None = scope.get("extensions", {}).get(WIRE)
        if wire is None:
            raise ConnectionAbortedError(f"this server cannot {self.ending} a connection")
        if self.ending == "reset":
            if self._begun:
                # A reset drops what has not left yet.
                await asyncio.sleep(_SEGMENT_SECONDS)
            wire.reset()
        else:
            wire.close()


class Departure:
    """Whether the client has left, watched for while something else goes on."""

    def __init__(self, receive: Receive) -> None:
        self._waiting: asyncio.Future[None] | None = None
        self._watch = asyncio.get_running_loop().create_task(self._look_out(receive))

    @property
    def happened(self) -> bool:
        return self._watch.done()

    async def itself(self) -> None:
        """Return when the client has left."""
        await asyncio.wait([self._watch])

    async def or_moment(self, clock: Clock, moment: int) -> None:
        """Return when the client has left or it is `moment`, whichever comes first."""
        if self.happened or moment <= clock.now():
            return
        self._waiting = asyncio.get_running_loop().create_future()
        timer = clock.call_at(moment, self._wake)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None

    def forget(self) -> None:
        self._watch.cancel()

    async def _look_out(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        # A task is done only after its last step, which is too late for whoever is woken here.
        asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


def _body(body: bytes, *, more: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _portions(
    frames: list[bytes], deadlines: list[int | None] | None, apart: int | None
) -> Iterator[tuple[int, bytes, int | None]]:
    """What leaves together: how many frames are out after it, its bytes, its deadline."""
    if deadlines is not None:
        for index, (frame, deadline) in enumerate(zip(frames, deadlines, strict=True)):
            yield index + 1, frame, deadline
        return
    start = size = 0
    for index, frame in enumerate(frames):
        size += len(frame)
        if size >= WRITE_BYTES or index == len(frames) - 1 or apart in (index, index + 1):
            yield index + 1, b"".join(frames[start : index + 1]), 0
            start, size = index + 1, 0
