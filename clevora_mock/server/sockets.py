"""TCP sockets: listening, and resetting a connection."""

import errno
import select
import socket
import struct
from contextlib import suppress
from typing import Any, Protocol

from clevora_mock.settings import reachable_host


class PortTakenError(OSError):
    """Another program listens on the port already."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises PortTakenError, or OSError for an address that is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without the protocol, asyncio leaves Nagle's algorithm on, and a response takes 40 ms more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # When two servers bind at once, it is listen() that fails.
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(error.errno, f"port {port} is taken") from None
        raise
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the URL at which clients on this machine reach `listener`."""
    host, port = listener.getsockname()[:2]
    reachable = reachable_host(host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


class SocketTransport(Protocol):
    """The part of a transport that these functions use."""

    def get_extra_info(self, name: str) -> Any: ...

    def abort(self) -> None: ...


def reset(transport: SocketTransport) -> None:
    """End a connection with a TCP reset; bytes that the kernel has not sent yet are dropped."""
    connection = transport.get_extra_info("socket")
    # The client may have ended the connection first; its socket is then closed, and has no number any longer.
    with suppress(OSError, ValueError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def has_left(transport: SocketTransport) -> bool:
    """Tell whether the client has closed its side, behind data that nobody reads; False where the system cannot say."""
    return bool(_poll(transport, getattr(select, "POLLRDHUP", 0)))


def is_reset(transport: SocketTransport) -> bool:
    """Tell whether the connection is reset; False where the system cannot say."""
    return bool(_poll(transport, 0))


def _poll(transport: SocketTransport, events: int) -> int:
    """Return those of `events` that the socket has now, with errors and a reset; none on a system without `poll`."""
    if not hasattr(select, "poll"):
        return 0
    number = transport.get_extra_info("socket").fileno()
    if number < 0:
        # It is closed already.
        return 0
    poller = select.poll()
    poller.register(number, events)
    return sum(found & ~select.POLLNVAL for _, found in poller.poll(0))
