"""CORS for the emulated APIs: open to pages of every origin, without credentials (W8)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from clevora_mock.core.reply import Header, Reply
from clevora_mock.loopback import is_loopback_host

_EXPOSED = b"retry-after, retry-after-ms, x-request-id, " + b", ".join(
    b"x-clevora-mock-" + name for name in (b"hint", b"ignored", b"rule", b"server")
)
CROSS_ORIGIN_HEADERS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED),
)

_MAX_AGE_SECONDS = b"600"


def is_preflight(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Return True for a CORS preflight, as opposed to any other OPTIONS request."""
    return method == "OPTIONS" and b"access-control-request-method" in headers


def preflight_reply(headers: Mapping[bytes, bytes], allowed: str | None) -> Reply:
    """Return the reply that grants the methods in `allowed`, the preflight's method, and all headers that it names.

    A wrong method is granted too, since a browser would not show the 404 or 405 otherwise.
    """
    wanted = headers[b"access-control-request-method"]
    methods = [] if allowed is None else allowed.encode().split(b", ")
    granted: list[Header] = [
        (b"access-control-allow-methods", b", ".join(methods if wanted in methods else [*methods, wanted])),
        (b"access-control-allow-headers", headers.get(b"access-control-request-headers") or b"*"),
        (b"access-control-max-age", _MAX_AGE_SECONDS),
    ]
    if b"access-control-request-private-network" in headers:
        granted.append((b"access-control-allow-private-network", b"true"))
    return Reply(headers=tuple(granted), status=204)


def is_from_another_site(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a browser sends the request for a page that is neither of this machine nor of the server's host."""
    origin = headers.get(b"origin")
    if origin is None:
        # For images and the like, browsers send no origin.
        return headers.get(b"sec-fetch-site") == b"cross-site"
    name = _host_name(origin)
    own = _host_name(b"http://" + headers.get(b"host", b""))
    return name is None or not (name == own or is_loopback_host(name))


def _host_name(url: bytes) -> str | None:
    try:
        return urlsplit(url.decode("latin-1")).hostname
    except ValueError:
        return None
