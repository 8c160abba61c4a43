"""The report's file: replaced as a whole after the run."""

import sys
from collections.abc import Sequence
from pathlib import Path

from clevora_mock.cli.failures import notice
from clevora_mock.cli.run_problem import RunProblem, print_problem
from clevora_mock.cli.run_record import SandboxRecord
from clevora_mock.cli.run_report.render import RunFacts, render_report
from clevora_mock.core.messages import printable
from clevora_mock.exit_status import FAILURE
from clevora_mock.output_file import replace_file, unwritable
from clevora_mock.settings import is_github_actions


class ReportFile:
    """The file `path` of a run's report."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Whatever directory is the current one at the end.
        self._absolute = path.absolute()

    def write(self, records: Sequence[SandboxRecord], facts: RunFacts) -> str:
        """Replace the file by the report of a run, and return a line that names it; for GitHub Actions a notice too.

        Raises OSError.
        """
        replace_file(self._absolute, render_report(records, facts))
        said = f"run report in {printable(str(self.path))}"
        return f"clevora-mock: {said}" + (f"\n{notice(said)}" if is_github_actions() else "")


def write_report(file: ReportFile, records: Sequence[SandboxRecord], facts: RunFacts) -> list[RunProblem]:
    """Write the report of a command's run, name its file, and return what went wrong."""
    try:
        line = file.write(records, facts)
    except OSError as error:
        return [print_problem(FAILURE, f"--report: {unwritable(file.path, error)}")]
    sys.stderr.write(f"{line}\n")
    return []
