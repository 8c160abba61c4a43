"""The record of a run: what each test's sandbox saw and spent, for baselines, budgets and the run report.

Money is in micro-dollars. Requests and findings are as the control plane gives them.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from clevora_mock.control.conduct import report
from clevora_mock.control.journal import render_entry
from clevora_mock.core.conduct import findings
from clevora_mock.core.journal import MAX_JOURNAL_BYTES, JournalEntry, size_of
from clevora_mock.core.spend import SpendGroup, SpendSums, charge_of
from clevora_mock.core.waste import Waste, find_waste, merge_waste

Outcome = Literal["passed", "failed", "skipped"]


class SandboxRecord(Struct, frozen=True):
    """One test's sandbox, or one sandbox of a command's server.

    `name` is pytest's node id, or the sandbox's name under ``exec``, where `outcome` is None. `failure` is a failed
    test's text. `findings` and `requests` (newest first) are those of ``/__mock/conduct`` and ``/__mock/requests``;
    `omitted` requests are no longer known.
    """

    name: str
    sandbox: str
    spent: int
    outcome: Outcome | None = None
    failure: str | None = None
    budget: int | None = None
    by_endpoint: list[SpendGroup] = []
    by_rule: list[SpendGroup] = []
    by_key: list[SpendGroup] = []
    waste: list[Waste] = []
    findings: list[dict[str, Any]] = []
    requests: list[dict[str, Any]] = []
    omitted: int = 0


class RunRecorder:
    """The requests of a run by sandbox, whatever is reset or removed meanwhile; `add` is a `RequestListener`.

    The first `max_bytes` of requests are kept whole, of the others only what they cost. `sums` are those of all.
    """

    def __init__(self, max_bytes: int = MAX_JOURNAL_BYTES) -> None:
        self.sums = SpendSums()
        self._sandboxes: dict[str, _RecordedSandbox] = {}
        self._bytes_left = max_bytes

    def add(self, sandbox: str, entry: JournalEntry) -> None:
        """Count a finished request."""
        recorded = self._sandboxes.setdefault(sandbox, _RecordedSandbox())
        if entry.cost:
            self.sums.add(charge_of(entry))
            recorded.sums.add(charge_of(entry))
        self._bytes_left -= size_of(entry)
        if self._bytes_left >= 0:
            recorded.keep(entry)
        else:
            recorded.omitted += 1

    def records(self) -> list[SandboxRecord]:
        """Return a record for each sandbox, by name."""
        return [recorded.record(name) for name, recorded in sorted(self._sandboxes.items())]


class _RecordedSandbox:
    """The requests of one sandbox; a reset, after which ids are used again, begins a new list."""

    def __init__(self) -> None:
        self.sums = SpendSums()
        self.omitted = 0
        self._journals: list[list[JournalEntry]] = []

    def keep(self, entry: JournalEntry) -> None:
        if not self._journals or entry.serial <= self._journals[-1][-1].serial:
            self._journals.append([])
        self._journals[-1].append(entry)

    def record(self, name: str) -> SandboxRecord:
        entries = [entry for journal in self._journals for entry in journal]
        return SandboxRecord(
            name=name,
            sandbox=name,
            spent=self.sums.spent,
            by_endpoint=self.sums.by("endpoint"),
            by_rule=self.sums.by("rule"),
            by_key=self.sums.by("key"),
            waste=merge_waste([waste for journal in self._journals for waste in find_waste(journal)]),
            findings=_plain(report(found for journal in self._journals for found in findings(journal)).findings),
            requests=_plain([render_entry(entry) for entry in reversed(entries)]),
            omitted=self.omitted,
        )


def _plain(structs: Sequence[Struct]) -> list[dict[str, Any]]:
    """Return structs as the control plane's JSON."""
    return list(msgspec.json.decode(msgspec.json.encode(structs)))
