"""Time as a value: the only module that reads it.

A moment is a whole number of microseconds since 1970-01-01T00:00:00Z, so that sums of moments are exact. A `Clock` maps
wall time to a sandbox's time along a straight line: ``real`` runs with the wall, ``scaled`` at a multiple of its speed,
``frozen`` not at all. Moving the clock bends the line; whoever waits on it is woken when their moment has come, however
it came.
"""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

Mode = Literal["real", "frozen", "scaled"]

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND

# Where a frozen clock starts unless told otherwise, so that two runs agree.
FROZEN_START = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z

# As late as a clock can be set, so that every date has four digits for its year.
LAST = 253_402_300_799 * SECOND  # 9999-12-31T23:59:59Z

# The most seconds that pass in one second.
MAX_SPEED = 1_000_000


def wall() -> int:
    """The machine's own time, in microseconds since 1970."""
    return time.time_ns() // 1000


def iso(moment: int) -> str:
    """`moment` as the API prints it: ``2026-05-11T14:21:08.531Z``."""
    seconds, micros = divmod(moment, SECOND)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{micros // 1000:03d}Z"


def iso_micros(moment: int) -> str:
    """`moment` with six fractional digits, as Dodo Payments prints it."""
    seconds, micros = divmod(moment, SECOND)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{micros:06d}Z"


def http_date(seconds: int) -> str:
    """A ``date`` header's value for a time in whole seconds since 1970."""
    year, month, day, hour, minute, second, weekday = time.gmtime(seconds)[:7]
    name = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[weekday]
    month_name = "JanFebMarAprMayJunJulAugSepOctNovDec"[month * 3 - 3 : month * 3]
    return f"{name}, {day:02d} {month_name} {year:04d} {hour:02d}:{minute:02d}:{second:02d} GMT"


def day_of(moment: int) -> int:
    """The UTC day that `moment` falls on, counted from 1970-01-01."""
    return moment // DAY


def date(day: int) -> str:
    """A counted day as ``2026-05-11``."""
    return iso(day * DAY)[:10]


def parse(text: str) -> int:
    """The moment that an RFC 3339 text names; a time without an offset is UTC. Raises ValueError."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        read = read.replace(tzinfo=UTC)
    since = read - datetime.fromtimestamp(0, UTC)
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def read_duration(text: str) -> int:
    """``250ms``, ``2s``, ``1.5m`` in microseconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text, re.ASCII)
    if not found or len(text) > 20:
        raise ValueError("expected a duration such as 250ms, 2s or 1m")
    return round(float(found[1]) * {"ms": SECOND // 1000, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}[found[2]])


class Timer:
    """Somebody's wait for a moment; `cancel` ends it."""

    __slots__ = ("_callback", "_clock", "handle", "moment")

    def __init__(self, clock: "Clock", moment: int, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._callback = callback
        self.moment = moment
        self.handle: asyncio.Handle | None = None

    def fire(self) -> None:
        # The loop's timers have their own resolution and may come a moment early.
        if self._clock.now() < self.moment:
            self._clock.arm(self)
        else:
            self.cancel()
            self._callback()

    def cancel(self) -> None:
        if self.handle is not None:
            self.handle.cancel()
        self._clock.timers.pop(self, None)


class Clock:
    """One sandbox's time: ``now = anchor + (wall - wall anchor) x speed``."""

    def __init__(
        self,
        mode: Mode = "real",
        *,
        start: int | None = None,
        speed: float = 1.0,
        read: Callable[[], int] = wall,
    ) -> None:
        self._read = read
        self._beginning = (mode, start, speed)
        # In the order in which they were asked for, as a set would not keep it.
        self.timers: dict[Timer, None] = {}
        self.restart()

    def restart(self) -> None:
        """Go back to how the clock was made; a real one, or one without a start, to the present."""
        mode, start, speed = self._beginning
        self.mode: Mode = mode
        self.speed = _speed(mode, speed)
        self._wall = self._read()
        self._now = start if start is not None else FROZEN_START if mode == "frozen" else self._wall
        self._rearm()

    def now(self) -> int:
        """The present moment here."""
        if self.speed == 1.0:
            return self._now + self._read() - self._wall
        return self._now + int((self._read() - self._wall) * self.speed)

    def set(self, moment: int) -> None:
        """Jump to `moment`; whoever waited for one that is now past is woken."""
        self._wall = self._read()
        self._now = moment
        self._rearm()

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`."""
        self.set(self.now() + round(seconds * SECOND))

    @property
    def ahead(self) -> int:
        """How far this clock is from the wall's, in microseconds."""
        return self.now() - self._read()

    def run_ahead(self, micros: int) -> None:
        """Be `micros` from the wall's clock, or as far as the bounds allow."""
        self.set(min(max(0, self._read() + micros), LAST))

    def run(self, mode: Mode, speed: float = 1.0) -> None:
        """Go on from the present moment in another mode."""
        now = self.now()
        self.mode = mode
        self.speed = _speed(mode, speed)
        self.set(now)

    def call_at(self, moment: int, callback: Callable[[], None]) -> Timer:
        """Have `callback` called, on the running event loop, once the time here is `moment` or later."""
        timer = Timer(self, moment, callback)
        self.timers[timer] = None
        self.arm(timer)
        return timer

    def arm(self, timer: Timer) -> None:
        """Have the running event loop fire `timer` when its moment comes; a frozen clock has to be moved first."""
        now = self.now()
        if timer.handle is not None:
            timer.handle.cancel()
            timer.handle = None
        loop = asyncio.get_running_loop()
        if timer.moment <= now:
            timer.handle = loop.call_soon(timer.fire)
        elif self.speed:
            timer.handle = loop.call_later((timer.moment - now) / (SECOND * self.speed), timer.fire)

    def _rearm(self) -> None:
        # Those whose moments a jump has passed are woken in the order of their moments.
        for timer in sorted(self.timers, key=lambda timer: timer.moment):
            self.arm(timer)


def _speed(mode: Mode, speed: float) -> float:
    return {"real": 1.0, "frozen": 0.0, "scaled": speed}[mode]
