"""Memory budgets: requests wait for their turn, in their order."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from starlette.requests import ClientDisconnect
from starlette.types import Message

from clevora_mock.core.journal import Journal, JournalEntry, JournalMemory
from clevora_mock.web.memory_budget import MemoryBudget, MemoryShare
from clevora_mock.web.request_body import RequestBody, read_body, refuse
from tests.support.virtual_time import run_virtually


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 20))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Client:
    """A connection that can be lost, and notes that it is to give way."""

    def __init__(self) -> None:
        self.is_lost = False
        self.gave_way = False

    def look(self) -> None: ...

    def give_way(self) -> None:
        self.gave_way = True

    def close(self) -> None: ...

    def reset(self) -> None: ...


# A budget of 40, of which 10 are for requests that want 1 at most.
def shares(*names: str) -> list[MemoryShare]:
    budget = MemoryBudget(40)
    return [MemoryShare(budget) for _ in names]


def test_what_does_not_fit_waits_in_its_order() -> None:
    async def work() -> None:
        a, b, c = shares("a", "b", "c")
        got: list[str] = []

        async def take(share: MemoryShare, name: str, size: int) -> None:
            await share.hold(size)
            got.append(name)

        await take(a, "a", 26)
        waiting = [asyncio.create_task(take(share, name, size)) for share, name, size in ((b, "b", 28), (c, "c", 2))]
        await settle()
        assert got == ["a"]
        a.shrink(0)
        await settle()
        assert got == ["a", "b", "c"]
        await asyncio.gather(*waiting)

    run(work)


def test_neither_small_requests_nor_large_ones_wait_for_the_others() -> None:
    async def work() -> None:
        a, b, *small = shares("a", "b", *"small requests")
        await a.hold(30)
        large = asyncio.create_task(b.hold(30))
        for share in small[:10]:
            await share.hold(1)
        waiting = asyncio.create_task(small[10].hold(1))
        await settle()
        assert [large.done(), waiting.done()] == [False, False]
        a.shrink(0)
        await large
        assert not waiting.done()
        small[0].shrink(0)
        await waiting

    run(work)


def test_one_that_wants_more_than_there_is_gets_it_alone() -> None:
    async def work() -> None:
        a, b = shares("a", "b")
        await a.hold(50)
        other = asyncio.create_task(b.hold(2))
        await settle()
        assert not other.done()
        a.shrink(0)
        await other

    run(work)


def test_one_that_is_cancelled_while_it_waits_holds_nothing() -> None:
    async def work() -> None:
        a, b, c = shares("a", "b", "c")
        await a.hold(30)
        first, second = (asyncio.create_task(share.hold(30)) for share in (b, c))
        await settle()
        first.cancel()
        await settle()
        a.shrink(0)
        await second

    run(work)


def test_one_that_is_cancelled_as_its_turn_comes_gives_it_on() -> None:
    async def work() -> None:
        a, b, c = shares("a", "b", "c")
        await a.hold(30)
        first, second = (asyncio.create_task(share.hold(30)) for share in (b, c))
        await settle()
        a.shrink(0)
        first.cancel()
        await second

    run(work)


def test_a_share_is_replaced_and_shrunk_but_never_grown_by_shrinking() -> None:
    async def work() -> None:
        a, b = shares("a", "b")
        await a.hold(20)
        await a.hold(29)
        a.shrink(30)
        other = asyncio.create_task(b.hold(20))
        await settle()
        assert not other.done()
        a.shrink(10)
        await other

    run(work)


def test_one_whose_client_leaves_while_it_waits_does_not_wait_on() -> None:
    async def work() -> None:
        budget, client = MemoryBudget(40), Client()
        holder, waiter = MemoryShare(budget), MemoryShare(budget, client)
        await holder.hold(30)
        waiting = asyncio.create_task(waiter.hold(30))
        await settle()
        client.is_lost = True
        with pytest.raises(ClientDisconnect):
            await waiting
        holder.shrink(0)
        await holder.hold(30)

    run(work)


async def no_part() -> Message:
    """Wait for a part that never comes."""
    await asyncio.get_running_loop().create_future()
    return {}


def test_a_client_that_sends_nothing_gives_way_only_once_others_wait() -> None:
    async def work() -> None:
        budget, client = MemoryBudget(40), Client()
        share, other = MemoryShare(budget, client), MemoryShare(budget)
        await share.hold(30)
        receiving = asyncio.ensure_future(share.timed(no_part)())
        await asyncio.sleep(100)
        assert not client.gave_way
        waiting = asyncio.create_task(other.hold(30))
        await asyncio.sleep(1)
        assert client.gave_way
        receiving.cancel()
        share.shrink(0)
        await waiting

    run_virtually(lambda _: work())


@pytest.mark.parametrize(("size", "gives_way"), [(1, True), (2 * 1024 * 1024, False)])
def test_a_client_that_takes_little_at_a_time_gives_way_too(size: int, gives_way: bool) -> None:
    async def work() -> None:
        budget, client = MemoryBudget(40), Client()
        share, other = MemoryShare(budget, client), MemoryShare(budget)
        await share.hold(30)
        waiting = asyncio.create_task(other.hold(30))
        for _ in range(8):
            await share.timed(take_slowly)({"type": "http.response.body", "body": bytes(size)})
        assert client.gave_way == gives_way
        waiting.cancel()

    async def take_slowly(message: Message) -> None:
        await asyncio.sleep(0.9)

    run_virtually(lambda _: work())


def test_a_client_is_not_slow_while_the_server_works() -> None:
    async def work() -> None:
        budget, client = MemoryBudget(40), Client()
        share, other = MemoryShare(budget, client), MemoryShare(budget)
        await share.hold(30)
        waiting = asyncio.create_task(other.hold(30))
        await asyncio.sleep(60)
        assert not client.gave_way
        waiting.cancel()

    run_virtually(lambda _: work())


# --- bodies -----------------------------------------------------------------------------------------------------------


def body_of(parts: list[bytes], *, accepts: bool, limit: int = 1000, length: int | None = None) -> RequestBody:
    """Read a body that arrives in `parts`."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    waiting[-1]["more_body"] = False
    headers = {} if length is None else {b"content-length": b"%d" % length}

    async def receive() -> dict[str, object]:
        return waiting.pop(0)

    memory = MemoryShare(MemoryBudget(40))
    return asyncio.run(read_body("POST", headers, receive, memory, (lambda: True) if accepts else refuse, limit))


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


@pytest.mark.parametrize(
    ("length", "first", "holds"),
    [
        (b"100000", 70_000, True),
        # As many digits as are read of a number, and more.
        (b"0000000000000000100000", 70_000, True),
        # What is announced takes no memory until it arrives.
        (b"100000", 60_000, False),
        (None, 70_000, True),
        (None, 60_000, False),
    ],
)
def test_a_body_waits_for_memory_once_much_of_it_has_arrived(length: bytes | None, first: int, *, holds: bool) -> None:
    parts = [bytes(first), *[b"a"] * 5]
    taken: list[bytes] = []

    async def receive() -> Message:
        taken.append(parts.pop(0))
        return {"type": "http.request", "body": taken[-1], "more_body": bool(parts)}

    async def work() -> None:
        budget = MemoryBudget(400_000)
        holder, share = MemoryShare(budget), MemoryShare(budget)
        await holder.hold(300_000)
        headers = {} if length is None else {b"content-length": length}
        reading = asyncio.create_task(read_body("POST", headers, receive, share, lambda: True))
        await settle()
        assert (len(taken), reading.done()) == ((1, False) if holds else (6, True))
        holder.shrink(0)
        assert (await reading).size == first + 5

    run(work)


def test_a_body_that_is_longer_than_announced_waits_again() -> None:
    """A server in front of the application may let it pass."""
    parts = [bytes(70_000), bytes(70_000), b""]

    async def receive() -> Message:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def work() -> None:
        budget = MemoryBudget(400_000)
        holder, share = MemoryShare(budget), MemoryShare(budget)
        await holder.hold(200_000)
        headers = {b"content-length": b"100000"}
        reading = asyncio.create_task(read_body("POST", headers, receive, share, lambda: True, 300_000))
        await settle()
        assert len(parts) == 1
        holder.shrink(0)
        assert (await reading).size == 140_000

    run(work)


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


def test_the_memory_of_texts_stays_the_same_once_they_are_rendered() -> None:
    memory = JournalMemory()
    journal = Journal(memory=memory)
    texts = ("a" * 1000, "ä" * 1000, "€" * 1000, "😀" * 1000)
    # Joined now, since the compiler's constants may be rendered already.
    found = [replace(entry, response="".join(list(text))) for entry, text in zip(entries(4, 0), texts, strict=True)]
    journal.restore(found, 4)
    before = journal.bytes
    msgspec.json.encode(found)
    assert sum(map(sys.getsizeof, (entry.response for entry in found))) < before
    journal.drop(3)
    last = Journal()
    last.restore(found[3:], 1)
    assert journal.bytes == last.bytes > 4_000
    journal.drop(1)
    assert (memory.used, journal.bytes) == (0, 0)


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
    journal.stop_counting()
    journal.drop(2)
    assert (memory.used, len(journal.entries), journal.bytes > 0) == (0, 3, True)
