"""Writes of a response and their times, as a server sees them."""

from collections.abc import MutableMapping
from typing import Any

import pytest

from clevora_mock.clock import SECOND, Clock
from clevora_mock.core.reply import Frame, Reply
from clevora_mock.web.framed_response import CONNECTION_CONTROL, FramedResponse
from tests.support.virtual_time import VirtualLoop, run_virtually
from tests.support.world import make_sandbox

Message = MutableMapping[str, Any]
KIB_64 = 65_536


class Connection:
    """The server's side of a connection: the sizes of the writes, and the events with their times in seconds."""

    is_lost = False

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.sizes: list[int] = []
        self.events: list[tuple[str, float]] = []

    async def receive(self) -> Message:
        return await self.loop.create_future()  # type: ignore[no-any-return]

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            self.sizes.append(len(message["body"]))
            self.events.append(("write", self.loop.time()))

    def look(self) -> None: ...

    def give_way(self) -> None: ...

    def close(self) -> None:
        self.events.append(("close", self.loop.time()))

    def reset(self) -> None:
        self.events.append(("reset", self.loop.time()))


def deliver(reply: Reply, *, frozen: bool = True) -> Connection:
    """Send `reply` in virtual time; nobody waits for the delays of a frozen clock."""

    async def work(loop: VirtualLoop) -> Connection:
        connection = Connection(loop)
        clock = Clock("frozen") if frozen else Clock("real", read=loop.micros)
        scope = {"type": "http", "extensions": {CONNECTION_CONTROL: connection}}
        await FramedResponse(reply, make_sandbox(clock))(scope, connection.receive, connection.send)
        return connection

    return run_virtually(work)


def stream(*sizes: int, **frame: Any) -> tuple[Frame, ...]:
    return tuple(Frame(b"x" * size, **frame) for size in sizes)


@pytest.mark.parametrize(
    ("sizes", "writes"),
    [
        ((KIB_64 - 1, 1, KIB_64 - 1, 1, 5), [KIB_64, KIB_64, 5]),
        ((KIB_64, 5), [KIB_64, 5]),
        ((5, KIB_64, 5), [KIB_64 + 5, 5]),
        ((KIB_64 // 2,) * 5, [KIB_64, KIB_64, KIB_64 // 2]),
    ],
)
def test_a_write_ends_once_it_has_64_kib(sizes: tuple[int, ...], writes: list[int]) -> None:
    assert deliver(Reply(stream(*sizes), is_stream=True)).sizes == writes


def test_frames_with_times_are_joined_when_nobody_waits() -> None:
    paced = Reply(stream(*[KIB_64 // 2] * 4, due=SECOND), is_stream=True)
    frozen = deliver(paced)
    assert (frozen.sizes, frozen.loop.time()) == ([KIB_64, KIB_64], 0)
    waited = deliver(paced, frozen=False)
    assert (waited.sizes, round(waited.loop.time(), 3)) == ([KIB_64 // 2] * 4, 1)


def test_a_reset_leaves_time_for_the_writes_before_it() -> None:
    for frames in (stream(5, 5), (*stream(5), *stream(5, apart=True))):
        *_, (before, written), (event, at) = deliver(Reply(frames, is_stream=True, ending="reset")).events
        assert (before, event) == ("write", "reset")
        assert at - written >= 0.01


def test_a_reset_before_the_head_is_sent_at_once() -> None:
    assert deliver(Reply(has_head=False, ending="reset")).events == [("reset", 0)]


def test_a_close_is_sent_after_the_writes_at_once() -> None:
    connection = deliver(Reply(stream(5, 5), is_stream=True, ending="close"))
    assert connection.events == [("write", 0), ("close", 0)]
