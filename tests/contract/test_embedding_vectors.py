"""E4 over HTTP: a vector depends on the text and the model alone, and texts that share words lie closer."""

from typing import TYPE_CHECKING

import pytest

from clevora_mock.settings import Settings
from tests.conftest import World
from tests.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator


def vectors(world: World, texts: list[str]) -> list[list[float]]:
    answer = world.http.post("/v1/embeddings", headers=world.headers, json={"input": texts})
    return [item["embedding"] for item in answer.json()["data"]]


def cosine(one: list[float], other: list[float]) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def seeded() -> "Iterator[World]":
    """Another server, under another seed."""
    with running(Settings(seed=7)) as server:
        world = World(server, "seeded")
        with world.http:
            yield world


@pytest.mark.clause("E4")
def test_neither_seed_nor_time_nor_batch_moves_a_vector(world: World, seeded: World) -> None:
    alone = vectors(world, ["the cat sat"])[0]
    world.advance(86_400)
    assert vectors(world, ["on the mat", "the cat sat"])[1] == alone
    assert vectors(seeded, ["the cat sat"])[0] == alone


@pytest.mark.clause("E4")
@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("how to bake bread", "baking bread at home", "fix a bicycle chain"),
        ("quantum computing", "quantum computers explained", "gardening in the rain"),
        ("photograph the night sky", "night photography", "a history of Rome"),
    ],
)
def test_texts_that_share_words_lie_closer(world: World, text: str, near: str, far: str) -> None:
    asked, close, distant = vectors(world, [text, near, far])
    assert cosine(asked, close) > cosine(asked, distant) + 0.1
