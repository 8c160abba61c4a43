"""Servers under measurement, each in a process pinned to the first processor; the load runs on the last."""

import contextlib
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from benchmarks import peers
from benchmarks.process import Process

ROOT = Path(__file__).parent.parent
MOCK = "clevora-mock"

_START_SECONDS = 120.0


class Serving(Struct):
    """A running server that is ready, or has answered its first request."""

    process: Process
    port: int
    seconds_to_first_answer: float


def command(kind: str, port: int, flags: Sequence[str]) -> list[str]:
    """Return the command that starts a server of `kind`."""
    if kind == MOCK:
        start = [sys.executable, "-m", "clevora_mock", "--port", str(port)]
        return [*start, "--no-rate-limit", "--quiet", "--balance", "999999999", *flags]
    if kind in peers.KINDS:
        return [*peers.command(kind, port), *flags]
    return [sys.executable, "-m", "benchmarks.floors", kind, str(port), *flags]


@contextmanager
def serving(kind: str, flags: Sequence[str] = (), *, first: bytes | None = None) -> Iterator[Serving]:
    """Start a server, by `flags` and the environment, and time its first answer to the request `first`.

    Without `first` the server is ready once it accepts connections.
    """
    port = _free_port()
    start = time.perf_counter()
    process = subprocess.Popen(command(kind, port, flags), cwd=ROOT, stdout=subprocess.DEVNULL, env=environment())
    try:
        os.sched_setaffinity(process.pid, {0})
        _wait(process, port, first)
        yield Serving(Process(process.pid), port, time.perf_counter() - start)
    finally:
        _stop(process)


def environment() -> dict[str, str]:
    """Return this process's environment, but let Python write bytecode, as an installation has it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def pin_load() -> None:
    """Pin this process to another processor than the servers', and raise the limit of open files."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: "subprocess.Popen[bytes]", port: int, first: bytes | None) -> None:
    deadline = time.perf_counter() + _START_SECONDS
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}: {process.args!r}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_START_SECONDS) as connection:
                if first is not None:
                    _ask(connection, first)
                return
        except ConnectionRefusedError:
            time.sleep(0.002)
    raise RuntimeError(f"not ready in {_START_SECONDS:.0f} s: {process.args!r}")


def _ask(connection: socket.socket, request: bytes) -> None:
    connection.sendall(request)
    answer = connection.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the first answer was no 200: {answer[:300]!r}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
        return
    process.kill()
    process.wait(10)
