"""``clevora-mock exec -- CMD``: a server for as long as one command runs.

The command is a child of this process, with its terminal, its streams and its signals. It ends as if it had been run
alone: with its own status, or, when a signal ended it, with 128 and the signal's number, as shells say it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial

from clevora_mock.core.tally import Tally
from clevora_mock.log import Watcher, both, writer
from clevora_mock.server.service import Service
from clevora_mock.settings import Settings, child_environment, client_variables

NOT_EXECUTABLE = 126
NOT_FOUND = 127

# What a terminal sends to everyone in its foreground, so that the command has had it already.
_TYPED = frozenset({"SIGINT", "SIGQUIT"})
_PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def execute(settings: Settings, command: Sequence[str]) -> int:
    """Serve, run `command`, say what it came to, and return its status. Raises CannotServeError."""
    tally = Tally()
    watcher: Watcher = tally.add
    if settings.log_format is not None and not settings.quiet:
        watcher = both(tally.add, writer(settings.log_format))
    service = Service(settings, watcher, tally.keep)
    guest = Guest(command, service)
    service.run(guest.enter, {number: partial(guest.signal, number) for number in _signals()})
    if not settings.quiet and tally.requests:
        head, *rest = tally.lines(service.mock.sandboxes.all())
        sys.stderr.write("".join(f"{line}\n" for line in (f"clevora-mock: {head}", *(f"  {line}" for line in rest))))
    return guest.status


class Guest:
    """The command while the server runs beside it."""

    def __init__(self, command: Sequence[str], service: Service) -> None:
        self._command = command
        self._service = service
        self._process: asyncio.subprocess.Process | None = None
        # Signals that came before there was anyone to have them.
        self._early: list[signal.Signals] = []
        self._task: asyncio.Task[None] | None = None
        self.status = 0

    def enter(self) -> None:
        """Start the command, now that connections are accepted."""
        self._task = asyncio.get_running_loop().create_task(self._stay())

    def signal(self, number: signal.Signals) -> None:
        """Pass a signal on to the command, unless the terminal has done so."""
        if self._process is None:
            self._early.append(number)
        elif self._process.returncode is None and not (number.name in _TYPED and _in_foreground()):
            self._process.send_signal(number)

    async def _stay(self) -> None:
        environment = child_environment(client_variables(self._service.url, self._service.settings.api_key))
        try:
            self._process = await asyncio.create_subprocess_exec(*self._command, env=environment)
            for number in self._early:
                self.signal(number)
            ended = await self._process.wait()
            self.status = ended if ended >= 0 else 128 - ended
        except FileNotFoundError:
            self._refuse("no such command", NOT_FOUND)
        except OSError as error:
            self._refuse(error.strerror or str(error), NOT_EXECUTABLE)
        finally:
            self._service.stop()

    def _refuse(self, why: str, status: int) -> None:
        sys.stderr.write(f"clevora-mock: cannot run {self._command[0]!r}: {why}\n")
        self.status = status


def _signals() -> list[signal.Signals]:
    """Those of the signals that this system has."""
    return [number for number in signal.Signals if number.name in _PASSED_ON]


def _in_foreground() -> bool:
    """Whether this process, and so the command, belongs to what its terminal sends typed signals to."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
