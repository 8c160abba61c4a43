"""What the properties share: time that costs none, and an own idea of how tokens are counted."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, TypeVar

import httpx

from clevora_mock.clock import FROZEN_START, Clock
from clevora_mock.core.sandbox import Sandbox, StartupScenario
from clevora_mock.core.scenario import DEFAULT
from clevora_mock.settings import Settings

T = TypeVar("T")

# Making one reads every certificate of the machine, which takes longer than most requests.
TLS = httpx.create_ssl_context()

# Names of sandboxes that no other example of the run has.
_numbers = count()


def fresh_name() -> str:
    return f"p{next(_numbers)}"


class StillSettings(Settings, frozen=True):
    """Settings whose clocks wait for their moments as real ones do, on a wall clock that stands still."""

    def make_clock(self) -> Clock:
        return still_clock()


def still_clock() -> Clock:
    """A clock of `StillSettings`."""
    return Clock("real", start=FROZEN_START, read=lambda: 0)


def bare_sandbox(clock: Clock) -> Sandbox:
    """A sandbox of no server, in which nothing is set going."""
    return Sandbox("alone", Settings().sandbox_config(), clock, StartupScenario(DEFAULT))


class _Skipping(selectors.SelectSelector):
    """Instead of waiting, says how long it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits for something that never comes")
        self.skipped += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which a wait is over at once and yet took its time."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.skipped

    def micros(self) -> int:
        """The loop's time as a wall clock in microseconds."""
        return int(self.time() * 1_000_000)


def virtually(work: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run `work` in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work(loop))
    finally:
        loop.close()


def counted(text: str) -> int:
    """The tokens in `text`, counted one character at a time."""
    tokens = run = 0
    for character in text:
        if character.isalnum() or character == "_":
            tokens += run % 12 == 0
            run += 1
        else:
            tokens += not character.isspace()
            run = 0
    return tokens
