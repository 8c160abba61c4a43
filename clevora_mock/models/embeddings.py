"""Embeddings made by feature hashing: 1536 float32 numbers of unit length, from text and model alone.

Each word is a bundle of features: itself, its stem, and the runs of three and four characters inside it. A
feature is hashed to eight of the 1536 dimensions and a sign for each, so two features that differ are all but
orthogonal, and texts that share words or parts of words share features and lie close. Pairs of neighbouring
words are features too, so that order counts a little. Under that lies a whisper of noise drawn from the whole
text: it keeps every dimension occupied and different texts apart.

The features of new words are hashed and summed in a few steps over whole arrays, for an array of a hundred costs
hardly more than an array of one; a word that is known is a row to add.

The sums are multiples of a half, held in floats far below 2**52, where neither order nor batch can matter. What
is left is one square root, one division and one rounding, each of which IEEE 754 fixes to the last bit: the
bytes are the same on every machine, with every NumPy. NumPy's random generators, whose streams may change
between releases, have no part in it.

Units: weights are small whole numbers, in quarters of an n-gram's; `_GAIN` lifts them above the noise.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b, shake_256
from itertools import pairwise
from math import isqrt, sqrt
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clevora_mock import contract
from clevora_mock.models.words import STOP, stem, tokens

DIMENSIONS = contract.EMBEDDING_DIMENSIONS

_SPREAD = 8  # dimensions that one feature touches
_GAIN = 256  # how far a feature stands above the noise, whose values lie in ±127.5

_WORD, _STEM, _GRAM, _GLYPH, _PAIR, _QUIET = 16, 16, 4, 8, 8, 8

_ROWS = 64  # words that are summed together: few enough to stay in the processor's cache
_FEW = 64  # rows that are summed in 16 bits: a word's weights are 340 at the most

# The mixer of SplitMix64 (Steele, Lea and Flood): numbers that are merely different become good random bits.
_LANES = np.array([1 << 32, 2 << 32], np.uint64)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_STEPS = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
_LAST_STEP = np.uint64(31)

_EXACT = 2.0**51  # up to here floats hold every quarter, which is what squares of halves are

Floats = NDArray[np.float32]
Floats64 = NDArray[np.float64]
Integers = NDArray[np.int64]
Row = NDArray[np.int16]


class Features(NamedTuple):
    """Features by their numbers, and their weights."""

    numbers: list[int]
    weights: list[int]


class Embedder:
    """Turns texts into vectors. What it knows of words it keeps, in a bounded cache that changes only speed."""

    def __init__(self, model: str = "clevora-embed-1", remembered_words: int = 8192) -> None:
        self._key = blake2b(model.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        # Where the checksums of each kind of feature start, so that a word is not taken for a stem.
        self._starts = {kind: crc32(kind.encode(), crc32(self._key)) for kind in ("word", "stem", "gram")}
        self._most = remembered_words
        self._known: dict[str, Row] = {}

    def vector(self, text: str) -> Floats:
        """The vector of `text`."""
        found = tokens(text)
        total = self._sum(found)
        total *= _GAIN
        total += np.frombuffer(self._noise(text, found), np.uint8).astype(np.float64)
        total -= 127.5
        total /= _length(total)
        return total.astype(np.float32)

    def matrix(self, texts: Sequence[str]) -> Floats:
        """One row for each of `texts`, each the same as its `vector`."""
        rows = np.empty((len(texts), DIMENSIONS), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = self.vector(text)
        return rows

    def spellings(self, words: Sequence[str], width: int) -> Integers:
        """One short row for each word: what is inside it, in `width` dimensions, a divisor of 1536."""
        rows = np.empty((len(words), width), np.int64)
        for start in range(0, len(words), _ROWS):
            some = words[start : start + _ROWS]
            rows[start : start + _ROWS] = _sums([self._grams(word) for word in some], width)
        return rows

    def _sum(self, words: list[str]) -> Floats64:
        """The sum of all features of a text: of its words, known and new, and of their pairs."""
        total = self._pairs(words)
        counts = Counter(words)
        few = np.zeros(DIMENSIONS, np.int16)
        for index, (row, times) in enumerate(zip(self._rows(list(counts)), counts.values(), strict=True), 1):
            if times > 1:
                # A repeated word counts by the root of its repetitions; rows are in quarters, so this is exact.
                total += row.astype(np.float64) * isqrt(16 * times) / 4
            else:
                # Small numbers are the fastest to add, as long as they stay small.
                few += row
            if index % _FEW == 0:
                total += few
                few[:] = 0
        total += few
        return total

    def _pairs(self, words: list[str]) -> Floats64:
        """The sum of the pairs of neighbours, of which every text has new ones, but few."""
        hashes = b"".join([self._hash(f"{left} {right}") for left, right in pairwise(words)])
        places, signs = _directions(np.frombuffer(hashes, "<u2"))
        return _binned(places, np.copysign(float(_PAIR), signs), DIMENSIONS)

    def _rows(self, words: list[str]) -> list[Row]:
        """The rows of words, each of which is there once."""
        known = self._known
        new = [word for word in words if word not in known]
        if not new:
            return [known[word] for word in words]
        made: dict[str, Row] = {}
        # In parts, so that no text's size decides on the memory.
        for start in range(0, len(new), _ROWS):
            some = new[start : start + _ROWS]
            made.update(zip(some, _sums([*map(self._word, some)], DIMENSIONS).astype(np.int16), strict=True))
        self._remember(made)
        return [made[word] if word in made else known[word] for word in words]

    def _remember(self, rows: dict[str, Row]) -> None:
        # Begun anew rather than thinned out: another thread may be reading the old one.
        kept = {} if len(self._known) + len(rows) > self._most else self._known
        kept.update(list(rows.items())[: self._most])
        self._known = kept

    def _word(self, word: str) -> Features:
        if not word[0].isalnum():
            return Features([self._number("word", word)], [_GLYPH])
        if word in STOP:
            return Features([self._number("word", word)], [_QUIET])
        numbers, weights = self._grams(word)
        whole = [self._number("word", word), self._number("stem", stem(word))]
        return Features(whole + numbers, [_WORD, _STEM, *weights])

    def _grams(self, word: str) -> Features:
        """The runs of characters inside a word, its ends marked."""
        marked = f"^{word}$"
        sizes = (3, 4) if word.isascii() else (1, 2, 3)  # scripts such as Chinese say more per character
        start = self._starts["gram"]
        numbers = [
            crc32(marked[at : at + size].encode("utf-8", "surrogatepass"), start)
            for size in sizes
            for at in range(len(marked) - size + 1)
        ]
        return Features(numbers, [_GRAM] * len(numbers))

    def _number(self, kind: str, name: str) -> int:
        return crc32(name.encode("utf-8", "surrogatepass"), self._starts[kind])

    def _hash(self, pair: str) -> bytes:
        return blake2b(pair.encode("utf-8", "surrogatepass"), digest_size=2 * _SPREAD, key=self._key).digest()

    def _noise(self, text: str, words: list[str]) -> bytes:
        worded = any(word[0].isalnum() for word in words)
        # Folding may make different texts of symbols the same, so those are told apart by their raw form.
        told = " ".join(words) if worded else text
        return shake_256(self._key + told.encode("utf-8", "surrogatepass")).digest(DIMENSIONS)


def base64(vector: Floats) -> str:
    """`vector` as the API sends it when asked for base64: little-endian float32."""
    return b64encode(vector.astype("<f4", copy=False).data).decode()


def _sums(bundles: Sequence[Features], width: int) -> Floats64:
    """One row for each bundle: the weighted sum of its features' directions, in `width` dimensions."""
    numbers = np.array([number for bundle in bundles for number in bundle.numbers], np.uint64)
    weights = np.array([weight for bundle in bundles for weight in bundle.weights], np.float64)
    places, signs = _directions(_mixed(numbers))
    starts = np.repeat(np.arange(0, len(bundles) * width, width), [len(bundle.numbers) for bundle in bundles])
    cells = places % width + starts[:, None]
    return _binned(cells, np.copysign(weights[:, None], signs), len(bundles) * width).reshape(len(bundles), width)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """A row of random bits for each number."""
    mixed = numbers[:, None] + _LANES
    mixed *= _GOLDEN
    for shift, factor in _STEPS:
        mixed ^= mixed >> shift
        mixed *= factor
    mixed ^= mixed >> _LAST_STEP
    raw: NDArray[np.uint16] = mixed.astype("<u8", copy=False).view("<u2")
    return raw


def _directions(raw: NDArray[np.uint16]) -> tuple[NDArray[np.integer], NDArray[np.int16]]:
    """The dimensions that random bits say, and numbers with the signs that they say."""
    # The highest bit is the sign, the others say where.
    return (raw & 0x7FFF) % DIMENSIONS, raw.view("<i2")


def _binned(cells: NDArray[np.integer], values: Floats64, size: int) -> Floats64:
    sums: Floats64 = np.bincount(cells.ravel(), values.ravel(), size).astype(np.float64, copy=False)
    return sums


def _length(total: Floats64) -> float:
    square = float(np.dot(total, total))
    if square >= _EXACT:
        # Too long a text for floats to add up its squares in any order.
        doubled = (2 * total).astype(np.int64).tolist()
        return sqrt(sum(number * number for number in doubled)) / 2
    return sqrt(square)
