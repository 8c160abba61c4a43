"""Long work in a thread, so that the event loop and all other requests go on meanwhile."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

# Characters of work that the event loop does itself, in about a millisecond; handing it over takes a tenth of one.
MAX_INLINE = 8_000
# The size of work that takes long, whatever the size of the request.
LONG = MAX_INLINE + 1


class Background:
    """A thread for the long work of a server.

    There is one thread, since several would take the interpreter from the event loop in turns. None of the work may
    spend long in one call of C code, which keeps the interpreter.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, "clevora-mock-work")

    async def run(self, size: int, work: Callable[[], T]) -> T:
        """Return the result of `work`, which takes as long as `size` characters of text do."""
        if size <= MAX_INLINE:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
