"""The requests of the console's levers: rules on and off, problems of a scenario, the rule for a request, limits."""

from typing import Any

import pytest

from clevora_mock.core.exchange import RequestFacts
from clevora_mock.core.scenario_run import ScenarioRun
from tests.support.control import chat, control, snapshot_of, start_scenario
from tests.support.world import World

RULES = """
name: own
rules:
  - name: embeddings alone
    when: {endpoint: embeddings}
    then: {error: 429}
  - name: about tea
    when: {endpoint: chat.completions, message: tea}
    then: {error: 503}
  - name: the second call
    when: {endpoint: chat.completions, calls: 2}
    then: {error: 500}
  - name: by chance
    when: {endpoint: chat.completions, chance: 0.000001}
    then: {error: 500}
  - name: every chat
    when: {endpoint: chat.completions}
    then: {error: 502}
  - name: after that
    then: {error: 504}
"""
CHAT = "/v1/chat/completions"


def body(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def match(world: World, **request: Any) -> Any:
    return control(world, "POST scenario/match", json={"path": CHAT, "body": body("Hello!")} | request)


def test_a_rule_that_is_off_applies_to_nothing_until_it_is_on_again(world: World) -> None:
    start_scenario(world, "rules: [{name: fails, then: {error: 500}}, {name: too, then: {error: 503}}]")
    statuses = [chat(world).status_code]
    off = control(world, "PATCH scenario", json={"rules": {"fails": False}})["rules"]
    assert [(rule["name"], rule["enabled"], rule["applied"]) for rule in off] == [
        ("fails", False, 1),
        ("too", True, 0),
    ]
    statuses.append(chat(world).status_code)
    control(world, "PATCH scenario", json={"rules": {"too": False}})
    statuses.append(chat(world).status_code)
    control(world, "PATCH scenario", json={"rules": {"fails": True, "too": True}})
    statuses.append(chat(world).status_code)
    assert statuses == [500, 503, 200, 500]


def test_a_rule_stays_off_in_a_snapshot_and_not_in_a_new_start(world: World) -> None:
    start_scenario(world, "rules: [{name: fails, then: {error: 500}}]")
    control(world, "PATCH scenario", json={"rules": {"fails": False}})
    saved = control(world, "GET state")
    control(world, "POST reset")
    control(world, "PUT state", json=saved)
    assert chat(world).status_code == 200
    start_scenario(world, "rules: [{name: fails, then: {error: 500}}]")
    assert chat(world).status_code == 500


def test_the_match_names_the_rule_that_decides_and_why_the_others_do_not(world: World) -> None:
    start_scenario(world, RULES)
    found = match(world)
    assert (found["endpoint"], found["rule"]) == ("chat.completions", "every chat")
    verdicts = [(one["rule"], one["verdict"], one["field"], one["expected"], one["got"]) for one in found["rules"]]
    assert verdicts[:3] == [
        ("embeddings alone", "fails", "endpoint", "embeddings", "chat.completions"),
        ("about tea", "fails", "message", '"tea"', '"Hello!"'),
        ("the second call", "fails", "calls", "call 2", "call 1"),
    ]
    assert verdicts[3][:4] == ("by chance", "fails", "chance", "a draw below 1e-06")
    assert [one[:2] for one in verdicts[4:]] == [("every chat", "decides"), ("after that", "after")]


def test_the_match_says_what_the_next_request_meets_and_changes_nothing(world: World) -> None:
    start_scenario(world, RULES)
    chat(world, "Hello!")
    before = snapshot_of(world)
    assert [match(world)["rule"] for _ in range(3)] == ["the second call"] * 3
    assert snapshot_of(world) == before
    assert chat(world, "Hello!").headers["x-clevora-mock-rule"] == "the second call"


def test_the_match_passes_over_a_rule_that_is_off(world: World) -> None:
    start_scenario(world, RULES)
    control(world, "PATCH scenario", json={"rules": {"every chat": False}})
    found = match(world)
    assert found["rule"] == "after that"
    assert [one["verdict"] for one in found["rules"]][4:] == ["off", "decides"]


def test_the_match_takes_a_draft_headers_and_a_key(world: World) -> None:
    made = control(world, "POST accounts", json={"uid": "ann"})
    draft = """
rules:
  - {name: a header, when: {header: {user-agent: /OpenAI/}}, then: {error: 500}}
  - {name: ann's, when: {account: ann}, then: {error: 503}}
"""
    assert match(world, source=draft)["rule"] is None
    assert match(world, source=draft, headers={"User-Agent": "OpenAI/Python"})["rule"] == "a header"
    for key in (made["apiKey"], made["keys"][0]["id"], made["keys"][0]["preview"]):
        assert match(world, source=draft, key=key)["rule"] == "ann's"
    assert control(world, "GET scenario")["name"] == "default"


def test_the_check_has_every_problem_with_its_line(world: World) -> None:
    source = "rules:\n  - whem: {endpoint: chat}\n    then: {error: 999}\n"
    problems = control(world, "POST scenario/check", json={"source": source})["problems"]
    assert [(one["line"], one["severity"]) for one in problems] == [(2, "error"), (3, "error")]
    assert 'did you mean "when"?' in problems[0]["message"]


def test_the_check_warns_of_a_rule_that_never_applies(world: World) -> None:
    source = "rules:\n  - {name: all, then: {error: 500}}\n  - {name: one, then: {error: 503}}\n"
    checked = control(world, "POST scenario/check", json={"source": source})
    assert [(one["line"], one["severity"]) for one in checked["problems"]] == [(3, "warning")]
    assert checked["rules"] == ["all", "one"]


def test_a_scenarios_text_can_be_read_without_starting_it(world: World) -> None:
    read = control(world, "GET scenarios/flaky")
    assert read["name"] == "flaky"
    assert "two failures, then fine" in read["source"]
    assert control(world, "GET scenarios")["active"] == "default"


def test_the_limits_say_what_is_left_of_each_key(world: World) -> None:
    start_scenario(world, "limits: {requests_per_minute: 3, tokens_per_day: 1000}")
    tokens = chat(world).json()["usage"]["total_tokens"]
    view = control(world, "GET limits")
    assert (view["requestsPerMinute"], view["tokensPerDay"]) == (3, 1000)
    (key,) = view["keys"]
    assert (key["uid"], key["requestsLeft"], key["tokensLeft"]) == ("demo", 2, 1000 - tokens)
    world.advance(60)
    assert control(world, "GET limits")["keys"][0]["requestsLeft"] == 3
    start_scenario(world, "limits: {requests_per_minute: null, tokens_per_day: null}")
    assert control(world, "GET limits")["keys"][0]["requestsLeft"] is None


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"balance": 0}, 402, "insufficient_balance"),
        ({"activated": False}, 402, "account_not_activated"),
        ({"developerAccess": False}, 403, "developer_access_required"),
    ],
)
def test_an_account_says_with_what_its_next_request_is_refused(
    world: World, change: dict[str, Any], status: int, code: str
) -> None:
    assert control(world, "GET accounts/demo")["refusal"] is None
    refusal = control(world, "PATCH accounts/demo", json=change)["refusal"]
    assert (refusal["status"], refusal["code"]) == (status, code)
    answer = chat(world)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("path", [CHAT, f"{CHAT}/", f"{CHAT}?trace=1", CHAT.replace("chat", "%63hat")])
def test_a_request_is_tried_at_the_path_that_the_server_takes(world: World, path: str) -> None:
    start_scenario(world, "rules: [{name: fails, then: {error: 500}}]")
    found = match(world, path=path)
    assert found["rule"] == "fails"


@pytest.mark.parametrize("path", [f"{CHAT}//", CHAT.replace("/completions", "%2Fcompletions"), f"{CHAT}/x"])
def test_a_request_is_not_tried_at_a_path_that_the_server_refuses(world: World, path: str) -> None:
    refused = world.http.post("/__mock/scenario/match", json={"path": path})
    assert (refused.status_code, world.http.post(path, headers=world.headers, json={}).status_code) == (400, 404)


def test_a_tried_request_has_its_query_apart_from_its_path(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[RequestFacts] = []
    try_rules = ScenarioRun.try_rules

    def spied(run: ScenarioRun, facts: RequestFacts, *rest: Any) -> Any:
        tried.append(facts)
        return try_rules(run, facts, *rest)

    monkeypatch.setattr(ScenarioRun, "try_rules", spied)
    match(world, path=f"{CHAT}?trace=1", method="post")
    assert [(facts.method, facts.path, facts.query) for facts in tried] == [("POST", CHAT, "trace=1")]
