"""Small pieces of work of many requests, done one right after another.

Between two requests' turns at the same work, each goes its whole way through the server, and the processor has
forgotten what it needs. Work that waits for the end of the event loop's turn, and is then done for all who asked,
finds everything at hand.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


class Batch(Generic[Asked, Answered]):
    """Collects what is asked in one turn of the event loop; `work` answers all of it, one by one and in order."""

    def __init__(self, work: Callable[[list[Asked]], Iterable[Answered]]) -> None:
        self._work = work
        self._waiting: list[tuple[Asked, asyncio.Future[Answered]]] = []

    async def __call__(self, asked: Asked) -> Answered:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answered] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._run)
        self._waiting.append((asked, future))
        return await future

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
