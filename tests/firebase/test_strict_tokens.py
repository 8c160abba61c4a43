"""``--strict-tokens``: only tokens that this server issued are taken, so nobody signs in with one of their own."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from clevora_mock.settings import DEMO_EMAIL, DEMO_PASSWORD, Settings
from tests.support.firebase import ANN, TOOLKIT, call, ok_json, refresh, sign_up
from tests.support.program import run_program
from tests.support.server import RunningServer, serve_settings
from tests.support.tokens import jwt, valid_claims
from tests.support.world import World, fresh_name

NOW = 1_767_225_600
SECRET = "whsec_c29tZXRoaW5nIG9mIG91ciBvd24="
STRICT: dict[str, Any] = {"clock": "frozen", "strict_tokens": True, "webhook_secret": SECRET}


@pytest.fixture(scope="module")
def strict_server() -> Iterator[RunningServer]:
    with serve_settings(Settings(**STRICT)) as server:
        yield server


@pytest.fixture
def strict(strict_server: RunningServer) -> Iterator[World]:
    world = World(strict_server, fresh_name())
    yield world
    world.http.close()


def account(world: World, token: str) -> httpx.Response:
    return world.http.get("/api/developer/account", headers={"authorization": f"Bearer {token}"})


def issued(world: World, uid: str = "demo") -> str:
    return str(world.http.post("/__mock/tokens", json={"uid": uid}).json()["idToken"])


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_a_token_that_the_control_plane_issued_is_taken(strict: World) -> None:
    assert account(strict, issued(strict)).json()["data"]["uid"] == "demo"
    assert account(strict, issued(strict, "ann")).json()["data"]["uid"] == "ann"


@pytest.mark.clause("K7")
def test_an_issued_token_is_an_unsigned_one_that_the_admin_sdks_can_read(strict: World) -> None:
    header, _, signature = issued(strict).split(".")
    assert json.loads(urlsafe_b64decode(header + "==")) == {"alg": "none", "typ": "JWT"}
    assert signature == ""
    claims = claims_of(issued(strict))
    assert len(claims.pop("jti")) == 64
    assert claims == valid_claims(NOW) | {"firebase": {"identities": {}, "sign_in_provider": "custom"}}


def test_a_forged_token_revokes_no_key(strict: World) -> None:
    """As a page of another origin could send it, through open CORS."""
    forged = {"authorization": f"Bearer {jwt(valid_claims(NOW))}", "origin": "https://evil.example"}
    listed = strict.http.get("/v1/keys", headers=forged)
    revoked = strict.http.delete(f"/v1/keys/{strict.api_key}", headers=forged)
    for answer in (listed, revoked):
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_id_token")
        assert "--strict-tokens" in answer.headers["x-clevora-mock-hint"]
    assert strict.http.post("/v1/search", headers=strict.headers, json={"query": "a"}).status_code == 200


@pytest.mark.parametrize(
    "change",
    [{"sub": "ann", "user_id": "ann"}, {"exp": NOW + 7200}, {"jti": "0" * 64}, {"jti": None}, {"jti": 5}, {"admin": 1}],
    ids=str,
)
def test_an_issued_token_that_was_changed_is_refused(strict: World, change: dict[str, Any]) -> None:
    assert account(strict, jwt(claims_of(issued(strict)) | change)).status_code == 401


def test_an_issued_token_that_was_written_anew_is_still_taken(strict: World) -> None:
    assert account(strict, jwt(claims_of(issued(strict)))).status_code == 200


@pytest.mark.parametrize(
    "changes", [{"webhook_secret": "whsec_b3RoZXI="}, {"seed": 1}, {"strict_tokens": False}], ids=str
)
def test_a_token_of_a_server_with_other_settings_is_refused(strict: World, changes: dict[str, Any]) -> None:
    with serve_settings(Settings(**(STRICT | changes))) as other:
        token = httpx.post(f"{other.url}/__mock/tokens", json={"uid": "demo"}).json()["idToken"]
    assert account(strict, token).status_code == 401


def test_the_command_issues_a_token_for_a_server_with_the_same_settings(strict: World) -> None:
    same = ("--clock", "frozen", "--strict-tokens", "--webhook-secret", SECRET)
    token = run_program("token", *same).stdout.strip()
    assert account(strict, token).status_code == 200
    assert account(strict, run_program("token", "--clock", "frozen").stdout.strip()).status_code == 401


def test_tokens_are_the_same_in_each_run(strict: World) -> None:
    with serve_settings(Settings(**STRICT)) as other:
        again = httpx.post(f"{other.url}/__mock/tokens", json={"uid": "demo"}).json()["idToken"]
    assert issued(strict) == again


def test_who_signs_up_uses_their_tokens(strict: World) -> None:
    signed = sign_up(strict, **ANN)
    assert account(strict, signed["idToken"]).json()["data"]["uid"] == signed["localId"]
    again = ok_json(refresh(strict, signed["refreshToken"]))
    assert account(strict, again["id_token"]).status_code == 200
    twice = ok_json(refresh(strict, again["refresh_token"]))
    assert account(strict, twice["id_token"]).status_code == 200
    assert call(strict, "lookup", idToken=signed["idToken"])["users"][0]["email"] == ANN["email"]


def test_firebase_takes_no_forged_token_either(strict: World) -> None:
    forged = jwt(valid_claims(NOW))
    for name in ("lookup", "update", "delete"):
        answer = strict.http.post(f"{TOOLKIT}/accounts:{name}?key=x", json={"idToken": forged, "displayName": "x"})
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, "INVALID_ID_TOKEN")


@pytest.mark.parametrize("proof", [{}, {"proof": ""}, {"proof": "0" * 64}])
def test_a_forged_refresh_token_gives_no_token(strict: World, proof: dict[str, str]) -> None:
    session = {"uid": "demo", "provider": "password", "project": "demo-clevora", "began": NOW} | proof
    token = "AMf-" + urlsafe_b64encode(json.dumps(session).encode()).rstrip(b"=").decode()
    answer = refresh(strict, token)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "INVALID_REFRESH_TOKEN")


def test_the_well_known_password_signs_nobody_in(strict: World) -> None:
    credentials = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}
    answer = strict.http.post(f"{TOOLKIT}/accounts:signInWithPassword?key=x", json=credentials)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "INVALID_LOGIN_CREDENTIALS")


def test_the_demo_user_signs_in_with_a_password_of_their_own(strict: World) -> None:
    call(strict, "update", idToken=issued(strict), password="another-one")
    signed = call(strict, "signInWithPassword", email=DEMO_EMAIL, password="another-one")
    assert account(strict, signed["idToken"]).json()["data"]["uid"] == "demo"


def test_a_restored_sandbox_takes_the_tokens_that_it_issued(strict: World) -> None:
    token = issued(strict)
    state = strict.http.get("/__mock/state").content
    strict.http.post("/__mock/reset")
    assert strict.http.put("/__mock/state", content=state).status_code == 200
    assert account(strict, token).status_code == 200


def test_without_the_setting_tokens_are_as_before(world: World) -> None:
    assert "jti" not in claims_of(issued(world))
    assert account(world, jwt(valid_claims(NOW))).status_code == 200
    refreshed = sign_up(world, **ANN)["refreshToken"].removeprefix("AMf-")
    assert set(json.loads(urlsafe_b64decode(refreshed + "=" * (-len(refreshed) % 4)))) == {
        "uid",
        "provider",
        "project",
        "began",
    }
