"""Snapshots and export files that cannot be restored: the message gives the reason, and nothing changes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clevora_mock import create_app
from clevora_mock.control.export_file import ExportFileError, export_sandboxes, import_sandboxes
from clevora_mock.settings import Settings
from tests.support.control import chat, control, snapshot_of
from tests.support.world import World

State = dict[str, Any]


def scale_without_speed(state: State) -> None:
    state["clock"] |= {"mode": "scaled", "speed": 0}


def displace_a_clock_without_speed(state: State) -> None:
    state["scenario"]["displaced"]["clock"] = {"mode": "scaled", "speed": 0, "wall": 0, "now": 0}


def inflate_a_checkout(state: State) -> None:
    state["checkouts"] = [{"id": "cks_1", "uid": "demo", "email": None, "amount": 10**10 + 1, "created": 0}]
    state["checkouts"][0] |= {"status": "open", "credited": False, "due": None}


def lengthen_an_accounts_email(state: State) -> None:
    state["accounts"][0]["email"] = "a" * 321


def lengthen_a_users_email(state: State) -> None:
    state["users"][0]["email"] = "a" * 321


def lengthen_an_event(state: State) -> None:
    state["events_seen"] = ["event " + "a" * 203]


def lengthen_a_payment(state: State) -> None:
    inflate_a_checkout(state)
    state["checkouts"][0] |= {"amount": 0, "payment_id": "a" * 209}


def switch_off_an_unknown_rule(state: State) -> None:
    state["scenario"]["switched_off"] = ["a" * 400]


def repeat_an_account(state: State) -> None:
    state["accounts"] *= 2


def repeat_a_key(state: State) -> None:
    state["accounts"][0]["keys"] *= 2


def repeat_a_keys_id(state: State) -> None:
    keys = state["accounts"][0]["keys"]
    keys.append(keys[0] | {"hash": "0" * 64})


def repeat_a_keys_hash(state: State) -> None:
    keys = state["accounts"][0]["keys"]
    keys.append(keys[0] | {"id": "key_other"})


def repeat_a_checkout(state: State) -> None:
    checkout = {"id": "cks_1", "uid": "demo", "email": None, "amount": 1, "created": 0, "status": "open"}
    state["checkouts"] = [checkout | {"credited": False, "due": None}] * 2


def inflate_a_number(state: State) -> None:
    state["accounts"][0]["usage"]["total"]["tokens"] = 2**62 + 1


def inflate_a_days_number(state: State) -> None:
    next(iter(state["accounts"][0]["usage"]["days"].values()))["tokens"] = 2**62 + 1


def inflate_a_recent_requests_number(state: State) -> None:
    state["accounts"][0]["usage"]["recent"][0]["latency"] = 2**62 + 1


def inflate_an_openings_number(state: State) -> None:
    state["accounts"][0]["opening"]["tokens"] = 2**62 + 1


def inflate_a_ledgers_number(state: State) -> None:
    state["accounts"][0]["entries"][-1]["tokens"] = 2**62 + 1


def inflate_a_journals_number(state: State) -> None:
    state["journal"][0]["cost"] = 2**62 + 1


def deflate_a_journals_number(state: State) -> None:
    state["journal"][0]["cost"] = -(2**62) - 1


def keep_many_values(state: State) -> None:
    state["accounts"][0]["keys"][0]["recent"] = [1] * 5_000_001


def keep_many_objects(state: State) -> None:
    state["accounts"] = [{}] * 500_001


def inflate_an_endpoints_number(state: State) -> None:
    count = {"requests": 0, "tokens": 10**30, "errors": 0}
    state["accounts"][0]["usage"]["days"] = {"1": count | {"tokens": 0, "endpoints": {"search": count}}}


# Texts and lists of a snapshot that are too long, by their place.
LONG: dict[str, Callable[[State], None]] = {
    "accounts[0].keys[0].id": lambda state: state["accounts"][0]["keys"][0].update(id="a" * 401),
    "accounts[0].keys[0].preview": lambda state: state["accounts"][0]["keys"][0].update(preview="a" * 401),
    "accounts[0].keys[0].name": lambda state: state["accounts"][0]["keys"][0].update(name="a" * 401),
    "accounts[0].keys[0].recent": lambda state: state["accounts"][0]["keys"][0].update(recent=[1] * 100_001),
    "accounts[0].keys[0].day_tokens": lambda state: state["accounts"][0]["keys"][0].update(
        day_tokens={f"{day}": 1 for day in range(401)}
    ),
    "accounts[0].entries[0].rule": lambda state: state["accounts"][0]["entries"][0].update(rule="a" * 401),
    "accounts[0].entries[0].key": lambda state: state["accounts"][0]["entries"][0].update(key="a" * 401),
    "accounts[0].entries[0].endpoint": lambda state: state["accounts"][0]["entries"][0].update(endpoint="a" * 401),
    "accounts[0].usage.recent": lambda state: state["accounts"][0]["usage"].update(
        recent=21 * state["accounts"][0]["usage"]["recent"]
    ),
    "accounts[0].usage.recent[0].endpoint": lambda state: state["accounts"][0]["usage"]["recent"][0].update(
        endpoint="a" * 401
    ),
    "accounts[0].usage.days[...].endpoints": lambda state: state["accounts"][0]["usage"].update(
        days={
            "1": dict.fromkeys(("requests", "tokens", "errors"), 0)
            | {"endpoints": {f"{number}": dict.fromkeys(("requests", "tokens", "errors"), 0) for number in range(51)}}
        }
    ),
    "users[0].name": lambda state: state["users"][0].update(name="a" * 2_049),
    "users[0].picture": lambda state: state["users"][0].update(picture="a" * 2_049),
    "users[0].password.salt": lambda state: state["users"][0]["password"].update(salt="a" * 401),
    "scenario.name": lambda state: state["scenario"].update(name="a" * 401),
    "name": lambda state: state.update(name="a" * 401),
    "draws": lambda state: state.update(draws={"a" * 401: 1}),
    "side_scenarios": lambda state: state.update(side_scenarios={"a" * 401: state["scenario"]}),
    "journal[0].ignored": lambda state: state["journal"][0].update(ignored=["a"] * 21),
    "journal[0].misses": lambda state: state["journal"][0].update(misses=[{"rule": "a", "condition": "b"}] * 21),
    "scenario.counts": lambda state: state["scenario"].update(counts={f"{number}": 1 for number in range(501)}),
    "scenario.applied": lambda state: state["scenario"].update(applied={f"{number}": 1 for number in range(501)}),
    "scenario.switched_off": lambda state: state["scenario"].update(switched_off=["a"] * 501),
    "scenario.switched_off[0]": lambda state: state["scenario"].update(switched_off=["a" * 401]),
    "journal[0].rule": lambda state: state["journal"][0].update(rule="a" * 401),
    "journal[0].id": lambda state: state["journal"][0].update(id="a" * 401),
    "journal[0].method": lambda state: state["journal"][0].update(method="a" * 401),
    "journal[0].endpoint": lambda state: state["journal"][0].update(endpoint="a" * 401),
    "journal[0].key": lambda state: state["journal"][0].update(key="a" * 401),
    "journal[0].key_id": lambda state: state["journal"][0].update(key_id="a" * 401),
    "journal[0].account": lambda state: state["journal"][0].update(account="a" * 401),
    "journal[0].code": lambda state: state["journal"][0].update(code="a" * 401),
    "journal[0].fault": lambda state: state["journal"][0].update(fault="a" * 401),
    "journal[0].ignored[0]": lambda state: state["journal"][0].update(ignored=["a" * 401]),
    "journal[0].misses[0].got": lambda state: state["journal"][0].update(
        misses=[{"rule": "a", "condition": "b", "got": "a" * 401}]
    ),
}


@pytest.mark.parametrize("place", LONG)
def test_a_snapshot_with_too_long_a_part_is_refused(world: World, place: str) -> None:
    chat(world)
    state = control(world, "GET state")
    LONG[place](state)
    answer = world.http.put("/__mock/state", json=state)
    message = answer.json()["error"]["message"]
    assert (answer.status_code, message.partition(": expected ")[0]) == (400, f"state: {place}")
    assert " of length up to " in message


def keep_many_draws(state: State) -> None:
    state["draws"] = {f"purpose {number}": 1 for number in range(230_000)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (scale_without_speed, "state: clock.speed: expected a number above 0 for a scaled clock"),
        (displace_a_clock_without_speed, "state: scenario.displaced.clock.speed: expected a number above 0"),
        (inflate_a_checkout, "state: checkouts[0].amount: expected a whole number up to 10000000000"),
        (lengthen_an_accounts_email, "state: accounts[0].email: expected a string of length up to 320"),
        (lengthen_a_users_email, "state: users[0].email: expected a string of length up to 320"),
        (lengthen_an_event, "state: events_seen[0]: expected a string of length up to 208"),
        (lengthen_a_payment, "state: checkouts[0].payment_id: expected a string of length up to 208"),
        (switch_off_an_unknown_rule, "state: switched_off: expected names of the scenario's rules, got \"aaa"),
        (repeat_an_account, "state: accounts: 'demo' occurs twice"),
        (repeat_a_key, "state: accounts: the key 'key_"),
        (repeat_a_keys_id, "state: accounts: the key 'key_"),
        (repeat_a_keys_hash, "state: accounts: the key 'key_other' occurs twice"),
        (repeat_a_checkout, "state: checkouts: 'cks_1' occurs twice"),
        (inflate_a_number, "state: tokens: expected a number up to "),
        (inflate_a_days_number, "state: tokens: expected a number up to "),
        (inflate_a_recent_requests_number, "state: latency: expected a number up to "),
        (inflate_an_openings_number, "state: tokens: expected a number up to "),
        (inflate_a_ledgers_number, "state: tokens: expected a number up to "),
        (inflate_a_journals_number, "state: cost: expected a number up to "),
        (keep_many_values, "state: expected at most 5,000,000 values; --import takes larger ones"),
        (keep_many_objects, "state: expected at most 500,000 objects; --import takes larger ones"),
        (inflate_an_endpoints_number, "state: tokens: expected a number up to "),
        (keep_many_draws, "state: expected a sandbox of at most 64 MiB beside the journal"),
        (deflate_a_journals_number, "state: cost: expected a number up to "),
    ],
)
def test_an_inconsistent_snapshot_is_refused(world: World, change: Callable[[State], None], message: str) -> None:
    chat(world)
    state = control(world, "GET state")
    before = snapshot_of(world)
    change(state)
    answer = world.http.put("/__mock/state", json=state)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(message)
    assert snapshot_of(world) == before


@pytest.mark.parametrize("email", ["a" * 321, "\u0130" * 161], ids=["long", "long in lower case"])
def test_an_email_that_no_snapshot_takes_makes_no_account(world: World, email: str) -> None:
    before = snapshot_of(world)
    for path, body in (("accounts", {"password": "secret-1"}), ("tokens", {"uid": "ann"})):
        answer = world.http.post(f"/__mock/{path}", json=body | {"email": email})
        assert answer.status_code == (200 if path == "tokens" and len(email) <= 320 else 400)
    after = snapshot_of(world)
    assert (after["accounts"], after["users"]) == (before["accounts"], before["users"])


def test_a_deeply_nested_snapshot_is_refused(world: World) -> None:
    answer = world.http.put("/__mock/state", content=b'{"version":1,"x":' + b"[" * 100_000)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "The request body is nested too deeply"


def test_an_export_needs_the_name_of_a_file() -> None:
    with pytest.raises(IsADirectoryError):
        export_sandboxes(create_app().state.sandboxes, Path("/"))


def test_an_empty_file_is_told_to_be_empty(tmp_path: Path) -> None:
    file = tmp_path / "empty.json"
    file.touch()
    with pytest.raises(ExportFileError, match=r"empty\.json: it is empty; expected an export of this server"):
        import_sandboxes(create_app().state.sandboxes, file)


def test_a_missing_file_cannot_be_imported(tmp_path: Path) -> None:
    with pytest.raises(ExportFileError, match=r"none\.json: cannot be read: No such file"):
        import_sandboxes(create_app().state.sandboxes, tmp_path / "none.json")


def test_a_file_without_sandboxes_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    app = create_app(Settings(clock="frozen"))
    export_sandboxes(app.state.sandboxes, file)
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"sandboxes": {}}))
    import_sandboxes(app.state.sandboxes, file)
    assert [sandbox.name for sandbox in app.state.sandboxes.all()] == ["default"]
