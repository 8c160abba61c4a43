"""Messages that ask for JSON in words: values and schemas written out in them, keys by name, arrays of so many items.

Libraries ask in this way more often than by a response format: instructor and LangChain paste a JSON Schema.
"""

import re
from collections.abc import Iterator
from json import JSONDecoder
from typing import Any, NamedTuple

import msgspec

# How far into a message JSON is looked for, and how many values are tried.
_MOST, _TRIES = 60_000, 32
_START = re.compile(r"[{\[]")
# What introduces a value as the answer. An array is introduced more strictly, since [1] may be a footnote.
_BEFORE_ARRAY = re.compile(r"(?i)\b(?:return|respond|reply|output)\b[^{}\[\]]{0,80}$")
_BEFORE_OBJECT = re.compile(
    r"(?i)\b(?:return|respond|reply|output|like|format|formatted|examples?|exactly|"
    r"answer(?=\W*$| (?:\w+ )?(?:with|in|as|like)\b))\b[^{}\[\]]{0,80}$"
)
_WANTED = re.compile(
    r"(?i)\b(?:as|in|into) (?:(?:an?|the|valid|strict|raw|pure|plain|single|minified|compact) )*json\b|"
    r"(?:^|[.!?,;:\n] {0,4}|\b(?:and|then|please|must|should|always|only|to|you) )"
    r"(?:return|respond|reply|output|answer|give|produce|generate|write|create|provide|send|make|print)\b"
    r"[^.\n]{0,60}\bjson\b"
)
_NAMED = re.compile(
    r"(?i)\bto json\b|\bjson (?:only|array|list|object|output|format|response)\b|\b(?:only|valid|raw) json\b"
)
_ARRAY = re.compile(
    r"(?i)\bjson (?:array|list)\b|(?<!\()\barray\b|"
    r"\b(?:me|return|generate|create|write|make|output|as) (?:an? |the )?list\b"
)
_ITEMS = re.compile(r"(?i)\bof (?:\S+ )?(strings?|numbers?|integers?|booleans?|objects?)\b")
_KEYS = re.compile(r"(?i)\b(?:keys?|fields?|properties|attributes)\b(?: named| called| are)?:?\s+(?P<keys>[^.]{1,400})")
_KEY = re.compile(r"(?i)(?:the |an? )?[\"'`“]?([A-Za-z_][\w-]*)[\"'`”]?(?:\s*\(([^()]*)\)|\s*:\s*(\w+))?")
_BETWEEN_KEYS = re.compile(r"[ \t]*(?:,\s*and\b|,|\band\b|&|\n)[ \t]*")
_TYPES = {"str": "string", "int": "integer", "num": "number", "float": "number", "bool": "boolean"}
_TYPES |= {"list": "array", "array": "array", "dict": "object", "object": "object"}


class JsonText(NamedTuple):
    """A JSON object or array that stands in a message: its compact text, its value, and where it begins."""

    text: str
    value: Any
    start: int


def mentions_json(text: str) -> bool:
    """Tell whether `text` may ask for JSON or show some; most texts do neither, and need no closer look."""
    return "{" in text or "[" in text or "json" in text.lower()


def json_texts(text: str) -> Iterator[JsonText]:
    """Every outermost JSON object and array in `text`."""
    decode = JSONDecoder().raw_decode
    text = text[:_MOST]
    at = 0
    for _ in range(_TRIES):
        start = _START.search(text, at)
        if start is None:
            return
        at = start.end()
        try:
            _, end = decode(text, start.start())
            raw = text[start.start() : end].encode()
            # Stricter than the decoder that found the end, which takes NaN.
            found = JsonText(msgspec.json.format(raw, indent=-1).decode(), msgspec.json.decode(raw), start.start())
        except (ValueError, RecursionError, msgspec.DecodeError):
            continue
        at = end
        yield found


def compacted(text: str) -> str:
    """`text` without white space if it is a JSON object or array, else as it is."""
    if text[:1] not in ("{", "["):
        return text
    try:
        msgspec.json.decode(text)
        return msgspec.json.format(text, indent=-1)
    except (ValueError, RecursionError, msgspec.DecodeError):
        return text


def shown_value(text: str) -> JsonText | None:
    """The last JSON value that `text` introduces as the answer, or as an example of it."""
    shown = None
    for found in json_texts(text):
        before = _BEFORE_OBJECT if isinstance(found.value, dict) else _BEFORE_ARRAY
        if before.search(text[max(0, found.start - 100) : found.start]):
            shown = found
    return shown


def shown_schema(text: str) -> dict[str, Any] | None:
    """The last JSON Schema that is written out in `text`."""
    schemas = [found.value for found in json_texts(text) if _is_schema(found.value)]
    return schemas[-1] if schemas else None


def _is_schema(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("properties"), dict) or "$defs" in value or "$schema" in value:
        return True
    return isinstance(value.get("type"), str) and not value.keys().isdisjoint({"items", "enum", "pattern", "format"})


def wants_json(text: str, *, may_be_subject: bool) -> bool:
    """Whether `text` asks for an answer in JSON. JSON `may_be_subject` of a question: then a mention is not enough."""
    head = text[:_MOST]
    return "json" in head.lower() and bool(_WANTED.search(head) or (not may_be_subject and _NAMED.search(head)))


def wants_array(text: str) -> bool:
    """Whether the JSON that `text` asks for is an array."""
    return bool(_ARRAY.search(text[:_MOST]))


def item_schema(text: str) -> dict[str, Any]:
    """A schema for the items of an array, by the type that `text` names."""
    named = _ITEMS.search(text[:_MOST])
    return _typed(named[1] if named else "")


def object_schema(text: str) -> dict[str, Any] | None:
    """A schema for the keys that `text` names, such as ``with the keys name (string) and age (int)``."""
    named = _KEYS.search(text[:_MOST])
    properties: dict[str, Any] = {}
    for piece in _BETWEEN_KEYS.split(named["keys"]) if named else ():
        name = piece.lstrip("-*• ")
        key = _KEY.match(name)
        if key is None:
            break
        properties[key[1]] = _typed(key[2] or key[3] or "")
        if key.end() < len(name):
            break
    return {"type": "object", "properties": properties, "required": list(properties)} if properties else None


def _typed(word: str) -> dict[str, Any]:
    """The schema of a type in words, such as ``int`` or ``list of strings``; a string's if it is none."""
    return {"type": next((name for start, name in _TYPES.items() if word.lower().startswith(start)), "string")}
