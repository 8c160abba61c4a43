"""Small pieces of work of many requests, done one right after another.

Between two requests' turns at the same work, each goes its whole way through the server, and the processor has
forgotten what it needs. Work that waits until all who are there have asked, and is then done for all of them, finds
everything at hand.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

# So many do not wait for more.
_MOST = 64


class Batch(Generic[Asked, Answered]):
    """Collects what is asked until a turn of the event loop brings nothing new; `work` answers all of it, in order."""

    def __init__(self, work: Callable[[list[Asked]], Iterable[Answered]]) -> None:
        self._work = work
        self._waiting: list[tuple[Asked, asyncio.Future[Answered]]] = []

    async def __call__(self, asked: Asked) -> Answered:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answered] = loop.create_future()
        self._waiting.append((asked, future))
        if len(self._waiting) == 1:
            # One who is alone at the end of the turn does not wait for others.
            loop.call_soon(self._look, 1)
        return await future

    def _look(self, before: int) -> None:
        """See whether there are more than `before`."""
        found = len(self._waiting)
        if before < found < _MOST:
            asyncio.get_running_loop().call_soon(self._look, found)
        else:
            self._run()

    def _run(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            answers = self._work([asked for asked, _ in waiting])
            for (_, future), answer in zip(waiting, answers, strict=True):
                # Whoever asked may have given up.
                if not future.done():
                    future.set_result(answer)
        except Exception as error:  # noqa: BLE001 - it is theirs who wait for an answer
            for _, future in waiting:
                if not future.done():
                    future.set_exception(error)
