"""A server that also counts what it holds, at ``/census``: ``python -m tests.external.soak.server``."""

import asyncio
import gc
import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clevora_mock.core.sandboxes import Sandboxes
from clevora_mock.server.service import Service
from clevora_mock.settings import Settings

# Entries of a journal, few enough that it drops some.
JOURNAL_SIZE = 1000

_CONNECTION_PARTS = ("FaultProtocol", "RequestResponseCycle", "Timeouts", "RequestParser")


class Holds:
    """The longest time that the event loop was held, in milliseconds of its own processor time.

    Other processes on the machine do not count, as they would in time by the clock.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, 1000 * (time.thread_time() - began))

    def take(self) -> float:
        """Return the longest time since the last call."""
        longest, self.longest = self.longest, 0.0
        return longest


async def census(request: Request) -> Response:
    """Count tasks, timers, descriptors, objects of connections and memory in MiB, with those of this request.

    `hold` is the longest time since the last request that the event loop was held, in milliseconds.
    """
    state = request.app.state
    state.holds = getattr(state, "holds", None) or Holds()
    hold = state.holds.take()
    gc.collect()
    sandboxes: Sandboxes = request.app.state.sandboxes
    kinds = Counter(type(one).__name__ for one in gc.get_objects())
    return JSONResponse(
        {
            "tasks": len(asyncio.all_tasks()),
            "timers": sum(len(sandbox.clock.timers) for sandbox in sandboxes.all()),
            "descriptors": _descriptors(),
            **{name: kinds[name] for name in _CONNECTION_PARTS},
            "memory": _resident_mib(),
            "hold": hold,
        }
    )


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _resident_mib() -> float:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


def main() -> None:
    settings = Settings(port=0, no_rate_limit=True, balance=10_000_000, journal_size=JOURNAL_SIZE)
    service = Service(settings)
    service.app.add_route("/census", census)
    ready: dict[str, Any] = {"url": service.url, "pid": os.getpid()}
    service.run(lambda: print("READY", json.dumps(ready), flush=True))


if __name__ == "__main__":
    main()
