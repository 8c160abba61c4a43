"""Streams through nginx: each event is passed on at once, and a disconnect reaches the mock."""

import json
from collections.abc import Iterator

import httpx

from tests.external.deploy.mocks import Site
from tests.external.deploy.requests import CHAT, CHATS, KEY, chat, entries, ledger
from tests.support.wait import wait_until


def events(answer: httpx.Response) -> Iterator[dict[str, object]]:
    for line in answer.iter_lines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def test_the_first_token_comes_before_the_stream_is_over(http: httpx.Client, pair: Site, sandbox: str) -> None:
    """The journal gets its entry at the end, and has none while the client reads."""
    with http.stream("POST", CHATS, headers=KEY, json=CHAT | {"stream": True}) as answer:
        received = events(answer)
        assert next(received)["choices"][0]["delta"]["role"] == "assistant"  # type: ignore[index]
        assert next(received)["choices"][0]["delta"]["content"]  # type: ignore[index]
        with pair.client(sandbox) as another:
            assert entries(another) == []


def test_a_disconnect_is_passed_on_and_billed_for_the_sent_tokens(http: httpx.Client) -> None:
    chat(http)
    whole = ledger(http)["charges"]
    with http.stream("POST", CHATS, headers=KEY, json=CHAT | {"stream": True}) as answer:
        next(events(answer))
    wait_until(lambda: len(entries(http)) == 2)
    assert 0 < ledger(http)["charges"] - whole < whole


def test_events_of_the_journal_come_as_they_are_made(http: httpx.Client, pair: Site, sandbox: str) -> None:
    with http.stream("GET", "/__mock/events") as answer, pair.client(sandbox) as another:
        made = chat(another)
        assert next(events(answer))["id"] == made.headers["x-request-id"]


def test_events_are_not_buffered(http: httpx.Client) -> None:
    fault = {"kind": "stall", "after_tokens": 5}
    rule = {"name": "silence", "when": {"endpoint": "*"}, "then": {"fault": fault, "stream": {"tokens_per_second": 50}}}
    http.put("/__mock/scenario", json={"name": "silent", "rules": [rule]}).raise_for_status()
    with http.stream("POST", CHATS, headers=KEY, json=CHAT | {"stream": True}) as answer:
        received = events(answer)
        assert len([next(received) for _ in range(6)]) == 6
