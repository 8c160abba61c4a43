"""The report of a pytest run, written by the controller at the end."""

from pathlib import Path
from typing import Any

import pytest

from clevora_mock.cli.run_report.file import ReportFile
from clevora_mock.cli.run_report.render import run_facts
from clevora_mock.cli.spend_baseline import SpendBaseline
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.testing.run_record import RunRecords


class RunReport:
    """A plugin that writes the report of the run that `records` has. Raises UnusableFileError, as `ReportFile` does."""

    def __init__(self, file: str, records: RunRecords, baseline: SpendBaseline | None) -> None:
        self._file = ReportFile(Path(file))
        self._records = records
        self._baseline = baseline
        self._line = ""
        self._problem = ""

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report; if that fails, so does a run that passed."""
        facts = run_facts(["pytest", *map(str, session.config.invocation_params.args)], self._baseline)
        try:
            self._line = self._file.write(self._records.records(), facts)
        except UnusableFileError as error:
            self._problem = f"clevora-mock: --clevora-report: {error}"
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Name the file, with ``-q`` too."""
        if self._problem:
            terminalreporter.write_line(self._problem, red=True)
        else:
            terminalreporter.write_line(self._line)
