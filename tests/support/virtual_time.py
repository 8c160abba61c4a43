"""An event loop with virtual time, in which waits take no real time."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _SkippingSelector(selectors.SelectSelector):
    """Selector that advances the virtual time instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0
        # Called, if it is set, instead of waiting.
        self.on_idle: Callable[[], None] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout != 0 and self.on_idle is not None:
            self.on_idle()
            return super().select(0)
        if timeout is None:
            raise RuntimeError("everybody waits for something that never comes")
        self.skipped += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose waits end at once and advance its time."""

    def __init__(self) -> None:
        self._skipping = _SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.skipped

    def micros(self) -> int:
        """Return the loop's time as a wall clock in microseconds."""
        return int(self.time() * 1_000_000)

    def run_until_idle(self) -> None:
        """Run all that is ready, and return before the first wait."""
        self._skipping.on_idle = self.stop
        try:
            self.run_forever()
        finally:
            self._skipping.on_idle = None


def run_virtually(work: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run `work` in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work(loop))
    finally:
        loop.close()
