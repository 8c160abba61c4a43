"""Records of runs that no server has seen, for the run report."""

import json
import re
from typing import Any

import msgspec

from clevora_mock.cli.run_record import SandboxRecord
from clevora_mock.control.schemas import Finding, JournalEntryView


def journal_entry(number: int, **changes: Any) -> JournalEntryView:
    """Return an entry of `GET /__mock/requests`: a chat that was answered, unless `changes` say otherwise."""
    fields = {
        "id": f"req_{number}",
        "time": f"2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}.000Z",
        "endpoint": "chat.completions",
        "method": "POST",
        "path": "/v1/chat/completions",
        "query": "",
        "key": "sk_live_0123456789ab...ef",
        "account": "demo",
        "status": 200,
        "code": None,
        "message": None,
        "hint": None,
        "latencyMs": 180,
        "promptTokens": 8,
        "completionTokens": 12,
        "cost": 0.01,
        "balanceAfter": 99.99,
        "client": "OpenAI/Python 3.54.0",
        "body": {"model": "clevora-1.0", "messages": [{"role": "user", "content": "Hello!"}]},
        "bodyBytes": 80,
        "response": "Hello!",
        "ignored": [],
        "abandoned": False,
        "rule": None,
        "draw": None,
        "fault": None,
        "source": "mock",
        "nearMisses": [],
    }
    return msgspec.convert(fields | changes, JournalEntryView)


def finding(**changes: Any) -> Finding:
    """Return a finding that `GET /__mock/conduct` shows, about the request `req_0` unless `changes` say otherwise."""
    fields = {
        "kind": "early_retry",
        "severity": "error",
        "message": "m",
        "advice": "a",
        "requests": ["req_0"],
        "count": 1,
        "dollars": 0.0,
    }
    return msgspec.convert(fields | changes, Finding)


def record(name: str = "tests/test_chat.py::test_hello", chats: int = 1, **changes: Any) -> SandboxRecord:
    """Return the record of a test that passed, with so many chats, the newest first."""
    facts: dict[str, Any] = {
        "name": name,
        "sandbox": "test-hello-1a2b3c4d",
        "spent": 10_000 * chats,
        "outcome": "passed",
        "requests": [journal_entry(number) for number in reversed(range(chats))],
    }
    return SandboxRecord(**facts | changes)


def data_in(report: bytes) -> Any:
    """Return the run that a report has."""
    found = re.search(r'<script type="application/json" id="run">(.*?)</script>', report.decode(), re.DOTALL)
    assert found
    return json.loads(found[1])
