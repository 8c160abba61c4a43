"""What a shape expects at a place of a document, in words: ``one of "user", "system"``, ``a whole number from 1``."""

import re
from typing import Any

import msgspec
from msgspec import inspect

_STEP = re.compile(r"(\w+)|\[(\d+)\]")


def expected(shape: type[msgspec.Struct], read: object, place: str) -> tuple[str, Any]:
    """The words for `place` (``messages[0].role``) of `shape`, and the value that stands there."""
    wanted: inspect.Type = inspect.type_info(shape)
    value: Any = read
    for name, index in _STEP.findall(place):
        if name:
            value = value[name]
            wanted = _field(wanted, name)
        else:
            value = value[int(index)]
            wanted = _item(wanted)
    return words(wanted), value


def words(wanted: inspect.Type) -> str:
    """A type as a person would ask for it."""
    match wanted:
        case inspect.Metadata(type=inner):
            return words(inner)
        case inspect.UnionType(types=types):
            said = [words(one) for one in types if not isinstance(one, inspect.NoneType)]
            return " or ".join(said)
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(f'"{value}"' for value in values) if len(values) > 1 else f'"{values[0]}"'
        case inspect.StrType(min_length=least):
            return "a non-empty string" if least else "a string"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType(ge=low, le=high):
            return "a whole number" + _range(low, high)
        case inspect.FloatType(ge=low, le=high):
            return "a number" + _range(low, high)
        case inspect.ListType() as array:
            return _array(array)
        case _:
            return "an object"


def _array(array: inspect.ListType) -> str:
    item = words(array.item_type).removeprefix("a ").removeprefix("an ")
    most = f"at most {array.max_length} " if array.max_length else ""
    return f"{'a non-empty array' if array.min_length else 'an array'} of {most}{item}s"


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return ""
    return f" from {low:g}" + ("" if high is None else f" to {high:g}")


def _options(wanted: inspect.Type) -> list[inspect.Type]:
    """The plain types that `wanted` allows, unwrapped."""
    if isinstance(wanted, inspect.Metadata):
        return _options(wanted.type)
    if isinstance(wanted, inspect.UnionType):
        return [option for one in wanted.types for option in _options(one)]
    return [wanted]


def _field(wanted: inspect.Type, name: str) -> inspect.Type:
    for option in _options(wanted):
        if isinstance(option, inspect.StructType):
            return next(field.type for field in option.fields if field.encode_name == name)
    return inspect.AnyType()


def _item(wanted: inspect.Type) -> inspect.Type:
    for option in _options(wanted):
        if isinstance(option, inspect.ListType):
            return option.item_type
    return inspect.AnyType()
