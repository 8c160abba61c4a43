"""HTTP/1.1 for probes, on the standard library's sockets and ``http.client.HTTPResponse``.

A probe needs what clients with comforts hide: two headers of a name, a path as it stands, HTTP/1.0, the bytes of a
stream as they come, and to leave in the middle of it. So the head of a request is written here, and only the answer is
read by the library. There is a connection a request; redirects are not followed; certificates are verified.
"""

import io
import socket
import ssl
from collections.abc import Callable
from http.client import SWITCHING_PROTOCOLS, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from clevora_mock.clock import SECOND
from clevora_mock.setting_kinds import check_upstream

# An answer beyond this is given up, whatever it consists of.
_MAX_ANSWER = 64 << 20
_EVENT_END = b"\n\n"


class CannotCheckError(Exception):
    """A clause that could not be checked; the message says why."""


class UnansweredError(CannotCheckError):
    """A request without a whole answer."""


class Request(Struct, frozen=True):
    """A request as it goes over the wire; `leave_after` events of a stream the client leaves."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    version: str = "HTTP/1.1"
    leave_after: int | None = None


class Answer(Struct, frozen=True):
    """An answer with its bytes, and the microseconds since the request at which each part of them came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    arrivals: tuple[tuple[int, int], ...] = ()

    def header(self, name: str) -> str | None:
        """Return a header's first value; `name` is in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)


# Sends a request to one server. Raises UnansweredError.
Transport = Callable[[Request], Answer]


class Origin(Struct, frozen=True):
    """The scheme, host, port and path prefix of a server, from a base URL that ends in ``/v1``."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.prefix}"


def read_origin(url: str) -> Origin:
    """Parse a base URL. Raises ValueError for one that `check_upstream` refuses."""
    check_upstream(url)
    parts = urlsplit(url)
    prefix = parts.path.rstrip("/").removesuffix("/v1")
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    return Origin(parts.scheme, parts.hostname or "", port, prefix)


class _BoundedReader(io.RawIOBase):
    """Reader of a connection, until `deadline` in microseconds, and no more than `_MAX_ANSWER`.

    A timeout of the socket is one for each part, of which a slow server sends any number.
    """

    def __init__(self, connection: socket.socket, now: Callable[[], int], deadline: int) -> None:
        self._connection = connection
        self._now = now
        self._deadline = deadline
        self._left = _MAX_ANSWER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = (self._deadline - self._now()) / SECOND
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        count = self._connection.recv_into(buffer)
        self._left -= count
        if self._left < 0:
            raise UnansweredError(f"the answer is longer than {_MAX_ANSWER >> 20} MiB")
        return count


class _Readable(Struct, frozen=True):
    """Stand-in for a socket in `HTTPResponse`, which asks nothing of one but a file."""

    file: io.BufferedReader

    def makefile(self, mode: str) -> io.BufferedReader:
        return self.file


def _begin(method: str, file: io.BufferedReader) -> HTTPResponse:
    """Read the head of the answer. Those of interim ones, such as early hints, come before it."""
    while True:
        response = HTTPResponse(_Readable(file), method=method)  # type: ignore[arg-type]
        try:
            response.begin()
        except BaseException:
            # Before the file is, or its finalizer fails.
            response.close()
            raise
        if not 100 <= response.status < 200 or response.status == SWITCHING_PROTOCOLS:
            return response
        # Or it would close the file when it is collected.
        response.fp = None  # type: ignore[assignment]


class SocketTransport:
    """Transport over TCP and TLS; `now` is in microseconds, a whole answer may take `timeout` seconds."""

    def __init__(self, origin: Origin, now: Callable[[], int], timeout: float) -> None:
        self._origin = origin
        self._now = now
        self._timeout = timeout
        self._tls = ssl.create_default_context() if origin.scheme == "https" else None

    def __call__(self, request: Request) -> Answer:
        try:
            with self._connect() as connection:
                start = self._now()
                connection.sendall(self._head(request) + request.body)
                bounded = _BoundedReader(connection, self._now, start + round(self._timeout * SECOND))
                with _begin(request.method, io.BufferedReader(bounded)) as response:
                    return self._read(request, response, start)
        except ssl.SSLError as error:
            raise UnansweredError(f"TLS with {self._origin.authority} failed: {error.reason or error}") from None
        except TimeoutError:
            raise UnansweredError(f"no answer within {self._timeout:g} s") from None
        except HTTPException as error:
            raise UnansweredError(f"no HTTP answer: {type(error).__name__}") from None
        except (OSError, ValueError) as error:
            raise UnansweredError(f"connection lost: {getattr(error, 'strerror', None) or error}") from None

    def _connect(self) -> socket.socket:
        try:
            connection = socket.create_connection((self._origin.host, self._origin.port), timeout=self._timeout)
        except TimeoutError:
            raise
        except OSError as error:
            reason = error.strerror or error
            raise UnansweredError(f"no connection to {self._origin.authority}: {reason}") from None
        # The request is written in one piece, which must not wait for the acknowledgment of another.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is None:
            return connection
        return self._tls.wrap_socket(connection, server_hostname=self._origin.host)

    def _head(self, request: Request) -> bytes:
        lines = [f"{request.method} {self._origin.prefix}{request.target} {request.version}"]
        lines += [f"Host: {self._origin.authority}", "Accept-Encoding: identity"]
        lines += [f"{name}: {value}" for name, value in request.headers]
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(request.body)}")
        if not any(name.lower() == "connection" for name, _ in request.headers):
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _read(self, request: Request, response: HTTPResponse, start: int) -> Answer:
        body, arrivals = bytearray(), []
        # http.client closes the response at its end.
        while not response.isclosed():
            part = response.read1(1 << 16)
            body += part
            if part:
                arrivals.append((self._now() - start, len(part)))
            if not part or _is_enough(request, body):
                break
        promised = response.length
        if request.leave_after is None and promised:
            raise UnansweredError(f"the answer ended {promised} bytes early")
        return Answer(response.status, tuple(response.getheaders()), bytes(body), tuple(arrivals))


def _is_enough(request: Request, body: bytearray) -> bool:
    """Tell whether a client that leaves has the events that it waits for."""
    if request.leave_after is None:
        return False
    return bytes(body).replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(_EVENT_END) >= request.leave_after
