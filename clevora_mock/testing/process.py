"""A server in a separate process, so that monkeypatching does not reach it."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from clevora_mock.settings import SETTINGS, Settings, as_variables, child_environment, load
from clevora_mock.testing.clevora import MockError, Server

P = ParamSpec("P")
T = TypeVar("T")

_START_SECONDS = 30
_STOP_SECONDS = 5


class ServerProcess:
    """A server process on a free port, configured by `flags` and `variables`; `url` is its address.

    Relative paths start from `directory`. Raises MockError, with the server's message, when it does not start.
    """

    def __init__(
        self, flags: Sequence[str] = (), variables: Mapping[str, str] | None = None, directory: Path | None = None
    ) -> None:
        # Not a pipe, since a full one that nobody reads would block the server.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - `stop` closes it
        # With -P, no file in the tests' directory shadows a module. In a new session, Ctrl-C does not reach the server.
        self._process = subprocess.Popen(  # noqa: S603 - flags of this run's own configuration
            [sys.executable, "-P", "-m", "clevora_mock.testing.child", *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=child_environment(as_variables({"port": 0, "quiet": True}) | dict(variables or {})),
            cwd=directory,
            start_new_session=True,
        )
        self.url = self._wait_until_ready()

    def stop(self) -> None:
        """Stop the server, and copy its standard error to this process's."""
        sys.stderr.write(self.end())

    def end(self) -> str:
        """Stop the server, and return its standard error."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        if sys.platform != "win32":
            # A process that a test forked may hold standard input open.
            self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._errors:
            self._errors.seek(0)
            return self._errors.read().decode("utf-8", "replace")

    def _wait_until_ready(self) -> str:
        output = self._process.stdout
        timeout = threading.Timer(_START_SECONDS, self._process.kill)
        timeout.start()
        # Unless `quiet`, a banner comes first.
        lines = iter(output.readline, b"") if output is not None else iter(())
        ready = next((line for line in lines if line.startswith(b"READY ")), None)
        timeout.cancel()
        if ready is not None:
            return str(json.loads(ready.removeprefix(b"READY "))["url"])
        self._process.kill()
        raise MockError(self.end().strip() or f"the server was not ready after {_START_SECONDS} s")


def _with_keywords_of(model: Callable[P, object]) -> Callable[[Callable[..., T]], Callable[P, T]]:
    """Give a function the signature of `model`, for editors and type checkers."""
    return lambda function: function


@_with_keywords_of(Settings)
@contextmanager
def running(**settings: Any) -> Iterator[Server]:
    """Run a server in a separate process, on a free port, until the block ends.

    The keywords are those of `Settings`: ``running(scenario="flaky", clock="frozen", balance=25, latency="250ms")``.
    Variables such as ``CLEVORA_MOCK_SEED`` apply to all other settings. Raises TypeError for an unknown setting,
    SettingsError for an invalid value or one that nothing would use, and MockError, with the server's message, when the
    server does not start.
    """
    Settings(**settings)
    variables = as_variables(settings)
    # As flags, of which each must have a use, beside the environment's variables.
    load({setting.name: variables.get(setting.variable) for setting in SETTINGS}).require_consistent()
    process = ServerProcess(variables=variables)
    try:
        yield Server(process.url)
    finally:
        process.stop()
