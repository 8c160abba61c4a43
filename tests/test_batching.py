"""What is asked at about the same time is answered together, and to each who asked."""

import asyncio
from collections.abc import Iterator

import pytest
from clevora_mock.api.batching import Batch


class Doubling:
    """Doubles numbers, and keeps what it was given at a time; a number below zero is too much for it."""

    def __init__(self) -> None:
        self.given: list[list[int]] = []

    def __call__(self, numbers: list[int]) -> Iterator[int]:
        self.given.append(numbers)
        for number in numbers:
            if number < 0:
                raise ValueError(f"{number} is below zero")
            yield 2 * number


def test_what_is_asked_in_one_turn_is_answered_together() -> None:
    work = Doubling()

    async def run() -> list[int]:
        batch = Batch(work)
        return await asyncio.gather(*map(batch, [3, 1, 2])) + [await batch(4)]

    assert asyncio.run(run()) == [6, 2, 4, 8]
    assert work.given == [[3, 1, 2], [4]]


def test_who_asks_a_turn_later_is_waited_for() -> None:
    work = Doubling()

    async def run() -> list[int]:
        batch = Batch(work)

        async def ask(number: int, turns: int) -> int:
            for _ in range(turns):
                await asyncio.sleep(0)
            return await batch(number)

        return await asyncio.gather(ask(1, 0), ask(2, 0), ask(3, 1), ask(4, 2), ask(5, 9))

    assert asyncio.run(run()) == [2, 4, 6, 8, 10]
    assert work.given == [[1, 2, 3, 4], [5]]


def test_one_who_is_alone_does_not_wait() -> None:
    work = Doubling()

    async def run() -> tuple[int, bool]:
        first = asyncio.ensure_future(Batch(work)(1))
        # Its turn, that of the batch, and that in which it takes its answer.
        for _ in range(3):
            await asyncio.sleep(0)
        done = first.done()
        return await first, done

    assert asyncio.run(run()) == (2, True)


def test_many_do_not_wait_for_more() -> None:
    """However fast others ask, nobody is kept for long."""
    work = Doubling()

    async def run() -> None:
        batch = Batch(work)
        asked = []
        for number in range(0, 200, 2):
            asked += [asyncio.ensure_future(batch(number)), asyncio.ensure_future(batch(number + 1))]
            await asyncio.sleep(0)
        await asyncio.gather(*asked)

    asyncio.run(run())
    assert max(map(len, work.given)) < 70
    assert [number for some in work.given for number in some] == [*range(200)]


def test_an_error_reaches_those_who_have_no_answer_yet() -> None:
    async def run() -> list[int | BaseException]:
        batch = Batch(Doubling())
        asked = await asyncio.gather(*map(batch, [1, -2, 3]), return_exceptions=True)
        return [*asked, await batch(5)]

    first, second, third, later = asyncio.run(run())
    assert (first, later) == (2, 10)
    for missed in (second, third):
        with pytest.raises(ValueError, match="-2 is below zero"):
            raise missed  # type: ignore[misc]


def test_who_gives_up_keeps_nobody_else_from_an_answer() -> None:
    async def run() -> tuple[bool, int]:
        batch = Batch(Doubling())
        patient, hasty = asyncio.ensure_future(batch(1)), asyncio.ensure_future(batch(2))
        await asyncio.sleep(0)
        hasty.cancel()
        answer = await patient
        return hasty.cancelled(), answer

    assert asyncio.run(run()) == (True, 2)
