"""Vectors of texts over HTTP, and their similarity."""

from typing import Any

from tests.support.world import World


def vectors(world: World, texts: str | list[str], **more: Any) -> list[Any]:
    """Return the vector of each text, as the response has it; `more` are further fields of the request."""
    answer = world.http.post("/v1/embeddings", headers=world.headers, json={"input": texts} | more)
    assert answer.status_code == 200
    return [item["embedding"] for item in answer.json()["data"]]


def cosine(one: list[float], other: list[float]) -> float:
    """Return the cosine of two vectors of unit length."""
    return sum(left * right for left, right in zip(one, other, strict=True))
