"""``POST /v1/embeddings`` (contract E1-E4)."""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from clevora_mock import contract
from clevora_mock.api import parsing, shapes
from clevora_mock.api.answers import Json
from clevora_mock.api.gate import Answer
from clevora_mock.core.call import Call
from clevora_mock.models import tokens
from clevora_mock.models.library import Library

if TYPE_CHECKING:
    from clevora_mock.models.embeddings import Floats

# Beyond this many characters the work leaves the event loop, so that nobody else waits for it.
_OFFLOADED_CHARACTERS = 4_000


class Embeddings:
    """The endpoint; `library` loads the vectors' model at its first use."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def __call__(self, call: Call) -> Answer:
        request = parsing.request(call, shapes.EmbeddingsRequest)
        model = parsing.choose_model(contract.ENDPOINT["embeddings"], request.model)
        texts = [request.input] if isinstance(request.input, str) else request.input
        encoded = request.encoding_format == "base64"
        if call.canned is not None and call.canned.vector is not None:
            counted, body = self._canned(texts, model, encoded, call.canned.vector)
        elif sum(map(len, texts)) > _OFFLOADED_CHARACTERS:
            counted, body = await asyncio.to_thread(self._answer, texts, model, encoded)
        else:
            counted, body = self._answer(texts, model, encoded)
        call.prompt_tokens = counted
        call.produced = f"{len(texts)} vector{'s' if len(texts) > 1 else ''}"
        return Json(body)

    def _answer(self, texts: list[str], model: str, encoded: bool) -> tuple[int, bytes]:
        """The billed tokens and the body; touches nothing that another thread could see."""
        return _body(texts, model, encoded, self._library.embedder.matrix(texts))

    def _canned(self, texts: list[str], model: str, encoded: bool, vector: tuple[float, ...]) -> tuple[int, bytes]:
        """The scenario's vector for every input."""
        import numpy as np  # noqa: PLC0415 - only once it is needed

        return _body(texts, model, encoded, np.array([vector] * len(texts), np.float32))


def _body(texts: list[str], model: str, encoded: bool, vectors: "Floats") -> tuple[int, bytes]:
    from clevora_mock.models.embeddings import base64  # noqa: PLC0415 - numpy, only once it is needed

    counted = sum(map(tokens.count, texts))
    data = [
        shapes.Embedding("embedding", index, base64(vector) if encoded else vector.tolist())
        for index, vector in enumerate(vectors)
    ]
    answer = shapes.EmbeddingList("list", data, model, shapes.PromptUsage(counted, counted))
    return counted, msgspec.json.encode(answer)
