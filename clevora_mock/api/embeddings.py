"""``POST /v1/embeddings`` (E1-E4)."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from clevora_mock.api.lazy import LazyAsync
from clevora_mock.api.schemas import PromptUsage
from clevora_mock.api.schemas.embeddings import Embedding, EmbeddingList, EmbeddingsRequest
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.reply import Reply, json_reply
from clevora_mock.models.registry import Models
from clevora_mock.text import tokens
from clevora_mock.web.context import RequestContext
from clevora_mock.web.parsing import choose_model

if TYPE_CHECKING:
    from clevora_mock.models.embeddings import Embedder, Floats

# Longer work runs in a thread, so that other requests do not wait. One vector costs as much as so many characters.
_OFFLOADED_CHARACTERS = 4_000
_VECTOR_CHARACTERS = 50


class EmbeddingsHandler:
    """Endpoint handler; loads the embedding model on first use."""

    def __init__(self, models: Models) -> None:
        self._embedder: LazyAsync[Embedder] = LazyAsync(lambda: models.embedder)

    async def __call__(self, context: RequestContext, request: EmbeddingsRequest) -> Reply:
        model = choose_model(ENDPOINT_BY_NAME["embeddings"], request.model)
        texts = [request.input] if isinstance(request.input, str) else request.input
        counted = sum(map(tokens.count, texts))
        usage = PromptUsage(counted, counted)
        encoded = request.encoding_format == "base64"
        if context.scripted.vector is not None:
            body = _render_body(_repeat(context.scripted.vector, len(texts)), model, usage, encoded=encoded)
        else:
            embedder = await self._embedder()

            def embed() -> bytes:
                return _render_body(embedder.vectors(texts), model, usage, encoded=encoded)

            size = sum(map(len, texts)) + len(texts) * _VECTOR_CHARACTERS
            body = embed() if size <= _OFFLOADED_CHARACTERS else await asyncio.to_thread(embed)
        summary = f"{len(texts)} vector{'s' if len(texts) > 1 else ''}"
        return replace(json_reply(body), prompt_tokens=counted, text=summary)


def _repeat(vector: tuple[float, ...], count: int) -> "list[Floats]":
    """Return a scenario's vector once per input."""
    import numpy as np  # noqa: PLC0415 - slow to import, and needed here only

    return [np.array(vector, np.float32)] * count


def _render_body(vectors: "Iterable[Floats]", model: str, usage: PromptUsage, *, encoded: bool) -> bytes:
    """Render the response; safe to run in a thread."""
    from clevora_mock.models.embeddings import little_endian  # noqa: PLC0415 - imports numpy

    # Encoded one by one, since one long call would hold the interpreter lock.
    data = [
        msgspec.json.encode(Embedding("embedding", index, little_endian(vector) if encoded else vector.tolist()))
        for index, vector in enumerate(vectors)
    ]
    start, end = msgspec.json.encode(EmbeddingList("list", [], model, usage)).split(b"[]", 1)
    return b"".join((start, b"[", b",".join(data), b"]", end))
