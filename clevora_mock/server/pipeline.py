"""HTTP pipelining: requests that arrive before earlier ones of their connection have their responses."""

from typing import Any


class Pipeline:
    """The requests of a connection without a complete response, as uvicorn's RequestResponseCycles, oldest first.

    Up to `max_bytes` are received while an earlier request runs.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._cycles: list[Any] = []

    def add(self, cycle: Any) -> None:
        self._cycles = [*(before for before in self._cycles if not before.response_complete), cycle]

    def running(self) -> Any:
        """Return the oldest cycle, whose response is next; None without a request."""
        return next((cycle for cycle in self._cycles if not cycle.response_complete), None)

    def has_room(self, size: int) -> bool:
        """Count `size` received bytes; return True if they are of waiting requests, and within the limit."""
        running = self.running()
        is_waiting = running is not None and running is not self._cycles[-1]
        self._bytes = self._bytes + size if is_waiting else 0
        return is_waiting and self._bytes <= self._max_bytes
