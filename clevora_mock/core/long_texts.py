"""Search of long texts in parts, so that no call of C code keeps the interpreter for long.

A match is found as in the whole text if the part of it that decides is no longer than `REACH`.
"""

import re
from collections.abc import Callable, Iterator

# Characters that the slowest expression is searched for in some 10 ms.
_STEP = 64 * 1024
REACH = 16 * 1024


def search(pattern: "re.Pattern[str]", text: str, position: int = 0) -> "re.Match[str] | None":
    """Return the first match from `position` on; it may be of any length."""
    return next(find_all(pattern, text, position), None)


def find_all(pattern: "re.Pattern[str]", text: str, position: int = 0) -> "Iterator[re.Match[str]]":
    """Yield the matches from `position` on, none of which is empty, as ``finditer`` does."""
    while position < len(text):
        end = position + _STEP
        is_rest = end + REACH >= len(text)
        for found in pattern.finditer(text, position, end + REACH):
            if is_rest or found.end() <= end:
                yield found
                continue
            if found.start() >= end:
                position = end
            # It may go on, or be none with what follows.
            elif whole := pattern.match(text, found.start()):
                yield whole
                position = whole.end()
            else:
                position = found.start() + 1
            break
        else:
            position = len(text) if is_rest else end


def replace_all(pattern: "re.Pattern[str]", text: str, new: "Callable[[re.Match[str]], str]") -> str:
    """Replace the matches, none of which is empty, as ``sub`` does."""
    parts: list[str] = []
    done = 0
    for found in find_all(pattern, text):
        parts += [text[done : found.start()], new(found)]
        done = found.end()
    return "".join([*parts, text[done:]]) if parts else text


def parts_of(text: str) -> Iterator[str]:
    """Yield parts that overlap by `REACH`."""
    if len(text) <= _STEP:
        yield text
        return
    for start in range(0, len(text), _STEP):
        yield text[start : start + _STEP + REACH]
