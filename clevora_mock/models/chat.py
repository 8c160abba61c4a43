"""The chat model: a pure function from a conversation to an answer, without any language understanding.

The first matching rule answers: JSON by a response format (C9), a literal that the message asks for, JSON that the
messages ask for, or a template chosen by the request's first words, which quotes the request. Randomness is seeded with
a hash of the conversation and the seed.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from clevora_mock.core.errors import invalid, missing
from clevora_mock.core.rng import RandomStream, stable_hash
from clevora_mock.models.json_requests import (
    compacted,
    item_schema,
    mentions_json,
    object_schema,
    shown_schema,
    shown_value,
    stated_value,
    wants_array,
    wants_json,
)
from clevora_mock.models.json_schema import SchemaError
from clevora_mock.models.literals import literal_text
from clevora_mock.models.templates import ABOUT_A_TEXT, Templates, count_in, given_text

# Supported types of a response format (C9). A tuple, since a client may send any JSON as the type, and lists and
# objects are not hashable.
RESPONSE_FORMATS = ("text", "json_object", "json_schema")

_ABOUT_JSON = frozenset({"question", "explain", "edit", "code"})  # kinds that may not ask for the JSON in them
_MOST_LINES, _MOST_ITEMS, _MOST_CHARACTERS = 100, 1000, 200_000
# Objects with many keys are limited to fewer items, within the budget of a JSON value.
_ITEM_STEPS, _KEY_STEPS, _MOST_STEPS = 5, 4, 5000


class Turn(NamedTuple):
    """A message of a conversation."""

    role: str
    text: str


class ChatModel:
    """The chat model with its templates."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def reply(self, turns: Sequence[Turn], *, seed: int, response_format: Mapping[str, Any] | None = None) -> str:
        """Return the answer to `turns`, the same for the same arguments. Raises a 400 for an unusable schema (C9)."""
        form = msgspec.json.encode(response_format, order="sorted").hex() if response_format else ""
        rng = RandomStream(stable_hash(seed, form, len(turns), *(part for turn in turns for part in turn)))
        requested = response_format or {}
        if requested.get("type") == "json_schema" or (requested.get("type") == "json_object" and "schema" in requested):
            return _value_by_format(requested, rng)
        text = next((turn.text for turn in reversed(turns) if turn.role == "user"), turns[-1].text if turns else "")
        system = "\n".join(turn.text for turn in turns if turn.role in ("system", "developer"))
        if requested.get("type") == "json_object":
            return self._json(turns, text, system, rng, only_objects=True)
        kind = self._templates.kind_of(text)
        literal = literal_text(text, kind)
        if literal is not None:
            return compacted(literal)
        return self._json(turns, text, system, rng) or self._sentence(turns, text, kind, rng)

    def _sentence(self, turns: Sequence[Turn], text: str, kind: str, rng: RandomStream) -> str:
        """Fill in a template; the template for a tool's result quotes the result."""
        if turns and turns[-1].role in ("tool", "function"):
            return self._templates.answer("tool" if turns[-1].text.strip() else "empty", turns[-1].text, rng)
        lines = range(1, min(count_in(text), _MOST_LINES) + 1) if kind == "list" else ()
        items = "\n".join(f"{line}. Placeholder {line}" for line in lines)
        return self._templates.answer(kind, given_text(text) if kind in ABOUT_A_TEXT else text, rng, items)

    def _json(
        self, turns: Sequence[Turn], text: str, system: str, rng: RandomStream, *, only_objects: bool = False
    ) -> str:
        """Return the JSON that the messages ask for, or an empty text."""
        if not (only_objects or mentions_json(text) or mentions_json(system)):
            return ""
        kind = self._templates.kind_of(text)
        is_subject = kind in _ABOUT_JSON
        asks = kind != "code" and (only_objects or wants_json(text, may_be_subject=is_subject))
        system_asks = only_objects or wants_json(system, may_be_subject=False)
        wanted = asks or system_asks
        # The JSON of a question or of code is its subject.
        sources = [system] if is_subject and not asks else [text, system]
        count = min(count_in(text), _MOST_ITEMS)
        is_array = not only_objects and wants_array(text)
        for source in sources:
            value = _value_by_message(shown_schema(source, is_wanted=wanted), rng)
            if isinstance(value, dict) or (value is not None and not only_objects):
                return _encoded(value)
        stated = stated_value(text)
        if stated and (stated == "{}" or not only_objects):
            return stated
        for source in sources:
            is_system = source is system
            shown = shown_value(source, is_wanted=system_asks if is_system else asks, is_system=is_system)
            if shown and isinstance(shown.value, dict) and wanted and is_array:
                return f"[{','.join([shown.text] * min(count, _MOST_CHARACTERS // len(shown.text)))}]"
            if shown and (isinstance(shown.value, dict) or not only_objects):
                return shown.text
        if not wanted:
            return ""
        schema = next(filter(None, map(object_schema, sources)), None)
        if is_array:
            item = schema or item_schema(text)
            count = min(count, _MOST_STEPS // (_ITEM_STEPS + _KEY_STEPS * len(item.get("properties", ()))))
            schema = {"type": "array", "items": item, "minItems": count, "maxItems": count}
        value = _value_by_message(schema, rng)
        return _encoded({"answer": self._sentence(turns, text, kind, rng)} if value is None else value)


def _value_by_format(response_format: Mapping[str, Any], rng: RandomStream) -> str:
    """Return JSON for the schema of a response format. Raises a 400 with the schema's path if there is none."""
    holder: Any = response_format
    path = "response_format"
    if "schema" not in response_format:
        holder, path = response_format.get("json_schema"), "response_format.json_schema"
        if holder is None:
            raise missing(path)
        if not isinstance(holder, Mapping):
            raise invalid(path, "an object", "another value")
    if holder.get("schema") is None:
        raise missing(f"{path}.schema")
    try:
        value = _value(holder["schema"], rng)
    except SchemaError as error:
        raise invalid(f"{path}.schema", error.expected, error.got) from None
    if response_format["type"] == "json_object" and not isinstance(value, dict):
        raise invalid(f"{path}.schema", "the schema of an object", "that of another value")
    return _encoded(value)


def _value_by_message(schema: dict[str, Any] | None, rng: RandomStream) -> Any:
    """Return a value for the schema of a message, or None."""
    try:
        return None if schema is None else _value(schema, rng)
    except SchemaError:
        return None


def _value(schema: object, rng: RandomStream) -> object:
    from clevora_mock.models.json_values import value_for  # noqa: PLC0415 - jsonschema takes long to import

    return value_for(schema, rng)


def _encoded(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
