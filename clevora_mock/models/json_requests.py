"""Requests for JSON in the text of messages: by an example, a JSON Schema, names of keys, or a number of items.

Libraries such as instructor and LangChain put a JSON Schema into a message instead of using a response format.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from json import JSONDecoder
from typing import Any, NamedTuple

import msgspec

from clevora_mock.models.templates import Templates

# The characters of a message that are searched, and the number of candidates.
_MAX_CHARACTERS, _MAX_CANDIDATES = 60_000, 32
_START = re.compile(r"[{\[]")
# Fences, and those with something other than JSON.
_FENCE = re.compile(r"```(?:json)?")
_OTHER_CODE = re.compile(r"(?s)```(?!(?:json\b)?\s{0,9}[{\[]).*?(?:```|\Z)")
_TYPES = {"str": "string", "int": "integer", "num": "number", "float": "number", "bool": "boolean"}
_TYPES |= {"list": "array", "array": "array", "dict": "object", "object": "object"}


class JsonText(NamedTuple):
    """A JSON object or array in a message: its compact text, its value, and its position."""

    text: str
    value: Any
    start: int


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
            yield JsonText(msgspec.json.format(raw, indent=-1), msgspec.json.decode(raw), start - 1)
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


def compacted(text: str) -> str:
    """Remove the white space of a JSON object or array; other texts are returned unchanged."""
    with suppress(ValueError, RecursionError, msgspec.DecodeError):
        if text[:1] in ("{", "["):
            msgspec.json.decode(text)
            return msgspec.json.format(text, indent=-1)
    return text


def shown_value(english: Templates, text: str, *, is_wanted: bool, is_system: bool) -> JsonText | None:
    """Return the last JSON value introduced as the answer, or None; words such as *example* do if JSON `is_wanted`."""
    shown, searched = None, text if is_wanted else _OTHER_CODE.sub("", text[:_MAX_CHARACTERS])
    for found in json_texts(searched):
        words = "before_value_in_system" if is_system else "before_value"
        if is_wanted and not all(isinstance(item, int) for item in found.value):
            words = "before_value_if_wanted"
        introduction = _FENCE.sub("", searched[max(0, found.start - 100) : found.start])
        if not _is_schema(found.value) and english.search(words, introduction):
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
    if single and (array is None or single.start() < array.start()):
        return False
    return array is not None or is_counted


def item_schema(english: Templates, text: str) -> dict[str, Any]:
    """Return a schema for the items of an array, or for one value, by their type and bounds in `text`."""
    named, bounds = english.search("items", text), english.search("bounds", text)
    if named is None and english.search("records", text):
        return object_schema(english, "keys id and name", 1) or {}
    schema: dict[str, Any] = {"type": _type(named[1], english) if named else "string"}
    if bounds and schema["type"] in ("number", "integer"):
        low, high = sorted(map(int, bounds.groups()))
        return schema | {"minimum": low, "maximum": high}
    return schema


def object_schema(english: Templates, text: str, count: int) -> dict[str, Any] | None:
    """Return a schema for keys such as ``with the keys name and age (int)``, or None; `count` is that of a list."""
    named = english.search("keys_with", text) or english.search("keys_of_list", text) or english.search("keys", text)
    if named is None:
        return None
    properties: dict[str, dict[str, Any]] = {}
    for key in english.patterns["key"].finditer(named["keys"]):
        name, type_ = key[2] or key[3], key[1] or key[4] or key[5] or ""
        guess = next((kind for kind in ("integer", "number", "boolean", "list") if english.search(kind, name)), "")
        properties[name] = {"type": _type(f"{type_} {guess}", english)}
        if key[1] and english.search("count", key[1]):
            properties[name] |= {"items": {"type": "string"}, "minItems": count, "maxItems": count}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _type(words: str, english: Templates) -> str:
    """Return the first type in words such as ``int`` or ``list of strings``, by default a string."""
    named = english.search("type", words)
    return _TYPES[named[1].lower()] if named else "string"
