"""The shape of an answer, without its values: status, headers, fields with their types, and the order of events."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME
from clevora_mock.recordings.event_stream import events
from clevora_mock.recordings.recorded_exchange import RECORDED_PREFIX
from clevora_mock.recordings.recorder import EVENT_STREAM

# Headers that are there or not.
_COMPARED = frozenset({"allow", "retry-after", "retry-after-ms", "www-authenticate", "x-request-id"})
# Of vectors, as lists or in base64, the length belongs to the shape; that of other lists and texts depends on the data.
_VECTOR = ".embedding"
_EVENT_FIELDS = ("role", "content", "tool_calls", "finish_reason", "usage", "error")

Fields = dict[str, frozenset[str]]


class Shape(Struct, frozen=True):
    """An answer's shape: `fields` has the types at each path, `events` the kinds of events, without repetitions."""

    status: int
    media_type: str
    headers: frozenset[str]
    fields: Fields
    events: tuple[str, ...] = ()


def shape_of(status: int, headers: Mapping[str, str], body: bytes) -> Shape:
    """Return the shape of an answer; `headers` are in lower case."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    names = frozenset(name for name in headers if name in _COMPARED or name.startswith(RECORDED_PREFIX))
    text = body.decode("utf-8", "replace")
    if media_type == EVENT_STREAM:
        data = [event.data for event in events(text)]
        kinds = [_kind(one) for one in data]
        order = tuple(kind for index, kind in enumerate(kinds) if index == 0 or kinds[index - 1] != kind)
        documents = [one for one in data if not isinstance(one, str)]
        return Shape(status, media_type, names, _merged(documents, "event"), order)
    try:
        documents = [json.loads(text)] if text else []
    except (ValueError, RecursionError):
        documents = []
    return Shape(status, media_type, names, _merged(documents, "$"))


def differences(mock: Shape, live: Shape) -> Iterator[str]:
    """Yield in words each difference between the mock's answer and the live API's."""
    if mock.status != live.status:
        yield f"status {mock.status} here, {live.status} there"
        return
    if mock.media_type != live.media_type:
        yield f"content-type {mock.media_type or 'absent'} here, {live.media_type or 'absent'} there"
        return
    for name in sorted(mock.headers ^ live.headers):
        yield f"header {name} {_presence(name in mock.headers)} here, {_presence(name in live.headers)} there"
    for path in sorted({*mock.fields, *live.fields}):
        here, there = _types(mock.fields, path), _types(live.fields, path)
        if here is not None and there is not None and here != there:
            yield f"{path} {here} here, {there} there"
    if mock.events != live.events:
        yield f"events {', '.join(mock.events)} here, {', '.join(live.events)} there"


def _presence(is_present: bool) -> str:
    return "present" if is_present else "absent"


def _types(fields: Fields, path: str) -> str | None:
    """Return the types at a path, or ``absent``; None where it says nothing: null, or below what is not there."""
    types = fields.get(path)
    if types is None:
        parent = path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]
        return "absent" if "object" in fields.get(parent, ()) and not path.endswith("[]") else None
    return " or ".join(sorted(types - {"null"})) or None


def _merged(documents: list[Any], root: str) -> Fields:
    found: dict[str, set[str]] = {}
    for document in documents:
        # A document that is nested too deeply is compared as far as it can be.
        with suppress(RecursionError):
            for path, kind in _walk(document, root):
                found.setdefault(path, set()).add(kind)
    return {path: frozenset(kinds) for path, kinds in found.items()}


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield path, "object"
        for name, item in value.items():
            # An object by endpoint has those that were used.
            yield from _walk(item, f"{path}.{'*' if name in ENDPOINT_BY_NAME else name}")
    elif isinstance(value, list):
        yield path, f"array of {len(value):,} items" if path.endswith(_VECTOR) else "array"
        for item in value:
            yield from _walk(item, f"{path}[]")
    elif isinstance(value, str):
        yield path, f"string of {len(value):,} characters" if path.endswith(_VECTOR) else "string"
    else:
        kinds = {bool: "boolean", int: "number", float: "number"}
        yield path, kinds.get(type(value), "null")


def _kind(data: Any) -> str:
    """Name an event by the fields that it has."""
    if isinstance(data, str):
        return data if data == "[DONE]" else "text"
    names = {path.replace("[]", "").rpartition(".")[2]: kind for path, kind in _walk(data, "") if kind != "null"}
    return "+".join(name for name in _EVENT_FIELDS if name in names) or "empty"
