"""httpx, with its own exceptions for statuses."""

from collections.abc import Iterator
from typing import Any

import httpx
from adapters import plain


def versions() -> dict[str, Any]:
    return {"versions": [httpx.__version__]}


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{base_url}/chat/completions", json=request, headers=plain.headers(api_key))
    return plain.answer(answer.raise_for_status().json())


def stream(base_url: str, api_key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    asked = {"json": request | {"stream": True}, "headers": plain.headers(api_key)}
    with httpx.stream("POST", f"{base_url}/chat/completions", **asked) as answer:
        if answer.is_error:
            # An error's body has not been read yet, and cannot be read after the stream is closed.
            answer.read()
        answer.raise_for_status()
        for line in answer.iter_lines():
            yield from plain.pieces(line)


def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    answer = httpx.post(f"{base_url}/embeddings", json={"input": texts}, headers=plain.headers(api_key))
    return plain.vectors(answer.raise_for_status().json())


def described(error: Exception) -> dict[str, Any]:
    if not isinstance(error, httpx.HTTPStatusError):
        return {}
    refused = error.response
    return {
        "status": refused.status_code,
        "code": refused.json()["error"]["code"],
        "retry_after": refused.headers.get("retry-after"),
    }
