"""requests, with its own exceptions for statuses."""

from collections.abc import Iterator
from typing import Any

import requests
from adapters import plain


def versions() -> dict[str, Any]:
    return {"versions": [requests.__version__]}


def chat(base_url: str, api_key: str, request: dict[str, Any]) -> dict[str, Any]:
    answer = requests.post(f"{base_url}/chat/completions", json=request, headers=plain.headers(api_key), timeout=20)
    answer.raise_for_status()
    return plain.answer(answer.json())


def stream(base_url: str, api_key: str, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    asked = {"json": request | {"stream": True}, "headers": plain.headers(api_key)}
    with requests.post(f"{base_url}/chat/completions", **asked, stream=True, timeout=20) as answer:
        if not answer.ok:
            # An error's body has not been read yet, and cannot be read after the stream is closed.
            _ = answer.content
        answer.raise_for_status()
        # Requests decodes text without a charset as Latin-1, and the contract's type for a stream has none (S1).
        answer.encoding = "utf-8"
        for line in answer.iter_lines(decode_unicode=True):
            yield from plain.pieces(line)


def embed(base_url: str, api_key: str, texts: list[str]) -> dict[str, Any]:
    answer = requests.post(f"{base_url}/embeddings", json={"input": texts}, headers=plain.headers(api_key), timeout=20)
    answer.raise_for_status()
    return plain.vectors(answer.json())


def described(error: Exception) -> dict[str, Any]:
    if not isinstance(error, requests.HTTPError):
        return {}
    refused = error.response
    return {
        "status": refused.status_code,
        "code": refused.json()["error"]["code"],
        "retry_after": refused.headers.get("retry-after"),
    }
