"""Strings for the regular expressions of a schema, and checks against them in bounded time.

rstr generates the strings. Python's engine checks them if the pattern's backtracking is bounded: ``(a+)+`` can take
hours. Other strings are trusted, unless the pattern has lookarounds or backreferences, which rstr does not respect.
"""

import re
import re._parser as parser  # type: ignore[import-not-found] # rstr uses it as well
import warnings
from itertools import chain
from string import ascii_lowercase, digits, printable
from typing import Any, cast

from rstr import Rstr

from clevora_mock.core.messages import quoted
from clevora_mock.core.rng import RandomStream
from clevora_mock.models.json_schema import Budget, SchemaError, UnsatisfiableError

_MAX_LENGTH = 1_000
_MAX_WAYS, _UNBOUNDED, _WAYS_PER_STEP = 50_000, 1e9, 100
# The cost of compiling a pattern, of each wide range in it, and the length that takes a step for each string.
_COMPILE_STEPS, _WIDE_RANGE_STEPS, _PATTERN_PER_STEP = 50, 600, 3
_WIDE = 255
_WIDE_RANGE = re.compile(r"-(?:[^\x00-\xff]|\\[uUN])")
_FLAGS = re.compile(r"\(\?[aiLmsux-]")
# Not respected by rstr: groups other than plain ones, backreferences and possessive repeats.
UNSUPPORTED = re.compile(r"\(\?(?![:P])|\(\?P=|\\[1-9]|[*+?}]\+")
# Depends on what follows, such as the end of the text.
_CLOSED = re.compile(r"\$|\\[ZbB]")


class _Strings(Rstr):
    """rstr with short repeats, plain characters for a dot, a budget, and the same order of letters everywhere."""

    def __init__(self, rng: RandomStream, budget: Budget) -> None:
        super().__init__(cast("Any", rng))
        self._rng = rng
        self._budget = budget
        self._times = (0, 0)
        changed = {"any": lambda _: rng.choice(ascii_lowercase + digits), "range": self._characters}
        self._cases = {**self._cases, **changed}

    def _characters(self, ends: tuple[int, int]) -> list[str]:
        return [chr(code) for code in range(ends[0], min(ends[1], ends[0] + _WIDE) + 1)]

    def _handle_in(self, value: Any) -> str:
        self._budget.spend(3 * len(value))
        letters = {*chain(*map(self._handle_state, value))}
        chosen: str = self._rng.choice(sorted({*printable} - letters if False in letters else letters))
        return chosen

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        low, high = (min(max(start_range, times), end_range) for times in self._times)
        times = low + self._rng.randbelow(high - low + 1)
        self._budget.spend(times)
        return "".join(self._build_string(value) for _ in range(times))

    def repeating(self, pattern: str, low: int, high: int) -> str:
        """Return a string for `pattern` in which repeats occur from `low` to `high` times, if they may."""
        self._budget.spend(1 + len(pattern) // _PATTERN_PER_STEP)
        self._times = (low, high)
        return self.xeger(pattern)

    def of_length(self, pattern: str, length: int) -> str:
        """Return a string for `pattern` with about `length` characters or more; exact if it has one repeat."""
        one, two = (len(self.repeating(pattern, times, times)) for times in (1, 2))
        times = 1 - (one - length) // max(1, two - one)
        return self.repeating(pattern, times, times)


class SchemaPatterns:
    """The parsed patterns of a schema, and the strings that are trusted to match them."""

    def __init__(self, rng: RandomStream, budget: Budget) -> None:
        self.budget = budget
        self._strings = _Strings(rng, budget)
        self._trees: dict[str, Any] = {}
        self._trusted: set[tuple[str, str]] = set()

    def make(self, pattern: str, attempt: int, *, length: int = 0) -> str:
        """Return a string that `pattern` matches, in every second attempt one of about `length` characters."""
        self._tree(pattern)
        try:
            if attempt % 2:
                text = self._strings.of_length(pattern, length)
            else:
                text = self._strings.repeating(pattern, 0, 2 + 4 * attempt)
            text.encode()
        except (KeyError, IndexError, UnicodeEncodeError):
            raise UnsatisfiableError from None
        if len(text) < length and not _CLOSED.search(pattern):
            text += ascii_lowercase[0] * (length - len(text))
        return self.checked(pattern, text, is_trusted=not UNSUPPORTED.search(pattern))

    def checked(self, pattern: str, text: str, *, is_trusted: bool = True) -> str:
        """Return `text` if `pattern` matches it, or cannot be checked and the text `is_trusted`."""
        if is_trusted:
            self._trusted.add((pattern, text))
        if not self.matches(pattern, text):
            raise UnsatisfiableError
        return text

    def matches(self, pattern: str, text: str) -> bool:
        """Tell whether `pattern` is found in `text`, or trusted to be if a search could be slow."""
        if not self.can_check(pattern, text):
            return (pattern, text) in self._trusted
        self.budget.spend(1 + self._work(pattern, text) // _WAYS_PER_STEP)
        return re.search(pattern, text) is not None

    def can_check(self, pattern: str, text: str) -> bool:
        """Tell whether a search for `pattern` in `text` is fast."""
        return self._work(pattern, text) <= _MAX_WAYS

    def _work(self, pattern: str, text: str) -> int:
        return int(_ways(self._tree(pattern), len(text))) * (len(text) + 1)

    def _tree(self, pattern: str) -> Any:
        """Parse and compile `pattern`. Raises SchemaError if it is invalid or too long."""
        if pattern not in self._trees:
            wide = len(_WIDE_RANGE.findall(pattern[:_MAX_LENGTH]))
            self.budget.spend(_COMPILE_STEPS + min(len(pattern), _MAX_LENGTH) + _WIDE_RANGE_STEPS * wide)
            try:
                if len(pattern) > _MAX_LENGTH or _FLAGS.search(pattern):
                    raise OverflowError(f"at most {_MAX_LENGTH} characters, no flags")
                with warnings.catch_warnings():
                    # Patterns with a FutureWarning will change their meaning.
                    warnings.simplefilter("error")
                    re.compile(pattern)
                    self._trees[pattern] = parser.parse(pattern)
            except (re.error, OverflowError, RecursionError, Warning) as error:
                raise SchemaError(f"a regular expression ({error})", quoted(pattern)) from None
        return self._trees[pattern]


def _ways(tree: Any, length: int) -> float:
    """Return an upper bound of the paths of a backtracking engine from one position in `length` characters."""
    ways = 1.0
    for op, value in tree:
        match op.name:
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high = value[0], min(value[1], max(length, value[0]))
                each = min(_ways(value[2], length), 1e4)
                ways *= high - low + 1 if each == 1 else (1 + each) ** min(high, 50)
            case "BRANCH":
                ways *= sum(_ways(branch, length) for branch in value[1])
            case "SUBPATTERN" | "ASSERT" | "ASSERT_NOT":
                ways *= _ways(value[-1], length)
            case "GROUPREF_EXISTS" | "ATOMIC_GROUP":
                ways = _UNBOUNDED
        ways = min(ways, _UNBOUNDED)
    return ways
