"""JSON Schema, draft 2020-12: types of keywords, the merging of schemas, errors, and the budget of an answer.

Arrays of ``items``, the tuples of older drafts, are supported too. Keywords that are not listed are annotations.
"""

import re
from typing import Annotated, Any, Literal, TypeAlias, TypedDict

import msgspec
from msgspec import Meta

Schema: TypeAlias = dict[str, Any]
AnySchema: TypeAlias = Schema | bool

_MAX_BYTES = 256 * 1024
_Type: TypeAlias = Literal["string", "number", "integer", "boolean", "object", "array", "null"]
_TYPES = {
    "type": _Type | Annotated[list[_Type], Meta(min_length=1)],
    "enum": list[Any],
    "multipleOf": Annotated[float, Meta(gt=0)],
    "uniqueItems": bool,
    "required": list[str],
    "dependentRequired": dict[str, list[str]],
    "items": "_Keywords | bool | list[_Keywords | bool]",
    "prefixItems": "list[_Keywords | bool]",
}
_MAPS = "properties patternProperties dependentSchemas $defs definitions"
_NAMED_GROUP = re.compile(r"(?<!\\)\(\?<(?=[A-Za-z_])")
_NAMES = frozenset({"$schema", "$id", "$anchor", "$dynamicAnchor"})
_TYPE_BY_KEYWORDS = {
    # A reference that cannot be split into the parts of a URL makes the validator fail.
    "$ref": Annotated[str, Meta(pattern=r"^(?:#.*|[!-Z^-~]*)$")],
    "pattern format $schema $id $anchor $dynamicAnchor $dynamicRef": str,
    "minimum maximum exclusiveMinimum exclusiveMaximum": float,
    "minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains": Annotated[
        float, Meta(ge=0, multiple_of=1)
    ],
    "allOf anyOf oneOf": "Annotated[list[_Keywords | bool], Meta(min_length=1)]",
    _MAPS: "dict[str, _Keywords | bool]",
    "not if then else contains propertyNames": "_Keywords | bool",
    "additionalItems additionalProperties unevaluatedItems unevaluatedProperties": "_Keywords | bool",
}
_TYPES |= {keyword: type_ for keywords, type_ in _TYPE_BY_KEYWORDS.items() for keyword in keywords.split()}
_Keywords = TypedDict("_Keywords", _TYPES, total=False)  # type: ignore[misc] # a computed table


class SchemaError(ValueError):
    """A schema without a value; the message consists of `expected` and `got`."""

    expected, got = "", ""

    def __init__(self, expected: str = "", got: str = "") -> None:
        self.expected, self.got = expected or self.expected, got or self.got
        super().__init__(f"expected {self.expected}, got {self.got}")


class UnsatisfiableError(SchemaError):
    """A schema, or a part of one, for which no valid value was found."""

    expected, got = "a schema that a value can meet", "one for which none was found"


class BudgetExceededError(SchemaError):
    """A schema that takes more work, or has larger values, than is allowed for one answer."""

    expected, got = "a schema of moderate size", "one that exceeds the mock's budget for one answer"


class Budget:
    """A limit of work, counted in steps (about 7 µs, 40 characters), the same on every machine."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.depth = 0

    def spend(self, steps: int = 1) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise BudgetExceededError


def check(schema: object) -> int:
    """Return the size of `schema` in bytes. Raises SchemaError for a large one, or a keyword of the wrong type."""
    try:
        size = len(msgspec.json.encode(schema))
        # First, since all keywords of 4 MiB are checked in one long call of C code.
        if size > _MAX_BYTES:
            raise BudgetExceededError
        msgspec.convert(schema, _Keywords | bool)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise SchemaError("a valid JSON Schema", f"an error in it: {error}") from None
    except RecursionError:
        raise BudgetExceededError from None
    return size


def normalized(schema: Any) -> Any:
    """Return `schema` with Python's named groups, without names of it, which would change the validator."""
    if not isinstance(schema, dict):
        return [normalized(part) for part in schema] if isinstance(schema, list) else schema
    return {key: _normalized_keyword(key, value) for key, value in schema.items() if key not in _NAMES}


def _normalized_keyword(key: str, value: Any) -> Any:
    if key in ("const", "enum"):
        return value
    if key == "pattern" and isinstance(value, str):
        return _NAMED_GROUP.sub("(?P<", value)
    if key in _MAPS.split() and isinstance(value, dict):
        return {name: normalized(part) for name, part in value.items()}
    return normalized(value)


def merged(one: Schema, other: Schema) -> Schema:
    """Merge two schemas keyword by keyword; keywords without a rule are taken from `other`."""
    return one | other | {key: _merged_keyword(key, one[key], other[key]) for key in one if key in other}


def _merged_keyword(key: str, one: Any, other: Any) -> Any:
    match key:
        case "type":
            return [name for name in _type_names(one) if name in _type_names(other)]
        case "enum":
            known = {msgspec.json.encode(value, order="sorted") for value in other}
            return [value for value in one if msgspec.json.encode(value, order="sorted") in known]
        case "required":
            return list(dict.fromkeys(one + other))
        case "multipleOf":
            return one * other if one % other and other % one else max(one, other)
        case "items" | "additionalProperties" | "propertyNames" | "contains":
            return {"allOf": [one, other]}
        case "properties" | "patternProperties":
            return one | other | {name: {"allOf": [one[name], other[name]]} for name in one if name in other}
        case "dependentRequired" | "dependentSchemas":
            return one | other
        case "pattern":
            first, last = (other, one) if one.endswith("$") else (one, other)
            return other if first.endswith("$") or last.startswith("^") else first + last
    if key.startswith(("min", "exclusiveMin")):
        return max(one, other)
    return min(one, other) if key.startswith(("max", "exclusiveMax")) else other


def _type_names(named: str | list[str]) -> list[str]:
    """Return the types of the keyword ``type``; ``number`` includes ``integer``."""
    names = [named] if isinstance(named, str) else named
    return [*names, "integer"] if "number" in names and "integer" not in names else names
