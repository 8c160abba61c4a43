"""How a value may be written: each form reads a node or notes what is wrong with it, and can say itself as JSON Schema.

A form's `read` gives the value, or None after noting a mistake; whoever needs to know compares the mistakes before and
after. `Map` and `ListOf` put forms together, so the language is a table of them.
"""

import re
from collections.abc import Callable, Iterator
from math import isfinite
from typing import Any, Protocol

from msgspec import Struct

from clevora_mock import clock
from clevora_mock.core import money
from clevora_mock.scenarios.mistakes import meant
from clevora_mock.scenarios.nodes import Listing, Mapping, Node, Place, Scalar, Surprise, got, meaning, show

Schema = dict[str, Any]

DURATION = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$"
MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
YEAR = 365 * clock.DAY
LIST_ITEMS = 10_000

_UNITS = re.compile(r"([0-9]+(?:\.[0-9]+)?) *(ms|milli|s|sec|m|min|h|hour)[a-z]*", re.ASCII | re.IGNORECASE)
_UNIT = {"milli": "ms", "sec": "s", "min": "m", "hour": "h"}


class Form(Protocol):
    """A way to write a value."""

    def read(self, node: Node, place: Place) -> Any: ...

    def schema(self) -> Schema: ...


def value_of(node: Node) -> Any:
    """What a scalar means; the node itself when it is none, which no form takes for a value."""
    return meaning(node) if isinstance(node, Scalar) else node


def text_of(node: Node) -> str:
    """A scalar's text as it stands."""
    return node.text if isinstance(node, Scalar) else ""


def one_of(names: tuple[str, ...] | list[str]) -> str:
    return f"one of {', '.join(names)}" if len(names) > 2 else " or ".join(names)


def perhaps(word: str, known: tuple[str, ...]) -> str:
    """``; did you mean …`` for a word that resembles one of `known`."""
    close = meant(word, known)
    return f'; did you mean "{close}"?' if close else ""


class Text(Struct, frozen=True):
    """A text; with `line` it has to fit a header or a list: one line of what can be seen."""

    said: str = "text"
    most: int = 10_000
    least: int = 1
    line: bool = False

    def read(self, node: Node, place: Place) -> str | None:
        value = value_of(node)
        if not isinstance(value, str):
            place.unexpected(node, self.said, _quotes(node))
        elif not self.least <= len(value) <= self.most:
            length = f"{len(value):,} characters" if value else '""'
            place.wrong(node, f"expected {self.said} of {self.least} to {self.most:,} characters, got {length}")
        elif self.line and not (value.isprintable() and value.strip() == value):
            place.wrong(node, f"expected {self.said} on one line, without space around it, got {show(value)}")
        else:
            return value
        return None

    def schema(self) -> Schema:
        return {"type": "string", "minLength": self.least, "maxLength": self.most}


def _quotes(node: Node) -> str:
    """The way out for a plain word that is no text."""
    value = value_of(node)
    if isinstance(node, Scalar) and value is not None:
        return f"; quote it: {show(node.text)}"
    return ""


def _unquoted(node: Node) -> str:
    """The way out for a text in quotes that would do without them."""
    if isinstance(node, Scalar) and not node.plain:
        bare = meaning(Scalar(node.line, node.column, node.text, plain=True))
        if isinstance(bare, int | float):
            return "; write it without quotes"
    return ""


class Flag(Struct, frozen=True):
    """true or false."""

    def read(self, node: Node, place: Place) -> bool | None:
        value = value_of(node)
        if isinstance(value, bool):
            return value
        if isinstance(value, Surprise) and value.taken in ("true", "false"):
            place.wrong(node, f"expected true or false, got {text_of(node)}; write {value.plainly}")
        else:
            place.unexpected(node, "true or false", _unquoted(node))
        return None

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Number(Struct, frozen=True):
    """A number between two bounds, `above` and `below` outside, `low` and `high` inside; `whole` ones have no point."""

    said: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    whole: bool = False
    or_null: bool = False
    hint: Callable[[Node], str] | None = None

    def read(self, node: Node, place: Place) -> Any:
        value = value_of(node)
        if value is None and self.or_null:
            return None
        if isinstance(value, int if self.whole else int | float) and not isinstance(value, bool) and self._holds(value):
            return value if self.whole else float(value)
        place.unexpected(node, self.said, self._way_out(node, value))
        return None

    def _way_out(self, node: Node, value: Any) -> str:
        if self.hint and (hint := self.hint(node)):
            return hint
        if self.or_null and text_of(node).lower() in ("none", "off", "no", "unlimited", "infinity", ".inf"):
            return "; write null for none"
        if self.whole and isinstance(value, float) and value.is_integer() and self._holds(value):
            return f"; write {value:.0f}"
        return numeral(node)

    def _holds(self, value: float) -> bool:
        return (
            isfinite(value)
            and (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def schema(self) -> Schema:
        kind = "integer" if self.whole else "number"
        bounds = {
            "minimum": self.low,
            "maximum": self.high,
            "exclusiveMinimum": self.above,
            "exclusiveMaximum": self.below,
        }
        found = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"type": [kind, "null"] if self.or_null else kind, **found}


def numeral(node: Node) -> str:
    """The way out for a number that is written as something else."""
    value = value_of(node)
    if isinstance(value, Surprise):
        return "" if value.taken in ("true", "false") else f"; write {value.plainly}"
    return _unquoted(node)


def whole(low: int, high: int, *, or_null: bool = False, hint: Callable[[Node], str] | None = None) -> Number:
    """Whole numbers from `low` to `high`."""
    said = f"a whole number from {low} to {high}" if high < 1_000_000 else f"a whole number from {low}"
    return Number(said + (", or null" if or_null else ""), low, high, whole=True, or_null=or_null, hint=hint)


def per_cent(node: Node) -> str:
    """The way out for a share that is written as per cent."""
    if not isinstance(node, Scalar):
        return ""
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?(%?)", node.text, re.ASCII)
    if not found or (not 1 < float(found[1]) <= 100 and not found[2]):
        return ""
    return f"; did you mean {float(found[1]) / 100:.8g}?" if 0 < float(found[1]) <= 100 else ""


class Choice(Struct, frozen=True):
    """One of a few words."""

    names: tuple[str, ...]

    def read(self, node: Node, place: Place) -> str | None:
        value = value_of(node)
        if isinstance(value, str) and value in self.names:
            return value
        place.unexpected(node, one_of(self.names), perhaps(value, self.names) if isinstance(value, str) else "")
        return None

    def schema(self) -> Schema:
        return {"enum": list(self.names)}


class ChoiceOfNumbers(Struct, frozen=True):
    """One of a few numbers."""

    numbers: tuple[int, ...]

    def read(self, node: Node, place: Place) -> int | None:
        value = value_of(node)
        if isinstance(value, int) and not isinstance(value, bool) and value in self.numbers:
            return value
        place.unexpected(node, one_of([str(number) for number in self.numbers]), numeral(node))
        return None

    def schema(self) -> Schema:
        return {"enum": list(self.numbers)}


class Duration(Struct, frozen=True):
    """A time such as ``250ms``, in microseconds."""

    least: int = 0

    def read(self, node: Node, place: Place) -> int | None:
        value = value_of(node)
        try:
            duration = clock.read_duration(value) if isinstance(value, str) else None
        except ValueError:
            duration = None
        if duration is None:
            place.unexpected(node, "a duration such as 250ms, 2s or 1m", _with_unit(node))
        elif duration < self.least:
            place.unexpected(node, "a duration above 0")
        elif duration > YEAR:
            place.unexpected(node, "a duration of at most 8760h, a year")
        else:
            return duration
        return None

    def schema(self) -> Schema:
        return {"type": "string", "pattern": DURATION}


def _with_unit(node: Node) -> str:
    value = value_of(node)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return f"; did you mean {value}s?"
    if isinstance(value, Surprise) and ":" in text_of(node) and value.plainly.isdigit():
        return f"; did you mean {value.plainly}s?"
    if isinstance(value, str) and (found := _UNITS.fullmatch(value)):
        unit = found[2].lower()
        return f"; did you mean {found[1]}{_UNIT.get(unit, unit)}?"
    if isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        return f"; did you mean {value}s?"
    return ""


class Moment(Struct, frozen=True):
    """An RFC 3339 time, in microseconds since 1970."""

    def read(self, node: Node, place: Place) -> int | None:
        value = value_of(node)
        said = "a time such as 2026-05-11T14:00:00Z"
        if not isinstance(value, str) or not re.fullmatch(MOMENT, value):
            place.unexpected(node, said, _with_zone(value))
            return None
        try:
            moment = clock.parse(value.upper())
        except (ValueError, OverflowError) as error:
            place.wrong(node, f"expected {said}, got {show(value)}: {error}")
            return None
        if moment < 0:
            place.unexpected(node, "a time from 1970 on")
            return None
        return moment

    def schema(self) -> Schema:
        return {"type": "string", "format": "date-time", "pattern": MOMENT}


def _with_zone(value: Any) -> str:
    joined = re.sub(" +", "T", value, count=1) if isinstance(value, str) else ""
    for tail in ("", "Z", ":00Z", "T00:00:00Z"):
        if re.fullmatch(MOMENT, joined + tail):
            return f"; did you mean {joined}{tail}?"
    return ""


class Dollars(Struct, frozen=True):
    """An amount in dollars, as micro-dollars."""

    most: int = 1_000_000_000

    def read(self, node: Node, place: Place) -> int | None:
        value = value_of(node)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= self.most:
            try:
                return money.micros(value)
            except ValueError as error:
                place.wrong(node, str(error))
                return None
        said = "dollars such as 25.00"
        if isinstance(value, int | float) and not isinstance(value, bool):
            said = f"dollars from -{self.most} to {self.most}"
        sign = isinstance(value, str) and re.fullmatch(r"\$-?[0-9]+(\.[0-9]{1,6})?", value)
        place.unexpected(node, said, f"; write {text_of(node)[1:]}" if sign else numeral(node))
        return None

    def schema(self) -> Schema:
        return {"type": "number", "minimum": -self.most, "maximum": self.most}


class ListOf(Struct, frozen=True):
    """A list whose items have one form, as a tuple."""

    form: Form
    said: str
    least: int = 0
    most: int = LIST_ITEMS
    distinct: bool = False

    def read(self, node: Node, place: Place) -> tuple[Any, ...] | None:
        if not isinstance(node, Listing):
            single = isinstance(node, Scalar) and value_of(node) is not None
            place.unexpected(node, self.said, f"; write [{text_of(node)}]" if single and self._takes(node) else "")
            return None
        if not node.items and self.least:
            place.wrong(node, f"expected {self.said}, got an empty one")
        if len(node.items) > self.most:
            place.wrong(node, f"expected {self.said} with at most {self.most:,} items, got {len(node.items):,}")
            return None
        values = tuple(self.form.read(item, place.item(index)) for index, item in enumerate(node.items))
        for index, (item, value) in enumerate(zip(node.items, values, strict=True)):
            if self.distinct and value is not None and value in values[:index]:
                place.item(index).wrong(item, f"{got(item)} is there already")
        return values

    def _takes(self, node: Node) -> bool:
        aside = Place("", [])
        self.form.read(node, aside)
        return not aside.mistakes

    def schema(self) -> Schema:
        schema: Schema = {"type": "array", "items": self.form.schema(), "maxItems": self.most}
        if self.least:
            schema["minItems"] = self.least
        if self.distinct:
            schema["uniqueItems"] = True
        return schema


class Json(Struct, frozen=True):
    """Anything that JSON can say, as Python has it."""

    def read(self, node: Node, place: Place) -> Any:
        if isinstance(node, Mapping):
            return {name: self.read(value, place.entry(name)) for name, _, value in entries_of(node, place)}
        if isinstance(node, Listing):
            return [self.read(item, place.item(index)) for index, item in enumerate(node.items)]
        value = value_of(node)
        if isinstance(value, Surprise):
            place.wrong(node, f"got {got(node)}; write {value.plainly} or {show(text_of(node))}")
            return None
        return value

    def schema(self) -> Schema:
        return {}


def entries_of(node: Mapping, place: Place) -> Iterator[tuple[str, Scalar, Node]]:
    """The entries of a mapping by name; notes names that are no text and names that come again."""
    seen: dict[str, int] = {}
    for key, value in node.entries:
        if not isinstance(key, Scalar):
            place.wrong(key, f"expected a name, got {got(key)}")
        elif key.text in seen:
            place.wrong(key, f"duplicate entry {show(key.text)}; the first is on line {seen[key.text]}")
        else:
            seen[key.text] = key.line
            yield key.text, key, value
