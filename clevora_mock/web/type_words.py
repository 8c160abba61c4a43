"""English descriptions of types for error messages: ``one of "user", "system"``, ``a whole number from 1``."""

import re
from typing import Any

import msgspec
from msgspec import inspect

from clevora_mock.clock import DURATION
from clevora_mock.contract.limits import UID_FORMAT, UID_PATTERN
from clevora_mock.core.messages import MAX_SHOWN_CHARACTERS, json_text, masked_excerpt

_PATTERNS = {DURATION: "a duration such as 60s", UID_PATTERN: UID_FORMAT}
_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "str": "a string",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
}
_STEP = re.compile(r"(\w+)|\[(\d+)\]")
# Of a wrong value in msgspec's messages; names in mappings are not told.
_PLACE = re.compile(r"Expected .* - at `\$((?:\.\w+|\[\d+\])*)`", re.DOTALL)


def find_expected(schema: type[msgspec.Struct], document: object, path: str) -> tuple[str, Any]:
    """Return the description of the type at `path` (``messages[0].role``), and the value in `document`."""
    type_: inspect.Type = inspect.type_info(schema)
    for name, _ in _STEP.findall(path):
        type_ = _field_type(type_, name) if name else _item_type(type_)
    return describe_type(type_), find_value(document, path)


def find_value(document: object, path: str) -> Any:
    """Return the value at `path` in `document`."""
    value: Any = document
    for name, index in _STEP.findall(path):
        value = value[name] if name else value[int(index)]
    return value


def describe_type(type_: inspect.Type) -> str:
    """Describe a type as error messages do after "expected"."""
    match type_:
        case inspect.Metadata(type=inner):
            return describe_type(inner)
        case inspect.UnionType(types=types):
            options = [describe_type(one) for one in types if not isinstance(one, inspect.NoneType)]
            return " or ".join(options)
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(f'"{value}"' for value in values) if len(values) > 1 else f'"{values[0]}"'
        case inspect.StrType(pattern=str(pattern)):
            return _PATTERNS.get(pattern, "a non-blank string")
        case inspect.StrType(min_length=low, max_length=high):
            return "a non-empty string" if (low, high) == (1, None) else "a string" + _describe_length(low, high)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType(ge=low, gt=above, le=high):
            return "a whole number" + _describe_range(low, above, high)
        case inspect.FloatType(ge=low, gt=above, le=high):
            return "a number" + _describe_range(low, above, high)
        case inspect.ListType() as array:
            return _describe_array(array)
        case _:
            return "an object"


def _describe_array(array: inspect.ListType) -> str:
    item = re.sub("(string|number|object|array)", r"\1s", describe_type(array.item_type), count=1)
    item = item.removeprefix("a ").removeprefix("an ")
    maximum = f"at most {array.max_length} " if array.max_length else ""
    return f"{'a non-empty array' if array.min_length else 'an array'} of {maximum}{item}"


def _describe_length(low: int | None, high: int | None) -> str:
    bounds = [f"{word} {bound:,}" for word, bound in (("at least", low), ("at most", high)) if bound]
    return f" of {' and '.join(bounds)} characters" if bounds else ""


def _describe_range(low: float | None, above: float | None, high: float | None) -> str:
    if low is not None:
        return f" from {_plain(low)}" + ("" if high is None else f" to {_plain(high)}")
    if above is not None:
        return f" above {_plain(above)}" + ("" if high is None else f" and up to {_plain(high)}")
    return ""


def _plain(number: float) -> str:
    """Return a number in digits alone."""
    return f"{number:.0f}" if float(number).is_integer() else f"{number:g}"


def _flatten_union(type_: inspect.Type) -> list[inspect.Type]:
    """Return the members of a union, without metadata; any other type alone."""
    if isinstance(type_, inspect.Metadata):
        return _flatten_union(type_.type)
    if isinstance(type_, inspect.UnionType):
        return [option for one in type_.types for option in _flatten_union(one)]
    return [type_]


def _field_type(type_: inspect.Type, name: str) -> inspect.Type:
    struct = next(option for option in _flatten_union(type_) if isinstance(option, inspect.StructType))
    return next(field.type for field in struct.fields if field.encode_name == name)


def _item_type(type_: inspect.Type) -> inspect.Type:
    return next(option.item_type for option in _flatten_union(type_) if isinstance(option, inspect.ListType))


def reword(message: str) -> str:
    """Return msgspec's message about a value as other errors are: ``users[0].uid: expected a string, got an array``."""
    text, found, place = message.replace(" - at `key` in `$", " as a key - at `$").rpartition(" - at `$")
    text, path = (text, place.removesuffix("`").removeprefix(".")) if found else (message, "")
    if member := re.fullmatch(r"Object (missing required|contains unknown) field `(.*)`", text, re.DOTALL):
        path = f"{path}.{member[2]}" if path else member[2]
        text = "required, but missing" if member[1].startswith("missing") else "an unknown field"
    else:
        text = re.sub("`(.*?)`", lambda types: _name_types(types[1]), text.replace("Expected", "expected"))
        text = text.replace(" >= ", " from ").replace(" <= ", " up to ")
    return f"{masked_excerpt(path, 200)}: {text}" if path else text


def reword_with_value(message: str, content: bytes) -> str:
    """Return msgspec's message about the JSON in `content` as `reword` does, with the value where there is one."""
    text = reword(message)
    place = _PLACE.fullmatch(message)
    if place is None:
        return text
    value = masked_excerpt(json_text(find_value(msgspec.json.decode(content), place[1])), MAX_SHOWN_CHARACTERS)
    return f"{text.partition(', got ')[0]}, got {value}"


def _name_types(types: str) -> str:
    return " or ".join(_NAMES.get(one, one) for one in types.split(" | "))
