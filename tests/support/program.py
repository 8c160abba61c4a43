"""The command line, in a process."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from clevora_mock.cli.main import main
from clevora_mock.testing import MockError, Server
from tests.support.raw_client import TIMEOUT_SECONDS
from tests.support.wait import wait_until

PROGRAM = [sys.executable, "-m", "clevora_mock"]


# What terminals and CI services set changes what programs print: pytest cuts no message where CI is set.
_OF_THE_CALLER = {
    *("CI", "BUILD_NUMBER"),
    *("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "PY_COLORS", "CLICOLOR", "CLICOLOR_FORCE"),
    *("PYTEST_ADDOPTS", "PYTEST_PLUGINS"),
}


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without variables of the mock, of terminals and of CI, and with `more`."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in _OF_THE_CALLER and not name.startswith(("CLEVORA_", "GITHUB_"))
    }
    return clean | more


def run_program(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def run_in_process(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself within this process, which takes a hundredth of the time."""
    # click writes text to some commands' output, and bytes to others'.
    output, errors = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    status: object = 0
    with (
        patch.dict(os.environ, environment(**variables), clear=True),
        redirect_stdout(output),
        redirect_stderr(errors),
    ):
        try:
            main(list(arguments), prog_name="clevora-mock")
        except SystemExit as end:
            status = end.code
    assert isinstance(status, int)
    for stream in (output, errors):
        stream.seek(0)
    return subprocess.CompletedProcess(arguments, status, output.read(), errors.read())


@dataclass
class StartedServer:
    """A server process that has printed READY."""

    process: subprocess.Popen[str]
    banner: list[str]
    ready: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; return the exit status and standard error."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=TIMEOUT_SECONDS)
        return self.process.returncode, errors


@contextmanager
def serve_process(*arguments: str, **variables: str) -> Iterator[StartedServer]:
    """Run the program on a free port until the block ends."""
    command = [*PROGRAM, *(arguments or ("serve",)), "--port", "0"]
    with subprocess.Popen(
        command, env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            banner: list[str] = []
            for line in process.stdout:
                if line.startswith("READY "):
                    yield StartedServer(process, banner, json.loads(line.removeprefix("READY ")))
                    return
                banner.append(line.rstrip("\n"))
            raise AssertionError(f"it never was ready: {process.communicate()}")
        finally:
            process.kill()


def wait_until_stopped(server: Server) -> None:
    """Return once `server` has ended; fail after a timeout."""

    def stopped() -> bool:
        try:
            server.call("GET", "/__mock/health")
        except MockError:
            return True
        return False

    wait_until(stopped, "the server is still running")
