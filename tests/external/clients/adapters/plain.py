"""Functions shared by the adapters of plain HTTP clients."""

import json
from collections.abc import Iterator
from typing import Any


def headers(api_key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {api_key}"}


def answer(body: dict[str, Any]) -> dict[str, Any]:
    (choice,) = body["choices"]
    return {"text": choice["message"]["content"], "finish": choice["finish_reason"], "usage": body["usage"]}


def vectors(body: dict[str, Any]) -> dict[str, Any]:
    return {"vectors": [one["embedding"] for one in body["data"]], "usage": body["usage"]}


def pieces(line: str) -> Iterator[dict[str, Any]]:
    """Return the contents of a stream's line."""
    if not line.startswith("data: ") or line == "data: [DONE]":
        return
    chunk = json.loads(line.removeprefix("data: "))
    (choice,) = chunk["choices"]
    yield {"text": choice["delta"].get("content", "")}
    if choice.get("finish_reason"):
        yield {"finish": choice["finish_reason"]}
    if chunk.get("usage"):
        yield {"usage": chunk["usage"]}
