"""Descriptions of what is wrong with a JSON body that the parser reports without its place."""

import json
import re
from typing import Any

from clevora_mock.core.messages import masked_excerpt, printable

# So much is decoded in 30 ms, in one call of C code, during which nothing else runs.
_MAX_BODY_BYTES = 128 * 1024
_MAX_PATH_CHARACTERS = 100
_MAX_NUMBER_CHARACTERS = 20
# The start of a body that is no JSON, and the hint; the first one that matches counts.
_FORMATS: tuple[tuple[bytes, str], ...] = (
    (rb"\x1f\x8b|\x28\xb5\x2f\xfd", "the body is compressed; send plain JSON"),
    (rb"\xef\xbb\xbf", "the body begins with a byte order mark; send UTF-8 without one"),
    (rb"\xff\xfe|\xfe\xff|\x00|.\x00", "the body is in UTF-16 or UTF-32; send UTF-8"),
    (rb"--[^\r\n]+\r?\n(?i:content-)", "the body is a multipart form; send JSON"),
    (rb"[\w.%+\[\]-]+=", "the body is a form; send JSON, as with requests' json= in place of data="),
    (
        rb"\s*[\[{]\s*'",
        "JSON has double quotes; Python's json.dumps() writes them, str() and JavaScript's notation do not",
    ),
    (rb"\s*'", "the body begins with a single quote, which cmd.exe passes on; put double quotes around an argument"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def find_format(body: bytes) -> str | None:
    """Return a hint about a body in another format than JSON, None if it is not known."""
    known = next((hint for pattern, hint in _FORMATS if re.match(pattern, body, re.DOTALL)), None)
    return known or (None if _is_utf8(body) else "the body is in another encoding, such as Latin-1; send UTF-8")


def _is_utf8(body: bytes) -> bool:
    """Tell whether `body` is valid UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def find_problem(body: bytes) -> str | None:
    """Return the first invalid UTF-8, unpaired surrogate or huge number in `body` with its place.

    None if there is none, or if `body` is too long to look.
    """
    if len(body) > _MAX_BODY_BYTES:
        return None
    try:
        document = json.loads(body.decode(), parse_int=_Number, parse_float=_Number)
    except UnicodeDecodeError as error:
        return f"is not valid JSON: invalid UTF-8 (byte {error.start})"
    except (ValueError, RecursionError):
        return None
    return _find_in(document)


def _find_in(document: object) -> str | None:
    values: list[tuple[str, Any]] = [("", document)]
    # The list grows while it is walked.
    for full, value in values:
        # Of a long name, one copy for each value in it would take all memory.
        path = full[: _MAX_PATH_CHARACTERS + 1]
        where = printable(path.removeprefix("."))[:_MAX_PATH_CHARACTERS] or "the body"
        if isinstance(value, _Number):
            # Of so many digits that Python refuses them, a number is infinite as well.
            if float(value) in (float("inf"), float("-inf")):
                return f"has a number that is too large: {where} is {masked_excerpt(value, _MAX_NUMBER_CHARACTERS)}"
        elif isinstance(value, str):
            if found := _SURROGATE.search(value):
                return f"is not valid JSON: {where} has \\u{ord(found[0]):04x}, half of a surrogate pair"
        elif isinstance(value, dict):
            values += [(path, name) for name in value] + [(f"{path}.{name}", inner) for name, inner in value.items()]
        elif isinstance(value, list):
            values += [(f"{path}[{index}]", inner) for index, inner in enumerate(value)]
    return None
