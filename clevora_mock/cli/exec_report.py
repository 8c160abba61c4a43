"""The report of the command of ``exec``."""

import sys
from collections.abc import Sequence
from pathlib import Path

from clevora_mock import exit_status
from clevora_mock.cli.options import fail
from clevora_mock.cli.run_record import RunRecorder
from clevora_mock.cli.run_report.file import ReportFile
from clevora_mock.cli.run_report.render import run_facts
from clevora_mock.cli.spend_report import SpendChecks
from clevora_mock.core.errors import UnusableFileError


def read_report(path: str | None) -> ReportFile | None:
    """Read the flag ``--report``; exit with status 2 if its file could not be written."""
    try:
        return None if path is None else ReportFile(Path(path))
    except UnusableFileError as error:
        fail(f"--report: {error}", exit_status.USAGE)


def write_report(report: ReportFile | None, recorder: RunRecorder, command: Sequence[str], spend: SpendChecks) -> int:
    """Write the report of a run, if there is to be one, name the file, and return the exit status."""
    if report is None:
        return 0
    try:
        line = report.write(recorder.records(), run_facts(command, spend.baseline, spend.budget))
    except UnusableFileError as error:
        sys.stderr.write(f"clevora-mock: --report: {error}\n")
        return exit_status.FAILURE
    sys.stderr.write(f"{line}\n")
    return 0
