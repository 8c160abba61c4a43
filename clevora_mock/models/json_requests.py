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
_VERB = r"(?:return|respond|reply|output|answer|give|produce|generate|provide|print)"
# Sentences that ask the model, not some API that *should return JSON*.
_BEGIN = (
    r"(?:(?:^|[.!?,;\n] {0,2}|"
    r"\b(?:and|or|then|please|just|only|always|(?:you|sure|task is|designed) to|you(?: must| should| will)?) )"
    r"(?:(?:please|just|only|always|must|should) ){0,2})"
)
# Words that introduce a value as the answer, in a system message, and where JSON is asked for.
_BEFORE = re.compile(rf"(?i){_BEGIN}{_VERB}\b[^{{}}\[\]]{{0,80}}$")
_BEFORE_IN_SYSTEM = re.compile(rf"(?i)\b(?:always|only|must) {_VERB}\b[^{{}}\[\]]{{0,80}}$")
_BEFORE_WANTED = re.compile(rf"(?i)\b(?:{_VERB}|like|format|formatted|examples?|exactly)\b[^{{}}\[\]]{{0,80}}$")
_BEFORE_SCHEMA = re.compile(
    rf"(?i)(?:{_BEGIN}{_VERB}|\b(?:us(?:e|ing)|follow(?:ing)?|match(?:ing)?|conforms?|adheres?) )(?![^{{}}]*\b(?:tool|"
    r"function|parameter|argument)s?\b)[^{}]{0,120}$"
)
_ADJECTIVES = (
    rf"(?:(?:an?|the|with|in|me|following|back|only|just|nothing but|your|valid|strict|raw|pure|plain|bare|single|"
    rf"minified|compact|well-formed|empty|one|{COUNT}) ){{0,6}}"
)
_JSON = r"json\b(?! (?:parsers?|schemas?|files?|tutorials?|librar\w+|to|and|vs)\b)"
_WANTED = re.compile(
    rf"(?i)\b(?:as|in|into) {_ADJECTIVES}json\b|\bjson,? please\b|"
    rf"{_BEGIN}{_VERB} {_ADJECTIVES}{_JSON}|"
    rf"(?:{_BEGIN}(?:write|create|make|send)|\bI (?:want|need)) {_ADJECTIVES}json (?:(?:object|array|list)s?|with)\b|"
    rf"\bassistant (?:that|who) (?:only |always )?(?:outputs|returns|responds|replies|answers) {_ADJECTIVES}{_JSON}|"
    rf"{_BEGIN}convert\b[^.\n]{{0,60}}\bto json\b|"
    rf"\b(?:answer|response|output|reply) (?:must|should) (?:only |always )?be {_ADJECTIVES}{_JSON}"
)
_NAMED = re.compile(
    r"(?i)(?:^|[.!?:\n] {0,4})(?:(?:an?|only|valid|raw|strict) ){0,4}"
    r"json(?= (?:only|array|list|object|output|with)\b|[.:\n]|$)"
)
_NEGATED = re.compile(
    r"(?i)(?:\bnot|n['\N{RIGHT SINGLE QUOTATION MARK}]t|\bnever|\bwithout|\binstead of|\brather than)\b"
    r"(?:(?!\b(?:and|but|just)\b)[^.,;:!?\n]){0,60}$"
)
_STATED = re.compile(
    rf"(?i)^\s{{0,9}}(?:please )?{_VERB}(?: (?:with|only|just|exactly))*(?: the (?:number|value|boolean|string))? "
    r"(true|false|null|-?(?:0|[1-9]\d{0,15})(?:\.\d{1,9})?|\"[^\"\\\x00-\x1f]*\") (?:as|in) (?:valid )?json\b"
)
_EMPTY = re.compile(rf"(?i){_BEGIN}{_VERB} (?:only )?an empty (?:json )?(array|list|object)\b")
_ARRAY = re.compile(
    r"(?i)\bjson (?:array|list)\b|(?<![(:])(?<!: )(?<!is an )\barray\b|"
    r"\b(?:me|return|generate|create|write|make|output|as) (?:an? |the )?list\b|"
    rf"(?:^|[.!?:\n] {{0,4}}|please )(?:\w+|(?:give|show|send) me) (?!(?:1|one)\b){COUNT} [a-z]"
)
_OBJECT = re.compile(r"(?i)\bjson object\b")
_ITEMS = re.compile(rf"(?i)(?:\bof|{COUNT}) (?:\S+ )?(strings?|numbers?|integers?|booleans?|objects?|arrays?|lists?)\b")
_RECORDS = re.compile(rf"(?i){COUNT} (?:\S+ )?(?:users|people|customers|employees|products|orders|accounts)\b")
_BOUNDS = re.compile(r"(?i)\bbetween (\d{1,9}) and (\d{1,9})\b")
_NO_KEY = (
    r"(?!(?:is|are|an?(?= (?!and\b)\w)|the|these|those|that|this|exactly|only|following|no|nothing|"
    r"fields?|keys?|properties|attributes|where|which|whose|each)\b)"
)
_KEY = (
    rf"[-*• \t]{{0,4}}(?:the |an? (?!and\b))?((?:list|array)s? of )?(?:[\"'`“](\w[\w -]{{0,60}})[\"'`”]|"
    rf"{_NO_KEY}((?:(?:first|last) name|[A-Za-z_][\w-]*)))(?: (?:field|key)\b)?"
    rf"(?:\s{{0,4}}\(([^()]*)\)|\s{{0,4}}:\s{{0,4}}(\w+)(?: of \w+)?)?"
)
_BETWEEN_KEYS = r"[ \t]*(?:,\s*(?:and|then)\b|,|\b(?:and|then)\b|&|\n)[ \t]*"
_KEYS = tuple(
    re.compile(rf"(?i)\b{lead}\s{{1,9}}(?P<keys>{_KEY}(?:{_BETWEEN_KEYS}{_KEY}){{{least},60}})")
    for lead, least in (
        (r"(?:json|objects?|each)[, ]{1,2}(?:each )?(?:with|containing|having|that has|has)", 1),
        (r"(?:keys?|fields?|properties|attributes)\b(?: named| called| are| is)?:?", 0),
    )
)
_ONE_KEY = re.compile(f"(?i){_KEY}(?:{_BETWEEN_KEYS})?")
_TYPE = re.compile(r"(?i)\b(str|int|num|float|bool|list|array|dict|object)(?:ing|eger|ber|eric|ean|ionary)?s?\b")
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
        candidate = _START.search(text, at)
        if candidate is None:
            return
        start, at = candidate.start(), candidate.end()
        try:
            raw, end = _raw_json(text, start)
            # msgspec is stricter than the decoder that found the end, which accepts NaN.
            found = JsonText(msgspec.json.format(raw, indent=-1).decode(), msgspec.json.decode(raw), start)
        except (ValueError, RecursionError, msgspec.DecodeError):
            continue
        at = end
        yield found


def _raw_json(text: str, start: int) -> tuple[bytes, int]:
    """Return the JSON that begins at `start`, and where it ends. Raises ValueError if it is none.

    LlamaIndex sends schemas as it escapes them for `str.format`, with every brace doubled.
    """
    decode = JSONDecoder().raw_decode
    if not text.startswith("{{", start):
        _, end = decode(text, start)
        return text[start:end].encode(), end
    single = text[start:].replace("{{", "{").replace("}}", "}")
    _, length = decode(single)
    raw = single[:length]
    return raw.encode(), start + length + raw.count("{") + raw.count("}")


def compacted(text: str) -> str:
    """Remove the white space of a JSON object or array; other texts are returned unchanged."""
    if text[:1] not in ("{", "["):
        return text
    try:
        msgspec.json.decode(text)
        return msgspec.json.format(text, indent=-1)
    except (ValueError, RecursionError, msgspec.DecodeError):
        return text


def shown_value(text: str, *, is_wanted: bool, is_system: bool) -> JsonText | None:
    """Return the last JSON value that `text` introduces as the answer, or None.

    If JSON `is_wanted`, words such as *example* introduce one too.
    """
    shown = None
    for found in json_texts(text):
        words = _BEFORE_IN_SYSTEM if is_system else _BEFORE
        if is_wanted and not all(isinstance(item, int) for item in found.value):
            words = _BEFORE_WANTED
        if not _is_schema(found.value) and words.search(_introduction(text, found.start, is_wanted=is_wanted)):
            shown = found
    return shown


def _introduction(text: str, start: int, *, is_wanted: bool) -> str:
    """Return the text before a value, without the fence that it begins; empty for a value in other code."""
    before = text[max(0, start - 100) : start]
    outside, _, inside = before.rpartition("```")
    if text.count("```", 0, start) % 2 == 0:
        return inside
    return outside if is_wanted or inside.strip().lower() == "json" else ""


def stated_value(text: str) -> str | None:
    """Return the JSON of ``Return true as JSON`` or ``Return an empty JSON array``, or None."""
    stated = _STATED.search(text[:_MAX_CHARACTERS])
    if stated:
        return stated[1] if stated[1].startswith('"') else stated[1].lower()
    empty = _EMPTY.search(text[:_MAX_CHARACTERS])
    return None if empty is None else "{}" if empty[1].lower() == "object" else "[]"


def shown_schema(text: str, *, is_wanted: bool) -> dict[str, Any] | None:
    """Return the last JSON Schema in `text`, or None; if JSON is not wanted, only one that is to be used."""
    schemas = [
        found.value
        for found in json_texts(text)
        if _is_schema(found.value)
        and (is_wanted or _BEFORE_SCHEMA.search(text[max(0, found.start - 200) : found.start]))
    ]
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
    if "json" not in head.lower():
        return False
    asked = any(
        not _NEGATED.search(head[max(0, at - 80) : at]) for at in (ask.start() for ask in _WANTED.finditer(head))
    )
    return asked or (not may_be_subject and bool(_NAMED.search(head)))


def wants_array(text: str) -> bool:
    """Tell whether `text` asks for an array; the first of *JSON object* and *array* decides."""
    array, single = (words.search(text[:_MAX_CHARACTERS]) for words in (_ARRAY, _OBJECT))
    return array is not None and (single is None or array.start() < single.start())


def item_schema(text: str) -> dict[str, Any]:
    """Return a schema for the items of an array, by their type and bounds in `text`."""
    named = _ITEMS.search(text[:_MAX_CHARACTERS])
    if named is None and _RECORDS.search(text[:_MAX_CHARACTERS]):
        return {"type": "object", "properties": {"id": _typed("int"), "name": _typed("")}, "required": ["id", "name"]}
    schema = _typed(named[1] if named else "")
    bounds = _BOUNDS.search(text[:_MAX_CHARACTERS])
    if bounds and schema["type"] in ("number", "integer"):
        low, high = sorted(map(int, bounds.groups()))
        schema |= {"minimum": low, "maximum": high}
    return schema


def object_schema(text: str) -> dict[str, Any] | None:
    """Return a schema for keys such as ``with the keys name (string) and age (int)``, or None."""
    named = next(filter(None, (words.search(text[:_MAX_CHARACTERS]) for words in _KEYS)), None)
    if named is None:
        return None
    keys = _ONE_KEY.finditer(named["keys"])
    properties = {key[2] or key[3]: _typed(key[1] or key[4] or key[5] or "") for key in keys}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _typed(words: str) -> dict[str, Any]:
    """Return the schema for the first type in words such as ``list of strings``; by default a string's."""
    named = _TYPE.search(words)
    return {"type": _TYPES[named[1].lower()] if named else "string"}
