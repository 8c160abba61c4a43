"""Sign-ins: what their refresh tokens hold, and the pair of tokens that each of them gets.

A refresh token is an unsigned text that says whose it is, like the Auth emulator's. So a sandbox keeps none of them,
and however many there are, they cost no memory; what revokes them is the user's `valid_since`.
"""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from clevora_mock.clock import MAX_TIMESTAMP, SECOND
from clevora_mock.contract.limits import MAX_UID_CHARACTERS
from clevora_mock.core.id_tokens import LIFETIME_SECONDS, Identity, TokenSignIn, issue
from clevora_mock.core.users import User
from clevora_mock.web.context import RequestContext

Provider = Literal["password", "anonymous", "custom"]

# Firebase's own begin like this, and it is what the journal knows them by.
_PREFIX = "AMf-"
_ENCODED = re.compile(r"[A-Za-z0-9_-]+")


class Session(Struct, frozen=True, forbid_unknown_fields=True):
    """One sign-in: who, how, in which project and when (in seconds since 1970)."""

    uid: Annotated[str, Meta(min_length=1, max_length=MAX_UID_CHARACTERS)]
    provider: Provider
    project: str
    began: Annotated[int, Meta(ge=0, le=MAX_TIMESTAMP // SECOND)]


class Tokens(Struct, frozen=True, rename="camel"):
    """What a sign-in gets; `expires_in` in seconds, as a text."""

    id_token: str
    refresh_token: str
    expires_in: str


def start(context: RequestContext, user: User, provider: Provider) -> Tokens:
    """Sign `user` in, now."""
    user.last_sign_in = context.now
    project = context.sandbox.config.firebase_project
    return refresh(context, user, Session(user.uid, provider, project, context.now // SECOND))


def refresh(context: RequestContext, user: User, session: Session) -> Tokens:
    """Return fresh tokens for a sign-in that was made before, or just now."""
    user.last_refresh = context.now
    sign_in = TokenSignIn(session.provider, session.began, user.name, user.picture)
    identity = Identity(user.uid, user.email)
    token = issue(identity, session.project, context.now, LIFETIME_SECONDS, sign_in)
    return Tokens(token, _PREFIX + _encode(session), str(LIFETIME_SECONDS))


def read(refresh_token: str) -> Session:
    """Return the sign-in that a refresh token is about. Raises ValueError when it is none."""
    encoded = refresh_token.removeprefix(_PREFIX)
    if encoded == refresh_token or not _ENCODED.fullmatch(encoded):
        raise ValueError("not a refresh token")
    try:
        return msgspec.json.decode(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)), type=Session)
    except (binascii.Error, UnicodeError, RecursionError) as error:
        raise ValueError("not a refresh token") from error


def is_revoked(user: User, second: int) -> bool:
    """Tell whether tokens issued to `user` at `second` since 1970 are revoked."""
    return user.valid_since is not None and second < user.valid_since // SECOND


def _encode(session: Session) -> str:
    return urlsafe_b64encode(msgspec.json.encode(session)).rstrip(b"=").decode()
