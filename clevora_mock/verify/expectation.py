"""Expectations of a JSON value: literals, and matchers where more than one value is right."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Difference(NamedTuple):
    """A place of an answer that is not as expected; `got` is a value of the answer, or `MISSING`.

    `override` is the entry of a contract file that makes the mock answer so, and `scenario` a fault that does.
    """

    place: str
    expected: object
    got: object
    override: tuple[str, object] | None = None
    scenario: str = ""


class Matcher:
    """A condition on a value, for answers where more than one value is right."""

    def accepts(self, value: object) -> bool:
        raise NotImplementedError


@dataclass(frozen=True)
class OfType(Matcher):
    """A value of exactly this type; booleans are not numbers."""

    kind: type

    def accepts(self, value: object) -> bool:
        return type(value) is self.kind


@dataclass(frozen=True)
class Text(Matcher):
    """A string that matches this pattern entirely."""

    pattern: str

    def accepts(self, value: object) -> bool:
        return isinstance(value, str) and re.fullmatch(self.pattern, value, re.DOTALL) is not None


@dataclass(frozen=True)
class Within(Matcher):
    """A number within these bounds, both included."""

    low: float
    high: float

    def accepts(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True)
class ListOf(Matcher):
    """An array of this length, or of any from `least`, whose items all match `item`."""

    length: int | None
    item: Any = None
    least: int = 0

    def accepts(self, value: object) -> bool:
        return (
            isinstance(value, list)
            and self.length in (None, len(value))
            and len(value) >= self.least
            and (self.item is None or all(not differences(self.item, one) for one in value))
        )


@dataclass(frozen=True)
class OneOf(Matcher):
    """Any of these values."""

    values: tuple[Any, ...]

    def accepts(self, value: object) -> bool:
        return value in self.values


@dataclass(frozen=True)
class OrNull(Matcher):
    """Null, or what is expected otherwise."""

    otherwise: Any

    def accepts(self, value: object) -> bool:
        return value is None or not compare(self.otherwise, value)


@dataclass(frozen=True)
class Dollars(Matcher):
    """A number with at most six decimals, which an account may have."""

    def accepts(self, value: object) -> bool:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        return abs(value) < 1e9 and round(value, 6) == value


@dataclass(frozen=True)
class Exactly(Matcher):
    """An object with exactly these keys, whose values match."""

    keys: Mapping[str, Any]

    def accepts(self, value: object) -> bool:
        return not compare(self, value)


class Absent:
    """A key that must be absent."""

    def __repr__(self) -> str:
        return "ABSENT"


class Missing:
    """The value of a key that is absent."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()
MISSING = Missing()
INT = OfType(int)
STRING = Text(".+")
MOMENT = Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def values(*given: Any) -> tuple[Any, ...]:
    """Return values of several types, for rows that differ in nothing else."""
    return given


def compare(wanted: Any, found: Any, place: str = "") -> list[Difference]:
    """Return the places where `found` differs from `wanted`: objects may have further keys, arrays no further items."""
    if isinstance(wanted, Exactly):
        return [*_compare_keys(wanted.keys, found, place), *_further_keys(wanted.keys, found, place)]
    if isinstance(wanted, Matcher):
        return [] if wanted.accepts(found) else [Difference(place, wanted, found)]
    if isinstance(wanted, Mapping):
        return [*_compare_keys(wanted, found, place)]
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return [Difference(place, f"{len(wanted)} items", found)]
        pairs = enumerate(zip(wanted, found, strict=True))
        return [one for index, (want, got) in pairs for one in compare(want, got, f"{place}[{index}]")]
    same = type(wanted) is type(found) or {type(wanted), type(found)} == {int, float}
    return [] if same and wanted == found else [Difference(place, wanted, found)]


def _compare_keys(wanted: Mapping[str, Any], found: Any, place: str) -> Iterator[Difference]:
    if not isinstance(found, Mapping):
        yield Difference(place, "an object", found)
        return
    for name, part in wanted.items():
        inner = f"{place}.{name}" if place else name
        if part is ABSENT:
            if name in found:
                yield Difference(inner, ABSENT, found[name])
        elif name not in found:
            yield Difference(inner, part, MISSING)
        else:
            yield from compare(part, found[name], inner)


def _further_keys(wanted: Mapping[str, Any], found: Any, place: str) -> Iterator[Difference]:
    for name in found.keys() - wanted.keys() if isinstance(found, Mapping) else ():
        yield Difference(f"{place}.{name}" if place else name, ABSENT, found[name])


def differences(wanted: Any, found: Any, place: str = "") -> list[str]:
    """Return what `compare` finds as sentences."""
    return [f"{one.place or 'it'}: wanted {one.expected!r}, got {one.got!r}" for one in compare(wanted, found, place)]
