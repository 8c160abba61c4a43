"""An HTTP client on a plain socket, for details that libraries hide: segments, FIN and RST, incomplete responses."""

import json
import re
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

TIMEOUT_SECONDS = 20
# Between two segments, so that the kernel does not join them.
PAUSE_SECONDS = 0.005
# Without data, once all expected data has arrived.
SILENCE_SECONDS = 0.1

Address = tuple[str, int]
Ending = Literal["whole", "fin", "reset", "silence"]


@dataclass(frozen=True)
class Response:
    """One complete response; the body has no chunk framing."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


@dataclass
class RawResponse:
    """The bytes received over a connection, and its ending."""

    ending: Ending = "fin"
    segments: list[bytes] = field(default_factory=list)

    @property
    def raw(self) -> bytes:
        return b"".join(self.segments)

    @property
    def status(self) -> int | None:
        return int(self.raw.split(b" ", 2)[1]) if self.raw else None

    @property
    def headers(self) -> dict[str, str]:
        lines = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def chunked(self) -> bool:
        return self.headers.get("transfer-encoding") == "chunked"

    @property
    def body(self) -> bytes:
        """The received body, without the framing of chunks."""
        sent = self.raw.partition(b"\r\n\r\n")[2]
        return b"".join(split_chunks(sent)[0]) if self.chunked else sent

    @property
    def is_whole(self) -> bool:
        """True if the end has arrived that the head announces."""
        return first_response(self.raw) is not None

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[bytes]:
        """The events of a stream, each with its end."""
        return [event + b"\n\n" for event in self.plain.split(b"\n\n")[:-1]]

    @property
    def plain(self) -> bytes:
        """The body with all ids replaced by one, since each response has its own."""
        return re.sub(rb"(chatcmpl-|script_)[0-9a-f]{24}", rb"\g<1>" + b"0" * 24, self.body)


def connect(address: Address) -> socket.socket:
    connection = socket.create_connection(address, TIMEOUT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def reset(connection: socket.socket) -> None:
    """End the connection with an RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def send(connection: socket.socket, *segments: bytes) -> None:
    """Send each of `segments` in a separate TCP segment."""
    for index, segment in enumerate(segments):
        if index:
            time.sleep(PAUSE_SECONDS)
        connection.sendall(segment)


def read(connection: socket.socket, seen: RawResponse, timeout: float = TIMEOUT_SECONDS) -> RawResponse:
    """Add bytes to `seen` until the response is complete, the connection ends, or `timeout` passes without data."""
    while not seen.is_whole:
        if not _receive(connection, seen, timeout):
            return seen
    seen.ending = "whole"
    return seen


def read_until(connection: socket.socket, seen: RawResponse, enough: Callable[[RawResponse], bool]) -> RawResponse:
    """Add bytes to `seen` until there are `enough`."""
    while not enough(seen):
        assert _receive(connection, seen, TIMEOUT_SECONDS), seen
    return seen


def read_until_silent(
    connection: socket.socket, seen: RawResponse, enough: Callable[[RawResponse], bool] = lambda seen: True
) -> RawResponse:
    """Add bytes to `seen` until there are `enough`, and then for as long as more arrive."""
    return read(connection, read_until(connection, seen, enough), SILENCE_SECONDS)


def _receive(connection: socket.socket, seen: RawResponse, timeout: float) -> bool:
    """Add a segment to `seen`; return False, with the ending, if there is none."""
    connection.settimeout(timeout)
    try:
        segment = connection.recv(65_536)
    except ConnectionResetError:
        seen.ending = "reset"
        return False
    except TimeoutError:
        seen.ending = "silence"
        return False
    if not segment:
        seen.ending = "fin"
        return False
    seen.segments.append(segment)
    return True


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes."""
    received = b""
    while part := connection.recv(65_536):
        received += part
    return received


def read_response(connection: socket.socket) -> Response:
    """Read the next response, which must be complete and the only data on the connection."""
    seen = read(connection, RawResponse())
    assert seen.ending == "whole", seen
    (response,) = responses(seen.raw)
    return response


def exchange(address: Address, *segments: bytes) -> bytes:
    """Send `segments`, and return all bytes received until the server closes."""
    with connect(address) as connection:
        send(connection, *segments)
        return read_all(connection)


def responses(received: bytes) -> list[Response]:
    """Split received bytes into responses; no bytes may be left."""
    found = []
    while received:
        first = first_response(received)
        if first is None:
            head, end, body = received.partition(b"\r\n\r\n")
            assert end, f"half a head: {head!r}"
            # Its end is the connection's.
            response = _with_head(head, body)
            assert not {"content-length", "transfer-encoding"} & dict(response.headers).keys(), "half a body"
            first = response, b""
        response, received = first
        found.append(response)
    return found


def first_response(received: bytes, *, to_head: bool = False) -> tuple[Response, bytes] | None:
    """Return the first response and the bytes after it; None if its end has not arrived, or is the connection's.

    A response `to_head`, like one without content, has no body whatever its headers announce.
    """
    head, end, rest = received.partition(b"\r\n\r\n")
    if not end:
        return None
    response = _with_head(head, b"")
    headers = dict(response.headers)
    if to_head or response.status < 200 or response.status in (204, 304):
        return response, rest
    if headers.get("transfer-encoding") == "chunked":
        chunks, after = split_chunks(rest)
        return None if after is None else (replace(response, body=b"".join(chunks)), after)
    length = int(headers.get("content-length", len(rest) + 1))
    return None if len(rest) < length else (replace(response, body=rest[:length]), rest[length:])


def _with_head(head: bytes, body: bytes) -> Response:
    line, *lines = head.decode("latin-1").split("\r\n")
    assert line.startswith("HTTP/1.1 "), line
    headers = [(name.lower(), value) for name, _, value in (one.partition(": ") for one in lines)]
    return Response(int(line.split()[1]), headers, body)


def split_chunks(sent: bytes) -> tuple[list[bytes], bytes | None]:
    """Return the received chunks of a body, and the bytes after its end; None if it has not ended."""
    found: list[bytes] = []
    while b"\r\n" in sent:
        size, _, sent = sent.partition(b"\r\n")
        length = int(size, 16)
        assert sent[length : length + 2] in (b"\r\n", b"\r", b""), "a chunk is longer than it says"
        if not length:
            return found, sent[2:] if len(sent) >= 2 else None
        found.append(sent[:length])
        sent = sent[length + 2 :]
    return found, None
