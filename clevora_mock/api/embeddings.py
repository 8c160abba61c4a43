"""``POST /v1/embeddings`` (E1-E4)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from clevora_mock.api.lazy import LazyAsync
from clevora_mock.api.schemas import PromptUsage
from clevora_mock.api.schemas.embeddings import Embedding, EmbeddingList, EmbeddingsRequest
from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.core.reply import Reply, json_parts
from clevora_mock.models.registry import Models
from clevora_mock.text.tokens import TOKENIZER, Tokenizer
from clevora_mock.web.context import RequestContext
from clevora_mock.web.parsing import choose_model

if TYPE_CHECKING:
    from clevora_mock.models.embeddings import Embedder, Floats

# One vector takes as long as so many characters.
_VECTOR_CHARACTERS = 100
# One vector in an answer, as numbers.
_VECTOR_BYTES = 40_000


class EmbeddingsHandler:
    """Endpoint handler; loads the embedding model on first use."""

    def __init__(self, models: Models, tokenizer: Tokenizer = TOKENIZER) -> None:
        self._tokenizer = tokenizer
        self._embedder: LazyAsync[Embedder] = LazyAsync(lambda: models.embedder)

    async def __call__(self, context: RequestContext, request: EmbeddingsRequest) -> Reply:
        model = choose_model(ENDPOINT_BY_NAME["embeddings"], request.model)
        texts = [request.input] if isinstance(request.input, str) else request.input
        vector = context.scripted.vector
        embedder = await self._embedder() if vector is None else None

        def embed() -> Reply:
            counted = sum(map(self._tokenizer.count, texts))
            vectors = _repeat(vector or (), len(texts)) if embedder is None else embedder.vectors(texts)
            usage = PromptUsage(counted, counted)
            parts = _render_body(vectors, model, usage, encoded=request.encoding_format == "base64")
            summary = f"{len(texts)} vector{'s' if len(texts) > 1 else ''}"
            return replace(json_parts(parts), prompt_tokens=counted, text=summary)

        # A character takes three times as long as in other work.
        size = 3 * sum(map(len, texts)) + len(texts) * _VECTOR_CHARACTERS
        await context.exchange.work_memory.hold(len(texts) * _VECTOR_BYTES)
        return await context.background.run(size, embed)


def _repeat(vector: tuple[float, ...], count: int) -> "list[Floats]":
    """Return a scenario's vector once per input."""
    import numpy as np  # noqa: PLC0415 - slow to import, and needed here only

    return [np.array(vector, np.float32)] * count


def _render_body(vectors: "Iterable[Floats]", model: str, usage: PromptUsage, *, encoded: bool) -> list[bytes]:
    """Render the response in parts, which are not joined, since they may have 80 MB."""
    from clevora_mock.models.embeddings import little_endian  # noqa: PLC0415 - imports numpy

    start, end = msgspec.json.encode(EmbeddingList("list", [], model, usage)).split(b"[]", 1)
    # Encoded one by one, since one long call would hold the interpreter lock.
    data = [
        (b"," if index else start + b"[")
        + msgspec.json.encode(Embedding("embedding", index, little_endian(vector) if encoded else vector.tolist()))
        for index, vector in enumerate(vectors)
    ]
    return [*data, b"]" + end]
