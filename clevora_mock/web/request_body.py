"""Request bodies, read to their end and bounded."""

from collections.abc import Mapping

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from clevora_mock.contract.limits import MAX_BODY_BYTES

# How much of a body over the limit is read, and dropped, before the client is cut off.
_MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES

# Requests with these methods have no body that anybody reads.
_BODILESS_METHODS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


async def read_body(
    method: str,
    headers: Mapping[bytes, bytes],
    receive: Receive,
    limit: int = MAX_BODY_BYTES,
    drained: int = _MAX_DRAINED_BYTES,
) -> bytes | None:
    """Read the body; None, and nothing kept, when it is over `limit` (W5). Raises ClientDisconnect.

    It is read even where the request is refused all the same: a connection that closes before its client has sent
    everything is reset, and the refusal is never read.
    """
    if method in _BODILESS_METHODS:
        return b""
    announced = headers.get(b"content-length", b"0")
    fits = not (announced.isdigit() and int(announced[:12]) > limit)
    if not fits and b"expect" in headers:
        # Such a client waits until its body is asked for.
        return None
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and message.get("more_body"):
        parts = [body]
        size = len(body)
        while message.get("more_body") and size < drained:
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
