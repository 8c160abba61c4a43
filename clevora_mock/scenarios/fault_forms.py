"""`fault`: what goes wrong on the wire. The kinds and their options follow from the structs in `faults`."""

from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from clevora_mock.faults import FAULTS, Fault
from clevora_mock.scenarios.forms import (
    Choice,
    ChoiceOfNumbers,
    Duration,
    Form,
    ListOf,
    Number,
    Schema,
    Text,
    one_of,
    perhaps,
    value_of,
    whole,
)
from clevora_mock.scenarios.maps import Entry, Found, Map
from clevora_mock.scenarios.nodes import Mapping, Node, Place, show

KINDS = tuple(FAULTS)

# Those that put something else in the answer's place, so that there is no error or reply to speak of.
REPLACING = ("garbage", "empty_body", "html_error")

# Those that an error's answer can suffer too.
WITH_ERROR = ("reset", "close", "stall", "truncate", "slow_body", "wrong_content_type", "missing_fields")

_FIELDS = ListOf(
    Text("a field's path such as usage", most=200, line=True), "a list of fields", least=1, most=100, distinct=True
)

_OPTIONS: dict[str, tuple[Form, str]] = {
    "after_tokens": (whole(0, 1_000_000), "After so many tokens of a stream."),
    "for": (Duration(least=1), "For how long; without it until the client gives up."),
    "fraction": (Number("a number between 0 and 1", above=0, below=1), "The share of the body that is sent; 0.5."),
    "bytes_per_second": (whole(1, 1_000_000_000), "How fast the body comes; 100."),
    "fields": (_FIELDS, "The fields that are left out, by path: usage, choices.message.content."),
}


def _options(fault: type[Fault]) -> dict[str, tuple[Form, str]]:
    """The options of a kind: those of its struct, `at` and `status` with the words that it allows."""
    hints = get_type_hints(fault)
    options: dict[str, tuple[Form, str]] = {}
    for field in fault.__struct_fields__:
        name = field.rstrip("_")
        if name == "at":
            options[name] = Choice(get_args(hints["at"])), "Where: before any byte (the default), or after the headers."
        elif name == "status":
            options[name] = ChoiceOfNumbers(get_args(hints["status"])), "The page's status; 502."
        else:
            options[name] = _OPTIONS[name]
    return options


def _check(found: Found, place: Place) -> None:
    if "at" in found.keys and "after_tokens" in found.keys:
        place.wrong(found.keys["after_tokens"], "at and after_tokens exclude each other")


def _build(fault: type[Fault]) -> Callable[..., Fault]:
    def build(kind: str, **values: Any) -> Fault:
        fields = {name if name in fault.__struct_fields__ else f"{name}_": value for name, value in values.items()}
        return fault(**fields)

    return build


def _stray(kind: str) -> Callable[[str], str]:
    def stray(name: str) -> str:
        owners = [other for other, fault in FAULTS.items() if name in _options(fault)]
        if not owners:
            return "" if _options(FAULTS[kind]) else f"; {kind} has no options"
        return f" for {kind}; it is an option of {', '.join(owners)}"

    return stray


def _map(kind: str, fault: type[Fault]) -> Map:
    options = [Entry(name, form, doc, required=name == "fields") for name, (form, doc) in _options(fault).items()]
    doc = (fault.__doc__ or "").strip()
    return Map(
        (Entry("kind", Choice((kind,)), doc, required=True), *options), _build(fault), _check, stray=_stray(kind)
    )


_MAPS = {kind: _map(kind, fault) for kind, fault in FAULTS.items()}


class FaultForm(Struct, frozen=True):
    """A kind alone, or a mapping of the kind and its options."""

    def read(self, node: Node, place: Place) -> Fault | None:
        if not isinstance(node, Mapping):
            kind = self._kind(node, place)
            if kind is not None and "fields" in _options(FAULTS[kind]):
                place.wrong(node, f"{kind} needs fields; write {{kind: {kind}, fields: [usage]}}")
                return None
            return None if kind is None else FAULTS[kind]()
        named = node.get("kind")
        if named is None:
            place.wrong(node, f'"kind" is missing; expected {one_of(KINDS)}')
            return None
        kind = self._kind(named, place.entry("kind"))
        return None if kind is None else _MAPS[kind].read(node, place)

    def _kind(self, node: Node, place: Place) -> str | None:
        value = value_of(node)
        if isinstance(value, str) and value in FAULTS:
            return value
        if isinstance(value, str):
            place.wrong(node, f"unknown fault {show(value)}{perhaps(value, KINDS) or f'; expected {one_of(KINDS)}'}")
        else:
            place.unexpected(node, "a fault such as reset, or a mapping with its kind")
        return None

    def schema(self) -> Schema:
        alone = [kind for kind, fault in FAULTS.items() if "fields" not in _options(fault)]
        return {"anyOf": [{"enum": alone}, *(form.schema() for form in _MAPS.values())]}
