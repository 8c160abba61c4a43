"""Protection of the control plane from web pages of other origins.

Browsers let any page send requests to a server on this machine. So the control plane sends no CORS headers, requires an
IP address or a loopback or allowed host name (against DNS rebinding, which needs a name of its own), and rejects
state-changing requests from other origins.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from clevora_mock.contract.errors import ErrorSpec
from clevora_mock.core.errors import ApiError

_LOOPBACK = "localhost"

FORBIDDEN_HOST = ErrorSpec("forbidden_host", 403, "The host name is not allowed", "An unknown Host header.")
FORBIDDEN_ORIGIN = ErrorSpec(
    "forbidden_origin", 403, "Requests from other origins must not change state", "Another origin's Origin header."
)


class LocalOnly:
    """Check for an IP address, a loopback host name, or one of `allowed_hosts`, and for the same origin."""

    def __init__(self, allowed_hosts: tuple[str, ...]) -> None:
        self._allowed = {_LOOPBACK, *allowed_hosts}

    def check(self, request: Request) -> None:
        """Raise a 403 for an unknown host name, and for a state-changing request from another origin."""
        host = request.headers.get("host", "")
        name = (urlsplit(f"//{host}").hostname or "").removesuffix(".") if _is_authority(host) else ""
        if not (name in self._allowed or name.endswith(f".{_LOOPBACK}") or _is_ip_address(name)):
            raise ApiError(FORBIDDEN_HOST, hint=f"allow it with --allowed-host {name or 'NAME'}")
        if request.method not in ("GET", "HEAD") and _is_foreign(request, host):
            raise ApiError(FORBIDDEN_ORIGIN)


def _is_foreign(request: Request, host: str) -> bool:
    """Return True if a browser declares the request to be from another origin."""
    origin = request.headers.get("origin")
    if origin:
        return origin not in (f"http://{host}", f"https://{host}")
    # Some browser requests have no Origin header, but all current browsers send Sec-Fetch-Site.
    return request.headers.get("sec-fetch-site") in ("cross-site", "same-site")


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_authority(host: str) -> bool:
    try:
        return bool(host) and "@" not in host and urlsplit(f"//{host}").netloc == host
    except ValueError:
        return False
