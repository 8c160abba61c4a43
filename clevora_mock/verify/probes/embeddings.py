"""E1-E4: embeddings."""

import struct
from base64 import b64decode
from binascii import Error
from math import sqrt
from typing import Any

from clevora_mock.verify.ask import Ask
from clevora_mock.verify.client import CannotCheckError
from clevora_mock.verify.expectation import INT, Difference, Exactly, ListOf, OfType
from clevora_mock.verify.probe import Probe, asking, checking
from clevora_mock.verify.session import Session, json_of

PATH = "POST /v1/embeddings"
ONE = Ask(PATH, body={"input": "a"})
TWO = Ask(PATH, body={"input": ["the cat sat", "on the mat"]})
ENCODED = Ask(PATH, body={"input": "a", "encoding_format": "base64"})
_DIMENSIONS = 1536

Vector = list[float]


def _refused(title: str, value: Any, error: str = "invalid_field") -> Probe:
    return asking(f"no embeddings of {title}", "E1", PATH, body={"input": value}, error=error)


def vectors(session: Session, ask: Ask) -> list[Vector]:
    """Return the vectors of an answer in numbers. Raises CannotCheckError."""
    answer = session.answer(ask)
    if answer.status != 200:
        raise CannotCheckError(f"{ask.request} answered {answer.status}")
    data = json_of(answer).get("data")
    if not isinstance(data, list):
        raise CannotCheckError("the answer has no data")
    found: list[Any] = [one.get("embedding") if isinstance(one, dict) else None for one in data]
    if not all(isinstance(one, list) and all(isinstance(part, int | float) for part in one) for one in found):
        raise CannotCheckError("the answer's vectors are not in numbers")
    return found


def _dimensions(session: Session) -> list[Difference]:
    lengths = {len(vector) for vector in vectors(session, ONE) + vectors(session, TWO)}
    if lengths == {_DIMENSIONS}:
        return []
    got = min(lengths) if len(lengths) == 1 else sorted(lengths)
    override = ("embeddings.dimensions", got) if isinstance(got, int) and got else None
    return [Difference("dimensions", _DIMENSIONS, got, override)]


def _unit(session: Session) -> list[Difference]:
    for vector in vectors(session, TWO):
        length = sqrt(sum(part * part for part in vector))
        if abs(length - 1) > 1e-3:
            return [Difference("length of a vector", 1, round(length, 3))]
    return []


def _base64(session: Session) -> list[Difference]:
    """Check that base64 is the same vector as little-endian float32."""
    (numbers,) = vectors(session, ONE)
    answer = session.answer(ENCODED)
    if answer.status != 200:
        return [Difference("status for encoding_format base64", 200, answer.status)]
    data = json_of(answer).get("data")
    text = data[0].get("embedding") if isinstance(data, list) and data and isinstance(data[0], dict) else None
    if isinstance(text, list):
        return [Difference("embedding for base64", "base64", "numbers", scenario="fault: float_embeddings")]
    try:
        raw = b64decode(text or "", validate=True)
        read = struct.unpack(f"<{len(raw) // 4}f", raw)
    except (Error, ValueError, struct.error, TypeError):
        return [Difference("embedding for base64", "little-endian float32 in base64", "something else")]
    if len(read) != len(numbers) or any(abs(one - other) > 1e-4 for one, other in zip(read, numbers, strict=True)):
        return [Difference("embedding for base64", "the same vector as in numbers", "another vector")]
    return []


def _ignored(session: Session) -> list[Difference]:
    """`dimensions` changes nothing."""
    (plain,) = vectors(session, ONE)
    ask = Ask(PATH, body={"input": "a", "dimensions": 8, "user": "ann"})
    answer = session.answer(ask)
    if answer.status != 200:
        return [Difference("status with dimensions", 200, answer.status)]
    (other,) = vectors(session, ask)
    return [] if len(plain) == len(other) else [Difference("dimensions with dimensions: 8", len(plain), len(other))]


def _same_again(session: Session) -> list[Difference]:
    """Check that a text has one vector, alone and among others, now and later."""
    (first,) = vectors(session, ONE)
    batch = vectors(session, Ask(PATH, body={"input": ["the cat sat", "a"]}))
    again = session.ask(ONE).answer
    later = json_of(again).get("data", [{}])[0].get("embedding") if again.status == 200 else None
    if len(batch) != 2 or not isinstance(later, list):
        raise CannotCheckError("there is no vector for each text")
    for name, other in (("later", later), ("among others", batch[1])):
        if _cosine(first, other) < 0.9999:
            return [Difference(f"a text's vector {name}", "the same", "another")]
    return []


def _similar(session: Session) -> list[Difference]:
    """Texts that share words lie closer than texts that do not."""
    texts = ["a cat sat on a mat", "the cat sat on the mat", "quantum computers factor numbers"]
    found = vectors(session, Ask(PATH, body={"input": texts}))
    if len(found) != 3 or len({len(one) for one in found}) != 1:
        raise CannotCheckError("there is no vector for each text")
    near, far = _cosine(found[0], found[1]), _cosine(found[0], found[2])
    return [] if near > far + 0.05 else [Difference("texts with shared words", "closer than others", "farther")]


def _cosine(one: Vector, other: Vector) -> float:
    if len(one) != len(other):
        return 0
    lengths = sqrt(sum(part * part for part in one) * sum(part * part for part in other))
    return sum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0


_EMBEDDING = Exactly({"object": "embedding", "index": OfType(int), "embedding": OfType(list)})
_USAGE = Exactly({"prompt_tokens": INT, "total_tokens": INT})

PROBES = (
    checking("the dimensions", "E3", _dimensions, "api_key"),
    checking("unit length", "E3", _unit, "api_key"),
    asking("one text in an array", "E1", PATH, body={"input": ["a"]}, answer={"data": ListOf(1)}),
    _refused("nothing", None, "missing_field"),
    _refused("an empty text", ""),
    _refused("a blank text", " \n"),
    _refused("an empty array", []),
    _refused("an empty text among others", ["a", ""]),
    _refused("null among texts", ["a", None]),
    _refused("an array of token ids", [1, 2, 3]),
    _refused("arrays of token ids", [[1, 2], [3]]),
    _refused("true", True),
    _refused("2049 texts", ["a"] * 2049),
    asking(
        "the answer's fields",
        "E2",
        PATH,
        body={"input": "a"},
        shape=True,
        served=True,
        answer=Exactly({"object": "list", "data": [_EMBEDDING], "model": "clevora-embed-1", "usage": _USAGE}),
    ),
    asking(
        "a vector for each text",
        "E2",
        PATH,
        body=TWO.body,
        answer={"data": [{"index": 0}, {"index": 1}]},
        shape=True,
        served=True,
    ),
    checking("base64", "E3", _base64, "api_key"),
    asking("an unknown format", "E3", PATH, body={"input": "a", "encoding_format": "int8"}, error="invalid_field"),
    checking("dimensions is ignored", "E3", _ignored, "api_key"),
    checking("the same again", "E4", _same_again, "api_key", cost=200, requests=6),
    checking("similar texts", "E4", _similar, "api_key", cost=7_400, requests=2),
    asking(
        "another endpoint's model", "C2", PATH, body={"input": "a", "model": "clevora-1.0-turbo"}, error="invalid_model"
    ),
)
