"""Firebase's requests."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import httpx

from tests.support.world import World

PROJECT = "demo-clevora"
TOOLKIT = "/identitytoolkit.googleapis.com/v1"
TOKEN = "/securetoken.googleapis.com/v1/token"
FIND = f"{TOOLKIT}/projects/{PROJECT}/accounts:lookup"
DEMO = {"email": "demo@clevora.example", "password": "clevora-demo"}
ANN = {"email": "ann@x.example", "password": "secret-1"}
OWNER = {"authorization": "Bearer owner"}


def accounts(world: World, name: str, body: Any = None, **more: Any) -> httpx.Response:
    """Send a request to ``accounts:{name}`` with an API key, like the SDKs for the web and for phones."""
    return world.http.post(f"{TOOLKIT}/accounts:{name}", params={"key": "local"}, json=body or {}, **more)


def ok_json(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def call(world: World, name: str, **body: Any) -> Any:
    """Return the response of ``accounts:{name}``."""
    return ok_json(accounts(world, name, body))


def sign_up(world: World, **credentials: Any) -> Any:
    return call(world, "signUp", returnSecureToken=True, **credentials)


def sign_in(world: World, email: str, password: str) -> Any:
    return call(world, "signInWithPassword", email=email, password=password, returnSecureToken=True)


def refresh(world: World, refresh_token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return world.http.post(TOKEN, params={"key": "local"}, data=form)


def find(world: World, **body: Any) -> list[dict[str, Any]]:
    """Return the users that the Admin SDKs find."""
    users: list[dict[str, Any]] = ok_json(world.http.post(FIND, headers=OWNER, json=body)).get("users", [])
    return users


def message(answer: httpx.Response) -> str:
    """Check that an error has Google's format, and return its message."""
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert set(error) - {"status"} == {"code", "message", "errors"}
    assert error["code"] == answer.status_code >= 400
    (item,) = error["errors"]
    assert (item["message"], item["domain"]) == (error["message"], "global")
    assert item["reason"]
    said: str = error["message"]
    return said


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    read: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def dashboard(world: World, id_token: str, path: str = "/api/developer/account", method: str = "GET") -> httpx.Response:
    """Send a request to Clevora's dashboard API with a Firebase token."""
    return world.http.request(method, path, headers={"authorization": f"Bearer {id_token}"})
