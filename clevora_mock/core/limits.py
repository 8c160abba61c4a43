"""The two limits of a key: requests in a sliding minute, tokens in a UTC day (contract L1-L3).

The window is (now - 60 s, now]. Only admitted requests count, so repeating a refused one has no effect, and the
``Retry-After`` of a 429 is exact: a request one second earlier is refused again.
"""

from collections import deque
from typing import Annotated

from msgspec import Meta, Struct

from clevora_mock.clock import DAY, MINUTE, SECOND, day_of
from clevora_mock.contract.limits import REQUESTS_PER_MINUTE, TOKENS_PER_DAY
from clevora_mock.core.errors import ApiError

Limit = Annotated[int, Meta(ge=0, le=2**62)]


class Limits(Struct, frozen=True):
    """The limits of a key; None is off."""

    requests_per_minute: Limit | None = REQUESTS_PER_MINUTE
    tokens_per_day: Limit | None = TOKENS_PER_DAY


class RateLimiter:
    """The requests of a key in the last minute, and its tokens on `day`."""

    __slots__ = ("day", "recent", "tokens")

    def __init__(self) -> None:
        self.recent: deque[int] = deque()
        self.day = 0
        self.tokens = 0

    def acquire(self, now: int, limits: Limits) -> None:
        """Count a request at `now`. Raises a 429 with ``Retry-After`` over a limit, and then counts nothing."""
        # The day first: its wait is longer, so a client that obeys it is not refused again.
        if limits.tokens_per_day is not None and self.tokens_on(day_of(now)) >= limits.tokens_per_day:
            raise ApiError(
                "daily_token_limit_exceeded",
                f"Daily token limit exceeded: {limits.tokens_per_day:,} tokens",
                retry_after=ceil_seconds((day_of(now) + 1) * DAY - now),
            )
        if limits.requests_per_minute is None:
            return
        recent = self.recent
        while recent and now - recent[0] >= MINUTE:
            recent.popleft()
        if len(recent) >= limits.requests_per_minute:
            # If the limit was lowered, more than one request has to leave the window.
            leaves = recent[len(recent) - limits.requests_per_minute] if limits.requests_per_minute else now
            raise ApiError(
                "rate_limit_exceeded",
                f"Rate limit exceeded: {limits.requests_per_minute} requests per minute",
                retry_after=min(60, ceil_seconds(leaves + MINUTE - now)),
            )
        recent.append(now)

    def add_tokens(self, tokens: int, now: int) -> None:
        """Add `tokens` to the UTC day of `now`."""
        day = day_of(now)
        if day != self.day:
            self.day, self.tokens = day, 0
        self.tokens += tokens

    def tokens_on(self, day: int) -> int:
        return self.tokens if day == self.day else 0


def ceil_seconds(micros: int) -> int:
    """Round a wait up to whole seconds, at least 1."""
    return max(1, -(-micros // SECOND))
