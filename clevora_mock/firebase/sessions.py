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

from clevora_mock.clock import LAST, SECOND
from clevora_mock.core.call import Call
from clevora_mock.core.identity import LIFETIME_SECONDS, Identity, SignIn, issue
from clevora_mock.core.users import User

Provider = Literal["password", "anonymous", "custom"]

# Firebase's own begin like this, and it is what the journal knows them by.
_PREFIX = "AMf-"
_ENCODED = re.compile(r"[A-Za-z0-9_-]+")


class Session(Struct, frozen=True, forbid_unknown_fields=True):
    """One sign-in: who, how, in which project and when (in seconds since 1970)."""

    uid: Annotated[str, Meta(min_length=1, max_length=128)]
    provider: Provider
    project: str
    began: Annotated[int, Meta(ge=0, le=LAST // SECOND)]


class Tokens(Struct, frozen=True, rename="camel"):
    """What a sign-in gets; `expires_in` in seconds, as a text."""

    id_token: str
    refresh_token: str
    expires_in: str


def begin(call: Call, user: User, provider: Provider) -> Tokens:
    """Sign `user` in, now."""
    user.last_sign_in = call.arrived
    project = call.sandbox.beginning.firebase_project
    return go_on(call, user, Session(user.uid, provider, project, call.arrived // SECOND))


def go_on(call: Call, user: User, session: Session) -> Tokens:
    """Fresh tokens for a sign-in that was made before, or just now."""
    user.last_refresh = call.arrived
    sign_in = SignIn(session.provider, session.began, user.name, user.picture)
    identity = Identity(user.uid, user.email)
    token = issue(identity, session.project, call.arrived, LIFETIME_SECONDS, sign_in)
    return Tokens(token, _PREFIX + _encode(session), str(LIFETIME_SECONDS))


def read(refresh_token: str) -> Session:
    """The sign-in that a refresh token is about. Raises ValueError when it is none."""
    encoded = refresh_token.removeprefix(_PREFIX)
    if encoded == refresh_token or not _ENCODED.fullmatch(encoded):
        raise ValueError("not a refresh token")
    try:
        return msgspec.json.decode(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)), type=Session)
    except (binascii.Error, UnicodeError, RecursionError) as error:
        raise ValueError("not a refresh token") from error


def is_revoked(user: User, second: int) -> bool:
    """Whether what `user` was given in that second since 1970 is good no more."""
    return user.valid_since is not None and second < user.valid_since // SECOND


def _encode(session: Session) -> str:
    return urlsafe_b64encode(msgspec.json.encode(session)).rstrip(b"=").decode()
