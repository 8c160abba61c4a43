"""The choice of a rule for a request, the journal's near misses, and the effects of `then`."""

import base64
import json
import struct
from statistics import mean, median, quantiles
from typing import Any

import httpx
import pytest

from clevora_mock.core.rng import SeededRng
from clevora_mock.core.scenario import Delay
from clevora_mock.settings import Settings
from tests.support import records
from tests.support import scenarios as support
from tests.support.raw_client import RawResponse, connect, read, read_until_silent
from tests.support.records import entry_json
from tests.support.scenarios import (
    CHAT,
    EMBEDDINGS,
    QUESTION,
    REQUEST_EXAMPLES,
    SCRIPTS,
    SEARCH,
    STREAM,
    RequestExample,
    send,
    start_rules,
)
from tests.support.server import RunningServer, serve_settings
from tests.support.world import World, fresh_world

each_example = pytest.mark.parametrize("example", REQUEST_EXAMPLES, ids=lambda example: example.name)


def post(
    world: World, example: RequestExample = CHAT, headers: dict[str, str] | None = None, **changes: Any
) -> httpx.Response:
    return world.http.post(example.path, json=example.body | changes, headers=world.headers | (headers or {}))


def hits(world: World, count: int, example: RequestExample = CHAT) -> list[int]:
    """Return which of the next `count` requests, from 1, the rule answers with its 503."""
    return [number for number in range(1, count + 1) if post(world, example).status_code == 503]


def applies(world: World, when: dict[str, Any], example: RequestExample = CHAT, **given: Any) -> bool:
    """Tell whether a rule with this condition applies; status, header and journal must agree."""
    start_rules(world, {"name": "asked", "when": when, "then": {"error": 503}})
    answer = post(world, example, **given)
    applied = answer.status_code == 503
    assert (answer.headers.get("x-clevora-mock-rule") == "asked") == applied
    entry = entry_json(world)
    assert (entry["rule"] == "asked") == applied
    missed = [miss["failed"] for miss in entry["nearMisses"]]
    assert missed == ([] if applied or ("endpoint" in when and not named(when, example)) else [next(reversed(when))])
    return applied


def named(when: dict[str, Any], example: RequestExample) -> bool:
    endpoint = when["endpoint"]
    return endpoint == "*" or example.endpoint in ([endpoint] if isinstance(endpoint, str) else endpoint)


# --- when -------------------------------------------------------------------------------------------------------------


@each_example
def test_an_endpoint_is_matched_by_its_name(world: World, example: RequestExample) -> None:
    """A rule for other endpoints is not a near miss; otherwise every entry would list it."""
    listed: list[str | list[str]] = ["*", "chat.completions", "embeddings", "search", "scripts.generate"]
    for endpoint in [*listed, ["search", "embeddings"], ["keys.list"]]:
        when = {"endpoint": endpoint}
        assert (endpoint, applies(world, when, example)) == (endpoint, named(when, example))


@pytest.mark.parametrize("path", ["/api/developer/usage", "/v1/usage", "/v1/keys", "/llms.txt", "/docs/llms"])
def test_a_star_means_every_endpoint(world: World, path: str) -> None:
    start_rules(world, {"when": {"endpoint": "*"}, "then": {"error": 503}})
    assert world.http.get(path, headers=world.signed_in()).status_code == 503


def test_rules_apply_only_to_endpoints(world: World) -> None:
    start_rules(world, {"then": {"error": 503}})
    assert world.http.get("/v1/nowhere").status_code == 404
    assert world.http.get("/v1/chat/completions").status_code == 405
    assert world.http.get("/__mock/health").status_code == 200
    assert entry_json(world)["nearMisses"] == []


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (1, [1]),
        (3, [3]),
        ("1-2", [1, 2]),
        ("4-6", [4, 5, 6]),
        ("4-", [4, 5, 6, 7, 8, 9, 10]),
        ("every 5", [5, 10]),
        ("every 1", list(range(1, 11))),
        ([1, 4], [1, 4]),
        ([1, "3-4", "9-"], [1, 3, 4, 9, 10]),
        (["every 4", 5], [4, 5, 8]),
    ],
    ids=str,
)
def test_calls_are_counted_from_1(world: World, calls: Any, expected: list[int]) -> None:
    start_rules(world, {"when": {"calls": calls}, "then": {"error": 503}})
    assert hits(world, 10) == expected


def test_calls_count_requests_that_meet_the_other_conditions(world: World) -> None:
    start_rules(
        world, {"when": {"endpoint": "chat.completions", "body": {"stream": True}, "calls": 2}, "then": {"error": 503}}
    )
    statuses = [post(world, example).status_code for example in (CHAT, STREAM, SEARCH, CHAT, STREAM, STREAM)]
    assert statuses == [200, 200, 200, 200, 503, 200]


def test_calls_count_only_requests_that_passed_chance(world: World) -> None:
    """Of the requests that draw the chance, so many."""
    start_rules(world, {"when": {"calls": 2, "chance": 0.5}, "then": {"error": 503}})
    for _ in range(12):
        post(world)
    lucky = [entry for entry in records.journal(world) if entry.rule or entry.misses[0].condition == "calls"]
    assert [entry.rule is not None for entry in lucky].index(True) == 1
    assert sum(entry.rule is not None for entry in lucky) == 1
    assert 2 < len(lucky) < 12


def test_each_rule_counts_for_itself(world: World) -> None:
    """A rule after the one that applied counts nothing."""
    rules = [{"name": name, "when": {"calls": 1}, "then": {"error": 503}} for name in ("one", "two", "three")]
    start_rules(world, *rules)
    assert [post(world).headers.get("x-clevora-mock-rule") for _ in range(4)] == ["one", "two", "three", None]
    misses = [[(miss.rule, miss.condition) for miss in entry.misses] for entry in records.journal(world)]
    assert misses == [[(name, "calls") for name in ("one", "two", "three")[:count]] for count in range(4)]


def test_counters_start_anew_with_the_scenario(world: World) -> None:
    for _ in range(2):
        start_rules(world, {"when": {"calls": 1}, "then": {"error": 503}})
        assert hits(world, 3) == [1]


def test_a_key_is_matched_by_name_id_or_preview(world: World) -> None:
    headers = world.signed_in()
    made = world.http.post("/v1/keys", headers=headers, json={"name": "ci"}).json()["data"]
    mine = {"authorization": f"Bearer {made['key']}"}
    shown_key = next(
        key for key in world.http.get("/v1/keys", headers=headers).json()["data"]["keys"] if key["name"] == "ci"
    )
    for said in ("ci", shown_key["id"], shown_key["preview"]):
        assert applies(world, {"key": said}, headers=mine)
        assert not applies(world, {"key": said})
    assert applies(world, {"key": "Demo key"})
    assert not applies(world, {"key": "CI"}, headers=mine)
    assert not applies(world, {"key": "c"}, headers=mine)


def test_an_account_is_matched_by_its_uid(world: World) -> None:
    made = world.http.post("/__mock/accounts", json={"uid": "kim", "balance": 20}).json()
    kims = {"authorization": f"Bearer {made['apiKey']}"}
    assert applies(world, {"account": "demo"})
    assert not applies(world, {"account": "kim"})
    assert applies(world, {"account": "kim"}, headers=kims)
    assert not applies(world, {"account": "demo"}, headers=kims)


def test_an_account_is_matched_before_it_exists(world: World) -> None:
    """The uid of a new user is taken from the token."""
    start_rules(world, {"when": {"account": "new"}, "then": {"error": 503}})
    assert world.http.post("/api/developer/activate", headers=world.signed_in("other")).status_code == 200
    assert world.http.post("/api/developer/activate", headers=world.signed_in("new")).status_code == 503


HEADERS: list[tuple[dict[str, str], bool]] = [
    ({"x-team": "blue"}, True),
    ({"X-TEAM": "blue"}, True),
    ({"x-team": "Blue"}, False),
    ({"x-team": "blu"}, False),
    ({"x-team": "/^bl/"}, True),
    ({"x-team": "/BLUE/"}, False),
    ({"x-team": "/BLUE/i"}, True),
    ({"x-team": "/u/"}, True),
    ({"x-team": "/green|red/"}, False),
    ({"x-team": "blue", "x-other": "1"}, True),
    ({"x-team": "blue", "x-other": "2"}, False),
    ({"x-absent": "blue"}, False),
    ({"x-absent": "/.+/"}, False),
    ({"user-agent": "/^python-httpx/"}, True),
    ({"content-type": "application/json"}, True),
]


def test_a_header_is_matched_by_its_value_or_by_a_pattern(world: World) -> None:
    given = {"x-team": "blue", "x-other": "1"}
    assert [(asked, applies(world, {"header": asked}, headers=given)) for asked, _ in HEADERS] == HEADERS


BODIES: list[tuple[dict[str, Any], bool]] = [
    ({"n": 1}, True),
    ({"n": True}, False),
    ({"n": "1"}, False),
    ({"n": 1.0}, True),
    ({"user": "a"}, True),
    ({"user": "A"}, False),
    ({"stream": False}, True),
    ({"stream": 0}, False),
    ({"stream": None}, False),
    ({"stop": None}, True),
    ({"nothing": None}, False),
    ({"n": 1, "user": "a"}, True),
    ({"n": 1, "user": "b"}, False),
    ({"metadata": {"a": 1}}, True),
    ({"metadata": {"a": True}}, False),
    ({"metadata": {"a": {"b": 1}}}, False),
    ({"metadata": {"b": [1, 2]}}, True),
    ({"metadata": {"b": [1]}}, False),
    ({"metadata": {"b": [True, 2]}}, False),
    ({"metadata": {}}, True),
    ({"messages": [{"role": "user"}]}, True),
    ({"messages": [{"role": "system"}]}, False),
    ({"messages": []}, False),
]


def test_a_body_is_matched_by_a_part_of_it(world: World) -> None:
    given: dict[str, Any] = {
        "n": 1,
        "user": "a",
        "stream": False,
        "stop": None,
        "metadata": {"a": 1, "b": [1, 2], "c": "x"},
    }
    assert [(part, applies(world, {"body": part}, **given)) for part, _ in BODIES] == BODIES


def test_a_near_miss_says_how_much_of_a_long_message_was_searched(world: World) -> None:
    start_rules(world, {"when": {"message": "/refund/"}, "then": {"error": 503}})
    messages = [{"role": "user", "content": "x" * 20_000 + "refund"}]
    assert world.http.post(CHAT.path, headers=world.headers, json={"messages": messages}).status_code == 200
    (miss,) = entry_json(world)["nearMisses"]
    assert miss["expected"] == "/refund/ in the first 16,384 characters"


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b'"text"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_matches_nothing(world: World, body: bytes) -> None:
    rules = [{"when": {"body": {"a": 1}}, "then": {"error": 503}}, {"when": {"message": "a"}, "then": {"error": 503}}]
    start_rules(world, *rules)
    answer = world.http.post(CHAT.path, content=body, headers=world.headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")
    assert [miss["failed"] for miss in entry_json(world)["nearMisses"]] == ["body", "message"]


TALK = [
    {"role": "user", "content": "about apples"},
    {"role": "user", "content": "about pears"},
    {"role": "assistant", "content": "about plums"},
]
PARTS = [{"role": "user", "content": [{"type": "text", "text": "about"}, {"type": "text", "text": "pears"}]}]


MESSAGES: list[tuple[RequestExample, dict[str, Any], str, bool]] = [
    (CHAT, {"messages": TALK}, "pears", True),
    (CHAT, {"messages": TALK}, "about pears", True),
    (CHAT, {"messages": TALK}, "apples", False),
    (CHAT, {"messages": TALK}, "plums", False),
    (CHAT, {"messages": TALK}, "Pears", False),
    (CHAT, {"messages": TALK}, "/PEARS/", False),
    (CHAT, {"messages": TALK}, "/PEARS$/i", True),
    (CHAT, {"messages": TALK}, "/^pears/", False),
    (CHAT, {"messages": PARTS}, "pears", True),
    (CHAT, {"messages": PARTS}, "/about.pears/", False),
    (CHAT, {"messages": [{"role": "system", "content": "pears"}]}, "pears", False),
    (STREAM, {}, "sea", True),
    (SEARCH, {}, "black holes", True),
    (SEARCH, {}, "/white/", False),
    (SCRIPTS, {}, "/TEA/i", True),
    (SCRIPTS, {}, "coffee", False),
    (EMBEDDINGS, {}, "the cat", True),
    (EMBEDDINGS, {"input": ["one", "two"]}, "two", True),
    (EMBEDDINGS, {"input": ["one", "two"]}, "three", False),
]


def test_a_message_is_matched_by_its_text_or_by_a_pattern(world: World) -> None:
    found = [
        (example, changes, message, applies(world, {"message": message}, example, **changes))
        for example, changes, message, _ in MESSAGES
    ]
    assert found == MESSAGES


def test_between_lasts_from_its_first_moment_to_before_its_last(world: World) -> None:
    world.advance(1000)
    start_rules(
        world, {"when": {"between": ["10s", "2m"]}, "then": {"error": 503}}, limits={"requests_per_minute": None}
    )
    statuses = []
    for seconds in (0, 9.999, 0.001, 50, 59.999, 0.001, 3600):
        world.advance(seconds)
        statuses.append(post(world).status_code)
    assert statuses == [200, 200, 503, 503, 503, 200, 200]
    described = {"field": "between", "expected": "10s to 120s", "got": "3720s"}
    assert entry_json(world)["nearMisses"] == [{"rule": "rule 1", "failed": "between", "draw": None} | described]


def test_between_counts_from_the_start_that_the_scenario_sets(world: World) -> None:
    clock = {"start": "2026-05-11T14:00:00Z", "mode": "frozen"}
    start_rules(world, {"when": {"between": ["0s", "1s"]}, "then": {"error": 503}}, clock=clock)
    assert post(world).status_code == 503
    world.advance(1)
    answer = post(world)
    assert (answer.status_code, answer.json()["created"]) == (200, 1_778_508_001)


def test_each_request_draws_its_chance(world: World) -> None:
    start_rules(world, {"when": {"chance": 0.33}, "then": {"error": 503}}, limits={"requests_per_minute": None})
    lucky = hits(world, 200)
    assert 40 < len(lucky) < 95
    for number, entry in enumerate(records.journal(world), 1):
        draw = entry.draw if entry.rule else entry.misses[0].draw
        assert draw is not None
        assert (draw < 0.33) == (number in lucky) == (entry.rule is not None)


@pytest.mark.parametrize("unrelated", [SEARCH, EMBEDDINGS, SCRIPTS, STREAM], ids=lambda example: example.name)
def test_unrelated_requests_shift_no_draws(world: World, unrelated: RequestExample) -> None:
    when = {"endpoint": "chat.completions", "message": "sea", "chance": 0.4}
    if unrelated is STREAM:
        when["body"] = {"max_tokens": 3}
    changes: dict[str, Any] = {"max_tokens": 3}
    limits = {"requests_per_minute": None}
    start_rules(world, {"when": when, "then": {"error": 503}}, limits=limits)
    alone = [post(world, **changes).status_code for _ in range(30)]
    assert 0 < alone.count(503) < 30
    start_rules(world, {"when": when, "then": {"error": 503}}, limits=limits)
    mixed = []
    for _ in range(30):
        assert post(world, unrelated).status_code == 200
        mixed.append(post(world, **changes).status_code)
    assert mixed == alone


def test_the_first_rule_that_applies_decides(world: World) -> None:
    start_rules(
        world,
        {"name": "not this", "when": {"message": "mountain"}, "then": {"error": 500}},
        {"name": "elsewhere", "when": {"endpoint": "search"}, "then": {"error": 502}},
        {"name": "never lucky", "when": {"chance": 1e-9}, "then": {"error": 502}},
        {"name": "this", "when": {"message": "sea"}, "then": {"error": 503}},
        {"name": "too late", "then": {"error": 504}},
    )
    assert post(world).status_code == 503
    entry = entry_json(world)
    assert (entry["rule"], entry["draw"]) == ("this", None)
    missed = [(miss["rule"], miss["failed"]) for miss in entry["nearMisses"]]
    assert missed == [("not this", "message"), ("never lucky", "chance")]
    assert entry["nearMisses"][1]["draw"] > 1e-9


def test_near_misses_name_the_first_condition_that_failed(world: World) -> None:
    conditions: dict[str, Any] = {
        "calls": 9,
        "chance": 1e-9,
        "between": ["1h", "2h"],
        "message": "mountain",
        "body": {"n": 9},
        "header": {"x-team": "red"},
        "account": "nobody",
        "key": "nothing",
    }
    order = ["key", "account", "header", "body", "message", "between", "chance", "calls"]
    for count in range(len(order)):
        left = {name: conditions[name] for name in reversed(order[count:])}
        start_rules(world, {"name": "asked", "when": left, "then": {"error": 503}})
        assert post(world).status_code == 200
        (miss,) = entry_json(world)["nearMisses"]
        assert (miss["rule"], miss["failed"]) == ("asked", order[count])
        assert (miss["draw"] is not None) == (order[count] == "chance")


HELLO = [{"role": "user", "content": "Hello!"}]

# A condition, the part of the request that it is about, what it expects, and what the request has.
MISSED: list[tuple[dict[str, Any], str, str, str]] = [
    ({"key": "ci"}, "key", '"ci"', '"Demo key"'),
    ({"account": "ann"}, "account", '"ann"', '"demo"'),
    ({"header": {"X-Team": "red"}}, "header.x-team", '"red"', "nothing"),
    ({"header": {"x-client": "/^Open[A-Z]/"}}, "header.x-client", "/^Open[A-Z]/", '"curl"'),
    ({"body": {"stream": True}}, "body.stream", "true", "nothing"),
    ({"body": {"n": True}}, "body.n", "true", "1"),
    ({"body": {"user": None}}, "body.user", "null", '"u"'),
    ({"body": {"messages": [{"role": "system"}]}}, "body.messages[0].role", '"system"', '"user"'),
    ({"body": {"messages": [{}, {}]}}, "body.messages", "an array of 2", "an array of 1"),
    ({"body": {"n": {"x": 1}}}, "body.n", "an object", "1"),
    ({"message": "/quantum/i"}, "message", "/quantum/i", '"Hello!"'),
    ({"header": {"x-client": None}}, "header.x-client", "nothing", '"curl"'),
    ({"turn": 2}, "turn", "2", "1"),
    ({"last_role": "tool"}, "last_role", '"tool"', '"user"'),
    (
        {"not": {"endpoint": "chat.completions", "turn": 1}},
        "not",
        'not endpoint: ["chat.completions"] and turn: 1',
        "all of that",
    ),
    (
        {"not": {"message": "ell", "header": {"x-test": None}}},
        "not",
        'not header.x-test: nothing and message: "ell"',
        "all of that",
    ),
    ({"message": "x" * 500}, "message", '"' + "x" * 98 + "…", '"Hello!"'),
    ({"between": ["1.5s", "1m"]}, "between", "1.5s to 60s", "0s"),
    ({"calls": [2, "4-6", "8-"]}, "calls", "call 2, 4-6, 8-", "call 1"),
    ({"calls": "every 5"}, "calls", "call every 5", "call 1"),
]


@pytest.mark.parametrize(("when", "field", "expected", "got"), MISSED)
def test_a_near_miss_names_the_field_what_was_expected_and_what_came(
    world: World, when: dict[str, Any], field: str, expected: str, got: str
) -> None:
    start_rules(world, {"name": "asked", "when": when, "then": {"error": 503}})
    assert post(world, headers={"x-client": "curl"}, n=1, user="u", messages=HELLO).status_code == 200
    (miss,) = entry_json(world)["nearMisses"]
    assert (miss["field"], miss["expected"], miss["got"]) == (field, expected, got)


def test_a_near_miss_of_a_chance_has_the_draw(world: World) -> None:
    start_rules(world, {"when": {"chance": 0.001}, "then": {"error": 503}})
    post(world)
    (miss,) = entry_json(world)["nearMisses"]
    assert miss["expected"] == "a draw below 0.001"
    assert float(miss["got"]) == pytest.approx(miss["draw"], rel=1e-5)


@pytest.mark.parametrize("before", ["", "x" * 90])
def test_secrets_in_a_near_miss_are_masked(world: World, before: str) -> None:
    start_rules(world, {"when": {"message": "unheard of"}, "then": {"error": 503}})
    secret = "sk_live_" + "0123456789abcdef" * 2
    post(world, messages=[{"role": "user", "content": f"{before} {secret}"}])
    (miss,) = entry_json(world)["nearMisses"]
    assert "456789abcdef" not in json.dumps(miss)


def test_a_near_miss_of_a_secret_field_has_no_value(world: World) -> None:
    start_rules(world, {"when": {"body": {"inner": [{"password": "expected"}]}}, "then": {"error": 503}})
    post(world, inner=[{"password": "came"}])
    (miss,) = entry_json(world)["nearMisses"]
    assert (miss["field"], miss["expected"], miss["got"]) == ("body.inner[0].password", "***", "another value")


# --- then: errors -----------------------------------------------------------------------------------------------------


# The rule's error, and the expected status, type, code and Retry-After.
INJECTED: list[tuple[Any, int, str, str, str | None]] = [
    (400, 400, "invalid_request_error", "invalid_field", None),
    (401, 401, "authentication_error", "invalid_api_key", None),
    (402, 402, "billing_error", "insufficient_balance", None),
    (403, 403, "permission_error", "developer_access_required", None),
    (404, 404, "not_found_error", "not_found", None),
    (405, 405, "invalid_request_error", "method_not_allowed", None),
    (413, 413, "invalid_request_error", "payload_too_large", None),
    (429, 429, "rate_limit_error", "rate_limit_exceeded", "1"),
    (500, 500, "server_error", "internal_error", None),
    (502, 502, "server_error", "bad_gateway", None),
    (503, 503, "server_error", "service_unavailable", None),
    (504, 504, "server_error", "gateway_timeout", None),
    ({"status": 402, "code": "account_not_activated"}, 402, "billing_error", "account_not_activated", None),
    ({"status": 429, "retry_after": 30}, 429, "rate_limit_error", "rate_limit_exceeded", "30"),
    ({"status": 429, "retry_after": 0}, 429, "rate_limit_error", "rate_limit_exceeded", "0"),
    ({"status": 503, "retry_after": 7}, 503, "server_error", "service_unavailable", "7"),
    (
        {"status": 429, "code": "daily_token_limit_exceeded"},
        429,
        "rate_limit_error",
        "daily_token_limit_exceeded",
        "1",
    ),
    ({"status": 418}, 418, "invalid_request_error", "i_m_a_teapot", None),
    ({"status": 422, "code": "unprocessable"}, 422, "invalid_request_error", "unprocessable", None),
    ({"status": 499, "type": "proxy_error"}, 499, "proxy_error", "status_499", None),
    ({"status": 529, "code": "overloaded", "type": "overloaded_error"}, 529, "overloaded_error", "overloaded", None),
    ({"status": 599}, 599, "server_error", "status_599", None),
    ({"status": 429, "code": "insufficient_quota"}, 429, "rate_limit_error", "insufficient_quota", "1"),
    ({"status": 500, "type": "api_error"}, 500, "api_error", "internal_error", None),
    ({"status": 429, "retry_after": 0.25}, 429, "rate_limit_error", "rate_limit_exceeded", "0.25"),
    ({"status": 429, "retry_after": 1e-9}, 429, "rate_limit_error", "rate_limit_exceeded", "0.000000001"),
    ({"status": 429, "retry_after": None}, 429, "rate_limit_error", "rate_limit_exceeded", None),
    ({"status": 429, "retry_after": "soon"}, 429, "rate_limit_error", "rate_limit_exceeded", "soon"),
    ({"status": 400, "retry_after": 3}, 400, "invalid_request_error", "invalid_field", "3"),
    (
        {"status": 503, "retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"},
        503,
        "server_error",
        "service_unavailable",
        "Wed, 21 Oct 2026 07:28:00 GMT",
    ),
]


@each_example
def test_an_injected_error_has_the_contracts_shape(frozen_server: RunningServer, example: RequestExample) -> None:
    """JSON even for a stream; the status determines values that the rule omits."""
    found = []
    world = fresh_world(frozen_server)
    for error, *_ in INJECTED:
        start_rules(world, {"name": "refused", "then": {"error": error}})
        answer = post(world, example)
        said = answer.json()["error"]
        found.append((error, answer.status_code, said["type"], said["code"], answer.headers.get("retry-after")))
        assert said["message"]
        assert answer.headers["x-clevora-mock-rule"] == "refused"
        entry = entry_json(world)
        assert (entry["status"], entry["code"], entry["rule"]) == (answer.status_code, said["code"], "refused")
        assert (entry["cost"], entry["promptTokens"], entry["completionTokens"]) == (0, 0, 0)
    assert found == INJECTED
    assert records.charges(world) == []


def test_an_injected_error_has_the_rules_message(world: World) -> None:
    start_rules(world, {"then": {"error": {"status": 500, "message": "The hamster is asleep."}}})
    assert post(world).json()["error"]["message"] == "The hamster is asleep."


@pytest.mark.parametrize(
    ("wait", "sent", "waits"),
    [(1500, "1500", 1_500_000), (0.5, "0.5", 500), ("soon", "soon", 1_000_000), (None, None, 1_000_000)],
)
def test_a_wait_in_milliseconds_has_a_header_of_its_own(world: World, wait: Any, sent: str | None, waits: int) -> None:
    """SDKs prefer it to the seconds, and so does the mock's judgement of clients; a text leaves the seconds."""
    start_rules(world, {"then": {"error": {"status": 429, "retry_after_ms": wait}}})
    answer = post(world)
    assert (answer.headers.get("retry-after-ms"), answer.headers["retry-after"]) == (sent, "1")
    (entry,) = records.journal(world)
    assert entry.retry_at == entry.at + waits


# The error's body and content type, and what is sent.
ERROR_BODIES: list[tuple[dict[str, Any], bytes, str]] = [
    ({"body": "upstream connect error"}, b"upstream connect error", "text/plain; charset=utf-8"),
    ({"body": {"detail": [1, None]}}, b'{"detail":[1,null]}', "application/json"),
    ({"body": ["no"]}, b'["no"]', "application/json"),
    ({"body": ""}, b"", "text/plain; charset=utf-8"),
    ({"body": "<h1>Né</h1>", "content_type": "text/html"}, "<h1>Né</h1>".encode(), "text/html"),
    ({"body": "Né", "content_type": 'text/html; Charset="latin-1"'}, b"N\xe9", 'text/html; Charset="latin-1"'),
    ({"body": {"a": "é"}, "content_type": "text/json;charset=cp1252"}, b'{"a":"\xe9"}', "text/json;charset=cp1252"),
    ({"body": "Né", "content_type": "text/plain; charset=nonsense"}, "Né".encode(), "text/plain; charset=nonsense"),
    (
        {"body": {"title": "Busy"}, "content_type": "application/problem+json"},
        b'{"title":"Busy"}',
        "application/problem+json",
    ),
]


@pytest.mark.parametrize(("parts", "sent", "content_type"), ERROR_BODIES)
def test_an_error_has_a_body_of_its_own(world: World, parts: dict[str, Any], sent: bytes, content_type: str) -> None:
    start_rules(world, {"then": {"error": {"status": 503, "retry_after": 2} | parts}})
    answer = post(world)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (503, sent, content_type)
    assert (answer.headers["content-length"], answer.headers["retry-after"]) == (str(len(sent)), "2")
    entry = entry_json(world)
    assert (entry["status"], entry["code"]) == (503, None)


def test_a_content_type_alone_leaves_the_contracts_body(world: World) -> None:
    start_rules(world, {"then": {"error": {"status": 500, "content_type": "application/problem+json"}}})
    answer = post(world)
    assert (answer.headers["content-type"], answer.json()["error"]["code"]) == (
        "application/problem+json",
        "internal_error",
    )


def test_the_dashboards_injected_errors_keep_their_envelope(world: World) -> None:
    start_rules(world, {"then": {"error": 500}})
    answer = world.http.get("/api/developer/usage", headers=world.signed_in())
    assert (answer.status_code, answer.json()["status"]) == (500, "error")


def test_an_injected_error_comes_after_authentication(world: World) -> None:
    start_rules(world, {"when": {"calls": 1}, "then": {"error": 500}})
    for headers in ({}, {"authorization": "Bearer sk_live_wrong"}):
        answer = world.http.post(CHAT.path, json=CHAT.body, headers=headers)
        assert answer.status_code == 401
        assert "x-clevora-mock-rule" not in answer.headers
    world.http.patch("/__mock/accounts/demo", json={"developerAccess": False})
    assert post(world).status_code == 403
    world.http.patch("/__mock/accounts/demo", json={"developerAccess": True})
    assert post(world).status_code == 500


@pytest.mark.parametrize("problem", ["unactivated", "poor", "fast", "used up", "bad field", "no JSON", "too large"])
def test_an_injected_error_precedes_the_requests_own_errors(world: World, problem: str) -> None:
    """Before 402, 429, 400 and 413; nothing is charged, and no limit counts it."""
    limits = {"fast": {"requests_per_minute": 0}, "used up": {"tokens_per_day": 0}}.get(problem, {})
    start_rules(world, {"then": {"error": 500}}, limits=limits or {"requests_per_minute": 60})
    if problem == "unactivated":
        world.http.patch("/__mock/accounts/demo", json={"activated": False})
    if problem == "poor":
        world.balance(0)
    content = {"bad field": b'{"messages": 1}', "no JSON": b"{", "too large": b" " * (4 * 1024 * 1024 + 1)}
    body = content.get(problem, json.dumps(CHAT.body).encode())
    assert world.http.post(CHAT.path, content=body, headers=world.headers).status_code == 500
    start_rules(world, limits=limits)
    own = {"unactivated": 402, "poor": 402, "fast": 429, "used up": 429, "too large": 413}.get(problem, 400)
    assert world.http.post(CHAT.path, content=body, headers=world.headers).status_code == own
    assert records.charges(world) == []


def test_injected_errors_use_up_no_limit(world: World) -> None:
    start_rules(world, {"when": {"calls": "1-9"}, "then": {"error": 503}}, limits={"requests_per_minute": 2})
    assert [post(world).status_code for _ in range(12)] == [503] * 9 + [200, 200, 429]


# --- then: delays -----------------------------------------------------------------------------------------------------


@each_example
def test_a_fixed_delay_is_recorded(world: World, example: RequestExample) -> None:
    """No wait under a frozen clock, which does not move."""
    before = world.clock.now()
    for delay, millis in (("250ms", 250), ("2s", 2000), ("1.5m", 90_000), ("0s", 0)):
        start_rules(world, {"then": {"delay": delay}})
        assert post(world, example).status_code == 200
        assert entry_json(world)["latencyMs"] == millis
    assert world.clock.now() == before


@pytest.mark.parametrize(
    ("example", "then"),
    [
        (CHAT, {"delay": "30ms"}),
        (CHAT, {"fault": {"kind": "stall", "for": "30ms"}}),
        (STREAM, {"reply": {"content": ""}, "stream": {"ttft": "30ms"}}),
    ],
)
def test_real_delays_are_waited_out_beside_a_frozen_clock(example: RequestExample, then: dict[str, Any]) -> None:
    with serve_settings(Settings(clock="frozen", real_delays=True)) as server:
        waiting = World(server, "waiting")
        with waiting.http:
            start_rules(waiting, {"then": then})
            assert send(waiting, example).ending == "whole"
            assert entry_json(waiting)["latencyMs"] == 30


def test_an_error_can_be_delayed(world: World) -> None:
    start_rules(world, {"then": {"delay": "3s", "error": 504}})
    assert post(world).status_code == 504
    assert entry_json(world)["latencyMs"] == 3000


def test_a_delayed_error_is_waited_for(world: World) -> None:
    world.stop_clock()
    start_rules(world, {"then": {"delay": "5s", "error": 429}})
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, SEARCH))
        records.wait_for_timer(world)
        world.advance(4.9)
        assert read_until_silent(connection, RawResponse()).raw == b""
        world.advance(0.1)
        assert read(connection, RawResponse()).status == 429


def latencies(world: World, delay: Any, count: int) -> list[int]:
    start_rules(world, {"then": {"delay": delay}}, limits={"requests_per_minute": None})
    for _ in range(count):
        post(world)
    return [entry.latency for entry in records.journal(world)[-count:]]


def test_drawn_delays_are_recorded(world: World) -> None:
    uniform = latencies(world, {"uniform": ["100ms", "2s"]}, 40)
    assert all(100_000 <= one <= 2_000_000 for one in uniform)
    assert len(set(uniform)) == 40
    assert max(uniform) > 3 * min(uniform)
    drawn = latencies(world, {"lognormal": {"median": "800ms", "p99": "4s"}}, 40)
    assert 500_000 < median(drawn) < 1_200_000


def test_delays_are_drawn_alike_each_time(world: World) -> None:
    first, second = (latencies(world, {"uniform": ["100ms", "2s"]}, 5) for _ in range(2))
    assert first == second


def draws(delay: Delay, count: int = 20_000) -> list[int]:
    rng = SeededRng(0, "draws")
    return [delay.sample(rng, "delay") for _ in range(count)]


def test_uniform_delays_are_spread_evenly() -> None:
    drawn = draws(Delay("uniform", 100_000, 2_000_000))
    assert 100_000 <= min(drawn) < 105_000
    assert 1_995_000 < max(drawn) <= 2_000_000
    assert mean(drawn) == pytest.approx(1_050_000, rel=0.02)


@pytest.mark.parametrize(("middle", "high"), [(800_000, 4_000_000), (800_000, 6_000_000), (10_000, 10_000_000)])
def test_lognormal_delays_have_their_median_and_99th_percentile(middle: int, high: int) -> None:
    drawn = draws(Delay("lognormal", middle, high))
    assert median(drawn) == pytest.approx(middle, rel=0.05)
    assert sum(one > high for one in drawn) / len(drawn) == pytest.approx(0.01, abs=0.002)
    assert quantiles(drawn, n=100)[-1] == pytest.approx(high, rel=0.15)


class FixedDraw(SeededRng):
    """Draws that are all the same."""

    def __init__(self, share: float) -> None:
        super().__init__(0, "draws")
        self.share = share

    def next_float(self, purpose: str) -> float:
        return self.share


@pytest.mark.parametrize(("share", "delay"), [(0.01, 160_000), (0.5, 800_000), (0.99, 4_000_000)])
def test_a_draw_is_the_quantile_of_a_lognormal_delay(share: float, delay: int) -> None:
    assert Delay("lognormal", 800_000, 4_000_000).sample(FixedDraw(share), "delay") == delay


def test_a_lognormal_delay_is_never_longer_than_a_year() -> None:
    year = 365 * 86_400 * 1_000_000
    assert Delay("lognormal", 1_000, year).sample(FixedDraw(1 - 2**-53), "delay") == year


def test_a_lognormal_delay_whose_median_is_its_p99_is_fixed() -> None:
    assert set(draws(Delay("lognormal", 500, 500), 100)) == {500}


# --- then: replies ----------------------------------------------------------------------------------------------------


def use_reply(world: World, reply: dict[str, Any]) -> None:
    start_rules(world, {"name": "canned", "then": {"reply": reply}})


def test_a_scripted_content_is_billed_by_its_own_tokens(world: World) -> None:
    use_reply(world, {"content": "Thirty days, no more."})
    answer = post(world)
    body = answer.json()
    assert body["choices"][0]["message"]["content"] == "Thirty days, no more."
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["completion_tokens"] == 6
    assert answer.headers["x-clevora-mock-rule"] == "canned"
    (charge,) = records.charges(world)
    assert charge.tokens == body["usage"]["total_tokens"]


def test_the_placeholders_of_a_scripted_content_are_filled_in(world: World) -> None:
    use_reply(world, {"content": 'No. {n} on {model}: {message} {"n": {}} {other}'})
    messages = [{"role": "user", "content": "not this"}, {"role": "user", "content": "Why {n}?"}]
    said = [post(world, messages=messages).json()["choices"][0]["message"]["content"] for _ in range(2)]
    assert said == [f'No. {n} on clevora-1.0-turbo: Why {{n}}? {{"n": {{}}}} {{other}}' for n in (1, 2)]


def streamed(seen: RawResponse) -> tuple[str, str | None, dict[str, int]]:
    """Return text, finish reason and usage of a complete stream."""
    said = [json.loads(event.removeprefix(b"data: ")) for event in seen.events[:-1]]
    text = "".join(one["choices"][0]["delta"].get("content", "") for one in said)
    return text, said[-1]["choices"][0]["finish_reason"], said[-1]["usage"]


def test_a_scripted_content_can_be_streamed(world: World) -> None:
    use_reply(world, {"content": "Thirty days, no more.", "finish_reason": "length"})
    text, reason, usage = streamed(send(world, STREAM))
    assert (text, reason, usage["completion_tokens"]) == ("Thirty days, no more.", "length", 6)
    assert records.charges(world)[0].tokens == usage["total_tokens"]


@pytest.mark.parametrize(
    ("reply", "limit", "text", "reason", "tokens"),
    [
        ({}, None, "One two three four.", "stop", 5),
        ({}, 5, "One two three four.", "stop", 5),
        ({}, 3, "One two three", "length", 3),
        ({"finish_reason": "length"}, None, "One two three four.", "length", 5),
        ({"finish_reason": "stop"}, 2, "One two", "stop", 2),
        ({"content": ""}, None, "", "stop", 0),
    ],
)
@pytest.mark.parametrize("limited_by", ["max_tokens", "max_completion_tokens"])
def test_max_tokens_cuts_a_scripted_content(
    world: World, *, reply: dict[str, Any], limit: int | None, text: str, reason: str, tokens: int, limited_by: str
) -> None:
    use_reply(world, {"content": "One two three four."} | reply)
    changes: dict[str, Any] = {} if limit is None else {limited_by: limit}
    body = post(world, **changes).json()
    choice = body["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text, reason)
    assert body["usage"]["completion_tokens"] == tokens
    seen = send(world, RequestExample("cut", STREAM.endpoint, STREAM.path, STREAM.body | changes, STREAM.rate))
    assert streamed(seen) == (text, reason, body["usage"])


def test_the_parts_of_a_scripted_script_replace_the_models(world: World) -> None:
    plain = post(world, SCRIPTS).json()
    section = {"heading": "Leaves", "content": "They are green.", "durationSeconds": 12}
    use_reply(world, {"script": {"title": "Tea!", "sections": [section]}})
    body = post(world, SCRIPTS).json()
    assert body["script"] == plain["script"] | {"title": "Tea!", "sections": [section]}
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] < plain["usage"]["completion_tokens"]
    assert records.charges(world)[1].tokens == usage["total_tokens"]


def test_omitted_fields_of_a_scripted_result_get_defaults(world: World) -> None:
    plain = post(world, SEARCH).json()
    use_reply(
        world, {"results": [{"title": "One", "score": 0.5}, {"title": "Two", "type": "podcast"}, {"title": "Three"}]}
    )
    results = post(world, SEARCH).json()["results"]
    assert [result["title"] for result in results] == ["One", "Two", "Three"]
    assert (results[0]["score"], results[1]["type"]) == (0.5, "podcast")
    assert all(result.keys() == plain["results"][0].keys() for result in results)
    assert [result["title"] for result in post(world, SEARCH, limit=2).json()["results"]] == ["One", "Two"]
    assert [charge.tokens for charge in records.charges(world)] == [plain["usage"]["total_tokens"]] * 3


def test_scripted_results_may_be_none(world: World) -> None:
    use_reply(world, {"results": []})
    assert post(world, SEARCH).json()["results"] == []


@pytest.mark.parametrize("count", [1, 3])
def test_a_scripted_vector_is_the_same_for_every_input(world: World, count: int) -> None:
    use_reply(world, {"vector": [0.5, -1, 0.25]})
    texts = ["text"] * count
    floats = post(world, EMBEDDINGS, input=texts).json()["data"]
    assert [one["embedding"] for one in floats] == [[0.5, -1.0, 0.25]] * count
    encoded = post(world, EMBEDDINGS, input=texts, encoding_format="base64").json()["data"]
    assert [struct.unpack("<3f", base64.b64decode(one["embedding"])) for one in encoded] == [(0.5, -1.0, 0.25)] * count


def test_each_endpoint_takes_its_own_part_of_a_reply(world: World) -> None:
    use_reply(world, {"content": "Yes.", "vector": [1], "results": [], "script": {"title": "T"}})
    assert post(world).json()["choices"][0]["message"]["content"] == "Yes."
    assert post(world, EMBEDDINGS).json()["data"][0]["embedding"] == [1.0]
    assert post(world, SEARCH).json()["results"] == []
    assert post(world, SCRIPTS).json()["script"]["title"] == "T"


# --- then: the pace of a stream ---------------------------------------------------------------------------------------


def check_arrivals(world: World, pace: dict[str, Any], *steps: tuple[float, int]) -> None:
    """Check, for each step of so many seconds, the number of events by then; the answer has three tokens."""
    world.stop_clock()
    start_rules(world, {"then": {"reply": {"content": "One two three"}, "stream": pace}})
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, STREAM))
        seen = RawResponse()
        records.wait_for_timer(world)
        for seconds, events in steps:
            world.advance(seconds)
            read_until_silent(connection, seen, support.has(STREAM, events))
            assert len(seen.events) == events


def test_a_stream_keeps_to_the_scripted_pace(world: World) -> None:
    """The role at once, the first content after `ttft`, then a token per step; the end comes a step later."""
    pace = {"ttft": "3s", "tokens_per_second": 5}
    check_arrivals(world, pace, (0, 1), (2.9, 1), (0.101, 2), (0.15, 2), (0.05, 3), (0.2, 4), (0.2, 6))


def test_ttft_alone_delays_the_first_content(world: World) -> None:
    check_arrivals(world, {"ttft": "3s"}, (0, 1), (2.9, 1), (0.101, 6))


def test_lateness_in_a_stream_does_not_add_up(world: World) -> None:
    """Deadlines count from the start, so after a jump all due events are sent."""
    check_arrivals(world, {"tokens_per_second": 1}, (0, 2), (1.001, 3), (3, 6))


def test_jitter_varies_each_stream_by_its_share(world: World) -> None:
    pace = {"ttft": "1s", "tokens_per_second": 10, "jitter": 0.5}
    start_rules(
        world, {"then": {"reply": {"content": "One two three four five six seven eight nine ten"}, "stream": pace}}
    )
    for _ in range(5):
        send(world, STREAM)
    waits = [entry.latency for entry in records.journal(world)]
    assert len(set(waits)) == 5
    assert all(1_500_000 <= wait <= 2_500_000 for wait in waits)


def test_the_journal_has_the_time_that_a_paced_stream_takes(world: World) -> None:
    start_rules(
        world, {"then": {"reply": {"content": "One two three"}, "stream": {"ttft": "3s", "tokens_per_second": 5}}}
    )
    assert send(world, STREAM).ending == "whole"
    assert entry_json(world)["latencyMs"] == 3600


def test_a_pace_does_not_change_a_body_in_one_piece(world: World) -> None:
    start_rules(world, {"then": {"stream": {"ttft": "3s", "tokens_per_second": 5}}})
    assert post(world).status_code == 200
    assert entry_json(world)["latencyMs"] == 0


def test_the_question_is_the_one_that_is_matched() -> None:
    """Other tests rely on its words."""
    assert "sea" in QUESTION
    assert "mountain" not in QUESTION


def test_a_near_miss_of_the_last_role_tells_the_last_messages(world: World) -> None:
    start_rules(world, {"name": "asked", "when": {"last_role": "tool"}, "then": {"error": 503}})
    post(world, messages=[{"role": "system", "content": "Be kind."}, *HELLO])
    (miss,) = entry_json(world)["nearMisses"]
    assert miss["got"] == '"user"'
