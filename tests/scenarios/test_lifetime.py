"""The end of a scenario: flags, limits, clock and balance are what they were."""

from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from clevora_mock.core.sandbox import Sandbox
from tests.support import records
from tests.support.scenarios import CHAT, send, start_rules, start_shipped_scenario
from tests.support.server import RunningServer, serve_settings
from tests.support.wait import wait_until
from tests.support.world import World, fresh_world

RULE = {"name": "down", "then": {"error": 503}}
ENDS = ["another", "deleted", "over"]
every_end = pytest.mark.parametrize("how", ENDS)


def end(world: World, how: str) -> None:
    """End the active scenario, which has a `ttl` of a minute."""
    if how == "another":
        start_rules(world, RULE)
    elif how == "deleted":
        world.http.delete("/__mock/scenario").raise_for_status()
    else:
        world.advance(60)


def start(world: World, **parts: Any) -> None:
    world.http.put("/__mock/scenario", json={"name": "test", "ttl": "60s"} | parts).raise_for_status()


def account(world: World) -> dict[str, Any]:
    found = world.http.get("/__mock/accounts/demo").json()
    return {name: found[name] for name in ("balance", "activated", "developerAccess")}


@every_end
@pytest.mark.parametrize("balance", [100.0, 7.5])
def test_flags_and_balance_are_what_they_were(world: World, how: str, balance: float) -> None:
    world.http.patch("/__mock/accounts/demo", json={"balance": balance, "activated": balance == 100})
    before = account(world)
    start(world, account={"balance": 25, "activated": balance != 100, "developer_access": False})
    assert account(world) == {"balance": 25.0, "activated": balance != 100, "developerAccess": False}
    end(world, how)
    assert account(world) == before
    records.check_totals(world)
    types = [entry.type for entry in world.run_in_server(lambda sandbox: records.demo_account(sandbox).ledger.entries)]
    assert types[-2:] == ["adjustment", "adjustment"]


@every_end
def test_what_was_spent_stays_spent(world: World, how: str) -> None:
    start(world, account={"balance": 50})
    send(world, CHAT)
    spent = 50 - account(world)["balance"]
    assert spent > 0
    end(world, how)
    assert account(world)["balance"] == pytest.approx(100 - spent)
    records.check_totals(world)


@every_end
def test_a_balance_that_the_control_plane_has_set_stays(world: World, how: str) -> None:
    start(world, account={"balance": 50})
    world.http.patch("/__mock/accounts/demo", json={"balance": 30}).raise_for_status()
    end(world, how)
    assert account(world)["balance"] == 30


@every_end
def test_limits_are_the_configured_ones_again(world: World, how: str) -> None:
    configured = world.run_in_server(lambda sandbox: sandbox.limits)
    start(world, limits={"requests_per_minute": 0})
    assert send(world, CHAT).status == 429
    end(world, how)
    assert send(world, CHAT).status == (503 if how == "another" else 200)
    assert world.run_in_server(lambda sandbox: sandbox.limits) == configured


def clock(world: World) -> dict[str, Any]:
    return dict(world.http.get("/__mock/clock").json())


@every_end
def test_a_frozen_clock_is_where_it_was(world: World, how: str) -> None:
    before = clock(world)
    start(world, clock={"start": "2026-05-11T14:00:00Z"})
    assert clock(world)["now"] == "2026-05-11T14:00:00.000Z"
    world.advance(5)
    end(world, how)
    assert clock(world) == before


@pytest.mark.parametrize("started", [{"mode": "frozen"}, {"start": "2020-01-01T00:00:00Z"}, {"mode": "scaled:5000"}])
def test_a_running_clock_runs_on_as_if_nothing_had_been(live_world: World, started: dict[str, str]) -> None:
    def offset(sandbox: Sandbox) -> int:
        return sandbox.clock.wall_offset

    before = live_world.run_in_server(offset)
    start(live_world, clock=started)
    live_world.http.delete("/__mock/scenario").raise_for_status()
    assert clock(live_world)["mode"] == "real"
    assert live_world.run_in_server(offset) == pytest.approx(before, abs=1_000)


def test_scenarios_that_replace_each_other_leave_nothing(world: World) -> None:
    before, time = account(world), clock(world)
    for name in ("out-of-credit", "not-activated", "no-developer-access", "rate-limited", "late-payment", "default"):
        start_shipped_scenario(world, name)
    assert (account(world), clock(world)) == (before, time)
    assert send(world, CHAT).status == 200
    records.check_totals(world)


@pytest.mark.parametrize("part", ["ledger", None])
def test_a_reset_leaves_nothing_to_take_back(world: World, part: str | None) -> None:
    start(world, account={"balance": 5, "activated": False})
    world.http.post("/__mock/reset", json={"only": part}).raise_for_status()
    assert account(world)["balance"] == (5 if part else 100)
    end(world, "deleted")
    assert account(world) == {"balance": 100.0, "activated": True, "developerAccess": True}
    records.check_totals(world)


def test_a_ttl_ends_a_scenario_by_the_sandboxs_clock(world: World) -> None:
    start(world, rules=[RULE])
    world.advance(59.9)
    assert send(world, CHAT).status == 503
    world.advance(0.1)
    assert send(world, CHAT).status == 200
    assert world.http.get("/__mock/scenario").json()["name"] == "default"


def test_a_shipped_scenario_takes_a_ttl(world: World) -> None:
    world.http.put("/__mock/scenario", json={"name": "outage", "ttl": "10s"}).raise_for_status()
    assert send(world, CHAT).status == 503
    world.advance(10)
    assert send(world, CHAT).status == 200
    refused = world.http.put("/__mock/scenario", json={"name": "outage", "ttl": "0s"})
    assert "ttl: expected a duration above 0" in refused.json()["error"]["message"]


@pytest.mark.parametrize("how", ["deleted", "over"])
def test_a_snapshot_keeps_the_end_of_a_scenario(frozen_server: RunningServer, world: World, how: str) -> None:
    before, time = account(world), clock(world)
    start(world, account={"balance": 5, "activated": False}, clock={"start": "2026-05-11T14:00:00Z"})
    saved = world.http.get("/__mock/state").json()
    other = fresh_world(frozen_server)
    other.http.put("/__mock/state", json=saved).raise_for_status()
    assert other.http.get("/__mock/state").json()["scenario"] == saved["scenario"]
    end(other, how)
    assert (account(other), clock(other)) == (before, time)
    records.check_totals(other)


def test_a_saved_file_that_means_the_same_disturbs_nothing(tmp_path: Path) -> None:
    """Counters go on after a new comment; a new meaning starts anew, but not where the scenario was deleted."""
    file = tmp_path / "mine.yaml"
    text = "limits: {requests_per_minute: null}\nrules: [{name: first, when: {calls: 1}, then: {error: 503}}]\n"
    file.write_text(text)
    with serve_settings(scenario=file, watch=True, clock="frozen") as server:
        world, other = fresh_world(server), fresh_world(server)
        other.http.delete("/__mock/scenario").raise_for_status()
        assert send(world, CHAT).status == 503
        file.write_text(f"# The first call fails.\n{text}")
        assert [send(world, CHAT).status for _ in range(3)] == [200] * 3
        sleep(0.5)
        assert send(world, CHAT).status == 200
        file.write_text(text.replace("503", "502"))
        deadline = monotonic() + 10
        while send(world, CHAT).status != 502:
            assert monotonic() < deadline
        assert send(world, CHAT).status == 200
        assert send(other, CHAT).status == 200


def test_deleting_the_startup_scenario_leaves_none() -> None:
    with serve_settings(scenario="no-developer-access", clock="frozen") as server:
        world = fresh_world(server)
        assert send(world, CHAT).status == 403
        world.http.delete("/__mock/scenario").raise_for_status()
        assert send(world, CHAT).status == 200
        world.http.post("/__mock/reset", json={"only": "scenario"}).raise_for_status()
        assert send(world, CHAT).status == 403


def test_an_event_that_is_due_after_a_scenario_with_a_clock_of_its_own_is_accepted(world: World) -> None:
    """It is signed by the clock that the scenario's end brings back, not by a day-old one."""
    checkout = world.open_checkout(50)
    start(world, clock={"start": "2025-12-31T00:00:00Z"}, payments={"delay": "90s"})
    world.http.post(f"/__mock/checkouts/{checkout}/pay").raise_for_status()
    world.advance(90)
    wait_until(lambda: world.http.get("/__mock/requests?endpoint=dodo.webhook").json()["count"])
    assert world.http.get("/__mock/requests?endpoint=dodo.webhook").json()["requests"][0]["status"] == 200
    assert account(world)["balance"] == 150
