"""The records of a run: requests by sandbox, whatever is reset, and within a bound."""

from pathlib import Path

import msgspec
import pytest

from clevora_mock.cli.run_checks import RunChecks
from clevora_mock.cli.run_record import RunRecorder
from clevora_mock.cli.run_report.file import ReportFile
from clevora_mock.cli.spend_report import SpendChecks
from clevora_mock.core.journal import size_of
from clevora_mock.core.spend import SpendGroup
from clevora_mock.core.waste import Waste
from clevora_mock.testing.run_record import RunRecords, attach
from tests.support.run_records import finding, record
from tests.units.test_waste import entry


def test_each_sandbox_has_a_record_by_name() -> None:
    recorder = RunRecorder()
    recorder.add("b", entry(0))
    recorder.add("a", entry(0, rule="short", cost=5, prompt_tokens=1, completion_tokens=0))
    recorder.add("b", entry(1, cost=0, status=500))
    first, second = recorder.records()
    assert (first.name, first.spent, first.by_rule) == ("a", 5, [SpendGroup("short", 1, 1, 5)])
    assert (second.name, second.spent, second.by_endpoint) == (
        "b",
        20_000,
        [SpendGroup("chat.completions", 1, 40, 20_000)],
    )
    assert [request.id for request in second.requests] == ["req_1", "req_0"]
    assert recorder.sums.by("endpoint") == [SpendGroup("chat.completions", 2, 41, 20_005)]


def test_requests_before_and_after_a_reset_are_not_compared() -> None:
    recorder = RunRecorder()
    for serial in (0, 1, 0, 0):
        recorder.add("default", entry(serial))
    (only,) = recorder.records()
    assert (only.spent, only.waste) == (80_000, [Waste("asked_twice", ["req_1"], 20_000)])
    assert len(only.requests) == 4


def test_beyond_its_size_a_record_has_only_what_requests_cost() -> None:
    recorder = RunRecorder(max_bytes=2 * size_of(entry(0)))
    for serial in range(5):
        recorder.add("default", entry(serial))
    (only,) = recorder.records()
    assert (only.spent, len(only.requests), only.omitted) == (100_000, 2, 3)


def test_only_a_report_needs_whole_requests(tmp_path: Path) -> None:
    kept = []
    for checks in (RunChecks(spend=SpendChecks(budget=1)), RunChecks(report=ReportFile(tmp_path / "run.html"))):
        recorder = checks.make_recorder()
        assert recorder is not None
        recorder.add("default", entry(0))
        (only,) = recorder.records()
        kept.append((only.spent, len(only.requests)))
    assert kept == [(20_000, 0), (20_000, 1)]


def test_the_records_of_a_pytest_run_lose_requests_beyond_their_size_those_of_failed_tests_last() -> None:
    runs = [
        ("failed", record("failed", 5)),
        ("passed", record("passed", 5)),
        ("passed", record("found", 5, findings=[finding()])),
        ("passed", record("later", 5)),
    ]
    size = len(msgspec.json.encode(runs[0][1]))
    records = RunRecords(max_bytes=2 * size + size // 2)
    for outcome, one in runs:
        report = pytest.TestReport(one.name, ("", 0, ""), {}, "passed", None, "teardown")
        call = pytest.TestReport(one.name, ("", 0, ""), {}, outcome, "E", "call")  # type: ignore[arg-type]
        attach(report, one)
        records.pytest_runtest_logreport(call)
        records.pytest_runtest_logreport(report)
    kept = {one.name: (len(one.requests), one.omitted, one.spent) for one in records.records()}
    assert kept == {
        "failed": (5, 0, 50_000),
        "found": (5, 0, 50_000),
        "later": (0, 5, 50_000),
        "passed": (0, 5, 50_000),
    }
