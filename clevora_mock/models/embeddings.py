"""Embeddings by feature hashing: 1536 float32 numbers of unit length, from text and model alone (E3, E4).

A text's features are its distinct words, their stems, and the trigrams of its content words joined by spaces; the
trigrams that span a space make the order of words count a little. Each feature is a 64-bit number, which a mixer turns
into four signed dimensions. So texts that share features lie close, and texts that share none are nearly orthogonal.
Noise drawn from the whole text keeps every dimension occupied and different texts apart.

The bytes are the same on every machine and with every NumPy. Sums are multiples of 0.5 below 2**20, so that sums of
their squares are exact in any order; what is left is one square root, one division and one rounding, which IEEE 754
defines to the last bit. NumPy's random generators, whose streams may change between releases, are not used.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b, shake_256
from math import sqrt
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clevora_mock.contract.limits import DEFAULT_MODEL, EMBEDDING_DIMENSIONS
from clevora_mock.models.words import STOP, stem, tokens

DIMENSIONS = EMBEDDING_DIMENSIONS

# The weights of features: content words and stems, symbols and stop words, trigrams.
_WORD, _MINOR_WORD, _TRIGRAM = 16, 6, 4
_UNIT = 1024  # a weight of one, in units of the noise, which lies within ±31.5
_MAX_SUM = 1023  # of weights in one dimension; reached by long texts whose words share their trigrams

_SLICE = 1 << 16  # features that are hashed together, which bounds the memory

# Added to checksums; the numbers of trigrams are below 2**63.
_WORD_SPACE, _STEM_SPACE = 1 << 63, 3 << 62
_FIRST_BITS, _SECOND_BITS = np.uint64(21), np.uint64(42)  # a code point takes 21 bits

# The finalizer of SplitMix64 (Steele, Lea and Flood).
_MIXER = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
_LAST_SHIFT = np.uint64(31)
_LANES = 4  # of 16 bits, each of which says a dimension and a sign

Floats = NDArray[np.float32]
Floats64 = NDArray[np.float64]
Numbers = NDArray[np.uint64]


class Embedder:
    """Turns texts into vectors; holds the model's key and no other state."""

    def __init__(self, model: str = DEFAULT_MODEL["embeddings"]) -> None:
        self._key = blake2b(model.encode(), digest_size=16).digest()
        self._mixer_key = np.uint64(int.from_bytes(self._key[:8], "little"))

    def vectors(self, texts: Iterable[str]) -> Iterator[Floats]:
        """Yield the vector of each of `texts`, in order."""
        return map(self.vector, texts)

    def vector(self, text: str) -> Floats:
        """Return the vector of `text`, of shape (1536,)."""
        noise = np.frombuffer(shake_256(self._key + _utf8(text)).digest(DIMENSIONS), np.uint8)
        total: Floats64 = self._sum(text).clip(-_MAX_SUM, _MAX_SUM) * _UNIT + ((noise >> 2) - 31.5)
        return (total / sqrt(total.dot(total))).astype(np.float32)

    def _sum(self, text: str) -> Floats64:
        """Return the weights of all features of `text`, summed by dimension."""
        words = dict.fromkeys(tokens(text))
        content = [word for word in words if word not in STOP and word[0].isalnum()]
        minor = [word for word in words if word in STOP or not word[0].isalnum()]
        named = [_WORD_SPACE + _checksum(word) for word in content + minor]
        named += [_STEM_SPACE + _checksum(stem(word)) for word in content]
        weights = [_WORD] * len(content) + [_MINOR_WORD] * len(minor) + [_WORD] * len(content)
        joined = f" {' '.join(content)} "
        total = np.zeros(DIMENSIONS)
        for start in range(0, max(len(named), len(joined)), _SLICE):
            end = start + _SLICE
            # Slices overlap by the two characters that a trigram needs after its first.
            numbers = np.concatenate([np.array(named[start:end], np.uint64), _trigrams(joined[start : end + 2])])
            total += self._spread(numbers, weights[start:end])
        return total

    def _spread(self, numbers: Numbers, weights: list[int]) -> Floats64:
        """Return the sums by dimension of features, of which the first have `weights` and the others are trigrams."""
        each = np.full(len(numbers), _TRIGRAM, np.float64)
        each[: len(weights)] = weights
        mixed = numbers ^ self._mixer_key
        for shift, factor in _MIXER:
            mixed ^= mixed >> shift
            mixed *= factor
        mixed ^= mixed >> _LAST_SHIFT
        lanes = mixed.astype("<u8", copy=False).view("<u2")
        sums = np.bincount(lanes % (2 * DIMENSIONS), each.repeat(_LANES), 2 * DIMENSIONS)
        # Positive sums come first, then negative ones.
        return (sums[:DIMENSIONS] - sums[DIMENSIONS:]).astype(np.float64, copy=False)


def little_endian(vector: Floats) -> memoryview:
    """Return `vector` as the API sends it in base64: little-endian float32 (E3)."""
    return vector.astype("<f4", copy=False).data


def _trigrams(text: str) -> Numbers:
    """Return each run of three characters as the number that its code points make up."""
    codes: Numbers = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
    numbers: Numbers = codes[:-2] | codes[1:-1] << _FIRST_BITS | codes[2:] << _SECOND_BITS
    return numbers


def _checksum(word: str) -> int:
    return crc32(word.encode("utf-8", "surrogatepass"))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
