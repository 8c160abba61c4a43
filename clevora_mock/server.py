"""Serving the application: a socket, uvicorn, and manners at the start and the end.

The socket is made here, with the TCP protocol named, since asyncio leaves Nagle's algorithm on otherwise and every
answer takes some 40 ms more. `READY` is printed once connections are really accepted.
"""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator, Mapping

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clevora_mock.api.stream import WIRE
from clevora_mock.core.chance import digest

_GRACE_SECONDS = 1
_BAD_REQUEST = b'{"error":{"message":"This is not HTTP/1.1","type":"invalid_request_error","code":"invalid_request"}}'


class PortTakenError(OSError):
    """Somebody else listens there already."""


class Cork:
    """A transport that holds an answer's head back until the body's first bytes, so that both leave in one write.

    A write costs more than making what is written: it enters the kernel and wakes the client up.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._write = transport.write
        self._held = b""
        # What uvicorn asks of a transport besides writing.
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info

    def write(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n") and not data.startswith(b"HTTP/1.1 1"):
            self._held = data
            return
        self._write(data)

    def flush(self) -> None:
        if self._held:
            self._write(self._held)
            self._held = b""

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def reset(self) -> None:
        """End with a TCP reset."""
        self.flush()
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol with a corked transport, and a way to end the connection that HTTP does not know."""

    transport: Cork  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = Cork(transport)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {WIRE: self}  # type: ignore[dict-item]

    def on_response_complete(self) -> None:
        # An answer to HEAD has no body that the head could leave with.
        self.transport.flush()
        super().on_response_complete()

    def close(self) -> None:
        """Close the connection in good order, whatever the answer still lacks."""
        self.cycle.disconnected = True
        self.transport.close()

    def reset(self) -> None:
        """Reset the connection."""
        self.cycle.disconnected = True
        self.transport.reset()

    def send_400_response(self, msg: str) -> None:
        """What is not even HTTP is refused in JSON too (W1)."""
        # It belongs to no sandbox, whose draws would name it; when it came does as well.
        request_id = digest("not HTTP", self.server_state.total_requests, id(self)).hex()[:24]
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nx-request-id: req_%b\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b"
            % (request_id.encode(), len(_BAD_REQUEST), _BAD_REQUEST)
        )
        self.transport.close()


class Server(uvicorn.Server):
    """A uvicorn server that says when it is ready and takes its signals as a wish to end well.

    `signals` says what signals do instead.
    """

    def __init__(
        self,
        app: ASGIApp,
        ready: Callable[[], None] = lambda: None,
        signals: Mapping[signal.Signals, Callable[[], None]] | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                ws="none",
                lifespan="off",
                loop="asyncio" if sys.platform == "win32" else "uvloop",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._ready = ready
        self._signals = signals or {signal.SIGINT: self._end, signal.SIGTERM: self._end}
        _log_in_one_line()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises the signals again once it has ended; a mock that was told to stop has done well, and exits 0.
        loop = asyncio.get_running_loop()
        for number, work in self._signals.items():
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, work)
        yield

    def _end(self) -> None:
        self.should_exit = True
        # One wish is enough: a second signal must not cut short what is still to be written.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortTakenError, or OSError for an address that is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Listening is what fails when two servers bind at once.
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(error.errno, f"port {port} is taken") from None
        raise
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """Where clients on this machine reach `listener`."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


class _OneLine(logging.Handler):
    """What uvicorn has to say, without its traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage().strip().splitlines()[0]
        cause = f": {record.exc_info[1]!r}" if record.exc_info and record.exc_info[1] else ""
        sys.stderr.write(f"clevora-mock: {said}{cause}\n")


def _log_in_one_line() -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    if not any(isinstance(handler, _OneLine) for handler in logger.handlers):
        logger.addHandler(_OneLine())
