"""The report's file: tried before the run, replaced as a whole after it."""

import os
from collections.abc import Sequence
from pathlib import Path

from clevora_mock.cli.failures import notice
from clevora_mock.cli.run_record import SandboxRecord
from clevora_mock.cli.run_report.render import RunFacts, render_report
from clevora_mock.core.errors import UnusableFileError
from clevora_mock.core.messages import printable
from clevora_mock.settings import is_github_actions


class ReportFile:
    """The file `path` of a run's report. Raises UnusableFileError if it could not be written at the end."""

    def __init__(self, path: Path) -> None:
        # Whatever directory is the current one at the end.
        self._path = path.absolute()
        self._shown = path
        self._temporary = self._path.with_name(f".{path.name}.{os.getpid()}")
        if path.is_dir():
            raise UnusableFileError(f"{path}: expected a file, got a directory")
        if not self._path.parent.is_dir():
            raise UnusableFileError(f"{path}: there is no directory {path.parent}")
        self._write(b"")
        self._temporary.unlink(missing_ok=True)

    def write(self, records: Sequence[SandboxRecord], facts: RunFacts) -> str:
        """Replace the file by the report of a run, and return a line that names it; for GitHub Actions a notice too.

        Raises UnusableFileError.
        """
        self._write(render_report(records, facts))
        try:
            self._temporary.replace(self._path)
        except OSError as error:
            raise self._error(error) from None
        finally:
            self._temporary.unlink(missing_ok=True)
        said = f"run report in {printable(str(self._shown))}"
        return f"clevora-mock: {said}" + (f"\n{notice(said)}" if is_github_actions() else "")

    def _write(self, content: bytes) -> None:
        try:
            self._temporary.write_bytes(content)
        except OSError as error:
            self._temporary.unlink(missing_ok=True)
            raise self._error(error) from None

    def _error(self, error: OSError) -> UnusableFileError:
        return UnusableFileError(f"{self._shown}: cannot be written: {error.strerror}")
