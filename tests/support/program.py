"""The program as a process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

PROGRAM = [sys.executable, "-m", "clevora_mock"]
TIMEOUT_SECONDS = 20


def environment(**more: str) -> dict[str, str]:
    """This process's environment without the mock's variables, and with `more`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CLEVORA_")}
    return clean | more


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a command that ends by itself."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


@dataclass
class Served:
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
def serving(*arguments: str, **variables: str) -> Iterator[Served]:
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
                    yield Served(process, banner, json.loads(line.removeprefix("READY ")))
                    return
                banner.append(line.rstrip("\n"))
            raise AssertionError(f"it never was ready: {process.communicate()}")
        finally:
            process.kill()
