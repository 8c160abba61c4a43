"""`when`: to which requests a rule applies."""

import re
from typing import Any

from msgspec import Struct

from clevora_mock.contract.endpoints import ENDPOINT_BY_NAME, ENDPOINTS
from clevora_mock.core.scenario import Calls, When
from clevora_mock.scenarios.forms import (
    Duration,
    Json,
    ListOf,
    Number,
    Schema,
    Text,
    entries_of,
    one_of,
    per_cent,
    perhaps,
    text_of,
    value_of,
)
from clevora_mock.scenarios.maps import Entry, Found, Map
from clevora_mock.scenarios.nodes import Listing, Mapping, Node, Place, Scalar, got
from clevora_mock.scenarios.patterns import Headers, TextOrExpression

NAMES = tuple(ENDPOINT_BY_NAME)

# The endpoints whose requests say something: the last user message, the input, the query, the topic.
SPEAKING = ("chat.completions", "embeddings", "search", "scripts.generate")

_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})?", re.ASCII)
_EVERY = re.compile(r"every ([0-9]{1,9})", re.ASCII)


class EndpointName(Struct, frozen=True):
    """An endpoint's name."""

    def read(self, node: Node, place: Place) -> str | None:
        value = value_of(node)
        if isinstance(value, str) and value in NAMES:
            return value
        if not isinstance(value, str):
            place.unexpected(node, "an endpoint's name such as chat.completions")
            return None
        if value == "*":
            place.wrong(node, '"*" is all endpoints, so it stands alone, not in a list')
            return None
        at_path = [endpoint.name for endpoint in ENDPOINTS if value.rstrip("/") in endpoint.paths]
        close = f'; did you mean "{at_path[0]}"?' if at_path else perhaps(value, NAMES)
        place.wrong(node, f"unknown endpoint {got(node)}{close or f'; expected {one_of(NAMES)}'}")
        return None

    def schema(self) -> Schema:
        return {"enum": list(NAMES)}


class EndpointNames(Struct, frozen=True):
    """A name, a list of names, or ``"*"`` for all, which is None."""

    def read(self, node: Node, place: Place) -> tuple[str, ...] | None:
        if isinstance(node, Listing):
            return self._list().read(node, place)
        if value_of(node) == "*":
            return None
        name = EndpointName().read(node, place)
        return None if name is None else (name,)

    def _list(self) -> ListOf:
        return ListOf(EndpointName(), "a list of endpoints", least=1, most=len(NAMES), distinct=True)

    def schema(self) -> Schema:
        return {"anyOf": [{"const": "*"}, EndpointName().schema(), self._list().schema()]}


class CallNumbers(Struct, frozen=True):
    """``3``, ``1-2``, ``4-``, ``every 5``, or a list of these."""

    def read(self, node: Node, place: Place) -> Calls | None:
        if not isinstance(node, Listing):
            return self._one(node, place)
        if not node.items:
            place.wrong(node, f"expected {self._said}, got an empty list")
        parts = [self._one(item, place.item(index)) for index, item in enumerate(node.items)]
        every = [part.every for part in parts if part and part.every]
        if len(every) > 1:
            place.wrong(node, 'only one "every" is possible; write two rules')
        ranges = tuple(span for part in parts if part for span in part.ranges)
        return Calls(ranges, every[0] if every else None)

    @property
    def _said(self) -> str:
        return "calls such as 3, 1-2, 4-, every 5 or [1, 4]"

    def _one(self, node: Node, place: Place) -> Calls | None:
        value = value_of(node)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000_000:
            return Calls(((value, value),))
        if isinstance(value, str) and (found := _EVERY.fullmatch(value)) and int(found[1]):
            return Calls((), int(found[1]))
        if isinstance(value, str) and (found := _RANGE.fullmatch(value)) and int(found[1]):
            first, last = int(found[1]), int(found[2]) if found[2] else None
            if last is None or first <= last:
                return Calls(((first, last),))
            place.wrong(node, f"expected the lower number first, got {value}; did you mean {last}-{first}?")
            return None
        place.unexpected(node, self._said, _call_hint(node))
        return None

    def schema(self) -> Schema:
        one: list[Schema] = [
            {"type": "integer", "minimum": 1},
            {"type": "string", "pattern": "^([1-9][0-9]*-([1-9][0-9]*)?|every [1-9][0-9]*)$"},
        ]
        return {"anyOf": [*one, {"type": "array", "minItems": 1, "items": {"anyOf": one}}]}


def _call_hint(node: Node) -> str:
    if isinstance(node, Mapping):
        every = node.get("every")
        return f"; write every {text_of(every)}" if isinstance(every, Scalar) else ""
    text = text_of(node)
    if re.fullmatch(r"0+|0+-[0-9]*|every 0+", text, re.ASCII):
        return "; calls are counted from 1"
    if re.fullmatch(r"-[1-9][0-9]*", text, re.ASCII):
        return f"; did you mean 1{text}?"
    if found := re.fullmatch(r"([1-9][0-9]*) *(?:-|to|\.\.+) *([1-9][0-9]*)", text, re.ASCII):
        return f"; did you mean {found[1]}-{found[2]}?"
    if re.fullmatch(r"[1-9][0-9]* *\+|>= *[1-9][0-9]*", text, re.ASCII):
        return f"; did you mean {text.strip('>=+ ')}-?"
    if isinstance(node, Scalar) and not node.plain and re.fullmatch(r"[1-9][0-9]*", text, re.ASCII):
        return "; write it without quotes"
    return ""


class BodyPart(Struct, frozen=True):
    """A part of a request's body, as JSON has it."""

    def read(self, node: Node, place: Place) -> dict[str, Any] | None:
        if not isinstance(node, Mapping):
            place.unexpected(node, "a mapping of the body's fields, such as {stream: true}")
            return None
        if not node.entries:
            place.wrong(node, "nothing in it; expected at least one field of the body")
        return {name: Json().read(value, place.entry(name)) for name, _, value in entries_of(node, place)}

    def schema(self) -> Schema:
        return {"type": "object", "minProperties": 1}


class Window(Struct, frozen=True):
    """``[10s, 2m]``: from and to."""

    def read(self, node: Node, place: Place) -> tuple[int, int] | None:
        span = read_span(node, place, "two durations such as [10s, 2m]")
        if span is not None and span[0] == span[1]:
            place.wrong(node, "expected a window with some time in it, got none")
            return None
        return span

    def schema(self) -> Schema:
        return span_schema()


def read_span(node: Node, place: Place, said: str) -> tuple[int, int] | None:
    """Two durations, the shorter first."""
    if not isinstance(node, Listing) or len(node.items) != 2:
        count = f"a list of {len(node.items)}" if isinstance(node, Listing) else got(node)
        place.wrong(node, f"expected {said}, got {count}")
        return None
    low, high = (Duration().read(item, place.item(index)) for index, item in enumerate(node.items))
    if low is None or high is None:
        return None
    if low > high:
        first, last = (text_of(item) for item in node.items)
        place.wrong(node, f"expected the shorter first, got [{first}, {last}]; did you mean [{last}, {first}]?")
        return None
    return low, high


def span_schema() -> Schema:
    return {"type": "array", "items": Duration().schema(), "minItems": 2, "maxItems": 2}


def _chance_hint(node: Node) -> str:
    value = value_of(node)
    if value in (0, 0.0) and not isinstance(value, bool):
        return "; such a rule never applies, so take it out"
    return per_cent(node)


def _check(found: Found, place: Place) -> None:
    """What can never be true: a message or a body where the endpoints named have none."""
    endpoints = found.values.get("endpoint")
    if endpoints is None:
        return
    named = ", ".join(endpoints)
    if "message" in found.keys and not set(endpoints) & set(SPEAKING):
        place.entry("message").wrong(found.keys["message"], f"there is no message in a request to {named}")
    if "body" in found.keys and all(ENDPOINT_BY_NAME[name].method in ("GET", "DELETE") for name in endpoints):
        place.entry("body").wrong(found.keys["body"], f"there is no body in a request to {named}")


def _when(endpoint: tuple[str, ...] | None = None, **values: Any) -> When:
    return When(endpoints=endpoint, **values)


WHEN = Map(
    (
        Entry("endpoint", EndpointNames(), 'An endpoint\'s name, a list of names, or "*" for all.'),
        Entry("calls", CallNumbers(), "Which of the calls that match the rest: 3, 1-2, 4-, every 5, [1, 4]."),
        Entry("key", Text("a key's name, id or preview", most=200), "An API key's name, id or preview."),
        Entry("account", Text("an account's uid", most=128), "An account's uid."),
        Entry("header", Headers(), "Headers by name: their text, or a /regular expression/."),
        Entry("body", BodyPart(), "A part of the request's body: these fields with these values."),
        Entry("message", TextOrExpression(), "The last user message, query, topic or input: a part, or /expression/i."),
        Entry("between", Window(), "From and to since the scenario began, by the sandbox's clock: [10s, 2m]."),
        Entry(
            "chance",
            Number("a number above 0 and up to 1", above=0, high=1, hint=_chance_hint),
            "The share of matching requests, by a seeded draw: 0.33.",
        ),
    ),
    _when,
    _check,
)
