"""The records of a pytest run: made where a test runs, collected in the controller, also with pytest-xdist.

A worker's record travels as a field of the report of the test's teardown, which pytest-xdist sends on as it is.
"""

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from clevora_mock.cli.run_record import Outcome, SandboxRecord, need_of_requests
from clevora_mock.control.schemas import ConductReport, Finding, JournalView
from clevora_mock.core import money
from clevora_mock.core.journal import MAX_ENTRIES, MAX_JOURNAL_BYTES
from clevora_mock.core.spend import SpendGroup
from clevora_mock.core.waste import Waste
from clevora_mock.testing.clevora import Clevora

if TYPE_CHECKING:
    import pytest

# The field of a report.
FIELD = "clevora_record"


def read_record(name: str, clevora: Clevora, budget: int | None = None, *, with_requests: bool = True) -> SandboxRecord:
    """Return the record of the test `name` from its sandbox; without requests and findings if nothing shows them.

    Raises MockError.
    """
    answers = {group: clevora.call("GET", f"/__mock/spend?group={group}") for group in ("endpoint", "rule", "key")}
    spend = answers["endpoint"]
    groups = {
        group: [
            SpendGroup(one["name"], one["requests"], one["tokens"], money.micros(one["dollars"]))
            for one in answer["groups"]
        ]
        for group, answer in answers.items()
    }
    journal, found = JournalView(0, 0, []), list[Finding]()
    if with_requests:
        journal = msgspec.convert(clevora.call("GET", f"/__mock/requests?limit={MAX_ENTRIES}"), JournalView)
        found = msgspec.convert(clevora.call("GET", "/__mock/conduct?final=true"), ConductReport).findings
    return SandboxRecord(
        name=name,
        sandbox=clevora.url.rpartition("/")[2],
        spent=money.micros(spend["dollars"]),
        budget=budget,
        by_endpoint=groups["endpoint"],
        by_rule=groups["rule"],
        by_key=groups["key"],
        waste=[Waste(one["kind"], one["requests"], money.micros(one["dollars"])) for one in spend["waste"]["kinds"]],
        findings=found,
        requests=journal.requests,
        omitted=journal.evicted,
    )


def attach(report: "pytest.TestReport", record: SandboxRecord) -> None:
    """Add a record to the report of its test's teardown."""
    setattr(report, FIELD, msgspec.json.encode(record).decode())


class RunRecords:
    """A plugin of the controller that collects the records of all tests; of a test that ran again, the last.

    Their size as JSON stays below `max_bytes`, but for sums: beyond that, records lose their requests, first those of
    tests that have not failed and have no findings.
    """

    def __init__(self, max_bytes: int = MAX_JOURNAL_BYTES) -> None:
        self._max_bytes = max_bytes
        self._records: dict[str, SandboxRecord] = {}
        # Of the records that have requests.
        self._sizes: dict[str, int] = {}
        # Of tests that failed without a record, and of files that could not be collected: the text.
        self._failures: dict[str, str] = {}
        # Of tests that have not ended: the outcome, and the text of the first failure.
        self._running: dict[str, tuple[Outcome, str | None]] = {}

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        """Note a phase of a test, and keep its record at the end."""
        outcome, failure = self._running.get(report.nodeid, ("passed", None))
        if report.failed and failure is None:
            outcome, failure = "failed", report.longreprtext
        elif report.skipped and outcome == "passed":
            outcome = "skipped"
        self._running[report.nodeid] = outcome, failure
        if report.when == "teardown":
            del self._running[report.nodeid]
            self._failures.pop(report.nodeid, None)
            if (text := getattr(report, FIELD, None)) is not None:
                record = msgspec.json.decode(text, type=SandboxRecord)
                self._records[report.nodeid] = replace(record, outcome=outcome, failure=failure)
                self._sizes[report.nodeid] = len(text)
                self._cut()
            elif outcome == "failed":
                self._failures[report.nodeid] = failure or ""

    def pytest_collectreport(self, report: "pytest.CollectReport") -> None:
        """Note what could not be collected."""
        if report.failed:
            self._failures[report.nodeid or "."] = report.longreprtext

    def _cut(self) -> None:
        while sum(self._sizes.values()) > self._max_bytes:
            name = min(self._sizes, key=lambda name: need_of_requests(self._records[name]))
            record = self._records[name]
            del self._sizes[name]
            omitted = record.omitted + len(record.requests)
            self._records[name] = replace(record, requests=[], omitted=omitted)

    def records(self) -> list[SandboxRecord]:
        """Return the records by name; complete at ``pytest_sessionfinish``."""
        return [record for _, record in sorted(self._records.items())]

    def failures(self) -> list[SandboxRecord]:
        """Return a record without a sandbox of each other failure: of a test, of a worker in a test, of a collection.

        Set-up fails before there is a sandbox to read; a worker that crashed has reported no teardown.
        """
        crashed = {name: failure or "" for name, (outcome, failure) in self._running.items() if outcome == "failed"}
        every = sorted((self._failures | crashed).items())
        return [SandboxRecord(name, "", 0, outcome="failed", failure=failure) for name, failure in every]
