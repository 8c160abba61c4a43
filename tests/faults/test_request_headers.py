"""Headers that apply an error, fault, delay or scenario to a single request."""

from pathlib import Path
from typing import Any

import pytest

from clevora_mock.faults import FAULTS as KINDS
from clevora_mock.faults.base import STREAM as STREAMED
from clevora_mock.settings import Settings
from tests.support import records
from tests.support import scenarios as support
from tests.support.raw_client import RawResponse, connect, read, read_until_silent
from tests.support.scenarios import (
    CHAT,
    EMBEDDINGS,
    REQUEST_EXAMPLES,
    SEARCH,
    STREAM,
    RequestExample,
    send,
    start_rules,
)
from tests.support.server import serve_settings
from tests.support.world import World, fresh_world

each_example = pytest.mark.parametrize("example", REQUEST_EXAMPLES, ids=lambda example: example.name)


def check_next_request(world: World, example: RequestExample) -> RawResponse:
    """Check the next request, without such headers."""
    seen = send(world, example)
    assert (seen.status, seen.ending) == (200, "whole")
    assert "x-clevora-mock-rule" not in seen.headers
    assert records.entry_json(world)["rule"] is None
    return seen


# The header's value, and the expected status and code.
ERRORS = [
    ("400", 400, "invalid_field"),
    ("401", 401, "invalid_api_key"),
    ("402", 402, "insufficient_balance"),
    ("403", 403, "developer_access_required"),
    ("404", 404, "not_found"),
    ("405", 405, "method_not_allowed"),
    ("413", 413, "payload_too_large"),
    ("429", 429, "rate_limit_exceeded"),
    ("500", 500, "internal_error"),
    ("502", 502, "bad_gateway"),
    ("503", 503, "service_unavailable"),
    ("504", 504, "gateway_timeout"),
    ("daily_token_limit_exceeded", 429, "daily_token_limit_exceeded"),
    ("account_not_activated", 402, "account_not_activated"),
]


@each_example
def test_a_header_injects_an_error(world: World, example: RequestExample) -> None:
    found = []
    for asked, *_ in ERRORS:
        seen = send(world, example, x_clevora_mock_error=asked)
        assert seen.headers["x-clevora-mock-rule"] == "x-clevora-mock-error"
        assert seen.headers.get("retry-after") == ("1" if seen.status == 429 else None)
        found.append((asked, seen.status, seen.json["error"]["code"]))
        entry = records.entry_json(world)
        assert (asked, entry["status"], entry["code"], entry["rule"]) == (*found[-1], "x-clevora-mock-error")
    assert found == ERRORS
    assert records.charges(world) == []
    check_next_request(world, example)
    assert len(records.charges(world)) == 1
    records.check_totals(world)


# The header's value, and the expected status and ending.
FAULTS = [
    ("reset", None, "reset"),
    ("close", None, "fin"),
    ("garbage", 200, "whole"),
    ("empty_body", 200, "whole"),
    ("html_error", 502, "whole"),
]


@each_example
def test_a_header_applies_a_fault(world: World, example: RequestExample) -> None:
    found = []
    for kind, *_ in FAULTS:
        seen = send(world, example, x_clevora_mock_fault=kind)
        found.append((kind, seen.status, seen.ending))
        assert seen.headers.get("x-clevora-mock-rule") == (None if seen.status is None else "x-clevora-mock-fault")
        entry = records.entry_json(world)
        assert (entry["fault"], entry["status"], entry["rule"]) == (kind, seen.status, "x-clevora-mock-fault")
    assert found == FAULTS
    assert records.charges(world) == []
    check_next_request(world, example)
    records.check_totals(world)


def test_a_fault_within_a_stream_is_billed_as_usual(world: World) -> None:
    seen = send(world, STREAM, x_clevora_mock_fault="no_done")
    assert seen.events[-1] != b"data: [DONE]\n\n"
    assert check_next_request(world, STREAM).events[:-1] == seen.events
    first, second = records.charges(world)
    assert first.tokens == second.tokens


@each_example
def test_a_header_adds_a_delay(world: World, example: RequestExample) -> None:
    seen = send(world, example, x_clevora_mock_delay="2s")
    assert (seen.status, seen.headers["x-clevora-mock-rule"]) == (200, "x-clevora-mock-delay")
    assert records.entry_json(world)["latencyMs"] == 2000
    check_next_request(world, example)
    assert records.entry_json(world)["latencyMs"] == 0
    assert len(records.charges(world)) == 2


@each_example
def test_a_delay_is_waited_out(world: World, example: RequestExample) -> None:
    world.stop_clock()
    with connect(world.address) as connection:
        connection.sendall(support.request_bytes(world, example, x_clevora_mock_delay="1.5s"))
        records.wait_for_timer(world)
        world.advance(1.4)
        assert read_until_silent(connection, RawResponse()).raw == b""
        world.advance(0.1)
        assert read(connection, RawResponse()).status == 200


def test_a_disconnect_during_a_delay_costs_a_stream_its_prompt(world: World) -> None:
    """No byte was sent, so there is no status; the stream's prompt is billed."""
    world.stop_clock()
    seen = send(world, STREAM, stalls=True, x_clevora_mock_delay="1h")
    assert seen.ending == "silence"
    entry = records.entry_json(world)
    assert (entry["status"], entry["abandoned"], entry["completionTokens"]) == (None, True, 0)
    assert [charge.tokens for charge in records.charges(world)] == [entry["promptTokens"]]
    assert not world.run_in_server(lambda sandbox: len(sandbox.clock.timers))
    records.check_totals(world)


def test_a_disconnect_before_a_stall_costs_nothing(world: World) -> None:
    """The fault would have withheld the whole response, so nothing is billed."""
    world.stop_clock()
    for example in (CHAT, STREAM):
        send(world, example, stalls=True, x_clevora_mock_delay="1h", x_clevora_mock_fault="stall")
        assert records.entry_json(world)["status"] is None
    assert records.charges(world) == []
    records.check_totals(world)


@pytest.mark.parametrize(
    ("name", "example", "message"),
    [
        ("cut-stream", CHAT, "cut-stream needs a chat's stream, but the body has no stream: true"),
        ("slow-stream", CHAT, "slow-stream needs a chat's stream, but the body has no stream: true"),
        ("cut-stream", EMBEDDINGS, "cut-stream has no rule for embeddings"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_header_with_a_scenario_that_can_do_nothing_to_the_answer_is_refused(
    world: World, name: str, example: RequestExample, message: str
) -> None:
    seen = send(world, example, x_clevora_mock_scenario=name)
    assert (seen.status, seen.json["error"]["message"]) == (400, f"x-clevora-mock-scenario: {message}")


# What a rule does besides what only streams can have, and the latency in milliseconds.
BESIDES_STREAMS = [
    ("delay: 200ms, stream: {ttft: 1s}", 200),
    ("delay: 200ms, fault: no_done", 200),
    ("charge: false, fault: no_done", 0),
    ("fault: {kind: stall, for: 200ms}", 200),
]


@pytest.mark.parametrize(("then", "latency"), BESIDES_STREAMS)
def test_a_header_with_a_scenario_that_has_some_effect_without_a_stream_is_taken(
    then: str, latency: int, tmp_path: Path
) -> None:
    (tmp_path / "mixed.yaml").write_text(f"rules: [{{then: {{{then}}}}}]\n", encoding="utf-8")
    with serve_settings(Settings(scenarios=tmp_path, clock="frozen", quiet=True)) as server:
        world = fresh_world(server)
        assert send(world, CHAT, x_clevora_mock_scenario="mixed").status == 200
        assert records.entry_json(world)["latencyMs"] == latency


def test_a_header_with_a_scenario_for_some_requests_is_taken(world: World) -> None:
    for example in (CHAT, STREAM, EMBEDDINGS):
        assert send(world, example, x_clevora_mock_scenario="pessimist").status in (200, 429, 503)


@each_example
def test_a_header_selects_a_scenario(world: World, example: RequestExample) -> None:
    assert send(world, example, x_clevora_mock_scenario="flaky").status == 500
    check_next_request(world, example)
    assert send(world, example, x_clevora_mock_scenario="flaky").status == 500
    check_next_request(world, example)
    seen = send(world, example, x_clevora_mock_scenario="flaky")
    assert seen.status == 200
    assert len(records.charges(world)) == 3
    rules = [entry.rule for entry in records.journal(world)]
    assert rules == ["two failures, then fine", None, "two failures, then fine", None, None]


def test_the_sandboxs_own_scenario_does_not_count_such_requests(world: World) -> None:
    start_rules(world, {"name": "second", "when": {"calls": 2}, "then": {"error": 503}})
    assert send(world, CHAT).status == 200
    assert send(world, CHAT, x_clevora_mock_scenario="default").status == 200
    assert send(world, CHAT).status == 503
    assert records.entry_json(world)["rule"] == "second"


@pytest.mark.parametrize("name", ["not-activated", "out-of-credit", "payment-fails"])
def test_a_scenario_that_can_do_nothing_to_one_request_is_refused(world: World, name: str) -> None:
    refused = send(world, CHAT, x_clevora_mock_scenario=name)
    assert refused.status == 400
    assert refused.json["error"]["message"].startswith(f"x-clevora-mock-scenario: {name} has no rules")


def test_a_header_that_comes_twice_is_refused(world: World) -> None:
    lines = [("x-clevora-mock-error", "500"), ("x-clevora-mock-error", "503"), *world.headers.items()]
    answer = world.http.post(CHAT.path, headers=lines, json=CHAT.body)
    assert answer.json()["error"]["message"] == "x-clevora-mock-error: expected one header, got 2"


def test_space_around_a_headers_value_does_not_count(world: World) -> None:
    assert send(world, CHAT, x_clevora_mock_error="503 ").status == 503


def test_several_headers_act_together(world: World) -> None:
    seen = send(world, CHAT, x_clevora_mock_error="503", x_clevora_mock_delay="1s", x_clevora_mock_fault="truncate")
    assert (seen.status, seen.ending, seen.is_whole) == (503, "fin", False)
    entry = records.entry_json(world)
    assert entry["rule"] == "x-clevora-mock-error, x-clevora-mock-fault, x-clevora-mock-delay"
    assert (entry["latencyMs"], entry["fault"]) == (1000, "truncate")


def test_a_header_overrides_the_rule(world: World) -> None:
    """The header's value replaces the rule's; the rule is still named in the response."""
    start_rules(world, {"name": "slow and wrong", "then": {"delay": "9s", "error": 500}})
    seen = send(world, CHAT, x_clevora_mock_error="404", x_clevora_mock_delay="1s")
    assert (seen.status, seen.headers["x-clevora-mock-rule"]) == (
        404,
        "slow and wrong, x-clevora-mock-error, x-clevora-mock-delay",
    )
    assert records.entry_json(world)["latencyMs"] == 1000


UNKNOWN = [
    ("error", "418"),
    ("error", "200"),
    ("error", "0500"),
    ("error", "4290"),
    ("error", "-500"),
    ("error", "five hundred"),
    ("error", ""),
    ("error", "rate_limit"),
    ("fault", "explode"),
    ("fault", "RESET"),
    ("fault", ""),
    ("fault", "reset, close"),
    ("delay", "2"),
    ("delay", "-2s"),
    ("delay", "soon"),
    ("delay", ""),
    ("delay", "2 s"),
    ("scenario", "no-such-thing"),
    ("scenario", ""),
    ("scenario", "../scenarios/flaky"),
    ("scenario", "flaky.yaml"),
]


def test_an_unknown_value_is_refused(world: World) -> None:
    """400 that names the header; no rule counts the request, no draw is made, nothing is billed."""
    start_rules(world, {"name": "first", "when": {"calls": 1, "chance": 1}, "then": {"error": 503}})
    for name, value in UNKNOWN:
        before = world.run_in_server(lambda sandbox: dict(sandbox.rng.counters))
        headers: dict[str, Any] = {f"x_clevora_mock_{name}": value}
        seen = send(world, CHAT, **headers)
        assert (name, value, seen.status, seen.json["error"]["code"]) == (name, value, 400, "invalid_field")
        assert seen.json["error"]["message"].startswith(f"x-clevora-mock-{name}: ")
        assert "x-clevora-mock-rule" not in seen.headers
        after = world.run_in_server(lambda sandbox: dict(sandbox.rng.counters))
        assert {name for name in after if after[name] != before.get(name)} == {"request"}
    assert records.charges(world) == []
    assert send(world, CHAT).status == 503


UNKNOWN_HEADERS = [
    ("x-clevora-mock-fualt", 'unknown header "x-clevora-mock-fualt"; did you mean "x-clevora-mock-fault"?'),
    ("x-clevora-mock-rule", 'unknown header "x-clevora-mock-rule"'),
    ("x-clevora-mock-", 'unknown header "x-clevora-mock-"'),
]


@pytest.mark.parametrize(("name", "message"), UNKNOWN_HEADERS)
def test_an_unknown_header_of_the_mocks_is_refused(world: World, name: str, message: str) -> None:
    """No rule counts the request; the mock's own pages refuse it as well."""
    start_rules(world, {"when": {"calls": 1}, "then": {"error": 503}})
    headers: dict[str, Any] = {name: "reset"}
    seen = send(world, CHAT, **headers)
    assert (seen.status, seen.json["error"]["code"]) == (400, "invalid_field")
    assert seen.json["error"]["message"].startswith(message)
    assert world.http.get("/__mock/health", headers={name: "reset"}).status_code == 400
    assert send(world, CHAT).status == 503


# The fault, the request, and what is missing.
IMPOSSIBLE = [
    ("no_done", CHAT, "a chat's stream, but the body has no stream: true"),
    ("early_end", SEARCH, "a chat's stream, but this is search"),
    ("comments", EMBEDDINGS, "a chat's stream, but this is embeddings"),
    ("float_embeddings", EMBEDDINGS, "embeddings in base64, but the body has no encoding_format: base64"),
    ("float_embeddings", STREAM, "embeddings in base64, but this is chat.completions"),
]


@pytest.mark.parametrize(("kind", "example", "message"), IMPOSSIBLE)
def test_a_fault_that_the_answer_cannot_have_is_refused(
    world: World, kind: str, example: RequestExample, message: str
) -> None:
    seen = send(world, example, x_clevora_mock_fault=kind)
    assert (seen.status, seen.json["error"]["code"]) == (400, "invalid_field")
    assert seen.json["error"]["message"] == f"x-clevora-mock-fault: {kind} needs {message}"
    assert records.charges(world) == []


def test_a_fault_of_the_usage_is_refused_where_there_is_none(world: World) -> None:
    """Before anything is done: no key is created."""
    signed_in = world.signed_in()
    for kind in ("missing_fields", "wrong_types"):
        asked = signed_in | {"x-clevora-mock-fault": kind}
        refused = world.http.post("/v1/keys", headers=asked, json={"name": "new"})
        assert refused.status_code == 400
        assert refused.json()["error"]["message"] == (
            f"x-clevora-mock-fault: {kind} needs an answer with usage, but this is keys.create"
        )
    assert len(world.http.get("/v1/keys", headers=signed_in).json()["data"]["keys"]) == 1


@pytest.mark.parametrize(("kind", "message"), [("no_usage", "asks for an error"), ("garbage", "an answer of its own")])
def test_an_error_and_a_fault_that_exclude_each_other_are_refused(world: World, kind: str, message: str) -> None:
    seen = send(world, STREAM, x_clevora_mock_error="500", x_clevora_mock_fault=kind)
    assert seen.status == 400
    assert message in seen.json["error"]["message"]


@pytest.mark.parametrize("kind", [kind for kind, fault in KINDS.items() if fault.requires == STREAMED])
def test_a_stream_can_have_each_fault_of_streams(world: World, kind: str) -> None:
    assert send(world, STREAM, x_clevora_mock_fault=kind).status == 200
    assert records.entry_json(world)["fault"] == kind


@pytest.mark.parametrize(
    "headers",
    [
        {"x_clevora_mock_error": "500"},
        {"x_clevora_mock_error": "418"},
        {"x_clevora_mock_fault": "reset"},
        {"x_clevora_mock_fault": "html_error"},
        {"x_clevora_mock_delay": "1h"},
    ],
)
def test_an_invalid_key_precedes_the_headers(world: World, headers: dict[str, Any]) -> None:
    seen = send(world, CHAT, authorization="Bearer sk_live_wrong", **headers)
    assert (seen.status, seen.json["error"]["code"]) == (401, "invalid_api_key")
    assert "x-clevora-mock-rule" not in seen.headers


@pytest.mark.parametrize("path", ["/__mock/health", "/__mock/requests", "/openapi.json"])
def test_the_mocks_own_pages_ignore_the_headers(world: World, path: str) -> None:
    headers = {"x-clevora-mock-error": "500", "x-clevora-mock-fault": "reset", "x-clevora-mock-scenario": "nope"}
    assert world.http.get(path, headers=headers).status_code == 200


def test_endpoints_without_a_model_can_fail_too(world: World) -> None:
    asked = {"x-clevora-mock-error": "503"}
    for answer in (
        world.http.get("/v1/keys", headers=world.signed_in() | asked),
        world.http.get("/api/developer/usage", headers=world.signed_in() | asked),
        world.http.get("/llms.json", headers=asked),
        world.http.post("/api/dodo/webhook", headers=asked),
    ):
        assert answer.status_code == 503
        assert answer.headers["x-clevora-mock-rule"] == "x-clevora-mock-error"


@pytest.mark.parametrize(("delay", "meant"), [("300", "300ms"), ("1e3", "1000ms"), ("2E1", "20s")])
def test_a_delay_without_a_unit_has_a_hint(world: World, delay: str, meant: str) -> None:
    seen = send(world, CHAT, x_clevora_mock_delay=delay)
    assert seen.status == 400
    assert seen.json["error"]["message"].endswith(f'got "{delay}"; did you mean {meant}?')


@pytest.mark.parametrize("name", ["name:flaky", "name: flaky"])
def test_a_scenario_in_the_notation_of_a_body_has_a_hint(world: World, name: str) -> None:
    seen = send(world, CHAT, x_clevora_mock_scenario=name)
    assert seen.json["error"]["message"].endswith('did you mean "flaky"?')


@pytest.mark.parametrize("delay", ["8760.1h", "99999999999999999h"])
def test_a_delay_of_more_than_a_year_is_refused(world: World, delay: str) -> None:
    seen = send(world, CHAT, x_clevora_mock_delay=delay)
    assert (seen.status, seen.json["error"]["code"]) == (400, "invalid_field")
    expected = f'x-clevora-mock-delay: expected a duration of at most 8760h, got "{delay}"'
    assert seen.json["error"]["message"] == expected
