"""Conditions that say what must not be, headers line by line, and the turns of a conversation."""

from typing import Any

import httpx
import pytest

from tests.support import records
from tests.support import scenarios as support
from tests.support.raw_client import RawResponse, connect, read
from tests.support.scenarios import CHAT, SEARCH, start_rules
from tests.support.world import World


def applies(world: World, when: dict[str, Any], body: dict[str, Any], path: str = CHAT.path) -> bool:
    """Tell whether a rule with these conditions applies to a request."""
    start_rules(world, {"when": when, "then": {"error": 503}})
    answer = world.http.post(path, json=body, headers=world.headers)
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 503


def test_a_message_is_looked_at_up_to_its_32768th_character(world: World) -> None:
    for size, expected in ((32 * 1024 - 6, True), (32 * 1024 - 5, False)):
        for content in (
            "x" * size + "needle",
            [{"type": "text", "text": "x" * (size - 1)}, {"type": "text", "text": "needle"}],
        ):
            body = {"messages": [{"role": "user", "content": content}]}
            assert applies(world, {"message": "needle"}, body) == expected


# The condition, the lines that are sent, and whether the rule applies.
LINES: list[tuple[Any, list[str], bool]] = [
    (None, [], True),
    (None, ["blue"], False),
    (None, [""], False),
    ("blue", [], False),
    ("blue", ["blue"], True),
    ("blue", ["  blue\t"], True),
    ("blue", ["red", "blue"], True),
    ("blue", ["blue", "red"], True),
    ("blue", ["red", "green"], False),
    ("blue", ["red, blue"], False),
    ("/^blue$/", ["red", " blue "], True),
    ("/^blue$/", ["red", "dark blue"], False),
    ("/^$/", [], False),
    ("/^$/", [""], True),
    ("blue", ["red"] * 7 + ["blue"], True),
    ("blue", ["red"] * 8 + ["blue"], False),
]


@pytest.mark.parametrize(("wanted", "lines", "expected"), LINES)
def test_every_line_of_a_header_is_looked_at(world: World, wanted: Any, lines: list[str], expected: bool) -> None:
    """Over a connection of its own: HTTPX sends no space around a value."""
    start_rules(world, {"when": {"header": {"X-Team": wanted}}, "then": {"error": 503}})
    sent = support.request_bytes(world, CHAT).replace(
        b"host:", b"".join(f"x-team:{line}\r\n".encode() for line in lines) + b"host:", 1
    )
    with connect(world.address) as connection:
        connection.sendall(sent)
        assert read(connection, RawResponse()).status == (503 if expected else 200)


def chat(*roles: str) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": f"{role} speaks"} for role in roles]}


# The condition, the roles of the messages, and whether the rule applies.
TURNS: list[tuple[dict[str, Any], tuple[str, ...], bool]] = [
    ({"turn": 1}, ("user",), True),
    ({"turn": 1}, ("system", "user"), True),
    ({"turn": 1}, ("user", "assistant", "user"), False),
    ({"turn": 2}, ("system", "user", "assistant", "user"), True),
    ({"turn": 2}, ("user", "assistant", "user", "assistant", "tool"), True),
    ({"last_role": "user"}, ("system", "user"), True),
    ({"last_role": "tool"}, ("user", "assistant", "tool"), True),
    ({"last_role": "tool"}, ("user", "tool", "user"), False),
    ({"turn": 1, "last_role": "assistant"}, ("user", "assistant"), True),
]


@pytest.mark.parametrize(("when", "roles", "expected"), TURNS)
def test_a_conversation_is_matched_by_its_turns(
    world: World, when: dict[str, Any], roles: tuple[str, ...], expected: bool
) -> None:
    assert applies(world, when, body=chat(*roles)) == expected


@pytest.mark.parametrize("when", [{"turn": 1}, {"last_role": "user"}])
def test_a_request_without_messages_has_no_turns(world: World, when: dict[str, Any]) -> None:
    assert not applies(world, when, body=SEARCH.body, path=SEARCH.path)


ASKED = {"messages": [{"role": "user", "content": "My refund, please"}], "user": "ann"}
# The conditions, and whether they hold for the request above.
EXCLUSIONS: list[tuple[dict[str, Any], bool]] = [
    ({"not": {"message": "refund"}}, False),
    ({"not": {"message": "invoice"}}, True),
    ({"not": {"message": "/REFUND/i"}}, False),
    ({"not": {"body": {"stream": True}}}, True),
    ({"not": {"body": {"user": "ann"}}}, False),
    ({"not": {"header": {"x-team": None}}}, False),
    ({"not": {"header": {"x-team": "blue"}}}, True),
    ({"not": {"endpoint": "chat.completions"}}, False),
    ({"not": {"endpoint": ["search", "embeddings"]}}, True),
    ({"not": {"account": "demo"}}, False),
    ({"not": {"key": "ci"}}, True),
    ({"not": {"turn": 1}}, False),
    ({"not": {"last_role": "tool"}}, True),
    ({"not": {"between": ["0s", "1m"]}}, False),
    # All of them must be met to exclude a request.
    ({"not": {"message": "refund", "body": {"user": "bob"}}}, True),
    ({"not": {"message": "refund", "body": {"user": "ann"}}}, False),
    ({"endpoint": "chat.completions", "message": "refund", "not": {"body": {"user": "bob"}}}, True),
    ({"message": "invoice", "not": {"body": {"user": "bob"}}}, False),
]


@pytest.mark.parametrize(("when", "expected"), EXCLUSIONS)
def test_a_rule_excludes_requests(world: World, when: dict[str, Any], expected: bool) -> None:
    assert applies(world, when, body=ASKED) == expected


def test_an_excluded_request_counts_nothing_and_is_a_near_miss(world: World) -> None:
    when = {"not": {"body": {"stream": True}}, "calls": 2}
    start_rules(world, {"when": when, "then": {"error": 503}})
    statuses = [
        world.http.post(CHAT.path, json=CHAT.body | {"stream": stream}, headers=world.headers).status_code
        for stream in (False, True, True, False)
    ]
    assert statuses == [200, 200, 200, 503]
    assert [entry.misses[0].condition for entry in records.journal(world)[:3]] == ["calls", "not", "not"]


@pytest.mark.parametrize("entry", ["calls", "chance", "not"])
def test_what_is_counted_or_drawn_cannot_be_excluded(world: World, entry: str) -> None:
    refused: httpx.Response = world.http.put(
        "/__mock/scenario", json={"rules": [{"when": {"not": {entry: 1}}, "then": {"error": 500}}]}
    )
    assert refused.status_code == 400
    assert f'rules[0].when.not: unknown entry "{entry}"' in refused.json()["error"]["message"]
