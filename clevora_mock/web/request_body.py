"""Request bodies, up to a maximum size."""

from collections.abc import Mapping

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from clevora_mock.contract.limits import MAX_BODY_BYTES

# Bytes of an oversized body that are read, and dropped, before the response.
_MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES

# The bodies of requests with these methods are not read.
_BODILESS_METHODS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


async def read_body(
    method: str,
    headers: Mapping[bytes, bytes],
    receive: Receive,
    limit: int = MAX_BODY_BYTES,
    max_drained: int = _MAX_DRAINED_BYTES,
) -> bytes | None:
    """Read the body; return None when it is larger than `limit` bytes (W5). Raises ClientDisconnect.

    An oversized body is drained, up to `max_drained` bytes: closing a connection with unread data resets it, and the
    client would not see the error.
    """
    if method in _BODILESS_METHODS:
        return b""
    announced = headers.get(b"content-length", b"0")
    fits = not (announced.isdigit() and int(announced[:12]) > limit)
    if not fits and b"expect" in headers:
        # With ``Expect: 100-continue`` the client has not sent the body yet.
        return None
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and message.get("more_body"):
        parts = [body]
        size = len(body)
        while message.get("more_body") and size < max_drained:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            fits = fits and size <= limit
            if fits:
                parts.append(part)
            else:
                parts.clear()
        body = b"".join(parts)
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return body if fits else None
