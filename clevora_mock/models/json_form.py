"""Whether an answer is to be JSON, and by what schema: from ``response_format`` or from the messages' words.

Libraries ask in words more often than not: `instructor` pastes a JSON Schema into the system prompt, people
write "return JSON with keys title and tags" or show an example. All of that ends as one schema here.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from clevora_mock.models import wording
from clevora_mock.models.examples import inferred, named_type
from clevora_mock.models.regex import Regex
from clevora_mock.models.schema import Schema, as_schema

_MOST = 60_000
_TRIES = 16
_OBJECT = Regex(r"\{\s*\"")
_ASKED = Regex(
    r"\b(?:respond|reply|answer|return|output|produce|provide|format|give|generate|write|create|"
    r"extract|convert|use)\w*\b[^.\n]{0,80}?\bjson\b|"
    r"\b(?:as|in|into|to) (?:(?:an?|valid|strict|raw|pure|single|this|the|following|minified|"
    r"proper|only) )*json\b|"
    r"\bjson(?: only|[- ]only|[- ](?:object|array|list|output|format|mode|response))|\bonly "
    r"(?:valid )?json\b|json_schema|json schema",
    re.IGNORECASE,
)
_STRONG = Regex(
    r"\b(?:respond|reply|answer)\w*\b[^.\n]{0,40}?\bjson\b|\b(?:only|valid) (?:\w+ )?json\b|"
    r"\b(?:output|return|give)\b (?:\w+ ){0,3}(?:as|in) (?:\w+ )?json\b|\bjson (?:object |array |"
    r"output )?(?:with|containing|only)\b|\bas json\b",
    re.IGNORECASE,
)
_ARRAY = Regex(r"\bjson (?:array|list)\b|\b(?:array|list) of json\b", re.IGNORECASE)
_KEYS = Regex(
    r"\b(?:keys?|fields?|properties|property|attributes|columns|containing|having|includ(?:ing|"
    r"es)|with)\b\s*(?:named|called|names)?\s*:?\s*"
    r"(?P<list>(?:the |an? |keys? |fields? |following |properties "
    r")*[\"'`“]?[A-Za-z_][\w-]*[\"'`”]?(?:\s*\([^()\n]{0,60}\)|\s*:\s*(?:str(?:ing)?|int(?:eger)?|"
    r"number|float|bool(?:ean)?|"
    r"list|array)\b)?(?:\s*(?:,\s*and|,\s*or|,|and|&)\s*(?:an? |the "
    r")?[\"'`“]?[A-Za-z_][\w-]*[\"'`”]?(?:\s*\([^()\n]{0,60}\)|\s*:\s*(?:str(?:ing)?|int(?:eger)?|"
    r"number|float|"
    r"bool(?:ean)?|list|array)\b)?){0,20})",
    re.IGNORECASE,
)
_KEY = Regex(r"[\"'`“]?([A-Za-z_][\w-]*)[\"'`”]?(?:\s*\(([^()\n]{0,60})\)|\s*:\s*(\w+))?")
_SPLIT_KEYS = Regex(r"\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s*&\s*")
_LEADING = Regex(r"^(?:(?:the|a|an|keys?|fields?|following|properties)\s+)+", re.IGNORECASE)
_PAIR = Regex(r"\"([A-Za-z_][\w -]{0,60})\"\s*:\s*([\"<\[{\w][^,}\n]{0,60})?")
_ORDINARY = wording.word_set(
    "json no nothing only the an this that these those your my valid code markdown any extra other explanation"
)
_LISTS = wording.word_set(
    "tags items ideas steps keywords list points questions examples names tips ingredients "
    "results options topics colors categories"
)
_ENTITIES = wording.word_set("age count quantity year total number score rating price amount")


def schema_of(response_format: Mapping[str, object] | None) -> Schema | None:
    """The schema that ``response_format`` carries; any object for plain JSON mode; None for text."""
    if not response_format:
        return None
    kind = response_format.get("type")
    if kind == "json_schema":
        given = response_format.get("json_schema")
        inner = given.get("schema") if isinstance(given, Mapping) else response_format.get("schema")
        return as_schema(inner) or {"type": "object"}
    return {"type": "object"} if kind == "json_object" else None


def asked(system: str, user: str, *, about: bool) -> bool:
    """Whether the words ask for JSON; `about` says that the question may only be about JSON."""
    text = user if len(user) < 3000 else user[:1500] + "\n" + user[-1500:]
    if "json" in text.lower() and (_STRONG if about else _ASKED).search(text):
        return True
    return "json" in system[:_MOST].lower() and bool(_ASKED.search(system[:_MOST]))


def pasted(texts: Iterable[str]) -> Schema | None:
    """The last JSON Schema, or else the last example object, written out in `texts`."""
    example: Schema | None = None
    schema: Schema | None = None
    for text in texts:
        for found in _objects(text[:_MOST]):
            if _is_schema(found):
                schema = found
            elif found:
                example = inferred(found)
    return schema or example


def _objects(text: str) -> list[dict[str, object]]:
    """The JSON objects that stand in `text`, outermost ones only."""
    decoder = json.JSONDecoder()
    found: list[dict[str, object]] = []
    at, tries = 0, 0
    while tries < _TRIES and (start := _OBJECT.search(text, at)):
        tries += 1
        try:
            value, at = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            at = start.end()
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _is_schema(value: Mapping[str, object]) -> bool:
    if isinstance(value.get("properties"), dict) or "$defs" in value or "definitions" in value or "$schema" in value:
        return True
    named = value.get("type")
    return (
        isinstance(named, str)
        and named in {"object", "array", "string", "number", "integer", "boolean"}
        and len(value) > 1
    )


def worded(texts: Sequence[str]) -> Schema | None:
    """A schema from keys named in words: "with the fields name (string) and age (number)"."""
    for text in reversed(texts):
        part = text[:4000]
        at = part.lower().find("json")
        if at < 0:
            continue
        pairs = _PAIR.findall(part)
        if pairs:
            return _object({key: _typed(key, kind) for key, kind in pairs[:40]})
        found = _listed(part[max(0, at - 100) :]) or _listed(part)
        if found:
            return _object(found)
    return None


def _listed(text: str) -> dict[str, Schema]:
    for found in _KEYS.finditer(text):
        keys: dict[str, Schema] = {}
        explicit = not found[0].lower().startswith(("with", "having", "contain", "includ")) or bool(
            re.match(r"\w+\s+(?:the |an? |following )*(?:keys?|fields?|properties)", found[0], re.IGNORECASE)
        )
        for piece in _SPLIT_KEYS.split(_LEADING.sub("", found["list"])):
            key = _KEY.match(_LEADING.sub("", piece))
            if key and key[1].lower() not in _ORDINARY:
                keys[key[1]] = _typed(key[1], key[2] or key[3] or "")
        if keys and (explicit or len(keys) > 1):
            return keys
    return {}


def _typed(key: str, kind: str) -> Schema:
    """The schema for a key, by the type given with it or else by its name."""
    bare = kind.strip().lower()
    if bare.startswith(("[", "list", "array")):
        inner = named_type(re.sub(r"^(?:list|array)?\W*(?:of)?\W*", "", bare).rstrip('s]" '))
        return {"type": "array", "items": {"type": "string" if inner == "array" else inner}}
    if bare:
        named = named_type(bare.strip("\"'<>. "))
        return {"type": "string"} if named == "array" else {"type": named}
    low = key.lower()
    if low in _LISTS:
        return {"type": "array", "items": {"type": "string"}}
    if low.split("_")[-1] in _ENTITIES:
        return {"type": "number"} if low.split("_")[-1] in {"price", "amount", "score"} else {"type": "integer"}
    return {"type": "boolean"} if low.startswith(("is_", "has_", "can_")) else {"type": "string"}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def array_asked(text: str) -> bool:
    """Whether the words ask for a JSON array rather than an object."""
    return bool(_ARRAY.search(text[:3000]))
