"""Embeddings: unit length, the same everywhere, closer the more two texts share (E3, E4)."""

import json
import tracemalloc
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clevora_mock.models.embeddings import Embedder, little_endian
from tests.units.naive_embedding import naive_vector, trigrams

# Texts with their content words, stems, other tokens and trigrams, written out by hand, and their vectors.
GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("golden_vectors.json").read_text(encoding="utf-8"))
# Stems of words, and tokens without one.
STEMS = {
    "bread": "bread",
    "baking": "bake",
    "dogs": "dog",
    "cities": "city",
    "hopped": "hop",
    "猫": "猫",
    "νερό": "νερό",
}
OTHERS = ["the", "of", "youre", "?", "(", "_", "🙂"]
EMBEDDER = Embedder()

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


@pytest.mark.parametrize("golden", GOLDEN["vectors"], ids=lambda golden: ascii(golden["text"][:20]))
def test_a_golden_text_gives_the_vector_of_the_naive_implementation(golden: dict[str, Any]) -> None:
    words, stems, others, parts = (golden[name].split() for name in ("words", "stems", "others", "trigrams"))
    parts = [part.replace("_", " ") for part in parts]
    expected = naive_vector(golden["text"], words, stems, others, parts, GOLDEN["model"])
    assert Embedder(GOLDEN["model"]).vector(golden["text"]).tolist() == expected


@given(st.lists(st.sampled_from([*STEMS, *OTHERS]), max_size=12))
def test_any_words_give_the_vector_of_the_naive_implementation(drawn: list[str]) -> None:
    text, distinct = " ".join(drawn), dict.fromkeys(drawn)
    words = [word for word in distinct if word in STEMS]
    others = [word for word in distinct if word in OTHERS]
    # A text without words has no trigrams.
    parts = trigrams(words) if words else []
    expected = naive_vector(text, words, [STEMS[word] for word in words], others, parts, "another")
    assert Embedder("another").vector(text).tolist() == expected


@pytest.mark.slow
def test_a_long_text_gives_the_vector_of_the_naive_implementation() -> None:
    """Longer than what is hashed at once, and with parts that reach the largest sum.

    Words take eight characters with their space, so that none is cut in two where a long text is.
    """
    numbered = [f"w{number:06}" for number in range(33_000)]
    text = " ".join([*numbered, *numbered[:5000], "baking"])
    words = [*numbered, "baking"]
    expected = naive_vector(text, words, [*numbered, "bake"], [], trigrams(words), "clevora-embed-1")
    assert EMBEDDER.vector(text).tolist() == expected


@given(ANY_TEXT)
def test_any_text_gives_a_float32_vector_of_unit_length(text: str) -> None:
    vector = EMBEDDER.vector(text)
    assert vector.shape == (1536,)
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector.astype(np.float64))) == pytest.approx(1, abs=1e-6)


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
    assert np.count_nonzero(EMBEDDER.vector("hi")) == 1536


def test_another_model_gives_another_vector() -> None:
    assert Embedder("a").vector("hello").tobytes() != Embedder("b").vector("hello").tobytes()


def test_base64_is_little_endian_float32() -> None:
    vector = EMBEDDER.vector("hello")
    assert np.array_equal(np.frombuffer(little_endian(vector), "<f4"), vector)
