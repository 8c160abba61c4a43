"""Embeddings made by feature hashing: 1536 float32 numbers of unit length, from text and model alone.

Each word is a bundle of features: itself, its stem, and the runs of three and four characters inside it. A
feature is hashed to sixteen of the 1536 dimensions and a sign for each, so two features that differ are all
but orthogonal, and texts that share words or parts of words share features and lie close. Pairs of
neighbouring words are features too, so that order counts a little. Under that lies a whisper of noise drawn
from the whole text: it keeps every dimension occupied and different texts apart.

Everything is summed in integers, where order and batch cannot matter, and the square of the length is an
exact integer. What is left is one square root, one division and one rounding, each of which IEEE 754 fixes to
the last bit: the bytes are the same on every machine, with every NumPy. NumPy's random generators, whose
streams may change between releases, and BLAS, whose sums depend on the machine, have no part in it.

Units: weights are small integers, in quarters of an n-gram's; `_GAIN` lifts them above the noise.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b, shake_256
from itertools import chain, pairwise
from math import isqrt, sqrt

import numpy as np
from numpy.typing import NDArray

from clevora_mock import contract
from clevora_mock.models.words import STOP, stem, tokens

DIMENSIONS = contract.EMBEDDING_DIMENSIONS

_SPREAD = 16  # dimensions that one feature touches
_GAIN = 512  # how far a feature stands above the noise, whose values lie in ±255

_WORD, _STEM, _GRAM, _GLYPH, _PAIR, _QUIET = 16, 16, 4, 8, 8, 8

Floats = NDArray[np.float32]
Floats64 = NDArray[np.float64]
Integers = NDArray[np.int64]


class Embedder:
    """Turns texts into vectors. What it has hashed it keeps, in bounded caches that change only speed."""

    def __init__(self, model: str = "clevora-embed-1", remembered_words: int = 8192) -> None:
        self._key = blake2b(model.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        self._direction = lru_cache(4 * remembered_words)(self._hash)
        self._word = lru_cache(remembered_words)(self._make_word)

    def vector(self, text: str) -> Floats:
        """The vector of `text`."""
        found = tokens(text)
        total = self._sum(found)
        worded = any(token[0].isalnum() for token in found)
        # Folding may make different texts of symbols the same, so those are told apart by their raw form.
        total += self._noise(" ".join(found) if worded else text)
        return _unit(total)

    def matrix(self, texts: Sequence[str]) -> Floats:
        """One row for each of `texts`, each the same as its `vector`."""
        rows = np.empty((len(texts), DIMENSIONS), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = self.vector(text)
        return rows

    def spellings(self, words: Sequence[str], width: int) -> Integers:
        """One short row for each word: what is inside it, in `width` dimensions, a divisor of 1536."""
        return self._rows([_grams(word) for word in words], width)

    def _sum(self, found: list[str]) -> Integers:
        total = np.zeros(DIMENSIONS, np.int64)
        for token, times in Counter(found).items():
            row = self._word(token)
            # A repeated word counts by the root of its repetitions; rows are in quarters, so this is exact.
            total += row if times == 1 else row.astype(np.int64) * isqrt(16 * times) // 4
        if len(found) > 1:
            pairs = b"".join([self._hash(f"p {left} {right}") for left, right in pairwise(found)])
            places, signs = _unpack(pairs)
            total += _PAIR * np.bincount(places, signs, DIMENSIONS).astype(np.int64)
        return total * _GAIN

    def _make_word(self, word: str) -> NDArray[np.int16]:
        row: NDArray[np.int16] = self._rows([_features(word)], DIMENSIONS)[0].astype(np.int16)
        return row

    def _rows(self, bundles: Sequence[dict[str, int]], width: int) -> Integers:
        """One row for each bundle of features: the weighted sum of directions, in `width` dimensions."""
        directions = b"".join([self._direction(name) for bundle in bundles for name in bundle])
        weights = np.fromiter(chain.from_iterable(bundle.values() for bundle in bundles), np.float64)
        rows = np.repeat(np.arange(len(bundles)), [len(bundle) for bundle in bundles])
        places, signs = _unpack(directions)
        cells = np.repeat(rows, _SPREAD) * width + places % width
        flat = np.bincount(cells, signs * np.repeat(weights, _SPREAD), len(bundles) * width)
        return flat.astype(np.int64).reshape(len(bundles), width)

    def _hash(self, feature: str) -> bytes:
        name = feature.encode("utf-8", "surrogatepass")
        return blake2b(name, digest_size=2 * _SPREAD, key=self._key).digest()

    def _noise(self, text: str) -> Integers:
        name = self._key + text.encode("utf-8", "surrogatepass")
        raw = np.frombuffer(shake_256(name).digest(DIMENSIONS), np.uint8)
        noise: Integers = 2 * raw.astype(np.int64) - 255
        return noise


def base64(vector: Floats) -> str:
    """`vector` as the API sends it when asked for base64: little-endian float32."""
    return b64encode(vector.astype("<f4").tobytes()).decode()


def _features(word: str) -> dict[str, int]:
    """The names of a word's features and their weights."""
    if not word[0].isalnum():
        return {f"y {word}": _GLYPH}
    if word in STOP:
        return {f"w {word}": _QUIET}
    return {f"w {word}": _WORD, f"s {stem(word)}": _STEM} | _grams(word)


def _grams(word: str) -> dict[str, int]:
    """The runs of characters inside a word, its ends marked."""
    marked = f"^{word}$"
    sizes = (3, 4) if word.isascii() else (1, 2, 3)  # scripts such as Chinese say more per character
    return {f"g {marked[start : start + size]}": _GRAM for size in sizes for start in range(len(marked) - size + 1)}


def _unpack(directions: bytes) -> tuple[Integers, Floats64]:
    """The dimensions that hashed features touch, and the signs they touch them with."""
    raw = np.frombuffer(directions, "<u2").astype(np.int64)
    signs: Floats64 = 1.0 - 2.0 * (raw & 1).astype(np.float64)
    return (raw >> 1) % DIMENSIONS, signs


def _unit(total: Integers) -> Floats:
    length = sqrt(int(np.dot(total, total)))
    return (total / length).astype(np.float32)
