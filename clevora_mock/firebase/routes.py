"""The table of Firebase's routes: the part of its Auth emulator that signing in by email and password needs."""

from collections.abc import Callable
from typing import NamedTuple

from clevora_mock.api.answers import Answer
from clevora_mock.api.gate import Work
from clevora_mock.api.routing import Route
from clevora_mock.core.call import Call
from clevora_mock.firebase import accounts, tokens
from clevora_mock.firebase.callers import require_key, require_owner
from clevora_mock.firebase.refusals import FIREBASE, unsupported

_TOOLKIT = "/identitytoolkit.googleapis.com/v1"
_HOSTS = ("/identitytoolkit.googleapis.com", "/securetoken.googleapis.com")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class FirebaseRoute(NamedTuple):
    """One route, its name in the journal, its line in the README, and what it asks for first. All of them are POST."""

    path: str
    operation: str
    summary: str
    work: Work
    require: Callable[[Call], None] = require_key


TABLE: tuple[FirebaseRoute, ...] = (
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:signUp",
        "firebase.signUp",
        "a new user with email and password, or an anonymous one; with an ID token, gives an anonymous one these",
        accounts.sign_up,
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:signInWithPassword",
        "firebase.signInWithPassword",
        "an ID token and a refresh token for email and password",
        accounts.sign_in,
    ),
    FirebaseRoute(f"{_TOOLKIT}/accounts:lookup", "firebase.lookup", "whom an ID token is about", accounts.lookup),
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:update",
        "firebase.update",
        "another name, picture, email or password; the last two revoke older tokens",
        accounts.update,
    ),
    FirebaseRoute(f"{_TOOLKIT}/accounts:delete", "firebase.delete", "deletes the user", accounts.delete),
    FirebaseRoute(
        f"{_TOOLKIT}/projects/{{project}}/accounts:lookup",
        "firebase.find",
        "anybody by uid or email, for the Admin SDKs (`Bearer owner`)",
        accounts.find,
        require_owner,
    ),
    FirebaseRoute(
        "/securetoken.googleapis.com/v1/token",
        "firebase.token",
        "a fresh ID token for a refresh token",
        tokens.refresh,
    ),
)


def firebase_routes() -> list[Route]:
    """The table as routes, and a refusal in Google's shape for all else that these hosts have."""
    served = [
        Route("POST", row.path, _behind(row.require, row.work), FIREBASE, operation=row.operation) for row in TABLE
    ]
    rest = [Route(method, f"{host}/{{rest:path}}", _refuse, FIREBASE) for host in _HOSTS for method in _METHODS]
    return served + rest


def _behind(require: Callable[[Call], None], work: Work) -> Work:
    async def required(call: Call) -> Answer:
        require(call)
        return await work(call)

    return required


async def _refuse(call: Call) -> Answer:
    raise unsupported(f"{call.method} {call.path}")
