"""The records of a command's run: its requests by sandbox, whatever is reset."""

from clevora_mock.cli.run_record import RunRecorder
from clevora_mock.core.journal import size_of
from clevora_mock.core.spend import SpendGroup
from clevora_mock.core.waste import Waste
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
    assert [request["id"] for request in second.requests] == ["req_1", "req_0"]
    assert recorder.sums.by("endpoint") == [SpendGroup("chat.completions", 2, 41, 20_005)]


def test_requests_before_and_after_a_reset_are_not_compared() -> None:
    recorder = RunRecorder()
    for serial in (0, 1, 0, 0):
        recorder.add("default", entry(serial))
    (record,) = recorder.records()
    assert (record.spent, record.waste) == (80_000, [Waste("asked_twice", ["req_1"], 20_000)])
    assert len(record.requests) == 4


def test_beyond_its_size_a_record_has_only_what_requests_cost() -> None:
    recorder = RunRecorder(max_bytes=2 * size_of(entry(0)))
    for serial in range(5):
        recorder.add("default", entry(serial))
    (record,) = recorder.records()
    assert (record.spent, len(record.requests), record.omitted) == (100_000, 2, 3)
