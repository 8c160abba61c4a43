"""One line for each request, on standard error: text for people, or JSON for machines."""

import sys
from typing import Any, NamedTuple

import msgspec

from clevora_mock.cli.terminal import Style, Styler
from clevora_mock.clock import iso
from clevora_mock.core import money
from clevora_mock.core.journal import JournalEntry, RequestListener


class LogLine(NamedTuple):
    """A request as text. `target` is its endpoint or path, `problem` its error code and fault."""

    time: str
    method: str
    target: str
    status: int | None
    tokens: int
    cost: str
    problem: str
    rule: str | None

    def text(self, style: Styler) -> str:
        """Return ``14:21:08 POST   chat.completions       200     40 tokens $0.02  [two failures, then fine]``."""
        color = _color(self.status or 0)
        usage = f"{self.tokens:>6} tokens {self.cost}" if self.tokens else ""
        parts = [
            style(self.time, "dim"),
            f"{self.method:<6}",
            f"{self.target:<22}",
            style(str(self.status or "---"), color),
            " ".join(part for part in (usage, style(self.problem, color)) if part),
            style(f" [{self.rule}]", "mark") if self.rule else "",
        ]
        return " ".join(part for part in parts if part).rstrip()


def text_line(sandbox: str, entry: JournalEntry, style: Styler) -> str:
    """Return a journal entry as a line of text."""
    target = entry.endpoint or entry.path
    return LogLine(
        iso(entry.completed)[11:19],
        entry.method,
        target if sandbox == "default" else f"{sandbox}: {target}",
        entry.status,
        entry.prompt_tokens + entry.completion_tokens,
        money.text(entry.cost),
        " ".join(part for part in (entry.code, entry.fault) if part),
        entry.rule,
    ).text(style)


def _color(status: int) -> Style:
    if 200 <= status < 400:
        return "good"
    return "warning" if 400 <= status < 500 else "bad"


def json_line(sandbox: str, entry: JournalEntry) -> str:
    """Return a journal entry as a JSON object on one line."""
    fields: dict[str, Any] = {
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
    return msgspec.json.encode(fields).decode()


def line_writer(log_format: str) -> RequestListener:
    """Make a listener that writes a line for each request."""
    style = Styler(sys.stderr)

    def write(sandbox: str, entry: JournalEntry) -> None:
        line = json_line(sandbox, entry) if log_format == "json" else text_line(sandbox, entry, style)
        sys.stderr.write(line + "\n")

    return write


def combine(*listeners: RequestListener) -> RequestListener:
    """Make one listener that calls `listeners` in order."""

    def listen(sandbox: str, entry: JournalEntry) -> None:
        for listener in listeners:
            listener(sandbox, entry)

    return listen
