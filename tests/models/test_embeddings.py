import json
import math
import tracemalloc
from hashlib import sha256
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clevora_mock.models import embeddings
from clevora_mock.models.embeddings import DIMENSIONS, Embedder, little_endian
from clevora_mock.resources import fixture

GOLDEN = json.loads(fixture("golden_vectors.json").read_text(encoding="utf-8"))

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
    ("Hello", "hello!", "help"),
]


@pytest.fixture(scope="module")
def embedder():
    return Embedder()


@pytest.mark.parametrize("golden", GOLDEN["vectors"], ids=lambda golden: ascii(golden["text"][:20]))
def test_a_golden_text_gives_its_recorded_bytes(golden):
    vector = Embedder(GOLDEN["model"]).vector(golden["text"])
    assert [float(number) for number in vector[:6]] == golden["first"]
    assert sha256(little_endian(vector)).hexdigest() == golden["sha256"]


@given(ANY_TEXT)
def test_any_text_gives_a_float32_vector_of_unit_length(embedder, text):
    vector = embedder.vector(text)
    assert vector.shape == (DIMENSIONS,)
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector.astype(np.float64))) == pytest.approx(1, abs=1e-6)


@given(st.lists(ANY_TEXT, min_size=1, max_size=5))
def test_a_vector_does_not_depend_on_what_came_before(texts):
    one = Embedder()
    together = [one.vector(text).tobytes() for text in texts]
    assert together == [Embedder().vector(text).tobytes() for text in texts]


@given(st.lists(ANY_TEXT, max_size=5), st.integers(1, 12))
def test_texts_in_one_go_have_the_vectors_that_they_have_alone(texts, words_together):
    with patch.object(embeddings, "_TOGETHER", words_together):
        together = [vector.tobytes() for vector in Embedder(remembered_words=3).vectors(texts)]
    assert together == [Embedder().vector(text).tobytes() for text in texts]


@given(ANY_TEXT)
def test_a_vector_does_not_depend_on_the_size_of_the_cache(text):
    assert Embedder(remembered_words=1).vector(text).tobytes() == Embedder().vector(text).tobytes()


def test_a_long_text_does_not_depend_on_what_is_known():
    """More new words than are summed at once, more rows than fit into few bits, words that come again."""
    text = " ".join(f"word{number % 300} {number}" for number in range(700))
    cold, warm = Embedder(), Embedder()
    for word in text.split()[::3]:
        warm.vector(word)
    assert (
        cold.vector(text).tobytes()
        == warm.vector(text).tobytes()
        == Embedder(remembered_words=1).vector(text).tobytes()
    )
    assert float(np.linalg.norm(cold.vector(text).astype(np.float64))) == pytest.approx(1, abs=1e-6)


def test_no_texts_size_decides_on_the_memory():
    """What is known of its 20,000 words would be 60 MB."""
    small = Embedder(remembered_words=50)
    text = " ".join(f"w{number}" for number in range(20_000))
    tracemalloc.start()
    small.vector(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_what_is_known_of_words_is_bounded():
    small = Embedder(remembered_words=50)
    for start in range(0, 1000, 10):
        small.vector(" ".join(f"w{number}" for number in range(start, start + 10)))
        assert len(small._known) <= 50


def test_a_length_is_exact_where_floats_are_not():
    """Squares that no longer fit into a float's digits are summed as whole numbers."""
    long = np.array([2.0**30 + 2.0**-9, 2.0**30 - 2.0**-8, 2.0**-9])
    assert embeddings._length(long) == math.sqrt(sum(int(512 * number) ** 2 for number in long)) / 512


@given(st.lists(st.text(" \t\n!?.,-*🙂🐙…※", min_size=1, max_size=8), min_size=2, max_size=2, unique=True))
def test_different_texts_without_a_word_have_different_vectors(embedder, texts):
    first, second = map(embedder.vector, texts)
    assert first.tobytes() != second.tobytes()


@given(st.text("abcdefg ", min_size=1, max_size=12), st.text("abcdefg ", min_size=1, max_size=12))
@settings(max_examples=50)
def test_different_words_have_different_vectors(embedder, first, second):
    assume(first.split() != second.split())
    assert embedder.vector(first).tobytes() != embedder.vector(second).tobytes()


@pytest.mark.parametrize(("text", "near", "far"), NEARER, ids=[text for text, _, _ in NEARER])
def test_texts_that_share_words_or_their_parts_lie_closer(embedder, text, near, far):
    start, close, distant = map(embedder.vector, [text, near, far])
    assert start @ close > start @ distant + 0.05


def test_the_order_of_words_counts_a_little(embedder):
    first, second = map(embedder.vector, ["dog bites man", "man bites dog"])
    assert 0.8 < float(first @ second) < 0.97


def test_unrelated_texts_are_all_but_orthogonal(embedder):
    first, second = map(embedder.vector, ["quarterly bond yields", "purple jellyfish lullaby"])
    assert abs(float(first @ second)) < 0.1


@pytest.mark.parametrize(("one", "other"), [("Straße", "STRASSE"), ("ﬁne", "FINE"), ("don't", "don\u2019t")])
def test_spellings_that_fold_to_the_same_have_the_same_vector(embedder, one, other):
    assert embedder.vector(one).tobytes() == embedder.vector(other).tobytes()


def test_every_dimension_of_even_a_short_text_is_used(embedder):
    assert np.count_nonzero(embedder.vector("hi")) == DIMENSIONS


def test_another_model_gives_another_vector():
    assert Embedder("a").vector("hello").tobytes() != Embedder("b").vector("hello").tobytes()


def test_base64_is_little_endian_float32(embedder):
    vector = embedder.vector("hello")
    assert np.array_equal(np.frombuffer(little_endian(vector), "<f4"), vector)
