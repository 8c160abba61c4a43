"""The last look at an exchange before it is written: a secret that is still in it keeps it out of the file.

It is wider than the masking: it also joins strings of the same name that stand side by side, and all that a choice of a
stream says, whatever the places.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from clevora_mock.recordings.event_stream import DONE, leaves, lines_of
from clevora_mock.recordings.masker import Masker
from clevora_mock.recordings.recorded_exchange import RecordedExchange

# Strings that are joined do not go on with a value that is masked.
_UNENDED = re.compile(r"\*\*\*(?!\\*\")")
_INDEX = re.compile(r"\[[^]]*\]")


def find_secret(exchange: RecordedExchange, masker: Masker) -> str | None:
    """Return the place of a secret in an exchange, such as ``the stream's content``; None without one."""
    for place, text in _documents(exchange):
        if masker.document(text) != text:
            return place
    # Most texts occur several times.
    places: dict[str, str] = {}
    for place, text in _texts(exchange):
        places.setdefault(text, place)
    return next((place for text, place in places.items() if masker.text(text) != text), None)


def _documents(exchange: RecordedExchange) -> Iterator[tuple[str, str]]:
    yield "the answer's text" if exchange.stream is None else "the stream's text", exchange.text
    yield "the request's body", msgspec.json.encode(exchange.request.body).decode()


def _texts(exchange: RecordedExchange) -> Iterator[tuple[str, str]]:
    request = exchange.request
    yield from (("the request's path", request.path), ("the request's query", request.query))
    yield from _side_by_side("the request's", request.body)
    for name, value in exchange.headers.items():
        yield f"the header {name}", value
    part = "the answer's" if exchange.stream is None else "the stream's"
    lines = [line for line in lines_of(exchange.text) if line.data != DONE]
    documents = [line.data for line in lines if line.field == "data"]
    for document in documents:
        yield from _side_by_side(part, document)
    for field in {line.field for line in lines} - {"data"}:
        yield (
            f"{part} {field or 'comments'}",
            _join(text for line in lines if line.field == field for _, text in leaves(line.data)),
        )
    for text in _one_after_the_other(documents):
        yield f"{part} strings", text


def _side_by_side(part: str, document: Any) -> Iterator[tuple[str, str]]:
    """Yield the strings of each name in a document, one by one and as one text."""
    by_name: dict[str, list[str]] = {}
    for path, text in leaves(document):
        by_name.setdefault(_INDEX.sub("", path.rpartition(".")[2]), []).append(text)
    for name, texts in by_name.items():
        for text in {*texts, _join(texts)}:
            yield f"{part} {name or 'text'}", text


def _one_after_the_other(documents: list[Any]) -> Iterator[str]:
    """Yield what each choice of a stream says, whatever the places: the strings that most documents do not share."""
    found = [leaf for document in documents for leaf in leaves(document)]
    count = Counter(found)
    by_choice: dict[str, list[str]] = {}
    for path, text in found:
        if 2 * count[path, text] <= len(documents):
            by_choice.setdefault(path.partition("]")[0] if "]" in path else "", []).append(text)
    yield from map(_join, by_choice.values())


def _join(texts: Iterable[str]) -> str:
    # With a function, so that no call of C code takes long.
    return _UNENDED.sub(lambda _: '***"', "".join(texts))
