"""``clevora-mock exec -- CMD``: a server that runs as long as a command.

The command is a child of this process, with its terminal and streams, and gets the signals that this process gets. So
do the processes that it starts, since they are a group; in the foreground of a terminal that is the terminal's own. The
group is killed when `exec` is, but for a process that made a session of its own (``setsid``), which has left the group.
`exec` exits with the command's status or, when a signal ended it, with 128 plus the signal's number. On Linux it reaps
the orphans that it gets as a container's first process.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from urllib.parse import urlsplit

from clevora_mock import exit_status
from clevora_mock.cli.banner import exposure
from clevora_mock.cli.logged_service import logged_service, print_summary
from clevora_mock.cli.recording_report import report_recordings
from clevora_mock.cli.run_checks import RunChecks, check_run
from clevora_mock.cli.run_problem import RunProblem, print_problem
from clevora_mock.core.run_summary import RunSummary
from clevora_mock.server.service import CannotServeError, Service
from clevora_mock.settings import Settings, child_environment, client_variables, proxy_exceptions, proxy_hint

# A terminal sends these to every process in its foreground, so the command has them already.
TERMINAL_SIGNALS = frozenset({"SIGINT", "SIGQUIT"})
_REAP_SECONDS = 1
# Its standard input ends with the process that has the other end.
_GUARD = "import os, sys; target = sys.stdin.readline(); sys.stdin.read(); target and os.kill(int(target), 9)"

FORWARDED_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


def run_command(settings: Settings, command: Sequence[str], checks: RunChecks | None = None) -> int:
    """Serve, run `command`, print a summary and the failed checks, and return the command's status, or theirs.

    Raises CannotServeError.
    """
    checks = checks or RunChecks()
    summary, recorder = RunSummary(), checks.make_recorder()
    service = logged_service(settings, summary, *([] if recorder is None else [recorder.add]))
    exposed = exposure(settings, service.url)
    if not settings.quiet:
        sys.stderr.writelines(f"clevora-mock: {line}\n" for line in exposed)
    child = ChildProcess(command, service)
    problems: list[RunProblem] = []
    try:
        service.run(child.start, {number: partial(child.signal, number) for number in _forwarded_signals()})
    except CannotServeError as error:
        # The export failed, which must not hide the command's own failure.
        problems = [print_problem(error.status, str(error))]
    if child.has_started:
        host = urlsplit(service.url).hostname or ""
        print_summary(summary, service, proxy_hint(host, child_environment(proxy_exceptions(host))))
        if checks.needs_findings:
            service.clear_journals()
        problems += report_recordings(service, has_passed=child.status == 0)
        problems = check_run(checks, command, child.status, recorder, summary.findings, problems)
    return exit_status.of_run(child.status, (problem.status for problem in problems))


class ChildProcess:
    """The command as a child process; `status` is the exit status for `exec`."""

    def __init__(self, command: Sequence[str], service: Service) -> None:
        self._command = command
        self._service = service
        self._process: asyncio.subprocess.Process | None = None
        self._is_ending = False
        self._has_group = sys.platform != "win32" and not _in_foreground()
        # Signals received before the child started.
        self._pending_signals: list[signal.Signals] = []
        self._task: asyncio.Task[None] | None = None
        self.status = 0

    @property
    def has_started(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Start the command; called once connections are accepted."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def signal(self, number: signal.Signals) -> None:
        """Forward a signal to the command and its group, unless the terminal has sent it to both."""
        if self._process is None:
            self._pending_signals.append(number)
        elif self._has_group:
            self._is_ending |= not number.name.startswith("SIGUSR")
            _signal_group(self._process.pid, number)
        elif self._process.returncode is None and number.name not in TERMINAL_SIGNALS:
            self._process.send_signal(number)

    async def _run(self) -> None:
        variables = client_variables(self._service.url, self._service.settings.api_key)
        environment = child_environment(variables)
        guard = Guard()
        try:
            await guard.start()
            if sys.platform == "win32":
                self._process = await asyncio.create_subprocess_exec(*self._command, env=environment)
                guard.watch(self._process.pid)
            else:
                # In the child, before the command can do anything that would need the guard.
                prepare = partial(_prepare, guard, is_group=self._has_group)
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, env=environment, preexec_fn=prepare
                )
            for number in self._pending_signals:
                self.signal(number)
            reaper = asyncio.create_task(_reap_orphans(self._process.pid))
            code = await self._process.wait()
            reaper.cancel()
            if self._is_ending:
                # A program that a shell started in the background ignores SIGINT.
                _signal_group(self._process.pid, signal.SIGTERM)
            self.status = code if code >= 0 else exit_status.SIGNALED - code
        except GuardError as error:
            self._fail(f"the process that kills it with this one cannot start: {error}", exit_status.NOT_EXECUTABLE)
        except FileNotFoundError:
            self._fail("no such command", exit_status.NOT_FOUND)
        except OSError as error:
            self._fail(error.strerror or str(error), exit_status.NOT_EXECUTABLE)
        except subprocess.SubprocessError:
            self._fail("its process cannot be prepared", exit_status.NOT_EXECUTABLE)
        finally:
            guard.stop()
            self._service.stop()

    def _fail(self, reason: str, status: int) -> None:
        sys.stderr.write(f"clevora-mock: cannot run {self._command[0]!r}: {reason}\n")
        self.status = status


class GuardError(Exception):
    """A guard that cannot start; the message is the system's reason."""


class Guard:
    """A process that kills another one, or the group of a negative number, once this process has ended."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        # The end of the guard's standard input that this process holds.
        self._pipe: int | None = None

    async def start(self) -> None:
        """Start the process. Raises GuardError."""
        try:
            source, self._pipe = os.pipe()
            try:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-ISc", _GUARD, stdin=source, start_new_session=True
                )
            finally:
                os.close(source)
        except OSError as error:
            raise GuardError(error.strerror or str(error)) from None

    def watch(self, target: int) -> None:
        """Set the process that is to be killed; also called in a child, before it becomes the command."""
        if self._pipe is not None:
            os.write(self._pipe, b"%d\n" % target)

    def stop(self) -> None:
        """Kill nothing from now on; also of a guard that has not started."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        if self._pipe is not None:
            os.close(self._pipe)


def _prepare(guard: Guard, *, is_group: bool) -> None:
    """Make the child the first of a group, and have the guard watch it."""
    if is_group:
        os.setpgrp()
    guard.watch(-os.getpid() if is_group else os.getpid())


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


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
