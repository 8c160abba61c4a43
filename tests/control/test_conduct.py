"""Findings about clients' mistakes, with their requests; correct clients have none."""

import asyncio
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import httpx
import openai
import openai._base_client
import pytest

from tests.support.control import chat, control, start_scenario
from tests.support.raw_client import TIMEOUT_SECONDS
from tests.support.server import RunningServer
from tests.support.wait import wait_until
from tests.support.world import TLS, World, fresh_world


def findings(world: World) -> list[tuple[str, list[str]]]:
    return [(found["kind"], found["requests"]) for found in control(world, "GET conduct")["findings"]]


def wait(world: World, seconds: float) -> None:
    """Let time pass, for the client as well: no request sets the clock."""
    world.advance(seconds)


@pytest.fixture
def timed(world: World) -> World:
    """Provide a sandbox with a real clock, by which alone pauses are judged."""
    world.run_in_server(lambda sandbox: sandbox.clock.set_mode("real"))
    return world


def ask(world: World, text: str = "Hello!", **more: Any) -> str:
    return str(chat(world, text, **more).headers["x-request-id"])


def test_a_retry_before_the_end_of_retry_after_is_a_finding(timed: World) -> None:
    start_scenario(timed, "limits: {requests_per_minute: 1}")
    ask(timed, "Something else.")
    ask(timed)
    early = []
    for pause in (1, 58, 1):
        wait(timed, pause)
        early.append(ask(timed))
    assert findings(timed) == [("early_retry", early[:2])]


def test_a_retry_is_not_early_by_a_clock_that_stands_still(world: World) -> None:
    """A client that has waited as told, in its own time, looks the same."""
    start_scenario(world, "limits: {requests_per_minute: 1}")
    ask(world, "Something else.")
    for _ in range(3):
        ask(world)
    assert findings(world) == []


def test_retry_after_counts_from_the_first_byte(real_server: RunningServer) -> None:
    """The journal has the time of the first byte, not of the end of the response."""
    world = fresh_world(real_server)
    start_scenario(world, "rules: [{when: {}, then: {error: {status: 429, retry_after: 60}, fault: slow_body}}]")

    def refused() -> str:
        body = {"messages": [{"role": "user", "content": "Hello!"}]}
        before = control(world, "GET requests")["count"]
        with world.http.stream("POST", "/v1/chat/completions", headers=world.headers, json=body) as answer:
            wait(world, 20)
            answer.read()
        wait_until(lambda: control(world, "GET requests")["count"] == before + 1)
        return str(answer.headers["x-request-id"])

    refused()
    wait(world, 39)
    early = refused()
    assert findings(world) == [("early_retry", [early])]
    wait(world, 40)
    refused()
    assert findings(world) == [("early_retry", [early])]


def test_another_request_is_no_retry(world: World) -> None:
    start_scenario(world, "rules: [{when: {message: first}, then: {error: {status: 429, retry_after: 30}}}]")
    ask(world, "first")
    ask(world, "second")
    assert findings(world) == []


@pytest.mark.parametrize(
    ("status", "body"), [(400, {"temperature": "hot"}), (401, {}), (402, {})], ids=["400", "401", "402"]
)
def test_repeating_a_finally_refused_request_is_a_finding(world: World, status: int, body: dict[str, Any]) -> None:
    if status != 400:
        start_scenario(world, f"rules: [{{when: {{message: Hello!}}, then: {{error: {status}}}}}]")
    ask(world, **body)
    again = [ask(world, **body), ask(world, **body)]
    ask(world, "Something else.")
    kinds = dict(findings(world))
    assert kinds.pop("retried_final") == again
    assert kinds == ({"revoked_key": again} if status == 401 else {})


def test_webhooks_that_are_sent_again_after_a_401_are_no_finding(world: World) -> None:
    """Their sender is no client of the API; Standard Webhooks asks it to repeat what was refused."""
    signed = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,bm90aGluZw=="}
    for _ in range(6):
        refused = world.http.post("/api/dodo/webhook", headers=signed, json={"type": "payment.succeeded", "more": 1})
        assert refused.status_code == 401
    assert findings(world) == []


def test_a_402_may_be_retried_after_a_credit(world: World) -> None:
    """A top-up, an adjustment or an activation makes the retry correct."""
    control(world, "PATCH accounts/demo", json={"balance": 0})
    ask(world)
    control(world, "PATCH accounts/demo", json={"balance": 10})
    ask(world)
    control(world, "PATCH accounts/demo", json={"activated": False})
    ask(world, "Other.")
    control(world, "PATCH accounts/demo", json={"activated": True})
    ask(world, "Other.")
    assert findings(world) == []


def test_a_402_may_be_retried_after_a_credit_that_the_retry_spends(world: World) -> None:
    control(world, "PATCH accounts/demo", json={"balance": 0})
    ask(world)
    control(world, "PATCH accounts/demo", json={"balance": 0.000001})
    ask(world)
    assert control(world, "GET accounts/demo")["balance"] < 0
    assert findings(world) == []


def test_another_query_is_another_request(world: World) -> None:
    for place in ("range=wrong", "range=7"):
        world.http.get(f"/api/developer/usage?{place}", headers=world.signed_in())
        wait(world, 2)
    assert findings(world) == []


def test_continued_use_of_a_revoked_key_is_a_finding(world: World) -> None:
    made = world.http.post("/v1/keys", headers=world.signed_in(), json={"name": "k"}).json()
    raw, key = (
        next(text for text in _texts(made) if text.startswith("sk_live_") and "..." not in text),
        next(text for text in _texts(made) if text.startswith("key_")),
    )
    world.http.request("DELETE", f"/v1/keys/{key}", headers=world.signed_in())
    headers = {"authorization": f"Bearer {raw}"}
    first, *others = [ask(world, text, headers=headers) for text in ("a", "b", "c")]
    assert findings(world) == [("revoked_key", others)]
    assert first not in others


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


@pytest.mark.parametrize("pause", [0.001, 1.0])
def test_retries_of_a_500_without_backoff_are_a_finding(timed: World, pause: float) -> None:
    start_scenario(timed, "rules: [{when: {calls: 1-6}, then: {error: 500}}]")
    run = []
    for _ in range(7):
        run.append(ask(timed))
        wait(timed, pause)
    wait(timed, 60)
    ask(timed, "Something else.")
    assert findings(timed) == [("no_backoff", run)]


def test_retries_with_backoff_are_no_finding(timed: World) -> None:
    start_scenario(timed, "rules: [{when: {}, then: {error: 503}}]")
    for pause in (0.5, 1, 2, 4, 8, 8, 8, 8):
        ask(timed)
        wait(timed, pause)
    assert findings(timed) == []


def test_unknown_fields_are_a_finding(world: World) -> None:
    ask(world)
    sent = [ask(world, logit_bias_={}), ask(world, n_=1)]
    assert findings(world) == [("unknown_fields", sent)]
    assert control(world, "GET conduct")["findings"][0]["message"].endswith("logit_bias_, n_")


def test_a_stream_left_unread_is_a_finding(real_server: RunningServer) -> None:
    world = fresh_world(real_server)
    control(world, "PATCH clock", json={"mode": "scaled", "speed": 1e-6})
    body = {"messages": [{"role": "user", "content": "Tell me a story."}], "stream": True}
    with world.http.stream("POST", "/v1/chat/completions", headers=world.headers, json=body) as answer:
        next(answer.iter_lines())
    wait_until(lambda: control(world, "GET requests")["count"] == 1)
    control(world, "PATCH clock", json={"mode": "real"})
    chat(world, "Hi", stream=True)
    assert findings(world) == [("unread_stream", [answer.headers["x-request-id"]])]


def test_abandoning_a_stalled_stream_is_no_finding(real_server: RunningServer) -> None:
    world = fresh_world(real_server)
    start_scenario(world, "rules: [{when: {}, then: {fault: {kind: stall, after_tokens: 2}}}]")
    body = {"messages": [{"role": "user", "content": "Tell me a story."}], "stream": True}
    with world.http.stream("POST", "/v1/chat/completions", headers=world.headers, json=body) as answer:
        next(answer.iter_lines())
    wait_until(lambda: control(world, "GET requests")["count"] == 1)
    assert findings(world) == []


def test_polling_usage_more_than_once_a_second_is_a_finding(timed: World) -> None:
    asked = []
    for pause in (2, 0.5, 0.5, 2, 2):
        answer = timed.http.get("/api/developer/usage", headers=timed.signed_in())
        asked.append(answer.headers["x-request-id"])
        wait(timed, pause)
    assert findings(timed) == [("usage_polling", asked[2:4])]


def report(world: World) -> dict[str, Any]:
    """Return the report on a client that has ended."""
    answer: dict[str, Any] = control(world, "GET conduct?final=true")
    return answer


def test_a_client_that_gave_up_is_a_finding_once_it_has_ended(world: World) -> None:
    start_scenario(world, "rules: [{when: {calls: 1}, then: {error: 500}}]")
    given_up = ask(world, "first")
    ask(world, "second")
    assert findings(world) == []
    assert [(one["kind"], one["requests"]) for one in report(world)["findings"]] == [("gave_up", [given_up])]


@pytest.mark.parametrize(
    ("fault", "body", "kind"),
    [("early_end", {"stream": True}, "half_stream"), ("garbage", {}, "broken_json")],
)
def test_going_on_after_a_broken_answer_is_a_finding(world: World, fault: str, body: dict[str, Any], kind: str) -> None:
    start_scenario(world, f"rules: [{{when: {{calls: 1-3}}, then: {{fault: {fault}}}}}]")
    ask(world, "asked again", **body)
    ask(world, "asked again", **body)
    left = ask(world, "left", **body)
    ask(world, "another", **body)
    assert [(one["kind"], one["requests"]) for one in report(world)["findings"]] == [(kind, [left])]


def test_paying_twice_is_a_finding_with_its_dollars(world: World) -> None:
    ask(world)
    again = ask(world)
    (finding,) = report(world)["findings"]
    assert (finding["kind"], finding["requests"], finding["count"]) == ("asked_twice", [again], 1)
    assert finding["dollars"] == control(world, "GET requests")["requests"][0]["cost"] > 0


def test_embedding_a_text_twice_costs_its_share(world: World) -> None:
    for texts in (["the cat", "sat"], ["on the mat", "the cat"]):
        world.http.post("/v1/embeddings", headers=world.headers, json={"input": texts})
    (finding,) = report(world)["findings"]
    assert (finding["kind"], finding["dollars"]) == ("embedded_twice", 0.0002)


def test_the_same_at_the_same_time_is_no_finding(real_server: RunningServer) -> None:
    """Under a clock that stands still as well, where both have the same times."""
    world = fresh_world(real_server)
    control(world, "PATCH clock", json={"mode": "frozen"})
    body = {"messages": [{"role": "user", "content": "Hello!"}]}
    with ThreadPoolExecutor(2) as pool:
        start_scenario(world, "rules: [{when: {}, then: {fault: {kind: slow_body, bytes_per_second: 1}}}]")
        control(world, "PATCH clock", json={"mode": "scaled", "speed": 1e-9})
        posts = [
            pool.submit(world.http.post, "/v1/chat/completions", headers=world.headers, json=body) for _ in range(2)
        ]
        wait_until(lambda: world.run_in_server(lambda sandbox: sandbox.running) == 2)
        control(world, "PATCH clock", json={"mode": "frozen"})
        assert [post.result().status_code for post in posts] == [200, 200]
    wait_until(lambda: control(world, "GET requests")["count"] == 2)
    assert findings(world) == []


async def _ask_at_once(world: World, bursts: int) -> None:
    """Send the same on eight connections at once, which are open already, so many times."""
    body = {"messages": [{"role": "user", "content": "Hello!"}]}
    limits = httpx.Limits(max_connections=1)
    async with AsyncExitStack() as clients:
        eight = [
            await clients.enter_async_context(httpx.AsyncClient(base_url=world.url, verify=TLS, limits=limits))
            for _ in range(8)
        ]
        for client in eight:
            await client.get("/v1/keys", headers=world.signed_in())
        for _ in range(bursts):
            world.advance(2)
            await asyncio.gather(
                *(client.post("/v1/chat/completions", headers=world.headers, json=body) for client in eight)
            )


@pytest.mark.parametrize(("bursts", "again"), [(1, []), (2, [("asked_twice", 8)])])
def test_a_burst_of_the_same_on_many_connections_is_no_finding(
    live_world: World, bursts: int, again: list[tuple[str, int]]
) -> None:
    """The server handles them one after another; a second burst comes after the answers to the first."""
    asyncio.run(_ask_at_once(live_world, bursts))
    assert [(one["kind"], one["count"]) for one in report(live_world)["findings"]] == again


def test_the_same_on_a_connection_after_another_was_closed_is_a_finding(world: World) -> None:
    for _ in range(3):
        with httpx.Client(base_url=world.url, verify=TLS) as client:
            body = {"messages": [{"role": "user", "content": "Hello!"}]}
            client.post("/v1/chat/completions", headers=world.headers, json=body)
    assert [(one["kind"], one["count"]) for one in report(world)["findings"]] == [("asked_twice", 2)]


def test_pipelined_requests_are_concurrent(world: World) -> None:
    body = b'{"messages": [{"role": "user", "content": "Hello!"}]}'
    head = f"POST /sandbox/{world.name}/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
    head += f"authorization: Bearer {world.api_key}\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(world.address, TIMEOUT_SECONDS) as connection:
        connection.sendall((head.encode() + body) * 3)
        wait_until(lambda: control(world, "GET requests")["count"] == 3)
    assert findings(world) == []


@pytest.mark.parametrize("status", [400, 401, 402, 429])
def test_a_retry_after_the_scenario_was_removed_is_no_finding(timed: World, status: int) -> None:
    start_scenario(timed, f"rules: [{{when: {{}}, then: {{error: {status}}}}}]")
    ask(timed)
    control(timed, "DELETE scenario")
    ask(timed)
    assert findings(timed) == []


def test_a_retry_is_not_early_by_a_clock_that_was_set(timed: World) -> None:
    start_scenario(timed, "rules: [{when: {calls: 1}, then: {error: {status: 429, retry_after: 30}}}]")
    ask(timed)
    control(timed, "PATCH clock", json={"advance": 5})
    ask(timed)
    assert findings(timed) == []


def test_entries_of_a_restored_state_are_not_compared_with_new_requests(timed: World) -> None:
    start_scenario(timed, "rules: [{when: {}, then: {error: 400}}]")
    ask(timed)
    timed.http.put("/__mock/state", json=control(timed, "GET state"))
    ask(timed)
    assert findings(timed) == []


def test_the_verdict_is_that_of_the_worst_finding(world: World) -> None:
    verdicts = [report(world)["verdict"]]
    ask(world, frobnicate=1)
    verdicts.append(report(world)["verdict"])
    ask(world, temperature="hot")
    ask(world, temperature="hot")
    verdicts.append(report(world)["verdict"])
    assert verdicts == ["pass", "warn", "fail"]


def test_final_is_true_or_false(world: World) -> None:
    answer = world.http.get("/__mock/conduct?final=maybe")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        'final: expected true or false, got "maybe"',
    )


@pytest.fixture
def sdk(timed: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[openai.OpenAI]:
    """Provide OpenAI's client with its defaults; its pauses advance the sandbox's clock."""
    pauses = SimpleNamespace(time=time.time, monotonic=time.monotonic)
    pauses.sleep = lambda seconds: wait(timed, seconds)
    monkeypatch.setattr(openai._base_client, "time", pauses)
    with openai.OpenAI(
        base_url=timed.base_url, api_key=timed.api_key, http_client=openai.DefaultHttpxClient(verify=TLS)
    ) as client:
        yield client


@pytest.mark.parametrize(
    "source",
    [
        "limits: {requests_per_minute: 1}",
        "rules: [{when: {calls: every 2}, then: {error: {status: 429, retry_after: 7}}}]",
        "rules: [{when: {calls: [1, 2]}, then: {error: 500}}]",
        "rules: [{when: {calls: [1, 2]}, then: {error: 503}}]",
        "rules: [{when: {calls: [1]}, then: {fault: reset}}]",
    ],
)
def test_the_openai_sdk_has_no_findings(world: World, sdk: openai.OpenAI, source: str) -> None:
    start_scenario(world, source)
    for text in ("Hello!", "Who are you?", "How are you?"):
        message: Any = {"role": "user", "content": text}
        assert sdk.chat.completions.create(model="clevora-1.0-turbo", messages=[message]).choices
    assert control(world, "GET requests")["count"] > 3
    assert findings(world) == []


def test_the_openai_sdk_with_many_retries_has_no_findings(world: World, sdk: openai.OpenAI) -> None:
    start_scenario(world, "rules: [{when: {calls: 1-7}, then: {error: 500}}]")
    message: Any = {"role": "user", "content": "Hello!"}
    sdk.with_options(max_retries=8).chat.completions.create(model="clevora-1.0-turbo", messages=[message])
    assert control(world, "GET requests")["count"] == 8
    assert findings(world) == []
