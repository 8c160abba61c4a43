"""The requests that a key's limiter counts."""

from contextlib import suppress

import pytest

from clevora_mock.core.errors import ApiError
from clevora_mock.core.limits import Counting, Limits, RateLimiter


def test_the_request_that_failed_is_taken_back_and_no_later_one() -> None:
    limiter = RateLimiter()
    for now in (10, 20, 30):
        limiter.acquire(now, Limits())
    limiter.take_back(20)
    assert list(limiter.recent) == [10, 30]


def test_a_request_that_was_not_counted_takes_nothing_back() -> None:
    limiter = RateLimiter()
    limiter.acquire(10, Limits())
    limiter.take_back(20)
    assert list(limiter.recent) == [10]


@pytest.mark.parametrize("counting", [Counting(), Counting(count_refused=True)])
def test_the_newest_hundred_thousand_requests_are_counted(counting: Counting) -> None:
    limiter = RateLimiter()
    limits = Limits(requests_per_minute=0 if counting.count_refused else 10**9)
    for now in range(100_010):
        with suppress(ApiError):
            limiter.acquire(now, limits, counting)
    assert list(limiter.recent) == list(range(10, 100_010))
    # A clock that was set back: before all of them, and among them.
    for now in (3, 50_000):
        with suppress(ApiError):
            limiter.acquire(now, limits, counting)
    assert (len(limiter.recent), sorted(limiter.recent)) == (100_000, list(limiter.recent))
