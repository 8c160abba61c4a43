"""LiteLLM, which names models of compatible servers `openai/...`."""

from collections.abc import Iterator
from importlib import metadata
from typing import Any

import litellm

EMBEDDING_MODEL = "clevora-embed-1"


def versions() -> dict[str, Any]:
    return {"versions": [metadata.version("litellm")]}


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    answer = litellm.completion(
        model=f"openai/{request['model']}", messages=request["messages"], api_base=base_url, api_key=api_key
    )
    (choice,) = answer.choices
    return {"text": choice.message.content, "finish": choice.finish_reason, "usage": answer.usage.model_dump()}


def stream(base_url: str, api_key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    chunks = litellm.completion(
        model=f"openai/{request['model']}",
        messages=request["messages"],
        stream=True,
        # It passes the usage on only if asked to, although the mock sends it.
        stream_options={"include_usage": True},
        api_base=base_url,
        api_key=api_key,
    )
    for chunk in chunks:
        for choice in chunk.choices:
            yield {"text": choice.delta.content or ""}
            if choice.finish_reason:
                yield {"finish": choice.finish_reason}
        if usage := getattr(chunk, "usage", None):
            yield {"usage": usage.model_dump()}


def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    answer = litellm.embedding(model=f"openai/{EMBEDDING_MODEL}", input=texts, api_base=base_url, api_key=api_key)
    return {"vectors": [one["embedding"] for one in answer.data], "usage": answer.usage.model_dump()}


def described(error: Exception) -> dict[str, Any]:
    return {"status": getattr(error, "status_code", None), "code": getattr(error, "code", None)}
