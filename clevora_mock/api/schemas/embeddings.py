"""Schemas of embeddings (E1-E3)."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from clevora_mock.api.schemas import DEFAULT, NOT_BLANK, PromptUsage, documented, inferred, model_names
from clevora_mock.contract.limits import DEFAULT_MODEL, EMBEDDING_DIMENSIONS, MAX_EMBEDDING_INPUTS


class EmbeddingsRequest(Struct):
    """The body of ``POST /v1/embeddings`` (E1-E3)."""

    input: Annotated[
        Annotated[str, Meta(pattern=NOT_BLANK)]
        | Annotated[
            list[Annotated[str, Meta(pattern=NOT_BLANK)]],
            Meta(min_length=1, max_length=MAX_EMBEDDING_INPUTS),
        ],
        documented("The text(s) to embed."),
    ]
    model: Annotated[
        Annotated[str, model_names("embeddings")] | None,
        documented(f"Defaults to {DEFAULT_MODEL['embeddings']}.", {DEFAULT: DEFAULT_MODEL["embeddings"]}),
    ] = None
    encoding_format: Annotated[
        Literal["float", "base64"] | None,
        inferred("float (the default): numbers; base64: little-endian float32.", {DEFAULT: "float"}),
    ] = None


class Embedding(Struct, frozen=True):
    """The vector of one input."""

    object: Annotated[Literal["embedding"], inferred("Always embedding.")]
    index: Annotated[int, inferred("Index of the input.")]
    embedding: Annotated[list[float] | memoryview, inferred(f"{EMBEDDING_DIMENSIONS} numbers, or their base64.")]


class EmbeddingList(Struct, frozen=True):
    """The response of ``POST /v1/embeddings`` (E2)."""

    object: Annotated[Literal["list"], inferred("Always list.")]
    data: Annotated[list[Embedding], inferred("One vector per input, in order.")]
    model: Annotated[str, inferred(f"{DEFAULT_MODEL['embeddings']}.")]
    usage: Annotated[PromptUsage, documented("Billed tokens.")]
