"""Runs the application under uvicorn: readiness callback, graceful shutdown, messages in one line."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from clevora_mock.core.messages import printable
from clevora_mock.server.limits import ConnectionLimits
from clevora_mock.server.protocol import FaultProtocol
from clevora_mock.server.refusals import Refusals

_GRACE_SECONDS = 1


class UvicornServer(uvicorn.Server):
    """A uvicorn server that calls `ready` once it accepts connections, and stops at SIGINT or SIGTERM.

    `signals` maps signals to functions that are called instead; `on_refused` is called with a line about each request
    that never reaches the application.
    """

    def __init__(
        self,
        app: ASGIApp,
        ready: Callable[[], None] = lambda: None,
        signals: Mapping[signal.Signals, Callable[[], None]] | None = None,
        limits: ConnectionLimits | None = None,
        on_refused: Callable[[str], None] = lambda line: None,
    ) -> None:
        limits = limits or ConnectionLimits()
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(  # type: ignore[arg-type]
                    FaultProtocol, limits=limits, refusals=Refusals(), accepted=set(), on_refused=on_refused
                ),
                ws="none",
                lifespan="on",
                loop="asyncio" if sys.platform == "win32" else "uvloop",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]
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
        # uvicorn raises the signals again after its shutdown; here a stop by signal is exit status 0.
        loop = asyncio.get_running_loop()
        for number, work in self._signals.items():
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, work)
        yield

    def _end(self) -> None:
        self.should_exit = True
        # Further signals are ignored so that the export completes.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})


def end_at_signals() -> None:
    """Have SIGINT and SIGTERM end this process at once, whatever they did before; in its main thread only."""
    with contextlib.suppress(ValueError):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})


class OneLineLogHandler(logging.Handler):
    """Log handler that writes uvicorn's messages to stderr in one line, without tracebacks.

    That requests are cancelled when the server stops, as its user wants, is no message.
    """

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, asyncio.CancelledError) or "graceful shutdown" in record.getMessage():
            return
        line = printable(record.getMessage().strip().splitlines()[0])
        cause = f": {error!r}" if error else ""
        sys.stderr.write(f"clevora-mock: {line}{cause}\n")


def _log_in_one_line() -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    if not any(isinstance(handler, OneLineLogHandler) for handler in logger.handlers):
        logger.addHandler(OneLineLogHandler())
