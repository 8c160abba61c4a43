"""Firebase ID tokens as the Auth emulator issues them: unsigned JWTs (contract K7).

``header.claims.`` with ``{"alg":"none","typ":"JWT"}`` and an empty signature, so that a test can sign in any user
without a key. Signed tokens are refused, since they are real credentials.

With a `key` (``--strict-tokens``) only tokens that were issued with it are taken. The proof is a claim, ``jti``, since
Firebase's Admin SDKs take no emulator's token with a signature.
"""

import binascii
import contextlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec
from msgspec import Struct

from clevora_mock.clock import SECOND
from clevora_mock.contract.limits import KEY_PREFIX, MAX_EMAIL_CHARACTERS, UID_FORMAT, id_token_issuer, is_uid
from clevora_mock.core.errors import ApiError

LIFETIME_SECONDS = 3600
_ENCODED = r"[A-Za-z0-9_-]+"


class Identity(Struct, frozen=True):
    """A signed-in user."""

    uid: str
    email: str | None = None


class TokenSignIn(Struct, frozen=True):
    """The sign-in behind a token: provider, time (`at`, in seconds since 1970), and the profile at that time."""

    provider: str
    at: int
    name: str | None = None
    picture: str | None = None


def issue(
    identity: Identity,
    project: str,
    now: int,
    lifetime: int = LIFETIME_SECONDS,
    sign_in: TokenSignIn | None = None,
    key: bytes | None = None,
) -> str:
    """Return an ID token for `identity`, valid for `lifetime` seconds from `now`, by default for a sign-in at `now`."""
    seconds = now // SECOND
    used = sign_in or TokenSignIn("password" if identity.email else "custom", seconds)
    identities: dict[str, list[str]] = {"email": [identity.email]} if identity.email else {}
    claims: dict[str, Any] = {
        "iss": id_token_issuer(project),
        "aud": project,
        "sub": identity.uid,
        "user_id": identity.uid,
        "auth_time": used.at,
        "iat": seconds,
        "exp": seconds + lifetime,
        "firebase": {
            "identities": identities,
            "sign_in_provider": used.provider,
        },
    }
    if identity.email:
        claims |= {"email": identity.email, "email_verified": False}
    if used.name:
        claims["name"] = used.name
    if used.picture:
        claims["picture"] = used.picture
    if used.provider == "anonymous":
        claims["provider_id"] = used.provider
    if key is not None:
        claims["jti"] = prove(claims, key)
    return f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{_encode(claims)}."


def verify(token: str | None, project: str, now: int, key: bytes | None = None) -> Identity:
    """Return the user of `token`. Raises a 401 with the reason as its hint if it is not valid at `now`."""
    if not token:
        raise _refused("send Authorization: Bearer <Firebase ID token>; clevora-mock token prints one")
    claims = read(token, project, key)
    if claims["exp"] * SECOND <= now:
        raise _refused("expired, by this sandbox's clock")
    return subject(claims)


def read(token: str, project: str, key: bytes | None = None) -> dict[str, Any]:
    """Return the claims of `token`, even of an expired one. Raises a 401 with the reason as its hint."""
    parts = token.split(".")
    if token.startswith(KEY_PREFIX):
        raise _refused("this is an API key; here send a Firebase ID token: clevora-mock token prints one")
    if len(parts) != 3:
        raise _refused("a token has three parts separated by dots; clevora-mock token prints one")
    header, claims = _decode(parts[0]), _decode(parts[1])
    if header.get("alg") != "none" or parts[2]:
        raise _refused("a signed token is refused here; use the Auth emulator's unsigned ones: clevora-mock token")
    if header.get("typ", "JWT") != "JWT":
        raise _refused("typ is not JWT")
    _check(claims, project)
    if key is not None and not _is_proven(claims, key):
        raise _refused("not issued by this server (--strict-tokens); POST /__mock/tokens issues one")
    return claims


def prove(document: object, key: bytes) -> str:
    """Return a proof that `document` was made with `key`: an HMAC of its JSON."""
    import hmac  # noqa: PLC0415 - few servers are strict

    return hmac.new(key, msgspec.json.encode(document), "sha256").hexdigest()


def subject(claims: dict[str, Any]) -> Identity:
    """Return the user of a valid token's claims."""
    email = claims.get("email")
    return Identity(claims["sub"], email if isinstance(email, str) and len(email) <= MAX_EMAIL_CHARACTERS else None)


def _is_proven(claims: dict[str, Any], key: bytes) -> bool:
    from hmac import compare_digest  # noqa: PLC0415 - few servers are strict

    rest = {name: value for name, value in claims.items() if name != "jti"}
    return compare_digest(str(claims.get("jti")).encode(), prove(rest, key).encode())


def _check(claims: dict[str, Any], project: str) -> None:
    issuer = id_token_issuer(project)
    if claims.get("iss") != issuer:
        raise _refused(f"iss is not {issuer}")
    if claims.get("aud") != project:
        raise _refused(f"aud is not {project}")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not is_uid(subject):
        raise _refused(f"sub must be a string of {UID_FORMAT}")
    if claims.get("user_id", subject) != subject:
        raise _refused("user_id is not sub")
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or isinstance(expires, bool):
        raise _refused("exp must be a number")


def _encode(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def _decode(part: str) -> dict[str, Any]:
    read = None
    # The decoder ignores characters outside base64url, so that many texts would decode to the same token.
    if re.fullmatch(_ENCODED, part):
        with contextlib.suppress(binascii.Error, msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
            read = msgspec.json.decode(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(read, dict):
        raise _refused("its parts must be base64url-encoded JSON objects")
    return read


def _refused(hint: str) -> ApiError:
    return ApiError("invalid_id_token", hint=hint)
