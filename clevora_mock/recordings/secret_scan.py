"""The last look at an exchange before it is written: a secret that is still in it keeps it out of the file.

It is wider than the masking: it also joins strings of the same name that stand side by side, and all strings of a
stream that change from event to event, whatever their places.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from clevora_mock.recordings.event_stream import events, leaves
from clevora_mock.recordings.masker import Masker
from clevora_mock.recordings.recorded_exchange import RecordedExchange, encode_line


def find_secret(exchange: RecordedExchange, masker: Masker) -> str | None:
    """Return the place of a secret in an exchange, such as ``the stream's content``; None without one."""
    for place, text in _texts(exchange):
        if masker.text(text) != text:
            return place
    return None


def _texts(exchange: RecordedExchange) -> Iterator[tuple[str, str]]:
    request = exchange.request
    yield from (("the request's path", request.path), ("the request's query", request.query))
    yield from _joined("the request's", request.body)
    for name, value in exchange.headers.items():
        yield f"the header {name}", value
    part = "the answer's" if exchange.stream is None else "the stream's"
    yield f"{part} text", exchange.text
    documents = [event.data for event in events(exchange.text)] if exchange.stream is not None else [_json(exchange)]
    yield from _joined(part, documents)
    yield f"{part} strings", "".join(_changing(documents))
    # With the stream in one piece, since a cut can only hide a secret.
    whole = exchange if exchange.stream is None else replace(exchange, stream=[(0, exchange.text)])
    yield "the line", encode_line(whole).decode()


def _joined(part: str, document: Any) -> Iterator[tuple[str, str]]:
    """Yield the strings of each name as one text."""
    by_name: dict[str, list[str]] = {}
    for path, text in leaves(document):
        by_name.setdefault(path.rpartition(".")[2], []).append(text)
    for name, texts in by_name.items():
        yield f"{part} {name or 'text'}", "".join(texts)


def _changing(documents: list[Any]) -> Iterator[str]:
    found = [leaf for document in documents for leaf in leaves(document)]
    count = Counter(found)
    yield from (text for path, text in found if len(documents) == 1 or count[path, text] < len(documents) - 1)


def _json(exchange: RecordedExchange) -> Any:
    try:
        return json.loads(exchange.text)
    except (ValueError, RecursionError):
        return exchange.text
