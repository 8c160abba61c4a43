"""Descriptions for near misses: the part of a request that a condition is about, what was expected, and what came."""

import json
from typing import Any

from clevora_mock.clock import SECOND
from clevora_mock.core.json_subset import is_subset
from clevora_mock.core.messages import json_text
from clevora_mock.core.scenario import Calls, TextPattern, When

NOTHING = "nothing"

Difference = tuple[str, str, str]


def difference(part: Any, whole: Any, path: str) -> Difference:
    """Return the first place at which JSON `whole` does not contain `part`, and both values there."""
    if isinstance(part, dict) and isinstance(whole, dict):
        for name, value in part.items():
            if name not in whole:
                return f"{path}.{name}", json_text(value), NOTHING
            if not is_subset(value, whole[name]):
                return difference(value, whole[name], f"{path}.{name}")
    if isinstance(part, list) and isinstance(whole, list) and len(part) == len(whole):
        for index, (value, got) in enumerate(zip(part, whole, strict=True)):
            if not is_subset(value, got):
                return difference(value, got, f"{path}[{index}]")
    return path, json_text(part), json_text(whole)


def pattern_text(pattern: TextPattern, searched: str = "") -> str:
    """Return a pattern as it is written; a text is in quotes. Of a long text `searched`, an expression sees a part."""
    if pattern.expression is None:
        return json_text(pattern.text)
    count = len(pattern.expression.searched(searched))
    return pattern.text if count == len(searched) else f"{pattern.text} in the first {count:,} characters"


def calls_text(calls: Calls) -> str:
    """Return a selection of calls as it is written: ``1-2``, ``4-``, ``every 5``."""
    parts = [str(low) if low == high else f"{low}-{'' if high is None else high}" for low, high in calls.ranges]
    return ", ".join([*parts, *([f"every {calls.every}"] if calls.every else [])])


def conditions_text(when: When) -> str:
    """Return the conditions of `when` with their values, as a file has them: ``turn: 2 and last_role: "tool"``."""
    patterns: dict[str, TextPattern | None] = {f"header.{name}": pattern for name, pattern in when.header}
    if when.message is not None:
        patterns["message"] = when.message
    texts = {name: NOTHING if pattern is None else pattern_text(pattern) for name, pattern in patterns.items()}
    values = ("endpoint", when.endpoints), ("key", when.key), ("account", when.account), ("body", when.body)
    more = ("turn", when.turn), ("last_role", when.last_role)
    texts |= {name: json.dumps(value, ensure_ascii=False) for name, value in values + more if value is not None}
    if when.between is not None:
        texts["between"] = window_text(when.between)
    return " and ".join(f"{name}: {text}" for name, text in texts.items())


def window_text(window: tuple[int, int]) -> str:
    """Return a span of time since the start of the scenario, in microseconds, as ``10s to 120s``."""
    return " to ".join(f"{micros / SECOND:g}s" for micros in window)
