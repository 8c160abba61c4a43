"""OpenAI's SDK, whichever major version is installed."""

from collections.abc import Iterator
from typing import Any

import openai
from openai import OpenAI

EMBEDDING_MODEL = "clevora-embed-1"


def versions() -> dict[str, Any]:
    return {"versions": [openai.__version__]}


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    with OpenAI(base_url=base_url, api_key=api_key) as client:
        answer = client.chat.completions.create(**request)
    (choice,) = answer.choices
    return {"text": choice.message.content, "finish": choice.finish_reason, "usage": answer.usage.model_dump()}


def stream(base_url: str, api_key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with OpenAI(base_url=base_url, api_key=api_key) as client:
        for chunk in client.chat.completions.create(**request, stream=True):
            (choice,) = chunk.choices
            yield {"text": choice.delta.content or ""}
            if choice.finish_reason:
                yield {"finish": choice.finish_reason}
            if chunk.usage:
                yield {"usage": chunk.usage.model_dump()}


def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    with OpenAI(base_url=base_url, api_key=api_key) as client:
        answer = client.embeddings.create(model=EMBEDDING_MODEL, input=texts)
    return {"vectors": [one.embedding for one in answer.data], "usage": answer.usage.model_dump()}


def described(error: Exception) -> dict[str, Any]:
    return {"status": getattr(error, "status_code", None), "code": getattr(error, "code", None)}
