"""Every error of every Firebase route, in Google's format, and the HTTP rules shared with Clevora's routes."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple

import pytest

from clevora_mock.contract.limits import MAX_BODY_BYTES
from clevora_mock.core import users
from clevora_mock.firebase.errors import CODES
from clevora_mock.firebase.routes import TABLE
from tests.support.firebase import ANN, DEMO, FIND, OWNER, TOKEN, TOOLKIT, accounts, message, ok_json, refresh, sign_up
from tests.support.world import World

PLACEHOLDER = "<id token>"
PATHS = [row.path.replace("{project}", "demo-clevora") for row in TABLE]
WEAK = "WEAK_PASSWORD : Password should be at least 6 characters"


class Row(NamedTuple):
    """A body for ``accounts:{name}`` and the expected error message."""

    name: str
    body: dict[str, Any]
    said: str


ROWS = [
    Row("signUp", {"email": "demo@clevora.example", "password": "secret-1"}, "EMAIL_EXISTS"),
    Row("signUp", {"email": "Demo@Clevora.example", "password": "short"}, "EMAIL_EXISTS"),
    Row("signUp", {"email": "ann@x.example", "password": "12345"}, WEAK),
    Row("signUp", {"email": "ann@x.example"}, "MISSING_PASSWORD"),
    Row("signUp", {"email": "ann@x.example", "password": ""}, "MISSING_PASSWORD"),
    Row("signUp", {"password": "secret-1"}, "MISSING_EMAIL"),
    Row("signUp", {"email": "", "password": "secret-1"}, "MISSING_EMAIL"),
    Row("signUp", {"email": "ann", "password": "secret-1"}, "INVALID_EMAIL"),
    Row("signUp", {"email": "a b@x.example", "password": "secret-1"}, "INVALID_EMAIL"),
    Row("signUp", {"email": f"{'a' * 250}@x.example", "password": "secret-1"}, "INVALID_EMAIL"),
    Row("signUp", {"localId": "mine", **ANN}, "UNEXPECTED_PARAMETER : User ID"),
    Row("signUp", {"idToken": PLACEHOLDER}, "MISSING_EMAIL"),
    Row("signUp", {"idToken": "garbage", **ANN}, "INVALID_ID_TOKEN"),
    Row("signInWithPassword", {"password": "secret-1"}, "MISSING_EMAIL"),
    Row("signInWithPassword", {"email": "", "password": "secret-1"}, "INVALID_EMAIL"),
    Row("signInWithPassword", {"email": "ann@x.example"}, "MISSING_PASSWORD"),
    Row("signInWithPassword", {"email": "ann", "password": "secret-1"}, "INVALID_EMAIL"),
    Row("signInWithPassword", ANN, "INVALID_LOGIN_CREDENTIALS"),
    Row("signInWithPassword", DEMO | {"password": "Clevora-Demo"}, "INVALID_LOGIN_CREDENTIALS"),
    Row("lookup", {}, "MISSING_ID_TOKEN"),
    Row("lookup", {"idToken": "garbage"}, "INVALID_ID_TOKEN"),
    Row("lookup", {"idToken": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"}, "INVALID_ID_TOKEN"),
    Row("update", {"displayName": "A"}, "INVALID_REQ_TYPE : Unsupported request parameters."),
    Row("update", {"idToken": "garbage"}, "INVALID_ID_TOKEN"),
    Row("update", {"idToken": PLACEHOLDER, "email": "ann"}, "INVALID_EMAIL"),
    Row("update", {"idToken": PLACEHOLDER, "password": "short"}, WEAK),
    Row("delete", {}, "MISSING_ID_TOKEN"),
    Row("delete", {"idToken": "garbage"}, "INVALID_ID_TOKEN"),
]

GRANTS: list[tuple[dict[str, str], str]] = [
    ({}, "MISSING_GRANT_TYPE"),
    ({"refresh_token": "x"}, "MISSING_GRANT_TYPE"),
    ({"grant_type": "authorization_code"}, "INVALID_GRANT_TYPE"),
    ({"grant_type": "refresh_token"}, "MISSING_REFRESH_TOKEN"),
    *(
        ({"grant_type": "refresh_token", "refresh_token": token}, "INVALID_REFRESH_TOKEN")
        for token in ("x", "AMf-", "AMf-!", "AMf-e30", "AMf-____", "AMf-bnVsbA", "e30", "AMf-é")
    ),
]

# Requests for features that are not emulated, and the names in their errors.
BEYOND: list[tuple[str, dict[str, Any], str]] = [
    ("update", {"oobCode": "x"}, "oobCode"),
    ("update", {"idToken": PLACEHOLDER, "deleteProvider": ["password"]}, "deleteProvider"),
    ("update", {"idToken": PLACEHOLDER, "linkProviderUserInfo": {"providerId": "x"}}, "linkProviderUserInfo"),
    ("update", {"idToken": PLACEHOLDER, "deleteAttribute": ["PASSWORD"]}, "PASSWORD"),
    ("signUp", {"tenantId": "t", **ANN}, "tenant"),
    ("sendOobCode", {"requestType": "PASSWORD_RESET", "email": "demo@clevora.example"}, "accounts:sendOobCode"),
    ("signInWithIdp", {"postBody": "id_token=x&providerId=google.com"}, "accounts:signInWithIdp"),
    ("signInWithCustomToken", {"token": "x"}, "accounts:signInWithCustomToken"),
]

# Bodies that are invalid for every route.
BROKEN: list[bytes] = [
    b"{",
    b"[]",
    b"\xff",
    b'{"idToken": 5, "localId": 5}',
    b'{"a": 1, "a": 2}',
    b"[" * 100_000,
]


def filled(world: World, body: dict[str, Any]) -> dict[str, Any]:
    token = sign_up(world)["idToken"] if PLACEHOLDER in body.values() else None
    return {key: token if value == PLACEHOLDER else value for key, value in body.items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.said.split()[0]}")
def test_an_error_has_firebases_code(world: World, row: Row) -> None:
    body = filled(world, row.body)
    before = world.http.get("/__mock/state").json()["users"]
    answer = accounts(world, row.name, body)
    assert (answer.status_code, message(answer)) == (400, row.said)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    assert world.http.get("/__mock/state").json()["users"] == before


def test_a_password_of_six_characters_is_long_enough(world: World) -> None:
    assert accounts(world, "signUp", {"email": "ann@x.example", "password": "123456"}).status_code == 200


@pytest.mark.parametrize(("form", "said"), GRANTS)
def test_a_grant_is_refused_by_name(world: World, form: dict[str, str], said: str) -> None:
    for answer in (
        world.http.post(TOKEN, params={"key": "local"}, data=form),
        world.http.post(TOKEN, params={"key": "local"}, json=form),
    ):
        assert (answer.status_code, message(answer)) == (400, said)


@pytest.mark.parametrize("change", [{"project": "other"}, {"began": 10**30}, {"began": -1}, {"uid": ""}, {"x": 1}])
def test_a_forged_refresh_token_is_refused(world: World, change: dict[str, Any]) -> None:
    session = {"uid": "demo", "provider": "password", "project": "demo-clevora", "began": 0}
    ok_json(refresh(world, forged(session)))
    assert message(refresh(world, forged(session | change))) == "INVALID_REFRESH_TOKEN"


def forged(session: dict[str, Any]) -> str:
    return "AMf-" + urlsafe_b64encode(json.dumps(session).encode()).decode().rstrip("=")


def test_a_refresh_token_of_an_unknown_user_is_refused(world: World) -> None:
    token = sign_up(world)["refreshToken"]
    world.http.post("/__mock/reset")
    assert message(refresh(world, token)) == "INVALID_REFRESH_TOKEN"


@pytest.mark.parametrize(("name", "body", "named"), BEYOND, ids=[f"{row[0]}-{row[2]}" for row in BEYOND])
def test_unsupported_features_are_named_in_the_error(world: World, name: str, body: dict[str, Any], named: str) -> None:
    answer = accounts(world, name, filled(world, body))
    assert answer.status_code == 501
    said = message(answer)
    assert said.startswith("NOT_IMPLEMENTED : ")
    assert named in said
    assert said.endswith("is not emulated.")


@pytest.mark.parametrize("path", ["/identitytoolkit.googleapis.com/v2/passwordPolicy", "/securetoken.googleapis.com/x"])
def test_other_paths_of_both_hosts_are_refused_in_googles_format(world: World, path: str) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = world.http.request(method, path)
        assert (answer.status_code, answer.json()["error"]["status"]) == (501, "NOT_IMPLEMENTED")
        assert f"{method} {path}" in message(answer)


@pytest.mark.parametrize(
    "path", ["/identitytoolkitXgoogleapis.com/v1/projects/p/accounts:lookup", "/v1/accounts:signUp"]
)
def test_paths_of_other_hosts_are_clevoras(world: World, path: str) -> None:
    assert world.http.post(path, json={}).json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("path", PATHS)
def test_a_broken_body_is_an_invalid_argument(world: World, path: str) -> None:
    for body in BROKEN:
        answer = world.http.post(path, params={"key": "local"}, headers=OWNER, content=body)
        assert (body[:30], answer.status_code) == (body[:30], 400)
        if path == TOKEN:
            message(answer)
        else:
            assert message(answer).startswith("Invalid JSON payload received. ")
            assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_a_form_has_at_most_100_fields(world: World) -> None:
    """A million fields would take long to read."""
    for count, said in ((100, "MISSING_GRANT_TYPE"), (101, "The form has more than 100 fields.")):
        answer = world.http.post(TOKEN, params={"key": "local"}, content="&".join(["a=b"] * count))
        assert (answer.status_code, message(answer)) == (400, said)


@pytest.mark.parametrize("path", [path for path in PATHS if path != FIND])
def test_an_api_key_is_required(world: World, path: str) -> None:
    answer = world.http.post(path, json={})
    assert (answer.status_code, message(answer)) == (403, "The request is missing a valid API key.")
    assert answer.json()["error"]["status"] == "PERMISSION_DENIED"
    assert "key" in answer.headers["x-clevora-mock-hint"]
    assert world.http.post(path, json={}, headers={"x-goog-api-key": "any"}).status_code in (200, 400)


@pytest.mark.parametrize("authorization", [None, "Bearer someone", "Basic owner", "owner"])
def test_only_the_owner_looks_others_up(world: World, authorization: str | None) -> None:
    headers = {"authorization": authorization} if authorization else {}
    answer = world.http.post(FIND, headers=headers, json={"localId": ["demo"]})
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert "authentication credential" in message(answer)
    assert answer.headers["x-clevora-mock-hint"] == "send Authorization: Bearer owner"


def test_at_most_a_hundred_are_looked_up(world: World) -> None:
    ok_json(world.http.post(FIND, headers=OWNER, json={"localId": ["demo"] * 100}))
    assert world.http.post(FIND, headers=OWNER, json={"email": ["a@x.example"] * 101}).status_code == 400


def test_sign_ups_beyond_the_capacity_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users are never evicted; a deletion makes room. Only the latest deleted uids are remembered."""
    monkeypatch.setattr(users, "CAPACITY", 3)
    first, second = sign_up(world), sign_up(world)
    assert message(accounts(world, "signUp", ANN)) == "QUOTA_EXCEEDED : Exceeded quota for creating accounts."
    made = world.http.post("/__mock/accounts", json=ANN)
    assert made.json()["error"]["message"].startswith("password: ")
    for signed in (first, second):
        ok_json(accounts(world, "delete", {"idToken": signed["idToken"]}))
    for _ in range(2):
        ok_json(accounts(world, "delete", {"idToken": sign_up(world)["idToken"]}))
    deleted = world.http.get("/__mock/state").json()["deleted_users"]
    assert len(deleted) == 3
    assert first["localId"] not in deleted


def test_every_error_is_tested() -> None:
    here = {row.said.split(" ")[0] for row in ROWS} | {said for _, said in GRANTS}
    tested_apart = {
        *("INVALID_ARGUMENT", "NOT_IMPLEMENTED", "PERMISSION_DENIED", "QUOTA_EXCEEDED"),
        *("TOKEN_EXPIRED", "UNAUTHENTICATED", "USER_NOT_FOUND"),
    }
    assert here | tested_apart == CODES


class TestManners:
    @pytest.mark.parametrize("path", PATHS)
    def test_pages_of_every_origin_are_allowed(self, world: World, path: str) -> None:
        """The preflight allows all headers of the SDK for the web, and responses are readable, errors too."""
        wanted = "content-type,x-client-version,x-firebase-client,x-firebase-gmpid"
        asked = {
            "origin": "http://localhost:5173",
            "access-control-request-method": "POST",
            "access-control-request-headers": wanted,
        }
        preflight = world.http.options(path, headers=asked)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert preflight.headers["access-control-allow-headers"] == wanted
        answer = world.http.post(path, json={}, headers={"origin": "http://localhost:5173"})
        assert answer.headers["access-control-allow-origin"] == "*"

    @pytest.mark.parametrize("path", PATHS)
    def test_another_method_is_refused(self, world: World, path: str) -> None:
        answer = world.http.get(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert "does not take GET" in message(answer)

    def test_a_slash_or_an_escaped_colon_changes_nothing(self, world: World) -> None:
        for path in ("accounts:signUp/", "accounts%3AsignUp"):
            ok_json(world.http.post(f"{TOOLKIT}/{path}?key=local", json={}))

    def test_a_body_that_is_too_large_is_refused_in_the_same_shape(self, world: World) -> None:
        answer = accounts(world, "signUp", {"email": "a" * MAX_BODY_BYTES})
        assert answer.status_code == 413
        assert "4 MiB" in message(answer)

    def test_an_internal_error_is_a_500_in_googles_format(self, world: World) -> None:
        def break_down(sandbox: Any) -> None:
            sandbox.config = None

        world.run_in_server(break_down)
        answer = accounts(world, "signUp", ANN)
        assert (answer.status_code, answer.json()["error"]["status"]) == (500, "INTERNAL")
        message(answer)

    def test_scenarios_do_not_affect_firebase(self, world: World) -> None:
        rules = [{"when": {"endpoint": "*"}, "then": {"error": 503}}]
        ok_json(world.http.put("/__mock/scenario", json={"name": "down", "rules": rules}))
        ok_json(accounts(world, "signInWithPassword", DEMO))

    @pytest.mark.parametrize("name", ["error", "fault", "scenario", "delay", "erorr"])
    def test_headers_that_ask_for_an_error_are_refused(self, world: World, name: str) -> None:
        refused = accounts(world, "signInWithPassword", DEMO, headers={f"x-clevora-mock-{name}": "500"})
        assert refused.status_code == 400
        assert f"x-clevora-mock-{name}" in message(refused)
        assert ("unknown header" in message(refused)) == (name == "erorr")


@pytest.mark.parametrize(
    ("issued", "refusal"),
    [
        (1e308, None),
        (10**18, None),
        (True, "TOKEN_EXPIRED"),
        (-1e308, "TOKEN_EXPIRED"),
        (None, "INVALID_ID_TOKEN"),
        ("1", "INVALID_ID_TOKEN"),
        ([], "INVALID_ID_TOKEN"),
    ],
)
def test_a_time_of_issue_is_a_number_not_before_the_sign_up(world: World, issued: object, refusal: str | None) -> None:
    uid = sign_up(world, **ANN)["localId"]
    header, part, _ = world.id_token(uid).split(".")
    claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) | {"iat": issued}
    written = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    answer = accounts(world, "lookup", {"idToken": f"{header}.{written}."})
    if refusal is None:
        assert ok_json(answer)["users"][0]["localId"] == uid
    else:
        assert (answer.status_code, message(answer)) == (400, refusal)
