"""The thread for long work: results, errors, order, and work that nobody waits for any longer."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from clevora_mock.web.background import LONG, Background


def test_short_work_is_done_by_the_event_loop_and_long_work_is_not() -> None:
    async def run() -> list[bool]:
        background = Background()
        loop = threading.get_ident()
        return [await background.run(size, threading.get_ident) == loop for size in (0, LONG - 1, LONG)]

    assert asyncio.run(run()) == [True, True, False]


def test_an_error_is_the_caller_s() -> None:
    async def run() -> None:
        await Background().run(LONG, lambda: int("x"))

    with pytest.raises(ValueError, match="invalid literal"):
        asyncio.run(run())


def test_work_is_done_in_order() -> None:
    done: list[int] = []

    def append(number: int) -> Callable[[], None]:
        return lambda: done.append(number)

    async def run() -> None:
        background = Background()
        background.start(append(1))
        await asyncio.gather(*(background.run(LONG, append(number)) for number in (2, 3)))
        background.start(append(4))
        await background.finish()

    asyncio.run(run())
    assert done == [1, 2, 3, 4]


def test_cancelled_work_is_not_begun() -> None:
    done: list[str] = []
    going = threading.Event()

    def wait() -> None:
        going.wait()

    async def run() -> None:
        background = Background()
        background.start(wait)
        waiting = asyncio.create_task(background.run(LONG, lambda: done.append("cancelled")))
        await asyncio.sleep(0)
        waiting.cancel()
        last = asyncio.create_task(background.run(LONG, lambda: done.append("last")))
        await asyncio.sleep(0)
        going.set()
        await last

    asyncio.run(run())
    assert done == ["last"]


def test_a_loop_that_has_ended_gets_no_result() -> None:
    begun, going, over = threading.Event(), threading.Event(), threading.Event()
    background = Background()

    def work() -> None:
        begun.set()
        going.wait()

    async def run() -> None:
        waiting = asyncio.create_task(background.run(LONG, work))
        await asyncio.get_running_loop().run_in_executor(None, begun.wait)
        waiting.cancel()

    asyncio.run(run())
    background.start(over.set)
    going.set()
    assert over.wait(10)


def test_waiting_after_the_end_is_not_cut_short() -> None:
    background, gate, done = Background(), threading.Event(), list[int]()

    async def run() -> None:
        background.start(lambda: done.append(1) if gate.wait(30) else None)
        await background.finish()

    asyncio.run(run())
    assert done == []
    gate.set()
    background.wait()
    assert done == [1]
