"""Strings for the regular expressions of a schema, and checks against them in bounded time.

rstr generates the strings. Python's engine checks them, but only with patterns whose backtracking is known to be
bounded: ``(a+)+`` can take hours. Strings for other patterns are trusted, unless the pattern has lookarounds or
backreferences, which rstr does not respect.
"""

import re
import re._parser as parser  # type: ignore[import-not-found] # rstr uses it as well
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

from rstr import Rstr

from clevora_mock.core.messages import quoted
from clevora_mock.core.rng import RandomStream
from clevora_mock.models.json_schema import Budget, SchemaError, UnsatisfiableError

T = TypeVar("T")

_MAX_LENGTH = 1_000
_MAX_WAYS = 50_000
_WAYS_PER_STEP = 100
# The cost of compiling a pattern, and of each wide range in it.
_COMPILE_STEPS, _WIDE_RANGE_STEPS = 50, 600
_WIDE = 255
_FLAGS = re.compile(r"\(\?[aiLmsux-]")
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}
_OPAQUE = {"GROUPREF_EXISTS", "ATOMIC_GROUP"}
# Not respected by rstr.
_UNSUPPORTED = _OPAQUE | {"ASSERT", "ASSERT_NOT", "GROUPREF", "POSSESSIVE_REPEAT"}


class _Random:
    """The methods of `random.Random` that rstr uses, on a `RandomStream`."""

    def __init__(self, rng: RandomStream) -> None:
        self._rng = rng

    def choice(self, items: Sequence[T]) -> T:
        # Some of rstr's alphabets come from sets, whose order depends on the process.
        ordered: Any = sorted(cast("Any", items)) if isinstance(items[0], str) else items
        return cast("T", self._rng.choice(ordered))

    def randint(self, low: int, high: int) -> int:
        return low + self._rng.randbelow(high - low + 1)

    def shuffle(self, items: list[T]) -> None:
        items[:] = self._rng.shuffled(items)


class _Strings(Rstr):
    """rstr with short repeats, plain characters for a dot, and a budget."""

    def __init__(self, rng: RandomStream, budget: Budget) -> None:
        super().__init__(cast("Any", _Random(rng)), printable="abcdefghijklmnopqrstuvwxyz0123456789")
        self._budget = budget
        self.longest_repeat = 0
        self._cases = {**self._cases, "range": self._handle_range}

    def _handle_range(self, ends: tuple[int, int]) -> list[str]:
        return [chr(code) for code in range(ends[0], min(ends[1], ends[0] + _WIDE) + 1)]

    def _handle_in(self, value: Any) -> Any:
        self._budget.spend(3 * len(value))
        return super()._handle_in(value)

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        times = self._random.randint(start_range, min(end_range, start_range + self.longest_repeat))
        self._budget.spend(times, times)
        return "".join(self._build_string(value) for _ in range(times))


class SchemaPatterns:
    """The parsed patterns of a schema, and the strings that are trusted to match them."""

    def __init__(self, rng: RandomStream, budget: Budget) -> None:
        self._budget = budget
        self._strings = _Strings(rng, budget)
        self._trees: dict[str, Any] = {}
        self._trusted: set[tuple[str, str]] = set()

    def make(self, pattern: str, attempt: int) -> str:
        """Return a string that `pattern` matches; later attempts have longer repeats."""
        tree = self._tree(pattern)
        self._strings.longest_repeat = 2 + 4 * attempt
        try:
            text = self._strings.xeger(pattern)
            text.encode()
        except (KeyError, IndexError, UnicodeEncodeError):
            raise UnsatisfiableError from None
        if _UNSUPPORTED.isdisjoint(name for name, _ in _nodes(tree)):
            self.trust(pattern, text)
        if not self.matches(pattern, text):
            raise UnsatisfiableError
        return text

    def trust(self, pattern: str, text: str) -> None:
        """Assume that `pattern` matches `text` if it cannot be checked."""
        self._trusted.add((pattern, text))

    def matches(self, pattern: str, text: str) -> bool:
        """Tell whether `pattern` is found in `text`, or trusted to be."""
        if not self.can_check(pattern, text):
            return (pattern, text) in self._trusted
        self._budget.spend(1 + int(_ways(self._tree(pattern), len(text))) * (len(text) + 1) // _WAYS_PER_STEP)
        return re.search(pattern, text) is not None

    def can_check(self, pattern: str, text: str) -> bool:
        """Tell whether a search for `pattern` in `text` is fast."""
        return _ways(self._tree(pattern), len(text)) * (len(text) + 1) <= _MAX_WAYS

    def _tree(self, pattern: str) -> Any:
        """Parse and compile `pattern`. Raises SchemaError if it is invalid or too long."""
        if pattern not in self._trees:
            self._budget.spend(_COMPILE_STEPS + min(len(pattern), _MAX_LENGTH))
            try:
                if len(pattern) > _MAX_LENGTH or _FLAGS.search(pattern):
                    raise OverflowError(f"at most {_MAX_LENGTH} characters, no flags")
                tree = parser.parse(pattern)
                ranges = [ends for name, value in _nodes(tree) if name == "IN" for _, ends in value]
                wide = [ends for ends in ranges if isinstance(ends, tuple) and ends[1] - ends[0] > _WIDE]
                self._budget.spend(_WIDE_RANGE_STEPS * len(wide))
                with warnings.catch_warnings():
                    # Patterns with a FutureWarning will change their meaning.
                    warnings.simplefilter("error")
                    re.compile(pattern)
            except (re.error, OverflowError, RecursionError, Warning) as error:
                raise SchemaError(f"a regular expression ({error})", quoted(pattern)) from None
            self._trees[pattern] = tree
        return self._trees[pattern]


def _inner(name: str, value: Any) -> list[Any]:
    """Return the sequences in a node of a parsed pattern."""
    if name == "BRANCH":
        return list(value[1])
    return [value[-1]] if name in _REPEATS | {"SUBPATTERN", "ASSERT", "ASSERT_NOT"} else []


def _nodes(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yield all nodes of a parsed pattern."""
    for op, value in tree:
        yield op.name, value
        for inner in _inner(op.name, value):
            yield from _nodes(inner)


def _ways(tree: Any, length: int) -> float:
    """Return an upper bound of the paths of a backtracking engine from one position in `length` characters."""
    ways, looks = 1.0, 0.0
    for op, value in tree:
        within = [_ways(inner, length) for inner in _inner(op.name, value)]
        if op.name in _REPEATS:
            low, high = value[0], min(value[1], max(length, value[0]))
            one = min(within[0], 1e4)
            ways *= high - low + 1 if one == 1 else (1 + one) ** min(high, 50)
        elif op.name in ("ASSERT", "ASSERT_NOT"):
            # The engine does not backtrack into lookarounds.
            looks += ways * within[0]
        elif op.name in _OPAQUE:
            ways = 1e9
        elif within:
            ways *= sum(within)
        ways = min(ways, 1e9)
    return ways + looks
