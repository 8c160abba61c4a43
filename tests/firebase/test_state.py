"""Users are part of the sandbox's state: deterministic, reset, saved and restored."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clevora_mock.contract.endpoints import ENDPOINTS
from clevora_mock.core.passwords import Password
from clevora_mock.firebase.routes import TABLE
from tests.support.control import chat, control, response_parts
from tests.support.examples import examples
from tests.support.firebase import ANN, DEMO, TOKEN, accounts, call, find, message, ok_json, refresh, sign_in, sign_up
from tests.support.server import RunningServer
from tests.support.world import World, fresh_world


def user_life_cycle(world: World) -> list[Any]:
    """Return all bytes of a fixed sequence: sign-up, sign-in, changes, refresh, deletion."""
    answers = [accounts(world, "signUp", ANN), accounts(world, "signInWithPassword", DEMO)]
    ann = answers[0].json()
    answers.append(accounts(world, "update", {"idToken": ann["idToken"], "password": "secret-2", "displayName": "Ann"}))
    answers.append(refresh(world, answers[2].json()["refreshToken"]))
    other = accounts(world, "signUp")
    answers += [other, accounts(world, "delete", {"idToken": other.json()["idToken"]})]
    answers.append(accounts(world, "lookup", {"idToken": ann["idToken"]}))
    assert [answer.status_code for answer in answers] == [200] * 7
    return [response_parts(answer) for answer in answers]


def users(world: World) -> tuple[Any, Any]:
    state = world.http.get("/__mock/state").json()
    return state["users"], state["deleted_users"]


def test_the_same_requests_give_the_same_bytes(world: World) -> None:
    born = users(world)
    first = user_life_cycle(world)
    assert users(world) != born
    control(world, "POST reset")
    assert users(world) == born
    assert user_life_cycle(world) == first


def test_draws_depend_on_the_sandbox(world: World) -> None:
    other = World(world.server, f"{world.name}-other")
    with other.http:
        assert sign_up(world)["localId"] != sign_up(other)["localId"]


def test_a_snapshot_restores_all_users(world: World) -> None:
    """With passwords, profiles, revocations and deleted uids; in another sandbox too."""
    ann = sign_up(world, **ANN)
    gone = sign_up(world)
    call(world, "delete", idToken=gone["idToken"])
    world.advance(5)
    new = call(world, "update", idToken=ann["idToken"], password="secret-2", displayName="Ann")
    snapshot = world.http.get("/__mock/state").content
    control(world, "POST reset")
    other = World(world.server, f"{world.name}-other")
    with other.http:
        for place in (world, other):
            ok_json(place.http.put("/__mock/state", content=snapshot))
            assert sign_in(place, ANN["email"], "secret-2")["localId"] == ann["localId"]
            assert sign_in(place, **DEMO)["localId"] == "demo"
            assert find(place, localId=[ann["localId"]])[0]["displayName"] == "Ann"
            assert find(place, localId=[gone["localId"]]) == []
            assert message(refresh(place, ann["refreshToken"])) == "TOKEN_EXPIRED"
            ok_json(refresh(place, new["refreshToken"]))


@pytest.mark.parametrize("said", ["occurs twice", "is another user's too", "is among the users", "users"])
def test_an_inconsistent_snapshot_changes_nothing(world: World, said: str) -> None:
    sign_up(world, **ANN)
    state = world.http.get("/__mock/state").json()
    before = users(world)
    match said:
        case "occurs twice":
            state["users"].append(state["users"][0])
        case "is another user's too":
            state["users"].append({**state["users"][1], "uid": "b", "email": "ANN@x.example"})
        case "is among the users":
            state["deleted_users"].append("demo")
        case _:
            del state["users"]
    answer = world.http.put("/__mock/state", json=state)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    assert users(world) == before


def test_resetting_the_ledger_keeps_users(world: World) -> None:
    sign_up(world, **ANN)
    control(world, "POST reset", json={"only": "ledger"})
    sign_in(world, **ANN)


def test_the_demo_user_does_not_depend_on_its_first_use(world: World) -> None:
    """The demo user is created on first use, with the sandbox's start as its creation time."""
    other = World(world.server, f"{world.name}-other")
    with other.http:
        chat(world)
        world.advance(500)
        assert find(world, localId=["demo"]) == find(other, localId=["demo"])


class TestSecrets:
    def test_no_password_or_token_is_kept_or_shown(self, world: World) -> None:
        ann = sign_up(world, **ANN)
        refreshed = ok_json(refresh(world, ann["refreshToken"]))
        new = call(world, "update", idToken=ann["idToken"], password='quoted "secret", \\ and é')
        world.http.post(TOKEN, params={"key": "k"}, json={"grantType": "other", "refreshToken": "secret-9"})
        secrets = [ANN["password"], "quoted", "secret-9", ann["refreshToken"], ann["idToken"], new["refreshToken"]]
        secrets += [refreshed["id_token"], refreshed["refresh_token"], new["idToken"]]
        world.http.post("/v1/accounts:signUp", json={"password": "secret-9"})
        chat(world, f"my token is {ann['refreshToken']}.", headers={"user-agent": f"me/{ann['refreshToken']}"})
        for place in ("state", "requests?limit=1000", "conduct"):
            shown = world.http.get(f"/__mock/{place}").text
            assert [secret for secret in secrets if secret in shown] == []

    def test_the_journal_shows_user_operation_and_outcome(self, world: World) -> None:
        ann = sign_up(world, **ANN)
        refresh(world, ann["refreshToken"])
        accounts(world, "signInWithPassword", ANN | {"password": "wrong-1"})
        accounts(world, "sendOobCode", {})
        unknown, wrong, refreshed, signed = control(world, "GET requests")["requests"]
        assert (signed["endpoint"], signed["account"]) == ("firebase.signUp", ann["localId"])
        assert signed["body"] == {"returnSecureToken": True, "email": "ann@x.example", "password": "***"}
        assert (refreshed["endpoint"], refreshed["account"]) == ("firebase.token", ann["localId"])
        assert refreshed["body"] == "grant_type=refresh_token&refresh_token=***"
        assert (wrong["endpoint"], wrong["status"], wrong["code"]) == (
            "firebase.signInWithPassword",
            400,
            "INVALID_LOGIN_CREDENTIALS",
        )
        assert (unknown["endpoint"], unknown["status"], unknown["code"]) == (None, 501, "NOT_IMPLEMENTED")
        assert signed["cost"] == signed["promptTokens"] == 0
        assert control(world, "GET requests?endpoint=firebase.token")["count"] == 1

    def test_trying_another_password_is_no_finding(self, world: World) -> None:
        """Masked, two different sign-ins look like a repeated one."""
        for _ in range(6):
            accounts(world, "signInWithPassword", ANN | {"password": "wrong-1"})
        assert control(world, "GET conduct")["findings"] == []

    def test_clevoras_request_log_has_no_sign_ins(self, world: World) -> None:
        sign_up(world, **ANN)
        assert control(world, "GET firestore/clevora_developer_logs")["documents"] == []


@examples(60)
@given(password=st.text(min_size=6), spread=st.sampled_from([None, 2]), escaped=st.booleans(), whole=st.booleans())
def test_no_password_gets_into_the_journal(
    frozen_server: RunningServer, password: str, spread: int | None, escaped: bool, whole: bool
) -> None:
    """In every encoding of a body, complete or truncated."""
    world = fresh_world(frozen_server)
    marked = f"s3cr3t{password}s3cr3t"
    body = json.dumps({"email": "a@x.example", "password": marked}, indent=spread, ensure_ascii=escaped)
    sent = body.encode("utf-8", "surrogatepass")
    accounts_path = "/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=k"
    world.http.post(accounts_path, content=sent if whole else sent.rstrip(b'\n "}'))
    bodies = world.run_in_server(lambda sandbox: b"".join(entry.body for entry in sandbox.journal.entries))
    assert b"s3cr3t" not in bodies
    assert b"a@x.example" in bodies


@given(st.text(), st.text(min_size=1))
def test_a_password_matches_only_itself(password: str, other: str) -> None:
    kept = Password.of(password, "salt")
    assert kept.matches(password)
    assert not kept.matches(password + other)
    assert kept == Password.of(password, "salt") != Password.of(password, "pepper")
    assert re.fullmatch("[0-9a-f]{64}", kept.hash)


def test_the_hash_is_the_same_everywhere() -> None:
    golden = "9e6395fb067c6fce08a79b6a68e3472000e2551a5d4b6eb549242a72a4749d35"
    assert Password.of("clevora-demo", "salt").hash == golden


def test_firebase_is_not_in_clevoras_documents(world: World) -> None:
    described = world.http.get("/openapi.json").json()["paths"]
    paths = {path for endpoint in ENDPOINTS for path in endpoint.paths}.union(described)
    assert not {row.path for row in TABLE} & paths
    assert {row.operation for row in TABLE}.isdisjoint(endpoint.name for endpoint in ENDPOINTS)
    assert len({row.operation for row in TABLE}) == len(TABLE)
