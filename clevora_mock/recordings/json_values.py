"""JSON of requests and answers, with a bound on what one call of C code decodes."""

import json
import re
from typing import Any

# So many are decoded and encoded in less than 50 ms each, during which nothing else runs, and take some 100 MB.
MAX_VALUES = 200_000

_MARKS = b",[{\r\n"
# JSON has no text that goes on in another line; one without an end is no JSON.
_TEXT = re.compile(rb'"[^"\\\r\n]*+(?:\\[^\r\n][^"\\\r\n]*+)*+"?')


def has_too_many_values(body: bytes) -> bool:
    """Tell whether JSON, or a stream of it, has more than `MAX_VALUES` values, among them arrays, objects and lines."""
    return _count(body) > MAX_VALUES and _count(body) - sum(map(_count_in, _TEXT.finditer(body))) > MAX_VALUES


def decode(text: str | bytes) -> Any:
    """Decode JSON. Raises ValueError and RecursionError."""
    # In Python, since a float near the bounds takes a hundred times as long as another one.
    return json.loads(text, parse_float=_float)


def _float(number: str) -> float:
    return float(number)


def _count(part: bytes) -> int:
    return sum(part.count(mark) for mark in _MARKS)


def _count_in(text: "re.Match[bytes]") -> int:
    return _count(text[0])
