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
import sys
from collections.abc import Callable, Iterator, Mapping

import uvicorn
from starlette.types import ASGIApp

from clevora_mock.connection import Config

_GRACE_SECONDS = 1


class PortTakenError(OSError):
    """Somebody else listens there already."""


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
            Config(
                app,
                ws="none",
                lifespan="on",
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
