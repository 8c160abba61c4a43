"""Regular expressions whose searches take a bounded time.

Python's engine backtracks and cannot be interrupted: ``(a+)+$`` takes seconds on 26 letters. So an expression with a
choice within a repeat is refused, and so is a reference back to a group, whose comparisons no bound of steps tells;
that leaves those whose steps are a polynomial of the text's length, and a search looks at no more of the text than the
bound on its steps allows. The bound follows from the expression and the text
alone, so a search has the same result on every machine.
"""

import re
import re._compiler as compiler  # type: ignore[import-not-found] # compiles a part of a parsed expression
import re._parser as parser  # type: ignore[import-not-found]
import warnings
from collections.abc import Iterator
from typing import Any

MAX_CHARACTERS = 1 << 14
# Some milliseconds: a step takes up to 12 ns, a quick one, in a loop over one character's pattern, a quarter.
_MAX_STEPS, _QUICK = 500_000, 0.25
# Of all expressions of a scenario, which may all be searched for one request.
_MAX_STEPS_OF_ALL = 2_000_000
# Steps to count, for a character of a text, what a bound of the steps in it needs.
_COUNTING = 8
_MAX_CHOICES, _MAX_UNROLLED = 12, 8
# Long enough to be rare in a text, and short enough to be counted quickly.
_PREFIX = 8

# Python looks at each character of a range when case is ignored.
_WIDE_RANGE, _MAX_WIDE_RANGES = re.compile(r"-(?:[^\x00-\xff]|\\[uUN])"), 3

_SINGLE = {"LITERAL", "NOT_LITERAL", "ANY", "IN"}
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
# Operations whose last operand is what they hold.
_GROUPS = {"SUBPATTERN", "ASSERT", "ASSERT_NOT"}
_REFUSED = {
    "ATOMIC_GROUP": "an atomic group, (?>…)",
    "GROUPREF": r"a reference back to a group, \1 or (?P=name),",
    "GROUPREF_EXISTS": "a condition on a group, (?(1)…)",
}


class Expression:  # noqa: PLW1641 - never a key
    """A compiled expression; equal to another with the same source and flags."""

    __slots__ = ("_compiled", "_max_steps", "_runs", "_safe_length", "_tree")

    def __init__(self, source: str, flags: int = 0) -> None:
        """Raise ValueError for an expression that is invalid or could run away."""
        if len(_WIDE_RANGE.findall(source)) > _MAX_WIDE_RANGES:
            raise ValueError(f"takes long to compile: more than {_MAX_WIDE_RANGES} ranges of thousands of characters")
        try:
            with warnings.catch_warnings():
                # Python warns of expressions whose meaning will change in a later version.
                warnings.simplefilter("error")
                self._compiled = re.compile(source, flags)
                self._tree = parser.parse(source, flags)
            if _choices(self._tree) > _MAX_CHOICES:
                raise ValueError(f"could run away: more than {_MAX_CHOICES} repeats")
            self._runs = {str(item): _compiled_run(item, flags) for item in _single_repeats(self._tree)}
            self._bound(_MAX_STEPS)
        except RecursionError:
            raise ValueError("could run away: its groups are nested too deeply") from None
        except (re.error, OverflowError, Warning) as error:
            raise ValueError(f"is no regular expression: {error}") from None

    def share(self, count: int) -> None:
        """Bound the steps of a search further, for one of `count` expressions that are searched for one request."""
        steps = min(_MAX_STEPS, _MAX_STEPS_OF_ALL // count)
        if steps < self._max_steps:
            self._bound(steps)

    def _bound(self, steps: int) -> None:
        """Set the bound of a search's steps, and the length up to which every text can be searched in them."""
        self._max_steps, self._safe_length = steps, MAX_CHARACTERS
        while self._safe_length > 1 and _Bound(self._safe_length).steps(self._tree, self._compiled.flags) > steps:
            self._safe_length = self._safe_length * 7 // 8

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self._compiled == other._compiled

    def is_found(self, text: str) -> bool:
        """Tell whether the expression is found in `text`, as far as it is searched."""
        return self._compiled.search(self.searched(text)) is not None

    def searched(self, text: str) -> str:
        """Return `text`, or its beginning if a search of the whole could take too long."""
        if len(text) > self._safe_length:
            text = text[:MAX_CHARACTERS]
            if not self._is_quick(text):
                text = text[: self._safe_length]
        return text

    def _is_quick(self, text: str) -> bool:
        """Tell whether `text` can be searched in time, unless that itself could take longer to find out."""
        counting = len(text) * (1 + _COUNTING * len(self._runs))
        flags = self._compiled.flags
        is_countable = counting <= 2 * self._max_steps
        return is_countable and _TextBound(text, flags, self._runs).steps(self._tree, flags) <= self._max_steps


def _choices(tree: Any) -> int:
    """Count the places where the engine may have to try again. Raises ValueError for one within a repeat."""
    count = 0
    for op, value in tree:
        if op.name in _REPEATS:
            low, high, item = value
            inside = _choices(item)
            if inside and high > _MAX_UNROLLED:
                raise ValueError("could run away: a repeat, or alternatives with one beginning, within a repeat")
            count += inside * high + (low != high)
        elif op.name == "BRANCH":
            begins = [*map(_begin, value[1])]
            count += sum(map(_choices, value[1])) + (None in begins or len({*begins}) < len(begins))
        elif op.name == "SUBPATTERN" and (value[1] or value[2]):
            raise ValueError("could run away: flags of a part, (?i:…), are not supported; set them for the whole")
        elif op.name in _GROUPS:
            count += _choices(value[-1])
        elif op.name in _REFUSED:
            raise ValueError(f"could run away: {_REFUSED[op.name]} is not supported")
    return count


def _begin(branch: Any) -> str | None:
    """Return the letter with which an alternative begins, in lower case; None if others may begin alike."""
    is_letter = len(branch) > 0 and branch[0][0].name == "LITERAL" and branch[0][1] < ord("\x80")
    return chr(branch[0][1]).lower() if is_letter else None


def _single_repeats(tree: Any) -> Iterator[Any]:
    """Yield what is repeated, where it is one character's pattern."""
    for op, value in tree:
        if op.name in _REPEATS and _is_single(value[2]):
            yield value[2]
        for operand in value if isinstance(value, tuple) else ():
            for part in operand if isinstance(operand, list) else [operand]:
                if isinstance(part, parser.SubPattern):
                    yield from _single_repeats(part)


def _is_single(item: Any) -> bool:
    return len(item) == 1 and item[0][0].name in _SINGLE


def _compiled_run(item: Any, flags: int) -> "re.Pattern[str]":
    repeat = (parser.MAX_REPEAT, (1, parser.MAXREPEAT, item))
    found: re.Pattern[str] = compiler.compile(parser.SubPattern(item.state, [repeat]), flags | item.state.flags)
    return found


class _Bound:
    """A bound of the engine's steps in any text of `length` characters."""

    def __init__(self, length: int) -> None:
        self.length = length

    def longest_run(self, item: Any) -> int:
        """Return the most characters in a row that `item`, a single character's pattern, matches."""
        return self.length

    def occurrences(self, first: Any) -> int:
        """Return at how many places a literal, or a single character's pattern, matches at most."""
        return self.length

    def steps(self, tree: Any, flags: int) -> float:
        """Return the bound of a search."""
        steps, first = self._through(tree, 1, None)
        starts = self.length + 1 if first is None else self.occurrences(first)
        is_anchored = len(tree) > 0 and tree[0][0].name == "AT" and tree[0][1].name.startswith("AT_BEGINNING")
        if is_anchored and not flags & re.MULTILINE:
            starts = 1
        # A literal is searched for quickly.
        is_quick = isinstance(first, str) and not flags & re.IGNORECASE
        return self.length * (_QUICK if is_quick else 1) + starts * steps

    def _through(self, tree: Any, steps: float, first: Any) -> tuple[float, Any]:
        """Return the steps from one position through `tree` and the rest, and what must match first.

        That is a literal, a single character's pattern or None, if it is not known. `steps` and `first` are those of
        the rest alone.
        """
        for op, value in reversed(tree):
            name = op.name
            if name == "LITERAL":
                steps, first = steps + 1, chr(value) + (first if isinstance(first, str) else "")
            elif name == "SUBPATTERN":
                steps, first = self._through(value[-1], steps, first)
            elif name in _REPEATS:
                steps, first = self._repeated(value, steps, first)
            elif name == "BRANCH":
                steps, first = sum(self._through(branch, steps, first)[0] for branch in value[1]), None
            elif name in _GROUPS:
                steps, first = steps + self._through(value[-1], 1, None)[0], None
            elif name != "AT":
                steps, first = steps + 1, None
        return steps, first

    def _repeated(self, repeat: tuple[int, int, Any], steps: float, first: Any) -> tuple[float, Any]:
        """Return the steps through a repeat and the rest, which begins after each number of times at most once."""
        low, high, item = repeat
        if _choices(item):
            for _ in range(high):
                through, first = self._through(item, steps, first)
                steps += through
            return steps, first if low else None
        times = self.longest_run(item) if _is_single(item) else self.length // max(1, item.getwidth()[0])
        times = min(times, high)
        tries = max(times - low, 0) + 1
        begun = tries if first is None else min(tries, self.occurrences(first))
        if not _is_single(item):
            return times * self._through(item, 0, None)[0] + tries + begun * steps, None
        total = times * _QUICK + tries * (_QUICK if isinstance(first, str) else 1) + begun * steps
        return total, item if low else None


class _TextBound(_Bound):
    """A bound of the engine's steps in one text; `runs` are the compiled runs of the expression's repeats."""

    def __init__(self, text: str, flags: int, runs: "dict[str, re.Pattern[str]]") -> None:
        super().__init__(len(text))
        self._text = text
        self._flags = flags & re.IGNORECASE
        self._runs = runs
        self._counts: dict[str, int] = {}
        self._found: dict[str, list[int]] = {}

    def longest_run(self, item: Any) -> int:
        return max(self._lengths(item), default=0)

    def occurrences(self, first: Any) -> int:
        if not isinstance(first, str):
            return sum(self._lengths(first))
        part = first[:_PREFIX]
        if part not in self._counts:
            overlaps = any(part.lower().startswith(part[place:].lower()) for place in range(1, len(part)))
            found = len(re.findall(re.escape(part), self._text, self._flags))
            self._counts[part] = found * len(part) if overlaps else found
        return self._counts[part]

    def _lengths(self, item: Any) -> list[int]:
        name = str(item)
        if name not in self._found:
            # Not `findall`, which returns groups, if the whole expression has some.
            self._found[name] = [len(found[0]) for found in self._runs[name].finditer(self._text)]
        return self._found[name]
