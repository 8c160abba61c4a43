"""Mappings with known entries: where the language's tables, its readers and the editors' schema meet."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from clevora_mock.scenarios.forms import Form, Schema, entries_of, one_of, perhaps
from clevora_mock.scenarios.nodes import Mapping, Node, Place, Scalar, show


class Entry(Struct, frozen=True):
    """An entry's name, how its value is written, and what it is for."""

    name: str
    form: Form
    doc: str
    required: bool = False


class Found(Struct, frozen=True):
    """What a mapping holds: the entries that are there, and the values of those that are right."""

    node: Mapping
    keys: dict[str, Scalar]
    nodes: dict[str, Node]
    values: dict[str, Any]


Check = Callable[[Found, Place], None]


class Map(Struct, frozen=True):
    """A mapping with these entries, of which `build` makes a value once all are right.

    `check` notes what entries do to each other; `at_least_one` names those of which one has to be there; `stray` says
    more about an unknown entry than its spelling does.
    """

    entries: tuple[Entry, ...]
    build: Callable[..., Any]
    check: Check | None = None
    at_least_one: tuple[str, ...] = ()
    stray: Callable[[str], str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.entries)

    def read(self, node: Node, place: Place) -> Any:
        if not isinstance(node, Mapping):
            place.unexpected(node, f"a mapping with {', '.join(self.names)}")
            return None
        before = len(place.mistakes)
        found = self._entries(node, place)
        self._missing(found, place)
        if self.check is not None:
            self.check(found, place)
        return self.build(**found.values) if len(place.mistakes) == before else None

    def _entries(self, node: Mapping, place: Place) -> Found:
        forms = {entry.name: entry.form for entry in self.entries}
        found = Found(node, {}, {}, {})
        for name, key, value in entries_of(node, place):
            if name not in forms:
                self._unknown(name, key, place)
                continue
            before = len(place.mistakes)
            read = forms[name].read(value, place.entry(name))
            found.keys[name], found.nodes[name] = key, value
            if len(place.mistakes) == before:
                found.values[name] = read
        return found

    def _unknown(self, name: str, key: Scalar, place: Place) -> None:
        more = (self.stray(name) if self.stray else "") or perhaps(name, self.names)
        place.wrong(key, f"unknown entry {show(name)}{more or f'; expected {one_of(self.names)}'}")

    def _missing(self, found: Found, place: Place) -> None:
        if len(found.node.entries) > len(found.nodes):
            return  # A misspelt entry is probably the missing one.
        for entry in self.entries:
            if entry.required and entry.name not in found.nodes:
                place.wrong(found.node, f'"{entry.name}" is missing')
        if self.at_least_one and not any(name in found.nodes for name in self.at_least_one):
            place.wrong(found.node, f"nothing in it; expected at least one of {', '.join(self.at_least_one)}")

    def schema(self) -> Schema:
        schema: Schema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {entry.name: {"description": entry.doc, **entry.form.schema()} for entry in self.entries},
        }
        if required := [entry.name for entry in self.entries if entry.required]:
            schema["required"] = required
        if self.at_least_one:
            schema["anyOf"] = [{"required": [name]} for name in self.at_least_one]
        return schema
