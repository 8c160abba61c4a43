"""Pipelined requests: those of one connection that come before earlier ones have their responses."""

from typing import Any


class Pipeline:
    """The requests of a connection without a complete response, as uvicorn's RequestResponseCycles, oldest first.

    Up to `most_bytes` are received behind the running one.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._cycles: list[Any] = []

    def add(self, cycle: Any) -> None:
        self._cycles = [*(before for before in self._cycles if not before.response_complete), cycle]

    def running(self) -> Any:
        """Return the cycle whose response comes next; None while there is no request."""
        return next((cycle for cycle in self._cycles if not cycle.response_complete), None)

    def has_room(self, size: int) -> bool:
        """Count `size` bytes that have come; return True if they are for requests that wait, and more may come."""
        running = self.running()
        is_waiting = running is not None and running is not self._cycles[-1]
        self._bytes = self._bytes + size if is_waiting else 0
        return is_waiting and self._bytes <= self._most_bytes
