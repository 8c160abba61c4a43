"""Embeddings by feature hashing: 1536 float32 numbers of unit length, from text and model alone (E3, E4).

The features of a text are its distinct words, their stems, and the trigrams of its content words joined by spaces.
Each is a 64-bit number, which a mixer maps to four signed dimensions, so texts with common features are close, and
texts without are nearly orthogonal. Noise from a hash of the whole text fills all dimensions and separates texts.

The bytes are the same on every machine and with every NumPy: sums are multiples of 0.5 below 2**20, so the sum of their
squares is exact in any order, and IEEE 754 defines the square root, division and rounding exactly. NumPy's random
generators are not used, since their streams may change between releases.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b, shake_256
from math import sqrt
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clevora_mock.contract.limits import DEFAULT_MODEL, EMBEDDING_DIMENSIONS
from clevora_mock.text.words import STOP, stem, tokens

# Weights of features: content words and stems, symbols and stop words, trigrams.
_WORD, _MINOR_WORD, _TRIGRAM = 16, 6, 4
_UNIT = 1024  # factor of weights relative to the noise, which is within ±31.5
_MAX_SUM = 1023  # of weights in a dimension; reached by long texts with common trigrams

_SLICE = 1 << 16  # features hashed at once, which bounds the memory

# Added to checksums; numbers of trigrams are below 2**63.
_WORD_SPACE, _STEM_SPACE = 1 << 63, 3 << 62
_FIRST_BITS, _SECOND_BITS = np.uint64(21), np.uint64(42)  # a code point takes 21 bits

# The finalizer of SplitMix64 (Steele, Lea and Flood).
_MIXER = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
_LAST_SHIFT = np.uint64(31)
_LANES = 4  # of 16 bits, each a dimension and a sign

Floats = NDArray[np.float32]
Floats64 = NDArray[np.float64]
Numbers = NDArray[np.uint64]


class Embedder:
    """An embedding model, keyed by its name."""

    def __init__(self, model: str = DEFAULT_MODEL["embeddings"], dimensions: int = EMBEDDING_DIMENSIONS) -> None:
        self._dimensions = dimensions
        self._key = blake2b(model.encode(), digest_size=16).digest()
        self._mixer_key = np.uint64(int.from_bytes(self._key[:8], "little"))

    def vectors(self, texts: Iterable[str]) -> Iterator[Floats]:
        """Yield the vectors of `texts`."""
        return map(self.vector, texts)

    def vector(self, text: str) -> Floats:
        """Return the vector of `text`, of shape (1536,) unless other dimensions are set."""
        encoded = text.encode("utf-8", "surrogatepass")
        noise = np.frombuffer(shake_256(self._key + encoded).digest(self._dimensions), np.uint8)
        total: Floats64 = self._sum(text).clip(-_MAX_SUM, _MAX_SUM) * _UNIT + ((noise >> 2) - 31.5)
        return (total / sqrt(total.dot(total))).astype(np.float32)

    def _sum(self, text: str) -> Floats64:
        """Return the weighted sum of the features of `text` by dimension."""
        words = dict.fromkeys(tokens(text))
        content = [word for word in words if word not in STOP and word[0].isalnum()]
        minor = [word for word in words if word in STOP or not word[0].isalnum()]
        named = [_WORD_SPACE + _checksum(word) for word in content + minor]
        named += [_STEM_SPACE + _checksum(stem(word)) for word in content]
        weights = [_WORD] * len(content) + [_MINOR_WORD] * len(minor) + [_WORD] * len(content)
        joined = f" {' '.join(content)} "
        total = np.zeros(self._dimensions)
        for start in range(0, max(len(named), len(joined)), _SLICE):
            end = start + _SLICE
            # Slices overlap by two characters, the rest of a trigram.
            numbers = np.concatenate([np.array(named[start:end], np.uint64), _trigrams(joined[start : end + 2])])
            total += self._spread(numbers, weights[start:end])
        return total

    def _spread(self, numbers: Numbers, weights: list[int]) -> Floats64:
        """Return the sums of features by dimension; the first ones have `weights`, the others are trigrams."""
        each = np.full(len(numbers), _TRIGRAM, np.float64)
        each[: len(weights)] = weights
        mixed = numbers ^ self._mixer_key
        for shift, factor in _MIXER:
            mixed ^= mixed >> shift
            mixed *= factor
        mixed ^= mixed >> _LAST_SHIFT
        lanes = mixed.astype("<u8", copy=False).view("<u2")
        half = self._dimensions
        sums = np.bincount(lanes % (2 * half), each.repeat(_LANES), 2 * half)
        # Positive sums come first, then negative ones.
        return (sums[:half] - sums[half:]).astype(np.float64, copy=False)


def little_endian(vector: Floats) -> memoryview:
    """Return `vector` as little-endian float32, which the API sends in base64 (E3)."""
    return vector.astype("<f4", copy=False).data


def _trigrams(text: str) -> Numbers:
    """Return each trigram as a number made of its code points."""
    codes: Numbers = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    numbers: Numbers = codes[:-2] | codes[1:-1] << _FIRST_BITS | codes[2:] << _SECOND_BITS
    return numbers


def _checksum(word: str) -> int:
    return crc32(word.encode("utf-8", "surrogatepass"))
