"""One server by the settings: from files and a port to the state that it leaves behind."""

import gc
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clevora_mock.clock import SECOND
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.sandbox import Sandbox
from clevora_mock.mock import Mock
from clevora_mock.server.limits import ConnectionLimits
from clevora_mock.server.run import Server
from clevora_mock.server.sockets import PortTakenError, listen, url_of
from clevora_mock.settings import Settings

if TYPE_CHECKING:
    from clevora_mock.log import Watcher

USAGE = 2
PORT_TAKEN = 3
FILE_INVALID = 4


class CannotServeError(Exception):
    """Why there is no server, or why it could not keep what it should; `status` is the exit status for it."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Service:
    """A server that has its files read and its port taken, and waits for `run`.

    `watcher` is told of each request, `retired` of each sandbox that goes. Raises CannotServeError.
    """

    def __init__(
        self,
        settings: Settings,
        watcher: "Watcher | None" = None,
        retired: Callable[[Sandbox], None] | None = None,
    ) -> None:
        if settings.watch and settings.scenario is None:
            raise CannotServeError("--watch: expected --scenario beside it, whose file is watched", USAGE)
        self.settings = settings
        self.mock = _mock(settings, watcher, retired)
        self._listener = _listener(settings)
        self.url = url_of(self._listener)
        self._server: Server | None = None

    def run(
        self,
        ready: Callable[[], None],
        signals: Mapping[signal.Signals, Callable[[], None]] | None = None,
    ) -> None:
        """Serve until told to stop, then export what is to be kept; `ready` hears when connections are accepted.

        `signals` says what signals do instead of stopping it. Raises CannotServeError.
        """

        def started() -> None:
            # What was made until now stays: looking through it again and again would cost every later request.
            gc.freeze()
            gc.enable()
            self.mock.started()
            ready()

        limits = ConnectionLimits(idle_seconds=self.settings.idle_timeout / SECOND)
        self._server = Server(self.mock.switch, started, signals, limits)
        self._server.run(sockets=[self._listener])
        if self.settings.export_on_exit is not None:
            _export(self.mock, self.settings.export_on_exit)

    def stop(self) -> None:
        """Let `run` come to its end."""
        if self._server is not None:
            self._server.should_exit = True


def _mock(settings: Settings, watcher: "Watcher | None", retired: Callable[[Sandbox], None] | None) -> Mock:
    try:
        mock = Mock(settings, watcher, retired)
        if settings.import_ is not None:
            from clevora_mock.control.archive import load  # noqa: PLC0415 - few servers import anything

            load(mock.sandboxes, Path(settings.import_))
    except UnusableFileError as error:
        raise CannotServeError(str(error), FILE_INVALID) from None
    return mock


def _listener(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port)
    except PortTakenError:
        said = f"port {settings.port} on {settings.host} is taken; choose another with --port, or 0 for a free one"
        raise CannotServeError(said, PORT_TAKEN) from None
    except OSError as error:
        raise CannotServeError(f"--host: cannot listen on {settings.host!r}: {error.strerror}", USAGE) from None


def _export(mock: Mock, file: str) -> None:
    from clevora_mock.control.archive import export  # noqa: PLC0415 - few servers export anything

    try:
        export(mock.sandboxes, Path(file))
    except OSError as error:
        raise CannotServeError(f"--export-on-exit: cannot write {file!r}: {error.strerror}", 1) from None
