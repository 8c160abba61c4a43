"""``clevora-mock exec -- CMD``: a server that runs as long as a command.

The command is a child of this process, with its terminal and streams, and gets the signals that
this process gets. `exec` exits with the command's status or, when a signal ended it, with 128 plus the signal's number.
On Linux the command is killed when `exec` is, and `exec` reaps the orphans that it gets as a container's first process.
"""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from clevora_mock import exit_status
from clevora_mock.cli.banner import exposure
from clevora_mock.cli.logged_service import logged_service, print_summary
from clevora_mock.core.run_summary import RunSummary
from clevora_mock.server.service import CannotServeError, Service
from clevora_mock.settings import Settings, child_environment, client_variables, proxy_hint

# A terminal sends these to every process in its foreground, so the command has them already.
TERMINAL_SIGNALS = frozenset({"SIGINT", "SIGQUIT"})
_REAP_SECONDS = 1
# Of <sys/prctl.h>.
_PR_SET_PDEATHSIG = 1

FORWARDED_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def run_command(settings: Settings, command: Sequence[str]) -> int:
    """Serve, run `command`, print a summary, and return the command's status. Raises CannotServeError."""
    summary = RunSummary()
    service = logged_service(settings, summary)
    exposed = exposure(settings)
    if exposed and not settings.quiet:
        sys.stderr.write(f"clevora-mock: {' '.join(exposed)}\n")
    child = ChildProcess(command, service)
    try:
        service.run(child.start, {number: partial(child.signal, number) for number in _forwarded_signals()})
    except CannotServeError as error:
        # The export failed, which must not hide the command's own failure.
        sys.stderr.write(f"clevora-mock: {error}\n")
        return child.status or error.status
    finally:
        print_summary(summary, service)
        hint = proxy_hint()
        if hint and not (summary.requests or settings.quiet):
            sys.stderr.write(f"clevora-mock: {hint}\n")
    return child.status


class ChildProcess:
    """The command as a child process; `status` is the exit status for `exec`."""

    def __init__(self, command: Sequence[str], service: Service) -> None:
        self._command = command
        self._service = service
        self._process: asyncio.subprocess.Process | None = None
        # Signals received before the child started.
        self._pending_signals: list[signal.Signals] = []
        self._task: asyncio.Task[None] | None = None
        self.status = 0

    def start(self) -> None:
        """Start the command; called once connections are accepted."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def signal(self, number: signal.Signals) -> None:
        """Forward a signal to the command, unless the terminal has sent it to both."""
        if self._process is None:
            self._pending_signals.append(number)
        elif self._process.returncode is None and not (number.name in TERMINAL_SIGNALS and _in_foreground()):
            self._process.send_signal(number)

    async def _run(self) -> None:
        variables = client_variables(self._service.url, self._service.settings.api_key)
        environment = child_environment(variables)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, env=environment, preexec_fn=_end_with_this_process()
            )
            for number in self._pending_signals:
                self.signal(number)
            reaper = asyncio.create_task(_reap_orphans(self._process.pid))
            code = await self._process.wait()
            reaper.cancel()
            self.status = code if code >= 0 else exit_status.SIGNALED - code
        except FileNotFoundError:
            self._fail("no such command", exit_status.NOT_FOUND)
        except OSError as error:
            self._fail(error.strerror or str(error), exit_status.NOT_EXECUTABLE)
        finally:
            self._service.stop()

    def _fail(self, reason: str, status: int) -> None:
        sys.stderr.write(f"clevora-mock: cannot run {self._command[0]!r}: {reason}\n")
        self.status = status


def _end_with_this_process() -> Callable[[], None] | None:
    """Return a function for a forked child, by which the kernel kills it when this process ends; None elsewhere."""
    if sys.platform != "linux":
        return None
    # Loaded before the fork, since a child of a process with threads must do as little as possible.
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def end_with_parent() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(exit_status.SIGNALED + signal.SIGKILL)

    return end_with_parent


async def _reap_orphans(command: int) -> None:
    while True:
        await asyncio.sleep(_REAP_SECONDS)
        with suppress(ChildProcessError):
            _reap_ended_children(command)


def _reap_ended_children(command: int) -> None:
    """Reap ended children, but for the `command` itself, which asyncio waits for."""
    while sys.platform == "linux" and (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)):
        if ended.si_pid == command:
            return
        os.waitpid(ended.si_pid, os.WNOHANG)


def _forwarded_signals() -> list[signal.Signals]:
    """Return the forwarded signals that exist on this system."""
    return [number for number in signal.Signals if number.name in FORWARDED_SIGNALS]


def _in_foreground() -> bool:
    """Tell whether this process, and so the command, is in the foreground of its terminal."""
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
