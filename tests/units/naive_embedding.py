"""A second implementation of embeddings, written from the description of the first, in plain Python and integers.

It shares no code with the product: what the words of a text are, and their stems, is given to it.
"""

import math
import struct
import zlib
from collections.abc import Sequence
from fractions import Fraction
from hashlib import blake2b, shake_256


def naive_vector(
    text: str, words: Sequence[str], stems: Sequence[str], others: Sequence[str], trigrams: Sequence[str], model: str
) -> list[float]:
    """Return the vector of `text`, which has these content words and their stems, other tokens, and trigrams."""
    key = blake2b(model.encode(), digest_size=16).digest()
    sums = [0] * 1536
    for number, weight in (
        *((2**63 + checksum(word), 16) for word in words),
        *((2**63 + 2**62 + checksum(stem), 16) for stem in stems),
        *((2**63 + checksum(other), 6) for other in others),
        *((sum(ord(character) * 2 ** (21 * at) for at, character in enumerate(part)), 4) for part in trigrams),
    ):
        mixed = number ^ int.from_bytes(key[:8], "little")
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % 2**64
        mixed ^= mixed >> 31
        for lane in range(4):
            place = (mixed >> 16 * lane & 0xFFFF) % 3072
            sums[place % 1536] += weight if place < 1536 else -weight
    noise = shake_256(key + text.encode("utf-8", "surrogatepass")).digest(1536)
    # Twice the sums, so that all are integers.
    doubled = [2048 * max(-1023, min(1023, sums[at])) + 2 * (noise[at] >> 2) - 63 for at in range(1536)]
    length = math.sqrt(Fraction(sum(number * number for number in doubled), 4))
    return [struct.unpack("<f", struct.pack("<f", number / 2 / length))[0] for number in doubled]


def trigrams(words: Sequence[str]) -> list[str]:
    """Return every three neighboring characters of `words` between spaces."""
    line = " " + " ".join(words) + " "
    return [line[at : at + 3] for at in range(len(line) - 2)]


def checksum(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))
