"""Bounds on what a client may send and on how long it may take."""

from msgspec import Struct


class ConnectionLimits(Struct, frozen=True):
    """Limits of each connection, in bytes and in seconds of wall time."""

    # Of one request's head: request line and headers.
    head_bytes: int = 64 * 1024
    # Of pipelined requests that wait for an earlier one; beyond it the connection is not read, and a client that leaves
    # is noticed late.
    pipelined_bytes: int = 1024 * 1024
    # Without a request: before the first one, and between two.
    idle_seconds: float = 75.0
    # Without another byte of a request that has begun.
    receive_seconds: float = 30.0
    # For the response to a client that has half-closed its connection.
    half_closed_seconds: float = 5.0
    # An end of the client's side so soon after its request, in microseconds, is a half-close; a later one, its leaving.
    half_close: int = 50_000
