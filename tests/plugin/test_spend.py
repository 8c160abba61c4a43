"""The plugin's budgets, and the baseline of what each test spends, also with pytest-xdist."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from clevora_mock.testing import Clevora
from clevora_mock.testing.run_spend import RunSpend
from tests.plugin.test_plugin import Suite
from tests.support.control import chat
from tests.support.world import World

TESTS = """
def test_one(clevora):
    ask(clevora)

def test_two(clevora):
    ask(clevora)
    ask(clevora, "Bye!", max_tokens=1)

def test_none():
    pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """Provide a test suite without tests."""
    return Suite(tmp_path)


@pytest.fixture
def clevora(world: World) -> Clevora:
    """Provide a client of a sandbox in which two chats cost $0.04."""
    chat(world)
    chat(world)
    return Clevora(world.url)


def test_spent_is_in_dollars_whatever_was_credited(clevora: Clevora) -> None:
    clevora.balance = 50
    assert clevora.spent() == 0.04


@pytest.mark.parametrize("at_most", [0.04, "0.04", Decimal("0.04"), 1])
def test_a_sandbox_within_the_amount_passes(clevora: Clevora, at_most: float | str | Decimal) -> None:
    clevora.assert_spent(at_most)


def test_a_sandbox_beyond_the_amount_fails_with_what_cost_it(clevora: Clevora) -> None:
    with pytest.raises(AssertionError) as raised:
        clevora.assert_spent(at_most=0.039999)
    cost = "chat.completions $0.04 (2 requests); asked_twice wasted $0.02"
    assert str(raised.value) == f"spent $0.04, and the budget is $0.039999: {cost}"


@pytest.mark.parametrize("amount", ["much", -1, 0.0000001, float("nan"), True, None])
def test_a_wrong_amount_is_named(clevora: Clevora, amount: float) -> None:
    with pytest.raises(ValueError, match="at_most: expected dollars from 0 to 1000000000 with at most 6 decimals"):
        clevora.assert_spent(amount)


@pytest.mark.slow
def test_a_test_over_the_budget_of_its_mark_fails(suite: Suite) -> None:
    run = suite.run(
        """
@pytest.mark.clevora(budget=0.03)
class TestDear:
    def test_too_dear(self, clevora):
        ask(clevora, "one")
        ask(clevora, "two")

    def test_within(self, clevora):
        ask(clevora)

    @pytest.mark.clevora(budget="0.04")
    def test_closest(self, clevora):
        ask(clevora, "one")

    def test_failed_anyway(self, clevora):
        ask(clevora, "one")
        ask(clevora, "two")
        assert False, "the test's own failure"

@pytest.mark.clevora(budget="lots")
def test_wrong(clevora):
    pass
""",
        "-n0",
    )
    run.counts(failed=2, passed=2, error=1)
    over = "spent $0.04, and the budget is $0.03: chat.completions $0.04 (2 requests)\n"
    # Of each test once, also of one that has failed before its budget was asked for.
    assert run.output.count(over) == 2
    assert "the test's own failure" in run.output
    assert "@pytest.mark.clevora: budget: expected dollars from 0 to 1000000000" in run.output


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_baseline_is_written_and_compared_for_all_workers(suite: Suite, workers: str) -> None:
    file = suite.folder / "spend.json"
    flags = (workers, "--clevora-spend-baseline", "spend.json")
    first = suite.run(TESTS, *flags)
    assert "spend.json written" in first.output
    dollars = json.loads(file.read_text(encoding="utf-8"))["dollars"]
    # "Bye!" has eight tokens, the cut answer one.
    assert dollars == {"test_it.py::test_one": 0.02, "test_it.py::test_two": 0.0245}
    written = file.read_bytes()
    same = suite.run(TESTS, *flags)
    assert (same.status, "spend $0.0445, unchanged against spend.json" in same.output) == (0, True)
    dearer = suite.run(TESTS.replace('"Bye!", max_tokens=1', '"Hello again!"'), *flags)
    assert dearer.status == 0
    assert "test_it.py::test_two: $0.0245 to $0.0" in dearer.output
    assert file.read_bytes() == written


@pytest.mark.slow
def test_a_run_over_the_tolerance_fails_although_all_tests_pass(suite: Suite) -> None:
    file = suite.folder / "spend.json"
    file.write_text('{"format": 1, "dollars": {"test_it.py::test_one": 0.01}}', encoding="utf-8")
    flags = ("-n0", "--clevora-spend-baseline", "spend.json", "--clevora-spend-tolerance")
    over = suite.run(TESTS, *flags, "99%")
    assert over.status == 1
    assert "over the tolerance of 99 %: +$0.01 (+100 %)  test_it.py::test_one" in over.output
    assert suite.run(TESTS, *flags, "100").status == 0


def test_an_update_keeps_tests_that_failed_or_did_not_run(suite: Suite) -> None:
    file = suite.folder / "spend.json"
    before = {"test_it.py::test_one": 0.01, "test_it.py::test_two": 0.01, "test_it.py::test_old": 0.01}
    file.write_text(json.dumps({"format": 1, "dollars": before}), encoding="utf-8")
    failing = TESTS.replace("max_tokens=1)", "max_tokens=1)\n    assert False")
    run = suite.run(failing, "-n0", "--clevora-spend-baseline", "spend.json", "--clevora-spend-update")
    run.counts(failed=1, passed=2)
    assert json.loads(file.read_text(encoding="utf-8"))["dollars"] == before | {"test_it.py::test_one": 0.02}


@pytest.mark.parametrize(
    ("baseline", "tolerance", "update", "message"),
    [
        (None, None, True, "--clevora-spend-update needs --clevora-spend-baseline FILE"),
        ("pytest.ini", None, False, "pytest.ini: expected a baseline of what tests spend"),
        ("nowhere/x", None, False, "cannot write 'nowhere/x': No such file or directory"),
        ("x", "much", False, "--clevora-spend-tolerance: expected a percentage from 0, such as 10 or 10%, got 'much'"),
    ],
)
def test_a_wrong_option_is_refused_with_its_name(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    baseline: str | None,
    tolerance: str | None,
    update: bool,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(message)):
        RunSpend(baseline, tolerance, update)


def test_a_wrong_option_ends_the_run(suite: Suite) -> None:
    run = suite.run(TESTS, "-n0", "--clevora-spend-update")
    assert run.status == 4
    assert "--clevora-spend-update needs --clevora-spend-baseline FILE" in run.output
    assert "Traceback" not in run.output


def test_a_run_that_is_interrupted_writes_no_baseline(suite: Suite) -> None:
    source = "def test_paid(clevora):\n    ask(clevora)\n\ndef test_stops(clevora):\n    raise KeyboardInterrupt\n"
    ended = suite.run(source, "-n0", "--clevora-spend-baseline", "spend.json")
    assert ended.status == pytest.ExitCode.INTERRUPTED
    assert "clevora-mock: spend $0.02, without a baseline" in ended.output
    assert not (suite.folder / "spend.json").exists()
