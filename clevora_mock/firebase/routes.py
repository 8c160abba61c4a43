"""The table of Firebase's routes: the part of its Auth emulator that signing in by email and password needs."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import NO_PLAN, Plan
from clevora_mock.firebase import accounts, tokens
from clevora_mock.firebase.auth import authenticate
from clevora_mock.firebase.errors import google_error, unsupported
from clevora_mock.firebase.schemas import FirebaseRequest, IdTokenRequest, Lookup, SignIn, SignUp, Update
from clevora_mock.web.context import RequestContext
from clevora_mock.web.operation import ApiFamily, Handler, Operation
from clevora_mock.web.pipeline import OperationEndpoint
from clevora_mock.web.routing import TrailingSlashRoute

_TOOLKIT = "/identitytoolkit.googleapis.com/v1"
_HOSTS = ("/identitytoolkit.googleapis.com", "/securetoken.googleapis.com")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

FIREBASE = ApiFamily(authenticate, google_error)


class FirebaseRoute(NamedTuple):
    """One route: its name in the journal, its summary, and the type of its body. All of them are POST."""

    path: str
    operation: str
    summary: str
    handler: Handler
    request: type[FirebaseRequest] | None = None


TABLE: tuple[FirebaseRoute, ...] = (
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:signUp",
        "firebase.signUp",
        "a new user with email and password, or an anonymous one; with an ID token, gives an anonymous one these",
        accounts.sign_up,
        SignUp,
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:signInWithPassword",
        "firebase.signInWithPassword",
        "an ID token and a refresh token for email and password",
        accounts.sign_in,
        SignIn,
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:lookup",
        "firebase.lookup",
        "the user that an ID token is about",
        accounts.lookup,
        IdTokenRequest,
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:update",
        "firebase.update",
        "another name, picture, email or password; the last two revoke older tokens",
        accounts.update,
        Update,
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:delete", "firebase.delete", "deletes the user", accounts.delete, IdTokenRequest
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/projects/{{project}}/accounts:lookup",
        "firebase.find",
        "anybody by uid or email, for the Admin SDKs (`Bearer owner`)",
        accounts.find,
        Lookup,
    ),
    FirebaseRoute(
        "/securetoken.googleapis.com/v1/token",
        "firebase.token",
        "a fresh ID token for a refresh token",
        tokens.refresh,
    ),
)


def firebase_routes() -> list[TrailingSlashRoute]:
    """Return the table as routes, and an error in Google's shape for all else that these hosts have.

    Each route takes every method, so that the wrong one is a 405 of its own and not the error for unknown paths.
    """
    routes = [_route(row.path, [_operation(row)]) for row in TABLE]
    for host in _HOSTS:
        path = f"{host}/{{rest:path}}"
        routes.append(_route(path, [Operation("", method, (path,), _refuse) for method in _METHODS]))
    return routes


def _route(path: str, operations: list[Operation]) -> TrailingSlashRoute:
    return TrailingSlashRoute(
        path, OperationEndpoint(operations, FIREBASE, _no_plan), methods=_METHODS, name=f"firebase:{path}"
    )


def _operation(row: FirebaseRoute) -> Operation:
    handler = row.handler if row.request is None else _without_tenant(row.handler)
    return Operation(row.operation, "POST", (row.path,), handler, request=row.request)


def _without_tenant(handler: Callable[..., Awaitable[Reply]]) -> Handler:
    """Refuse requests about a tenant, which are not emulated."""

    async def run(context: RequestContext, request: Any) -> Reply:
        if request.tenant_id:
            raise unsupported("a tenant")
        return await handler(context, request)

    return run


def _no_plan(sandbox: Sandbox, facts: RequestFacts, principal: Principal) -> Plan:
    """Leave Firebase's requests alone: scenarios are about Clevora's endpoints."""
    return NO_PLAN


async def _refuse(context: RequestContext) -> Reply:
    raise unsupported(f"{context.facts.method} {context.facts.path}")
