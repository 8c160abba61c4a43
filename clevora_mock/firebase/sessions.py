"""Sign-ins and their tokens.

A refresh token is an unsigned JSON document, like the Auth emulator's, so a sandbox does not store any; a strict server
proves its own. The user's `valid_since` revokes older ones.
"""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hmac import compare_digest
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from clevora_mock.clock import MAX_TIMESTAMP, SECOND
from clevora_mock.core.accounts import Uid
from clevora_mock.core.id_tokens import LIFETIME_SECONDS, Identity, TokenSignIn, issue, prove
from clevora_mock.core.users import User
from clevora_mock.web.context import RequestContext

Provider = Literal["password", "anonymous", "custom"]

# The prefix of Firebase's refresh tokens, by which the journal masks them.
_PREFIX = "AMf-"
_ENCODED = re.compile(r"[A-Za-z0-9_-]+")


class Session(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Content of a refresh token: one sign-in; `began` in seconds since 1970, `proof` from a strict server."""

    uid: Uid
    provider: Provider
    project: str
    began: Annotated[int, Meta(ge=0, le=MAX_TIMESTAMP // SECOND)]
    proof: str = ""


class SessionTokens(Struct, frozen=True, rename="camel"):
    """Tokens of a sign-in; `expires_in` in seconds."""

    id_token: str
    refresh_token: str
    expires_in: str


def start_session(context: RequestContext, user: User, provider: Provider) -> SessionTokens:
    """Record a sign-in of `user`, and return its tokens."""
    user.last_sign_in = context.now
    project = context.sandbox.config.firebase_project
    return refresh_tokens(context, user, Session(user.uid, provider, project, context.now // SECOND))


def refresh_tokens(context: RequestContext, user: User, session: Session) -> SessionTokens:
    """Return new tokens for the sign-in `session`."""
    user.last_refresh = context.now
    sign_in = TokenSignIn(session.provider, session.began, user.name, user.picture)
    key = context.sandbox.config.token_key
    token = issue(Identity(user.uid, user.email), session.project, context.now, LIFETIME_SECONDS, sign_in, key)
    proven = session if key is None else replace(session, proof=_prove(session, key))
    return SessionTokens(token, _PREFIX + _encode(proven), str(LIFETIME_SECONDS))


def parse_refresh_token(refresh_token: str, key: bytes | None = None) -> Session:
    """Return the content of a refresh token. Raises ValueError for a malformed one, or one not proven by `key`."""
    encoded = refresh_token.removeprefix(_PREFIX)
    if encoded == refresh_token or not _ENCODED.fullmatch(encoded):
        raise ValueError("not a refresh token")
    try:
        session = msgspec.json.decode(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)), type=Session)
    except (binascii.Error, UnicodeError, RecursionError) as error:
        raise ValueError("not a refresh token") from error
    if key is not None and not compare_digest(session.proof.encode(), _prove(session, key).encode()):
        raise ValueError("not issued by this server")
    return session


def is_revoked(user: User, second: int, now: int) -> bool:
    """Return True if tokens issued to `user` at `second` (since 1970) are revoked at `now`."""
    revoked_before = user.revoked_before(now)
    return revoked_before is not None and second < revoked_before // SECOND


def _prove(session: Session, key: bytes) -> str:
    return prove(replace(session, proof=""), key)


def _encode(session: Session) -> str:
    return urlsafe_b64encode(msgspec.json.encode(session)).rstrip(b"=").decode()
