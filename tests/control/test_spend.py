"""``GET /__mock/spend``: money by group from the ledger, and waste from the journal."""

from typing import Any

import pytest

from tests.support.control import chat, control, start_scenario
from tests.support.records import wait_for_entries
from tests.support.server import RunningServer, serve_settings
from tests.support.world import World


def embed(world: World, *texts: str) -> str:
    answer = world.http.post("/v1/embeddings", headers=world.headers, json={"input": [*texts]})
    return str(answer.headers["x-request-id"])


def group(name: str | None, requests: int, tokens: int, dollars: float) -> dict[str, Any]:
    return {"name": name, "requests": requests, "tokens": tokens, "dollars": dollars}


def waste(world: World) -> list[tuple[str, list[str], float]]:
    kinds = control(world, "GET spend")["waste"]["kinds"]
    return [(one["kind"], one["requests"], one["dollars"]) for one in kinds]


def test_spend_is_by_endpoint_to_the_micro_dollar(world: World) -> None:
    chat(world)
    embed(world, "the cat sat", "on the mat")
    spend = control(world, "GET spend")
    # 40 tokens at $0.50 and 6 tokens at $0.10 per thousand.
    assert spend["groups"] == [group("chat.completions", 1, 40, 0.02), group("embeddings", 1, 6, 0.0006)]
    assert (spend["group"], spend["dollars"], spend["foldedDollars"], spend["folded"]) == ("endpoint", 0.0206, 0, 0)


def test_spend_is_by_rule_with_null_for_none(world: World) -> None:
    start_scenario(world, "rules: [{name: short, when: {message: Agree}, then: {reply: {content: Agreed}}}]")
    chat(world)
    chat(world, "Agree")
    # The reply has one token, the prompt seven.
    assert control(world, "GET spend?group=rule")["groups"] == [group(None, 1, 40, 0.02), group("short", 1, 8, 0.004)]


def test_spend_is_by_key_of_all_accounts(world: World) -> None:
    other = control(world, "POST accounts", json={"uid": "ann"})
    chat(world)
    chat(world)
    chat(world, headers={"authorization": f"Bearer {other['apiKey']}"})
    theirs = f"{other['apiKey'][:20]}...{other['apiKey'][-2:]}"
    ours = f"{world.api_key[:20]}...{world.api_key[-2:]}"
    assert control(world, "GET spend?group=key")["groups"] == [group(ours, 2, 80, 0.04), group(theirs, 1, 40, 0.02)]


def test_an_empty_journal_leaves_the_groups_and_an_empty_ledger_none(world: World) -> None:
    chat(world)
    chat(world)
    control(world, "DELETE requests")
    spend = control(world, "GET spend")
    assert (spend["groups"], spend["waste"]["entries"], spend["waste"]["kinds"]) == (
        [group("chat.completions", 2, 80, 0.04)],
        0,
        [],
    )
    control(world, "POST reset", json={"only": "ledger"})
    spend = control(world, "GET spend")
    assert (spend["dollars"], spend["groups"]) == (0, [])


def test_folded_entries_of_a_ledger_are_in_the_sum_alone(world: World) -> None:
    def shorten(sandbox: Any) -> None:
        sandbox.accounts.by_uid["demo"].ledger.max_entries = 2

    world.run_in_server(shorten)
    for _ in range(3):
        chat(world)
    spend = control(world, "GET spend")
    assert spend["groups"] == [group("chat.completions", 2, 80, 0.04)]
    # The opening credit and a charge.
    assert (spend["dollars"], spend["folded"], spend["foldedDollars"]) == (0.06, 2, 0.02)


def test_evicted_requests_are_counted() -> None:
    with serve_settings(journal_size=2) as server:
        world = World(server, "small")
        for text in ("one", "one", "two"):
            chat(world, text)
        found = control(world, "GET spend")["waste"]
        world.http.close()
    assert (found["entries"], found["evicted"]) == (2, 1)


def test_default_shows_all_sandboxes_and_another_one_itself() -> None:
    with serve_settings() as server:
        default, first, second = (World(server, name) for name in ("default", "first", "second"))
        default.http.base_url = server.url
        chat(first)
        chat(second)
        chat(second)
        every, own = control(default, "GET spend?group=sandbox"), control(first, "GET spend?group=sandbox")
        for world in (default, first, second):
            world.http.close()
    assert every["groups"] == [group("second", 2, 80, 0.04), group("first", 1, 40, 0.02), group("default", 0, 0, 0)]
    assert (every["dollars"], every["waste"]["dollars"], every["waste"]["entries"]) == (0.06, 0.02, 3)
    assert (own["groups"], own["dollars"]) == ([group("first", 1, 40, 0.02)], 0.02)


def test_an_unknown_group_is_refused_by_name(world: World) -> None:
    answer = world.http.get("/__mock/spend?group=endpoints")
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert message.startswith('group: expected one of endpoint, rule, key, sandbox, got "endpoints"')


def test_a_snapshot_keeps_rules_and_keys(world: World) -> None:
    start_scenario(world, "rules: [{name: short, when: {}, then: {reply: {content: Agreed}}}]")
    chat(world)
    before = [control(world, f"GET spend?group={name}") for name in ("rule", "key")]
    state = control(world, "GET state")
    control(world, "POST reset")
    control(world, "PUT state", json=state)
    assert [control(world, f"GET spend?group={name}") for name in ("rule", "key")] == before


def test_asking_twice_costs_the_second_answer(world: World) -> None:
    chat(world)
    second = chat(world).headers["x-request-id"]
    chat(world, "Something else")
    assert waste(world) == [("asked_twice", [second], 0.02)]


def test_after_a_reset_of_the_ledgers_earlier_requests_are_no_waste(world: World) -> None:
    chat(world)
    chat(world)
    control(world, "POST reset", json={"only": "ledger"})
    assert waste(world) == []
    chat(world)
    again = chat(world).headers["x-request-id"]
    assert waste(world) == [("asked_twice", [again], 0.02)]


def test_waste_agrees_with_the_findings(world: World) -> None:
    for _ in range(3):
        chat(world)
        embed(world, "the cat sat", "on the mat", "on the mat")
    found = {one["kind"]: one["dollars"] for one in control(world, "GET conduct")["findings"]}
    assert found == {"asked_twice": 0.04, "embedded_twice": 0.0021}
    assert {kind: dollars for kind, _, dollars in waste(world)} == found


def test_embedding_twice_costs_the_texts_share(world: World) -> None:
    embed(world, "the cat sat", "on the mat")
    again = embed(world, "the cat sat", "a dog")
    # Three of five tokens.
    assert waste(world) == [("embedded_twice", [again], 0.0003)]


@pytest.mark.parametrize("text", ["Hello!", "Another question"])
def test_a_billed_attempt_that_broke_costs_if_it_is_repeated(real_server: RunningServer, text: str) -> None:
    world = World(real_server, f"billed-{len(text)}")
    start_scenario(world, "rules: [{when: {calls: 1}, then: {fault: garbage, charge: true}}]")
    first = chat(world).headers["x-request-id"]
    chat(world, text)
    wait_for_entries(world, 2)
    expected = [("billed_retry", [first], 0.02)] if text == "Hello!" else []
    assert waste(world) == expected
    world.http.close()


def test_a_stream_that_the_client_left_costs_what_was_sent(real_server: RunningServer) -> None:
    world = World(real_server, "left")
    start_scenario(world, "rules: [{when: {}, then: {stream: {tokens_per_second: 20}}}]")
    body = {"messages": [{"role": "user", "content": "Hello!"}], "stream": True}
    with world.http.stream("POST", "/v1/chat/completions", headers=world.headers, json=body) as answer:
        request = answer.headers["x-request-id"]
        next(answer.iter_lines())
    (entry,) = wait_for_entries(world, 1)
    assert entry.abandoned
    assert waste(world) == [("unread_stream", [request], entry.cost / 1_000_000)]
    world.http.close()
