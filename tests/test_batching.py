"""What is asked in one turn of the event loop is answered together, and to each who asked."""

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
