"""Timeouts of connections that wait for their clients."""

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

from clevora_mock.server.limits import ConnectionLimits

# The interval of checks for complete responses on a half-closed connection.
_STEP_SECONDS = 0.02
# The interval of looks for disconnects on a connection that is not read.
_LOOK_SECONDS = 0.5


class Connection(Protocol):
    """The part of a connection that its timeouts use."""

    def running(self) -> object | None:
        """Return the request whose response is not complete, if there is one."""

    def stop_receiving(self) -> None:
        """End a connection of which a request stays incomplete."""

    def close(self) -> None:
        """Close without a reset."""

    def check_left(self) -> None:
        """Notice a disconnect, without reading."""

    def drop(self) -> None:
        """Close at once, without what the client has not taken."""


class Timeouts:
    """A connection's timer for its requests, which each method restarts for another reason, and one for its reader."""

    def __init__(self, connection: Connection, limits: ConnectionLimits) -> None:
        self._connection = connection
        self._limits = limits
        self._timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None

    def idle(self) -> None:
        """Wait for a request to begin."""
        self._start(self._limits.idle_seconds, self._connection.close)

    def receiving(self) -> None:
        """Wait for more of a request."""
        self._start(self._limits.receive_seconds, self._connection.stop_receiving)

    def held(self) -> None:
        """Look from time to time whether a client has left whose connection is not read."""
        self._start(_LOOK_SECONDS, self._connection.check_left)

    def await_reader(self) -> None:
        """Wait for the client to take what was sent."""
        self.stop_reader()
        loop = asyncio.get_running_loop()
        self._reader_timer = loop.call_later(self._limits.idle_seconds, self._connection.drop)

    def stop_reader(self) -> None:
        """Wait no longer for the client to take what was sent."""
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    def half_closed(self) -> None:
        """Wait for the last response, and close after it."""
        self._wait_for_responses(self._limits.half_closed_seconds)

    def last_response(self) -> None:
        """Close after the last response, whenever it is complete."""
        self._wait_for_responses(math.inf)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait_for_responses(self, seconds: float) -> None:
        if seconds > 0 and self._connection.running() is not None:
            self._start(_STEP_SECONDS, lambda: self._wait_for_responses(seconds - _STEP_SECONDS))
        else:
            self._connection.close()

    def _start(self, seconds: float, work: Callable[[], None]) -> None:
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(seconds, work)
