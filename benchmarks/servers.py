"""Servers under measurement, each a process of its own, pinned to the first processor; the load runs on the last."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parent.parent


class Serving(Struct):
    """A server that answered its first request."""

    pid: int
    port: int
    seconds_to_first_answer: float

    def processor_seconds(self) -> float:
        """What it has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_megabytes(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def command(kind: str, port: int) -> list[str]:
    """How to start a server of some kind."""
    if kind == "clevora-mock":
        return [
            sys.executable,
            "-m",
            "clevora_mock",
            "--port",
            str(port),
            "--no-rate-limit",
            "--quiet",
            "--balance",
            "999999999",
        ]
    return [sys.executable, "-m", "benchmarks.floors", kind, str(port)]


@contextmanager
def serving(kind: str, first: bytes) -> Iterator[Serving]:
    """Start a server and time its first answer to the request `first`."""
    port = _free_port()
    start = time.perf_counter()
    # As installed: with bytecode beside the sources, whatever this shell thinks of writing it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command(kind, port), cwd=ROOT, stdout=subprocess.DEVNULL, env=environment)
    os.sched_setaffinity(process.pid, {0})
    try:
        _answered(port, first)
        yield Serving(process.pid, port, time.perf_counter() - start)
    finally:
        process.terminate()
        process.wait(10)


def pin_load() -> None:
    """Keep this process off the server's processor."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answered(port: int, request: bytes) -> None:
    deadline = time.perf_counter() + 20
    while time.perf_counter() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(request)
                if connection.recv(65536).startswith(b"HTTP/1.1 200"):
                    return
                raise RuntimeError("the first answer was no 200")
        except ConnectionRefusedError:
            time.sleep(0.002)
    raise RuntimeError("no answer in 20 s")
