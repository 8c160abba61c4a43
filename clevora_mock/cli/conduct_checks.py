"""The checks of a command's conduct: what fails it, and what is printed of that."""

import sys
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from clevora_mock.cli.failures import Failure
from clevora_mock.cli.run_problem import RunProblem
from clevora_mock.core.conduct.finding import reaches
from clevora_mock.core.messages import printable
from clevora_mock.core.run_summary import SandboxFinding, cost_text
from clevora_mock.exit_status import VERDICT
from clevora_mock.settings import is_github_actions

FailOn = Literal["error", "warning", "never"]

# Failures that are printed, and requests of each.
_MAX_PRINTED = 10
_MAX_REQUESTS = 5


class ConductChecks(Struct, frozen=True):
    """The flags about conduct: what fails the run, and the file to which findings are written."""

    fail_on: FailOn = "never"
    junit: str | None = None

    @property
    def needs_findings(self) -> bool:
        """True if something is made of the findings."""
        return self.fail_on != "never" or self.junit is not None or is_github_actions()


def failures_of(found: Iterable[SandboxFinding], fail_on: FailOn) -> list[Failure]:
    """Return a failure for each kind of finding in each sandbox; errors fail in files even with ``never``."""
    level = "error" if fail_on == "never" else fail_on
    return [
        Failure(
            group=sandbox,
            name=finding.kind,
            level=finding.severity,
            message=f"{finding.message} ({cost_text(finding)})",
            lines=(
                finding.advice,
                f"Requests, as --report FILE has them: {', '.join(finding.requests[:_MAX_REQUESTS])}",
            ),
            fails=reaches(finding.severity, level),
        )
        for sandbox, finding in found
    ]


def report_conduct(failures: Sequence[Failure], fail_on: FailOn) -> list[RunProblem]:
    """Print the findings that fail the run, and return the problem that they are, if any."""
    failed = [] if fail_on == "never" else [one for one in failures if one.fails]
    if not failed:
        return []
    count = f"{len(failed)} {'failure' if len(failed) == 1 else 'failures'}"
    problem = RunProblem(VERDICT, f"--fail-on {fail_on}: {count}")
    sys.stderr.write("\n".join([f"clevora-mock: {problem.message}", *_lines(failed), ""]))
    return [problem]


def _lines(failed: list[Failure]) -> list[str]:
    lines = []
    for one in failed[:_MAX_PRINTED]:
        lines.append(f"  {one.level} {one.name} in sandbox {one.group}: {printable(one.message)}")
        lines += [f"    {printable(line)}" for line in one.lines]
    return lines + ([f"  and {len(failed) - _MAX_PRINTED} more"] if len(failed) > _MAX_PRINTED else [])
