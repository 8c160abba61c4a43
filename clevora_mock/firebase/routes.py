"""Table of Firebase's routes: the part of the Auth emulator for sign-in by email and password."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from clevora_mock.core.exchange import Principal, RequestFacts
from clevora_mock.core.reply import Reply
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.scenario import NO_PLAN, Plan
from clevora_mock.firebase import accounts, schemas, tokens
from clevora_mock.firebase.auth import authenticate
from clevora_mock.firebase.errors import google_error, not_emulated
from clevora_mock.web.background import Background
from clevora_mock.web.context import RequestContext
from clevora_mock.web.header_overrides import refuse_overrides
from clevora_mock.web.operation import ApiFamily, Handler, Operation
from clevora_mock.web.pipeline import OperationEndpoint
from clevora_mock.web.routing import TrailingSlashRoute

_TOOLKIT = "/identitytoolkit.googleapis.com/v1"
_HOSTS = ("/identitytoolkit.googleapis.com", "/securetoken.googleapis.com")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

FIREBASE = ApiFamily(authenticate, google_error)


class FirebaseRoute(NamedTuple):
    """One POST route; `operation` is its name in the journal, `request` the type of its body."""

    path: str
    operation: str
    summary: str
    handler: Handler
    request: type[schemas.FirebaseRequest] | None = None


TABLE: tuple[FirebaseRoute, ...] = (
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:signUp",
        "firebase.signUp",
        "creates a user with email and password or an anonymous one; with an ID token, sets them for an anonymous user",
        accounts.sign_up,
        schemas.SignUpRequest,
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:signInWithPassword",
        "firebase.signInWithPassword",
        "signs in with email and password: an ID token and a refresh token",
        accounts.sign_in,
        schemas.SignInRequest,
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:lookup",
        "firebase.lookup",
        "the user of an ID token",
        accounts.look_up_user,
        schemas.IdTokenRequest,
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:update",
        "firebase.update",
        "changes name, picture, email or password; the last two revoke existing tokens",
        accounts.update_user,
        schemas.UpdateRequest,
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/accounts:delete",
        "firebase.delete",
        "deletes the user",
        accounts.delete_user,
        schemas.IdTokenRequest,
    ),
    FirebaseRoute(
        f"{_TOOLKIT}/projects/{{project}}/accounts:lookup",
        "firebase.find",
        "users by uid or email, for the Admin SDKs (`Bearer owner`)",
        accounts.find_users,
        schemas.LookupRequest,
    ),
    FirebaseRoute(
        "/securetoken.googleapis.com/v1/token",
        "firebase.token",
        "a new ID token for a refresh token",
        tokens.refresh,
    ),
)


def build_firebase_routes(background: Background) -> list[TrailingSlashRoute]:
    """Return the table's routes, and one per host that returns Google's error for all other paths.

    Each route takes every method, since otherwise a wrong method would match the route for other paths.
    """
    routes = [_build_route(row.path, [_build_operation(row)], background) for row in TABLE]
    for host in _HOSTS:
        path = f"{host}/{{rest:path}}"
        operations = [Operation("", method, (path,), _reject) for method in _METHODS]
        routes.append(_build_route(path, operations, background))
    return routes


def _build_route(path: str, operations: list[Operation], background: Background) -> TrailingSlashRoute:
    endpoint = OperationEndpoint(operations, FIREBASE, _no_plan, background)
    return TrailingSlashRoute(path, endpoint, methods=_METHODS, name=f"firebase:{path}")


def _build_operation(row: FirebaseRoute) -> Operation:
    handler = row.handler if row.request is None else _reject_tenants(row.handler)
    return Operation(row.operation, "POST", (row.path,), handler, request=row.request)


def _reject_tenants(handler: Callable[..., Awaitable[Reply]]) -> Handler:
    """Wrap `handler` to raise an error for requests with a tenant, which are not emulated."""

    async def run(context: RequestContext, request: Any) -> Reply:
        if request.tenant_id:
            raise not_emulated("a tenant")
        return await handler(context, request)

    return run


async def _no_plan(sandbox: Sandbox, facts: RequestFacts, principal: Principal) -> Plan:
    """Return no plan: scenarios apply to Clevora's endpoints only. Raises a 400 for headers that ask for more."""
    refuse_overrides(facts.header_lines, "Firebase's")
    return NO_PLAN


async def _reject(context: RequestContext) -> Reply:
    raise not_emulated(f"{context.facts.method} {context.facts.path}")
