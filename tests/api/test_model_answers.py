"""E2-E4, H1-H4, G2-G3, C7 over HTTP: properties of vectors, rankings and scripts over several requests."""

import math
import re
import struct
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from clevora_mock.settings import Settings
from tests.support.embeddings import cosine, vectors
from tests.support.server import serve_settings

if TYPE_CHECKING:
    from tests.support.world import World

TEXTS = ["the cat sat", "on the mat", "naïve café 日本語 🙂", "a", "word " * 300]


def ask(world: "World", path: str, body: dict[str, Any]) -> Any:
    answer = world.http.post(path, headers=world.headers, json=body)
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.clause("E3")
def test_vectors_have_unit_length(world: "World") -> None:
    """To the precision of float32."""
    for vector in vectors(world, TEXTS):
        assert math.sqrt(sum(number * number for number in vector)) == pytest.approx(1, abs=1e-5)


@pytest.mark.clause("E3")
def test_both_formats_give_the_same_vector(world: "World") -> None:
    """Base64 holds the same little-endian float32 values as the list of numbers."""
    numbers = vectors(world, TEXTS, encoding_format="float")
    encoded: list[Any] = vectors(world, TEXTS, encoding_format="base64")
    decoded = [list(struct.unpack("<1536f", b64decode(text))) for text in encoded]
    packed = [list(struct.unpack("<1536f", struct.pack("<1536f", *vector))) for vector in numbers]
    assert decoded == packed


@pytest.mark.clause("E2")
def test_vectors_come_in_the_order_of_their_texts(world: "World") -> None:
    data = ask(world, "/v1/embeddings", {"input": TEXTS})["data"]
    assert [item["index"] for item in data] == list(range(len(TEXTS)))
    alone = [vectors(world, text)[0] for text in TEXTS]
    assert [item["embedding"] for item in data] == alone


@pytest.mark.clause("E4")
def test_a_vector_depends_on_neither_seed_nor_time_nor_batch(world: "World") -> None:
    here = vectors(world, "the cat sat")[0]
    with serve_settings(Settings(seed=99, clock="frozen:2096-10-02T07:06:40Z")) as server:
        answer = httpx.post(
            f"{server.base_url}/embeddings",
            headers={"authorization": f"Bearer {server.api_key}"},
            json={"input": [*TEXTS[::-1], "the cat sat"]},
            timeout=20,
        )
    assert answer.json()["data"][-1]["embedding"] == here


@pytest.mark.clause("E4")
@pytest.mark.parametrize(
    ("text", "close", "far"),
    [
        ("the cat sat on the mat", "a cat sat on a mat", "quarterly revenue grew by nine percent"),
        ("underwater drone footage", "drones filming underwater", "how to bake sourdough bread"),
        ("how do I reset my password", "resetting a forgotten password", "the history of the Roman empire"),
        ("machine learning for beginners", "a beginner's guide to machine learning", "grilled vegetables with rice"),
    ],
)
def test_texts_with_common_words_have_similar_vectors(world: "World", text: str, close: str, far: str) -> None:
    base, near, apart = vectors(world, [text, close, far])
    assert cosine(base, near) > cosine(base, apart)


@pytest.mark.clause("H3")
@pytest.mark.parametrize("query", ["underwater drone footage", "bread", "how to learn a language", "zzzz", "the"])
def test_search_results_are_ranked(world: "World", query: str) -> None:
    results = ask(world, "/v1/search", {"query": query, "limit": 50})["results"]
    ranks = [(-result["score"], result["id"]) for result in results]
    assert ranks == sorted(ranks)
    assert len({result["id"] for result in results}) == len(results)


@pytest.mark.clause("H1", "H3")
@pytest.mark.parametrize("limit", [1, 5, 20])
def test_a_smaller_limit_returns_the_first_results(world: "World", limit: int) -> None:
    query = {"query": "cooking at home"}
    assert (
        ask(world, "/v1/search", query | {"limit": limit})["results"]
        == ask(world, "/v1/search", query | {"limit": 50})["results"][:limit]
    )


@pytest.mark.clause("H4")
def test_the_documented_query_finds_water_and_drones(world: "World") -> None:
    results = ask(world, "/v1/search", {"query": "underwater drone footage", "limit": 3})["results"]
    for result in results:
        about = f"{result['title']} {result['description']} {' '.join(result['tags'])}".lower()
        assert re.search(r"underwater|drone|dive|diving|reef|ocean|sea", about)


@pytest.mark.clause("H4")
def test_all_sandboxes_search_the_same_catalog(world: "World") -> None:
    elsewhere = world.http.post(
        f"{world.server.url}/sandbox/{world.name}-b/v1/search", headers=world.headers, json={"query": "drones"}
    )
    assert elsewhere.json()["results"] == ask(world, "/v1/search", {"query": "drones"})["results"]


@pytest.mark.clause("H4")
def test_the_catalog_has_many_videos_and_podcasts(world: "World") -> None:
    subjects = [
        "cooking",
        "drones",
        "history",
        "music",
        "physics",
        "running",
        "gardening",
        "finance",
        "dogs",
        "travel",
        "chess",
        "sewing",
    ]
    found = {
        (result["id"], result["type"])
        for subject in subjects
        for result in ask(world, "/v1/search", {"query": subject, "limit": 50})["results"]
    }
    assert len(found) >= 200
    assert {kind for _, kind in found} == {"video", "podcast"}


@pytest.mark.clause("G3")
@pytest.mark.parametrize("style", ["youtube", "podcast", "tiktok"])
@pytest.mark.parametrize("length", ["short", "medium", "long"])
def test_a_script_has_every_part(world: "World", style: str, length: str) -> None:
    script = ask(world, "/v1/scripts/generate", {"topic": "AI in 2026", "style": style, "length": length})["script"]
    assert script.keys() == {"title", "hook", "sections", "callToAction"}
    assert all(script[name].strip() for name in ("title", "hook", "callToAction"))
    assert script["sections"]
    for section in script["sections"]:
        assert section.keys() == {"heading", "content", "durationSeconds"}
        assert section["heading"].strip()
        assert section["content"].strip()
        assert type(section["durationSeconds"]) is int
        assert section["durationSeconds"] > 0


@pytest.mark.clause("G3")
def test_scripts_differ_by_style(world: "World") -> None:
    scripts = {
        style: ask(world, "/v1/scripts/generate", {"topic": "AI in 2026", "style": style})["script"]
        for style in ("youtube", "podcast", "tiktok")
    }
    assert len({script["hook"] for script in scripts.values()}) == 3
    headings = [tuple(section["heading"] for section in script["sections"]) for script in scripts.values()]
    assert len(set(headings)) == 3


@pytest.mark.clause("G2", "G3")
def test_a_scripts_usage_adds_up(world: "World") -> None:
    sizes = []
    for length in ("short", "medium", "long"):
        usage = ask(world, "/v1/scripts/generate", {"topic": "AI in 2026", "length": length})["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
        sizes.append(usage["completion_tokens"])
    assert sizes == sorted(set(sizes))


@pytest.mark.clause("G3")
def test_a_script_is_about_its_topic(world: "World") -> None:
    script = ask(world, "/v1/scripts/generate", {"topic": "marmalade"})["script"]
    assert "marmalade" in str(script).lower()


@pytest.mark.clause("C5", "C7")
def test_the_same_request_gets_the_same_content(world: "World") -> None:
    body = {"messages": [{"role": "user", "content": "Tell me about lighthouses."}]}
    first, again = (ask(world, "/v1/chat/completions", body) for _ in range(2))
    assert first["id"] != again["id"]
    assert (first["choices"], first["usage"]) == (again["choices"], again["usage"])


@pytest.mark.clause("C7")
def test_tokens_of_answers_and_prompts_are_counted_alike(world: "World") -> None:
    body = {"messages": [{"role": "user", "content": "Tell me about lighthouses, please: don't hurry!"}]}
    answer = ask(world, "/v1/chat/completions", body)
    content = answer["choices"][0]["message"]["content"]
    follow = [*body["messages"], {"role": "assistant", "content": content}]
    longer = ask(world, "/v1/chat/completions", {"messages": follow})
    assert longer["usage"]["prompt_tokens"] == (
        answer["usage"]["prompt_tokens"] + 3 + answer["usage"]["completion_tokens"]
    )
