"""Checks of a command's conduct and spend at the end of its run, and the files about it."""

from collections.abc import Sequence

from msgspec import Struct

from clevora_mock.cli.conduct_checks import ConductChecks, failures_of, report_conduct
from clevora_mock.cli.failures import Failure, write_failures
from clevora_mock.cli.run_problem import RunProblem
from clevora_mock.cli.run_record import RunRecorder
from clevora_mock.cli.run_report.file import ReportFile, write_report
from clevora_mock.cli.run_report.render import run_facts
from clevora_mock.cli.spend_report import SpendChecks, report_spend
from clevora_mock.core.journal import MAX_JOURNAL_BYTES
from clevora_mock.core.run_summary import SandboxFinding


class RunChecks(Struct, frozen=True):
    """The flags about the end of a run; by default nothing is made of it."""

    conduct: ConductChecks = ConductChecks()
    spend: SpendChecks = SpendChecks()
    report: ReportFile | None = None

    @property
    def needs_findings(self) -> bool:
        return self.conduct.needs_findings or self.report is not None

    def make_recorder(self) -> RunRecorder | None:
        """Return a recorder of what is needed: whole requests for the report, for money its sums alone."""
        if self.report is not None:
            return RunRecorder(MAX_JOURNAL_BYTES)
        return RunRecorder(max_bytes=0) if self.spend.needs_sums else None


def check_run(
    checks: RunChecks,
    command: Sequence[str],
    status: int,
    recorder: RunRecorder | None,
    found: Sequence[SandboxFinding],
    earlier: Sequence[RunProblem],
) -> list[RunProblem]:
    """Print and write what is to be made of the run of a command that ended with `status`; return its problems.

    They begin with the `earlier` ones, of which the report tells too.
    """
    records = [] if recorder is None else recorder.records(found)
    problems = list(earlier)
    dollars: list[Failure] = []
    if recorder is not None:
        dollars, spend_problems = report_spend(checks.spend, records, recorder.sums, has_passed=status == 0)
        problems += spend_problems
    conduct = failures_of(found if checks.conduct.needs_findings else [], checks.conduct.fail_on)
    problems += report_conduct(conduct, checks.conduct.fail_on)
    problems += write_failures([*conduct, *dollars], checks.conduct.junit)
    if checks.report is not None:
        ended = [f"the command ended with status {status}"] if status else []
        said = [*ended, *(problem.message for problem in problems)]
        facts = run_facts(command, checks.spend.baseline, checks.spend.budget, said)
        problems += write_report(checks.report, records, facts)
    return problems
