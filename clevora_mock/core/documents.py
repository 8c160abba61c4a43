"""JSON documents of requests, decoded with a bound on how long that takes."""

import re
from typing import Any

import msgspec

# So many are decoded in about 50 ms, in one call of C code, during which nothing else runs. A number near the bounds of
# a float takes 10 µs, 500 times as long as others.
MAX_CONTAINERS = 200_000
MAX_EXPONENTS = 5_000

# A string, also one without an end, so that no part of a document is searched twice.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
# Each digit becomes 0, so that one search finds every exponent.
_DIGITS = bytes.maketrans(b"123456789E", b"000000000e")


class TooLargeDocumentError(ValueError):
    """A document has more of something than is decoded."""


def decode(body: bytes) -> Any:
    """Decode JSON. Raises ValueError, TooLargeDocumentError and RecursionError."""
    require_bounded(body)
    return msgspec.json.decode(body)


def require_bounded(body: bytes) -> None:
    """Raise TooLargeDocumentError for JSON that takes long to decode."""
    if _count(body, b"[{") > MAX_CONTAINERS and count_outside_texts(body, b"[{") > MAX_CONTAINERS:
        raise TooLargeDocumentError(f"more than {MAX_CONTAINERS:,} arrays and objects")
    if (exponents := _count_exponents(body)) > MAX_EXPONENTS:
        exponents -= sum(_count_exponents(text[0]) for text in _TEXT.finditer(body))
        if exponents > MAX_EXPONENTS:
            raise TooLargeDocumentError(f"more than {MAX_EXPONENTS:,} numbers with an exponent of two or more digits")


def count_outside_texts(body: bytes, marks: bytes) -> int:
    """Count the characters of JSON that are among `marks`, but for those in texts."""
    return _count(body, marks) - sum(_count(text[0], marks) for text in _TEXT.finditer(body))


def _count(part: bytes, marks: bytes) -> int:
    return sum(map(part.count, marks))


def _count_exponents(part: bytes) -> int:
    """Count the exponents of two or more digits."""
    return part.translate(_DIGITS, b"+-").count(b"0e00")
