"""One line for each request, on standard error: for people, or as JSON for machines."""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from clevora_mock.clock import iso
from clevora_mock.core import money
from clevora_mock.core.journal import JournalEntry
from clevora_mock.terminal import Paint, Style

Watcher = Callable[[str, JournalEntry], None]


class Line(NamedTuple):
    """What a person wants to know of one request; `place` is its endpoint or path, `trouble` what went wrong."""

    time: str
    method: str
    place: str
    status: int | None
    tokens: int
    cost: str
    trouble: str
    rule: str | None

    def text(self, paint: Paint) -> str:
        """``14:21:08 POST   chat.completions       200     40 tokens $0.02  [two failures, then fine]``."""
        style = _style(self.status or 0)
        spent = f"{self.tokens:>6} tokens {self.cost}" if self.tokens else ""
        parts = [
            paint(self.time, "dim"),
            f"{self.method:<6}",
            f"{self.place:<22}",
            paint(str(self.status or "---"), style),
            " ".join(said for said in (spent, paint(self.trouble, style)) if said),
            paint(f" [{self.rule}]", "mark") if self.rule else "",
        ]
        return " ".join(part for part in parts if part).rstrip()


def text_line(sandbox: str, entry: JournalEntry, paint: Paint) -> str:
    """An entry on one line."""
    place = entry.endpoint or entry.path
    return Line(
        iso(entry.completed)[11:19],
        entry.method,
        place if sandbox == "default" else f"{sandbox}: {place}",
        entry.status,
        entry.prompt_tokens + entry.completion_tokens,
        money.text(entry.cost),
        " ".join(said for said in (entry.code, entry.fault) if said),
        entry.rule,
    ).text(paint)


def _style(status: int) -> Style:
    if 200 <= status < 400:
        return "good"
    return "warning" if 400 <= status < 500 else "bad"


def json_line(sandbox: str, entry: JournalEntry) -> str:
    """The same as one JSON object."""
    facts: dict[str, Any] = {
        "time": iso(entry.completed),
        "sandbox": sandbox,
        "id": entry.id,
        "method": entry.method,
        "path": entry.path,
        "endpoint": entry.endpoint,
        "status": entry.status or None,
        "code": entry.code,
        "latencyMs": entry.latency // 1000,
        "tokens": entry.prompt_tokens + entry.completion_tokens,
        "cost": money.dollars(entry.cost),
        "rule": entry.rule,
        "fault": entry.fault,
        "abandoned": entry.abandoned,
    }
    return msgspec.json.encode(facts).decode()


def writer(log_format: str) -> Watcher:
    """A watcher of journals that writes a line for each entry."""
    paint = Paint(sys.stderr)

    def write(sandbox: str, entry: JournalEntry) -> None:
        line = json_line(sandbox, entry) if log_format == "json" else text_line(sandbox, entry, paint)
        sys.stderr.write(line + "\n")

    return write


def both(first: Watcher, second: Watcher) -> Watcher:
    """One watcher for two."""

    def watch(sandbox: str, entry: JournalEntry) -> None:
        first(sandbox, entry)
        second(sandbox, entry)

    return watch
