"""2,048 texts embedded in one request, in base64, and the wait of another client's chats meanwhile."""

import asyncio
import gc
from collections.abc import Iterator
from itertools import cycle, islice

import uvloop
from msgspec import Struct

from benchmarks import requests
from benchmarks.figures import Section
from benchmarks.load import Load
from benchmarks.plan import Plan
from benchmarks.servers import MOCK, serving

_CALM_SECONDS = 0.5
_LAST_SECONDS = 0.2
_MOST_SECONDS = 60.0


class Waits(Struct):
    """Durations in seconds: of the batch, and of the longest chat before it and during it."""

    batch: float
    calm: float
    during: float


def measure(plan: Plan, section: Section) -> None:
    served = [plan.samples.serve(requests.EMBEDDINGS, "batch"), plan.samples.serve(requests.CHAT, "chat")]
    for _ in range(plan.rounds):
        _measure(section, "starlette", ("starlette", served), requests.new_words())
        _measure(section, MOCK, (MOCK, []), requests.new_words())
        _measure(section, f"{MOCK}, new sentences", (MOCK, []), requests.new_sentences())


def _measure(section: Section, shown: str, server: tuple[str, list[str]], texts: Iterator[str]) -> None:
    kind, flags = server
    with serving(kind, flags, first=requests.chat()) as started:
        # Loads the embeddings model; the next batch has other texts.
        _ask(started.port, _batch(texts))
        waits = _ask(started.port, _batch(texts))
    section.add("a batch of 2,048", "ms", shown, 1000 * waits.batch)
    section.add("longest wait of a chat meanwhile", "ms", shown, 1000 * waits.during)
    section.add("longest wait of a chat before", "ms", shown, 1000 * waits.calm)


def _batch(texts: Iterator[str]) -> bytes:
    return requests.embeddings(list(islice(texts, requests.BATCH)), base64=True)


def _ask(port: int, batch: bytes) -> Waits:
    async def run() -> Waits:
        chats = Load(port, cycle([requests.chat()]), 1)
        chatting = asyncio.ensure_future(chats.run(_MOST_SECONDS))
        await asyncio.sleep(_CALM_SECONDS)
        before = chats.result.requests
        answered = await Load(port, iter([batch]), 1).run(_MOST_SECONDS)
        # The chat that still waits when the batch ends counts as well.
        await asyncio.sleep(_LAST_SECONDS)
        chats.stop()
        latencies = (await chatting).latencies
        return Waits(answered.latencies[0], max(latencies[:before]), max(latencies[before:]))

    gc.disable()
    try:
        return uvloop.run(run())
    finally:
        gc.enable()
