"""Embeddings made by feature hashing: 1536 float32 numbers of unit length, from text and model alone.

Each word is a bundle of features: itself, its stem, and the runs of three and four characters inside it. A
feature is hashed to eight of the 1536 dimensions and a sign for each, so two features that differ are all but
orthogonal, and texts that share words or parts of words share features and lie close. Pairs of neighbouring
words are features of a single dimension, made of the bits of both, so that order counts a little. Under that
lies a whisper of noise chosen by the whole text: it keeps every dimension occupied and different texts apart.

The new words of many texts are hashed and summed in a few steps over whole arrays, for an array of a thousand costs
hardly more than an array of one; a word that is known is a row to add.

The sums are multiples of 2**-9, held in floats far below 2**43, where neither order nor batch can matter. What
is left is one square root, one division and one rounding, each of which IEEE 754 fixes to the last bit: the
bytes are the same on every machine, with every NumPy. NumPy's random generators, whose streams may change
between releases, have no part in it.

Units: weights are small whole numbers, in quarters of an n-gram's; the noise is far below them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b, shake_256
from itertools import pairwise
from math import isqrt, sqrt
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clevora_mock.contract.limits import EMBEDDING_DIMENSIONS
from clevora_mock.models.words import STOP, stem, tokens

DIMENSIONS = EMBEDDING_DIMENSIONS

_WHISPER = 2.0**-8  # a unit of the noise, which lies in ±127 of them
_STRETCHES = 1 << 13  # of noise: places in a table at which one may begin

_WORD, _GRAM, _GLYPH, _PAIR, _QUIET = 16, 4, 8, 23, 8

_ROWS = 128  # new words that are summed together
_TOGETHER = 512  # words, of one text or many, that are learned together
_FEW = 48  # words that are summed in 16 bits: the weights of one are 524 at the most, of a pair 23

# The mixer of SplitMix64 (Steele, Lea and Flood): numbers that are merely different become good random bits.
_LANES = np.array([0xD1B54A32D192ED03, 0xABC98388FB8FAC03], np.uint64)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_STEPS = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
_LAST_STEP = np.uint64(31)

# What tells the left word of a pair from the right one, and from where on their bits are well mixed.
_LEFT = 0x9E3779B97F4A7C15
_MIDDLE = 32
_SIGNED = 2 * DIMENSIONS  # a dimension and a sign

_MANY = 4  # times that a word has to come to count for more than once

_UNIT = _WHISPER / 2  # what all sums are multiples of
_SENT = np.dtype("<f4")
_EXACT = 2.0**53 * _UNIT**2  # up to here floats hold every sum of their squares

Floats = NDArray[np.float32]
Floats64 = NDArray[np.float64]
Integers = NDArray[np.int64]
Numbers = NDArray[np.uint64]
Weights = NDArray[np.int16]


class Features(NamedTuple):
    """Features by their numbers, their weights, and the place of the word that each belongs to."""

    numbers: Numbers
    weights: Weights
    words: Integers


class Word(NamedTuple):
    """What is known of a word: the sum of its features, and the bits that it brings into pairs."""

    row: Weights
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
        self._starts = {kind: crc32(kind.encode(), crc32(self._key)) for kind in ("word", "stem")}
        self._gram_start = np.uint64(int.from_bytes(self._key[:8], "little"))
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
            # Not all of a long text's, so that no text's size decides on the memory.
            self._find([word for cut in some for word in cut.words[:_TOGETHER]])
            sums = [self._sum(cut.words) for cut in some]
            yield from [self._finished(cut, total) for cut, total in zip(some, sums, strict=True)]

    def spellings(self, words: Sequence[str], width: int) -> Weights:
        """One short row for each word: what is inside it, in `width` dimensions, a divisor of 1536."""
        rows = np.empty((len(words), width), np.int16)
        for start in range(0, len(words), _ROWS):
            some = words[start : start + _ROWS]
            grams = self._grams(some)
            rows[start : start + _ROWS] = _rows(grams, _mixed(grams.numbers), len(some), width)
        return rows

    def _finished(self, cut: Cut, total: Floats64 | Weights) -> Floats:
        first, second = self._whisper(cut)
        noisy = total + first
        noisy += second
        noisy /= _length(noisy)
        return noisy.astype(np.float32)

    def _sum(self, words: list[str]) -> Floats64 | Weights:
        """The sum of all features of a text: of its words, known and new, and of their pairs."""
        once = dict.fromkeys(words)
        if len(words) <= _FEW and len(words) - len(once) < _MANY - 1:
            return self._sum_few(words, once)
        total = np.zeros(DIMENSIONS)
        times = Counter(words)
        for start in range(0, len(words), _FEW):
            # With the next word, for the sake of its pair.
            some = words[start : start + _FEW + 1]
            first = {word: times.pop(word) for word in dict.fromkeys(some[:_FEW]) if word in times}
            total += self._sum_few(some, first)
            for word, known in zip(first, self._find(first), strict=True):
                # A repeated word counts by the root of its repetitions, which is a whole number of times.
                if first[word] >= _MANY:
                    total += known.row.astype(np.float64) * (isqrt(first[word]) - 1)
        return total

    def _sum_few(self, words: list[str], once: Collection[str]) -> Weights:
        """The pairs of `words` and the features of those in `once`: small numbers, which are the fastest to add."""
        few = np.zeros(DIMENSIONS, np.int16)
        _add_pairs(self._find(words), few.data)
        for word in self._find(once):
            few += word.row
        return few

    def _find(self, words: Collection[str]) -> list[Word]:
        """What is known of each of `words`; of new ones, from now on. All are in memory together."""
        known = self._known
        try:
            return [known[word] for word in words]
        except KeyError:
            new = [word for word in dict.fromkeys(words) if word not in known]
        made: dict[str, Word] = {}
        for start in range(0, len(new), _ROWS):
            some = new[start : start + _ROWS]
            made.update(zip(some, self._make(some), strict=True))
        self._remember(made)
        return [made[word] if word in made else known[word] for word in words]

    def _make(self, words: list[str]) -> Iterator[Word]:
        features = self._bundles(words)
        bits = _mixed(features.numbers)
        rows = _rows(features, bits, len(words), DIMENSIONS)
        return map(Word, rows, bits[: len(words), 0].tolist())

    def _remember(self, made: dict[str, Word]) -> None:
        # Begun anew rather than thinned out: another thread may be reading the old one.
        kept = {} if len(self._known) + len(made) > self._most else self._known
        kept.update(list(made.items())[: self._most])
        self._known = kept

    def _bundles(self, words: list[str]) -> Features:
        """The features of each word: itself, its stem, what is inside it; those of the words themselves come first."""
        quiet = [_GLYPH if not word[0].isalnum() else _QUIET if word in STOP else 0 for word in words]
        # Symbols and the words of grammar have no other features; an empty text has none that count.
        spelled = ["" if weight else word for word, weight in zip(words, quiet, strict=True)]
        weights = [weight or _WORD for weight in quiet] + [_WORD if word else 0 for word in spelled]
        numbers = [self._number("word", word) for word in words]
        numbers += [self._number("stem", stem(word)) for word in spelled]
        grams = self._grams(spelled)
        places = np.arange(len(words))
        return Features(
            np.concatenate([np.array(numbers, np.uint64), grams.numbers]),
            np.concatenate([np.array(weights, np.int16), grams.weights]),
            np.concatenate([places, places, grams.words]),
        )

    def _grams(self, words: Sequence[str]) -> Features:
        """The runs of characters inside each word, whose ends are marked."""
        plain = [place for place, word in enumerate(words) if word.isascii()]
        # Scripts such as Chinese say more per character.
        dense = [place for place, word in enumerate(words) if not word.isascii()]
        found = [self._runs(words, some, sizes) for some, sizes in ((plain, (3, 4)), (dense, (1, 2, 3))) if some]
        return found[0] if len(found) == 1 else Features(*map(np.concatenate, zip(*found, strict=True)))

    def _runs(self, words: Sequence[str], places: list[int], sizes: tuple[int, ...]) -> Features:
        """The runs of so many characters inside the words at `places`."""
        marked = [f"^{words[place]}$" for place in places]
        lengths = [*map(len, marked)]
        codes = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
        owners = np.repeat(places, lengths)
        left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(codes))
        numbers, owned = [], []
        runs = codes + self._gram_start
        for size in range(1, sizes[-1] + 1):
            if size in sizes:
                fitting = (left >= size)[: len(runs)]
                numbers.append(runs[fitting])
                owned.append(owners[: len(runs)][fitting])
            # Each run, and the character after it.
            runs = runs[:-1] * _GOLDEN + codes[size:]
        found = np.concatenate(numbers)
        return Features(found, np.full(len(found), _GRAM, np.int16), np.concatenate(owned))

    def _number(self, kind: str, name: str) -> int:
        return crc32(name.encode("utf-8", "surrogatepass"), self._starts[kind])

    def _whisper(self, cut: Cut) -> tuple[Floats64, Floats64]:
        """Two stretches of noise that only this text has together; their sum is nowhere zero."""
        worded = any(word[0].isalnum() for word in cut.words)
        # Folding may make different texts of symbols the same, so those are told apart by their raw form.
        told = " ".join(cut.words) if worded else cut.text
        drawn = blake2b(self._key + told.encode("utf-8", "surrogatepass"), digest_size=8).digest()
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


def _rows(features: Features, bits: Numbers, count: int, width: int) -> Weights:
    """A row for each of `count` words: the weighted sum of the directions that the bits say, in `width` dimensions."""
    raw = bits.astype("<u8", copy=False).view("<u2")
    # The highest bit is the sign, the others say where.
    places, signs = (raw & 0x7FFF) % DIMENSIONS, raw.view("<i2") >> 15 | 1
    cells = places % width + features.words[:, None] * width
    rows = np.zeros(count * width, np.int16)
    np.add.at(rows, cells.ravel(), (features.weights[:, None] * signs).ravel())
    return rows.reshape(count, width)


def _mixed(numbers: Numbers) -> Numbers:
    """A row of random bits for each number."""
    mixed = numbers[:, None] + _LANES
    for shift, factor in _STEPS:
        mixed ^= mixed >> shift
        mixed *= factor
    mixed ^= mixed >> _LAST_STEP
    return mixed


def _length(total: Floats64) -> float:
    square = float(total.dot(total))
    if square >= _EXACT:
        # Too long a text for floats to add up its squares in any order.
        whole = (total / _UNIT).astype(np.int64).tolist()
        return sqrt(sum(number * number for number in whole)) * _UNIT
    return sqrt(square)
