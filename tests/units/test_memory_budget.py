"""Memory budgets: requests wait for their turn, in their order."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from clevora_mock.core.journal import Journal, JournalEntry, JournalMemory
from clevora_mock.web.memory_budget import MemoryBudget, MemoryShare
from clevora_mock.web.request_body import RequestBody, read_body, refuse


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 20))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_does_not_fit_waits_in_its_order() -> None:
    async def work() -> None:
        budget = MemoryBudget(10)
        got: list[str] = []

        async def take(name: str, size: int) -> None:
            await budget.acquire(size)
            got.append(name)

        await take("a", 6)
        waiting = [asyncio.create_task(take(name, size)) for name, size in (("b", 8), ("c", 1))]
        await settle()
        assert got == ["a"]
        budget.release(6)
        await settle()
        assert got == ["a", "b", "c"]
        await asyncio.gather(*waiting)

    run(work)


def test_one_that_wants_little_does_not_wait_for_the_others() -> None:
    async def work() -> None:
        budget = MemoryBudget(100)
        await budget.acquire(60)
        large = asyncio.create_task(budget.acquire(90))
        await settle()
        await budget.acquire(6)
        assert not large.done()
        budget.release(66)
        await large

    run(work)


def test_one_that_wants_more_than_there_is_gets_it_alone() -> None:
    async def work() -> None:
        budget = MemoryBudget(10)
        await budget.acquire(50)
        other = asyncio.create_task(budget.acquire(1))
        await settle()
        assert not other.done()
        budget.release(50)
        await other

    run(work)


def test_one_that_is_cancelled_while_it_waits_holds_nothing() -> None:
    async def work() -> None:
        budget = MemoryBudget(10)
        await budget.acquire(10)
        first, second = (asyncio.create_task(budget.acquire(10)) for _ in range(2))
        await settle()
        first.cancel()
        await settle()
        budget.release(10)
        await second

    run(work)


def test_one_that_is_cancelled_as_its_turn_comes_gives_it_on() -> None:
    async def work() -> None:
        budget = MemoryBudget(10)
        await budget.acquire(10)
        first, second = (asyncio.create_task(budget.acquire(10)) for _ in range(2))
        await settle()
        budget.release(10)
        first.cancel()
        await second

    run(work)


def test_a_share_is_replaced_and_shrunk_but_never_grown_by_shrinking() -> None:
    async def work() -> None:
        budget = MemoryBudget(10)
        share = MemoryShare(budget)
        await share.hold(8)
        await share.hold(9)
        share.shrink(20)
        other = asyncio.create_task(budget.acquire(8))
        await settle()
        assert not other.done()
        share.shrink(2)
        await other

    run(work)


# --- bodies -----------------------------------------------------------------------------------------------------------


def body_of(parts: list[bytes], *, accepts: bool, limit: int = 1000, length: int | None = None) -> RequestBody:
    """Read a body that arrives in `parts`."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting[-1]["more_body"] = False
    headers = {} if length is None else {b"content-length": b"%d" % length}

    async def receive() -> dict[str, object]:
        return waiting.pop(0)

    async def accept(size: int) -> bool:
        return accepts

    return asyncio.run(read_body("POST", headers, receive, accept if accepts else refuse, limit))


def test_a_body_in_single_bytes_is_kept_whole() -> None:
    assert body_of([b"a"] * 1000, accepts=True) == (b"a" * 1000, 1000, True)


def test_a_body_that_is_larger_than_allowed_is_not_kept() -> None:
    assert body_of([b"a" * 600, b"b" * 600], accepts=True) == (b"", 1200, False)
    assert body_of([b"a" * 1001], accepts=True) == (b"", 1001, False)


def test_of_a_refused_body_the_start_is_kept() -> None:
    assert body_of([b"a" * 15_000, b"b" * 70_000], accepts=False, limit=100_000) == (
        b"a" * 15_000 + b"b" * (16 * 1024 + 4096 - 15_000),
        85_000,
        False,
    )


# --- the journal ------------------------------------------------------------------------------------------------------


def entries(count: int, size: int) -> list[JournalEntry]:
    fields = dict.fromkeys(JournalEntry.__struct_fields__[:23], None) | {
        "path": "",
        "query": "",
        "client": "",
        "response": "",
        "ignored": (),
        "body": bytes(size),
    }
    return [JournalEntry(**fields | {"serial": number}) for number in range(count)]  # type: ignore[arg-type]


def test_beyond_the_memory_of_all_journals_the_largest_loses_its_oldest_entries() -> None:
    memory = JournalMemory(1_000_000)
    small, large = Journal(memory=memory), Journal(memory=memory)
    small.restore(entries(20, 10_000), 20)
    large.restore(entries(90, 10_000), 90)
    assert (len(small.entries), small.evicted) == (20, 0)
    assert (len(large.entries), large.evicted) == (58, 32)
    assert large.entries[0].serial == 32
    assert memory.used == small.bytes + large.bytes <= 1_000_000


def test_an_empty_journal_takes_no_memory() -> None:
    memory = JournalMemory()
    journal = Journal(3, memory)
    journal.restore(entries(10, 10), 10)
    assert (len(journal.entries), journal.evicted) == (3, 7)
    journal.clear()
    assert (memory.used, journal.bytes, journal.total) == (0, 0, 0)


def test_a_journal_that_leaves_gives_its_memory_back_and_keeps_its_entries() -> None:
    memory = JournalMemory()
    journal = Journal(memory=memory)
    journal.restore(entries(5, 10), 5)
    journal.leave()
    journal.drop(2)
    assert (memory.used, len(journal.entries), journal.bytes > 0) == (0, 3, True)
