"""Clients that disconnect during a stream pay, once, for the prompt and for the tokens sent by then."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.api.stream_pacing import StreamPacing
from clevora_mock.app import create_app
from clevora_mock.clock import FROZEN_START, SECOND, Clock
from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.limits import Limits
from clevora_mock.core.reply import Frame, Reply
from clevora_mock.core.rng import RandomStream
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.settings import DEMO_KEY, Settings
from clevora_mock.web.framed_response import FramedResponse
from tests.properties.token_count import count_tokens
from tests.support.examples import share
from tests.support.raw_client import RawResponse, connect, read_until, reset
from tests.support.records import check_sums, wait_for_entries, wait_for_timer
from tests.support.server import RunningServer, serve_settings
from tests.support.streams import chat_request
from tests.support.virtual_time import VirtualLoop, run_virtually
from tests.support.world import TLS, World, fresh_world, make_sandbox

# Hundreds of examples.
pytestmark = pytest.mark.slow

Message = MutableMapping[str, Any]

RATE = 500  # micro-dollars a token
PATH = "/v1/chat/completions"

# --- in virtual time: the stream by itself ----------------------------------------------------------------------------

frames = st.lists(st.integers(1, 40), min_size=2, max_size=40).map(
    lambda sizes: [bytes([65 + index % 26]) * size for index, size in enumerate(sizes)]
)
paces = st.sampled_from([1.0, 7.0, 200.0, 1000.0])
# Fractions of the whole stream's duration, beyond its end too.
fractions = st.floats(0, 1.3)


class Delivered(NamedTuple):
    """The result of a stream: the frames with their times, and its own count of sent frames."""

    bodies: list[tuple[int, bytes]]
    ended: bool
    frames_sent: int


Ending = Callable[[VirtualLoop, "asyncio.Task[None]", asyncio.Event], Awaitable[None]]


def deliver(content: list[bytes], pace: float, ending: Ending, write_seconds: float = 0.0) -> Delivered:
    """Send `content` to a client with writes of `write_seconds`, while `ending` runs."""
    bodies: list[tuple[int, bytes]] = []
    ended: list[bool] = []

    async def work(loop: VirtualLoop) -> int:
        clock = Clock("real", start=FROZEN_START, read=loop.micros)
        frames = StreamPacing(pace).pace(tuple(map(Frame, content)), RandomStream(bytes(8)))
        response = FramedResponse(Reply(frames, is_stream=True), make_sandbox(clock))
        left = asyncio.Event()

        async def receive() -> Message:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] != "http.response.body":
                return
            if write_seconds:
                await asyncio.sleep(write_seconds)
                if left.is_set() and message.get("more_body"):
                    # A server that notices the disconnect after a write wakes `receive` first, and writes nothing.
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                    return
            # Frames that are due together are sent in one write.
            body = message["body"]
            while body:
                frame = content[len(bodies)]
                assert body.startswith(frame)
                bodies.append((clock.now() - FROZEN_START, frame))
                body = body.removeprefix(frame)
            if not message.get("more_body"):
                ended.append(True)

        task = asyncio.ensure_future(response({"type": "http"}, receive, send))
        end = asyncio.ensure_future(ending(loop, task, left))
        await asyncio.gather(task, return_exceptions=True)
        end.cancel()
        await asyncio.gather(end, return_exceptions=True)
        assert not clock.timers
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return response.frames_sent

    frames_sent = run_virtually(work)
    return Delivered(bodies, bool(ended), frames_sent)


def disconnect(after: float) -> Ending:
    """Disconnect the client."""

    async def end(loop: VirtualLoop, task: "asyncio.Task[None]", left: asyncio.Event) -> None:
        await asyncio.sleep(after)
        left.set()

    return end


def cancel_request(after: float) -> Ending:
    """Cancel the request's task."""

    async def end(loop: VirtualLoop, task: "asyncio.Task[None]", left: asyncio.Event) -> None:
        await asyncio.sleep(after)
        task.cancel()

    return end


@given(
    st.integers(2, 40),
    st.none() | st.sampled_from([0.5, 7.0, 200.0, 1e6]),
    st.integers(0, 5 * SECOND),
    st.floats(0, 1),
    st.binary(min_size=8, max_size=8),
)
def test_deadlines_follow_the_pace(count: int, rate: float | None, first: int, jitter: float, start: bytes) -> None:
    frames = StreamPacing(rate, first, jitter).pace((Frame(b"x"),) * count, RandomStream(start))
    deadlines = [frame.due for frame in frames]
    assert len(deadlines) == count
    assert deadlines[:2] == [0, first]
    step = SECOND / rate if rate else 0
    for earlier, later in pairwise(deadlines[1:]):
        assert step * (1 - jitter) - 1 <= later - earlier <= step * (1 + jitter) + 1
        assert earlier <= later


@given(frames, paces)
def test_a_whole_stream_keeps_its_pace(content: list[bytes], pace: float) -> None:
    delivered = deliver(content, pace, disconnect(10_000))
    assert [body for _, body in delivered.bodies] == content
    assert delivered.ended
    assert delivered.frames_sent == len(content)
    for index, (at, _) in enumerate(delivered.bodies):
        # The role and the first token at once, then one token at a time; delays do not accumulate.
        deadline = max(0, index - 1) * SECOND / pace
        assert deadline - 1 <= at <= deadline + 4


@given(frames, paces, fractions, st.sampled_from([disconnect, cancel_request]))
def test_sent_frames_are_counted(
    content: list[bytes], pace: float, fraction: float, ending: Callable[[float], Ending]
) -> None:
    whole = (len(content) - 2) / pace
    delivered = deliver(content, pace, ending(whole * fraction))
    sent = [body for _, body in delivered.bodies]
    assert sent == content[: len(sent)]
    assert delivered.frames_sent == len(sent)
    assert delivered.ended == (len(sent) == len(content))


@given(frames, paces, fractions, st.floats(0.001, 2), st.sampled_from([disconnect, cancel_request]))
def test_a_frame_counts_once_it_is_written(
    content: list[bytes], pace: float, fraction: float, slowness: float, ending: Callable[[float], Ending]
) -> None:
    whole = len(content) * max(slowness, 1 / pace)
    delivered = deliver(content, pace, ending(whole * fraction), slowness)
    sent = [body for _, body in delivered.bodies]
    assert sent == content[: len(sent)]
    assert delivered.frames_sent == len(sent)


@given(frames, paces, st.integers(0, 39))
def test_nothing_is_sent_to_a_client_that_left(content: list[bytes], pace: float, at: int) -> None:
    tick = min(at, len(content) - 2) / pace
    delivered = deliver(content, pace, disconnect(tick))
    assert all(moment <= tick * SECOND + 4 for moment, _ in delivered.bodies)


# --- in virtual time: the whole application ---------------------------------------------------------------------------

prompts = st.lists(
    st.sampled_from(["Hello!", "one two three", "Was ist das?", "supercalifragilistic"]), min_size=1, max_size=3
)


def request_json(contents: list[str], limit: int, stream: bool = True) -> dict[str, Any]:
    messages = [{"role": "user", "content": content} for content in contents]
    return {"messages": messages, "max_tokens": limit, "stream": stream}


def request_body(contents: list[str], limit: int, stream: bool = True) -> bytes:
    return json.dumps(request_json(contents, limit, stream)).encode()


def prompt_tokens(contents: list[str]) -> int:
    return 3 + sum(3 + count_tokens(content) for content in contents)


def content_of(events: bytes) -> str:
    """Return the text in a stream's events."""
    chunks = [
        json.loads(line[6:])
        for line in events.decode().split("\n\n")
        if line.startswith("data: {") and line.endswith("}")
    ]
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)


def check_entry(entry: JournalEntry, contents: list[str], text: str) -> None:
    """Check that one journal entry bills exactly the prompt and `text`."""
    assert (entry.status, entry.logged, entry.endpoint) == (200, True, "chat.completions")
    assert entry.prompt_tokens == prompt_tokens(contents)
    assert entry.completion_tokens == count_tokens(text)
    assert entry.response == text
    assert entry.cost == RATE * (entry.prompt_tokens + entry.completion_tokens)


def check_bills(sandbox: Sandbox, before: int) -> None:
    """Check that ledger, usage, keys and balance agree with the journal, and with the balance `before`."""
    check_sums(sandbox)
    account = sandbox.accounts.by_uid["demo"]
    billed = [entry for entry in sandbox.journal.entries if entry.cost]
    tokens = sum(entry.prompt_tokens + entry.completion_tokens for entry in billed)
    sums = account.ledger.sums()
    assert sums.tokens == tokens
    assert sums.charges == RATE * tokens
    assert account.ledger.balance == before - RATE * tokens
    assert sum(entry.type == "charge" for entry in account.ledger.entries) == len(billed)
    assert account.usage.total.requests == len(billed)
    assert sum(day.tokens for day in account.usage.days.values()) == tokens
    assert sum(key.requests for key in account.keys) == len(billed)


@pytest.fixture(scope="module")
def answers() -> Iterator[Callable[[list[str], int], str]]:
    """Return the complete text of each request, from a request without a stream."""
    with (
        serve_settings(Settings(no_rate_limit=True)) as server,
        httpx.Client(base_url=server.url, timeout=20, verify=TLS) as http,
    ):
        known: dict[bytes, str] = {}

        def ask(contents: list[str], limit: int) -> str:
            body = request_body(contents, limit, stream=False)
            if body not in known:
                answer = http.post(PATH, content=body, headers={"authorization": f"Bearer {DEMO_KEY}"})
                known[body] = answer.json()["choices"][0]["message"]["content"]
            return known[body]

        yield ask


@share(3 / 5)
@given(
    streams=st.lists(st.tuples(prompts, st.integers(1, 30), fractions, st.floats(0, 0.2)), min_size=1, max_size=5),
    pace=paces,
)
def test_concurrent_streams_are_each_billed_for_the_sent_tokens(
    answers: Callable[[list[str], int], str], streams: list[tuple[list[str], int, float, float]], pace: float
) -> None:
    app = create_app(Settings(tokens_per_second=pace))
    sandbox = app.state.sandboxes.default
    before = sandbox.accounts.by_uid["demo"].ledger.balance
    received: dict[str, tuple[list[str], int, bytes]] = {}

    async def request(contents: list[str], limit: int, leave_after: float, start_after: float) -> None:
        await asyncio.sleep(start_after)
        arrived = [{"type": "http.request", "body": request_body(contents, limit), "more_body": False}]
        got = bytearray()
        request_id = ""
        left = asyncio.Event()
        asyncio.get_running_loop().call_later(leave_after, left.set)

        async def receive() -> Message:
            if arrived:
                return arrived.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal request_id
            if message["type"] == "http.response.start":
                request_id = dict(message["headers"])[b"x-request-id"].decode()
            else:
                got.extend(message.get("body", b""))

        scope = {
            "type": "http",
            "method": "POST",
            "path": PATH,
            "query_string": b"",
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "headers": [(b"host", b"localhost"), (b"authorization", f"Bearer {DEMO_KEY}".encode())],
        }
        await app(scope, receive, send)
        received[request_id] = contents, limit, bytes(got)

    async def work(loop: VirtualLoop) -> None:
        sandbox.clock = Clock("real", start=FROZEN_START, read=loop.micros)
        await asyncio.gather(
            *(request(contents, limit, fraction * limit / pace, start) for contents, limit, fraction, start in streams)
        )

    run_virtually(work)
    assert len(sandbox.journal.entries) == len(received) == len(streams)
    for entry in sandbox.journal.entries:
        contents, limit, got = received[entry.id]
        whole = answers(contents, limit)
        text = content_of(got)
        assert whole.startswith(text)
        check_entry(entry, contents, text)
        if got.endswith(b"data: [DONE]\n\n"):
            assert text == whole
    check_bills(sandbox, before)


# --- over real sockets ------------------------------------------------------------------------------------------------


class Abandoned(NamedTuple):
    """An abandoned stream: its request's id, the read text, and True if that is all of it."""

    request_id: str
    text: str
    ended: bool


def unlimited_keys(world: World, number: int) -> list[str]:
    """Return keys of the sandbox, in which requests are unlimited."""

    def prepare(sandbox: Sandbox) -> list[str]:
        sandbox.limits = Limits(None, None)
        account = sandbox.accounts.by_uid["demo"]
        return [sandbox.create_key(account, "abandoned", sandbox.clock.now())[1] for _ in range(number)]

    return world.run_in_server(prepare)


def abandon_stream(world: World, key: str, contents: list[str], limit: int, pieces: int) -> Abandoned:
    """Request a stream, and disconnect once so many pieces of content have been read."""
    with connect(world.address) as connection:
        connection.sendall(chat_request(world, request_json(contents, limit), key=key, close=False))
        seen = read_until(
            connection,
            RawResponse(),
            lambda seen: seen.body.count(b'"content":') >= pieces or seen.body.endswith(b"[DONE]\n\n"),
        )
        # Some connections end by a FIN, some by an RST.
        if pieces % 2:
            reset(connection)
    assert seen.status == 200
    return Abandoned(seen.headers["x-request-id"], content_of(seen.body), seen.body.endswith(b"[DONE]\n\n"))


def balance_of(sandbox: Sandbox) -> int:
    return sandbox.accounts.by_uid["demo"].ledger.balance


def test_two_hundred_abandoned_streams_are_billed_exactly(
    real_server: RunningServer, answers: Callable[[list[str], int], str]
) -> None:
    world = fresh_world(real_server)
    keys = unlimited_keys(world, 10)
    before = world.run_in_server(balance_of)
    chance = random.Random(20260101)
    plans = [([f"stream number {number}"], chance.randint(2, 40)) for number in range(200)]
    leave_after = [chance.randint(1, limit) for _, limit in plans]

    def abandon(number: int) -> Abandoned:
        return abandon_stream(world, keys[number % 10], *plans[number], leave_after[number])

    with ThreadPoolExecutor(50) as clients:
        asked = {
            stream.request_id: (*plan, stream)
            for plan, stream in zip(plans, clients.map(abandon, range(200)), strict=True)
        }
    entries = wait_for_entries(world, 200)
    assert len(entries) == len(asked) == 200
    for entry in entries:
        contents, limit, stream = asked[entry.id]
        whole = answers(contents, limit)
        # At least the text that the client read, at most the text sent before the disconnect was noticed.
        assert entry.response.startswith(stream.text)
        assert whole.startswith(entry.response)
        check_entry(entry, contents, entry.response)
        assert not stream.ended or entry.response == whole
    world.run_in_server(lambda sandbox: check_bills(sandbox, before))


def test_streams_abandoned_under_a_stopped_clock_are_billed_to_the_token(
    still_server: RunningServer, answers: Callable[[list[str], int], str]
) -> None:
    world = fresh_world(still_server)
    keys = unlimited_keys(world, 4)
    before = world.run_in_server(balance_of)
    chance = random.Random(7)
    asked: dict[str, tuple[list[str], str]] = {}
    with ThreadPoolExecutor(10) as clients:
        for tokens in [chance.randint(0, 6) for _ in range(10)]:
            plans = [[f"hello {chance.randint(0, 9)}"] for _ in range(10)]
            streams = [
                clients.submit(abandon_stream, world, keys[number % 4], contents, 12, 1 + tokens)
                for number, contents in enumerate(plans)
            ]
            if tokens:
                # Every client has received the first token, and its stream waits for the clock.
                wait_for_timer(world, len(plans))
                world.advance(tokens / 200)
            for contents, stream in zip(plans, [stream.result() for stream in streams], strict=True):
                assert count_tokens(stream.text) == 1 + tokens
                asked[stream.request_id] = contents, stream.text
            wait_for_entries(world, len(asked))
    for entry in wait_for_entries(world, 100):
        contents, text = asked[entry.id]
        assert answers(contents, 12).startswith(text)
        # It left before the end, and is not billed for the rest.
        assert entry.response == text != answers(contents, 12)
        check_entry(entry, contents, text)
    world.run_in_server(lambda sandbox: check_bills(sandbox, before))
