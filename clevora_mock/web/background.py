"""Long work in a thread, so that the event loop and all other requests go on meanwhile."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeVar
from weakref import finalize

T = TypeVar("T")

# Characters of work that the event loop does itself, in about a millisecond; handing it over takes a tenth of one.
MAX_INLINE = 8_000
# The size of work that takes long, whatever the size of the request.
LONG = MAX_INLINE + 1
# At the end of a server.
_GRACE_SECONDS = 0.5


class Background:
    """A thread for the long work of a server.

    There is one thread, since several would take the interpreter from the event loop in turns. None of the work may
    spend long in one call of C code, which keeps the interpreter. The thread does not keep the process from ending, and
    passes over the work for requests that are cancelled before it begins.
    """

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: Thread | None = None

    async def run(self, size: int, work: Callable[[], T]) -> T:
        """Return the result of `work`, which takes as long as `size` characters of text do."""
        if size <= MAX_INLINE:
            return work()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def work_for_request() -> None:
            if future.cancelled():
                return
            done: Callable[[], None]
            try:
                done = partial(future.set_result, work())
            except Exception as error:  # noqa: BLE001 - the request gets it
                done = partial(future.set_exception, error)
            # The event loop may have ended meanwhile.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_unless_cancelled, future, done)
            # The traceback of an error holds this frame, and all that the work had.
            del done

        self.start(work_for_request)
        try:
            return await future
        except Exception:
            # As above.
            del future
            raise

    async def finish(self) -> None:
        """Wait for the work that was started, but for `_GRACE_SECONDS` at most."""
        if self._thread is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.run(LONG, lambda: None), _GRACE_SECONDS)

    def wait(self) -> None:
        """Wait for all work that was started, once the event loop has ended."""
        if self._thread is not None:
            is_done = Event()
            self.start(is_done.set)
            is_done.wait()

    def start(self, work: Callable[[], None]) -> None:
        """Do `work`, which raises nothing, after all work that waits already."""
        if self._thread is None:
            # Not an executor of the standard library, whose threads keep a process from ending until they are done.
            self._thread = Thread(target=_work, args=(self._waiting,), name="clevora-mock-work", daemon=True)
            self._thread.start()
            finalize(self, self._waiting.put, None)
        self._waiting.put(work)


def _unless_cancelled(future: asyncio.Future[T], done: Callable[[], None]) -> None:
    if not future.cancelled():
        done()


def _work(waiting: SimpleQueue[Callable[[], None] | None]) -> None:
    while work := waiting.get():
        work()
        # Not kept while the thread waits.
        del work
