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
    while True:
        end = position + _STEP
        found = pattern.search(text, position, end + REACH)
        if end + REACH >= len(text):
            return found
        if found is None or found.start() >= end:
            position = end
        elif found.end() <= end:
            return found
        # It may go on, or be none with what follows.
        elif whole := pattern.match(text, found.start()):
            return whole
        else:
            position = found.start() + 1


def find_all(pattern: "re.Pattern[str]", text: str) -> "Iterator[re.Match[str]]":
    """Yield the matches, none of which is empty, as ``finditer`` does."""
    position = 0
    while found := search(pattern, text, position):
        yield found
        position = found.end()


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
