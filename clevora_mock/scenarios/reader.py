"""Combinators of the scenario language: a field reads a node into a value, and describes it in JSON Schema.

A field of several parts reads all of them before it fails, so that one error has every problem, each with its path.
Entries that no field knows are problems.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from msgspec import Struct

from clevora_mock.core.messages import did_you_mean, one_of, quoted
from clevora_mock.scenarios.nodes import AmbiguousScalar, MappingNode, Node, SequenceNode
from clevora_mock.scenarios.problems import ScenarioError, ScenarioProblem

T = TypeVar("T")
U = TypeVar("U")
Schema = dict[str, Any]
Problems = Iterable[ScenarioProblem]
ListCheck = Callable[[SequenceNode], Problems]


class Field(Struct, Generic[T], frozen=True):
    """A kind of value: `read` returns it or raises ScenarioError, `schema` describes what is accepted."""

    read: Callable[[Node], T]
    schema: Schema

    def then(self, convert: Callable[[T], U]) -> "Field[U]":
        """Return a field of the same syntax whose value is converted."""
        return Field(lambda node: convert(self.read(node)), self.schema)

    def as_written(self) -> "Field[str]":
        """Return a field that checks the value and returns its text."""
        return Field(lambda node: (self.read(node), node.text)[1], self.schema)


class Entry(Struct, frozen=True):
    """An entry of a mapping: its name, the field of its value, and a description in one line."""

    name: str
    field: Field[Any]
    doc: str
    required: bool = False


def read_valid(parts: Iterable[tuple[str, Field[T], Node]], problems: list[ScenarioProblem]) -> dict[str, T]:
    """Return the values of the valid parts by their step in the path; append those of the others to `problems`."""
    values: dict[str, T] = {}
    for step, field, node in parts:
        try:
            values[step] = field.read(node)
        except ScenarioError as error:
            problems += [found.below(step) for found in error.problems]
    return values


def read_all(parts: Iterable[tuple[str, Field[T], Node]], known: Problems = ()) -> dict[str, T]:
    """Return the values of all parts, or raise their problems together with the `known` ones."""
    problems = [*known]
    values = read_valid(parts, problems)
    if problems:
        raise ScenarioError(problems)
    return values


def unknown(noun: str, name: str, known: Iterable[str], hint: str = "") -> str:
    """Return the message for a name that is not one of `known`."""
    return f"unknown {noun} {quoted(name)}{hint or did_you_mean(name, known) or f'; expected {one_of(known)}'}"


def mapping(
    build: Callable[..., T],
    *entries: Entry,
    check: Callable[[MappingNode, dict[str, Any]], Problems] = lambda node, values: (),
    at_least_one: tuple[str, ...] = (),
    exclusive: tuple[tuple[str, str], ...] = (),
    unknown_hint: Callable[[str], str] = lambda name: "",
) -> Field[T]:
    """Return the field for a mapping of `entries`; `build` makes its value once all are valid.

    One of `at_least_one` is required, and the two of an `exclusive` pair exclude each other. `check` gets the node and
    the valid values, and yields further problems. `unknown_hint` returns a hint for an unknown name.
    """
    fields = {entry.name: entry.field for entry in entries}
    required = [entry.name for entry in entries if entry.required]

    def read(node: Node) -> T:
        if not isinstance(node, MappingNode):
            empty = "; indent its entries further than its name" if node.value is None and node.column > 1 else ""
            raise node.unexpected(f"a mapping with {', '.join(fields)}", empty)
        keys, problems = node.keys, [*node.flaws]
        strays = [name for name in keys if name not in fields]
        problems += [keys[name].problem(unknown("entry", name, fields, unknown_hint(name))) for name in strays]
        if not problems:  # Otherwise the missing entry is probably a misspelt one.
            problems += [node.problem(f'"{name}" is missing') for name in required if name not in keys]
            if at_least_one and keys.keys().isdisjoint(at_least_one):
                problems.append(node.problem(f"nothing in it; expected at least one of {', '.join(at_least_one)}"))
        known = ((name, fields[name], value) for name, value in node.nodes.items() if name in fields)
        values = read_valid(known, problems)
        both = [pair for pair in exclusive if pair[0] in keys and pair[1] in keys]
        problems += [keys[other].problem(f"{name} and {other} exclude each other") for name, other in both]
        problems += check(node, values)
        if problems:
            raise ScenarioError(problems)
        return build(**values)

    properties = {entry.name: {"description": entry.doc, **entry.field.schema} for entry in entries}
    rules = {"required": required, "anyOf": [{"required": [name]} for name in at_least_one]}
    given = {name: rule for name, rule in rules.items() if rule}
    return Field(read, {"type": "object", "additionalProperties": False, "properties": properties, **given})


def list_of(
    field: Field[T],
    plural: str,
    min_items: int = 0,
    max_items: int = 0,
    *,
    unique: bool = False,
    check: ListCheck | None = None,
) -> Field[list[T]]:
    """Return the field for a list of `plural`; 0 is no bound. `check` yields problems between items."""

    def read(node: Node) -> list[T]:
        if not isinstance(node, SequenceNode):
            raise node.unexpected(f"a list of {plural}", _list_hint(node, field, plural))
        if max_items and len(node.items) > max_items:
            raise node.invalid(f"expected a list of {plural} with at most {max_items:,} items, got {len(node.items):,}")
        if len(node.items) < min_items:
            raise node.invalid(f"expected a list of {plural}, got an empty list")
        words = [item.text for item in node.items] if unique else []
        repeated = [(index, node.items[index]) for index, word in enumerate(words) if word and word in words[:index]]
        problems = [item.problem(f"{item.got} is there already", f"[{index}]") for index, item in repeated]
        parts = ((f"[{index}]", field, item) for index, item in enumerate(node.items))
        return list(read_all(parts, [*problems, *(check(node) if check else ())]).values())

    bounds = {"maxItems": max_items, "minItems": min_items, "uniqueItems": unique}
    given = {name: bound for name, bound in bounds.items() if bound}
    return Field(read, {"type": "array", "items": field.schema, **given})


def _list_hint(node: Node, field: Field[Any], plural: str) -> str:
    """Return the hint for a mapping, or a single item, where a list is expected."""
    if isinstance(node, MappingNode):
        return f"; begin each {plural.removesuffix('s')} with -"
    try:
        return f"; write [{node.text}]" if field.read(node) else ""
    except ScenarioError:
        return ""


def any_of(short: Field[T], long: Field[T], long_node: type[Node] = MappingNode) -> Field[T]:
    """Return the field for a value with a `short` form, a scalar, and a `long` one, a mapping or a list."""
    schema = {"anyOf": [short.schema, long.schema]}
    return Field(lambda node: (long if isinstance(node, long_node) else short).read(node), schema)


def _read_json(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return read_all(((name, JSON, each) for name, each in node.nodes.items()), node.flaws)
    if isinstance(node, SequenceNode):
        return _JSON_LIST.read(node)
    if isinstance(node.value, AmbiguousScalar):
        raise node.invalid(f"got {node.got}; write {node.value.unambiguous} or {quoted(node.text)}")
    return node.value


# Any JSON value, in Python's types.
JSON: Field[Any] = Field(_read_json, {})
_JSON_LIST = list_of(JSON, "values")
