"""Fields for scalars: texts, bools, numbers, choices, durations and times."""

import re
from collections.abc import Callable
from math import inf
from typing import Any

from clevora_mock import clock
from clevora_mock.core.messages import did_you_mean, duration_hint, one_of, quoted
from clevora_mock.scenarios.nodes import AmbiguousScalar, Node, unquoted
from clevora_mock.scenarios.reader import Field, unknown

Hint = Callable[[Node], str]

_TIMESTAMP = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"

# Larger bounds only exclude absurd numbers; messages do not mention them.
_UNMENTIONED = 1_000_000


def text(
    label: str = "text", max_length: int = 10_000, min_length: int = 1, *, single_line: bool = False
) -> Field[str]:
    """Return the field for a text; `single_line` refuses line breaks and space around it."""

    def read(node: Node) -> str:
        value = node.value
        if not isinstance(value, str):
            raise node.unexpected(label, f"; quote it: {quoted(node.text)}" if node.text and value is not None else "")
        if not min_length <= len(value) <= max_length:
            length = f"{len(value):,} characters" if value else '""'
            raise node.invalid(f"expected {label} of {min_length} to {max_length:,} characters, got {length}")
        if single_line and not (value.isprintable() and value.strip() == value):
            raise node.unexpected(f"{label} on one line, without space around it")
        return value

    return Field(read, {"type": "string", "minLength": min_length, "maxLength": max_length})


def number(
    kind: type[float] = float, hint: Hint = lambda node: "", *, nullable: bool = False, **bounds: float
) -> Field[Any]:
    """Return the field for an int or float within `bounds`, named as in JSON Schema."""
    ge, gt = (bounds.get(name, -inf) for name in ("minimum", "exclusiveMinimum"))
    le, lt = (bounds.get(name, inf) for name in ("maximum", "exclusiveMaximum"))
    words = (("from", ge), ("above", gt), ("to" if ge > -inf else "and up to", le), ("and below", lt))
    mentioned = "".join(f" {preposition} {bound:g}" for preposition, bound in words if abs(bound) < _UNMENTIONED)
    label = f"a{' whole' if kind is int else ''} number{mentioned}{', or null' if nullable else ''}"

    def read(node: Node) -> float | None:
        value = node.number
        if nullable and node.value is None:
            return None
        if value is not None and ge <= value <= le and gt < value < lt:
            if kind is float or isinstance(value, int):
                return kind(value)
            raise node.unexpected(label, f"; write {value:.0f}" if value.is_integer() else "")
        if nullable and node.text.lower() in ("none", "off", "no", "unlimited", "infinity", ".inf"):
            raise node.unexpected(label, "; write null for none")
        raise node.unexpected(label, hint(node) or bare_hint(node))

    type_ = "integer" if kind is int else "number"
    return Field(read, {"type": [type_, "null"] if nullable else type_, **bounds})


def choice(*values: Any, noun: str = "", label: str = "", hint: Hint = lambda node: "") -> Field[Any]:
    """Return the field for one of `values`; messages call any other text an unknown `noun`."""

    def read(node: Node) -> Any:
        if node.value in values and not isinstance(node.value, bool):
            return node.value
        if noun and isinstance(node.value, str):
            raise node.invalid(unknown(noun, node.value, values, hint(node)))
        written = node.value if isinstance(node.value, str) else ""
        way_out = did_you_mean(written, values) if isinstance(values[0], str) else _choice_hint(node, values)
        raise node.unexpected(label or one_of(values), hint(node) or way_out)

    return Field(read, {"enum": list(values)})


def duration(hint: Hint = lambda node: "", *, positive: bool = False, unit: str | None = None) -> Field[int]:
    """Return the field for a duration such as ``250ms``, in microseconds; `unit` is that of a number without one."""

    def read(node: Node) -> int:
        if not isinstance(node.value, str) or not re.fullmatch(clock.DURATION, node.text):
            raise node.unexpected("a duration such as 250ms, 2s or 1m", hint(node) or _unit_hint(node, unit))
        try:
            micros = clock.read_duration(node.text)
        except ValueError:
            raise node.unexpected(f"a duration of at most {clock.LONGEST}, a year") from None
        if positive and not micros:
            raise node.unexpected("a duration above 0")
        return micros

    return Field(read, {"type": "string", "pattern": clock.DURATION})


def _read_bool(node: Node) -> bool:
    if isinstance(node.value, bool):
        return node.value
    raise node.unexpected("true or false", bare_hint(node, of_truth=True))


def _read_timestamp(node: Node) -> int:
    expected = "a time such as 2026-05-11T14:00:00Z"
    if not isinstance(node.value, str) or not re.fullmatch(_TIMESTAMP, node.text):
        raise node.unexpected(expected, _zone_hint(node.text))
    try:
        timestamp = clock.parse(node.text.upper())
    except (ValueError, OverflowError) as error:
        raise node.unexpected(expected, f": {error}") from None
    if timestamp < 0:
        raise node.unexpected("a time from 1970 on")
    return timestamp


BOOL = Field(_read_bool, {"type": "boolean"})
DURATION = duration()
# An RFC 3339 time, in microseconds since 1970.
TIMESTAMP = Field(_read_timestamp, {"type": "string", "format": "date-time", "pattern": _TIMESTAMP})


def bare_hint(node: Node, *, of_truth: bool = False) -> str:
    """Return the hint for a number, or with `of_truth` a bool, that is ambiguous or in quotes."""
    value = node.value
    if isinstance(value, AmbiguousScalar):
        return f"; write {value.unambiguous}" if of_truth == (value.read_as in ("true", "false")) else ""
    is_bare = isinstance(value, str) and isinstance(unquoted(value), int | float)
    return "; write it without quotes" if is_bare else ""


def _choice_hint(node: Node, values: tuple[Any, ...]) -> str:
    """Return the hint for one of the numbers in `values` that is ambiguous or in quotes."""
    value = node.value
    meant = value.unambiguous if isinstance(value, AmbiguousScalar) else node.text
    return bare_hint(node) if meant in map(str, values) else ""


def share_hint(node: Node) -> str:
    """Return the hint for a fraction that is written as a percentage."""
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?(%?)", node.text, re.ASCII)
    is_percent = found and (0 if found[2] else 1) < float(found[1]) <= 100
    return f"; did you mean {float(found[1]) / 100:.8g}?" if found and is_percent else ""


def _unit_hint(node: Node, unit: str | None) -> str:
    """Return the hint for a duration without a unit, or with a unit such as ``seconds``."""
    value = node.value
    if isinstance(value, AmbiguousScalar):
        # 10:30 means 630 seconds to YAML 1.1.
        return duration_hint(value.unambiguous, "s" if ":" in node.text else unit)
    return duration_hint(node.text if node.number is None else f"{node.number:.12g}", unit)


def _zone_hint(written: str) -> str:
    """Return the hint for a timestamp without its ``T``, its seconds or its zone."""
    joined = re.sub(" +", "T", written, count=1)
    tails = (tail for tail in ("", "Z", ":00Z", "T00:00:00Z") if re.fullmatch(_TIMESTAMP, joined + tail))
    return next((f"; did you mean {joined}{tail}?" for tail in tails), "")
