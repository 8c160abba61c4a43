"""Lines of recordings that are still to be written when their answers have been sent.

Masking a large answer takes seconds, for which its client need not wait. A server that stops waits for them.
"""

import asyncio
from collections.abc import Callable

from clevora_mock.web.background import LONG, Background

# The line of a smaller answer is written before its client sees the end, and stays even if the server is killed then.
MAX_AWAITED_BYTES = 64 * 1024
# Of the answers whose lines are written later; the client of one more waits for its line.
MAX_PENDING_BYTES = 32 * 1024 * 1024
# When the server stops.
_GRACE_SECONDS = 30


class PendingLines:
    """The lines to write; `log` gets a message about those that are not written in the end."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        # Of its own, so that other requests do not wait for it.
        self._thread = Background()
        self._bytes = 0
        self._running: set[asyncio.Task[None]] = set()

    async def write(
        self, background: Background, size: int, write: Callable[[], bool], on_lost: Callable[[], None]
    ) -> None:
        """Write the line of an answer of `size` bytes, and wait for it unless it is large.

        `on_lost` is called if `write` returns False, for a line that is not written.
        """
        if size <= MAX_AWAITED_BYTES:
            await _write(background, write, on_lost)
            return
        task = asyncio.create_task(_write(self._thread, write, on_lost))
        self._bytes += size
        self._running.add(task)
        task.add_done_callback(lambda task: self._end(task, size))
        if self._bytes > MAX_PENDING_BYTES:
            await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for the lines that are not written yet."""
        if self._running:
            _, left = await asyncio.wait(self._running, timeout=_GRACE_SECONDS)
            if left:
                self._log(f"{len(left):,} of the last answers are not recorded: the server has stopped")

    def _end(self, task: asyncio.Task[None], size: int) -> None:
        self._running.discard(task)
        self._bytes -= size
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log(f"an answer is not recorded: its line failed with {type(error).__name__}")


async def _write(thread: Background, write: Callable[[], bool], on_lost: Callable[[], None]) -> None:
    if not await thread.run(LONG, write):
        on_lost()
