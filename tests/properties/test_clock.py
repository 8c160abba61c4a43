"""Clocks on a simulated wall clock, and waits in virtual time."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import formatdate, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.clock import (
    DAY,
    FROZEN_START,
    SECOND,
    Clock,
    Mode,
    date,
    day_of,
    http_date,
    iso,
    iso_micros,
    parse,
)
from tests.support.virtual_time import VirtualLoop, run_virtually

# Hundreds of examples.
pytestmark = pytest.mark.slow

modes: st.SearchStrategy[Mode] = st.sampled_from(["real", "frozen", "scaled"])
speeds = st.sampled_from([0.5, 1.0, 2.0, 60.0, 3600.0])
walls = st.integers(FROZEN_START, FROZEN_START + 400 * DAY)
strides = st.integers(0, 10 * SECOND) | st.integers(0, 3 * DAY)
# From 1970 through 9999, where ISO dates have four digits.
moments = st.integers(0, 253_402_300_799_999_999)


async def sleep_until(clock: Clock, moment: int) -> None:
    """Return once the clock is at `moment` or later."""
    if moment > clock.now():
        reached = asyncio.Event()
        timer = clock.call_at(moment, reached.set)
        try:
            await reached.wait()
        finally:
            timer.cancel()


class SimulatedWall:
    """Wall time that a test advances."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def speed_of(mode: Mode, speed: float) -> float:
    return {"real": 1.0, "frozen": 0.0, "scaled": speed}[mode]


# --- without waiting --------------------------------------------------------------------------------------------------


@given(walls)
def test_clocks_start_at_the_given_time(now: int) -> None:
    assert Clock("real", read=SimulatedWall(now)).now() == now
    assert Clock("scaled", speed=60, read=SimulatedWall(now)).now() == now
    assert Clock("frozen", read=SimulatedWall(now)).now() == FROZEN_START
    for mode in ("real", "frozen", "scaled"):
        assert Clock(mode, start=123, read=SimulatedWall(now)).now() == 123


@given(walls, modes, speeds, st.integers(0, 10**15), st.lists(strides, max_size=10))
def test_time_passes_at_the_clocks_speed(now: int, mode: Mode, speed: float, start: int, passing: list[int]) -> None:
    wall = SimulatedWall(now)
    clock = Clock(mode, start=start, speed=speed, read=wall)
    for stride in passing:
        wall.now += stride
        assert clock.now() == start + int((wall.now - now) * speed_of(mode, speed))


_CHANGES = st.one_of(
    st.tuples(st.just("pass"), strides),
    st.tuples(st.just("advance"), strides),
    st.tuples(st.just("set"), st.integers(0, 10**16)),
    st.tuples(st.just("run"), st.tuples(modes, speeds)),
)


@given(walls, modes, speeds, st.lists(_CHANGES, max_size=25))
def test_changes_of_mode_never_make_a_clock_jump(
    now: int, mode: Mode, speed: float, changes: list[tuple[str, int | tuple[Mode, float]]]
) -> None:
    wall = SimulatedWall(now)
    clock = Clock(mode, speed=speed, read=wall)
    rate = speed_of(mode, speed)
    expected = clock.now()
    since = 0
    for what, value in changes:
        if what == "pass" and isinstance(value, int):
            wall.now += value
            since += value
        else:
            # The clock continues from its present time, without a jump.
            expected, since = expected + int(since * rate), 0
            if what == "advance" and isinstance(value, int):
                clock.advance(value / SECOND)
                expected += value
            elif what == "set" and isinstance(value, int):
                clock.set(value)
                expected = value
            elif isinstance(value, tuple):
                clock.set_mode(*value)
                rate = speed_of(*value)
                assert clock.mode == value[0]
        assert clock.now() == expected + int(since * rate)


# --- waiting ----------------------------------------------------------------------------------------------------------


def in_virtual_time(mode: Mode, speed: float, work: Callable[[VirtualLoop, Clock], object]) -> None:
    """Run `work`, a coroutine function, with a clock that reads the virtual loop's time."""

    async def run(loop: VirtualLoop) -> None:
        outcome = work(loop, Clock(mode, start=FROZEN_START, speed=speed, read=loop.micros))
        assert asyncio.iscoroutine(outcome)
        await outcome

    run_virtually(run)


async def run_ready_callbacks() -> None:
    """Let all ready callbacks run."""
    for _ in range(5):
        await asyncio.sleep(0)


@given(st.sampled_from(["real", "scaled"]), speeds, st.lists(st.integers(-SECOND, DAY), min_size=1, max_size=20))
def test_waiters_are_woken_on_time(mode: Mode, speed: float, offsets: list[int]) -> None:
    async def work(loop: VirtualLoop, clock: Clock) -> None:
        woken: list[tuple[int, int]] = []

        async def wait(offset: int) -> None:
            await sleep_until(clock, FROZEN_START + offset)
            woken.append((offset, clock.now() - FROZEN_START))

        await asyncio.gather(*(wait(offset) for offset in offsets))
        rate = speed_of(mode, speed)
        for offset, at in woken:
            # Never early, and late by at most the resolution of loop and wall clock.
            assert offset <= max(0, at) <= max(0, offset) + 4 * max(1.0, rate)
        assert sorted(offset for offset, _ in woken) == sorted(offsets)
        assert not clock.timers

    in_virtual_time(mode, speed, work)


@given(st.lists(st.integers(1, 100), min_size=1, max_size=20), st.lists(st.integers(0, 40), max_size=10))
def test_a_frozen_clock_wakes_exactly_the_due_waiters(waits: list[int], advances: list[int]) -> None:
    async def work(loop: VirtualLoop, clock: Clock) -> None:
        woken: list[int] = []

        async def wait(seconds: int) -> None:
            await sleep_until(clock, FROZEN_START + seconds * SECOND)
            woken.append(seconds)

        tasks = [asyncio.ensure_future(wait(seconds)) for seconds in waits]
        await run_ready_callbacks()
        reached = 0
        for seconds in advances:
            clock.advance(seconds)
            reached += seconds
            await run_ready_callbacks()
            assert sorted(woken) == sorted(wait for wait in waits if wait <= reached)
            assert len(clock.timers) == len(waits) - len(woken)
        clock.set(FROZEN_START + 100 * SECOND)
        await asyncio.gather(*tasks)
        assert not clock.timers
        assert loop.time() == 0

    in_virtual_time("frozen", 1.0, work)


@given(st.lists(st.integers(1, 10), max_size=30), st.lists(st.integers(0, 5), max_size=4))
def test_a_jump_wakes_in_the_order_of_due_times(waits: list[int], advances: list[int]) -> None:
    async def work(loop: VirtualLoop, clock: Clock) -> None:
        woken: list[tuple[int, int]] = []

        async def wait(seconds: int, number: int) -> None:
            await sleep_until(clock, FROZEN_START + seconds * SECOND)
            woken.append((seconds, number))

        tasks = [asyncio.ensure_future(wait(seconds, number)) for number, seconds in enumerate(waits)]
        await run_ready_callbacks()
        for seconds in (*advances, 10):
            clock.advance(seconds)
            await run_ready_callbacks()
        await asyncio.gather(*tasks)
        # Timers of the same moment fire in the order of their creation.
        assert woken == sorted(woken)

    in_virtual_time("frozen", 1.0, work)


@given(
    st.lists(st.tuples(st.integers(1, 100), st.booleans()), min_size=1, max_size=20),
    st.sampled_from(["real", "frozen", "scaled"]),
)
def test_cancelled_timers_do_not_fire(timers: list[tuple[int, bool]], mode: Mode) -> None:
    async def work(loop: VirtualLoop, clock: Clock) -> None:
        fired: list[int] = []

        def note(number: int) -> Callable[[], None]:
            return lambda: fired.append(number)

        made = [
            clock.call_at(FROZEN_START + seconds * SECOND, note(number)) for number, (seconds, _) in enumerate(timers)
        ]
        for timer, (_, cancelled) in zip(made, timers, strict=True):
            if cancelled:
                timer.cancel()
        clock.advance(100)
        await run_ready_callbacks()
        clock.advance(100)
        await run_ready_callbacks()
        assert sorted(fired) == [number for number, (_, cancelled) in enumerate(timers) if not cancelled]
        assert not clock.timers

    in_virtual_time(mode, 2.0, work)


@given(st.integers(1, 100), st.integers(0, 99), st.integers(1, 200))
def test_a_cancelled_wait_leaves_no_timer(wait: int, cancelled_after: int, later: int) -> None:
    async def work(loop: VirtualLoop, clock: Clock) -> None:
        task = asyncio.ensure_future(sleep_until(clock, FROZEN_START + (wait + cancelled_after) * SECOND))
        await asyncio.sleep(cancelled_after)
        task.cancel()
        await run_ready_callbacks()
        assert task.cancelled()
        assert not clock.timers
        clock.advance(later)
        await run_ready_callbacks()

    in_virtual_time("real", 1.0, work)


@given(st.integers(1, 1000), st.lists(st.tuples(modes, speeds, st.integers(0, 50), st.integers(0, 50)), max_size=8))
def test_a_wait_survives_every_change_of_mode(wait: int, changes: list[tuple[Mode, float, int, int]]) -> None:
    async def work(loop: VirtualLoop, clock: Clock) -> None:
        moment = FROZEN_START + wait * SECOND
        task = asyncio.ensure_future(sleep_until(clock, moment))
        await run_ready_callbacks()
        for mode, speed, passing, advance in changes:
            clock.set_mode(mode, speed)
            if passing:
                await asyncio.sleep(passing)
            clock.advance(advance)
            await run_ready_callbacks()
            if task.done():
                assert clock.now() >= moment
            else:
                # A microsecond of the wall clock, at the clock's speed.
                assert clock.now() < moment + 4 * max(1.0, clock.speed)
        clock.set(moment)
        await task

    in_virtual_time("real", 1.0, work)


def test_a_wait_for_the_past_returns_at_once() -> None:
    async def work(loop: VirtualLoop, clock: Clock) -> None:
        await sleep_until(clock, FROZEN_START)
        await sleep_until(clock, 0)
        assert not clock.timers

    in_virtual_time("frozen", 1.0, work)


def test_moving_a_clock_without_timers_needs_no_event_loop() -> None:
    clock = Clock("frozen", read=SimulatedWall(0))
    clock.advance(1.5)
    clock.set_mode("real")
    assert clock.now() == FROZEN_START + 1_500_000


# --- as text ----------------------------------------------------------------------------------------------------------


def moment_of(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


@given(moments)
def test_a_formatted_timestamp_parses_to_itself(moment: int) -> None:
    assert parse(iso_micros(moment)) == moment
    assert parse(iso(moment)) == moment // 1000 * 1000
    assert iso(moment) == moment_of(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert iso_micros(moment) == moment_of(moment).isoformat(timespec="microseconds").replace("+00:00", "Z")


@given(moments.filter(lambda moment: DAY < moment < 253_402_000_000_000_000), st.integers(-23 * 60, 23 * 60))
def test_offsets_are_honoured(moment: int, minutes: int) -> None:
    assert parse(moment_of(moment).astimezone(timezone(timedelta(minutes=minutes))).isoformat()) == moment


@given(moments)
def test_a_text_without_an_offset_is_utc(moment: int) -> None:
    assert parse(moment_of(moment).replace(tzinfo=None).isoformat()) == moment


@given(st.text())
def test_any_other_text_is_a_value_error(text: str) -> None:
    try:
        read = parse(text)
    except ValueError:
        return
    assert isinstance(read, int)


@given(st.integers(0, 253_402_300_799))
def test_http_dates_agree_with_the_standard_library(seconds: int) -> None:
    assert http_date(seconds) == formatdate(seconds, usegmt=True)
    assert parsedate_to_datetime(http_date(seconds)).timestamp() == seconds


@given(moments)
def test_days_are_utc_days(moment: int) -> None:
    assert date(day_of(moment)) == moment_of(moment).date().isoformat()
    assert day_of(moment) * DAY <= moment < (day_of(moment) + 1) * DAY


@pytest.mark.parametrize(
    "text", ["", "now", "2026-13-01", "2026-01-01T25:00:00Z", "1767225600", "2026-01-01T00:00:00Q"]
)
def test_texts_that_are_no_timestamps_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)
