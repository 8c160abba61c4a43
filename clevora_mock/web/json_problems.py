"""Descriptions of characters in a JSON body that the parser reports without their place."""

import json
import re
from typing import Any

from clevora_mock.core.messages import printable

_MAX_PATH_CHARACTERS = 100
_SURROGATE = re.compile("[\ud800-\udfff]")


def find_bad_character(body: bytes) -> str | None:
    """Return the first invalid UTF-8 or unpaired surrogate in `body` with its place, None if there is none."""
    try:
        document = json.loads(body.decode(), parse_int=str, parse_float=str)
    except UnicodeDecodeError as error:
        return f"invalid UTF-8 (byte {error.start})"
    except (ValueError, RecursionError):
        return None
    values: list[tuple[str, Any]] = [("", document)]
    # The list grows while it is walked.
    for path, value in values:
        if isinstance(value, str) and (found := _SURROGATE.search(value)):
            where = printable(path.removeprefix("."))[:_MAX_PATH_CHARACTERS] or "the body"
            return f"{where} has \\u{ord(found[0]):04x}, half of a surrogate pair"
        if isinstance(value, dict):
            values += [(path, name) for name in value] + [(f"{path}.{name}", inner) for name, inner in value.items()]
        elif isinstance(value, list):
            values += [(f"{path}[{index}]", inner) for index, inner in enumerate(value)]
    return None
