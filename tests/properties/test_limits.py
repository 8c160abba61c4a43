"""The two limits of a key, with requests at arbitrary times."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.clock import DAY, FROZEN_START, MINUTE, SECOND
from clevora_mock.core.errors import ApiError
from clevora_mock.core.limits import Limits, RateLimiter

# Hundreds of examples.
pytestmark = pytest.mark.slow

limits = st.integers(1, 8)
# Some requests are simultaneous, some are within microseconds of a second's or the window's end.
gaps = (
    st.integers(0, 3)
    | st.integers(0, 20 * SECOND)
    | st.builds(
        lambda whole, off: max(0, whole + off),
        st.sampled_from([SECOND, MINUTE - SECOND, MINUTE, MINUTE // 2]),
        st.integers(-2, 2),
    )
)
arrivals = st.lists(gaps, max_size=60)
starts = st.integers(0, 400 * DAY).map(lambda offset: FROZEN_START + offset)


def refusal(limiter: RateLimiter, now: int, limit: Limits) -> ApiError | None:
    """Acquire at `now`; return the error, None if admitted."""
    try:
        limiter.acquire(now, limit)
    except ApiError as error:
        return error
    return None


def state(limiter: RateLimiter) -> tuple[list[int], dict[int, int]]:
    return list(limiter.recent), dict(limiter.tokens)


def copy(limiter: RateLimiter) -> RateLimiter:
    twin = RateLimiter()
    twin.recent.extend(limiter.recent)
    twin.tokens = dict(limiter.tokens)
    return twin


def moments(start: int, steps: Sequence[int]) -> list[int]:
    reached = [start]
    for step in steps:
        reached.append(reached[-1] + step)
    return reached


@given(starts, arrivals, limits)
def test_no_minute_admits_more_than_the_limit_or_less_than_it_could(start: int, steps: list[int], limit: int) -> None:
    limiter = RateLimiter()
    admitted: list[int] = []
    for now in moments(start, steps):
        young = [moment for moment in admitted if now - moment < MINUTE]
        granted = refusal(limiter, now, Limits(limit, None)) is None
        assert granted == (len(young) < limit)
        if granted:
            admitted.append(now)
    for first in admitted:
        assert sum(first <= moment < first + MINUTE for moment in admitted) <= limit


@given(starts, arrivals, limits)
def test_retry_after_is_exact(start: int, steps: list[int], limit: int) -> None:
    limiter = RateLimiter()
    for now in moments(start, steps):
        refused = refusal(limiter, now, Limits(limit, None))
        if refused is None:
            continue
        assert (refused.spec.status, refused.spec.code) == (429, "rate_limit_exceeded")
        wait = refused.retry_after
        assert wait is not None
        assert 1 <= wait <= 60
        assert refusal(copy(limiter), now + (wait - 1) * SECOND, Limits(limit, None)) is not None
        assert refusal(copy(limiter), now + wait * SECOND, Limits(limit, None)) is None


@given(starts, arrivals, limits, st.integers(1, 5))
def test_a_refusal_changes_nothing(start: int, steps: list[int], limit: int, repeats: int) -> None:
    insistent, patient = RateLimiter(), RateLimiter()
    for now in moments(start, steps):
        first = refusal(insistent, now, Limits(limit, None))
        if first is not None:
            before = state(insistent)
            for _ in range(repeats):
                again = refusal(insistent, now, Limits(limit, None))
                assert again is not None
                assert again.retry_after == first.retry_after
            assert state(insistent) == before
        else:
            assert refusal(patient, now, Limits(limit, None)) is None
    assert list(insistent.recent)[-1] == list(patient.recent)[-1]


@given(starts, st.lists(st.tuples(st.booleans(), gaps), max_size=60), limits)
def test_two_keys_have_a_window_each(start: int, traffic: list[tuple[bool, int]], limit: int) -> None:
    together = {True: RateLimiter(), False: RateLimiter()}
    alone = {True: RateLimiter(), False: RateLimiter()}
    outcomes: dict[bool, list[tuple[int, bool]]] = {True: [], False: []}
    now = start
    for which, gap in traffic:
        now += gap
        outcomes[which].append((now, refusal(together[which], now, Limits(limit, None)) is None))
    for which, expected in outcomes.items():
        assert [(now, refusal(alone[which], now, Limits(limit, None)) is None) for now, _ in expected] == expected


@given(starts, arrivals, limits, limits)
def test_a_limit_lowered_meanwhile_holds_at_once(start: int, steps: list[int], before: int, after: int) -> None:
    limiter = RateLimiter()
    reached = moments(start, steps)
    for now in reached:
        refusal(limiter, now, Limits(before, None))
    now = reached[-1]
    refused = refusal(copy(limiter), now, Limits(after, None))
    young = sum(now - moment < MINUTE for moment in limiter.recent)
    assert (refused is None) == (young < after)
    if refused is not None and refused.retry_after is not None:
        assert refusal(copy(limiter), now + (refused.retry_after - 1) * SECOND, Limits(after, None)) is not None
        assert refusal(copy(limiter), now + refused.retry_after * SECOND, Limits(after, None)) is None


@given(starts, arrivals, st.integers(-200, 200).map(lambda seconds: seconds * SECOND), limits)
def test_a_clock_set_back_never_makes_the_wait_longer_than_a_minute(
    start: int, steps: list[int], jump: int, limit: int
) -> None:
    limiter = RateLimiter()
    reached = moments(start, steps)
    for now in (*reached, reached[-1] + jump):
        refused = refusal(limiter, now, Limits(limit, None))
        if refused is not None:
            assert refused.retry_after in range(1, 61)


@given(starts, arrivals, arrivals, st.integers(1, 3 * DAY), limits)
def test_requests_after_now_do_not_count_until_the_clock_reaches_them_again(
    start: int, before: list[int], back: list[int], jump: int, limit: int
) -> None:
    limiter = RateLimiter()
    admitted: list[int] = []
    reached = moments(start, before)
    for now in (*reached, *moments(start - jump, back), reached[-1] + 1):
        counted = sum(now - MINUTE < moment <= now for moment in admitted)
        granted = refusal(limiter, now, Limits(limit, None)) is None
        assert granted == (counted < limit)
        # As in the window, older requests are forgotten.
        admitted = [moment for moment in admitted if now - moment < MINUTE] + [now] * granted


@given(starts, st.lists(st.tuples(st.integers(-5 * DAY, 5 * DAY), st.integers(0, 40)), max_size=60))
def test_each_day_keeps_its_tokens_however_the_clock_moves(start: int, traffic: list[tuple[int, int]]) -> None:
    limiter = RateLimiter()
    used: dict[int, int] = {}
    for gap, spent in traffic:
        now = start + gap
        limiter.add_tokens(spent, now)
        used[now // DAY] = used.get(now // DAY, 0) + spent
        assert limiter.tokens == used


@given(starts, st.lists(st.tuples(gaps | st.integers(0, DAY), st.integers(0, 40)), max_size=60), st.integers(1, 100))
def test_the_day_refuses_from_the_limit_until_midnight(start: int, traffic: list[tuple[int, int]], limit: int) -> None:
    limiter = RateLimiter()
    used: dict[int, int] = {}
    now = start
    for gap, spent in traffic:
        now += gap
        day, into = divmod(now, DAY)
        refused = refusal(limiter, now, Limits(None, limit))
        assert (refused is not None) == (used.get(day, 0) >= limit)
        if refused is None:
            # An admitted request is served, however many tokens it takes.
            limiter.add_tokens(spent, now)
            used[day] = used.get(day, 0) + spent
        else:
            assert (refused.spec.status, refused.spec.code) == (429, "daily_token_limit_exceeded")
            assert refused.retry_after == -(-(DAY - into) // SECOND)
            midnight = (day + 1) * DAY
            assert refusal(copy(limiter), midnight - 1, Limits(None, limit)) is not None
            assert refusal(copy(limiter), midnight, Limits(None, limit)) is None
            assert refusal(copy(limiter), now + refused.retry_after * SECOND, Limits(None, limit)) is None


@given(starts, st.lists(st.tuples(gaps, st.integers(0, 40)), max_size=40), limits, st.integers(1, 100))
def test_a_client_that_obeys_the_longer_wait_is_admitted(
    start: int, traffic: list[tuple[int, int]], minute: int, day: int
) -> None:
    both = Limits(minute, day)
    limiter = RateLimiter()
    now = start
    for gap, spent in traffic:
        now += gap
        refused = refusal(limiter, now, both)
        if refused is None:
            limiter.add_tokens(spent, now)
        elif refused.spec.code == "daily_token_limit_exceeded" and refused.retry_after is not None:
            later = refusal(copy(limiter), now + refused.retry_after * SECOND, both)
            # Only a day that ends within the minute can leave requests in the window.
            assert later is None or refused.retry_after < 60


@given(starts, arrivals)
def test_a_disabled_limit_refuses_no_request(start: int, steps: list[int]) -> None:
    limiter = RateLimiter()
    for now in moments(start, steps):
        limiter.add_tokens(1_000_000, now)
        assert refusal(limiter, now, Limits(None, None)) is None


@pytest.mark.parametrize("already", [0, 999_999])
def test_the_request_that_crosses_the_documented_line_is_served(already: int) -> None:
    limiter = RateLimiter()
    limiter.add_tokens(already, FROZEN_START)
    assert refusal(limiter, FROZEN_START, Limits()) is None
    limiter.add_tokens(1_000_000 - already, FROZEN_START)
    refused = refusal(limiter, FROZEN_START, Limits())
    assert refused is not None
    assert refused.retry_after == 86_400
