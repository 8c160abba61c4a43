"""Firebase ID tokens, made without the product's code."""

import json
from base64 import urlsafe_b64encode
from typing import Any

PROJECT = "demo-clevora"


def encoded(value: object) -> str:
    """Return a part of a JWT."""
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def jwt(claims: object, header: object = None, signature: str = "") -> str:
    return f"{encoded(header or {'alg': 'none', 'typ': 'JWT'})}.{encoded(claims)}.{signature}"


def valid_claims(now: int, uid: str = "demo", project: str = PROJECT, **changes: Any) -> dict[str, Any]:
    """Return the claims of a valid token of an hour, from `now` in seconds; None removes a claim."""
    valid: dict[str, Any] = {
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "sub": uid,
        "user_id": uid,
        "auth_time": now,
        "iat": now,
        "exp": now + 3600,
        "firebase": {"identities": {}, "sign_in_provider": "password"},
    }
    return {name: value for name, value in (valid | changes).items() if value is not None}
