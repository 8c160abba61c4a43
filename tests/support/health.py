"""A client that asks a server for its health all the time, and measures how long it waits.

It is a process of its own, so that nothing that a test computes delays it. A wait is counted in the processor time that
the server takes meanwhile, where the system tells it, since on a busy machine everything waits.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.program import environment
from tests.support.raw_client import TIMEOUT_SECONDS, Address, connect

_REQUEST = b"GET /__mock/health HTTP/1.1\r\nhost: localhost\r\n\r\n"
_PAUSE_SECONDS = 0.002


class HealthCheck:
    """The number of answers, and the longest wait for one, in seconds of the server's processor time."""

    count = 0
    longest = 0.0


@contextmanager
def health_checks(address: Address, pid: int) -> Iterator[HealthCheck]:
    """Ask the server, which is the process `pid`, until the block ends."""
    check = HealthCheck()
    command = [sys.executable, "-m", "tests.support.health", address[0], str(address[1]), str(pid)]
    with subprocess.Popen(
        command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield check
        found, _ = process.communicate("", timeout=3 * TIMEOUT_SECONDS)
        check.count, check.longest = int(found.split()[0]), float(found.split()[1])


def _seconds(pid: int) -> float:
    """Return the processor time of a process, or wall time where that is not known."""
    # As clock_getcpuclockid(3) makes it.
    return time.clock_gettime((~pid << 3) | 2) if sys.platform == "linux" else time.perf_counter()


def _ask_until_input_ends(address: Address, pid: int) -> None:
    """Ask over one connection; print the number of answers and the longest wait once standard input has ended."""
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    count, longest = 0, 0.0
    with connect(address) as connection:
        while not (count and ended.is_set()):
            begun = _seconds(pid)
            connection.sendall(_REQUEST)
            answer = connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200"), answer
            longest = max(longest, _seconds(pid) - begun)
            count += 1
            if count == 1:
                print("begun", flush=True)
            time.sleep(_PAUSE_SECONDS)
    print(count, longest)


if __name__ == "__main__":
    _ask_until_input_ends((sys.argv[1], int(sys.argv[2])), int(sys.argv[3]))
