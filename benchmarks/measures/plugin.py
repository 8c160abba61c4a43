"""The cost of the pytest plugin in a run that does not use it: collecting an empty folder, with it and without."""

import os
import resource
import subprocess
import sys
import tempfile
import time

from msgspec import Struct

from benchmarks.figures import Section
from benchmarks.plan import Plan
from benchmarks.servers import environment

_PAIRS = 5
_NO_TESTS_COLLECTED = 5


class Run(Struct):
    """A run of pytest: wall time and processor time in milliseconds."""

    taken: float
    used: float


def measure(plan: Plan, section: Section) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _collect(folder, [])
        for _ in range(_PAIRS * plan.rounds):
            without, loaded = _collect(folder, ["-p", "no:clevora_mock"]), _collect(folder, [])
            section.add("pytest --collect-only of an empty folder", "ms", "without the plugin", without.taken)
            section.add("pytest --collect-only of an empty folder", "ms", "with the plugin", loaded.taken)
            section.add("time that the plugin adds", "ms", "with the plugin", loaded.taken - without.taken)
            section.add("processor time that the plugin adds", "ms", "with the plugin", loaded.used - without.used)


def _collect(folder: str, flags: list[str]) -> Run:
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", *flags]
    used, start = _processor_seconds(), time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.sched_setaffinity(process.pid, {0})
    output, _ = process.communicate(timeout=60)
    if process.returncode != _NO_TESTS_COLLECTED:
        raise RuntimeError(f"pytest ended with {process.returncode}: {output[-500:]!r}")
    return Run(1000 * (time.perf_counter() - start), 1000 * (_processor_seconds() - used))


def _processor_seconds() -> float:
    """Return the processor time of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
