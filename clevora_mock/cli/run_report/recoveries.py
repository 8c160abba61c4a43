"""Requests that went wrong and were answered when the same was asked again."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict

from clevora_mock.clock import parse
from clevora_mock.control.schemas import JournalEntryView
from clevora_mock.core.conduct.caller import Caller
from clevora_mock.core.conduct.finding import is_answered
from clevora_mock.core.journal import MAX_BODY_BYTES, JournalEntry

# Fields that entries and their views have in common; the rules that are used here look at none of them.
_SAME = frozenset(JournalEntry.__struct_fields__) & frozenset(JournalEntryView.__struct_fields__)


def recovered(requests: Sequence[JournalEntryView]) -> list[bool]:
    """Tell of each request, which come newest first, if it went wrong and the same was answered later."""
    entries = [_entry(serial, view) for serial, view in enumerate(reversed(requests))]
    found: set[int] = set()
    for group in Caller("", entries, None, is_wall_time=False).repeated:
        last = next((entry for entry in reversed(group) if is_answered(entry)), None)
        if last is not None:
            found |= {entry.serial for entry in group if not is_answered(entry) and last.at >= entry.completed}
    return [entry.serial in found for entry in reversed(entries)]


def _entry(serial: int, view: JournalEntryView) -> JournalEntry:
    at = parse(view.time)
    is_whole = view.body_bytes <= MAX_BODY_BYTES
    body = msgspec.json.encode(view.body) if is_whole else b""
    changed: dict[str, Any] = {
        "serial": serial,
        "at": at,
        "completed": at + 1000 * view.latency_ms,
        "key_id": None,
        "status": view.status or 0,
        "latency": 1000 * view.latency_ms,
        "cost": 0,
        "balance_after": None,
        "body": body,
        "body_bytes": len(body) if is_whole else view.body_bytes,
        "ignored": (),
        "logged": True,
    }
    return JournalEntry(**{name: value for name, value in asdict(view).items() if name in _SAME} | changed)
