"""E1-E4: embeddings."""

import struct
from base64 import b64decode
from binascii import Error
from collections.abc import Sequence
from math import sqrt
from typing import Any

from clevora_mock.contract.limits import MAX_EMBEDDING_DIMENSIONS
from clevora_mock.verify.answers import json_of
from clevora_mock.verify.ask import ONE_TOKEN, Ask
from clevora_mock.verify.client import Answer, CannotCheckError
from clevora_mock.verify.expectation import INT, Difference, Exactly, ListOf, OfType
from clevora_mock.verify.probe import Probe, asking, checking
from clevora_mock.verify.session import Session

PATH = "POST /v1/embeddings"
TWO = Ask(PATH, body={"input": ["the cat sat", "on the mat"]})
_BATCH = Ask(PATH, body={"input": ["the cat sat", "a"]})
ENCODED = Ask(PATH, body={"input": "a", "encoding_format": "base64"})
_WITH_DIMENSIONS = Ask(PATH, body={"input": "a", "dimensions": 8, "user": "ann"})
_DIMENSIONS = 1536

Vector = list[float]


def _refused(title: str, value: Any, error: str = "invalid_field") -> Probe:
    return asking(f"no embeddings of {title}", "E1", PATH, body={"input": value}, error=error)


def vectors(session: Session, ask: Ask) -> list[Vector]:
    """Return the vectors of an answer in numbers. Raises CannotCheckError."""
    return _vectors_of(session.answer(ask))


def _vectors_of(answer: Answer) -> list[Vector]:
    if answer.status != 200:
        raise CannotCheckError(f"embeddings were answered {answer.status}")
    data = json_of(answer).get("data")
    if not isinstance(data, list) or not data:
        raise CannotCheckError("the answer has no data")
    items = [one if isinstance(one, dict) else {} for one in data]
    # The order of items is E2's matter where they tell it themselves.
    if sorted(str(one.get("index")) for one in items) == sorted(map(str, range(len(items)))):
        items.sort(key=lambda one: int(one["index"]))
    found: list[Any] = [one.get("embedding") for one in items]
    if not all(isinstance(one, list) and all(isinstance(part, int | float) for part in one) for one in found):
        raise CannotCheckError("the answer's vectors are not in numbers")
    return found


def _dimensions(session: Session) -> list[Difference]:
    lengths = {len(vector) for vector in vectors(session, ONE_TOKEN) + vectors(session, TWO)}
    if lengths == {_DIMENSIONS}:
        return []
    got = min(lengths) if len(lengths) == 1 else sorted(lengths)
    override = ("embeddings.dimensions", got) if isinstance(got, int) and 0 < got <= MAX_EMBEDDING_DIMENSIONS else None
    return [Difference("dimensions", _DIMENSIONS, got, override)]


def _unit(session: Session) -> list[Difference]:
    for vector in vectors(session, TWO):
        length = sqrt(sum(part * part for part in vector))
        if abs(length - 1) > 1e-3:
            return [Difference("length of a vector", 1, round(length, 3))]
    return []


def _base64(session: Session) -> list[Difference]:
    """Check that base64 is the same vector as little-endian float32."""
    (numbers,) = vectors(session, ONE_TOKEN)
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
    if not _equal(read, numbers):
        if not _equal(_vectors_of(session.ask(ONE_TOKEN))[0], numbers):
            raise CannotCheckError("a text has another vector each time")
        return [Difference("embedding for base64", "the same vector as in numbers", "another vector")]
    return []


def _equal(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and all(abs(a - b) <= 1e-4 for a, b in zip(one, other, strict=True))


def _ignored(session: Session) -> list[Difference]:
    """`dimensions` changes nothing."""
    (plain,) = vectors(session, ONE_TOKEN)
    answer = session.answer(_WITH_DIMENSIONS)
    if answer.status != 200:
        return [Difference("status with dimensions", 200, answer.status)]
    (other,) = vectors(session, _WITH_DIMENSIONS)
    return [] if len(plain) == len(other) else [Difference("dimensions with dimensions: 8", len(plain), len(other))]


def _same_again(session: Session) -> list[Difference]:
    """Check that a text has one vector, alone and among others, now and later."""
    (first,), batch = vectors(session, ONE_TOKEN), vectors(session, _BATCH)
    (later,) = _vectors_of(session.ask(ONE_TOKEN))
    if len(batch) != 2:
        raise CannotCheckError("there is no vector for each text")
    for name, others in (("later", [later]), ("among others", batch)):
        if not any(_same(first, other) for other in others):
            return [Difference(f"a text's vector {name}", "the same", "another")]
    return []


def _in_order(session: Session) -> list[Difference]:
    (alone,), batch = vectors(session, ONE_TOKEN), vectors(session, _BATCH)
    if len(batch) != 2:
        raise CannotCheckError("there is no vector for each text")
    swapped = _same(alone, batch[0]) and not _same(alone, batch[1])
    return [Difference("order of the vectors", "that of the texts", "another")] if swapped else []


def _same(one: Vector, other: Vector) -> bool:
    return _cosine(one, other) > 0.9999


def _similar(session: Session) -> list[Difference]:
    """Texts that share words lie closer than texts that do not."""
    texts = ["a cat sat on a mat", "the cat sat on the mat", "quantum computers factor numbers"]
    found = [vectors(session, Ask(PATH, body={"input": text}))[0] for text in texts]
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
    checking("the dimensions", "E3", _dimensions, "api_key", shares=(ONE_TOKEN, TWO)),
    checking("unit length", "E3", _unit, "api_key", shares=(TWO,)),
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
    checking("vectors in the order of texts", "E2", _in_order, "api_key", shares=(ONE_TOKEN, _BATCH)),
    checking("base64", "E3", _base64, "api_key", shares=(ONE_TOKEN, ENCODED)),
    asking("an unknown format", "E3", PATH, body={"input": "a", "encoding_format": "int8"}, error="invalid_field"),
    checking("dimensions is ignored", "E3", _ignored, "api_key", shares=(ONE_TOKEN, _WITH_DIMENSIONS)),
    checking("the same again", "E4", _same_again, "api_key", shares=(ONE_TOKEN, _BATCH), cost=100, requests=6),
    checking("similar texts", "E4", _similar, "api_key", cost=7_400, requests=6),
    # As many as may be would be expensive, and 16 MiB.
    asking(
        "257 texts", "E1", PATH, body={"input": ["a"] * 257, "encoding_format": "base64"}, answer={"data": ListOf(257)}
    ),
    asking(
        "another endpoint's model", "C2", PATH, body={"input": "a", "model": "clevora-1.0-turbo"}, error="invalid_model"
    ),
)
