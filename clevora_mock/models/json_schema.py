"""JSON Schema, draft 2020-12: types of keywords, the merging of schemas, and errors.

Arrays of ``items``, the tuples of older drafts, are supported too. Keywords that are not listed are annotations.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias, TypedDict

import msgspec
from msgspec import Meta

Schema: TypeAlias = dict[str, Any]
AnySchema: TypeAlias = Schema | bool

_MAX_BYTES = 256 * 1024

_Count: TypeAlias = Annotated[float, Meta(ge=0, multiple_of=1)]
_Type: TypeAlias = Literal["string", "number", "integer", "boolean", "object", "array", "null"]
_KEYWORDS = {
    "type": _Type | Annotated[list[_Type], Meta(min_length=1)],
    "enum": list[Any],
    "multipleOf": Annotated[float, Meta(gt=0)],
    "uniqueItems": bool,
    "required": list[str],
    "dependentRequired": dict[str, list[str]],
    "items": "_Keywords | bool | list[_Keywords | bool]",
    **dict.fromkeys(("$ref", "pattern", "format"), str),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), float),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _Count),
    **dict.fromkeys(("minProperties", "maxProperties", "minContains", "maxContains"), _Count),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), "Annotated[list[_Keywords | bool], Meta(min_length=1)]"),
    **dict.fromkeys(("prefixItems",), "list[_Keywords | bool]"),
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas"), "dict[str, _Keywords | bool]"),
    **dict.fromkeys(("$defs", "definitions"), "dict[str, _Keywords | bool]"),
    **dict.fromkeys(("not", "if", "then", "else", "contains", "propertyNames"), "_Keywords | bool"),
    **dict.fromkeys(("additionalItems", "additionalProperties"), "_Keywords | bool"),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), "_Keywords | bool"),
}
_Keywords = TypedDict("_Keywords", _KEYWORDS, total=False)  # type: ignore[misc] # a computed table


class SchemaError(ValueError):
    """A schema without a value; the message consists of `expected` and `got`."""

    def __init__(self, expected: str, got: str) -> None:
        self.expected = expected
        self.got = got
        super().__init__(f"expected {expected}, got {got}")


class UnsatisfiableError(SchemaError):
    """A schema, or a part of one, for which no valid value was found."""

    def __init__(self) -> None:
        super().__init__("a schema that a value can meet", "one for which none was found")


class BudgetExceededError(SchemaError):
    """A schema that takes more work, or has larger values, than is allowed for one answer."""

    def __init__(self) -> None:
        super().__init__("a schema of moderate size", "one that exceeds the mock's budget for one answer")


class Budget:
    """A limit of work, in steps of about five microseconds, and of characters of the value.

    Counted, not measured, so that every machine refuses the same schemas.
    """

    def __init__(self, steps: int, characters: int) -> None:
        self._ample = steps * 5 // 6
        self._steps = steps
        self._characters = characters

    def spend(self, steps: int = 1, characters: int = 0) -> None:
        self._steps -= steps
        self._characters -= characters
        if self._steps < 0 or self._characters < 0:
            raise BudgetExceededError

    @property
    def is_ample(self) -> bool:
        """True while optional parts may still be added."""
        return self._steps > self._ample


def check(schema: object) -> int:
    """Return the size of `schema` in bytes. Raises SchemaError for a large one, or a keyword of the wrong type."""
    try:
        msgspec.convert(schema, _Keywords | bool)
        size = len(msgspec.json.encode(schema))
    except msgspec.ValidationError as error:
        raise SchemaError("a valid JSON Schema", f"an error in it: {error}") from None
    except RecursionError:
        raise BudgetExceededError from None
    if size > _MAX_BYTES:
        raise BudgetExceededError
    return size


def merged(one: Schema, other: Schema) -> Schema:
    """Merge two schemas keyword by keyword; keywords without a rule are taken from `other`."""
    both = one | other
    for key in one.keys() & other.keys() & _COMBINED.keys():
        both[key] = _COMBINED[key](one[key], other[key])
    return both


def _all_of(one: AnySchema, other: AnySchema) -> AnySchema:
    return {"allOf": [one, other]}


def _by_name(one: Schema, other: Schema) -> Schema:
    return one | other | {name: _all_of(one[name], other[name]) for name in one if name in other}


def type_names(named: str | list[str]) -> list[str]:
    """Return the types of the keyword ``type``; ``number`` includes ``integer``."""
    names = [named] if isinstance(named, str) else named
    return [*names, "integer"] if "number" in names and "integer" not in names else names


_COMBINED: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"), min),
    **dict.fromkeys(("items", "additionalProperties", "propertyNames", "contains"), _all_of),
    **dict.fromkeys(("properties", "patternProperties"), _by_name),
    "type": lambda one, other: [name for name in type_names(one) if name in type_names(other)],
    "enum": lambda one, other: [value for value in one if value in other],
    "required": lambda one, other: list(dict.fromkeys(one + other)),
    "dependentRequired": lambda one, other: one | other,
    "multipleOf": lambda one, other: one * other if one % other and other % one else max(one, other),
}
