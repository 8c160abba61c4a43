"""The two limits of a key: requests in a sliding minute, tokens in a UTC day (contract L1-L3).

The minute covers (now - 60 s, now]: a request counts while it is younger than 60 seconds. Only admitted requests count,
so a refused one can be repeated without making things worse, and the wait that a refusal names is exact: a second
earlier is refused again. A limit of None is off.
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
    """The counts of one key."""

    __slots__ = ("day", "recent", "tokens")

    def __init__(self) -> None:
        self.recent: deque[int] = deque()
        self.day = 0
        self.tokens = 0

    def acquire(self, now: int, limits: Limits) -> None:
        """Count a request at `now`, or raise the 429 that says how long to wait. A refusal changes nothing."""
        # The day first: it is the longer wait, so a client that obeys is not refused again.
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
            # With a limit lowered meanwhile, more than one of them has to leave the window first.
            leaves = recent[len(recent) - limits.requests_per_minute] if limits.requests_per_minute else now
            raise ApiError(
                "rate_limit_exceeded",
                f"Rate limit exceeded: {limits.requests_per_minute} requests per minute",
                retry_after=min(60, ceil_seconds(leaves + MINUTE - now)),
            )
        recent.append(now)

    def add_tokens(self, tokens: int, now: int) -> None:
        """Count `tokens` on the day of `now`."""
        day = day_of(now)
        if day != self.day:
            self.day, self.tokens = day, 0
        self.tokens += tokens

    def tokens_on(self, day: int) -> int:
        return self.tokens if day == self.day else 0


def ceil_seconds(micros: int) -> int:
    """A wait in whole seconds, at least one, never too short."""
    return max(1, -(-micros // SECOND))
