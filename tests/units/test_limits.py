"""The requests that a key's limiter counts."""

from clevora_mock.core.limits import Limits, RateLimiter


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
