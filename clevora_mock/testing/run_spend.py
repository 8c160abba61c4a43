"""The spend of the tests of a pytest run, against their budgets and against a baseline."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clevora_mock.cli.run_record import SandboxRecord
from clevora_mock.cli.spend_baseline import SpendBaseline, compare_run
from clevora_mock.core import money
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.output_file import try_writing, unwritable
from clevora_mock.setting_kinds import PERCENTAGE
from clevora_mock.settings import Setting
from clevora_mock.testing.clevora import Clevora


class RunSpend:
    """The comparison of a run with its baseline; `problems` fail it. Raises ValueError for an unusable option."""

    def __init__(self, file: str | None, tolerance: str | None, update: bool) -> None:
        if file is None:
            option = "update" if update else "tolerance"
            raise ValueError(f"--clevora-spend-{option} needs --clevora-spend-baseline FILE")
        kind = Setting(PERCENTAGE, "", "")
        self._tolerance = None if tolerance is None else kind.check(tolerance, "--clevora-spend-tolerance")
        try:
            self.baseline = SpendBaseline(Path(file), update=update)
        except UnusableFileError as error:
            raise ValueError(f"--clevora-spend-baseline: {error}") from None
        if self.baseline.is_written:
            try_option("--clevora-spend-baseline", Path(file))
        self.lines: list[str] = []
        self.problems: list[str] = []

    def finish(self, records: Sequence[SandboxRecord], status: int) -> None:
        """Compare a run that ended with `status`, and write the baseline if that is to be done.

        It is not written by a run that did not come to its end. Nothing is done if no test used a sandbox.
        """
        if not records:
            return
        has_ended = status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        compared = compare_run(self.baseline, records, self._tolerance, is_written=has_ended)
        self.lines = compared.lines
        self.problems = [message for _, message in compared.exceeding] + compared.unwritten

    def write(self, terminalreporter: Any) -> None:
        """Print the difference."""
        for number, line in enumerate(self.lines):
            terminalreporter.write_line(f"  {line}" if number else f"clevora-mock: {line}")
        for problem in self.problems:
            terminalreporter.write_line(f"clevora-mock: {problem}", red=True)


def try_option(option: str, file: Path) -> None:
    """Raise ValueError if the file of an option could not be written at the end."""
    try:
        try_writing(file)
    except OSError as error:
        raise ValueError(f"{option}: {unwritable(file, error)}") from None


def check_budget(clevora: Clevora, budget: int) -> None:
    """Fail the test if its sandbox has spent more than `budget` micro-dollars, with what cost it."""
    problem = excess(clevora, budget)
    if problem is not None:
        pytest.fail(problem, pytrace=False)


def excess(clevora: Clevora, budget: int) -> str | None:
    """Return what cost more than `budget` micro-dollars in a sandbox; None within it. Raises MockError."""
    try:
        clevora.assert_spent(money.dollars(budget))
    except AssertionError as error:
        return str(error)
    return None
