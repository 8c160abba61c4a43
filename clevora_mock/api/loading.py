"""What takes long to load: loaded by the first who asks for it, in a thread, so that nobody else waits."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Loaded = TypeVar("Loaded")


class Loading(Generic[Loaded]):
    """What `load` gives, once it is asked for."""

    def __init__(self, load: Callable[[], Loaded]) -> None:
        self._load = load
        self._future: asyncio.Future[Loaded] | None = None

    async def __call__(self) -> Loaded:
        if self._future is None:
            self._future = asyncio.ensure_future(asyncio.to_thread(self._load))
        # Shielded, for a client that gives up must not stop what others wait for.
        return self._future.result() if self._future.done() else await asyncio.shield(self._future)
