"""Sign-up, sign-in and refresh: the responses to Firebase's SDKs, and the access that the tokens give."""

import pytest

from clevora_mock.clock import FROZEN_START, SECOND
from tests.support.firebase import (
    ANN,
    DEMO,
    accounts,
    call,
    claims,
    dashboard,
    find,
    message,
    ok_json,
    refresh,
    sign_in,
    sign_up,
)
from tests.support.world import World

START = FROZEN_START // SECOND
NEWS = {"idToken", "refreshToken", "expiresIn"}


class TestSigningUp:
    def test_a_user_signs_up_with_email_and_password(self, world: World) -> None:
        got = sign_up(world, email="Ann@X.example", password="secret-1")
        assert got.keys() == {"kind", "localId", "email", *NEWS}
        assert (got["kind"], got["email"]) == ("identitytoolkit#SignupNewUserResponse", "ann@x.example")
        assert got["expiresIn"] == "3600"
        assert len(got["localId"]) == 28
        assert claims(got["idToken"]) == {
            "iss": "https://securetoken.google.com/demo-clevora",
            "aud": "demo-clevora",
            "sub": got["localId"],
            "user_id": got["localId"],
            "auth_time": START,
            "iat": START,
            "exp": START + 3600,
            "firebase": {"identities": {"email": ["ann@x.example"]}, "sign_in_provider": "password"},
            "email": "ann@x.example",
            "email_verified": False,
        }

    def test_a_user_signs_up_anonymously(self, world: World) -> None:
        got = sign_up(world)
        assert got.keys() == {"kind", "localId", *NEWS}
        told = claims(got["idToken"])
        assert told["provider_id"] == told["firebase"]["sign_in_provider"] == "anonymous"
        assert "email" not in told
        assert find(world, localId=[got["localId"]])[0]["providerUserInfo"] == []

    def test_an_anonymous_user_becomes_one_with_a_password(self, world: World) -> None:
        """The uid stays; with an ID token, sign-up links email and password to its user."""
        before = sign_up(world)
        after = sign_up(world, idToken=before["idToken"], **ANN)
        assert after["localId"] == before["localId"] == sign_in(world, **ANN)["localId"]
        assert claims(after["idToken"])["firebase"]["sign_in_provider"] == "password"

    def test_every_user_has_a_different_uid(self, world: World) -> None:
        assert len({sign_up(world)["localId"] for _ in range(20)}) == 20

    def test_a_display_name_is_in_the_token(self, world: World) -> None:
        got = sign_up(world, displayName="Ann", **ANN)
        assert got["displayName"] == claims(got["idToken"])["name"] == "Ann"


class TestSigningIn:
    def test_signing_in_answers_with_tokens(self, world: World) -> None:
        uid = sign_up(world, **ANN)["localId"]
        world.advance(60)
        got = sign_in(world, "ANN@x.example", ANN["password"])
        assert got.keys() == {"kind", "registered", "localId", "email", *NEWS}
        assert (got["kind"], got["registered"]) == ("identitytoolkit#VerifyPasswordResponse", True)
        assert (got["localId"], claims(got["idToken"])["auth_time"]) == (uid, START + 60)

    def test_the_demo_account_signs_in_and_sees_its_money(self, world: World) -> None:
        got = sign_in(world, **DEMO)
        assert got["localId"] == "demo"
        account = ok_json(dashboard(world, got["idToken"]))["data"]
        assert (account["balance"], account["activated"], account["developerAccess"]) == (100, True, True)

    def test_an_account_of_the_control_plane_signs_in(self, world: World) -> None:
        made = {"uid": "poor", "balance": 0, "activated": False, **ANN}
        ok_json(world.http.post("/__mock/accounts", json=made))
        got = sign_in(world, **ANN)
        assert got["localId"] == "poor"
        assert ok_json(dashboard(world, got["idToken"]))["data"]["balance"] == 0

    def test_a_user_who_signed_up_can_be_given_an_account(self, world: World) -> None:
        got = sign_up(world, **ANN)
        ok_json(world.http.post("/__mock/accounts", json={"uid": got["localId"], "balance": 7}))
        assert ok_json(dashboard(world, got["idToken"]))["data"]["balance"] == 7

    @pytest.mark.parametrize(
        ("made", "said"),
        [
            ({"password": "secret-1"}, "email: required"),
            ({"password": "short", "email": "b@x.example"}, "password: "),
            (DEMO, "email: expected one that no Firebase user has"),
        ],
    )
    def test_an_account_that_cannot_sign_in_is_not_made(self, world: World, made: dict[str, str], said: str) -> None:
        before = world.http.get("/__mock/state").json()["accounts"]
        answer = world.http.post("/__mock/accounts", json=made)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith(said)
        assert world.http.get("/__mock/state").json()["accounts"] == before

    def test_a_uid_that_signs_in_gets_no_second_password(self, world: World) -> None:
        uid = sign_up(world, **ANN)["localId"]
        answer = world.http.post("/__mock/accounts", json={"uid": uid, "email": "b@x.example", "password": "secret-2"})
        assert answer.json()["error"]["message"].startswith("uid: expected one that no Firebase user has")

    def test_the_dashboard_opens_after_activation(self, world: World) -> None:
        """403 until then (K8); afterwards the account has the email."""
        token = sign_up(world, **ANN)["idToken"]
        assert dashboard(world, token, "/v1/keys").status_code == 403
        assert ok_json(dashboard(world, token))["data"]["developerAccess"] is False
        ok_json(dashboard(world, token, "/api/developer/activate", "POST"))
        assert ok_json(dashboard(world, token))["data"]["email"] == "ann@x.example"
        assert ok_json(dashboard(world, token, "/v1/keys"))["data"]["keys"] == []

    def test_sandboxes_have_users_of_their_own(self, world: World) -> None:
        sign_up(world, **ANN)
        elsewhere = World(world.server, f"{world.name}-other")
        with elsewhere.http:
            assert message(accounts(elsewhere, "signInWithPassword", ANN)) == "INVALID_LOGIN_CREDENTIALS"
            assert sign_up(elsewhere, **ANN)["email"] == ANN["email"]

    def test_the_root_path_is_the_default_sandbox(self, world: World) -> None:
        """The SDK for the web drops paths."""
        root = f"{world.server.url}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=k"
        assert ok_json(world.http.post(root, json=DEMO))["localId"] == "demo"


class TestStayingSignedIn:
    def test_a_refresh_gives_a_fresh_token_of_the_same_sign_in(self, world: World) -> None:
        signed = sign_up(world, **ANN)
        world.advance(7200)
        assert dashboard(world, signed["idToken"]).status_code == 401
        got = ok_json(refresh(world, signed["refreshToken"]))
        assert got.keys() == {
            *("id_token", "access_token", "refresh_token"),
            *("expires_in", "token_type", "user_id", "project_id"),
        }
        assert (got["token_type"], got["expires_in"], got["user_id"]) == ("Bearer", "3600", signed["localId"])
        assert got["id_token"] == got["access_token"]
        told = claims(got["id_token"])
        assert (told["auth_time"], told["iat"]) == (START, START + 7200)
        assert ok_json(dashboard(world, got["id_token"]))["data"]["uid"] == signed["localId"]
        assert ok_json(refresh(world, got["refresh_token"]))["user_id"] == signed["localId"]

    @pytest.mark.parametrize("spelling", [("grant_type", "refresh_token"), ("grantType", "refreshToken")])
    def test_a_token_is_refreshed_by_json_too(self, world: World, spelling: tuple[str, str]) -> None:
        asked = dict(zip(spelling, ("refresh_token", sign_up(world)["refreshToken"]), strict=True))
        answer = world.http.post("/securetoken.googleapis.com/v1/token?key=k", json=asked)
        assert ok_json(answer)["id_token"]

    def test_an_anonymous_user_stays_anonymous(self, world: World) -> None:
        token = ok_json(refresh(world, sign_up(world)["refreshToken"]))["id_token"]
        assert claims(token)["firebase"]["sign_in_provider"] == "anonymous"

    def test_a_new_profile_is_in_the_next_token(self, world: World) -> None:
        signed = sign_up(world, **ANN)
        call(world, "update", idToken=signed["idToken"], displayName="Ann", photoUrl="https://x.example/ann.png")
        told = claims(ok_json(refresh(world, signed["refreshToken"]))["id_token"])
        assert (told["name"], told["picture"]) == ("Ann", "https://x.example/ann.png")

    def test_lookup_accepts_an_expired_token(self, world: World) -> None:
        """SDKs use the machine's clock: an error would sign their user out only because the sandbox's was moved."""
        signed = sign_up(world, **ANN)
        world.advance(86_400)
        assert call(world, "lookup", idToken=signed["idToken"])["users"][0]["localId"] == signed["localId"]
