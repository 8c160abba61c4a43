"""The check that keeps web pages of other origins away from the mock's own pages.

A browser lets any page send requests to a server on this machine. So the control plane sends no CORS headers, answers
only under names that cannot be rebound to it by someone else's DNS, and refuses changes that another origin asks for.
"""

from urllib.parse import urlsplit

from starlette.requests import Request

from clevora_mock.contract.errors import ErrorSpec
from clevora_mock.core.errors import ApiError

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

FORBIDDEN_HOST = ErrorSpec("forbidden_host", 403, "This host name is not allowed here", "An unknown Host header.")
FORBIDDEN_ORIGIN = ErrorSpec(
    "forbidden_origin", 403, "Other origins may change nothing here", "A foreign Origin header."
)


class LocalOnly:
    """Admits requests that come from this machine, or by an allowed name."""

    def __init__(self, allowed_hosts: tuple[str, ...]) -> None:
        self._allowed = _LOOPBACK | set(allowed_hosts)

    def check(self, request: Request) -> None:
        """Raise 403 for an unknown host name, and for a change that a page of another origin asks for."""
        host = request.headers.get("host", "")
        name = (urlsplit(f"//{host}").hostname or "") if _is_authority(host) else ""
        if name not in self._allowed and not name.endswith(".localhost"):
            raise ApiError(FORBIDDEN_HOST, hint=f"allow it with --allowed-host {name or 'NAME'}")
        if request.method not in ("GET", "HEAD") and _is_foreign(request, host):
            raise ApiError(FORBIDDEN_ORIGIN)


def _is_foreign(request: Request, host: str) -> bool:
    """Tell whether another origin's page asks, as far as the browser says; programs say nothing."""
    origin = request.headers.get("origin")
    if origin:
        return origin not in (f"http://{host}", f"https://{host}")
    # Some requests of a page carry no origin; every browser of today says where they come from.
    return request.headers.get("sec-fetch-site") in ("cross-site", "same-site")


def _is_authority(host: str) -> bool:
    try:
        return bool(host) and "@" not in host and urlsplit(f"//{host}").netloc == host
    except ValueError:
        return False
