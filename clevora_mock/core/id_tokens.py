"""Firebase ID tokens as the Auth emulator issues them: unsigned JWTs (contract K7).

``header.claims.`` with ``{"alg":"none","typ":"JWT"}`` and an empty signature. Anyone can make one, which is the point:
a test signs a user in by writing their name. A signed token is real, and a mock has no business with it.
"""

import binascii
import contextlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec
from msgspec import Struct

from clevora_mock.clock import SECOND
from clevora_mock.contract.limits import MAX_UID_CHARACTERS, id_token_issuer
from clevora_mock.core.errors import ApiError

LIFETIME_SECONDS = 3600
_ENCODED = r"[A-Za-z0-9_-]+"


class Identity(Struct, frozen=True):
    """The user that a token signs in."""

    uid: str
    email: str | None = None


class TokenSignIn(Struct, frozen=True):
    """How and when somebody signed in (`at` in seconds since 1970), and the profile that they had then."""

    provider: str
    at: int
    name: str | None = None
    picture: str | None = None


def issue(
    identity: Identity, project: str, now: int, lifetime: int = LIFETIME_SECONDS, sign_in: TokenSignIn | None = None
) -> str:
    """An ID token for `identity`, valid for `lifetime` seconds from `now`; without `sign_in`, of one made just now."""
    seconds = now // SECOND
    how = sign_in or TokenSignIn("password" if identity.email else "custom", seconds)
    identities: dict[str, list[str]] = {"email": [identity.email]} if identity.email else {}
    claims: dict[str, Any] = {
        "iss": id_token_issuer(project),
        "aud": project,
        "sub": identity.uid,
        "user_id": identity.uid,
        "auth_time": how.at,
        "iat": seconds,
        "exp": seconds + lifetime,
        "firebase": {
            "identities": identities,
            "sign_in_provider": how.provider,
        },
    }
    if identity.email:
        claims |= {"email": identity.email, "email_verified": False}
    if how.name:
        claims["name"] = how.name
    if how.picture:
        claims["picture"] = how.picture
    if how.provider == "anonymous":
        claims["provider_id"] = how.provider
    return f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(claims)}."


def verify(token: str | None, project: str, now: int) -> Identity:
    """Return the user that `token` signs in; 401 with the reason as a hint when it is not valid at `now`."""
    if not token:
        raise _refused("send Authorization: Bearer <Firebase ID token>")
    claims = read(token, project)
    if claims["exp"] * SECOND <= now:
        raise _refused("expired, by this sandbox's clock")
    return subject(claims)


def read(token: str, project: str) -> dict[str, Any]:
    """The claims of `token`, as good as it was when it was issued; 401 with the reason as a hint when it never was."""
    parts = token.split(".")
    if len(parts) != 3:
        raise _refused("a token has three parts; an API key does not open this door")
    header, claims = _decode(parts[0]), _decode(parts[1])
    if header.get("alg") != "none" or parts[2]:
        raise _refused("a signed token is refused here; use the Auth emulator's unsigned ones: clevora-mock token")
    if header.get("typ", "JWT") != "JWT":
        raise _refused("typ is not JWT")
    _check(claims, project)
    return claims


def subject(claims: dict[str, Any]) -> Identity:
    """Return the user that the claims of a good token are about."""
    email = claims.get("email")
    return Identity(claims["sub"], email if isinstance(email, str) else None)


def _check(claims: dict[str, Any], project: str) -> None:
    issuer = id_token_issuer(project)
    if claims.get("iss") != issuer:
        raise _refused(f"iss is not {issuer}")
    if claims.get("aud") != project:
        raise _refused(f"aud is not {project}")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= MAX_UID_CHARACTERS:
        raise _refused(f"sub must be a string of 1 to {MAX_UID_CHARACTERS} characters")
    if claims.get("user_id", subject) != subject:
        raise _refused("user_id is not sub")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or isinstance(expires, bool):
        raise _refused("exp must be a number")


def _encode(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def _decode(part: str) -> dict[str, Any]:
    read = None
    # The decoder skips what is not base64url, so that many texts would be the same token.
    if re.fullmatch(_ENCODED, part):
        with contextlib.suppress(binascii.Error, msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
            read = msgspec.json.decode(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(read, dict):
        raise _refused("its parts must be base64url-encoded JSON objects")
    return read


def _refused(hint: str) -> ApiError:
    return ApiError("invalid_id_token", hint=hint)
