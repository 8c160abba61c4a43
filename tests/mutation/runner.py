"""Runs tests in children of a process that has collected them once."""

import json
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.mutants import Mutant
from tests.mutation.reach import name_of
from tests.mutation.swap import apply, module_name

# Seconds for a mutant's tests beside three times what they take without it.
_GRACE = 30.0
# Seconds of tests for one mutant.
_MOST = 120.0


class Measured(NamedTuple):
    """The tests' behaviour without a mutant: their durations in seconds, and those that reach a function."""

    seconds: dict[str, float]
    by_function: dict[str, list[str]]

    def reaching(self, mutant: Mutant, path: str) -> set[str]:
        """Return the tests that reach a mutant's function, or for a constant any function of its file."""
        if mutant.place >= 0:
            return set(self.by_function.get(name_of(path, mutant.function, mutant.line), []))
        return {test for name, tests in self.by_function.items() if name.startswith(f"{path} ") for test in tests}


class Mutating:
    """A pytest plugin that, instead of running the collected tests, runs those of each mutant in a child.

    What the tests reach is measured first, unless the file `kept` has it. `reached` is the set of functions that have
    been reached.
    """

    def __init__(self, root: Path, mutants: Sequence[Mutant], reached: set[str], workers: int, kept: Path) -> None:
        # Killed, survived, unreached or invalid, by the mutants' keys.
        self.outcomes: dict[str, str] = {}
        self._root = root
        self._mutants = mutants
        self._reached = reached
        self._workers = workers
        self._kept = kept
        self._fixtures: dict[str, set[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Generator[None, object, object]:
        """Note what the setup of a fixture reaches: it counts for each test that uses it."""
        before = set(self._reached)
        self._reached.clear()
        try:
            return (yield)
        finally:
            self._fixtures[fixturedef.argname] = set(self._reached)
            self._reached |= before

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out slow tests, but for the properties."""
        items[:] = [item for item in items if "properties" in item.path.parts or not item.get_closest_marker("slow")]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        if not self._kept.exists():
            print(f"measuring what each of {len(items)} tests reaches", flush=True)
            _ask(partial(self._measure, list(items.values())))
        measured = Measured(**json.loads(self._kept.read_text(encoding="utf-8")))
        print(f"{len(self._mutants)} mutants", flush=True)
        for mutant in self._mutants:
            # Some are imported at their first use.
            import_module(module_name(mutant))
        reading, writing = os.pipe()
        for number in range(self._workers):
            _fork(partial(self._try_all, self._mutants[number :: self._workers], measured, items, writing))
        os.close(writing)
        with os.fdopen(reading) as pipe:
            for line in pipe:
                outcome, key = line.strip().split(" ", 1)
                self.outcomes[key] = outcome
                if outcome != "killed":
                    print(line, end="", flush=True)
        return True

    def _measure(self, items: Sequence[pytest.Item], _writing: int) -> None:
        """Run all tests, and leave out those that fail."""
        measured = Measured({}, defaultdict(list))
        for item, following in zip(items, [*items[1:], None], strict=True):
            self._reached.clear()
            began = time.perf_counter()
            reports = runtestprotocol(item, log=False, nextitem=following)
            if any(report.failed for report in reports):
                continue
            measured.seconds[item.nodeid] = time.perf_counter() - began
            reached = self._reached.union(*(self._fixtures.get(name, ()) for name in getattr(item, "fixturenames", ())))
            for name in reached:
                measured.by_function[name].append(item.nodeid)
        self._kept.write_text(json.dumps(measured._asdict()), encoding="utf-8")

    def _try_all(
        self, mutants: Sequence[Mutant], measured: Measured, items: dict[str, pytest.Item], writing: int
    ) -> None:
        killers: dict[str, list[str]] = defaultdict(list)
        for mutant in mutants:
            tests = self._tests_of(mutant, measured, killers[mutant.file])
            if tests:
                limit = _GRACE + 3 * sum(measured.seconds[test] for test in tests)
                found = _ask(partial(self._try, mutant, [items[test] for test in tests], limit))
            else:
                found = "unreached"
            # A mutant whose child ended without a word was noticed: it hung or died.
            outcome, _, test = (found or "killed").partition(" ")
            if test and test not in killers[mutant.file]:
                killers[mutant.file].insert(0, test)
            os.write(writing, f"{outcome} {mutant.key}\n".encode())

    def _tests_of(self, mutant: Mutant, measured: Measured, killers: Sequence[str]) -> list[str]:
        """Return the tests of a mutant: the last killers of its file first, then the fastest."""
        found = measured.reaching(mutant, str(self._root / mutant.file))
        first = [test for test in killers if test in found][:5]
        chosen: list[str] = []
        left = _MOST
        for test in [*first, *sorted(found - {*first}, key=lambda test: (measured.seconds[test], test))]:
            if measured.seconds[test] <= left:
                left -= measured.seconds[test]
                chosen.append(test)
        return chosen

    def _try(self, mutant: Mutant, items: Sequence[pytest.Item], limit: float, writing: int) -> None:
        """Run the tests of a mutant until one fails, for `limit` seconds at most; write the outcome."""
        signal.setitimer(signal.ITIMER_REAL, limit)
        if not apply(self._root, mutant):
            os.write(writing, b"invalid")
            return
        for item, following in zip(items, [*items[1:], None], strict=True):
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
                os.write(writing, f"killed {item.nodeid}".encode())
                return
        os.write(writing, b"survived")


def _ask(work: Callable[[int], None]) -> str:
    """Do `work`, which gets a pipe to write to, in a child; return what it has written."""
    reading, writing = os.pipe()
    child = _fork(partial(work, writing))
    os.close(writing)
    os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def _fork(work: Callable[[], None]) -> int:
    """Do `work` in a child, in a process group of its own; return the child's id."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    os.setsid()
    silent = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(silent, number)
    try:
        work()
    finally:
        # Without a word of pytest in this child, whatever a mutant raises.
        os._exit(0)
