"""JSON documents of requests, decoded with a bound on how long that takes."""

import re
from typing import Any

import msgspec

# So many are decoded in about 50 ms, in one call of C code, during which nothing else runs.
MAX_CONTAINERS = 200_000

# A string, also one without an end, so that no part of a document is searched twice.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


class TooManyContainersError(ValueError):
    """A document has more arrays and objects than are decoded."""


def decode(body: bytes) -> Any:
    """Decode JSON. Raises ValueError, TooManyContainersError and RecursionError."""
    if _count(body, b"[{") > MAX_CONTAINERS and count_outside_texts(body, b"[{") > MAX_CONTAINERS:
        raise TooManyContainersError(f"more than {MAX_CONTAINERS:,} arrays and objects")
    return msgspec.json.decode(body)


def count_outside_texts(body: bytes, marks: bytes) -> int:
    """Count the characters of JSON that are among `marks`, but for those in texts."""
    return _count(body, marks) - sum(_count(text[0], marks) for text in _TEXT.finditer(body))


def _count(part: bytes, marks: bytes) -> int:
    return sum(map(part.count, marks))
