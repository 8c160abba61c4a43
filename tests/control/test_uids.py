"""Uids: one that no path can hold, or with a key, cannot be made, since the control plane and Firestore show it."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.support.control import chat, control, snapshot_of
from tests.support.firebase import TOOLKIT
from tests.support.tokens import jwt, valid_claims
from tests.support.world import World

KEY = "sk_live_0123456789abcdef0123456789abcdef"
# A key would be shown unmasked.
UNADDRESSABLE = ["", ".", "..", "a/b", "/", "a\nb", "a\n", "\x00", "\x7f", "\x85", "x" * 129, KEY, f"for {KEY}"]
ADDRESSABLE = ["...", ".a", "a b", "%2F", "a\\b", "日本", "a?b#c", "x" * 128]

unaddressable = pytest.mark.parametrize("uid", UNADDRESSABLE, ids=ascii)


@unaddressable
@pytest.mark.parametrize("place", ["accounts", "tokens"])
def test_the_control_plane_refuses_a_uid_that_no_path_can_hold(world: World, place: str, uid: str) -> None:
    before = snapshot_of(world)
    answer = world.http.post(f"/__mock/{place}", json={"uid": uid})
    assert answer.status_code == 400
    expected = "uid: expected 1 to 128 characters without / and control characters, not . or .., and no API key, got "
    assert answer.json()["error"]["message"].startswith(expected)
    assert snapshot_of(world) == before


@pytest.mark.clause("K7")
@unaddressable
def test_a_token_of_a_uid_that_no_path_can_hold_is_refused(world: World, uid: str) -> None:
    token = jwt(valid_claims(1_767_225_600, uid))
    answer = world.http.post("/api/developer/activate", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_id_token")
    looked_up = world.http.post(f"{TOOLKIT}/accounts:lookup?key=x", json={"idToken": token})
    assert looked_up.status_code == 400
    assert [account["uid"] for account in control(world, "GET accounts")["accounts"]] == ["demo"]


@pytest.mark.parametrize("place", ["signUp", "lookup"])
def test_firebase_makes_no_user_of_a_chosen_uid(world: World, place: str) -> None:
    made = world.http.post(f"{TOOLKIT}/accounts:{place}?key=x", json={"localId": "a/b"})
    assert made.status_code == 400


@unaddressable
@pytest.mark.parametrize("part", ["accounts", "users", "checkouts", "deleted_users"])
def test_a_snapshot_with_a_uid_that_no_path_can_hold_is_refused(world: World, part: str, uid: str) -> None:
    chat(world)
    world.open_checkout()
    state: dict[str, Any] = snapshot_of(world)
    if part == "deleted_users":
        state[part] = [uid]
    else:
        state[part][0]["uid"] = uid
    answer = world.http.put("/__mock/state", json=state)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_field")
    assert control(world, "GET accounts")["accounts"][0]["uid"] == "demo"


@pytest.mark.parametrize("uid", ADDRESSABLE, ids=ascii)
def test_any_other_uid_is_shown_at_its_path(world: World, uid: str) -> None:
    control(world, "POST accounts", json={"uid": uid})
    path = quote(uid, safe="")
    assert world.http.get(f"/__mock/accounts/{path}").json()["uid"] == uid
    assert world.http.get(f"/__mock/firestore/clevora_developer_usage/{path}").status_code == 200
