"""Servers under measurement, each in a process on the first processor; the load runs on the last."""

import contextlib
import http.client
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from benchmarks.results import MOCK

ROOT = Path(__file__).parent.parent
PORT = "{port}"

_START_SECONDS = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PROCESSORS = sorted(os.sched_getaffinity(0))


class Server(Struct, frozen=True):
    """A server to measure: its name in the results, its command with ``{port}``, and a request that prepares it."""

    name: str
    command: tuple[str, ...]
    preparation: bytes = b""


class Running(Struct):
    """A running server that has answered its first request."""

    pid: int
    port: int
    seconds_to_first_answer: float

    def processor_seconds(self) -> float:
        """Return the processor time used so far by the server, its threads and its child processes."""
        stats = _stats()
        family = {self.pid}
        # A child may have a lower number than its parent.
        while grown := {pid for pid, fields in stats.items() if int(fields[1]) in family} - family:
            family |= grown
        # Time of children that have ended counts as their parent's.
        return sum(int(field) for pid in family for field in stats[pid][11:15]) / _TICKS

    def resident_mebibytes(self) -> float:
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def mock(*flags: str, name: str = MOCK) -> Server:
    """Return the mock with all that its users have on, except the limits that a load would meet and the log."""
    command = (sys.executable, "-m", "clevora_mock", "--port", PORT, "--no-rate-limit", "--quiet")
    return Server(name, (*command, "--balance", "999999999", *flags))


def floor(kind: str, path: str, body: Path, rate: float = 0) -> Server:
    """Return a bare server of `floors` that answers `path` with the bytes of a file."""
    return Server(kind, (sys.executable, "-m", "benchmarks.floors", kind, PORT, path, str(body), str(rate)))


@contextmanager
def serving(server: Server, first: bytes) -> Iterator[Running]:
    """Start a server, time its answer to the request `first`, and prepare it."""
    port = _free_port()
    command = [word.replace(PORT, str(port)) for word in server.command]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment())
    try:
        os.sched_setaffinity(process.pid, _PROCESSORS[:1])
        _first_answer(process, port, first)
        running = Running(process.pid, port, time.perf_counter() - start)
        if server.preparation:
            answer(port, server.preparation)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def answer(port: int, request: bytes) -> bytes:
    """Return the body of the response to `request`. Raises RuntimeError unless it succeeds."""
    head, _, content = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_START_SECONDS)
    with contextlib.closing(connection):
        connection.request(method, path, content, dict(line.split(": ", 1) for line in lines))
        response = connection.getresponse()
        found = response.read()
    if response.status >= 300:
        raise RuntimeError(f"{path}: {response.status} {found[:300]!r}")
    return found


def environment() -> dict[str, str]:
    """Return this process's environment, but let Python write bytecode, as an installation has it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def pin_load() -> None:
    """Pin this process to another processor than the servers', and raise the limit of open files."""
    if len(_PROCESSORS) < 2:
        raise SystemExit("needs two processors: one for the server, one for the load")
    os.sched_setaffinity(0, _PROCESSORS[-1:])
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _stats() -> dict[int, list[str]]:
    """Return the fields of ``/proc/PID/stat`` from the state on, of all processes."""
    found: dict[int, list[str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        # A process may end meanwhile.
        with contextlib.suppress(OSError):
            found[int(folder.name)] = (folder / "stat").read_text().rpartition(")")[2].split()
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _first_answer(process: "subprocess.Popen[bytes]", port: int, request: bytes) -> None:
    deadline = time.perf_counter() + _START_SECONDS
    while time.perf_counter() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}: {process.args!r}")
        try:
            answer(port, request)
        except ConnectionRefusedError:
            time.sleep(0.002)
        else:
            return
    raise RuntimeError(f"not ready in {_START_SECONDS:.0f} s: {process.args!r}")
