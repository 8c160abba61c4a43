"""E4 over HTTP: a vector depends only on text and model, and texts with common words have similar vectors."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from clevora_mock.models.embeddings import Embedder
from clevora_mock.settings import Settings
from tests.support.embeddings import cosine, vectors
from tests.support.server import serve_settings
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clevora_mock.models.embeddings import Floats


@pytest.fixture(scope="module")
def seeded() -> "Iterator[World]":
    """Provide another server, with another seed."""
    with serve_settings(Settings(seed=7)) as server:
        world = World(server, "seeded")
        with world.http:
            yield world


@pytest.mark.clause("E4")
def test_a_vector_depends_on_neither_seed_nor_time_nor_batch(world: World, seeded: World) -> None:
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
def test_texts_with_common_words_have_similar_vectors(world: World, text: str, near: str, far: str) -> None:
    asked, close, distant = vectors(world, [text, near, far])
    assert cosine(asked, close) > cosine(asked, distant) + 0.1


@pytest.mark.clause("E4")
def test_concurrent_clients_get_their_own_vectors(world: World) -> None:
    texts = [f"a text of number {number}" for number in range(20)]

    def ask(text: str) -> Any:
        return vectors(world, [text])[0]

    with ThreadPoolExecutor(20) as clients:
        assert [*clients.map(ask, texts)] == vectors(world, texts)


@pytest.mark.parametrize(
    ("given", "where"),
    [(["Hi"] * 20, "event loop"), (["a"] * 2048, "thread"), (["word " * 1000], "thread")],
    ids=["few", "many", "long"],
)
def test_long_embeddings_do_not_block_the_event_loop(
    world: World, monkeypatch: pytest.MonkeyPatch, given: list[str], where: str
) -> None:
    """A large batch takes long even if its texts are short."""
    made = Embedder.vectors
    threads: list[int] = []

    def vectors_seen(embedder: Embedder, texts: "Iterable[str]") -> "Iterator[Floats]":
        threads.append(threading.get_ident())
        return made(embedder, texts)

    monkeypatch.setattr(Embedder, "vectors", vectors_seen)
    # Base64 is written and read in a tenth of the time that lists of numbers take.
    vectors(world, given, encoding_format="base64")
    assert (threads == [world.server.run_in_server(threading.get_ident)]) is (where == "event loop")
    assert len(threads) == 1


@pytest.mark.clause("E4")
@pytest.mark.parametrize("encoding", ["base64", "float"])
def test_a_repeated_request_has_the_same_response_and_price(world: World, encoding: str) -> None:
    body = {"input": "the cat sat", "encoding_format": encoding, "user": "ann"}
    answers = [world.http.post("/v1/embeddings", headers=world.headers, json=body) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert [answer.headers["x-clevora-mock-ignored"] for answer in answers] == ["user", "user"]
    first, second = world.run_in_server(lambda sandbox: list(sandbox.journal.entries))
    assert (first.prompt_tokens, first.cost, first.response) == (second.prompt_tokens, second.cost, second.response)
    assert first.cost > 0


@pytest.mark.clause("E4")
def test_a_scripted_vector_is_not_cached_for_its_text(world: World) -> None:
    body = {"input": "the cat sat"}

    def ask() -> list[float]:
        answer = world.http.post("/v1/embeddings", headers=world.headers, json=body).json()
        vector: list[float] = answer["data"][0]["embedding"]
        return vector

    own = ask()
    rule = {"when": {"endpoint": "embeddings"}, "then": {"reply": {"vector": [1.0] + [0.0] * 1535}}}
    world.http.put("/__mock/scenario", json={"name": "mine", "rules": [rule]})
    assert ask()[:2] == [1.0, 0.0]
    world.http.delete("/__mock/scenario")
    assert ask() == own
