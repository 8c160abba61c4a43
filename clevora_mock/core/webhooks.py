"""Standard Webhooks signatures, as on the events of Dodo Payments (contract B9).

HMAC-SHA256 over ``id.timestamp.body`` with the base64-decoded part after ``whsec_``. The header has one or more
``v1,<base64>`` separated by spaces, more than one while a secret is rotated. A timestamp is valid for five minutes
before and after.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping

from clevora_mock.clock import SECOND
from clevora_mock.contract.limits import WEBHOOK_TOLERANCE_SECONDS
from clevora_mock.core.errors import ApiError

PREFIX = "whsec_"
_NO_KNOWN_MISTAKE = (
    "either its secret is not the server's --webhook-secret, or id, timestamp or body are not those that were signed"
)


def secret_bytes(secret: str) -> bytes:
    """Return the key in a ``whsec_`` secret; padding is optional. Raises ValueError for other texts."""
    encoded = secret.removeprefix(PREFIX)
    try:
        key = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or not key:
        raise ValueError("expected whsec_ and base64")
    return key


def sign(secret: str, event_id: str, now: int, body: bytes) -> dict[str, str]:
    """Return the headers for the delivery of `body` at `now`."""
    timestamp = str(now // SECOND)
    signature = _signature(secret_bytes(secret), event_id, timestamp, body)
    return {"webhook-id": event_id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}


def verify(secret: str, headers: Mapping[bytes, bytes], body: bytes, now: int) -> str:
    """Return the id of an event whose signature is valid at `now`. Raises a 401 with the reason as its hint."""
    event_id, timestamp, signatures = (
        headers.get(name, b"").decode("latin-1") for name in (b"webhook-id", b"webhook-timestamp", b"webhook-signature")
    )
    if not (event_id and timestamp and signatures):
        raise _refused("needs webhook-id, webhook-timestamp and webhook-signature")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise _refused("webhook-timestamp must be whole seconds since 1970")
    age = now // SECOND - int(timestamp)
    if abs(age) > WEBHOOK_TOLERANCE_SECONDS:
        when = f"{abs(age)} s {'old' if age > 0 else 'in the future'}"
        raise _refused(
            f"webhook-timestamp is {when} by this sandbox's clock; {WEBHOOK_TOLERANCE_SECONDS} s are allowed"
        )
    from hmac import compare_digest  # noqa: PLC0415 - few servers see a signature

    key = secret_bytes(secret)
    wanted = _signature(key, event_id, timestamp, body).encode()
    good = False
    for versioned in signatures.split(" "):
        version, _, given = versioned.partition(",")
        good |= version == "v1" and compare_digest(wanted, given.encode())
    if not good:
        from clevora_mock.core.signature_mistakes import find_mistake  # noqa: PLC0415 - only errors need it

        mistake = find_mistake(key, secret, (event_id, timestamp, body), signatures)
        raise _refused(f"no signature matches; {mistake or _NO_KNOWN_MISTAKE}")
    return event_id


def _signature(key: bytes, event_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{event_id}.{timestamp}.".encode("latin-1") + body
    import hmac  # noqa: PLC0415

    return b64encode(hmac.digest(key, signed, "sha256")).decode()


def _refused(hint: str) -> ApiError:
    return ApiError("invalid_signature", hint=hint)
