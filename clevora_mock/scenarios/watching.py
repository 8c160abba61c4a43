"""Watches the file of the scenario that runs: a change takes effect at once, a mistake leaves the last good one."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from clevora_mock.core.scenario import Scenario
from clevora_mock.scenarios.mistakes import ScenarioError

_EVERY_SECONDS = 0.2


class Watch:
    """Looks at `file` several times a second; `changed` gets the new scenario, `broken` what is wrong with it."""

    def __init__(
        self,
        file: Path,
        changed: Callable[[Scenario], None],
        broken: Callable[[str], None],
    ) -> None:
        self._file = file
        self._changed = changed
        self._broken = broken
        self._seen = self._stamp()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            self.look()

    def look(self) -> None:
        """Take notice of a change, if there was one."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        from clevora_mock.scenarios.reading import read_file  # noqa: PLC0415 - YAML, only once it is needed

        try:
            scenario = read_file(self._file)
        except ScenarioError as error:
            self._broken(str(error))
        else:
            self._changed(scenario)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size
