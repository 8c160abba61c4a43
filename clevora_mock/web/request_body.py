"""Request bodies, up to a maximum size."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from clevora_mock.contract.limits import MAX_BODY_BYTES
from clevora_mock.core.journal import BODY_START_BYTES

# Bytes of an oversized or refused body that are read, and dropped, before the response.
_MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES

# A larger body is kept only once `accept` says so.
SMALL_BODY_BYTES = 64 * 1024

# The bodies of requests with these methods are not read.
_BODILESS_METHODS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})

# Takes the largest size that a body can have; tells whether it is to be kept, possibly after a wait for memory.
Accept = Callable[[int], Awaitable[bool]]


class RequestBody(NamedTuple):
    """A body as far as it was kept: whole, the start of a refused one, nothing of one that is larger than allowed."""

    content: bytes
    size: int
    fits: bool = True


async def refuse(size: int) -> bool:
    """Keep only the start of a body, since its request is refused anyway."""
    return False


async def read_body(
    method: str, headers: Mapping[bytes, bytes], receive: Receive, accept: Accept, limit: int = MAX_BODY_BYTES
) -> RequestBody:
    """Read the body; one of more than `limit` bytes does not fit (W5). Raises ClientDisconnect.

    An oversized or refused body is drained up to a size: closing a connection with unread data resets it, and the
    client would not see the error.
    """
    if method in _BODILESS_METHODS:
        return RequestBody(b"", 0)
    text = headers.get(b"content-length", b"")
    largest = int(text[:12]) if text.isdigit() else limit

    async def is_accepted() -> bool:
        return largest <= limit and (largest <= SMALL_BODY_BYTES or await accept(largest))

    is_kept = await is_accepted() if b"expect" in headers else None
    if is_kept is False:
        # With ``Expect: 100-continue`` the client has not sent the body yet.
        return RequestBody(b"", largest, fits=False)
    message = await receive()
    content: bytes = message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    if not message.get("more_body") and len(content) <= min(SMALL_BODY_BYTES, limit):
        return RequestBody(content, len(content))
    if is_kept is None:
        is_kept = await is_accepted()
    room = limit if is_kept else BODY_START_BYTES
    # Not a list of parts, each of which may be a single byte.
    size = len(content)
    kept = bytearray(content[:room] if size <= limit else b"")
    while message.get("more_body") and size <= max(limit, _MAX_DRAINED_BYTES):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            kept.clear()
        else:
            kept += part[: room - len(kept)]
    return RequestBody(bytes(kept), size, fits=is_kept and size <= limit)
