"""Detection of a client's disconnect during a wait."""

import asyncio

from starlette.types import Receive

from clevora_mock.clock import Clock


class DisconnectWatcher:
    """Watcher for ``http.disconnect`` in a separate task; `cancel` ends it."""

    def __init__(self, receive: Receive) -> None:
        self._waiting: asyncio.Future[None] | None = None
        self._task = asyncio.get_running_loop().create_task(self._watch(receive))

    @property
    def disconnected(self) -> bool:
        return self._task.done()

    async def wait(self) -> None:
        """Return once the client has disconnected."""
        await asyncio.wait([self._task])

    async def wait_until(self, clock: Clock, moment: int) -> None:
        """Return once the client has disconnected, or at `moment` of the elapsed time of `clock`."""
        if self.disconnected or moment <= clock.elapsed():
            return
        self._waiting = asyncio.get_running_loop().create_future()
        timer = clock.call_after(moment, self._wake)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None

    def cancel(self) -> None:
        self._task.cancel()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        # `disconnected` is true only after this task has ended, so the waiter is woken one step later.
        asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
