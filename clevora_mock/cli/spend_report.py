"""The spend of the command of ``exec``, against a budget and against a baseline."""

import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from clevora_mock import exit_status
from clevora_mock.cli.failures import Failure
from clevora_mock.cli.options import fail, read_flag, try_file
from clevora_mock.cli.run_problem import RunProblem, print_problem
from clevora_mock.cli.run_record import SandboxRecord
from clevora_mock.cli.spend_baseline import SpendBaseline, compare_run
from clevora_mock.core import money
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.messages import printable
from clevora_mock.core.spend import SpendSums, over_budget
from clevora_mock.setting_kinds import DOLLARS, PERCENTAGE


class SpendChecks(Struct, frozen=True):
    """The flags about money: `budget` in micro-dollars, `tolerance` in percent; None for those that are not given."""

    budget: int | None = None
    baseline: SpendBaseline | None = None
    tolerance: float | None = None

    @property
    def needs_sums(self) -> bool:
        return self.budget is not None or self.baseline is not None


def read_checks(
    budget: str | None, spend_baseline: str | None, spend_tolerance: str | None, *, spend_update: bool
) -> SpendChecks:
    """Read the flags.

    Exit with status 2 for an invalid one or a file that cannot be written, with 4 for a file that is no baseline.
    """
    if spend_baseline is None and (spend_update or spend_tolerance is not None):
        given = "--spend-update" if spend_update else "--spend-tolerance"
        fail(f"{given} needs --spend-baseline FILE", exit_status.USAGE)
    try:
        checks = SpendChecks(
            None if budget is None else money.micros(read_flag(DOLLARS, "--budget", budget)),
            None if spend_baseline is None else SpendBaseline(Path(spend_baseline), update=spend_update),
            None if spend_tolerance is None else read_flag(PERCENTAGE, "--spend-tolerance", spend_tolerance),
        )
    except UnusableFileError as error:
        fail(f"--spend-baseline: {error}", exit_status.FILE_INVALID)
    if checks.baseline is not None and checks.baseline.is_written:
        try_file("--spend-baseline", spend_baseline)
    return checks


def report_spend(
    checks: SpendChecks, records: Sequence[SandboxRecord], sums: SpendSums, *, has_passed: bool
) -> tuple[list[Failure], list[RunProblem]]:
    """Print what was spent as far as a flag asks for it, write the baseline, and return what fails the run.

    The run of a command that has failed is not written.
    """
    failures: list[Failure] = []
    unwritten: list[RunProblem] = []
    if checks.baseline is not None:
        compared = compare_run(checks.baseline, records, checks.tolerance, is_written=has_passed)
        lines = list(map(printable, compared.lines))
        sys.stderr.write("\n  ".join([f"clevora-mock: {lines[0]}", *lines[1:]]) + "\n")
        failures = [Failure(one.name, "spend", "error", message) for one, message in compared.exceeding]
        unwritten = [print_problem(exit_status.FAILURE, f"--spend-baseline: {one}") for one in compared.unwritten]
    if checks.budget is not None and sums.spent > checks.budget:
        message = over_budget(sums.spent, checks.budget, sums.by("endpoint"))
        failures.append(Failure("exec", "budget", "error", message))
    return failures, [print_problem(exit_status.OVER_BUDGET, one.message) for one in failures] + unwritten
