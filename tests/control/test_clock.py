"""One clock drives a sandbox: after a change of the clock, everything in the sandbox follows."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from clevora_mock.settings import Settings
from tests.support.control import chat, connect, control, start_scenario
from tests.support.random_steps import Player
from tests.support.server import RunningServer, serve_settings
from tests.support.wait import wait_until
from tests.support.world import World, fresh_world

HOUR = 3600


def move(world: World, **change: object) -> dict[str, object]:
    return dict(control(world, "PATCH clock", json=change))


def test_the_clock_is_set_moved_frozen_and_scaled(world: World) -> None:
    assert move(world) == {"now": "2026-01-01T00:00:00.000Z", "mode": "frozen"}
    assert move(world, advance=1.5)["now"] == "2026-01-01T00:00:01.500Z"
    assert move(world, now="2026-05-11T14:00:00+02:00")["now"] == "2026-05-11T12:00:00.000Z"
    assert move(world, now="2026-05-11T14:00:00Z", advance=60)["now"] == "2026-05-11T14:01:00.000Z"
    assert move(world, now="2020-01-01")["now"] == "2020-01-01T00:00:00.000Z"
    scaled = move(world, mode="scaled", speed=0.000001, now="2021-01-01T00:00:00Z")
    assert scaled == {"now": "2021-01-01T00:00:00.000Z", "mode": "scaled", "speed": 0.000001}
    assert move(world, mode="frozen")["now"] == "2021-01-01T00:00:00.000Z"
    assert str(move(world, mode="real")["now"]).startswith("2021-01-01T00:00:")
    assert control(world, "GET health")["clock"]["mode"] == "real"


def test_a_scaled_clock_runs_ahead(world: World) -> None:
    move(world, mode="scaled", speed=1_000_000)
    wait_until(lambda: str(control(world, "GET clock")["now"]) > "2026-01-02")


def test_times_in_answers_are_the_clocks(world: World) -> None:
    move(world, now="2026-05-11T14:21:08.531Z")
    answer = chat(world)
    assert answer.headers["date"] == "Mon, 11 May 2026 14:21:08 GMT"
    assert answer.json()["created"] == 1_778_509_268
    key = world.http.post("/v1/keys", headers=world.signed_in(), json={"name": "k"})
    assert "2026-05-11T14:21:08.531Z" in key.text
    for place in ("requests", "ledger?uid=demo", "sandboxes", "firestore/clevora_developer_usage/demo"):
        assert "2026-05-11T14:21:08.531Z" in world.http.get(f"/__mock/{place}").text, place


def test_the_minute_of_a_limit_ends_on_the_clock(world: World) -> None:
    start_scenario(world, "limits: {requests_per_minute: 1}")
    assert [chat(world).status_code, chat(world).headers["retry-after"]] == [200, "60"]
    move(world, advance=59)
    assert chat(world).headers["retry-after"] == "1"
    move(world, advance=1)
    assert chat(world).status_code == 200


def test_the_day_of_a_limit_ends_at_midnight(world: World) -> None:
    start_scenario(world, "limits: {tokens_per_day: 1}")
    move(world, now="2026-05-11T23:59:00Z")
    refused = [chat(world), chat(world)][1]
    assert (refused.json()["error"]["code"], refused.headers["retry-after"]) == ("daily_token_limit_exceeded", "60")
    move(world, advance=60)
    assert chat(world).status_code == 200
    days = control(world, "GET firestore/clevora_developer_usage/demo/days")
    assert days == {"documents": ["2026-05-11", "2026-05-12"]}


def test_a_token_expires_at_its_second(world: World) -> None:
    token = control(world, "POST tokens", json={"uid": "demo", "expiresIn": 60})["idToken"]
    statuses = []
    for seconds in (0, 59, 1):
        move(world, advance=seconds)
        headers = {"authorization": f"Bearer {token}"}
        statuses.append(world.http.get("/api/developer/account", headers=headers).status_code)
    assert statuses == [200, 200, 401]


def test_a_checkout_expires_after_a_day(world: World) -> None:
    player = Player(world)
    player.one(("topup", 50))
    move(world, advance=24 * HOUR)
    status, _, said = player.one(("pay", "pay"))
    assert (status, b"an expired one" in said) == (400, True)
    assert b"<button" not in world.http.get(f"/checkout/{player.checkout}").content


@pytest.mark.parametrize(("seconds", "status"), [(300, 200), (301, 401), (-300, 200), (-301, 401)])
def test_an_event_is_valid_for_five_minutes(world: World, seconds: int, status: int) -> None:
    move(world, now="2026-05-11T14:00:00Z")
    signed = control(world, "POST webhooks/sign", json={"payload": {"type": "x"}})
    move(world, now="2026-05-11T13:00:00Z", advance=HOUR + seconds)
    answer = world.http.post("/api/dodo/webhook", headers=signed["headers"], content=signed["body"])
    assert answer.status_code == status


def test_a_window_of_a_scenario_opens_and_shuts(world: World) -> None:
    move(world, advance=1000)
    start_scenario(world, "rules: [{when: {endpoint: '*', between: [10s, 2m]}, then: {error: 503}}]")
    statuses = []
    for seconds in (0, 9.9, 0.1, 109.9, 0.1):
        move(world, advance=seconds)
        statuses.append(chat(world).status_code)
    assert statuses == [200, 200, 503, 503, 200]


@pytest.mark.parametrize("mode", ["real", "scaled", "frozen"])
def test_a_late_payment_arrives_once_the_clock_gets_there(frozen_server: RunningServer, mode: str) -> None:
    world = fresh_world(frozen_server)
    move(world, mode=mode, **({"speed": 0.001} if mode == "scaled" else {}))
    control(world, "PUT scenario", json={"name": "late-payment"})
    player = Player(world)
    player.play([("topup", 50), ("pay", "pay")])
    assert control(world, "GET accounts/demo")["balance"] == 0
    move(world, advance=HOUR)
    wait_until(lambda: bool(control(world, "GET accounts/demo")["balance"] == 50))
    assert control(world, "GET requests?endpoint=dodo.webhook")["requests"][0]["status"] == 200


@pytest.mark.parametrize(
    "change", [{"advance": 1e6}, {"mode": "scaled", "speed": 1e6}, {"now": "2160-01-01"}, {"mode": "frozen"}], ids=str
)
def test_a_paced_stream_continues_when_the_clock_moves(real_server: RunningServer, change: dict[str, object]) -> None:
    world = fresh_world(real_server)
    move(world, mode="scaled", speed=1e-6)
    body = {"messages": [{"role": "user", "content": "Tell me a story."}], "stream": True}
    with world.http.stream("POST", "/v1/chat/completions", headers=world.headers, json=body) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("data: ")
        move(world, **change)
        assert [line for line in lines if line][-1] == "data: [DONE]"


@pytest.mark.parametrize("mode", ["real", "scaled"])
def test_a_paced_stream_goes_on_at_its_pace_when_the_clock_is_set_back(real_server: RunningServer, mode: str) -> None:
    world = fresh_world(real_server)
    move(world, mode=mode, **({"speed": 10} if mode == "scaled" else {}))
    start_scenario(world, "rules: [{when: {endpoint: '*'}, then: {stream: {ttft: 0s, tokens_per_second: 200}}}]")
    body = {"messages": [{"role": "user", "content": "Tell me a story."}], "stream": True}
    with world.http.stream("POST", "/v1/chat/completions", headers=world.headers, json=body) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("data: ")
        move(world, now="2020-01-01")
        assert [line for line in lines if line][-1] == "data: [DONE]"
    assert control(world, "GET clock")["now"].startswith("2020-01-01T00:0")


@pytest.mark.parametrize("mode", ["real", "scaled"])
def test_a_delay_that_was_set_back_still_lasts_as_long(real_server: RunningServer, mode: str) -> None:
    world = fresh_world(real_server)
    start_scenario(world, "rules: [{when: {endpoint: chat.completions}, then: {delay: 1h}}]")
    move(world, mode=mode, **({"speed": 2} if mode == "scaled" else {}))
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(chat, world)
        wait_until(lambda: bool(world.run_in_server(lambda sandbox: len(sandbox.clock.timers))))
        move(world, now="2020-01-01")
        move(world, advance=HOUR - 60)
        assert not asked.done()
        move(world, advance=61)
        assert asked.result(15).status_code == 200


@pytest.mark.parametrize(
    "change",
    [{"advance": 2 * HOUR}, {"mode": "scaled", "speed": 1e6}, {"mode": "frozen", "advance": 2 * HOUR}],
    ids=str,
)
def test_advancing_the_clock_ends_a_delay(real_server: RunningServer, change: dict[str, object]) -> None:
    world = fresh_world(real_server)
    start_scenario(world, "rules: [{when: {endpoint: chat.completions}, then: {delay: 1h}}]")
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(chat, world)
        wait_until(lambda: bool(world.run_in_server(lambda sandbox: len(sandbox.clock.timers))))
        assert not asked.done()
        move(world, **change)
        assert asked.result(15).status_code == 200
    assert control(world, "GET requests")["requests"][0]["latencyMs"] >= HOUR * 1000
    assert world.run_in_server(lambda sandbox: len(sandbox.clock.timers)) == 0


def test_a_frozen_clock_records_a_delay_and_does_not_wait(world: World) -> None:
    answer = chat(world, headers={"x-clevora-mock-delay": "1h"})
    assert answer.headers["date"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert control(world, "GET requests")["requests"][0]["latencyMs"] == HOUR * 1000
    assert control(world, "GET clock")["now"] == "2026-01-01T00:00:00.000Z"


def test_real_delays_are_waited_for_under_a_frozen_clock() -> None:
    settings = Settings(clock="frozen", real_delays=True)
    with serve_settings(settings) as server, connect(server.url) as http:
        headers = {"authorization": f"Bearer {server.api_key}", "x-clevora-mock-delay": "1h"}
        with pytest.raises(httpx.ReadTimeout):
            http.post("/v1/embeddings", json={"input": "a"}, headers=headers, timeout=0.3)
        headers["x-clevora-mock-delay"] = "20ms"
        assert http.post("/v1/embeddings", json={"input": "a"}, headers=headers).status_code == 200
        recorded = http.get("/__mock/requests?status=200&limit=1").json()["requests"][0]
        assert (recorded["latencyMs"], recorded["abandoned"]) == (20, False)
