"""Protection of the control plane from other machines, and from web pages of other origins.

Any machine that reaches the port can send any `Host`, so the peer's address counts: by default only this machine's.
And browsers let any page send requests to a server on this machine. So the control plane sends no CORS headers,
requires an IP address or a loopback or allowed host name (against DNS rebinding, which needs a name of its own), and
rejects state-changing requests from other origins.
"""

import re
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.requests import Request

from clevora_mock.contract.errors import ErrorSpec
from clevora_mock.core.errors import ApiError
from clevora_mock.core.masking import masked_text
from clevora_mock.loopback import is_ip_address, is_loopback_address, is_loopback_host

ControlAccess = Literal["loopback", "allowed", "off"]

_CLIENT_HEADERS = ("x-forwarded-for", "x-real-ip")
# The client of an element of a Forwarded header, without its port: ``for=192.0.2.7``, ``for="[::1]:4711"`` (RFC 7239).
_FORWARDED_FOR = re.compile(r'\bfor="?\[?([^\s";,\]]*?)\]?(?::\d+)?"?(?=[\s;,]|$)', re.IGNORECASE)

CONTROL_OFF = ErrorSpec("control_off", 403, "The control plane is off", "--control off.")
FORBIDDEN_ADDRESS = ErrorSpec(
    "forbidden_address", 403, "The control plane answers this machine alone", "Another machine, or a proxy for one."
)
FORBIDDEN_HOST = ErrorSpec("forbidden_host", 403, "The host name is not allowed", "An unknown Host header.")
FORBIDDEN_ORIGIN = ErrorSpec(
    "forbidden_origin", 403, "Requests from other origins must not change state", "Another origin's Origin header."
)


class LocalOnly(Struct, frozen=True):
    """Check for a peer that has `access`, for an IP address, a loopback or allowed host name, and for the same origin.

    With ``loopback`` a peer is on this machine, with ``allowed`` anywhere, with ``off`` nowhere.
    """

    allowed_hosts: tuple[str, ...] = ()
    access: ControlAccess = "loopback"

    def check(self, request: Request) -> None:
        """Raise a 403 for a peer without access, an unknown host name, and a change that another origin asks for."""
        if self.access == "off":
            raise ApiError(CONTROL_OFF, hint="start the server without --control off")
        if self.access == "loopback" and not _is_from_this_machine(request):
            raise ApiError(FORBIDDEN_ADDRESS, hint="--control allowed opens it to every machine that can reach it")
        host = request.headers.get("host", "")
        name = (urlsplit(f"//{host}").hostname or "").removesuffix(".") if _is_authority(host) else ""
        if not (is_loopback_host(name) or name in self.allowed_hosts or is_ip_address(name)):
            # In lower case, a secret in it would not be recognized.
            shown = name if name and masked_text(host) == host else "NAME"
            raise ApiError(FORBIDDEN_HOST, hint=f"allow it with --allowed-host {shown}")
        if request.method not in ("GET", "HEAD") and _is_foreign(request, host):
            raise ApiError(FORBIDDEN_ORIGIN)


def _is_from_this_machine(request: Request) -> bool:
    """Tell whether the peer is on this machine, and so is every client that proxies name in a header.

    Headers can only close the door: a stranger may write anything into them, and a proxy adds the stranger's address.
    """
    lines = [line for name in _CLIENT_HEADERS for line in request.headers.getlist(name)]
    clients = [name.strip() for line in lines for name in line.split(",")]
    for element in ",".join(request.headers.getlist("forwarded")).split(",") if "forwarded" in request.headers else ():
        found = _FORWARDED_FOR.search(element)
        clients.append(found[1] if found else "")
    if not all(map(is_loopback_address, clients)):
        return False
    peer, own = request.client, request.scope.get("server")
    # A Unix socket has no address, and a test client in this process has a name instead.
    if peer is None or not is_ip_address(peer.host):
        return True
    # A connection from this machine to its own address in the network has that same address.
    return is_loopback_address(peer.host) or (own is not None and peer.host == own[0])


def _is_foreign(request: Request, host: str) -> bool:
    """Return True if a browser declares the request to be from another origin."""
    origin = request.headers.get("origin")
    if origin:
        return origin not in (f"http://{host}", f"https://{host}")
    # Some browser requests have no Origin header, but all current browsers send Sec-Fetch-Site.
    return request.headers.get("sec-fetch-site") in ("cross-site", "same-site")


def _is_authority(host: str) -> bool:
    try:
        parts = urlsplit(f"//{host}")
        # Reading a port that is no number, or too large, raises ValueError.
        return bool(host) and "@" not in host and parts.netloc == host and parts.port != 0
    except ValueError:
        return False
