"""The chat model: a pure function from a conversation to an answer, without any language understanding.

The first matching rule answers: JSON by a response format (C9), a literal that the message asks for, JSON that the
messages ask for, or a template chosen by the request's first words, which quotes the request.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from clevora_mock.core.errors import invalid, missing
from clevora_mock.core.rng import RandomStream, stable_hash
from clevora_mock.models import json_requests as requests
from clevora_mock.models.json_schema import SchemaError
from clevora_mock.models.literals import literal_text
from clevora_mock.models.templates import ABOUT_A_TEXT, Templates

# Supported types of a response format (C9). A tuple, since a client may send a list or an object as the type.
RESPONSE_FORMATS = ("text", "json_object", "json_schema")

# Kinds of requests that may not ask for the JSON in them.
_ABOUT_JSON = frozenset({"question", "explain", "review", "edit", "code"})
_ITEMS, _MOST_LINES, _MOST_ITEMS, _MOST_CHARACTERS = 3, 100, 1000, 200_000


class Turn(NamedTuple):
    """A message of a conversation."""

    role: str
    text: str


class _Request(NamedTuple):
    """A user's message, its orders, the system's, the kind, the number of things asked for, and an answer in words."""

    text: str
    orders: str
    system: str
    kind: str
    number: int | None
    sentence: str
    only_objects: bool


class ChatModel:
    """The chat model with its templates."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def reply(self, turns: Sequence[Turn], *, seed: int, response_format: Mapping[str, Any] | None = None) -> str:
        """Return the answer to `turns`, the same for the same arguments. Raises a 400 for an unusable schema (C9)."""
        form = msgspec.json.encode(response_format, order="sorted").hex() if response_format else ""
        rng = RandomStream(stable_hash(seed, form, len(turns), *(part for turn in turns for part in turn)))
        requested = response_format or {}
        only_objects = requested.get("type") == "json_object"
        if requested.get("type") == "json_schema" or (only_objects and "schema" in requested):
            return _value_by_format(requested, rng)
        text = next((turn.text for turn in reversed(turns) if turn.role == "user"), turns[-1].text if turns else "")
        system = "\n".join(turn.text for turn in turns if turn.role in ("system", "developer"))
        asked = [text, *(self._templates.patterns["asked"].findall(text) if "uestion:" in text else ())][-1]
        kind = self._templates.kind_of(asked)
        has_schema = "{" in system and requests.shown_schema(self._templates, system, is_wanted=False)
        literal = None if only_objects or has_schema else literal_text(text, kind, self._templates)
        if literal:
            return literal
        may_be_json = only_objects or requests.mentions_json(text) or requests.mentions_json(system)
        count = self._templates.count(text) if may_be_json or kind == "list" else None
        is_result = bool(turns) and turns[-1].role in ("tool", "function")
        lines = min(count or _ITEMS, _MOST_LINES) if kind == "list" else 0
        items = "\n".join(f"{line}. Placeholder {line}" for line in range(1, lines + 1))
        words = turns[-1].text if is_result else self._templates.given_text(asked) if kind in ABOUT_A_TEXT else asked
        template = ("tool" if words.strip() else "empty") if is_result else kind
        sentence = self._templates.answer(template, words, rng, items)
        if not may_be_json:
            return sentence
        orders = self._templates.orders(text, kind)
        return self._json(_Request(text, orders, system, kind, count, sentence, only_objects), rng) or sentence

    def _json(self, request: _Request, rng: RandomStream) -> str:
        """Return the JSON that the messages ask for, or an empty text."""
        is_subject, is_mode, wants_json = request.kind in _ABOUT_JSON, request.only_objects, self._templates.wants_json
        asks = request.kind != "code" and (is_mode or wants_json(request.orders, may_be_subject=is_subject))
        system_asks = is_mode or wants_json(request.system, may_be_subject=False)
        # The JSON of a question or of code is its subject.
        sources = [] if is_subject and not asks else [(request.text, asks)]
        sources.append((request.system, system_asks))
        is_wanted = asks or system_asks
        is_counted = request.number != 1 and (request.kind == "list" or request.number is not None)
        is_array = is_wanted and requests.wants_array(self._templates, request.text, is_counted=is_counted)
        shown = self._shown(request, sources, rng, is_wanted=is_wanted, is_array=is_array)
        if shown or not is_wanted:
            return shown
        return _encoded(self._described(request, [source for source, _ in sources], rng, is_array=is_array))

    def _shown(
        self, request: _Request, sources: list[tuple[str, bool]], rng: RandomStream, *, is_wanted: bool, is_array: bool
    ) -> str:
        """Return JSON by a schema or a value in `sources`, each with whether it asks for JSON, or an empty text."""
        for source, _ in sources:
            schema = requests.shown_schema(self._templates, source, is_wanted=is_wanted)
            with suppress(SchemaError):
                value = _values(schema, rng)[0] if schema else None
                if isinstance(value, dict) or (schema and not request.only_objects):
                    return _encoded(value)
        for source, asks in sources:
            is_system, orders = source is request.system, request.orders if source is request.text else source
            found = requests.shown_value(self._templates, source, orders, is_wanted=asks, is_system=is_system)
            if found and isinstance(found.value, dict) and is_array and not request.only_objects:
                count = min(request.number or _ITEMS, _MOST_ITEMS, _MOST_CHARACTERS // len(found.text))
                return f"[{','.join([found.text] * count)}]"
            if found and (isinstance(found.value, dict) or not request.only_objects):
                return found.text
        return ""

    def _described(self, request: _Request, sources: list[str], rng: RandomStream, *, is_array: bool) -> object:
        """Return a value for JSON that is described in words, or the sentence, in an object where it must be one."""
        count = min(request.number or _ITEMS, _MOST_ITEMS)
        known = next(filter(None, (requests.object_schema(self._templates, source, count) for source in sources)), None)
        schema = known or requests.item_schema(self._templates, request.text)
        empty = self._templates.search("empty", request.text)
        if empty or (is_array and not (known and request.only_objects)):
            values = [] if empty else _values(schema, rng, count)
            return {} if empty and empty[1] else {"answer": values} if request.only_objects else values
        if schema["type"] == "object" or (self._templates.search("scalar", request.text) and not request.only_objects):
            return _values(schema, rng)[0]
        return {"answer": _values(schema, rng)[0] if request.kind == "list" else request.sentence}


def _value_by_format(response_format: Any, rng: RandomStream) -> str:
    """Return JSON for the schema of a response format. Raises a 400 with the schema's path if there is none."""
    holder, path = response_format, "response_format"
    if "schema" not in response_format:
        holder, path = response_format.get("json_schema"), "response_format.json_schema"
        if holder is None:
            raise missing(path)
        if not isinstance(holder, Mapping):
            raise invalid(path, "an object", "another value")
    if holder.get("schema") is None:
        raise missing(f"{path}.schema")
    try:
        value = _values(holder["schema"], rng)[0]
    except SchemaError as error:
        raise invalid(f"{path}.schema", error.expected, error.got) from None
    if response_format["type"] == "json_object" and not isinstance(value, dict):
        raise invalid(f"{path}.schema", "the schema of an object", "that of another value")
    return _encoded(value)


def _values(schema: object, rng: RandomStream, most: int = 1) -> list[object]:
    from clevora_mock.models.json_values import values_for  # noqa: PLC0415 - jsonschema takes long to import

    return values_for(schema, rng, most)


def _encoded(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
