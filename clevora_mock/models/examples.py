"""A schema from an example of what is wanted: its keys, and the kinds of its values."""

import re
from collections.abc import Mapping

from clevora_mock.models.schema import of_type


def inferred(example: object, depth: int = 0) -> dict[str, object]:
    """The schema that an example follows: its keys and the kinds of its values."""
    if isinstance(example, Mapping) and depth < 12:
        properties = {str(key): inferred(value, depth + 1) for key, value in example.items()}
        return {"type": "object", "properties": properties, "required": list(properties)}
    if isinstance(example, list) and depth < 12:
        return {
            "type": "array",
            "items": inferred(example[0], depth + 1) if example else {"type": "string"},
            "minItems": 1,
        }
    if isinstance(example, str):
        return {"type": named_type(example)}
    return {"type": next((kind for kind in ("boolean", "integer", "number") if of_type(example, kind)), "string")}


def named_type(word: str) -> str:
    """The type that a word such as "int" or "<number>" names; a string otherwise."""
    bare = word.lower().strip(" <>()[]{}")
    if re.match(r"(?:int|integer|whole number|count)\b", bare):
        return "integer"
    if re.match(r"(?:float|number|decimal|double|numeric)\b", bare):
        return "number"
    if re.match(r"(?:bool|boolean|true|false|yes/no)\b", bare):
        return "boolean"
    return "array" if re.match(r"(?:list|array)\b", bare) else "string"
