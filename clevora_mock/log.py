"""One line for each request, on standard error: for people, or as JSON for machines."""

import sys
from collections.abc import Callable
from typing import Any

import msgspec

from clevora_mock.clock import iso
from clevora_mock.core import money
from clevora_mock.core.journal import Entry

Watcher = Callable[[str, Entry], None]


def text_line(sandbox: str, entry: Entry) -> str:
    """``14:21:08 POST chat.completions 200 40 tokens $0.02``: time, method, endpoint, status, tokens, cost."""
    place = entry.endpoint or entry.path
    named = f"{place} [{sandbox}]" if sandbox != "default" else place
    tokens = entry.prompt_tokens + entry.completion_tokens
    spent = f"{tokens} tokens {money.text(entry.cost)}" if tokens else entry.code or ""
    return f"{iso(entry.completed)[11:19]} {entry.method:<6} {named:<24} {entry.status} {spent}".rstrip()


def json_line(sandbox: str, entry: Entry) -> str:
    """The same as one JSON object."""
    facts: dict[str, Any] = {
        "time": iso(entry.completed),
        "sandbox": sandbox,
        "id": entry.id,
        "method": entry.method,
        "path": entry.path,
        "endpoint": entry.endpoint,
        "status": entry.status,
        "code": entry.code,
        "latencyMs": entry.latency // 1000,
        "tokens": entry.prompt_tokens + entry.completion_tokens,
        "cost": money.dollars(entry.cost),
    }
    return msgspec.json.encode(facts).decode()


def writer(log_format: str) -> Watcher:
    """A watcher of journals that writes a line for each entry."""
    line = json_line if log_format == "json" else text_line

    def write(sandbox: str, entry: Entry) -> None:
        sys.stderr.write(line(sandbox, entry) + "\n")

    return write
