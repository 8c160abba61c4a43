"""Credentials of Firebase's API: API keys, ``Bearer owner`` of the Admin SDKs, ID tokens."""

from typing import Any

from clevora_mock.core import id_tokens
from clevora_mock.core.accounts import bearer
from clevora_mock.core.errors import ApiError
from clevora_mock.core.exchange import ANONYMOUS, Principal, RequestFacts
from clevora_mock.core.id_tokens import Identity
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.core.users import User
from clevora_mock.firebase import sessions
from clevora_mock.firebase.errors import firebase_error
from clevora_mock.firebase.sessions import Provider
from clevora_mock.web.context import RequestContext
from clevora_mock.web.parsing import query_param

# Operations for the Admin SDKs, which authenticate with ``Bearer owner``.
OWNER_OPERATIONS = frozenset({"firebase.find"})


def authenticate(sandbox: Sandbox, facts: RequestFacts) -> Principal:
    """Check for ``Bearer owner`` on operations of the Admin SDKs, else for any API key."""
    if facts.operation in OWNER_OPERATIONS:
        if (bearer(facts.header(b"authorization")) or "").lower() != "owner":
            raise firebase_error("UNAUTHENTICATED", hint="send Authorization: Bearer owner")
    # Any key is valid: Firebase's keys identify a project and grant no access.
    elif facts.operation and not query_param(facts.query, "key") and not facts.header(b"x-goog-api-key"):
        raise firebase_error("PERMISSION_DENIED", hint="add any API key, such as ?key=local")
    return ANONYMOUS


def read_claims(context: RequestContext, token: str | None) -> dict[str, Any]:
    """Return the claims of an ID token. Raises an error for an invalid or revoked one.

    Expired tokens are accepted: SDKs refresh by the machine's clock, not the sandbox's, and an error would sign the
    user out.
    """
    if not token:
        raise firebase_error("MISSING_ID_TOKEN")
    try:
        config = context.sandbox.config
        claims = id_tokens.read(token, config.firebase_project, config.token_key)
    except ApiError as error:
        raise firebase_error("INVALID_ID_TOKEN", hint=error.hint) from None
    issued = claims.get("iat")
    if not isinstance(issued, int | float):
        raise firebase_error("INVALID_ID_TOKEN", hint="iat must be a number")
    set_identity(context, id_tokens.subject(claims))
    user = context.sandbox.users.by_uid.get(claims["sub"])
    if user is not None and sessions.is_revoked(user, int(issued), context.now):
        raise firebase_error("TOKEN_EXPIRED")
    return claims


def require_user(context: RequestContext, token: str | None) -> tuple[User, Provider]:
    """Return the user of an ID token, and the provider of the sign-in. Raises USER_NOT_FOUND for a token alone."""
    claims = read_claims(context, token)
    user = context.sandbox.users.by_uid.get(claims["sub"])
    if user is None:
        raise firebase_error("USER_NOT_FOUND", hint="the token's uid has no user; sign one up to change it")
    firebase = claims.get("firebase")
    provider = firebase.get("sign_in_provider") if isinstance(firebase, dict) else None
    return user, provider if provider in ("password", "anonymous") else "custom"


def set_identity(context: RequestContext, user: Identity) -> None:
    """Set the user that the journal shows."""
    context.set_principal(Principal(account=context.sandbox.accounts.by_uid.get(user.uid), identity=user))
