"""The report of a pytest run, written by the controller at the end."""

from pathlib import Path
from typing import Any

import pytest

from clevora_mock.cli.run_report.file import ReportFile
from clevora_mock.cli.run_report.render import run_facts
from clevora_mock.output_file import unwritable
from clevora_mock.testing.run_record import RunRecords
from clevora_mock.testing.run_spend import RunSpend, try_option


class RunReport:
    """A plugin that writes the report of the run that `records` has, compared in `spend`.

    Raises ValueError for a file that could not be written.
    """

    def __init__(self, file: str, records: RunRecords, spend: RunSpend | None) -> None:
        try_option("--clevora-report", Path(file))
        self._file = ReportFile(Path(file))
        self._records = records
        self._spend = spend
        self._line = ""
        self._problem = ""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report; if that fails, so does a run that passed."""
        records = [*self._records.records(), *self._records.failures()]
        baseline, problems = (None, []) if self._spend is None else (self._spend.baseline, [*self._spend.problems])
        has_reason = problems or any(one.outcome == "failed" for one in records)
        is_explained = session.exitstatus == pytest.ExitCode.TESTS_FAILED and has_reason
        if session.exitstatus != pytest.ExitCode.OK and not is_explained:
            # It was interrupted, say, or another plugin fails it.
            problems.append(f"pytest ended with status {int(session.exitstatus)}")
        command = ["pytest", *map(str, session.config.invocation_params.args)]
        try:
            self._line = self._file.write(records, run_facts(command, baseline, problems=problems))
        except OSError as error:
            self._problem = f"clevora-mock: --clevora-report: {unwritable(self._file.path, error)}"
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Name the file, with ``-q`` too."""
        if self._problem:
            terminalreporter.write_line(self._problem, red=True)
        else:
            terminalreporter.write_line(self._line)
