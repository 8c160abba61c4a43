"""JSON Schema, the part of it that people ask models to keep to: look up, merge, check.

Not a validator for its own sake: `fits` exists so that a value can be tried before it is given out, and so
that ``oneOf`` and ``not`` can be honored. What it does not know, it lets pass.
"""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from clevora_mock.models.regex import Regex

Schema = Mapping[str, object]

_LARGER: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_SMALLER: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_SLOW: Final = Regex(r"\)[*+{]|\\\d|(?:[*+}].*){4}", re.DOTALL)
_DEEPEST = 24
_NOTHING: Final[Schema] = {}


def as_schema(value: object) -> Schema:
    """`value` if it is a schema object; `true` and anything else allow everything."""
    return value if isinstance(value, dict) else _NOTHING


def schemas(value: object) -> list[Schema]:
    return [as_schema(item) for item in value] if isinstance(value, list) else []


def number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def types(schema: Schema) -> list[str]:
    """The types a schema allows by name; none means that it does not say."""
    named = schema.get("type")
    if isinstance(named, str):
        return [named]
    return [name for name in named if isinstance(name, str)] if isinstance(named, list) else []


def resolve(schema: Schema, root: Schema) -> Schema:
    """`schema` with its ``$ref`` followed and its ``allOf`` merged in."""
    for _ in range(_DEEPEST):
        ref = schema.get("$ref")
        if not isinstance(ref, str):
            break
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = merged(_pointed(ref, root), rest) if rest else _pointed(ref, root)
    return _flat(schema, root, 0)


def _flat(schema: Schema, root: Schema, depth: int) -> Schema:
    every = schemas(schema.get("allOf"))
    if not every or depth > _DEEPEST:
        return schema
    whole: Schema = {key: value for key, value in schema.items() if key != "allOf"}
    for part in every:
        seen = 0
        while isinstance(part.get("$ref"), str) and seen < _DEEPEST:
            rest = {key: value for key, value in part.items() if key != "$ref"}
            part = merged(_pointed(str(part["$ref"]), root), rest)  # noqa: PLW2901
            seen += 1
        whole = merged(whole, _flat(part, root, depth + 1))
    return whole


def _pointed(ref: str, root: Schema) -> Schema:
    """What a JSON pointer such as ``#/$defs/Pet`` points to, within `root`."""
    here: object = root
    for step in ref.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~").replace("%24", "$")
        if isinstance(here, dict):
            here = here.get(name)
        elif isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
        else:
            return _NOTHING
    return as_schema(here)


def merged(one: Schema, other: Schema) -> Schema:
    """A schema that asks for both, as far as keywords can be combined one by one."""
    both = dict(one)
    for key, value in other.items():
        both[key] = _both(key, both[key], value) if key in both else value
    return both


def _both(key: str, first: object, second: object) -> object:
    low, high = number(first), number(second)
    if low is not None and high is not None:
        if key in _LARGER:
            return max(low, high)
        if key in _SMALLER:
            return min(low, high)
        if key == "multipleOf":
            return math.lcm(low, high) if isinstance(low, int) and isinstance(high, int) else high
    if isinstance(first, dict) and isinstance(second, dict):
        if key in {"properties", "$defs", "definitions", "patternProperties"}:
            shared = {name: merged(as_schema(first[name]), as_schema(second[name])) for name in first.keys() & second}
            return first | second | shared
        if key in {"items", "additionalProperties"}:
            return merged(first, second)
    return _both_lists(key, first, second)


def _both_lists(key: str, first: object, second: object) -> object:
    if key == "required" and isinstance(first, list) and isinstance(second, list):
        return [*first, *(name for name in second if name not in first)]
    if key == "enum" and isinstance(first, list) and isinstance(second, list):
        return [value for value in first if any(same(value, other) for other in second)]
    if key == "type":
        one, other = types({"type": first}), types({"type": second})
        if "number" in one and "integer" in other:
            one = [*one, "integer"]
        if "number" in other and "integer" in one:
            other = [*other, "integer"]
        return [name for name in one if name in other] or second
    if key == "additionalProperties" and first is False:
        return False
    return second


def same(one: object, other: object) -> bool:
    """Equality as JSON has it: 1 is 1.0, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return one == other


def of_type(value: object, name: str) -> bool:
    """Whether `value` is of the JSON type `name`."""
    if isinstance(value, bool):
        return name == "boolean"
    if isinstance(value, int):
        return name in {"integer", "number"}
    if isinstance(value, float):
        return name == "number" or (name == "integer" and value.is_integer())
    kinds: list[tuple[type, str]] = [(str, "string"), (list, "array"), (dict, "object")]
    return next((name == kind for cls, kind in kinds if isinstance(value, cls)), value is None and name == "null")


def fits(value: object, schema: object, root: Schema, depth: int = 0) -> bool:
    """Whether `value` is valid by the keywords known here."""
    if isinstance(schema, bool):
        return schema
    if depth > _DEEPEST:
        return True
    rules = resolve(as_schema(schema), root)
    named = types(rules)
    if named and not any(of_type(value, name) for name in named):
        return False
    if "const" in rules and not same(value, rules["const"]):
        return False
    options = rules.get("enum")
    if isinstance(options, list) and not any(same(value, option) for option in options):
        return False
    return _fits_shape(value, rules, root, depth) and _fits_choices(value, rules, root, depth)


def _fits_choices(value: object, rules: Schema, root: Schema, depth: int) -> bool:
    choices = rules.get("anyOf")
    if isinstance(choices, list) and not any(fits(value, choice, root, depth + 1) for choice in choices):
        return False
    exactly = rules.get("oneOf")
    if isinstance(exactly, list) and sum(fits(value, choice, root, depth + 1) for choice in exactly) != 1:
        return False
    return "not" not in rules or not fits(value, rules["not"], root, depth + 1)


def _fits_shape(value: object, rules: Schema, root: Schema, depth: int) -> bool:
    if isinstance(value, str):
        return _fits_text(value, rules)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _fits_number(value, rules)
    if isinstance(value, list):
        return _fits_array(value, rules, root, depth)
    return _fits_object(value, rules, root, depth) if isinstance(value, dict) else True


def _between(size: float, rules: Schema, least: str, most: str) -> bool:
    low, high = number(rules.get(least)), number(rules.get(most))
    return (low is None or size >= low) and (high is None or size <= high)


def _fits_text(value: str, rules: Schema) -> bool:
    if not _between(len(value), rules, "minLength", "maxLength"):
        return False
    pattern = rules.get("pattern")
    # A pattern is somebody else's program; only one that cannot run for long is run.
    if not isinstance(pattern, str) or len(value) > 100 or len(pattern) > 200 or _SLOW.search(pattern):
        return True
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True


def _fits_number(value: float, rules: Schema) -> bool:
    low, high = number(rules.get("exclusiveMinimum")), number(rules.get("exclusiveMaximum"))
    if (low is not None and value <= low) or (high is not None and value >= high):
        return False
    step = number(rules.get("multipleOf"))
    if step:
        quotient = value / step
        if not math.isfinite(quotient) or quotient != int(quotient):
            return False
    return _between(value, rules, "minimum", "maximum")


def _fits_array(value: Sequence[object], rules: Schema, root: Schema, depth: int) -> bool:
    if not _between(len(value), rules, "minItems", "maxItems"):
        return False
    if rules.get("uniqueItems") is True and not distinct(value):
        return False
    first = rules.get("prefixItems")
    lead = first if isinstance(first, list) else []
    if not all(fits(item, rule, root, depth + 1) for item, rule in zip(value, lead, strict=False)):
        return False
    rest = rules.get("items", True)
    return all(fits(item, rest, root, depth + 1) for item in value[len(lead) :])


def distinct(items: Sequence[object]) -> bool:
    """Whether no two items are the same, cheaply for the usual kinds."""
    if all(isinstance(item, str) for item in items):
        ordered = sorted(map(str, items))
        return all(one != other for one, other in pairwise(ordered))
    return not any(same(one, other) for at, one in enumerate(items) for other in items[at + 1 :])


def _fits_object(value: Mapping[str, object], rules: Schema, root: Schema, depth: int) -> bool:
    if not _between(len(value), rules, "minProperties", "maxProperties"):
        return False
    required = rules.get("required")
    if isinstance(required, list) and not all(name in value for name in required):
        return False
    known = as_schema(rules.get("properties"))
    others = rules.get("additionalProperties", True)
    return all(fits(item, known.get(name, others), root, depth + 1) for name, item in value.items())
