"""``securetoken.googleapis.com/v1/token``: a fresh ID token for a refresh token."""

from urllib.parse import parse_qsl

from msgspec import Struct

from clevora_mock.api.answers import Answer, Json
from clevora_mock.core.call import Call
from clevora_mock.core.identity import Identity
from clevora_mock.firebase import sessions
from clevora_mock.firebase.callers import recognize
from clevora_mock.firebase.refusals import refused
from clevora_mock.firebase.shapes import document

# As obviously made up as the Auth emulator's.
_PROJECT_NUMBER = "12345"


class Grant(Struct, frozen=True):
    """What is granted, spelled as OAuth has it."""

    id_token: str
    access_token: str
    refresh_token: str
    expires_in: str
    user_id: str
    token_type: str = "Bearer"  # noqa: S105 - a kind, not a token
    project_id: str = _PROJECT_NUMBER


async def refresh(call: Call) -> Answer:
    """``POST /securetoken.googleapis.com/v1/token``: form or JSON in, snake_case out."""
    asked = _fields(call)
    kind, token = asked.get("granttype"), asked.get("refreshtoken")
    if not kind:
        raise refused("MISSING_GRANT_TYPE")
    if kind != "refresh_token":
        raise refused("INVALID_GRANT_TYPE")
    if not token:
        raise refused("MISSING_REFRESH_TOKEN")
    try:
        session = sessions.read(token)
    except ValueError:
        raise refused("INVALID_REFRESH_TOKEN") from None
    users = call.sandbox.users
    user = users.by_uid.get(session.uid)
    if session.uid in users.deleted:
        raise refused("USER_NOT_FOUND")
    if user is None or session.project != call.sandbox.beginning.firebase_project:
        raise refused("INVALID_REFRESH_TOKEN")
    recognize(call, Identity(user.uid, user.email))
    if sessions.is_revoked(user, session.began):
        raise refused("TOKEN_EXPIRED")
    fresh = sessions.go_on(call, user, session)
    return Json(Grant(fresh.id_token, fresh.id_token, fresh.refresh_token, fresh.expires_in, user.uid))


def _fields(call: Call) -> dict[str, str]:
    """The texts in the body by their names without underscores, in small letters.

    The SDK for the web sends a form, those for phones send JSON, and each spells the names in its own way.
    """
    is_json = call.body.lstrip().startswith(b"{")
    given = document(call).items() if is_json else parse_qsl(call.body.decode("latin-1"))
    return {key.replace("_", "").lower(): value for key, value in given if isinstance(value, str)}
