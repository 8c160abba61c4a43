"""Requests for JSON in messages: by an example, a JSON Schema (as of instructor), names of keys, a number of items."""

import re
from collections.abc import Iterator
from json import JSONDecoder
from typing import Any, NamedTuple

import msgspec

from clevora_mock.models.templates import Templates

# The characters of a message that are searched, and the number of candidates.
_MAX_CHARACTERS, _MAX_CANDIDATES = 60_000, 32
_START = re.compile(r"[{\[]")
_TYPES = {"str": "string", "int": "integer", "num": "number", "float": "number", "bool": "boolean"}
_TYPES |= {"list": "array", "array": "array", "dict": "object", "object": "object"}


class JsonText(NamedTuple):
    """A JSON object or array in a message: its compact text, its value, and where it starts and ends."""

    text: str
    value: Any
    start: int
    end: int


def mentions_json(text: str) -> bool:
    """Tell whether `text` may ask for or contain JSON; a fast check that most texts fail."""
    return "{" in text or "[" in text or "json" in text.lower()


def json_texts(text: str) -> Iterator[JsonText]:
    """Yield the outermost JSON objects and arrays in `text`."""
    text = text[:_MAX_CHARACTERS]
    at = 0
    for _ in range(_MAX_CANDIDATES):
        opening = _START.search(text, at)
        if opening is None:
            return
        at = start = opening.end()
        try:
            raw, at = _raw_json(text, start - 1)
            # msgspec is stricter than the decoder that found the end, which accepts NaN.
            yield JsonText(msgspec.json.format(raw, indent=-1), msgspec.json.decode(raw), start - 1, at)
        except (ValueError, RecursionError, msgspec.DecodeError):
            at = start


def _raw_json(text: str, start: int) -> tuple[str, int]:
    """Return the JSON that begins at `start`, and where it ends. Raises ValueError if it is none.

    LlamaIndex sends schemas as it escapes them for `str.format`, with every brace doubled.
    """
    is_doubled = text.startswith("{{", start)
    single = text[start:].replace("{{", "{").replace("}}", "}") if is_doubled else text[start:]
    _, length = JSONDecoder().raw_decode(single)
    raw = single[:length]
    return raw, start + length + (raw.count("{") + raw.count("}") if is_doubled else 0)


def shown_value(english: Templates, text: str, orders: str, *, is_wanted: bool, is_system: bool) -> JsonText | None:
    """Return the last JSON value that the `orders` of `text` introduce, or None; *example* does if JSON `is_wanted`."""
    shown = None
    for found in json_texts(text):
        words = "before_value_in_system" if is_system else "before_value"
        if is_wanted and not all(isinstance(item, int) for item in found.value):
            words = "before_value_if_wanted"
        is_introduced = english.search(words, orders[max(0, found.start - 100) : found.start])
        if is_introduced and not _is_schema(found.value) and english.patterns["after_value"].match(text, found.end):
            shown = found
    return shown


def shown_schema(english: Templates, text: str, *, is_wanted: bool) -> dict[str, Any] | None:
    """Return the last JSON Schema in `text`, or None; if JSON is not wanted, only one that is to be used."""
    for found in reversed([found for found in json_texts(text) if _is_schema(found.value)]):
        if is_wanted or english.search("before_schema", text[max(0, found.start - 200) : found.start]):
            schema: dict[str, Any] = found.value
            return schema
    return None


def _is_schema(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    is_typed = isinstance(value.get("type"), str) and bool(value.keys() & {"items", "enum", "pattern", "format"})
    return is_typed or isinstance(value.get("properties"), dict) or bool(value.keys() & {"$defs", "$schema"})


def wants_array(english: Templates, text: str, *, is_counted: bool) -> bool:
    """Tell whether `text` asks for an array; the first of *JSON object* and *array* decides, then a number."""
    array, single = english.search("array", text), english.search("object", text)
    is_single = single and (array is None or single.start() < array.start())
    return not is_single and (array is not None or is_counted)


def item_schema(english: Templates, text: str) -> dict[str, Any]:
    """Return a schema for the items of an array, or for one value, by their type and bounds in `text`."""
    named = english.search("items", text)
    if named is None and english.search("records", text):
        return object_schema(english, "keys id and name", 1) or {}
    return _schema_of(f"{named[1]} {text}" if named else "", english)


def object_schema(english: Templates, text: str, count: int) -> dict[str, Any] | None:
    """Return a schema for keys such as ``with the keys name and age (int)``, or None; `count` is that of a list."""
    phrases = ("sketch", "keys_with", "keys_of_list", "keys")
    named = next(filter(None, (english.search(phrase, text) for phrase in phrases)), None)
    if named is None:
        return None
    properties: dict[str, dict[str, Any]] = {}
    for key in english.patterns["pair" if "sketch" in named.re.groupindex else "key"].finditer(named["keys"]):
        list_, quoted, plain, *types = key.groups("")
        name, type_ = quoted or plain, " ".join([list_, *types])
        guess = next((kind for kind in ("integer", "number", "boolean", "list") if english.search(kind, name)), "")
        properties[name] = _schema_of(f"{type_} {guess}", english)
        if english.search("count", list_):
            properties[name] |= {"items": {"type": "string"}, "minItems": count, "maxItems": count}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _schema_of(words: str, english: Templates) -> dict[str, Any]:
    """Return a schema by the first type in words such as ``integer between 1 and 5``, by default of a string."""
    named, bounds = english.search("type", words), english.search("bounds", words)
    schema: dict[str, Any] = {"type": _TYPES[named[1].lower()] if named else "string"}
    if bounds and schema["type"] in ("number", "integer"):
        schema["minimum"], schema["maximum"] = sorted(map(int, bounds.groups()))
    return schema
