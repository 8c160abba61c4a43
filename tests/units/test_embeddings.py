"""Embeddings: unit length, the same everywhere, closer the more two texts share (E3, E4)."""

import json
import tracemalloc
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clevora_mock.models.embeddings import DIMENSIONS, Embedder, little_endian
from clevora_mock.resources import fixture

GOLDEN: dict[str, Any] = json.loads(fixture("golden_vectors.json").read_text(encoding="utf-8"))
EMBEDDER = Embedder()
LONG_SHA256 = "cb874645a20c4918308dd06af8358bbc52839b3f51008fe99753542213cd0de2"

# Everything a JSON string can hold, lone surrogates included.
ANY_TEXT = st.text(st.characters(codec=None), min_size=1, max_size=60)

# A text, then one that shares words or word-parts with it, then one that shares less.
NEARER = [
    ("a dog barking at night", "dogs bark at night", "a tax return"),
    ("bake bread", "baking sourdough bread", "changing a tire"),
    ("photography", "photographer", "phonology"),
    ("How do I learn Spanish?", "learning Spanish quickly", "learning to swim"),
    ("underwater drone footage", "drone footage", "podcast about footage"),
    ("the cat sat on the mat", "a cat on a mat", "the stock fell on the news"),
    ("naïve café", "NAÏVE CAFÉ", "native cave"),
    ("機械学習の入門", "機械学習", "料理の入門書"),
    ("猫が好き", "猫", "犬"),
    ("Hello", "hello!", "help"),
]


@pytest.mark.parametrize("golden", GOLDEN["vectors"], ids=lambda golden: ascii(golden["text"][:20]))
def test_a_golden_text_gives_its_recorded_bytes(golden: dict[str, Any]) -> None:
    vector = Embedder(GOLDEN["model"]).vector(golden["text"])
    assert [float(number) for number in vector[:6]] == golden["first"]
    assert sha256(little_endian(vector)).hexdigest() == golden["sha256"]


def test_a_long_text_gives_its_recorded_bytes() -> None:
    """Longer than what is cut or hashed at once, and with parts that reach the largest sum."""
    text = " ".join(f"word{number % 9000} inging" for number in range(12_000))
    assert sha256(little_endian(EMBEDDER.vector(text))).hexdigest() == LONG_SHA256


@given(ANY_TEXT)
def test_any_text_gives_a_float32_vector_of_unit_length(text: str) -> None:
    vector = EMBEDDER.vector(text)
    assert vector.shape == (DIMENSIONS,)
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector.astype(np.float64))) == pytest.approx(1, abs=1e-6)


@given(st.lists(ANY_TEXT, max_size=5))
def test_texts_in_one_go_have_the_vectors_that_they_have_alone(texts: list[str]) -> None:
    together = [vector.tobytes() for vector in EMBEDDER.vectors(texts)]
    assert together == [Embedder().vector(text).tobytes() for text in texts]


@pytest.mark.slow
def test_a_text_of_four_mebibytes_takes_a_bounded_memory() -> None:
    text = " ".join(map(str, range(600_000)))
    tracemalloc.start()
    EMBEDDER.vector(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 2**20


@given(st.lists(ANY_TEXT, min_size=2, max_size=2, unique=True))
def test_different_texts_have_different_vectors(texts: list[str]) -> None:
    first, second = map(EMBEDDER.vector, texts)
    assert first.tobytes() != second.tobytes()


@given(st.text("abcdefg ", min_size=1, max_size=12), st.text("abcdefg ", min_size=1, max_size=12))
def test_texts_of_different_words_lie_apart(first: str, second: str) -> None:
    assume(set(first.split()) != set(second.split()))
    assert float(EMBEDDER.vector(first) @ EMBEDDER.vector(second)) < 0.99


@pytest.mark.parametrize(("text", "near", "far"), NEARER, ids=[text for text, _, _ in NEARER])
def test_texts_that_share_words_or_their_parts_lie_closer(text: str, near: str, far: str) -> None:
    start, close, distant = map(EMBEDDER.vector, [text, near, far])
    assert start @ close > start @ distant + 0.05


def test_the_order_of_words_counts_a_little() -> None:
    first, second = map(EMBEDDER.vector, ["dog bites man", "man bites dog"])
    assert 0.8 < float(first @ second) < 0.99


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("quarterly bond yields", "purple jellyfish lullaby"),
        ("How do I reset my password?", "The soup needs more salt."),
        ("What is the capital of France?", "What are the side effects of ibuprofen?"),
    ],
)
def test_unrelated_texts_are_nearly_orthogonal(one: str, other: str) -> None:
    first, second = map(EMBEDDER.vector, [one, other])
    assert abs(float(first @ second)) < 0.15


@pytest.mark.parametrize(
    ("one", "other"), [("Straße", "STRASSE"), ("ﬁne", "FINE"), ("don't", "don\u2019t"), ("a  b", "a b")]
)
def test_spellings_that_fold_to_the_same_lie_very_close(one: str, other: str) -> None:
    first, second = map(EMBEDDER.vector, [one, other])
    assert float(first @ second) > 0.95


def test_every_dimension_of_even_a_short_text_is_used() -> None:
    assert np.count_nonzero(EMBEDDER.vector("hi")) == DIMENSIONS


def test_another_model_gives_another_vector() -> None:
    assert Embedder("a").vector("hello").tobytes() != Embedder("b").vector("hello").tobytes()


def test_base64_is_little_endian_float32() -> None:
    vector = EMBEDDER.vector("hello")
    assert np.array_equal(np.frombuffer(little_endian(vector), "<f4"), vector)
