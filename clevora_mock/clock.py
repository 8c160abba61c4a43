"""Timestamps, durations and the clocks of sandboxes; the only module that reads the machine's time.

A timestamp is an integer of microseconds since 1970-01-01T00:00:00Z, so that sums are exact. A `Clock` is a linear
function of wall time: ``real`` has its speed, ``scaled`` a multiple of it, ``frozen`` stands still. A timer fires at an
elapsed time, which the clock reaches by running or by being set forward, and which goes on when it is set back. A delay
is over when the clock is frozen as well.
"""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

Mode = Literal["real", "frozen", "scaled"]

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND

# The default start of a frozen clock, fixed so that two runs agree.
FROZEN_START = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z

# The latest time to which a clock can be set, so that every year has four digits.
MAX_TIMESTAMP = 253_402_300_799 * SECOND  # 9999-12-31T23:59:59Z

# The bounds of a speed, in seconds of the clock per second of wall time.
MIN_SPEED = 1e-9
MAX_SPEED = 1_000_000

# The longest duration that is waited for: a year. Times that result stay far below what a snapshot can hold.
MAX_DURATION = 365 * DAY
LONGEST = "8760h"

# A timer of the event loop runs at most this long; what is due later is waited for in several.
_MAX_TIMER_SECONDS = 86_400.0

# A duration as a text, such as ``250ms``, ``2s`` or ``1.5m``.
DURATION = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$"


def wall_micros() -> int:
    """Return the machine's time, in microseconds since 1970."""
    return time.time_ns() // 1000


def monotonic_micros() -> int:
    """Return a time in microseconds that is never set back, for measuring how long something takes."""
    return time.monotonic_ns() // 1000


def sleep(seconds: float) -> None:
    """Wait in wall time, for programs without an event loop."""
    time.sleep(max(0.0, seconds))


def loop_seconds() -> float:
    """Return the running event loop's time in seconds, which no clock of a sandbox changes."""
    return asyncio.get_running_loop().time()


def iso(timestamp: int) -> str:
    """Format a timestamp as the API does: ``2026-05-11T14:21:08.531Z``."""
    seconds, micros = divmod(timestamp, SECOND)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{micros // 1000:03d}Z"


def iso_micros(timestamp: int) -> str:
    """Format a timestamp with six fractional digits, as Dodo Payments does."""
    seconds, micros = divmod(timestamp, SECOND)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{micros:06d}Z"


def http_date(seconds: int) -> str:
    """Format a time in seconds since 1970 as the value of a ``date`` header."""
    year, month, day, hour, minute, second, weekday = time.gmtime(seconds)[:7]
    name = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[weekday]
    month_name = "JanFebMarAprMayJunJulAugSepOctNovDec"[month * 3 - 3 : month * 3]
    return f"{name}, {day:02d} {month_name} {year:04d} {hour:02d}:{minute:02d}:{second:02d} GMT"


def day_of(timestamp: int) -> int:
    """Return the UTC day of a timestamp, counted from 1970-01-01."""
    return timestamp // DAY


def date(day: int) -> str:
    """Format a day counted from 1970-01-01 as ``2026-05-11``."""
    return iso(day * DAY)[:10]


def parse(text: str) -> int:
    """Return the timestamp of an RFC 3339 text; a time without an offset is UTC. Raises ValueError."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        read = read.replace(tzinfo=UTC)
    since = read - datetime.fromtimestamp(0, UTC)
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def read_duration(text: str, most: int = MAX_DURATION) -> int:
    """Return the microseconds, up to `most`, of a text such as ``250ms``, ``2s`` or ``1.5m``. Raises ValueError."""
    if not re.fullmatch(DURATION, text) or len(text) > 20:
        raise ValueError("expected a duration such as 250ms, 2s or 1m")
    number = text.rstrip("msh")
    units = {"ms": SECOND // 1000, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}
    micros = round(float(number) * units[text.removeprefix(number)])
    if micros > most:
        raise ValueError(f"expected a duration of at most {most // (3600 * SECOND)}h")
    return micros


class Timer:
    """A callback that is due at the elapsed time `due` of `clock`; a delay's as well when the clock is frozen."""

    __slots__ = ("_callback", "_clock", "_due", "_is_delay", "handle")

    def __init__(self, clock: "Clock", due: int, callback: Callable[[], None], *, is_delay: bool = False) -> None:
        self._clock = clock
        self._due = due
        self._callback = callback
        self._is_delay = is_delay
        self.handle: asyncio.Handle | None = None

    @property
    def remaining(self) -> int:
        """The microseconds until the timer is due; 0 or less if it is."""
        if self._is_delay and self._clock.mode == "frozen":
            return 0
        return self._due - self._clock.elapsed()

    def fire(self) -> None:
        # The event loop's timers are coarser than microseconds and may fire early.
        if self.remaining > 0:
            self._clock.arm(self)
        else:
            self.cancel()
            self._callback()

    def cancel(self) -> None:
        if self.handle is not None:
            self.handle.cancel()
        self._clock.timers.pop(self, None)


class Motion(Struct, frozen=True):
    """The linear function that a clock is: at the wall time `wall` it shows `now`."""

    mode: Mode
    speed: float
    wall: int
    now: int


class Clock:
    """One sandbox's time: ``now = anchor + (wall - wall anchor) * speed``.

    `start` is a timestamp, by default the present or, for a frozen clock, `FROZEN_START`. `speed` applies to the mode
    ``scaled`` only. `read` returns the wall time in microseconds.
    """

    def __init__(
        self,
        mode: Mode = "real",
        *,
        start: int | None = None,
        speed: float = 1.0,
        read: Callable[[], int] = wall_micros,
    ) -> None:
        self._read = read
        self._initial = (mode, start, speed)
        # A dict as an ordered set: timers that are due together fire in the order of their creation.
        self.timers: dict[Timer, None] = {}
        self.mode: Mode = "frozen"
        self.speed = 0.0
        # The sum of all jumps back.
        self.set_back = self._wall = self._now = 0
        self.restart()

    def restart(self) -> None:
        """Return to the initial mode, start and speed; without a start, to the present."""
        mode, start, speed = self._initial
        wall = self._read()
        default = FROZEN_START if mode == "frozen" else wall
        self.resume(Motion(mode, speed, wall, default if start is None else start))

    def now(self) -> int:
        """Return the clock's present timestamp."""
        if self.speed == 1.0:
            return self._now + self._read() - self._wall
        return self._now + int((self._read() - self._wall) * self.speed)

    def elapsed(self) -> int:
        """Return the clock's time without its jumps back, in microseconds; only differences have a meaning."""
        return self.now() + self.set_back

    def set(self, timestamp: int) -> None:
        """Jump to `timestamp`; timers that are due by then fire."""
        self.resume(Motion(self.mode, self.speed, self._read(), timestamp))

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.set(self.now() + round(seconds * SECOND))

    @property
    def wall_offset(self) -> int:
        """The difference between this clock and wall time, in microseconds."""
        return self.now() - self._read()

    @property
    def is_wall_time(self) -> bool:
        """True if this clock's times are the machine's, to the second."""
        return self.mode == "real" and abs(self.wall_offset) < SECOND

    def set_offset(self, micros: int) -> None:
        """Set the clock to wall time plus `micros`."""
        self.set(self._read() + micros)

    def set_mode(self, mode: Mode, speed: float = 1.0) -> None:
        """Continue from the present timestamp in another mode."""
        now = self.now()
        self.resume(Motion(mode, speed, self._read(), now))

    @property
    def motion(self) -> Motion:
        """The clock's function of wall time, by which it can `resume`."""
        return Motion(self.mode, self.speed, self._wall, self._now)

    def resume(self, motion: Motion) -> None:
        """Run on by another function: with an earlier one, as if nothing had been set since.

        A time before 1970 or after `MAX_TIMESTAMP` is replaced by the nearest one between.
        """
        before = self.now()
        self.mode, self.speed = motion.mode, _speed(motion.mode, motion.speed)
        self._wall, self._now = motion.wall, motion.now
        now = self.now()
        if not 0 <= now <= MAX_TIMESTAMP:
            self._wall, self._now = self._read(), min(max(0, now), MAX_TIMESTAMP)
        self.set_back += max(0, before - self.now())
        # Timers that a jump has passed fire in the order in which they were due.
        for timer in sorted(self.timers, key=lambda timer: timer.remaining):
            self.arm(timer)

    def call_at(self, elapsed: int, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the running event loop once so much time has elapsed by the clock."""
        return self._add(Timer(self, elapsed, callback))

    def call_after(self, elapsed: int, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the running event loop at the end of a delay, or once the clock is frozen."""
        return self._add(Timer(self, elapsed, callback, is_delay=True))

    def arm(self, timer: Timer) -> None:
        """Schedule `timer` on the running event loop; with a frozen clock, only once it is due."""
        remaining = timer.remaining
        if timer.handle is not None:
            timer.handle.cancel()
        loop = asyncio.get_running_loop()
        if remaining <= 0:
            timer.handle = loop.call_soon(timer.fire)
        elif self.speed:
            timer.handle = loop.call_later(min(remaining / (SECOND * self.speed), _MAX_TIMER_SECONDS), timer.fire)

    def _add(self, timer: Timer) -> Timer:
        self.timers[timer] = None
        self.arm(timer)
        return timer


def _speed(mode: Mode, speed: float) -> float:
    return {"real": 1.0, "frozen": 0.0, "scaled": speed}[mode]
