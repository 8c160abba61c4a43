"""What the command of ``exec`` spent: against a budget, and against a baseline."""

import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from clevora_mock import exit_status
from clevora_mock.cli.failures import Failure
from clevora_mock.cli.options import fail, read_flag
from clevora_mock.cli.run_record import RunRecorder, SandboxRecord
from clevora_mock.cli.spend_baseline import SpendBaseline, exceeding
from clevora_mock.core import money
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.messages import printable
from clevora_mock.core.spend import over_budget
from clevora_mock.setting_kinds import DOLLARS, PERCENTAGE


class SpendChecks(Struct, frozen=True):
    """The flags about money: `budget` in micro-dollars, `tolerance` in percent; None for those that are not given."""

    budget: int | None = None
    baseline: SpendBaseline | None = None
    tolerance: float | None = None

    @property
    def need_records(self) -> bool:
        return self.budget is not None or self.baseline is not None


NO_SPEND_CHECKS = SpendChecks()


def read_checks(
    budget: str | None, spend_baseline: str | None, spend_tolerance: str | None, *, spend_update: bool
) -> SpendChecks:
    """Read the flags; exit with status 2 for an invalid one, with 4 for a file that is no baseline."""
    if spend_baseline is None and (spend_update or spend_tolerance is not None):
        given = "--spend-update" if spend_update else "--spend-tolerance"
        fail(f"{given} needs --spend-baseline FILE", exit_status.USAGE)
    try:
        return SpendChecks(
            None if budget is None else money.micros(read_flag(DOLLARS, "--budget", budget)),
            None if spend_baseline is None else SpendBaseline(Path(spend_baseline), update=spend_update),
            None if spend_tolerance is None else read_flag(PERCENTAGE, "--spend-tolerance", spend_tolerance),
        )
    except UnusableFileError as error:
        fail(f"--spend-baseline: {error}", exit_status.FILE_INVALID)


def report_spend(checks: SpendChecks, recorder: RunRecorder, *, has_passed: bool) -> list[Failure]:
    """Print what was spent as far as a flag asks for it, write the baseline, and return what fails the run.

    The run of a command that has failed is not written.
    """
    failures: list[Failure] = []
    if checks.baseline is not None:
        lines, failures = _compare(checks.baseline, checks.tolerance, recorder.records(), is_written=has_passed)
        sys.stderr.write("\n  ".join([f"clevora-mock: {printable(lines[0])}", *map(printable, lines[1:])]) + "\n")
    if checks.budget is not None and recorder.sums.spent > checks.budget:
        message = over_budget(recorder.sums.spent, checks.budget, recorder.sums.by("endpoint"))
        failures.append(Failure("exec", "budget", "error", message))
    for failure in failures:
        sys.stderr.write(f"clevora-mock: {printable(failure.message)}\n")
    return failures


def _compare(
    baseline: SpendBaseline, tolerance: float | None, records: Sequence[SandboxRecord], *, is_written: bool
) -> tuple[list[str], list[Failure]]:
    """Return the difference as text, and what fails the run."""
    changes = baseline.changes(records)
    lines = baseline.lines(changes)
    failures = [Failure(one.name, "spend", "error", message) for one, message in exceeding(changes, tolerance)]
    try:
        lines += baseline.write(records) if is_written else []
    except UnusableFileError as error:
        failures.append(Failure("exec", "spend baseline", "error", str(error)))
    return lines, failures
