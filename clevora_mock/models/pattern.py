"""Text made to a regular expression, for the simple ones that schemas use: codes, slugs, phone numbers.

Literals, classes, groups, alternatives and counts are understood; look-arounds and back references are not,
and a pattern with them gives None. What is made fits the pattern by construction, so nothing is ever matched.
"""

import string

from clevora_mock.core.chance import Draws

_CLASSES = {"d": string.digits, "w": string.ascii_lowercase + string.digits, "s": " "}
_OTHERS = {"D": string.ascii_lowercase, "W": "-", "S": string.ascii_lowercase}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r"}
_SEEN = string.ascii_letters + string.digits + " -_.,"
_MORE = 4
_DEEPEST = 20
_LONGEST = 2000


class UnknownPatternError(ValueError):
    """A pattern that uses more than this module knows."""


def text_like(pattern: str, draws: Draws, least: int = 0) -> str | None:
    """A text that `pattern` finds, of at least `least` characters if it can repeat; None if unknown."""
    try:
        reader = _Reader(pattern, draws, least)
        return reader.alternatives(0)
    except (UnknownPatternError, IndexError):
        return None


class _Reader:
    """A descent through the pattern that writes as it reads."""

    def __init__(self, pattern: str, draws: Draws, least: int) -> None:
        self._pattern = pattern
        self._draws = draws
        self._least = least
        self._at = 0

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        taken = self._pattern[self._at]
        self._at += 1
        return taken

    def alternatives(self, depth: int) -> str:
        if depth > _DEEPEST:
            raise UnknownPatternError("too deep")
        options = [self._sequence(depth)]
        while self._peek() == "|":
            self._take()
            options.append(self._sequence(depth))
        if depth == 0 and self._at < len(self._pattern):
            raise UnknownPatternError("an unexpected bracket")
        return self._draws.choose(options)

    def _sequence(self, depth: int) -> str:
        made = ""
        while self._peek() not in {"", "|", ")"}:
            start = self._at
            piece = self._atom(depth)
            end = self._at
            low, high = self._counts()
            after = self._at
            wanted = low + (self._draws.below(high - low + 1) if high > low else 0)
            pieces = [piece] if wanted else []
            while len(pieces) < wanted:
                # Reading the same atom again draws it anew.
                self._at = start
                pieces.append(self._atom(depth))
                if self._at != end or len(pieces) * len(piece) > _LONGEST:
                    raise UnknownPatternError("too long")
            self._at = after
            made += "".join(pieces)
        return made

    def _counts(self) -> tuple[int, int]:
        sign = self._peek()
        low, high = 1, 1
        if sign in {"*", "+", "?"} and sign:
            self._take()
            low = 1 if sign == "+" else 0
            high = 1 if sign == "?" else max(low + _MORE, self._least)
            low = max(low, min(self._least, high)) if sign != "?" else low
        elif sign == "{":
            low, high = self._braces()
        if self._peek() == "?":
            self._take()
        return low, high

    def _braces(self) -> tuple[int, int]:
        end = self._pattern.index("}", self._at) if "}" in self._pattern[self._at :] else -1
        first, comma, last = self._pattern[self._at + 1 : end].partition(",")
        if end < 0 or not first.isdecimal() or (last and not last.isdecimal()):
            raise UnknownPatternError("odd braces")
        self._at = end + 1
        low = int(first)
        high = int(last) if last else (max(low + _MORE, self._least) if comma else low)
        if high < low or low > _LONGEST:
            raise UnknownPatternError("odd counts")
        return max(low, min(self._least, high)) if comma else low, min(high, low + 64) if low >= self._least else high

    def _atom(self, depth: int) -> str:
        char = self._take()
        if char in "^$":
            return ""
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._draws.choose(self._set())
        if char == ".":
            return self._draws.choose(string.ascii_lowercase)
        if char == "\\":
            return self._escape()
        if char in "*+?{":
            raise UnknownPatternError("nothing to repeat")
        return char

    def _group(self, depth: int) -> str:
        if self._peek() == "?":
            self._take()
            kind = self._take()
            if kind == "P" and self._peek() == "<":
                self._at = (
                    self._pattern.index(">", self._at) + 1 if ">" in self._pattern[self._at :] else len(self._pattern)
                )
            elif kind != ":":
                raise UnknownPatternError("a look-around")
        made = self.alternatives(depth + 1)
        if self._take() != ")":
            raise UnknownPatternError("an open group")
        return made

    def _escape(self) -> str:
        char = self._take()
        if char in "bAZz":
            return ""
        known = _CLASSES.get(char) or _OTHERS.get(char)
        if known:
            return self._draws.choose(known)
        if char.isalnum() and char not in _CONTROLS:
            raise UnknownPatternError("a back reference")
        return _CONTROLS.get(char, char)

    def _set(self) -> str:
        negated = self._peek() == "^"
        if negated:
            self._take()
        members: list[str] = []
        while self._peek() != "]" or not members:
            members.append(self._member())
        self._take()
        every = "".join(members)
        if not negated:
            return every
        left = "".join(char for char in _SEEN if char not in every)
        if not left:
            raise UnknownPatternError("nothing is left")
        return left

    def _member(self) -> str:
        first = self._take()
        if first == "\\":
            char = self._take()
            if char in _CLASSES:
                return _CLASSES[char]
            first = _CONTROLS.get(char, char)
        if self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] not in {"]", ""}:
            self._take()
            last = self._take()
            if last == "\\":
                last = self._take()
            if ord(last) < ord(first):
                raise UnknownPatternError("a range from high to low")
            return "".join(map(chr, range(ord(first), min(ord(last), ord(first) + 255) + 1)))
        return first
