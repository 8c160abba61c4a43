"""The record of a run: what each test's sandbox saw and spent, for baselines, budgets and the run report.

Money is in micro-dollars. Requests and findings are as the control plane gives them.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from clevora_mock.control.conduct import report
from clevora_mock.control.journal import render_entry
from clevora_mock.control.schemas import Finding, JournalEntryView
from clevora_mock.core.conduct.finding import ConductFinding
from clevora_mock.core.journal import MAX_JOURNAL_BYTES, JournalEntry, size_of
from clevora_mock.core.masking import masked_text
from clevora_mock.core.run_summary import SandboxFinding
from clevora_mock.core.spend import SpendGroup, SpendSums, charge_of
from clevora_mock.core.waste import Waste, find_waste, merge_waste

Outcome = Literal["passed", "failed", "skipped"]


class SandboxRecord(Struct, frozen=True):
    """One test's sandbox, or one sandbox of a command's server.

    `name` is pytest's node id, or the sandbox's name under ``exec``, where `outcome` is None. `failure` is a failed
    test's text. A failure outside of any sandbox has an empty `sandbox`. `findings` and `requests` (newest first) are
    those of ``/__mock/conduct`` and ``/__mock/requests``; `omitted` requests are no longer known. Names are masked,
    since a test's id has its parameters.
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
    findings: list[Finding] = []
    requests: list[JournalEntryView] = []
    omitted: int = 0

    def __post_init__(self) -> None:
        force_setattr(self, "name", shown_name(self.name))
        force_setattr(self, "sandbox", shown_name(self.sandbox))


def shown_name(name: str) -> str:
    """Return a test's or a sandbox's name as files have it: masked, and with ? for what is no Unicode."""
    return masked_text(name.encode("utf-8", "replace").decode())


def need_of_requests(record: SandboxRecord) -> tuple[bool, bool]:
    """Return how much the requests of a record are needed, where not all can be kept; failed tests need theirs most."""
    return record.outcome == "failed", bool(record.findings)


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

    def records(self, found: Iterable[SandboxFinding] = ()) -> list[SandboxRecord]:
        """Return a record for each sandbox, by name, with those of the run's findings that are about it."""
        by_sandbox: dict[str, list[ConductFinding]] = {}
        for sandbox, finding in found:
            by_sandbox.setdefault(sandbox, []).append(finding)
        names = sorted(self._sandboxes.keys() | by_sandbox.keys())
        return [self._sandboxes.get(name, _RecordedSandbox()).record(name, by_sandbox.get(name, [])) for name in names]


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

    def record(self, name: str, found: Iterable[ConductFinding]) -> SandboxRecord:
        entries = [entry for journal in self._journals for entry in journal]
        return SandboxRecord(
            name=name,
            sandbox=name,
            spent=self.sums.spent,
            by_endpoint=self.sums.by("endpoint"),
            by_rule=self.sums.by("rule"),
            by_key=self.sums.by("key"),
            waste=merge_waste([waste for journal in self._journals for waste in find_waste(journal)]),
            findings=report(found).findings,
            requests=[render_entry(entry) for entry in reversed(entries)],
            omitted=self.omitted,
        )
