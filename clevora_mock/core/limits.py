"""The two limits of a key: requests in a sliding minute, tokens in a UTC day (contract L1-L3).

The window is (now - 60 s, now], also after the clock was set back: later requests count once it reaches them again.
Only admitted requests count, so repeating a refused one has no effect, and the ``Retry-After`` of a 429 is exact: a
request one second earlier is refused again.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from contextlib import suppress
from typing import Annotated, Literal

from msgspec import Meta, Struct

from clevora_mock.clock import DAY, MINUTE, SECOND, day_of
from clevora_mock.contract.limits import MAX_COUNT, REQUESTS_PER_MINUTE, TOKENS_PER_DAY, counted
from clevora_mock.core.errors import ApiError
from clevora_mock.core.usage import DAYS

_HINT = "--no-rate-limit switches the limits off, and so does `limits` in a scenario"

# Requests of a key that are counted: a limit beyond it is never reached.
MAX_RECENT = 100_000

Limit = Annotated[int, Meta(ge=0, le=MAX_COUNT)]


class Limits(Struct, frozen=True):
    """The limits of a key; None is off."""

    requests_per_minute: Limit | None = REQUESTS_PER_MINUTE
    tokens_per_day: Limit | None = TOKENS_PER_DAY


# A sliding minute, one that begins with its first request, or the clock's own.
Window = Literal["sliding", "fixed", "aligned"]


class Counting(Struct, frozen=True):
    """The counting of requests: when they leave the minute, and those that failed later or were refused with 429.

    A request fails later with any error of its own after it was admitted: 400, 404 or 413.
    """

    window: Window = "sliding"
    count_failed: bool = True
    count_refused: bool = False


COUNTING = Counting()


class RateLimiter:
    """The requests of a key since a minute ago, in ascending order, and its tokens by UTC day."""

    __slots__ = ("recent", "tokens")

    def __init__(self) -> None:
        self.recent: deque[int] = deque()
        self.tokens: dict[int, int] = {}

    def acquire(self, now: int, limits: Limits, counting: Counting = COUNTING) -> None:
        """Count a request at `now`. Raises a 429 with ``Retry-After`` over a limit, and then counts nothing."""
        # The day first: its wait is longer, so a client that obeys it is not refused again.
        if limits.tokens_per_day is not None and self.tokens.get(day_of(now), 0) >= limits.tokens_per_day:
            raise ApiError(
                "daily_token_limit_exceeded",
                f"Daily token limit exceeded: {limits.tokens_per_day:,} tokens",
                hint=_HINT,
                retry_after=ceil_seconds((day_of(now) + 1) * DAY - now),
            )
        if limits.requests_per_minute is None:
            return
        recent = self.recent
        start = self._window_start(now, counting.window)
        while recent and recent[0] < start:
            recent.popleft()
        count = len(recent)
        # Requests after now are left by a clock that was set back.
        while count and recent[count - 1] > now:
            count -= 1
        if count >= limits.requests_per_minute:
            # If the limit was lowered, more than one request has to leave the window.
            leaves = recent[count - limits.requests_per_minute] if limits.requests_per_minute else now
            ends = (leaves if counting.window == "sliding" else start) + MINUTE
            if counting.count_refused:
                self._count(count, now)
            raise ApiError(
                "rate_limit_exceeded",
                f"Rate limit exceeded: {limits.requests_per_minute} requests per minute",
                hint=_HINT,
                retry_after=min(60, ceil_seconds(ends - now)),
            )
        self._count(count, now)

    def _count(self, index: int, now: int) -> None:
        """Insert a request at `index`; in place of the oldest one, if there are too many."""
        if len(self.recent) >= MAX_RECENT:
            self.recent.popleft()
            index = max(0, index - 1)
        self.recent.insert(index, now)

    def take_back(self, at: int) -> None:
        """Count a request that was admitted at the time `at` no longer."""
        # It may have left the window, and the limit may have been off.
        with suppress(ValueError):
            self.recent.remove(at)

    def left(self, now: int, limits: Limits, counting: Counting = COUNTING) -> tuple[int | None, int | None]:
        """Return the requests and the tokens that are left at `now`; None for a limit that is off."""
        start = self._window_start(now, counting.window)
        requests = bisect_right(self.recent, now) - bisect_left(self.recent, start)
        return (
            _left(limits.requests_per_minute, requests),
            _left(limits.tokens_per_day, self.tokens.get(day_of(now), 0)),
        )

    def _window_start(self, now: int, window: Window) -> int:
        """Return the earliest time at which a request counts at `now`."""
        if window == "sliding":
            return now - MINUTE + 1
        if window == "aligned":
            return now - now % MINUTE
        return self.recent[0] if self.recent and now - self.recent[0] < MINUTE else now

    def add_tokens(self, tokens: int, now: int) -> None:
        """Add `tokens` to the UTC day of `now`; beyond `DAYS` days, the one that was used least recently is dropped."""
        day = day_of(now)
        self.tokens[day] = counted(self.tokens.pop(day, 0) + tokens)
        if len(self.tokens) > DAYS:
            del self.tokens[next(iter(self.tokens))]


def ceil_seconds(micros: int) -> int:
    """Round a wait up to whole seconds, at least 1."""
    return max(1, -(-micros // SECOND))


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)
