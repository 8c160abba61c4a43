"""Who calls, and by what right: API keys, the Admin SDKs' credential, ID tokens."""

from typing import Any

from clevora_mock.api import parsing
from clevora_mock.core import identity
from clevora_mock.core.accounts import bearer
from clevora_mock.core.call import Call
from clevora_mock.core.errors import ApiError
from clevora_mock.core.identity import Identity
from clevora_mock.core.users import User
from clevora_mock.firebase import sessions
from clevora_mock.firebase.refusals import refused
from clevora_mock.firebase.sessions import Provider


def require_key(call: Call) -> None:
    """403 without an API key; any will do, since it names a project and opens nothing."""
    if not parsing.text(call, "key") and not call.header(b"x-goog-api-key"):
        raise refused("PERMISSION_DENIED", hint="any key will do: ?key=local")


def require_owner(call: Call) -> None:
    """401 unless the credential is there that the Admin SDKs have for emulators."""
    if (bearer(call.header(b"authorization")) or "").lower() != "owner":
        raise refused("UNAUTHENTICATED", hint="send Authorization: Bearer owner")


def claims_of(call: Call, token: str | None) -> dict[str, Any]:
    """The claims of an ID token that is not revoked.

    It does not matter here that one has expired: SDKs refresh by the machine's clock, which knows nothing of the
    sandbox's, and sign out whoever meets a refusal.
    """
    if not token:
        raise refused("MISSING_ID_TOKEN")
    try:
        claims = identity.read(token, call.sandbox.beginning.firebase_project)
    except ApiError as error:
        raise refused("INVALID_ID_TOKEN", hint=error.hint) from None
    issued = claims.get("iat")
    if not isinstance(issued, int | float):
        raise refused("INVALID_ID_TOKEN", hint="iat must be a number")
    recognize(call, identity.subject(claims))
    user = call.sandbox.users.by_uid.get(claims["sub"])
    if user is not None and sessions.is_revoked(user, int(issued)):
        raise refused("TOKEN_EXPIRED")
    return claims


def user_of(call: Call, token: str | None) -> tuple[User, Provider]:
    """The user that an ID token is about, and how they had signed in."""
    claims = claims_of(call, token)
    user = call.sandbox.users.by_uid.get(claims["sub"])
    if user is None:
        raise refused("USER_NOT_FOUND", hint="whoever is known by a token alone has nothing here to change")
    firebase = claims.get("firebase")
    provider = firebase.get("sign_in_provider") if isinstance(firebase, dict) else None
    return user, provider if provider in ("password", "anonymous") else "custom"


def recognize(call: Call, who: Identity) -> None:
    """Note for the journal who it was."""
    call.identity = who
    call.account = call.sandbox.accounts.by_uid.get(who.uid)
