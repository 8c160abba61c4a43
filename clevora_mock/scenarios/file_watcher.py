"""Watches a scenario file: a valid change takes effect at once, an invalid one leaves the last scenario running."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from clevora_mock.core.scenario import Scenario
from clevora_mock.scenarios.problems import ScenarioError

_EVERY_SECONDS = 0.2
# More than any scenario has.
MAX_BYTES = 8 * 1024 * 1024


class FileWatcher:
    """Polls `file`; `on_change` gets each new scenario, `on_problem` the problems of an invalid file.

    Reading takes long, and `run_work` returns its result; `on_change` is called by the event loop.
    """

    def __init__(
        self,
        file: Path,
        on_change: Callable[[Scenario], Awaitable[None]],
        on_problem: Callable[[str], None],
        run_work: Callable[[Callable[[], Scenario | None]], Awaitable[Scenario | None]],
    ) -> None:
        self._file = file
        self._on_change = on_change
        self._on_problem = on_problem
        self._run_work = run_work
        self._seen = self._content()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            await self.poll()

    async def poll(self) -> None:
        """Read the file if its content has changed since the last poll; size and time can hide a change."""
        try:
            scenario = await self._run_work(self._read_change)
        except ScenarioError as error:
            self._on_problem(str(error))
        else:
            if scenario is not None:
                await self._on_change(scenario)

    def _read_change(self) -> Scenario | None:
        """Return the scenario in the file if its content has changed, else None. Raises ScenarioError."""
        content = self._content()
        # An editor empties the file before it writes.
        if content in (self._seen, b""):
            return None
        self._seen = content
        from clevora_mock.scenarios.scenario_file import read_file  # noqa: PLC0415 - YAML, only once it is needed

        return read_file(self._file)

    def _content(self) -> bytes | None:
        """Return the file's content, as much of it as a scenario may have, or None if it cannot be read."""
        try:
            with self._file.open("rb") as file:
                return file.read(MAX_BYTES)
        except OSError:
            return None
