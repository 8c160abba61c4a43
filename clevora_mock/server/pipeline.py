"""HTTP pipelining: requests that arrive before earlier ones of their connection have their responses."""

from typing import Any

from clevora_mock.server.limits import ConnectionLimits


class Pipeline:
    """The requests of a connection without a complete response, as uvicorn's RequestResponseCycles, oldest first."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._bytes = 0
        self._cycles: list[Any] = []

    def add(self, cycle: Any) -> None:
        self._cycles = [*(before for before in self._cycles if not before.response_complete), cycle]

    def running(self) -> Any:
        """Return the oldest cycle, whose response is next; None without a request."""
        return next((cycle for cycle in self._cycles if not cycle.response_complete), None)

    def waiting(self) -> int:
        """Return the number of requests behind the running one."""
        return max(0, sum(1 for cycle in self._cycles if not cycle.response_complete) - 1)

    def count(self, size: int) -> None:
        """Count `size` received bytes, which are of waiting requests if there are any."""
        self._bytes = self._bytes + size if self.waiting() else 0

    def is_full(self) -> bool:
        """Tell whether as many requests wait as may do."""
        waiting = self.waiting()
        limits = self._limits
        return waiting >= limits.pipelined_requests or (waiting > 0 and self._bytes > limits.pipelined_bytes)
