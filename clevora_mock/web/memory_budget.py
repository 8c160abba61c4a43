"""Memory for large bodies and answers, which wait for their turn, so that a server's memory is bounded."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Message

from clevora_mock.clock import loop_seconds
from clevora_mock.web.framed_response import ConnectionControl

# A quarter of a budget is for requests that want at most 1/32 of it: neither they nor larger ones hold up the others.
SMALL_PART = 4
SMALL_SHARE = 32
# Seconds that a client may keep others waiting, and the bytes a second by which it gains more of them, up to as many.
PATIENCE_SECONDS = 3.0
BYTES_PER_SECOND = 2 * 1024 * 1024
# The interval of looks for clients that have left or are slow, as long as requests wait.
_LOOK_SECONDS = 0.5


class MemoryBudget:
    """A number of bytes that requests share. Those that want more than is left wait, in their order.

    One that wants more than there is at all gets it alone.
    """

    def __init__(self, size: int) -> None:
        self._largest_small = size // SMALL_SHARE
        self._small, self._large = MemoryQueue(size // SMALL_PART), MemoryQueue(size - size // SMALL_PART)

    def queue(self, size: int) -> "MemoryQueue":
        """Return the part of the budget for a request that wants `size` bytes."""
        return self._small if size <= self._largest_small else self._large


class MemoryQueue:
    """A number of bytes, and the requests that hold and want some of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        # A dict as an ordered set.
        self._holding: dict[MemoryShare, None] = {}
        self._waiting: deque[tuple[MemoryShare, int, asyncio.Future[None]]] = deque()

    async def acquire(self, share: "MemoryShare", size: int) -> None:
        """Wait until `size` bytes are free, and take them. Raises ClientDisconnect."""
        if self._waiting or not self._fits(size):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append((share, size, turn))
            if len(self._waiting) == 1:
                self._look_later()
            try:
                await turn
            except BaseException:
                # One that is cancelled as its turn comes gives it on.
                if turn.done() and not turn.cancelled() and turn.exception() is None:
                    self._used -= size
                self._admit()
                raise
        else:
            self._used += size
        self._holding[share] = None

    def release(self, share: "MemoryShare", size: int) -> None:
        """Take `size` bytes back from a share."""
        if not share.size:
            del self._holding[share]
        self._used -= size
        self._admit()

    def _fits(self, size: int) -> bool:
        return not self._used or self._used + size <= self._size

    def _admit(self) -> None:
        while self._waiting and (self._waiting[0][2].done() or self._fits(self._waiting[0][1])):
            _, size, turn = self._waiting.popleft()
            # A cancelled one waits no longer.
            if not turn.done():
                self._used += size
                turn.set_result(None)

    def _look_later(self) -> None:
        asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """Let no one wait whose client has left, nor for a client that is slow."""
        for share, _, turn in self._waiting:
            if not turn.done() and share.has_left():
                turn.set_exception(ClientDisconnect())
        for share in [share for share in self._holding if self._waiting and share.is_slow()]:
            share.give_way()
        self._admit()
        if self._waiting:
            self._look_later()


class MemoryShare:
    """The `size` bytes of a budget that one request holds; its `client` is None if the connection is not known."""

    __slots__ = ("_budget", "_client", "_patience", "_queue", "_since", "size")

    def __init__(self, budget: MemoryBudget, client: ConnectionControl | None = None) -> None:
        self._budget = budget
        self._client = client
        self._queue = budget.queue(0)
        self.size = 0
        # In seconds, and since when the server waits for the client, by the event loop's time.
        self._patience = PATIENCE_SECONDS
        self._since: float | None = None

    async def hold(self, size: int) -> None:
        """Wait until the request holds `size` bytes in place of those before. Raises ClientDisconnect.

        Those are given back first, so that no two requests wait for each other.
        """
        self.shrink(0)
        queue = self._budget.queue(size)
        await queue.acquire(self, size)
        self._queue, self.size = queue, size
        self._patience, self._since = PATIENCE_SECONDS, None
        if self.has_left():
            raise ClientDisconnect

    def shrink(self, size: int) -> None:
        """Hold at most `size` bytes from now on."""
        if size < self.size:
            given, self.size = self.size - size, size
            self._queue.release(self, given)

    def timed(self, part: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """Return ASGI's `receive` or `send`, by which the client gives way if it is slow while others wait.

        That is `part` itself, unless the request holds memory.
        """
        return partial(self._time, part) if self.size else part

    async def _time(self, part: Callable[..., Awaitable[Any]], *sent: Message) -> Message | None:
        """Count the time and the bytes of a part that is received, or `sent`."""
        self._since = loop_seconds()
        received: Message | None = await part(*sent)
        gained = len((received or sent[0]).get("body", b"")) / BYTES_PER_SECOND
        self._patience = min(PATIENCE_SECONDS, self._patience - self._waited() + gained)
        self._since = None
        return received

    def has_left(self) -> bool:
        """Tell whether the client has disconnected."""
        if self._client is None:
            return False
        self._client.look()
        return self._client.is_lost

    def is_slow(self) -> bool:
        """Tell whether the server has waited too long for the client."""
        return self._waited() > self._patience

    def give_way(self) -> None:
        """End the connection, so that the request ends and holds nothing."""
        if self._client is not None:
            self._client.give_way()

    def _waited(self) -> float:
        return 0.0 if self._since is None else loop_seconds() - self._since
