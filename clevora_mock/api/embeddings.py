"""``POST /v1/embeddings`` (contract E1-E4)."""

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from clevora_mock import contract
from clevora_mock.api import parsing
from clevora_mock.api.answers import Answer, Json
from clevora_mock.api.batching import Batch
from clevora_mock.api.loading import Loading
from clevora_mock.api.memory import Memory
from clevora_mock.api.shapes import PromptUsage
from clevora_mock.api.shapes import embeddings as shapes
from clevora_mock.core.call import Call
from clevora_mock.models import tokens
from clevora_mock.models.registry import Models

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clevora_mock.models.embeddings import Embedder, Floats

# Beyond this many characters the work leaves the event loop, so that nobody else waits for it. However short a text,
# its vector is as long as any, and takes as long to make as that of so many characters.
_OFFLOADED_CHARACTERS = 4_000
_TEXT_CHARACTERS = 50

# How many answers to a single text are remembered, of some 33 KB each, and up to which size of a request.
_REMEMBERED = 256
_REMEMBERED_BYTES = 1024


class Wanted(NamedTuple):
    """What a request wants embedded, by which model, and whether in base64."""

    texts: list[str]
    model: str
    encoded: bool


class Embedded(NamedTuple):
    """What follows from a request's body alone: the answer, what it is billed as, and its summary."""

    body: bytes
    tokens: int
    produced: str
    ignored: tuple[str, ...]


class Embeddings:
    """The endpoint; `models` loads the vectors' model at its first use."""

    def __init__(self, models: Models) -> None:
        self._embedder: Loading[Embedder] = Loading(lambda: models.embedder)
        self._batch: Batch[Wanted, tuple[int, bytes]] = Batch(lambda wanted: _answers(wanted, models.embedder))
        self._remembered: Memory[bytes, Embedded] = Memory(_REMEMBERED)
        # What was asked once, by the hash of its body: to keep every answer would cost more than most are worth.
        self._asked: Memory[int, bool] = Memory(_REMEMBERED)

    async def __call__(self, call: Call) -> Answer:
        remembered = self._remembered.get(call.body) if call.canned is None else None
        if remembered is None:
            remembered = await self._make(call)
        call.prompt_tokens, call.produced, call.ignored = remembered.tokens, remembered.produced, remembered.ignored
        return Json(remembered.body)

    async def _make(self, call: Call) -> Embedded:
        """Understand the body of `call` and answer it; what is small and asked again is remembered."""
        request = parsing.request(call, shapes.EmbeddingsRequest)
        model = parsing.choose_model(contract.ENDPOINT["embeddings"], request.model)
        texts = [request.input] if isinstance(request.input, str) else request.input
        wanted = Wanted(texts, model, request.encoding_format == "base64")
        canned = None if call.canned is None else call.canned.vector
        counted, body = await self._answer(wanted) if canned is None else _canned(wanted, canned)
        made = Embedded(body, counted, f"{len(texts)} vector{'s' if len(texts) > 1 else ''}", call.ignored)
        if canned is None and len(texts) == 1 and len(call.body) <= _REMEMBERED_BYTES:
            if self._asked.get(hash(call.body)):
                self._remembered.keep(call.body, made)
            else:
                self._asked.keep(hash(call.body), True)
        return made

    async def _answer(self, wanted: Wanted) -> tuple[int, bytes]:
        """The billed tokens and the body."""
        embedder = await self._embedder()
        if sum(map(len, wanted.texts)) + len(wanted.texts) * _TEXT_CHARACTERS <= _OFFLOADED_CHARACTERS:
            return await self._batch(wanted)
        return await asyncio.to_thread(lambda: next(_answers([wanted], embedder)))


def _canned(wanted: Wanted, vector: tuple[float, ...]) -> tuple[int, bytes]:
    """The scenario's vector for every input."""
    import numpy as np  # noqa: PLC0415 - only once it is needed

    return _body(wanted, [np.array(vector, np.float32)] * len(wanted.texts))


def _answers(all_wanted: list[Wanted], embedder: "Embedder") -> "Iterator[tuple[int, bytes]]":
    """The billed tokens and the body of each; touches nothing that another thread could see."""
    vectors = embedder.vectors(text for wanted in all_wanted for text in wanted.texts)
    for wanted in all_wanted:
        yield _body(wanted, islice(vectors, len(wanted.texts)))


def _body(wanted: Wanted, vectors: "Iterable[Floats]") -> tuple[int, bytes]:
    from clevora_mock.models.embeddings import little_endian  # noqa: PLC0415 - numpy, only once it is needed

    counted = sum(map(tokens.count, wanted.texts))
    # One by one, for nobody else gets a turn while something is encoded, and thousands of vectors take long.
    data = [
        msgspec.json.encode(
            shapes.Embedding("embedding", index, little_endian(vector) if wanted.encoded else vector.tolist())
        )
        for index, vector in enumerate(vectors)
    ]
    around = shapes.EmbeddingList("list", [], wanted.model, PromptUsage(counted, counted))
    start, end = msgspec.json.encode(around).split(b"[]", 1)
    return counted, b"".join((start, b"[", b",".join(data), b"]", end))
