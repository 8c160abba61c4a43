"""Clients that disconnect during a stream pay, once, for the prompt and for the tokens sent by then.

The clock of these streams moves only when a test advances it, so the number of sent tokens is known.
"""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import openai
import pytest
import requests
from openai import AsyncOpenAI, OpenAI

from tests.support import records, states
from tests.support.raw_client import RawResponse, connect, read_until, reset
from tests.support.streams import chat_request
from tests.support.wait import wait_until
from tests.support.world import World

REQUEST: dict[str, Any] = {
    "model": "clevora-1.0-turbo",
    "messages": [{"role": "user", "content": "Tell me about the sea, and why people sail on it."}],
}
STREAMED = json.dumps(REQUEST | {"stream": True})

# The role and the first content are sent at once; the tests let out as many further tokens.
FURTHER_TOKENS = 4
TOKENS = 1 + FURTHER_TOKENS
FRAMES = 2 + FURTHER_TOKENS


@pytest.fixture
def slow(live_world: World) -> World:
    """Provide a sandbox whose streams advance only by `states.advance_frames`."""
    live_world.stop_clock()
    return live_world


@contextmanager
def billed_after(world: World, tokens: int = TOKENS) -> Iterator[None]:
    """Check that the stream in the block is billed as abandoned after `tokens` tokens."""
    whole = world.http.post("/v1/chat/completions", json=REQUEST, headers=world.headers).json()
    usage = whole["usage"]
    assert usage["completion_tokens"] > tokens + 2, "the answer is too short to leave it in the middle"
    yield
    _, charge = records.wait_for_charges(world, 2)
    assert charge.tokens == usage["prompt_tokens"] + tokens
    assert charge.amount == charge.tokens * 500
    # Nothing continues in the background that would be billed later.
    world.advance(3600)
    assert len(records.charges(world)) == 2
    entry = records.journal(world)[-1]
    assert (entry.status, entry.completion_tokens, entry.logged) == (200, tokens, True)
    assert whole["choices"][0]["message"]["content"].startswith(entry.response)
    assert entry.response


class TestOpenAI:
    def test_closing_a_stream_ends_its_bill(self, slow: World) -> None:
        with billed_after(slow), OpenAI(base_url=slow.base_url, api_key=slow.api_key) as client:
            stream = client.chat.completions.create(**REQUEST, stream=True)
            chunks = [next(stream), next(stream)]
            states.advance_frames(slow, FURTHER_TOKENS)
            chunks += [next(stream) for _ in range(FURTHER_TOKENS)]
            stream.close()
            assert all(chunk.choices[0].delta.content for chunk in chunks[1:])

    def test_leaving_the_loop_over_a_stream_ends_its_bill(self, slow: World) -> None:
        with (
            billed_after(slow, 1),
            OpenAI(base_url=slow.base_url, api_key=slow.api_key) as client,
            client.chat.completions.create(**REQUEST, stream=True) as stream,
        ):
            for chunk in stream:
                if chunk.choices[0].delta.content:
                    break

    def test_closing_an_asynchronous_stream_ends_its_bill(self, slow: World) -> None:
        async def leave() -> None:
            async with AsyncOpenAI(base_url=slow.base_url, api_key=slow.api_key) as client:
                stream = await client.chat.completions.create(**REQUEST, stream=True)
                for _ in range(2):
                    await anext(stream)
                states.advance_frames(slow, FURTHER_TOKENS)
                for _ in range(FURTHER_TOKENS):
                    await anext(stream)
                await stream.close()

        with billed_after(slow):
            asyncio.run(leave())

    def test_cancelling_the_task_ends_a_streams_bill(self, slow: World) -> None:
        async def read(enough: asyncio.Event) -> None:
            async with AsyncOpenAI(base_url=slow.base_url, api_key=slow.api_key) as client:
                async for chunk in await client.chat.completions.create(**REQUEST, stream=True):
                    if chunk.choices[0].delta.content:
                        enough.set()

        async def leave() -> None:
            enough = asyncio.Event()
            reading = asyncio.create_task(read(enough))
            await enough.wait()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading

        with billed_after(slow, 1):
            asyncio.run(leave())

    def test_a_timeout_while_reading_ends_a_streams_bill(self, slow: World) -> None:
        """The SDK does not retry after a read timeout."""
        patience = openai.Timeout(20, read=0.5)
        with (
            billed_after(slow, 1),
            OpenAI(base_url=slow.base_url, api_key=slow.api_key, timeout=patience) as client,
            client.chat.completions.create(**REQUEST, stream=True) as stream,
            pytest.raises(openai.APITimeoutError),
        ):
            list(stream)

    def test_a_completely_sent_stream_is_billed_whole(self, world: World) -> None:
        with OpenAI(base_url=world.base_url, api_key=world.api_key) as client:
            usage = client.chat.completions.create(**REQUEST).usage
            stream = client.chat.completions.create(**REQUEST, stream=True)
            next(stream)
            stream.close()
        assert usage is not None
        assert [charge.tokens for charge in records.wait_for_charges(world, 2)] == [usage.total_tokens] * 2


class TestOthers:
    def test_closing_an_httpx_stream_ends_its_bill(self, slow: World) -> None:
        with (
            billed_after(slow),
            slow.http.stream("POST", "/v1/chat/completions", content=STREAMED, headers=slow.headers) as answer,
        ):
            lines = answer.iter_lines()
            _read(lines, 2)
            states.advance_frames(slow, FURTHER_TOKENS)
            _read(lines, FURTHER_TOKENS)

    def test_closing_an_asynchronous_httpx_stream_ends_its_bill(self, slow: World) -> None:
        async def leave() -> None:
            url = f"{slow.base_url}/chat/completions"
            async with (
                httpx.AsyncClient() as client,
                client.stream("POST", url, content=STREAMED, headers=slow.headers) as answer,
            ):
                lines = answer.aiter_lines()
                # Each frame is a data line and an empty line.
                for _ in range(2 * 2):
                    await anext(lines)
                states.advance_frames(slow, FURTHER_TOKENS)
                for _ in range(2 * FURTHER_TOKENS):
                    await anext(lines)

        with billed_after(slow):
            asyncio.run(leave())

    def test_closing_a_requests_stream_ends_its_bill(self, slow: World) -> None:
        url = f"{slow.base_url}/chat/completions"
        with billed_after(slow), requests.post(url, STREAMED, headers=slow.headers, stream=True, timeout=20) as answer:
            lines = answer.iter_lines(decode_unicode=True)
            _read(lines, 2)
            states.advance_frames(slow, FURTHER_TOKENS)
            _read(lines, FURTHER_TOKENS)


class TestSockets:
    @pytest.fixture
    def connections(self, slow: World) -> Iterator[Callable[[], socket.socket]]:
        """Provide a function that opens a connection and requests a stream on it."""
        with ExitStack() as opened:

            def connected() -> socket.socket:
                made = opened.enter_context(connect(slow.address))
                made.sendall(chat_request(slow, REQUEST | {"stream": True}, close=False))
                return made

            yield connected

    def test_a_fin_ends_a_streams_bill(self, slow: World, connections: Callable[[], socket.socket]) -> None:
        with billed_after(slow):
            connection = connections()
            seen = _receive(connection, RawResponse(), 2)
            states.advance_frames(slow, FURTHER_TOKENS)
            _receive(connection, seen, FRAMES)
            connection.close()

    def test_an_rst_ends_a_streams_bill(self, slow: World, connections: Callable[[], socket.socket]) -> None:
        with billed_after(slow):
            connection = connections()
            seen = _receive(connection, RawResponse(), 2)
            states.advance_frames(slow, FURTHER_TOKENS)
            _receive(connection, seen, FRAMES)
            reset(connection)

    def test_a_pipelined_request_is_not_served_after_a_disconnect(
        self, slow: World, connections: Callable[[], socket.socket]
    ) -> None:
        """A pipelined request is not served after its client disconnects, and does not delay the detection."""
        with billed_after(slow):
            connection = connections()
            seen = _receive(connection, RawResponse(), 2)
            connection.sendall(b"GET /docs/llms HTTP/1.1\r\nhost: localhost\r\n\r\n")
            states.advance_frames(slow, FURTHER_TOKENS)
            _receive(connection, seen, FRAMES)
            connection.close()

    def test_unread_frames_are_billed(self, slow: World, connections: Callable[[], socket.socket]) -> None:
        with billed_after(slow):
            connection = connections()
            _await_frames(connection, 2)
            states.advance_frames(slow, FURTHER_TOKENS)
            _await_frames(connection, FRAMES)
            connection.close()

    def test_thirty_simultaneous_disconnects_are_each_billed(
        self, slow: World, connections: Callable[[], socket.socket]
    ) -> None:
        made = [connections() for _ in range(30)]
        for connection in made:
            _receive(connection, RawResponse(), 2)
        for connection in made:
            connection.close()
        first, *others = records.wait_for_charges(slow, 30)
        assert {charge.tokens for charge in others} == {first.tokens}
        slow.advance(3600)
        assert len(records.charges(slow)) == 30


def _read(lines: Iterator[str | bytes], frames: int) -> None:
    """Read so many frames, each a data line and an empty line."""
    for _ in range(frames):
        assert str(next(lines)).startswith("data: ")
        assert next(lines) == ""


def _receive(connection: socket.socket, seen: RawResponse, frames: int) -> RawResponse:
    """Receive until there are so many complete frames."""
    return read_until(connection, seen, lambda seen: len(seen.events) >= frames)


def _await_frames(connection: socket.socket, frames: int) -> None:
    """Return once so many frames have arrived, without reading them."""
    wait_until(lambda: connection.recv(65_536, socket.MSG_PEEK).count(b"\n\n") >= frames, "the frames do not arrive")
