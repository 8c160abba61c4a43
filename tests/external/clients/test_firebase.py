"""Firebase's SDKs: the one for the web signs in, and the Admin SDKs of a backend verify its tokens."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clevora_mock.settings import DEMO_EMAIL, DEMO_PASSWORD, Settings
from tests.external.clients.conftest import Script
from tests.support.firebase import ANN, claims, sign_up
from tests.support.server import serve_settings
from tests.support.world import World

PROJECT = "demo-clevora"
DEMO = {"email": DEMO_EMAIL, "password": DEMO_PASSWORD}

Admin = Callable[..., Any]


@pytest.fixture
def own_world() -> Iterator[World]:
    """Provide the default sandbox of a server, since the SDK for the web drops all paths; its clock is real."""
    with serve_settings(Settings()) as server:
        world = World(server, "default")
        with world.http:
            yield world


@pytest.fixture(params=["node", "python"])
def admin(request: pytest.FixtureRequest, script: Script, python_script: Script) -> Admin:
    """Provide a function that calls one of the Admin SDKs against a sandbox."""
    execute, module = {
        "node": (script, "firebase_admin"),
        "python": (python_script, "firebase_admin_client"),
    }[request.param]

    def call(world: World, function: str, **arguments: Any) -> Any:
        host = world.url.removeprefix("http://")
        return execute(world, module, function, host=host, project=PROJECT, **arguments)

    return call


class TestWeb:
    def test_sign_up_out_in_and_refresh(self, own_world: World, script: Script) -> None:
        got = script(own_world, "firebase", "signUp", url=own_world.server.url, **ANN)
        uid = got["first"]["uid"]
        assert (
            got["first"]
            == got["second"]
            == {
                "uid": uid,
                "email": ANN["email"],
                "name": None,
                "picture": None,
                "anonymous": False,
                "providers": ["password"],
            }
        )
        assert got["states"][-3:] == [uid, None, uid]
        assert (got["signInProvider"], got["claims"]["sub"]) == ("password", uid)
        for token in (got["token"], got["fresh"]):
            assert claims(token)["user_id"] == uid

    def test_linking_a_password_keeps_an_anonymous_users_uid(self, own_world: World, script: Script) -> None:
        got = script(own_world, "firebase", "guest", url=own_world.server.url, **ANN)
        assert (got["before"]["anonymous"], got["after"]["anonymous"]) == (True, False)
        assert got["before"]["uid"] == got["after"]["uid"]
        assert (got["after"]["email"], got["after"]["providers"]) == (ANN["email"], ["password"])
        assert claims(got["before"]["token"])["provider_id"] == "anonymous"
        assert claims(got["token"])["email"] == ANN["email"]

    def test_a_user_is_updated_and_deleted(self, own_world: World, script: Script) -> None:
        new = {"newEmail": "anna@x.example", "newPassword": "secret-2"}
        got = script(own_world, "firebase", "change", url=own_world.server.url, **ANN, **new)
        changed = got["changed"]
        assert (changed["name"], changed["picture"]) == ("Ann", "https://x.example/ann.png")
        assert changed["email"] == "anna@x.example"
        assert (got["cleared"]["name"], got["cleared"]["picture"]) == (None, None)
        assert (got["current"], got["gone"]) == (None, "auth/invalid-credential")

    def test_each_error_has_its_code(self, own_world: World, script: Script) -> None:
        assert script(own_world, "firebase", "fail", url=own_world.server.url) == {
            "taken": "auth/email-already-in-use",
            "weak": "auth/weak-password",
            "malformed": "auth/invalid-email",
            "nobody": "auth/invalid-credential",
            "wrong": "auth/invalid-credential",
            "empty": "auth/missing-password",
            "mail": "auth/not-implemented",
            "google": "auth/not-implemented",
        }

    @pytest.mark.parametrize(("deed", "mine"), [("password", None), ("delete", "auth/user-token-expired")])
    def test_other_pages_are_signed_out(self, own_world: World, script: Script, deed: str, mine: str | None) -> None:
        """After a changed password or a deletion; the page that changed the password stays signed in."""
        got = script(own_world, "firebase", "elsewhere", url=own_world.server.url, deed=deed, **ANN)
        assert got == {"code": "auth/user-token-expired", "signedIn": False, "mine": mine}

    def test_the_token_gives_access_to_the_dashboard(self, own_world: World, script: Script) -> None:
        """Before the activation keys are 403 and the account is readable (B11, K8); an expired token is 401."""
        got = script(own_world, "firebase", "dashboard", url=own_world.server.url, **ANN)
        assert got["statuses"] == [403, 200, 401, 200]
        assert got["account"]["email"] == ANN["email"]
        assert (got["account"]["developerAccess"], got["account"]["activated"]) == (True, False)
        asked = {"messages": [{"role": "user", "content": "Hello!"}]}
        answer = own_world.http.post(
            "/v1/chat/completions", headers={"authorization": f"Bearer {got['key']['key']}"}, json=asked
        )
        assert answer.json()["error"]["code"] == "account_not_activated"


class TestAdmin:
    @pytest.mark.parametrize("revoked", [False, True])
    @pytest.mark.parametrize("source", ["web", "signUp", "tokens", "command line"])
    def test_every_token_is_verified(
        self, own_world: World, script: Script, admin: Admin, source: str, revoked: bool
    ) -> None:
        uid, token = issued(own_world, script, source)
        got = admin(own_world, "verify", token=token, revoked=revoked)
        assert isinstance(got, dict), got
        assert (got["uid"], got["aud"]) == (uid, PROJECT)

    def test_an_activated_account_does_not_outdate_its_token(self, own_world: World, admin: Admin) -> None:
        token = own_world.id_token("newcomer", "new@x.example")
        own_world.advance(5)
        headers = {"authorization": f"Bearer {token}"}
        assert own_world.http.post("/api/developer/activate", headers=headers).status_code == 200
        assert admin(own_world, "verify", token=token, revoked=True)["uid"] == "newcomer"
        assert admin(own_world, "find", uid="newcomer")["email"] == "new@x.example"

    def test_a_revoked_token_is_recognized(self, own_world: World, admin: Admin) -> None:
        signed = sign_up(own_world, **ANN)
        own_world.advance(2)
        body = {"idToken": signed["idToken"], "password": "secret-2"}
        path = "/identitytoolkit.googleapis.com/v1/accounts:update?key=k"
        new = own_world.http.post(path, json=body).json()["idToken"]
        got = admin(own_world, "verify", token=signed["idToken"], revoked=True)
        assert got in ("auth/id-token-revoked", "RevokedIdTokenError")
        # Two seconds ahead of the machine's clock, which the SDKs tolerate.
        assert admin(own_world, "verify", token=new, revoked=True)["uid"] == signed["localId"]

    def test_users_are_found(self, own_world: World, admin: Admin) -> None:
        uid = sign_up(own_world, displayName="Ann", **ANN)["localId"]
        ann = {"uid": uid, "email": ANN["email"], "name": "Ann", "disabled": False}
        assert admin(own_world, "find", uid=uid) == admin(own_world, "find", email=ANN["email"]) == ann
        assert admin(own_world, "find", email=DEMO_EMAIL)["uid"] == "demo"

    def test_deleted_users_and_unknown_emails_are_not_found(self, own_world: World, admin: Admin) -> None:
        signed = sign_up(own_world, **ANN)
        path = "/identitytoolkit.googleapis.com/v1/accounts:delete?key=k"
        assert own_world.http.post(path, json={"idToken": signed["idToken"]}).status_code == 200
        not_found = ("auth/user-not-found", "UserNotFoundError")
        assert admin(own_world, "find", uid=signed["localId"]) in not_found
        assert admin(own_world, "find", email=ANN["email"]) in not_found

    def test_they_keep_a_sandboxs_path(self, live_world: World, admin: Admin) -> None:
        uid = sign_up(live_world, **ANN)["localId"]
        assert live_world.url.endswith(f"/sandbox/{live_world.name}")
        assert admin(live_world, "find", email=ANN["email"])["uid"] == uid


def issued(world: World, script: Script, source: str) -> tuple[str, str]:
    """Return a uid and a token of this user."""
    match source:
        case "web":
            return "demo", script(world, "firebase", "token", url=world.server.url, **DEMO)
        case "signUp":
            signed = sign_up(world, **ANN)
            return signed["localId"], signed["idToken"]
        case "tokens":
            token = world.http.post("/__mock/tokens", json={"uid": "stranger"}).json()["idToken"]
            return "stranger", token
        case _:
            command = [sys.executable, "-m", "clevora_mock", "token", "--uid", "ada"]
            return "ada", subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
