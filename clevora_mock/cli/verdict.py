"""The verdict on a command's run: findings about its conduct, printed and as files."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from clevora_mock.cli.failures import Failure, annotations, junit
from clevora_mock.core.conduct import reaches
from clevora_mock.core.messages import printable
from clevora_mock.core.run_summary import SandboxFinding, cost_text
from clevora_mock.exit_status import FAILURE, VERDICT
from clevora_mock.settings import is_github_actions

FailOn = Literal["error", "warning", "never"]

# Failures that are printed, and requests of each.
_MAX_PRINTED = 10
_MAX_REQUESTS = 5


class Checks(Struct, frozen=True):
    """What is checked at the end of a run, and the file to which it is written."""

    fail_on: FailOn = "never"
    junit: str | None = None

    @property
    def are_needed(self) -> bool:
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
            lines=(finding.advice, f"Requests: {', '.join(finding.requests[:_MAX_REQUESTS])}"),
            fails=reaches(finding.severity, level),
        )
        for sandbox, finding in found
    ]


def report_failures(failures: list[Failure], checks: Checks, others: Sequence[Failure] = ()) -> int:
    """Print and write the outcomes of a run's checks, and return the exit status.

    `others`, which are reported already, are only in the file and among the annotations.
    """
    every = [*failures, *others]
    status = _write_junit(every, checks.junit) if checks.junit is not None else 0
    failed = [] if checks.fail_on == "never" else [one for one in failures if one.fails]
    if failed:
        status = VERDICT
        count = f"{len(failed)} {'failure' if len(failed) == 1 else 'failures'}"
        sys.stderr.write("\n".join([f"clevora-mock: --fail-on {checks.fail_on}: {count}", *_lines(failed), ""]))
    if is_github_actions():
        sys.stderr.write("".join(f"{line}\n" for line in annotations(every)))
    return status


def _lines(failed: list[Failure]) -> list[str]:
    lines = []
    for one in failed[:_MAX_PRINTED]:
        lines.append(f"  {one.level} {one.name} in sandbox {one.group}: {printable(one.message)}")
        lines += [f"    {printable(line)}" for line in one.lines]
    return lines + ([f"  and {len(failed) - _MAX_PRINTED} more"] if len(failed) > _MAX_PRINTED else [])


def _write_junit(failures: list[Failure], path: str) -> int:
    try:
        Path(path).write_text(junit(failures), encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"clevora-mock: --junit: cannot write {path!r}: {error.strerror}\n")
        return FAILURE
    return 0
