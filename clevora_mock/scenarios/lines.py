"""Lines and columns of a text, and how much of a scenario is read at all."""

import re
from bisect import bisect_right

CHARACTERS = 1024 * 1024
NODES = 20_000
DEPTH = 50

_BREAK = re.compile(r"\r\n|\r|\n")


class Lines:
    """Where each line of a text starts."""

    __slots__ = ("_end", "_starts")

    def __init__(self, text: str) -> None:
        self._end = len(text)
        self._starts = [0, *(found.end() for found in _BREAK.finditer(text))]

    def place(self, index: int) -> tuple[int, int]:
        """The line and the column, from 1, of the character `index`; the end of the text at most."""
        index = max(0, min(index, self._end))
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1
