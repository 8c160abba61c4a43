"""``securetoken.googleapis.com/v1/token``: a new ID token for a refresh token."""

from urllib.parse import parse_qsl

from msgspec import Struct

from clevora_mock.core.id_tokens import Identity
from clevora_mock.core.reply import Reply
from clevora_mock.firebase import sessions
from clevora_mock.firebase.auth import set_identity
from clevora_mock.firebase.errors import firebase_error
from clevora_mock.web.context import RequestContext
from clevora_mock.web.json_response import encode_reply
from clevora_mock.web.parsing import parse_document, require_plain

# Far more than there are; a million would take long to read.
_MAX_FIELDS = 100
# The same as in the Auth emulator.
_PROJECT_NUMBER = "12345"


class TokenResponse(Struct, frozen=True):
    """OAuth token response."""

    id_token: str
    access_token: str
    refresh_token: str
    expires_in: str
    user_id: str
    token_type: str = "Bearer"  # noqa: S105 - a kind, not a token
    project_id: str = _PROJECT_NUMBER


async def refresh(context: RequestContext) -> Reply:
    """Handle ``POST /securetoken.googleapis.com/v1/token``; the body is a form or JSON."""
    fields = await context.background.run(len(context.facts.body), lambda: _parse_fields(context))
    kind, token = fields.get("granttype"), fields.get("refreshtoken")
    if not kind:
        raise firebase_error("MISSING_GRANT_TYPE")
    if kind != "refresh_token":
        raise firebase_error("INVALID_GRANT_TYPE")
    if not token:
        raise firebase_error("MISSING_REFRESH_TOKEN")
    try:
        session = sessions.parse_refresh_token(token, context.sandbox.config.token_key)
    except ValueError:
        raise firebase_error("INVALID_REFRESH_TOKEN") from None
    users = context.sandbox.users
    user = users.by_uid.get(session.uid)
    if session.uid in users.deleted:
        raise firebase_error("USER_NOT_FOUND")
    if user is None or session.project != context.sandbox.config.firebase_project:
        raise firebase_error("INVALID_REFRESH_TOKEN")
    set_identity(context, Identity(user.uid, user.email))
    if sessions.is_revoked(user, session.began, context.now):
        raise firebase_error("TOKEN_EXPIRED")
    fresh = sessions.refresh_tokens(context, user, session)
    return encode_reply(TokenResponse(fresh.id_token, fresh.id_token, fresh.refresh_token, fresh.expires_in, user.uid))


def _parse_fields(context: RequestContext) -> dict[str, str]:
    """Return the strings in the body by lower-case names without underscores.

    The SDK for the web sends a form in snake_case, those for phones send JSON in camelCase.
    """
    require_plain(context.facts.body, context.facts.headers)
    is_json = context.facts.body.lstrip().startswith(b"{")
    fields = parse_document(context.facts.body).items() if is_json else _parse_form(context.facts.body)
    return {key.replace("_", "").lower(): value for key, value in fields if isinstance(value, str)}


def _parse_form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("latin-1"), max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise firebase_error("INVALID_ARGUMENT", f"The form has more than {_MAX_FIELDS} fields.") from None
