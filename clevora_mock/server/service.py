"""A server from start to end: it reads files, listens, serves and exports its state."""

import gc
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette

from clevora_mock.app import create_app
from clevora_mock.clock import SECOND
from clevora_mock.control.endpoint import ControlListener
from clevora_mock.core.errors import UnusableFileError, UnwritableFileError
from clevora_mock.core.journal import JournalListener, RequestListener
from clevora_mock.exit_status import FAILURE, FILE_INVALID, PORT_TAKEN, USAGE
from clevora_mock.loopback import is_ip_address, is_loopback_host
from clevora_mock.resources import scenarios
from clevora_mock.scenarios.store import ScenarioStore
from clevora_mock.server.limits import ConnectionLimits
from clevora_mock.server.run import UvicornServer, end_at_signals
from clevora_mock.server.sockets import PortTakenError, listen, url_of
from clevora_mock.settings import SETTINGS, Settings, reachable_host
from clevora_mock.upstream.client import UpstreamUnavailableError


class CannotServeError(Exception):
    """A server that cannot start, or cannot export its state; `status` is the exit status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Service:
    """A server with its files read and its port bound; `run` serves.

    The listeners are those of `create_app`; `on_refused` is that of `UvicornServer`. Raises CannotServeError.
    """

    def __init__(
        self,
        settings: Settings,
        on_request: RequestListener | None = None,
        on_cleared: JournalListener | None = None,
        on_change: ControlListener | None = None,
        on_refused: Callable[[str], None] = lambda line: None,
    ) -> None:
        if settings.conflict is not None:
            raise CannotServeError(settings.conflict, USAGE)
        if _asks_itself(settings):
            problem = f"expected another server than this one, which listens on {settings.host}, port {settings.port}"
            raise CannotServeError(f"--upstream: {problem}; choose another with --port", USAGE)
        self.settings = settings
        self._on_refused = on_refused
        self._try_export()
        self._loaded = _import_path(settings)
        self.app = _app(self._loaded, lambda: create_app(settings, on_request, on_cleared, on_change))
        self._listener = _listener(settings)
        self.url = url_of(self._listener)
        self._server: UvicornServer | None = None

    def run(
        self,
        ready: Callable[[], None],
        signals: Mapping[signal.Signals, Callable[[], None]] | None = None,
    ) -> None:
        """Serve until stopped, then export if configured; `ready` is called once connections are accepted.

        `signals` maps signals to functions that are called instead of stopping. Raises CannotServeError.
        """

        def started() -> None:
            # Objects made until now stay; scanning them at each collection would cost every later request.
            gc.freeze()
            gc.enable()
            ready()

        limits = ConnectionLimits(idle_seconds=self.settings.idle_timeout_micros / SECOND)
        self._server = UvicornServer(self.app, started, signals, limits, self._on_refused)
        self._server.run(sockets=[self._listener])
        self._export()

    def stop(self) -> None:
        """Make `run` return."""
        if self._server is not None:
            self._server.should_exit = True

    def clear_journals(self) -> None:
        """Clear what journals are left when `run` has returned, and wait until their listener has looked at each."""
        for sandbox in self.app.state.sandboxes.all():
            sandbox.journal.clear()
        self.app.state.background.wait()

    def _try_export(self) -> None:
        """Raise CannotServeError now for an export that would fail at the end."""
        if (path := self._export_path) is not None:
            from clevora_mock.control.export_file import try_export  # noqa: PLC0415 - few servers export anything

            with self._export_errors(path, USAGE):
                try_export(path)

    def _export(self) -> None:
        if (path := self._export_path) is not None:
            from clevora_mock.control.export_file import export_sandboxes  # noqa: PLC0415 - few servers export anything

            if path.exists() and not path.is_file():
                # A pipe's reader that stops reading would hold this process.
                end_at_signals()
            with self._export_errors(path, FAILURE):
                export_sandboxes(self.app.state.sandboxes, path)

    def warnings(self) -> Iterator[str]:
        """Yield what a user may not expect of the settings."""
        if self.settings.scenarios is not None:
            replaced = ScenarioStore(scenarios(), Path(self.settings.scenarios)).replaced()
            if replaced:
                yield f"--scenarios: it replaces the shipped {', '.join(replaced)}"
        path = self._export_path
        if path is not None and path.is_fifo():
            yield f"{self._export_flag}: {str(path)!r} is a pipe; the export fails unless it is being read at the end"
        if self.settings.state is not None and self._loaded is None and path is not None and path.is_file():
            yield f"--state: {str(path)!r} is empty; no sandboxes are loaded"
        yield from self._unused_settings()

    def _unused_settings(self) -> Iterator[str]:
        """Yield a warning of settings that do not apply to the sandboxes of a file that was loaded."""
        given = [
            setting.flag
            for setting in SETTINGS
            if setting.field in ("scenario", "balance", "api_key", "seed")
            and getattr(self.settings, setting.field) != setting.default
        ]
        if self._loaded is not None and given:
            where = str(self._loaded)
            yield f"{' and '.join(given)}: for new sandboxes alone, since those in {where!r} are as they were"

    @property
    def _export_path(self) -> Path | None:
        file = self.settings.state or self.settings.export_on_exit
        return None if file is None else Path(file)

    @property
    def _export_flag(self) -> str:
        return "--export-on-exit" if self.settings.state is None else "--state"

    @contextmanager
    def _export_errors(self, path: Path, status: int) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CannotServeError(
                f"{self._export_flag}: cannot write {str(path)!r}: {error.strerror}", status
            ) from None


def _asks_itself(settings: Settings) -> bool:
    """Tell whether the live API is the server itself, which would forward each request again and again."""
    if settings.upstream is None or not (settings.record or settings.diff):
        return False
    parts = urlsplit(settings.upstream)
    asked, own = parts.hostname or "", settings.host
    # A name such as localhost is that of any loopback address.
    is_here = asked in (own, reachable_host(own)) or (
        is_loopback_host(asked) and (reachable_host(own) != own or not is_ip_address(asked))
    )
    return is_here and (parts.scheme, parts.port or 80) == ("http", settings.port)


def _app(path: Path | None, create: Callable[[], Starlette]) -> Starlette:
    """Create the application, with the sandboxes of the file `path`. Raises CannotServeError."""
    try:
        app = create()
        if path is not None:
            from clevora_mock.control.export_file import import_sandboxes  # noqa: PLC0415 - few servers import anything

            import_sandboxes(app.state.sandboxes, path)
    except (UnwritableFileError, UpstreamUnavailableError) as error:
        raise CannotServeError(str(error), USAGE) from None
    except UnusableFileError as error:
        raise CannotServeError(str(error), FILE_INVALID) from None
    return app


def _import_path(settings: Settings) -> Path | None:
    """Return the file to import; ``--state`` starts without one, or from an empty one such as a mount point."""
    if settings.state is None:
        return Path(settings.import_) if settings.import_ is not None else None
    path = Path(settings.state)
    return path if path.is_file() and path.stat().st_size else None


def _listener(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port)
    except PortTakenError:
        problem = f"port {settings.port} on {settings.host} is taken"
        message = f"{problem}; choose another with --port or CLEVORA_MOCK_PORT, or 0 for a free one"
        raise CannotServeError(message, PORT_TAKEN) from None
    except OSError as error:
        raise CannotServeError(f"--host: cannot listen on {settings.host!r}: {error.strerror}", USAGE) from None
