"""Request bodies, up to a maximum size."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from clevora_mock.contract.limits import MAX_BODY_BYTES
from clevora_mock.core.journal import BODY_START_BYTES
from clevora_mock.web.memory_budget import MemoryShare

# Bytes of an oversized or refused body that are read, and dropped, before the response.
_MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES

# Of a larger body, the rest waits for memory.
SMALL_BODY_BYTES = 64 * 1024

# The bodies of requests with these methods are not read.
_BODILESS_METHODS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


class RequestBody(NamedTuple):
    """A body as far as it was kept: whole, the start of a refused one, nothing of one that is larger than allowed."""

    content: bytes
    size: int
    fits: bool = True


def refuse() -> bool:
    """Keep only the start of a body, since its request is refused anyway."""
    return False


async def read_body(
    method: str,
    headers: Mapping[bytes, bytes],
    receive: Receive,
    memory: MemoryShare,
    is_welcome: Callable[[], bool],
    limit: int = MAX_BODY_BYTES,
) -> RequestBody:
    """Read the body; one of more than `limit` bytes does not fit (W5). Raises ClientDisconnect.

    A large body waits for `memory`, and is kept only if `is_welcome` says so. An oversized or refused one is drained up
    to a size: closing a connection with unread data resets it, and the client would not see the error.
    """
    if method in _BODILESS_METHODS:
        return RequestBody(b"", 0)
    largest = _announced(headers, limit)
    if b"expect" in headers and (largest > limit or (largest > SMALL_BODY_BYTES and not is_welcome())):
        # With ``Expect: 100-continue`` the client has not sent the body yet.
        return RequestBody(b"", largest, fits=False)
    # Not a list of parts, each of which may be a single byte.
    kept = bytearray()
    size, held, is_kept, more = 0, SMALL_BODY_BYTES, True, True
    while more and size <= max(limit, _MAX_DRAINED_BYTES):
        message = await memory.timed(receive)()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if is_kept and size > held:
            # Only now, so that a client which announces much and sends little takes nothing from the others.
            is_kept = max(size, largest) <= limit and is_welcome()
            held = largest if size <= largest else limit
            if is_kept:
                await memory.hold(held)
        room = 0 if size > limit else limit if is_kept else BODY_START_BYTES
        kept += part[: max(0, room - len(kept))]
        del kept[room:]
    return RequestBody(bytes(kept), size, fits=is_kept and size <= limit)


def _announced(headers: Mapping[bytes, bytes], limit: int) -> int:
    """Return the size that the head announces, `limit` if it announces none; of one with many digits, the first."""
    text = headers.get(b"content-length", b"")
    return int(text.lstrip(b"0")[:12] or b"0") if text.isdigit() else limit
