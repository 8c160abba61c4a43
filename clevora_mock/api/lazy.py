"""Lazy loading."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class LazyAsync(Generic[T]):
    """A value that is loaded once, in a thread, on first use."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._future: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        if self._future is None:
            self._future = asyncio.ensure_future(asyncio.to_thread(self._load))
        # Shielded, since a client that disconnects must not cancel the loading for others.
        return self._future.result() if self._future.done() else await asyncio.shield(self._future)
