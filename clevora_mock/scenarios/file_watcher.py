"""Watches a scenario file: a valid change takes effect at once, an invalid one leaves the last scenario running."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from clevora_mock.core.scenario import Scenario
from clevora_mock.scenarios.problems import ScenarioError

_EVERY_SECONDS = 0.2


class FileWatcher:
    """Polls `file`; `on_change` gets each new scenario, `on_problem` the problems of an invalid file."""

    def __init__(self, file: Path, on_change: Callable[[Scenario], None], on_problem: Callable[[str], None]) -> None:
        self._file = file
        self._on_change = on_change
        self._on_problem = on_problem
        self._seen = self._stamp()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            self.poll()

    def poll(self) -> None:
        """Read the file if it has changed since the last poll."""
        stamp, before = self._stamp(), self._seen
        self._seen = stamp
        # An editor empties the file before it writes.
        if stamp == before or (stamp is not None and not stamp[1]):
            return
        from clevora_mock.scenarios.scenario_file import read_file  # noqa: PLC0415 - YAML, only once it is needed

        try:
            self._on_change(read_file(self._file))
        except ScenarioError as error:
            self._on_problem(str(error))

    def _stamp(self) -> tuple[int, int] | None:
        """Return the file's modification time and size, None when it cannot be read."""
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size
