"""Limits on connections, and on the size and the timing of requests."""

from msgspec import Struct


class ConnectionLimits(Struct, frozen=True):
    """Limits of a server's connections, in bytes and in seconds of wall time."""

    # Open at the same time; together with what each of them may hold, this bounds the memory.
    connections: int = 512
    # Of one request's head: request line and headers.
    head_bytes: int = 64 * 1024
    # Lines of one request's head.
    header_lines: int = 256
    # Of pipelined requests that wait for an earlier one. Beyond it the connection is not read, so a disconnect is
    # noticed late.
    pipelined_bytes: int = 64 * 1024
    pipelined_requests: int = 64
    # Without a request: before the first one, and between two. Also for a client to take the next part of a response.
    idle_seconds: float = 75.0
    # Between two reads within a request, and for all of it.
    receive_seconds: float = 30.0
    request_seconds: float = 120.0
    # For the response to a client that has half-closed its connection.
    half_closed_seconds: float = 5.0
    # EOF from the client within this many microseconds of its request is a half-close; later, it is a disconnect.
    half_close: int = 50_000
