"""Credentials: API keys, the Admin SDKs' own, ID tokens."""

from typing import Any

from clevora_mock.core import identity
from clevora_mock.core.accounts import bearer
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import ANONYMOUS, Principal, RequestFacts
from clevora_mock.core.identity import Identity
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.users import User
from clevora_mock.firebase import sessions
from clevora_mock.firebase.errors import refused
from clevora_mock.firebase.sessions import Provider
from clevora_mock.web.context import RequestContext
from clevora_mock.web.parsing import query_param

# Operations that the Admin SDKs call with a credential of their own.
OWNER_OPERATIONS = frozenset({"firebase.find"})


def authenticate(sandbox: Sandbox, facts: RequestFacts) -> Principal:
    """Check the credential in front of every call: the Admin SDKs' for lookups of anybody, else an API key."""
    if facts.operation in OWNER_OPERATIONS:
        if (bearer(facts.header(b"authorization")) or "").lower() != "owner":
            raise refused("UNAUTHENTICATED", hint="send Authorization: Bearer owner")
    # Any key will do, since it names a project and gives no access.
    elif facts.operation and not query_param(facts.query, "key") and not facts.header(b"x-goog-api-key"):
        raise refused("PERMISSION_DENIED", hint="any key will do: ?key=local")
    return ANONYMOUS


def claims_of(context: RequestContext, token: str | None) -> dict[str, Any]:
    """Return the claims of an ID token that is not revoked.

    It does not matter here that one has expired: SDKs refresh by the machine's clock, which knows nothing of the
    sandbox's, and sign out whoever meets a refusal.
    """
    if not token:
        raise refused("MISSING_ID_TOKEN")
    try:
        claims = identity.read(token, context.sandbox.config.firebase_project)
    except ApiError as error:
        raise refused("INVALID_ID_TOKEN", hint=error.hint) from None
    issued = claims.get("iat")
    if not isinstance(issued, int | float):
        raise refused("INVALID_ID_TOKEN", hint="iat must be a number")
    set_identity(context, identity.subject(claims))
    user = context.sandbox.users.by_uid.get(claims["sub"])
    if user is not None and sessions.is_revoked(user, int(issued)):
        raise refused("TOKEN_EXPIRED")
    return claims


def user_of(context: RequestContext, token: str | None) -> tuple[User, Provider]:
    """Return the user that an ID token is about, and how they had signed in."""
    claims = claims_of(context, token)
    user = context.sandbox.users.by_uid.get(claims["sub"])
    if user is None:
        raise refused("USER_NOT_FOUND", hint="whoever is known by a token alone has nothing here to change")
    firebase = claims.get("firebase")
    provider = firebase.get("sign_in_provider") if isinstance(firebase, dict) else None
    return user, provider if provider in ("password", "anonymous") else "custom"


def set_identity(context: RequestContext, user: Identity) -> None:
    """Tell the journal of the user that a token or a sign-in is about."""
    context.identify(Principal(account=context.sandbox.accounts.by_uid.get(user.uid), identity=user))
