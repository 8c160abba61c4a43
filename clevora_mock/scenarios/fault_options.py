"""`fault`: kinds of faults with their options, derived from the classes in `faults`, and lists of them.

The syntax of an option follows from msgspec's JSON Schema of the field: a choice, a bool, a number or text with its
bounds, a duration, or a list of these. A list is required even if the field has a default.
"""

from typing import Any

import msgspec
from msgspec.structs import FieldInfo, fields

from clevora_mock.core.messages import one_of
from clevora_mock.faults import FAULTS, Fault
from clevora_mock.faults.base import ANOTHER_ANSWER
from clevora_mock.scenarios.nodes import MappingNode, Node, SequenceNode
from clevora_mock.scenarios.reader import Entry, Field, Schema, any_of, list_of, mapping, read_all
from clevora_mock.scenarios.scalars import BOOL, choice, duration, number, text

_KIND = choice(*FAULTS, noun="fault", label="a fault such as reset, or a mapping with its kind")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def option_of(info: FieldInfo) -> Entry:
    """Return the entry for a fault's field, without the underscore at the end of a name such as ``for_``."""
    schema, name = msgspec.json.schema(info.type), info.name.rstrip("_")
    schema = schema.get("anyOf", [schema])[0]  # without null, which means that the option is absent
    return Entry(name, _field(schema, name, info.default), schema["description"], info.required or "items" in schema)


def _field(schema: Schema, name: str, default: object) -> Field[Any]:
    if "enum" in schema:
        return choice(*sorted(schema["enum"], key=lambda value: value != default))
    if schema.get("format") == "duration":
        return duration(positive="exclusiveMinimum" in schema)
    if schema["type"] == "boolean":
        return BOOL
    if schema["type"] == "string":
        length = schema.get("maxLength", 1_000), schema.get("minLength", 1)
        return text(schema.get("title", "text"), *length, single_line=True)
    if schema["type"] == "array":
        item, length = _field(schema["items"], name, None), (schema.get("minItems", 0), schema.get("maxItems", 0))
        return list_of(item, name, *length, unique=schema.get("uniqueItems", False)).then(tuple)
    if schema["type"] not in ("integer", "number"):
        raise TypeError(f"{name}: no option can be an {schema['type']}")
    bounds = {bound: schema[bound] for bound in _BOUNDS if bound in schema}
    return number(int if schema["type"] == "integer" else float, **bounds)


_OPTIONS = {kind: [option_of(info) for info in fields(fault)] for kind, fault in FAULTS.items()}
_REQUIRED = {kind: [option.name for option in options if option.required] for kind, options in _OPTIONS.items()}


def _mapping(fault: type[Fault]) -> Field[Fault]:
    attributes = {info.name.rstrip("_"): info.name for info in fields(fault)}
    kind = Entry("kind", choice(fault.kind), (fault.__doc__ or "").strip(), required=True)

    def unknown_hint(name: str) -> str:
        owners = [other for other, options in _OPTIONS.items() if any(option.name == name for option in options)]
        if owners:
            return f" for {fault.kind}; it is an option of {', '.join(owners)}"
        return "" if attributes else f"; {fault.kind} has no options"

    return mapping(
        lambda kind, **options: fault(**{attributes[name]: value for name, value in options.items()}),
        *(kind, *_OPTIONS[fault.kind]),
        exclusive=(("at", "after_tokens"),),
        unknown_hint=unknown_hint,
    )


_MAPPINGS = {kind: _mapping(fault) for kind, fault in FAULTS.items()}


def _read(node: Node) -> Fault:
    """Read a kind, or a mapping of a kind and its options."""
    if not isinstance(node, MappingNode):
        kind = _KIND.read(node)
        for name in _REQUIRED[kind]:
            usual = ", ".join(map(str, getattr(FAULTS[kind](), name)))
            raise node.invalid(f"{kind} needs {name}; write {{kind: {kind}, {name}: [{usual}]}}")
        return FAULTS[kind]()
    if "kind" not in node.keys:
        raise node.invalid(f'"kind" is missing; expected {one_of(FAULTS)}')
    return _MAPPINGS[read_all([("kind", _KIND, node.nodes["kind"])])["kind"]].read(node)


_ALONE = {"enum": [kind for kind, required in _REQUIRED.items() if not required]}
# The definitions to which `FAULT`'s schema refers.
DEFINITIONS: dict[str, Schema] = {"Fault": {"anyOf": [_ALONE, *(field.schema for field in _MAPPINGS.values())]}}
_FAULT = Field(_read, {"$ref": "#/$defs/Fault"})
_FAULTS = list_of(_FAULT, "faults", 1, 20)


def _read_list(node: Node) -> tuple[Fault, ...]:
    """Read several faults, in the order in which they are applied."""
    faults = _FAULTS.read(node)
    another = next((fault for fault in faults if fault.stage == ANOTHER_ANSWER), None)
    if another is not None:
        others = (fault for fault in faults if fault is not another)
        excluded = [fault.kind for fault in others if fault.requires or fault.stage == ANOTHER_ANSWER]
        if excluded:
            why = f"{another.kind} has an answer of its own"
            raise node.invalid(f"{another.kind} and {excluded[0]} exclude each other: {why}")
    for fault in faults:
        if found := [other.kind for other in faults if other is not fault and other.kind in fault.excludes]:
            raise node.invalid(f"{fault.kind} and {found[0]} exclude each other")
    return tuple(sorted(faults, key=lambda fault: fault.stage))


_ONE: Field[tuple[Fault, ...]] = _FAULT.then(lambda fault: (fault,))
FAULT = any_of(_ONE, Field(_read_list, _FAULTS.schema), SequenceNode)
