"""Embeddings made by feature hashing: 1536 float32 numbers of unit length, from text and model alone.

Each word is a bundle of features: itself, its stem, and the runs of three and four characters inside it. A
feature is hashed to eight of the 1536 dimensions and a sign for each, so two features that differ are all but
orthogonal, and texts that share words or parts of words share features and lie close. Pairs of neighbouring
words are features of a single dimension, made of the bits of both, so that order counts a little. Under that
lies a whisper of noise chosen by the whole text: it keeps every dimension occupied and different texts apart.

The features of new words are hashed and summed in a few steps over whole arrays, for an array of a hundred costs
hardly more than an array of one; a word that is known is a row to add.

The sums are multiples of 2**-9, held in floats far below 2**43, where neither order nor batch can matter. What
is left is one square root, one division and one rounding, each of which IEEE 754 fixes to the last bit: the
bytes are the same on every machine, with every NumPy. NumPy's random generators, whose streams may change
between releases, have no part in it.

Units: weights are small whole numbers, in quarters of an n-gram's; the noise is far below them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b, shake_256
from itertools import accumulate, islice, pairwise
from math import isqrt, sqrt
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clevora_mock import contract
from clevora_mock.models.words import STOP, stem, tokens

DIMENSIONS = contract.EMBEDDING_DIMENSIONS

_WHISPER = 2.0**-8  # a unit of the noise, which lies in ±127 of them
_STRETCHES = 1 << 13  # of noise: places in a table at which one may begin

_WORD, _STEM, _GRAM, _GLYPH, _PAIR, _QUIET = 16, 16, 4, 8, 23, 8

_ROWS = 64  # words that are summed together: few enough to stay in the processor's cache
_TOGETHER = 512  # words, of one text or many, that are looked up together
_FEW = 64  # words that are summed in 16 bits: the weights of one are 340 at the most

# The mixer of SplitMix64 (Steele, Lea and Flood): numbers that are merely different become good random bits.
_LANES = np.array([1 << 32, 2 << 32], np.uint64)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_STEPS = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
_LAST_STEP = np.uint64(31)

# What tells the left word of a pair from the right one, and from where on their bits are well mixed.
_LEFT = 0x9E3779B97F4A7C15
_MIDDLE = 32
_WORD_BYTES = 8
_SIGNED = 2 * DIMENSIONS  # a dimension and a sign

_MANY = 4  # times that a word has to come to count for more than once

_UNIT = _WHISPER / 2  # what all sums are multiples of
_SENT = np.dtype("<f4")
_EXACT = 2.0**53 * _UNIT**2  # up to here floats hold every sum of their squares

Floats = NDArray[np.float32]
Floats64 = NDArray[np.float64]
Integers = NDArray[np.int64]
Row = NDArray[np.int16]


class Features(NamedTuple):
    """Features by their numbers, and their weights."""

    numbers: list[int]
    weights: list[int]


class Word(NamedTuple):
    """What is known of a word: the sum of its features, and the bits that it brings into pairs."""

    row: Row
    bits: int


class Cut(NamedTuple):
    """A text and its words."""

    text: str
    words: list[str]


class Embedder:
    """Turns texts into vectors. What it knows of words it keeps, in a bounded cache that changes only speed."""

    def __init__(self, model: str = "clevora-embed-1", remembered_words: int = 8192) -> None:
        self._key = blake2b(model.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        # Where the checksums of each kind of feature start, so that a word is not taken for a stem.
        self._starts = {kind: crc32(kind.encode(), crc32(self._key)) for kind in ("word", "stem", "gram")}
        self._halves = _noise(self._key + b"halves", 63.5)
        self._wholes = _noise(self._key + b"wholes", 64.0)
        self._most = remembered_words
        self._known: dict[str, Word] = {}

    def vector(self, text: str) -> Floats:
        """The vector of `text`."""
        return next(self.vectors([text]))

    def vectors(self, texts: Iterable[str]) -> Iterator[Floats]:
        """The vectors of `texts`, in order; some are made together, which is faster."""
        for some in _parts(texts):
            known = iter(self._find([word for cut in some for word in cut.words]))
            sums = [self._sum(cut.words, [*islice(known, len(cut.words))]) for cut in some]
            yield from [self._finished(cut, total) for cut, total in zip(some, sums, strict=True)]

    def spellings(self, words: Sequence[str], width: int) -> Integers:
        """One short row for each word: what is inside it, in `width` dimensions, a divisor of 1536."""
        rows = np.empty((len(words), width), np.int64)
        for start in range(0, len(words), _ROWS):
            some = words[start : start + _ROWS]
            bundles = [self._grams(word) for word in some]
            rows[start : start + _ROWS] = _sums(bundles, _bits(bundles), width)
        return rows

    def _finished(self, cut: Cut, total: Floats64 | Row) -> Floats:
        first, second = self._whisper(cut)
        noisy = total + first
        noisy += second
        noisy /= _length(noisy)
        return noisy.astype(np.float32)

    def _sum(self, words: list[str], found: list[Word]) -> Floats64 | Row:
        """The sum of all features of a text: of its words, of which all is known now, and of their pairs."""
        once = dict(zip(words, found, strict=True))
        rows = [known.row for known in once.values()]
        sums: list[Row] = []
        for start in range(0, len(words), _FEW):
            # Small numbers are the fastest to add, as long as they stay small.
            few = np.zeros(DIMENSIONS, np.int16)
            _add_pairs(found[start : start + _FEW + 1], few.data)
            for row in rows[start : start + _FEW]:
                few += row
            sums.append(few)
        if len(sums) == 1 and len(words) - len(once) < _MANY - 1:
            return sums[0]
        total = np.add.reduce(sums, dtype=np.float64) if sums else np.zeros(DIMENSIONS)
        for word, times in Counter(words).items():
            if times >= _MANY:
                # A repeated word counts by the root of its repetitions, which is a whole number of times.
                total += once[word].row.astype(np.float64) * (isqrt(times) - 1)
        return total

    def _find(self, words: list[str]) -> list[Word]:
        """What is known of each of `words`; of new ones, from now on."""
        known = self._known
        try:
            return [known[word] for word in words]
        except KeyError:
            new = [word for word in dict.fromkeys(words) if word not in known]
        made: dict[str, Word] = {}
        # In parts, so that no text's size decides on the memory.
        for start in range(0, len(new), _ROWS):
            some = new[start : start + _ROWS]
            made.update(zip(some, self._make(some), strict=True))
        self._remember(made)
        return [made[word] if word in made else known[word] for word in words]

    def _make(self, words: list[str]) -> Iterator[Word]:
        bundles = [*map(self._word, words)]
        raw = _bits(bundles)
        rows = _sums(bundles, raw, DIMENSIONS).astype(np.int16)
        # The first feature of each is the word itself.
        firsts = [0, *accumulate(len(bundle.numbers) for bundle in bundles)][:-1]
        bits = raw[firsts, : _WORD_BYTES // 2].astype("<u2", copy=False).tobytes()
        starts = range(0, len(bits), _WORD_BYTES)
        return map(Word, rows, [int.from_bytes(bits[start : start + _WORD_BYTES], "little") for start in starts])

    def _remember(self, made: dict[str, Word]) -> None:
        # Begun anew rather than thinned out: another thread may be reading the old one.
        kept = {} if len(self._known) + len(made) > self._most else self._known
        kept.update(list(made.items())[: self._most])
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
        start = self._starts["gram"]
        if word.isascii():
            encoded = marked.encode()
            numbers = [crc32(encoded[at : at + size], start) for size in (3, 4) for at in range(len(marked) - size + 1)]
        else:
            # Scripts such as Chinese say more per character.
            runs = [marked[at : at + size] for size in (1, 2, 3) for at in range(len(marked) - size + 1)]
            numbers = [crc32(run.encode("utf-8", "surrogatepass"), start) for run in runs]
        return Features(numbers, [_GRAM] * len(numbers))

    def _number(self, kind: str, name: str) -> int:
        return crc32(name.encode("utf-8", "surrogatepass"), self._starts[kind])

    def _whisper(self, cut: Cut) -> tuple[Floats64, Floats64]:
        """Two stretches of noise that only this text has together; their sum is nowhere zero."""
        worded = any(word[0].isalnum() for word in cut.words)
        # Folding may make different texts of symbols the same, so those are told apart by their raw form.
        told = " ".join(cut.words) if worded else cut.text
        drawn = blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest()
        wholes, halves = divmod(int.from_bytes(drawn, "little") % _STRETCHES**2, _STRETCHES)
        return self._halves[halves : halves + DIMENSIONS], self._wholes[wholes : wholes + DIMENSIONS]


def _parts(texts: Iterable[str]) -> Iterator[list[Cut]]:
    """`texts` in parts of some `_TOGETHER` words."""
    part: list[Cut] = []
    size = 0
    for text in texts:
        part.append(Cut(text, tokens(text)))
        size += 1 + len(part[-1].words)
        if size >= _TOGETHER:
            yield part
            part, size = [], 0
    yield part


def _noise(start: bytes, middle: float) -> Floats64:
    """Enough for `_STRETCHES` stretches of it: whole numbers from 0 to 127, less `middle`, in `_WHISPER`."""
    drawn = np.frombuffer(shake_256(start).digest(_STRETCHES + DIMENSIONS - 1), np.uint8)
    return ((drawn >> 1).astype(np.float64) - middle) * _WHISPER


def little_endian(vector: Floats) -> memoryview:
    """`vector` as the API sends it in base64: little-endian float32."""
    return vector.astype(_SENT, copy=False).data


def _add_pairs(words: Sequence[Word], cells: memoryview) -> None:
    """Add the pairs of neighbours, of which every text has new ones."""
    for left, right in pairwise(words):
        # One dimension and a sign.
        place, sign = divmod((left.bits * _LEFT + right.bits >> _MIDDLE) % _SIGNED, 2)
        cells[place] += _PAIR if sign else -_PAIR


def _bits(bundles: Sequence[Features]) -> NDArray[np.uint16]:
    """A row of random bits for each feature of `bundles`."""
    return _mixed(np.array([number for bundle in bundles for number in bundle.numbers], np.uint64))


def _sums(bundles: Sequence[Features], raw: NDArray[np.uint16], width: int) -> Floats64:
    """One row for each bundle: the weighted sum of the directions that the bits say, in `width` dimensions."""
    weights = np.array([weight for bundle in bundles for weight in bundle.weights], np.float64)
    # The highest bit is the sign, the others say where.
    places, signs = (raw & 0x7FFF) % DIMENSIONS, raw.view("<i2")
    starts = np.repeat(np.arange(0, len(bundles) * width, width), [len(bundle.numbers) for bundle in bundles])
    cells = (places if width == DIMENSIONS else places % width) + starts[:, None]
    values = np.copysign(weights[:, None], signs)
    sums = np.bincount(cells.ravel(), values.ravel(), len(bundles) * width).astype(np.float64, copy=False)
    return sums.reshape(len(bundles), width)


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


def _length(total: Floats64) -> float:
    square = float(total.dot(total))
    if square >= _EXACT:
        # Too long a text for floats to add up its squares in any order.
        whole = (total / _UNIT).astype(np.int64).tolist()
        return sqrt(sum(number * number for number in whole)) * _UNIT
    return sqrt(square)
