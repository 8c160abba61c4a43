"""Lookup, change and deletion of users, and the effect on their tokens."""

from typing import Any

import pytest

from clevora_mock.clock import FROZEN_START, SECOND
from tests.support.firebase import (
    ANN,
    FIND,
    OWNER,
    TOOLKIT,
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


def info(email: str, **more: str) -> dict[str, str]:
    return {"providerId": "password", "email": email, "federatedId": email, "rawId": email, **more}


class TestLookingUp:
    def test_a_user_looks_themselves_up(self, world: World) -> None:
        signed = sign_up(world, **ANN)
        world.advance(60)
        sign_in(world, **ANN)
        world.advance(60)
        ok_json(refresh(world, signed["refreshToken"]))
        got = call(world, "lookup", idToken=signed["idToken"])
        assert got["kind"] == "identitytoolkit#GetAccountInfoResponse"
        assert got["users"] == [
            {
                "localId": signed["localId"],
                "email": "ann@x.example",
                "emailVerified": False,
                "providerUserInfo": [info("ann@x.example")],
                "createdAt": f"{START}000",
                "lastLoginAt": f"{START + 60}000",
                "lastRefreshAt": "2026-01-01T00:02:00.000Z",
                "validSince": f"{START}",
            }
        ]
        assert find(world, localId=[signed["localId"]]) == got["users"]

    def test_a_user_is_looked_up_by_email(self, world: World) -> None:
        uid = sign_up(world, **ANN)["localId"]
        assert [user["localId"] for user in find(world, email=["ANN@x.example", "no@x.example"])] == [uid]

    def test_several_users_are_found_each_once(self, world: World) -> None:
        uid = sign_up(world, **ANN)["localId"]
        found = find(world, localId=["demo", uid, uid], email=[ANN["email"], "demo@clevora.example"])
        assert [user["localId"] for user in found] == ["demo", uid]

    def test_a_lookup_without_results_has_no_list(self, world: World) -> None:
        """The Admin SDK for Node takes an empty list for a user."""
        for body in ({"email": ["no@x.example"]}, {"phoneNumber": ["+15550100"]}, {}):
            assert ok_json(world.http.post(FIND, headers=OWNER, json=body)).keys() == {"kind"}

    def test_another_project_has_no_users(self, world: World) -> None:
        other = world.http.post(f"{TOOLKIT}/projects/other/accounts:lookup", headers=OWNER, json={"localId": ["demo"]})
        assert ok_json(other).keys() == {"kind"}
        assert "demo-clevora" in other.headers["x-clevora-mock-hint"]

    def test_an_account_is_known_without_a_sign_up(self, world: World) -> None:
        """Accounts without a user have no `validSince`, so no token is too old."""
        ok_json(world.http.post("/__mock/accounts", json={"uid": "made", "email": "Made@x.example"}))
        ok_json(dashboard(world, world.id_token("activated", "act@x.example"), "/api/developer/activate", "POST"))
        for uid, email in (("made", "Made@x.example"), ("activated", "act@x.example")):
            told = {"localId": uid, "email": email, "emailVerified": False, "createdAt": f"{START}000"}
            assert find(world, localId=[uid]) == find(world, email=[email.lower()]) == [told]

    def test_a_uid_of_a_token_alone_is_found(self, world: World) -> None:
        """The Admin SDK for Node looks up the user of each token by the uid."""
        assert find(world, localId=["stranger"]) == [{"localId": "stranger"}]
        got = call(world, "lookup", idToken=world.id_token("stranger", "s@x.example"))
        assert got["users"] == [{"localId": "stranger", "email": "s@x.example", "emailVerified": False}]
        assert find(world, email=["s@x.example"]) == []

    def test_an_account_is_found_by_its_users_email(self, world: World) -> None:
        token = sign_in(world, "demo@clevora.example", "clevora-demo")["idToken"]
        call(world, "update", idToken=token, email="new@clevora.example")
        assert find(world, email=["demo@clevora.example"]) == []
        assert [user["localId"] for user in find(world, email=["new@clevora.example"])] == ["demo"]


class TestChanging:
    def test_name_and_picture_can_be_changed(self, world: World) -> None:
        token = sign_up(world, **ANN)["idToken"]
        profile = {"displayName": "Ann", "photoUrl": "https://x.example/ann.png"}
        got = call(world, "update", idToken=token, returnSecureToken=True, **profile)
        assert got.items() >= {"kind": "identitytoolkit#SetAccountInfoResponse", **profile}.items()
        assert got["providerUserInfo"] == [info(ANN["email"], **profile)]
        assert "idToken" not in got
        assert call(world, "update", idToken=token, displayName=None)["displayName"] == "Ann"
        assert "displayName" not in call(world, "update", idToken=token, displayName="")
        assert "photoUrl" not in call(world, "update", idToken=token, deleteAttribute=["PHOTO_URL", "DISPLAY_NAME"])
        (user,) = find(world, email=[ANN["email"]])
        assert not {"displayName", "photoUrl"} & user.keys()

    def test_a_new_password_revokes_earlier_tokens(self, world: World) -> None:
        before = sign_up(world, **ANN)
        world.advance(1)
        after = call(world, "update", idToken=before["idToken"], password="secret-2", returnSecureToken=True)
        assert claims(after["idToken"])["auth_time"] == START + 1
        assert message(accounts(world, "signInWithPassword", ANN)) == "INVALID_LOGIN_CREDENTIALS"
        assert sign_in(world, ANN["email"], "secret-2")["localId"] == before["localId"]
        assert message(accounts(world, "lookup", {"idToken": before["idToken"]})) == "TOKEN_EXPIRED"
        assert message(accounts(world, "delete", {"idToken": before["idToken"]})) == "TOKEN_EXPIRED"
        assert message(refresh(world, before["refreshToken"])) == "TOKEN_EXPIRED"
        assert find(world, localId=[before["localId"]])[0]["validSince"] == f"{START + 1}"
        ok_json(refresh(world, after["refreshToken"]))
        assert call(world, "lookup", idToken=after["idToken"])["users"]

    def test_the_email_can_be_changed(self, world: World) -> None:
        before = sign_up(world, **ANN)
        world.advance(1)
        after = call(world, "update", idToken=before["idToken"], email="Anna@x.example", returnSecureToken=True)
        assert after["email"] == claims(after["idToken"])["email"] == "anna@x.example"
        assert sign_in(world, "anna@x.example", ANN["password"])["localId"] == before["localId"]
        assert message(accounts(world, "signInWithPassword", ANN)) == "INVALID_LOGIN_CREDENTIALS"
        assert message(refresh(world, before["refreshToken"])) == "TOKEN_EXPIRED"
        assert sign_up(world, **ANN)["localId"] != before["localId"]

    def test_the_same_email_changes_nothing(self, world: World) -> None:
        signed = sign_up(world, **ANN)
        world.advance(1)
        assert "idToken" not in call(world, "update", idToken=signed["idToken"], email="ANN@x.example")
        ok_json(refresh(world, signed["refreshToken"]))

    def test_a_change_is_atomic(self, world: World) -> None:
        signed = sign_up(world, **ANN)
        wrong = {"idToken": signed["idToken"], "email": "b@x.example", "password": "short", "displayName": "B"}
        assert message(accounts(world, "update", wrong)).startswith("WEAK_PASSWORD")
        wrong |= {"email": "demo@clevora.example", "password": "secret-2"}
        assert message(accounts(world, "update", wrong)) == "EMAIL_EXISTS"
        (user,) = find(world, localId=[signed["localId"]])
        assert user["email"] == ANN["email"]
        assert "displayName" not in user
        sign_in(world, **ANN)


class TestDeleting:
    def test_a_deleted_user_is_unknown(self, world: World) -> None:
        """On every route, although an unknown uid has a profile; the email is free again."""
        signed = sign_up(world, **ANN)
        assert call(world, "delete", idToken=signed["idToken"]) == {"kind": "identitytoolkit#DeleteAccountResponse"}
        assert find(world, localId=[signed["localId"]], email=[ANN["email"]]) == []
        for name in ("lookup", "update", "delete"):
            assert message(accounts(world, name, {"idToken": signed["idToken"]})) == "USER_NOT_FOUND"
        assert message(refresh(world, signed["refreshToken"])) == "USER_NOT_FOUND"
        assert message(accounts(world, "signInWithPassword", ANN)) == "INVALID_LOGIN_CREDENTIALS"
        assert sign_up(world, **ANN)["localId"] != signed["localId"]

    def test_the_account_outlives_its_deleted_user(self, world: World) -> None:
        token = sign_in(world, "demo@clevora.example", "clevora-demo")["idToken"]
        call(world, "delete", idToken=token)
        assert find(world, localId=["demo"], email=["demo@clevora.example"]) == []
        assert ok_json(world.http.get("/__mock/accounts/demo"))["balance"] == 100

    @pytest.mark.parametrize("name", ["update", "delete"])
    def test_an_unknown_uid_cannot_be_changed(self, world: World, name: str) -> None:
        body: dict[str, Any] = {"idToken": world.id_token("stranger"), "displayName": "S"}
        answer = accounts(world, name, body)
        assert message(answer) == "USER_NOT_FOUND"
        assert "has no user" in answer.headers["x-clevora-mock-hint"]
