"""Limits on the size and the timing of requests."""

from msgspec import Struct


class ConnectionLimits(Struct, frozen=True):
    """Limits of each connection, in bytes and in seconds of wall time."""

    # Of one request's head: request line and headers.
    head_bytes: int = 64 * 1024
    # Of pipelined requests that wait for an earlier one. Beyond it the connection is not read, so a disconnect is
    # noticed late.
    pipelined_bytes: int = 1024 * 1024
    # Without a request: before the first one, and between two.
    idle_seconds: float = 75.0
    # Between two reads within a request.
    receive_seconds: float = 30.0
    # For the response to a client that has half-closed its connection.
    half_closed_seconds: float = 5.0
    # EOF from the client within this many microseconds of its request is a half-close; later, it is a disconnect.
    half_close: int = 50_000
