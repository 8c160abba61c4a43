"""Reset, snapshots and restoring: the initial state or any saved one, with the same responses afterwards."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.core.snapshot import dump
from clevora_mock.settings import DEMO_KEY, DEMO_SECRET, Settings
from clevora_mock.web.long_json import encode_parts
from tests.support.control import chat, connect, control, response_parts, snapshot_of, start_scenario
from tests.support.examples import examples, share
from tests.support.extreme_steps import AFTERWARDS, EXTREME, VALUES, extreme_player
from tests.support.random_steps import ANONYMOUS, STEPS, Player, Step, without_sandbox_name
from tests.support.server import RunningServer, serve_settings
from tests.support.wait import wait_until
from tests.support.world import World, fresh_world

MANY = st.lists(STEPS, max_size=8)


@examples(40)
@given(steps=MANY)
def test_a_reset_sandbox_repeats_its_responses(frozen_server: RunningServer, steps: list[Step]) -> None:
    world = fresh_world(frozen_server)
    born = state_of(world)
    first = Player(world).play(steps)
    control(world, "POST reset")
    assert state_of(world) == born
    assert Player(world).play(steps) == first


def state_of(world: World) -> bytes:
    """Return the sandbox's snapshot, without a request."""
    return world.run_in_server(lambda sandbox: msgspec.json.encode(dump(sandbox)))


def test_a_reset_restores_the_servers_startup_scenario() -> None:
    settings = Settings(scenario="late-payment", clock="frozen")
    with serve_settings(settings) as server, connect(f"{server.url}/sandbox/a") as http:
        born = http.get("/__mock/accounts/demo").json()
        assert born["balance"] == 0
        http.put("/__mock/scenario", json={"name": "rate-limited"})
        http.patch("/__mock/accounts/demo", json={"balance": 7, "activated": True})
        http.post("/__mock/reset", json={"only": "scenario"})
        assert http.get("/__mock/scenario").json()["name"] == "late-payment"
        assert http.get("/__mock/accounts/demo").json()["balance"] == 0
        http.patch("/__mock/accounts/demo", json={"balance": 7})
        http.post("/__mock/reset", json={"only": "ledger"})
        assert http.get("/__mock/accounts/demo").json()["balance"] == 0
        http.post("/__mock/reset")
        assert http.get("/__mock/accounts/demo").json() == born


def test_the_ledger_alone_is_reset(world: World) -> None:
    born = (control(world, "GET ledger?uid=demo"), control(world, "GET accounts/demo"))
    start_scenario(world, "name: own\nlimits: {requests_per_minute: 1}")
    assert [chat(world).status_code for _ in range(2)] == [200, 429]
    control(world, "PATCH accounts/demo", json={"activated": False})
    control(world, "POST reset", json={"only": "ledger"})
    assert (control(world, "GET ledger?uid=demo"), control(world, "GET accounts/demo")) == born
    assert control(world, "GET firestore/clevora_developer_usage/demo")["requests"] == 0
    assert control(world, "GET requests")["count"] == 2
    assert control(world, "GET scenario")["name"] == "own"
    assert chat(world).status_code == 200


def test_a_reset_ledger_has_the_balance_and_activation_of_the_scenario(world: World) -> None:
    control(world, "PUT scenario", json={"name": "not-activated"})
    control(world, "PATCH accounts/demo", json={"balance": 50, "activated": True})
    control(world, "POST reset", json={"only": "ledger"})
    account = control(world, "GET accounts/demo")
    assert (account["balance"], account["activated"]) == (5, False)


def test_a_snapshot_shares_the_counts_of_days_and_stays_as_it_was(world: World) -> None:
    """Copies of 400 days of hundreds of accounts would keep all other requests waiting."""
    chat(world)
    before, counted = world.run_in_server(lambda sandbox: (dump(sandbox), sandbox.accounts.by_uid["demo"].usage.days))
    (day,) = counted
    assert before.accounts[0].usage.days[day] is counted[day]
    text = msgspec.json.encode(before)
    chat(world)
    assert msgspec.json.encode(before) == text
    assert counted[day].requests == 2


def test_a_snapshot_counts_the_ledger_entries(world: World) -> None:
    assert control(world, "GET state")["ledger_entries"] == 1
    chat(world)
    control(world, "PATCH accounts/demo", json={"balance": 1})
    assert control(world, "GET state")["ledger_entries"] == 3


def test_the_journal_alone_is_reset(world: World) -> None:
    chat(world)
    balance = control(world, "GET accounts/demo")["balance"]
    control(world, "POST reset", json={"only": "journal"})
    assert control(world, "GET requests") == {"count": 0, "evicted": 0, "requests": []}
    assert control(world, "GET accounts/demo")["balance"] == balance < 100


def test_the_scenario_alone_is_reset(world: World) -> None:
    start_scenario(world, "limits: {requests_per_minute: 1}")
    assert [chat(world).status_code for _ in range(2)] == [200, 429]
    control(world, "POST reset", json={"only": "scenario"})
    assert chat(world).status_code == 200
    assert control(world, "GET requests")["count"] == 3


@share(1 / 5)
@given(prefix=MANY, suffix=MANY)
def test_a_restored_sandbox_continues_identically(
    frozen_server: RunningServer, prefix: list[Step], suffix: list[Step]
) -> None:
    world, other = fresh_world(frozen_server), fresh_world(frozen_server)
    before = Player(world)
    before.play(prefix)
    snapshot = world.http.get("/__mock/state").content
    future = Player(world, before.checkout).play(suffix)
    after = _without_process(snapshot_of(world))
    for place in (world, other):
        restored = place.http.put("/__mock/state", content=snapshot)
        assert restored.status_code == 200, restored.text
        played = Player(place, before.checkout).play(suffix)
        assert without_sandbox_name(played, place.name) == without_sandbox_name(future, world.name)
        assert _without_process(snapshot_of(place)) == after


def _without_process(state: dict[str, Any]) -> dict[str, Any]:
    """Return a snapshot without the number of changes, which is higher after a restored state."""
    for entry in state["journal"]:
        del entry["changes"]
    return state


@examples(25)
@given(steps=MANY)
def test_a_restored_snapshot_equals_the_original(frozen_server: RunningServer, steps: list[Step]) -> None:
    world, other = fresh_world(frozen_server), fresh_world(frozen_server)
    Player(world).play(steps)
    snapshot = snapshot_of(world)
    start_scenario(other, "name: other\naccount: {balance: 1}")
    chat(other)
    control(other, "PUT state", json=snapshot)
    assert snapshot_of(other) == snapshot


def test_a_restore_leaves_one_timer_for_late_payments(world: World) -> None:
    start_scenario(world, "payments: {delay: 1h}")
    for _ in range(3):
        control(world, f"POST checkouts/{world.open_checkout()}/pay")
    snapshot = snapshot_of(world)
    for _ in range(3):
        control(world, "PUT state", json=snapshot)
        assert world.run_in_server(lambda sandbox: len(sandbox.clock.timers)) == 1
    control(world, "PATCH clock", json={"advance": "1h"})
    wait_until(lambda: bool(control(world, "GET accounts/demo")["balance"] == 250))
    assert world.run_in_server(lambda sandbox: len(sandbox.clock.timers)) == 0


def test_a_long_state_is_sent_in_chunks_and_restored(world: World) -> None:
    chat(world, "x " * 8_000)
    state = snapshot_of(world)
    state |= {"journal": state["journal"] * 100, "journal_total": 100}
    control(world, "PUT state", json=state)
    answer = world.http.get("/__mock/state")
    assert ("content-length" in answer.headers, answer.headers["transfer-encoding"]) == (False, "chunked")
    assert answer.json()["journal"] == state["journal"]
    assert len(control(world, "GET requests?limit=1000")["requests"]) == 100


def check_out_and_in(world: World, other: World) -> None:
    """Check that the state of `world` can be restored in `other`, and is the same there."""
    snapshot = snapshot_of(world)
    whole, parts = world.run_in_server(lambda sandbox: (dump(sandbox), b"".join(encode_parts(dump(sandbox)))))
    assert parts == msgspec.json.encode(whole)
    control(other, "PUT state", json=snapshot)
    assert snapshot_of(other) == snapshot


@pytest.mark.parametrize(
    ("kind", "values"),
    [pytest.param(*each, marks=[pytest.mark.slow] if each[0] in ("source", "raw") else []) for each in VALUES.items()],
)
def test_a_state_with_extreme_values_goes_out_and_in_again(
    frozen_server: RunningServer, kind: str, values: list[Any]
) -> None:
    other = fresh_world(frozen_server)
    for value in values:
        world = fresh_world(frozen_server)
        extreme_player(world).play_all([(kind, value), *AFTERWARDS])
        check_out_and_in(world, other)


@pytest.mark.slow
@examples(150)
@given(steps=st.lists(EXTREME, min_size=2, max_size=12))
def test_any_state_goes_out_and_in_again(frozen_server: RunningServer, steps: list[Step]) -> None:
    world, other = fresh_world(frozen_server), fresh_world(frozen_server)
    extreme_player(world).play_all(steps)
    check_out_and_in(world, other)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, child in children for found in _paths(child, (*path, key)))]


WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, -1, 1.5, "x", "", [], {}, True, 10**30, -(10**30), "\x00", {"a": 1}, [[]]]
)


@pytest.fixture(scope="module")
def busy(frozen_server: RunningServer) -> tuple[World, dict[str, Any]]:
    """Provide a sandbox with state of every kind, and its snapshot."""
    world = fresh_world(frozen_server)
    start_scenario(world, "name: own\npayments: {delay: 1m}\nrules: [{when: {endpoint: search}, then: {error: 500}}]")
    steps: list[Step] = [("chat", "Hello!"), ("stream", "Hi"), ("search", "lamp"), ("side", "flaky"), ("key", "k")]
    steps += [("topup", 50), ("pay", "pay"), ("account", None), ("wrong", None)]
    steps += [("signUp", ANONYMOUS), ("signUp", {"email": "ann@x.example", "password": "secret-1"}), ("delete", None)]
    Player(world).play(steps)
    return world, snapshot_of(world)


@pytest.mark.slow
@examples(200)
@given(data=st.data())
def test_a_damaged_snapshot_is_refused_or_works(busy: tuple[World, dict[str, Any]], data: st.DataObject) -> None:
    """One value is wrong, missing or added: 400 and no change, or a state in which everything works."""
    world, snapshot = busy
    document = json.loads(json.dumps(snapshot))
    path = data.draw(st.sampled_from(_paths(snapshot)[1:]))
    parent: Any = document
    for key in path[:-1]:
        parent = parent[key]
    change = data.draw(st.sampled_from(["replace", "remove", "add"]))
    if change == "replace":
        parent[path[-1]] = data.draw(WRONG)
    elif change == "remove":
        del parent[path[-1]]
    elif isinstance(parent, dict):
        parent["unknown"] = 1
    else:
        parent.append(parent[0])
    answer = world.http.put("/__mock/state", json=document)
    assert answer.status_code in (200, 400), (path, answer.text)
    if answer.status_code == 400:
        assert answer.json()["error"]["message"].startswith("state: ")
        assert "\n" not in answer.json()["error"]["message"]
    else:
        _everything_works(world)
        control(world, "PUT state", json=snapshot)
    assert snapshot_of(world) == snapshot


def _everything_works(world: World) -> None:
    for place in (
        *("state", "requests", "ledger?uid=demo", "conduct", "scenario", "clock", "sandboxes", "health"),
        *(f"firestore/clevora_developer_{what}" for what in ("usage", "keys", "logs", "transactions")),
        *("firestore/clevora_developer_usage/demo", "firestore/clevora_developer_usage/demo/days"),
    ):
        answer = world.http.get(f"/__mock/{place}")
        assert answer.status_code in (200, 404), (place, answer.text)
    ann = {"email": "ann@x.example", "password": "secret-1"}
    firebase: list[Step] = [("signInWithPassword", ann), ("signUp", ann), ("signUp", ANONYMOUS), ("delete", None)]
    reading: list[Step] = [("read", "/api/developer/usage"), ("read", "/v1/keys")]
    for step in [("chat", "Hi"), *reading, ("topup", 50), *firebase]:
        assert Player(world).one(step)[0] < 500, step
    for part in ("ledger", "scenario", "journal", None):
        control(world, "POST reset", json={"only": part})


@pytest.mark.parametrize("version", [0, 2, 99])
def test_another_version_is_refused_by_its_number(world: World, version: int) -> None:
    answer = world.http.put("/__mock/state", json={"version": version, "whatever": []})
    assert answer.json()["error"]["message"] == f"state: version: expected 1, got {version}"


def test_no_secret_is_in_a_snapshot_or_the_journal(world: World) -> None:
    token = world.id_token("demo")
    made = control(world, "POST accounts", json={"uid": "ann"})["apiKey"]
    secrets = [DEMO_KEY, made, DEMO_SECRET, token, "whsec_Zmlyc3Q="]
    for secret in secrets:
        chat(world, f"my secret is {secret}.", headers={"user-agent": f"me/{secret}"})
        chat(world, f"say {secret}", stream=True)
        world.http.get(f"/v1/{secret}?secret={secret}")
        world.http.get("/api/developer/account", headers={"authorization": f"Bearer {secret}"})
        world.http.post("/api/dodo/webhook", content=secret.encode())
    start_scenario(
        world, f"rules: [{{when: {{endpoint: search}}, then: {{error: {{status: 500, message: '{made}'}}}}}}]"
    )
    world.http.post("/v1/search", headers=world.headers, json={"query": secrets[0]})
    control(world, "DELETE scenario")
    for place in ("state", "requests?limit=1000", "conduct", "firestore/clevora_developer_logs"):
        shown = world.http.get(f"/__mock/{place}").content
        logs = [world.http.get(f"/__mock/firestore/clevora_developer_logs/{log}").content for log in _logs(world)]
        for secret in secrets:
            assert secret.encode() not in shown
            assert secret.encode() not in b"".join(logs)
    bodies = world.run_in_server(lambda sandbox: b"".join(entry.body for entry in sandbox.journal.entries))
    assert not [secret for secret in secrets if secret.encode() in bodies]
    assert re.search(rb"sk_live_[0-9a-f]{12}\.\.\.", bodies)


def _logs(world: World) -> list[str]:
    return list(control(world, "GET firestore/clevora_developer_logs")["documents"])


def test_a_snapshot_from_before_messages_and_hints_is_restored(world: World) -> None:
    world.http.get("/v1/models")
    state = control(world, "GET state")
    for entry in state["journal"]:
        del entry["message"], entry["hint"]
    control(world, "PUT state", json=state)
    (entry,) = control(world, "GET requests")["requests"]
    assert (entry["code"], entry["message"], entry["hint"]) == ("not_found", None, None)


def test_a_pending_payment_survives_a_snapshot(world: World, frozen_server: RunningServer) -> None:
    start_scenario(world, "payments: {outcome: succeed, delay: 30s}")
    player = Player(world)
    player.play([("topup", 50), ("pay", "pay")])
    snapshot = control(world, "GET state")
    assert [checkout["due"] is not None for checkout in snapshot["checkouts"]] == [True]
    other = fresh_world(frozen_server)
    for place in (world, other, world):
        control(place, "PUT state", json=snapshot)
        control(place, "PATCH clock", json={"advance": 29})
        assert control(place, "GET accounts/demo")["balance"] == 100
        control(place, "PATCH clock", json={"advance": 1})
        wait_until(lambda place=place: control(place, "GET accounts/demo")["balance"] == 150)  # type: ignore[misc]
        control(place, "PATCH clock", json={"advance": 300})
        assert control(place, "GET requests?endpoint=dodo.webhook")["count"] == 1


def test_a_full_journal_is_restored(frozen_server: RunningServer, world: World) -> None:
    chat(world, "word " * 100)

    def fill(sandbox: Any) -> None:
        entry = sandbox.journal.entries[0]
        sandbox.journal.entries.extend([entry] * 9_999)
        sandbox.journal.total = 12_000

    world.run_in_server(fill)
    snapshot = world.http.get("/__mock/state").content
    assert len(snapshot) > 4 * 1024 * 1024
    other = fresh_world(frozen_server)
    assert other.http.put("/__mock/state", content=snapshot).status_code == 200
    shown = control(other, "GET requests?limit=1")
    assert (shown["count"], shown["evicted"]) == (10_000, 2_000)


def test_a_moved_real_clock_stays_moved(live_world: World, real_server: RunningServer) -> None:
    control(live_world, "PATCH clock", json={"advance": 86_400})
    snapshot = control(live_world, "GET state")
    other = fresh_world(real_server)
    control(other, "PUT state", json=snapshot)
    ahead = other.run_in_server(lambda sandbox: sandbox.clock.wall_offset)
    assert abs(ahead - 86_400 * 1_000_000) < 1_000_000


def test_a_scenario_keeps_its_files_name(frozen_server: RunningServer, world: World) -> None:
    start_scenario(world, "rules: [{name: half, when: {endpoint: chat.completions, chance: 0.5}, then: {error: 500}}]")
    snapshot = control(world, "GET state")
    snapshot["scenario"]["name"] = "from-a-file"
    control(world, "PUT state", json=snapshot)
    assert control(world, "GET scenario")["name"] == "from-a-file"
    assert response_parts(chat(world))
    assert "chance of from-a-file/half" in control(world, "GET state")["draws"]


@pytest.mark.parametrize("start", ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_sandbox_at_either_end_of_time_is_restored(world: World, start: str) -> None:
    start_scenario(world, f"clock: {{start: {start}, mode: frozen}}")
    assert chat(world).status_code == 200
    snapshot = snapshot_of(world)
    control(world, "PUT state", json=snapshot)
    assert snapshot_of(world) == snapshot
    _everything_works(world)


def test_a_clocks_mode_and_speed_are_restored(frozen_server: RunningServer, world: World) -> None:
    control(world, "PATCH clock", json={"mode": "scaled", "speed": 60})
    state = control(world, "GET state")
    other = fresh_world(frozen_server)
    control(other, "PUT state", json=state)
    clock = control(other, "GET clock")
    assert (clock["mode"], clock["speed"]) == ("scaled", 60)


def test_ids_are_new_after_a_restore_that_counts_no_draws(world: World) -> None:
    first = world.open_checkout()
    control(world, f"POST checkouts/{first}/pay")
    made = control(world, "POST accounts")
    restored = control(world, "GET state")
    control(world, "PUT state", json=restored | {"draws": {}})
    second = world.open_checkout()
    assert second != first
    assert control(world, f"POST checkouts/{second}/pay")["webhookStatus"] == 200
    assert control(world, "GET accounts/demo")["balance"] == 200
    assert control(world, "POST accounts")["uid"] != made["uid"]
