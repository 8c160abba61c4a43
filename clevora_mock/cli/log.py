"""The log on standard error, as text for people or JSON for machines.

It has a line for each request to an emulated API, each change through the control plane, and each request to that which
is refused.
"""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from clevora_mock.cli.log_line import WIDTH, LogLine, outcome_of, shortened, time_of_day
from clevora_mock.cli.terminal import Styler
from clevora_mock.clock import iso, wall_micros
from clevora_mock.control.endpoint import ControlAction, ControlListener
from clevora_mock.core import money
from clevora_mock.core.journal import MAX_BODY_BYTES, MAX_TEXT_CHARACTERS, JournalEntry, RequestListener
from clevora_mock.core.masking import masked, masked_start, masked_text
from clevora_mock.core.messages import printable


def text_line(sandbox: str, entry: JournalEntry, style: Styler, now: int) -> str:
    """Return a journal entry as a line of text; `now` is the wall's time, in microseconds."""
    return LogLine(
        time_of_day(entry.completed, now),
        entry.method,
        _target(sandbox, entry.endpoint or entry.path),
        entry.status,
        entry.latency,
        entry.prompt_tokens + entry.completion_tokens,
        money.text(entry.cost),
        _outcome(entry),
        entry.rule,
        entry.hint,
        entry.abandoned,
    ).text(style)


def json_line(sandbox: str, entry: JournalEntry) -> str:
    """Return a journal entry as a JSON object on one line."""
    fields: dict[str, Any] = {
        "time": iso(entry.completed),
        "sandbox": masked_text(sandbox),
        "id": entry.id,
        "method": entry.method,
        "path": entry.path,
        "endpoint": entry.endpoint,
        "status": entry.status or None,
        "code": entry.code,
        "message": entry.message,
        "hint": entry.hint,
        "latencyMs": entry.latency // 1000,
        "tokens": entry.prompt_tokens + entry.completion_tokens,
        "cost": money.dollars(entry.cost),
        "rule": entry.rule,
        "fault": entry.fault,
        "source": entry.source,
        "abandoned": entry.abandoned,
    }
    return _json_text(fields)


def control_text_line(sandbox: str, action: ControlAction, style: Styler, now: int) -> str:
    """Return a change, or a refused request, as a line of text; `now` is the wall's time, in microseconds.

    The message about a refused request is appended without being shortened, since it says what to change.
    """
    time = f"{time_of_day(action.at, now):<9}"
    target = printable(_target(sandbox, masked_text(action.path)))
    change = shortened(f"{action.method} {target} {_change(action)}".rstrip(), WIDTH - len(f"{time} control "))
    line = f"{style(time, 'dim')} {style('control', 'mark')} {change}"
    return line if action.error is None else f"{line} {style(f'refused: {_reason(action.error)}', 'warning')}"


def control_json_line(sandbox: str, action: ControlAction) -> str:
    """Return a change, or a refused request, as a JSON object on one line."""
    fields = {
        "time": iso(action.at),
        "sandbox": masked_text(sandbox),
        "method": action.method,
        "path": masked_text(action.path),
        "control": _change(action),
        "message": None if action.error is None else _reason(action.error),
    }
    return _json_text(fields)


def _change(action: ControlAction) -> str:
    # A refused field may be a misspelt `password`, whose value is a secret. The message has the wrong value, masked.
    return change_of(action.body, with_values=action.error is None)


def change_of(body: bytes, *, with_values: bool = True) -> str:
    """Summarize a request's body in a few words.

    A JSON object becomes ``mode=scaled speed=60``, or without values ``mode speed``, a scenario in YAML ``name=flaky``,
    other text its first line.
    """
    if len(body) > MAX_BODY_BYTES:
        return f"{len(body):,} bytes"
    document = _parsed(body)
    if isinstance(document, dict):
        shown: dict[str, Any] = msgspec.json.decode(masked(msgspec.json.encode(document)))
        text = " ".join(f"{name}={_value_text(value)}" if with_values else name for name, value in shown.items())
    else:
        text = masked(body).decode("utf-8", "replace").strip()
        name = re.search(r"""^name: *["']?([^"'\r\n]+)""", text, re.MULTILINE)
        text = f"name={name[1]}" if name else text.partition("\n")[0]
    return shortened(printable(text), WIDTH)


def line_writer(log_format: str) -> RequestListener:
    """Make a listener that writes a line for each request."""
    style = Styler(sys.stderr)

    def write(sandbox: str, entry: JournalEntry) -> None:
        line = json_line(sandbox, entry) if log_format == "json" else text_line(sandbox, entry, style, wall_micros())
        sys.stderr.write(line + "\n")

    return write


def control_line_writer(log_format: str) -> ControlListener:
    """Make a listener that writes a line for each change through the control plane."""
    style = Styler(sys.stderr)

    def write(sandbox: str, action: ControlAction) -> None:
        is_json = log_format == "json"
        line = (
            control_json_line(sandbox, action) if is_json else control_text_line(sandbox, action, style, wall_micros())
        )
        sys.stderr.write(line + "\n")

    return write


def combine(*listeners: RequestListener) -> RequestListener:
    """Make one listener that calls `listeners` in order."""

    def listen(sandbox: str, entry: JournalEntry) -> None:
        for listener in listeners:
            listener(sandbox, entry)

    return listen


def _reason(message: str) -> str:
    return printable(masked_start(message, MAX_TEXT_CHARACTERS))


def _value_text(value: object) -> str:
    """Return a string as it is, an object or array in short, other values as JSON."""
    if isinstance(value, str):
        return value
    return "{…}" if isinstance(value, dict) else "[…]" if isinstance(value, list) else json.dumps(value)


def _outcome(entry: JournalEntry) -> str:
    outcome = outcome_of(entry.message or entry.code, entry.fault, _parsed(entry.body), entry.endpoint)
    return outcome if entry.source == "mock" else f"{outcome} ({entry.source})".lstrip()


def _target(sandbox: str, place: str) -> str:
    """Return an endpoint or path with the name of its sandbox, unless that is the default one."""
    return place if sandbox == "default" else f"{masked_text(sandbox)}: {place}"


def _json_text(fields: Mapping[str, Any]) -> str:
    """Return a JSON object on one line, with all unprintable characters escaped, of which JSON allows some."""
    text = msgspec.json.encode(fields).decode()
    return text if text.isprintable() else json.dumps(fields, separators=(",", ":"))


def _parsed(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
