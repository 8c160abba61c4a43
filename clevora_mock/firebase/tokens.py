"""``securetoken.googleapis.com/v1/token``: a fresh ID token for a refresh token."""

from urllib.parse import parse_qsl

from msgspec import Struct

from clevora_mock.core.id_tokens import Identity
from clevora_mock.core.reply import Reply
from clevora_mock.firebase import sessions
from clevora_mock.firebase.auth import set_identity
from clevora_mock.firebase.errors import refused
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import json_answer
from clevora_mock.web.parsing import parse_document

# As obviously made up as the Auth emulator's.
_PROJECT_NUMBER = "12345"


class TokenResponse(Struct, frozen=True):
    """The tokens, spelled as OAuth has it."""

    id_token: str
    access_token: str
    refresh_token: str
    expires_in: str
    user_id: str
    token_type: str = "Bearer"  # noqa: S105 - a kind, not a token
    project_id: str = _PROJECT_NUMBER


async def refresh(context: RequestContext) -> Reply:
    """Handle ``POST /securetoken.googleapis.com/v1/token``: form or JSON in, snake_case out."""
    asked = _fields(context)
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
    users = context.sandbox.users
    user = users.by_uid.get(session.uid)
    if session.uid in users.deleted:
        raise refused("USER_NOT_FOUND")
    if user is None or session.project != context.sandbox.config.firebase_project:
        raise refused("INVALID_REFRESH_TOKEN")
    set_identity(context, Identity(user.uid, user.email))
    if sessions.is_revoked(user, session.began):
        raise refused("TOKEN_EXPIRED")
    fresh = sessions.refresh(context, user, session)
    return json_answer(TokenResponse(fresh.id_token, fresh.id_token, fresh.refresh_token, fresh.expires_in, user.uid))


def _fields(context: RequestContext) -> dict[str, str]:
    """Return the texts in the body by their names without underscores, in lower case.

    The SDK for the web sends a form, those for phones send JSON, and each spells the names in its own way.
    """
    is_json = context.facts.body.lstrip().startswith(b"{")
    given = parse_document(context.facts.body).items() if is_json else parse_qsl(context.facts.body.decode("latin-1"))
    return {key.replace("_", "").lower(): value for key, value in given if isinstance(value, str)}
