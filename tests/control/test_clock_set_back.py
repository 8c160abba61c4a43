"""A clock that is set back: what lies after now counts for nothing, and what was counted is not lost."""

import json
from typing import Any

import httpx
import pytest

from clevora_mock.clock import DAY, SECOND
from tests.support.control import chat, control, start_scenario
from tests.support.firebase import ANN, call, find, ok_json, refresh, sign_in, sign_up
from tests.support.raw_client import connect, reset
from tests.support.situations import set_up
from tests.support.wait import wait_until
from tests.support.world import World

HELLO_TOKENS = 40


def at(world: World, now: str, **more: object) -> None:
    control(world, "PATCH clock", json={"now": now, **more})


def statuses(world: World, count: int) -> list[int]:
    return [chat(world).status_code for _ in range(count)]


def usage(world: World, days: int = 1) -> Any:
    answer = world.http.get("/api/developer/usage", params={"range": days}, headers=world.signed_in())
    return answer.json()["data"]


@pytest.mark.clause("L2")
def test_a_full_minute_on_the_real_clock_refuses_nothing_in_the_past(live_world: World) -> None:
    assert statuses(live_world, 61) == [*[200] * 60, 429]
    at(live_world, "2026-01-01T00:00:00Z", mode="frozen")
    assert statuses(live_world, 61) == [*[200] * 60, 429]
    refused = chat(live_world)
    assert refused.headers["retry-after"] == "60"
    control(live_world, "PATCH clock", json={"advance": 60})
    assert chat(live_world).status_code == 200


@pytest.mark.clause("L2")
def test_a_full_minute_is_full_again_when_the_clock_returns(world: World) -> None:
    at(world, "2026-03-01T00:00:00Z")
    assert statuses(world, 60) == [200] * 60
    at(world, "2026-02-01T00:00:00Z")
    assert statuses(world, 1) == [200]
    at(world, "2026-03-01T00:00:15Z")
    assert chat(world).headers["retry-after"] == "45"


@pytest.mark.clause("L3")
def test_a_reached_day_is_still_reached_after_a_visit_to_another(world: World) -> None:
    start_scenario(world, f"limits: {{tokens_per_day: {HELLO_TOKENS}}}")
    for day in ("2026-03-02", "2026-03-01", "2026-03-03"):
        at(world, f"{day}T12:00:00Z")
        assert statuses(world, 2) == [200, 429]
    for day in ("2026-03-03", "2026-03-02", "2026-03-01"):
        at(world, f"{day}T12:00:00Z")
        refused = chat(world)
        assert (refused.json()["error"]["code"], refused.headers["retry-after"]) == (
            "daily_token_limit_exceeded",
            "43200",
        )


@pytest.mark.clause("L3")
def test_a_snapshot_keeps_each_days_tokens(world: World) -> None:
    start_scenario(world, f"limits: {{tokens_per_day: {HELLO_TOKENS}}}")
    for day in ("2026-03-02", "2026-03-01"):
        at(world, f"{day}T12:00:00Z")
        assert statuses(world, 1) == [200]
    state = control(world, "GET state")
    control(world, "POST reset")
    control(world, "PUT state", json=state)
    for day in ("2026-03-02", "2026-03-01"):
        at(world, f"{day}T12:00:00Z")
        assert statuses(world, 1) == [429]


@pytest.mark.clause("U4")
def test_a_day_before_four_hundred_others_is_in_the_usage(world: World) -> None:
    for _ in range(400):
        set_up(world, {}, ("recorded", ("search", 1, False)))
        world.advance(DAY // SECOND)
    at(world, "2025-12-01T00:00:00Z")
    assert chat(world).status_code == 200
    assert usage(world)["dailySeries"] == [{"date": "2025-12-01", "requests": 1, "tokens": HELLO_TOKENS, "errors": 0}]


def test_a_scenario_begins_anew_when_the_clock_is_set_before_its_start(live_world: World) -> None:
    start_scenario(live_world, "rules: [{when: {between: [10s, 2m]}, then: {error: 503}}]")
    at(live_world, "2026-01-01T00:00:00Z", mode="frozen")
    seen = []
    for advance in (0, 10, 109, 1):
        control(live_world, "PATCH clock", json={"advance": advance})
        seen.append(chat(live_world).status_code)
    assert seen == [200, 503, 503, 200]


def test_since_leaves_out_entries_after_now(world: World) -> None:
    at(world, "2026-03-01T00:00:00Z")
    chat(world)
    at(world, "2026-02-01T00:00:00Z")
    chat(world)
    found = control(world, "GET requests", params={"since": "2026-02-01T00:00:00Z"})
    assert [entry["time"] for entry in found["requests"]] == ["2026-02-01T00:00:00.000Z"]
    assert control(world, "GET requests")["count"] == 2


def test_no_usage_polling_is_found_between_a_later_and_an_earlier_time(world: World) -> None:
    usage(world)
    at(world, "2025-12-31T00:00:00Z")
    usage(world)
    assert control(world, "GET conduct")["findings"] == []


@pytest.mark.clause("K7")
def test_a_user_signs_in_before_the_time_of_the_sign_up(world: World) -> None:
    uid = sign_up(world, **ANN)["localId"]
    at(world, "2025-12-31T00:00:00Z")
    signed = sign_in(world, **ANN)
    assert call(world, "lookup", idToken=signed["idToken"])["users"][0]["localId"] == uid
    assert "validSince" not in find(world, localId=[uid])[0]
    assert ok_json(refresh(world, signed["refreshToken"]))["user_id"] == uid


@pytest.mark.clause("B7")
def test_a_checkout_that_has_expired_is_open_again_before_its_end(world: World) -> None:
    def pay() -> httpx.Response:
        return world.http.post(f"/__mock/checkouts/{checkout}/pay")

    answer = world.http.post("/api/developer/topup", headers=world.signed_in(), json={"amount": 20}).json()
    checkout = answer["data"]["checkoutUrl"].rpartition("/")[2]
    world.advance(86_400)
    assert pay().status_code == 400
    at(world, "2025-12-31T00:00:00Z")
    assert pay().status_code == 200


@pytest.mark.clause("B8")
@pytest.mark.parametrize("by_scenario", [True, False], ids=["scenario", "order"])
def test_a_pending_payment_comes_after_its_delay_when_the_clock_is_set_back(world: World, by_scenario: bool) -> None:
    if by_scenario:
        start_scenario(world, "payments: {delay: 30s}")
    order = {} if by_scenario else {"delay": "30s"}
    control(world, f"POST checkouts/{world.open_checkout()}/pay", json=order)
    at(world, "2020-01-01T00:00:00Z", mode="frozen")
    checkout = control(world, "GET checkouts")["checkouts"][0]
    assert checkout["dueAt"] == "2020-01-01T00:00:30.000Z"
    assert "<dt>Event due</dt><dd>2020-01-01 00:00</dd>" in world.http.get(f"/checkout/{checkout['id']}").text
    control(world, "PATCH clock", json={"advance": 29})
    assert control(world, "GET accounts/demo")["balance"] == 100
    control(world, "PATCH clock", json={"advance": 1})
    wait_until(lambda: control(world, "GET accounts/demo")["balance"] == 150)


def test_a_pending_payment_comes_on_a_real_clock_that_is_set_back(live_world: World) -> None:
    control(live_world, f"POST checkouts/{live_world.open_checkout()}/pay", json={"delay": "100ms"})
    at(live_world, "2020-01-01T00:00:00Z")
    wait_until(lambda: control(live_world, "GET accounts/demo")["balance"] == 150)


def test_a_snapshot_keeps_the_rest_of_a_payments_delay_after_the_clock_was_set_back(world: World) -> None:
    control(world, f"POST checkouts/{world.open_checkout()}/pay", json={"delay": "30s"})
    at(world, "2020-01-01T00:00:00Z", advance=10)
    state = control(world, "GET state")
    at(world, "2019-01-01T00:00:00Z")
    control(world, "PUT state", json=state)
    control(world, "PATCH clock", json={"advance": 19})
    assert control(world, "GET accounts/demo")["balance"] == 100
    control(world, "PATCH clock", json={"advance": 1})
    wait_until(lambda: control(world, "GET accounts/demo")["balance"] == 150)


def test_a_request_during_which_the_clock_is_set_back_took_no_negative_time(world: World) -> None:
    stalled = json.dumps({"messages": [{"role": "user", "content": "Hello!"}], "stream": True}).encode()
    head = (
        f"POST /sandbox/{world.name}/v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-clevora-mock-fault: stall\r\n"
        f"authorization: Bearer {world.api_key}\r\ncontent-length: {len(stalled)}\r\n\r\n"
    )
    with connect(world.address) as connection:
        connection.sendall(head.encode() + stalled)
        wait_until(lambda: world.run_in_server(lambda sandbox: sandbox.rng.counters.get("request", 0)) == 1)
        at(world, "2025-12-31T00:00:00Z")
        # At once; a client that closes may have closed one half.
        reset(connection)
    wait_until(lambda: control(world, "GET requests")["count"] == 1)
    assert control(world, "GET requests")["requests"][0]["latencyMs"] == 0
