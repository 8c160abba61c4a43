"""Requests for JSON in the text of messages: by an example, a JSON Schema, names of keys, or a number of items.

Libraries such as instructor and LangChain put a JSON Schema into a message instead of using a response format.
"""

import re
from collections.abc import Iterator
from json import JSONDecoder
from typing import Any, NamedTuple

import msgspec

from clevora_mock.models.templates import COUNT

# The characters of a message that are searched, and the number of candidates.
_MAX_CHARACTERS, _MAX_CANDIDATES = 60_000, 32
_START = re.compile(r"[{\[]")
# Words that introduce a value as the answer; fewer for arrays of numbers, since [1] may be a footnote.
_BEFORE_NUMBERS = re.compile(r"(?i)\b(?:return|respond|reply|output)\b[^{}\[\]]{0,80}$")
_BEFORE = re.compile(
    r"(?i)\b(?:return|respond|reply|output|like|format|formatted|examples?|exactly|"
    r"answer(?=\W*$| (?:\w+ )?(?:with|in|as|like)\b))\b[^{}\[\]]{0,80}$"
)
_WANTED = re.compile(
    r"(?i)\b(?:as|in|into) (?:(?:an?|the|valid|strict|raw|pure|plain|single|minified|compact) )*json\b|"
    r"\bjson,? please\b|"
    r"(?:^|[.!?,;:\n] {0,4}|\b(?:and|then|please|must|should|always|only|to|you) )"
    r"(?:return|respond|reply|output|answer|give|produce|generate|write|create|provide|send|make|print)\b"
    r"[^.\n]{0,60}\bjson\b"
)
_NAMED = re.compile(
    r"(?i)\bto json\b|\bjson (?:only|array|list|object|output|format|response)\b|\b(?:only|valid|raw) json\b"
)
_ARRAY = re.compile(
    r"(?i)\bjson (?:array|list)\b|(?<!\()\barray\b|"
    r"\b(?:me|return|generate|create|write|make|output|as) (?:an? |the )?list\b|"
    rf"(?:^|[.!?:\n] {{0,4}}|please )(?:\w+|(?:give|show|send) me) (?!(?:1|one)\b){COUNT} [a-z]"
)
_ITEMS = re.compile(rf"(?i)(?:\bof|{COUNT}) (?:\S+ )?(strings?|numbers?|integers?|booleans?|objects?|arrays?|lists?)\b")
_BOUNDS = re.compile(r"(?i)\bbetween (\d{1,9}) and (\d{1,9})\b")
_KEY = (
    r"[-*• \t]{0,4}(?:the |an? (?!and\b))?[\"'`“]?([A-Za-z_][\w-]*)[\"'`”]?"
    r"(?:\s{0,4}\(([^()]*)\)|\s{0,4}:\s{0,4}(\w+))?"
)
_BETWEEN_KEYS = r"[ \t]*(?:,\s*and\b|,|\band\b|&|\n)[ \t]*"
_KEYS = re.compile(
    rf"(?i)\b(?:keys?|fields?|properties|attributes)\b(?: named| called| are)?:?\s+"
    rf"(?P<keys>{_KEY}(?:{_BETWEEN_KEYS}{_KEY}){{0,60}})"
)
_ONE_KEY = re.compile(f"(?i){_KEY}(?:{_BETWEEN_KEYS})?")
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
    decode = JSONDecoder().raw_decode
    text = text[:_MAX_CHARACTERS]
    at = 0
    for _ in range(_MAX_CANDIDATES):
        start = _START.search(text, at)
        if start is None:
            return
        at = start.end()
        try:
            _, end = decode(text, start.start())
            raw = text[start.start() : end].encode()
            # msgspec is stricter than the decoder that found the end, which accepts NaN.
            found = JsonText(msgspec.json.format(raw, indent=-1).decode(), msgspec.json.decode(raw), start.start())
        except (ValueError, RecursionError, msgspec.DecodeError):
            continue
        at = end
        yield found


def compacted(text: str) -> str:
    """Remove the white space of a JSON object or array; other texts are returned unchanged."""
    if text[:1] not in ("{", "["):
        return text
    try:
        msgspec.json.decode(text)
        return msgspec.json.format(text, indent=-1)
    except (ValueError, RecursionError, msgspec.DecodeError):
        return text


def shown_value(text: str) -> JsonText | None:
    """Return the last JSON value that `text` introduces as the answer or as an example, or None."""
    shown = None
    for found in json_texts(text):
        before = _BEFORE_NUMBERS if all(isinstance(item, int) for item in found.value) else _BEFORE
        if before.search(text[max(0, found.start - 100) : found.start]):
            shown = found
    return shown


def shown_schema(text: str) -> dict[str, Any] | None:
    """Return the last JSON Schema in `text`, or None."""
    schemas = [found.value for found in json_texts(text) if _is_schema(found.value)]
    return schemas[-1] if schemas else None


def _is_schema(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("properties"), dict) or "$defs" in value or "$schema" in value:
        return True
    return isinstance(value.get("type"), str) and not value.keys().isdisjoint({"items", "enum", "pattern", "format"})


def wants_json(text: str, *, may_be_subject: bool) -> bool:
    """Tell whether `text` asks for an answer in JSON; a mention of JSON is not enough if it `may_be_subject`."""
    head = text[:_MAX_CHARACTERS]
    return "json" in head.lower() and bool(_WANTED.search(head) or (not may_be_subject and _NAMED.search(head)))


def wants_array(text: str) -> bool:
    """Tell whether `text` asks for an array."""
    return bool(_ARRAY.search(text[:_MAX_CHARACTERS]))


def item_schema(text: str) -> dict[str, Any]:
    """Return a schema for the items of an array, by their type and bounds in `text`."""
    named = _ITEMS.search(text[:_MAX_CHARACTERS])
    schema = _typed(named[1] if named else "")
    bounds = _BOUNDS.search(text[:_MAX_CHARACTERS])
    if bounds and schema["type"] in ("number", "integer"):
        low, high = sorted(map(int, bounds.groups()))
        schema |= {"minimum": low, "maximum": high}
    return schema


def object_schema(text: str) -> dict[str, Any] | None:
    """Return a schema for keys such as ``with the keys name (string) and age (int)``, or None."""
    named = _KEYS.search(text[:_MAX_CHARACTERS])
    if named is None:
        return None
    properties = {key[1]: _typed(key[2] or key[3] or "") for key in _ONE_KEY.finditer(named["keys"])}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _typed(word: str) -> dict[str, Any]:
    """Return the schema for the name of a type, such as ``int`` or ``list of strings``; by default a string's."""
    return {"type": next((name for start, name in _TYPES.items() if word.lower().startswith(start)), "string")}
