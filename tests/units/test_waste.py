"""Waste: the cost of requests that need not have been made, by kind; each request counts once."""

from typing import Any

import pytest

from clevora_mock.core.journal import JournalEntry
from clevora_mock.core.waste import Waste, charged_entries, find_waste, merge_waste

HELLO = b'{"messages": "Hello!"}'
STREAM = b'{"messages": "Hello!", "stream": true}'


def entry(serial: int, body: bytes = HELLO, **more: Any) -> JournalEntry:
    """Return a request of 20 ms that cost $0.02, a second after the one before it."""
    facts: dict[str, Any] = {
        "serial": serial,
        "id": f"req_{serial}",
        "at": serial * 1_000_000,
        "completed": serial * 1_000_000 + 20_000,
        "endpoint": "chat.completions",
        "method": "POST",
        "path": "/v1/chat/completions",
        "key": "sk_live_one",
        "key_id": "key_one",
        "account": "demo",
        "status": 200,
        "code": None,
        "latency": 20_000,
        "prompt_tokens": 8,
        "completion_tokens": 32,
        "cost": 20_000,
        "balance_after": 0,
        "client": "test",
        "body": body,
        "body_bytes": len(body),
        "response": "",
        "ignored": (),
        "logged": True,
        "follows": serial - 1,
        "changes": 0,
        "is_real": True,
    }
    return JournalEntry(**facts | more)


def embedding(serial: int, body: bytes, **more: Any) -> JournalEntry:
    return entry(serial, body, **{"endpoint": "embeddings", "path": "/v1/embeddings", "cost": 600} | more)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry(0), entry(1)], [("asked_twice", ["req_1"], 20_000)]),
        ([entry(0), entry(1), entry(2)], [("asked_twice", ["req_1", "req_2"], 40_000)]),
        ([entry(0), entry(1, b'{"messages": "Bye!"}')], []),
        ([entry(0), entry(1, key="sk_live_two")], []),
        ([entry(0), entry(1, query="a=1")], []),
        # Concurrent requests are no repetition.
        ([entry(0), entry(1, at=10_000, follows=None)], []),
        ([entry(0, fault="comments"), entry(1)], [("asked_twice", ["req_1"], 20_000)]),
        ([entry(0, fault="reset"), entry(1, follows=None)], [("billed_retry", ["req_0"], 20_000)]),
        ([entry(0), entry(1, client="another")], []),
        # What cost nothing was not wasted.
        ([entry(0), entry(1, cost=0)], []),
        ([entry(0, cost=0, status=500), entry(1)], []),
        # The journal has the start of a long body alone.
        ([entry(0, body_bytes=20_000), entry(1, body_bytes=20_000)], []),
        ([entry(0, fault="cut_stream"), entry(1)], [("billed_retry", ["req_0"], 20_000)]),
        ([entry(0, status=500), entry(1)], [("billed_retry", ["req_0"], 20_000)]),
        ([entry(0, abandoned=True), entry(1)], [("billed_retry", ["req_0"], 20_000)]),
        (
            [entry(0, fault="cut_stream"), entry(1, fault="cut_stream"), entry(2)],
            [("billed_retry", ["req_0", "req_1"], 40_000)],
        ),
        ([entry(0, fault="cut_stream"), entry(1, b"{}")], []),
        ([entry(0, STREAM, abandoned=True)], [("unread_stream", ["req_0"], 20_000)]),
        # Leaving a stream that a fault has stalled is correct.
        ([entry(0, STREAM, abandoned=True, fault="stall")], []),
        ([entry(0, abandoned=True)], []),
        # One kind for a request, and the stream that was left before its repetition.
        ([entry(0, STREAM, abandoned=True), entry(1, STREAM)], [("unread_stream", ["req_0"], 20_000)]),
        ([entry(0, STREAM), entry(1, STREAM, abandoned=True)], [("asked_twice", ["req_1"], 20_000)]),
        (
            [embedding(0, b'{"input": "the cat sat"}'), embedding(1, b'{"input": "the cat sat"}')],
            [("embedded_twice", ["req_1"], 600)],
        ),
        (
            [embedding(0, b'{"input": "the cat sat"}'), embedding(1, b'{"input": ["the cat sat", "a dog"]}')],
            [("embedded_twice", ["req_1"], 360)],
        ),
        ([embedding(0, b'{"input": ["a dog", "a dog"]}')], [("embedded_twice", ["req_0"], 300)]),
        ([embedding(0, b'{"input": "a"}'), embedding(1, b'{"input": "a", "model": "other"}')], []),
        ([embedding(0, b'{"input": "a"}'), embedding(1, b'{"input": "a"}', at=10_000, follows=None)], []),
        ([embedding(0, b"not JSON"), embedding(1, b"no JSON")], []),
        ([embedding(0, b'{"input": [1]}'), embedding(1, b'{"input": [1, 1]}')], []),
        ([embedding(0, b"[" * 10_000), embedding(1, b"[" * 10_001)], []),
        # The dearest first.
        (
            [entry(0), entry(1), embedding(2, b'{"input": "a"}'), embedding(3, b'{"input": "a"}')],
            [("asked_twice", ["req_1"], 20_000), ("embedded_twice", ["req_3"], 600)],
        ),
    ],
)
def test_waste_has_its_kind_requests_and_cost(
    entries: list[JournalEntry], expected: list[tuple[str, list[str], int]]
) -> None:
    assert [(waste.kind, waste.requests, waste.spent) for waste in find_waste(entries)] == expected


@pytest.mark.parametrize(
    ("spent", "charged"),
    [(0, []), (20_000, ["req_2"]), (45_000, ["req_1", "req_2"]), (90_000, ["req_0", "req_1", "req_2"])],
)
def test_requests_before_a_reset_of_the_ledgers_are_not_charged(spent: int, charged: list[str]) -> None:
    entries = [entry(0), entry(1), entry(2)]
    assert [one.id for one in charged_entries(entries, spent)] == charged


def test_merged_waste_is_one_a_kind() -> None:
    merged = merge_waste(
        [Waste("asked_twice", ["a"], 1), Waste("unread_stream", ["b"], 5), Waste("asked_twice", ["c"], 2)]
    )
    assert merged == [Waste("unread_stream", ["b"], 5), Waste("asked_twice", ["a", "c"], 3)]
