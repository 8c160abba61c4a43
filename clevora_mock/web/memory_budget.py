"""Memory for large bodies and answers, which wait for their turn, so that a server's memory is bounded."""

import asyncio
from collections import deque

# Requests for at most this fraction of a budget, one sixteenth, overtake those that wait.
_LITTLE = 16


class MemoryBudget:
    """A number of bytes that requests share. Those that want more than is left wait, in their order.

    One that wants more than there is at all gets it alone. One that wants little overtakes those that wait.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, size: int) -> None:
        """Wait until `size` bytes are free, and take them."""
        if self._fits(size) and (not self._waiting or size * _LITTLE <= self._size):
            self._used += size
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(size)
            self._admit()
            raise

    def release(self, size: int) -> None:
        """Give `size` bytes back."""
        self._used -= size
        self._admit()

    def _fits(self, size: int) -> bool:
        return not self._used or self._used + size <= self._size

    def _admit(self) -> None:
        while self._waiting and (self._waiting[0][1].done() or self._fits(self._waiting[0][0])):
            size, turn = self._waiting.popleft()
            # A cancelled one waits no longer.
            if not turn.done():
                self._used += size
                turn.set_result(None)


class MemoryShare:
    """The part of a budget that one request holds."""

    __slots__ = ("_budget", "_size")

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._size = 0

    async def hold(self, size: int) -> None:
        """Wait until the request holds `size` bytes in place of those before.

        Those are given back first, so that no two requests wait for each other.
        """
        self.shrink(0)
        await self._budget.acquire(size)
        self._size = size

    def shrink(self, size: int) -> None:
        """Hold at most `size` bytes from now on."""
        if size < self._size:
            given, self._size = self._size - size, size
            self._budget.release(given)
