"""``pytest --clevora-report``: one report of a run, whatever the number of workers."""

import re
from pathlib import Path

import pytest

from tests.plugin.test_plugin import Suite
from tests.support.run_records import data_in

# Each test starts processes.
pytestmark = pytest.mark.slow

TESTS = """
def test_answered(clevora):
    assert ask(clevora) == 200

@pytest.mark.clevora(scenario="flaky", budget=1)
def test_fails(clevora):
    assert ask(clevora) == 200

def test_skipped(clevora):
    pytest.skip("later")

def test_without_a_sandbox():
    pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """Provide a test suite without tests."""
    return Suite(tmp_path)


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_report_has_each_test_with_its_requests_and_its_failure(suite: Suite, workers: str) -> None:
    ended = suite.run(TESTS, workers, "--clevora-report", "run.html")
    assert "clevora-mock: run report in run.html" in ended.output
    data = data_in((suite.folder / "run.html").read_bytes())
    found = {test["name"]: test for test in data["tests"]}
    outcomes = {name: (test["outcome"], [one["status"] for one in test["requests"]]) for name, test in found.items()}
    assert outcomes == {
        "test_it.py::test_answered": ("passed", [200]),
        "test_it.py::test_fails": ("failed", [500]),
        "test_it.py::test_skipped": ("skipped", []),
    }
    failed = found["test_it.py::test_fails"]
    assert "assert 500 == 200" in failed["failure"]
    assert (failed["spent"], failed["budget"]) == (0.0, 1.0)
    assert data["run"]["command"].startswith("pytest ")


def test_a_report_has_the_change_since_the_baseline(suite: Suite) -> None:
    suite.write("spend.json", '{"format": 1, "dollars": {"test_it.py::test_answered": 0.01, "gone": 1}}')
    suite.run(TESTS, "-n0", "--clevora-report", "run.html", "--clevora-spend-baseline", "spend.json")
    data = data_in((suite.folder / "run.html").read_bytes())
    assert data["run"]["baseline"] == {
        "name": "spend.json",
        "spent": 0.01,
        "change": "+$0.01 (+100 %)",
        "gone": [{"name": "gone", "spent": 1.0}],
    }
    assert [test["before"] for test in data["tests"]] == [0.01, None, None]


def test_a_file_in_no_directory_ends_the_run_before_the_first_test(suite: Suite) -> None:
    ended = suite.run(TESTS, "--clevora-report", "none/run.html")
    assert ended.status == pytest.ExitCode.USAGE_ERROR
    assert ended.output.strip() == "ERROR: --clevora-report: cannot write 'none/run.html': No such file or directory"


def test_a_file_that_cannot_be_written_at_the_end_fails_the_run(suite: Suite) -> None:
    source = """
def test_removes_the_directory(clevora):
    import shutil
    shutil.rmtree("build")
"""
    (suite.folder / "build").mkdir()
    ended = suite.run(source, "-n0", "--clevora-report", "build/run.html")
    assert ended.status == pytest.ExitCode.TESTS_FAILED
    problem = "--clevora-report: cannot write 'build/run.html': No such file or directory"
    assert f"clevora-mock: {problem}" in ended.output


def test_the_verdict_is_that_of_the_run(suite: Suite) -> None:
    suite.write("spend.json", '{"format": 1, "dollars": {"test_it.py::test_answered": 0.01}}')
    source = TESTS.partition("@pytest.mark")[0]
    flags = ("--clevora-spend-baseline", "spend.json", "--clevora-spend-tolerance", "5")
    reasons = {}
    for name, text, more in (
        ("tolerance", source, flags),
        ("elsewhere", f"{source}\ndef test_without_a_sandbox():\n    assert False\n", ()),
        ("passed", source, ()),
    ):
        suite.run(text, "-n0", "--clevora-report", "run.html", *more)
        reasons[name] = data_in((suite.folder / "run.html").read_bytes())["run"]["verdict"]["reasons"]
    assert reasons == {
        "tolerance": ["over the tolerance of 5 %: +$0.01 (+100 %)  test_it.py::test_answered"],
        "elsewhere": ["1 test failed"],
        "passed": [],
    }


FAILURES = """
import os

def test_answered(clevora):
    assert ask(clevora) == 200

@pytest.mark.clevora(scenario="flakey")
def test_of_a_wrong_mark(clevora):
    pass

def test_without_a_sandbox():
    assert 1 == 2

@pytest.fixture
def broken():
    raise OSError("broken")

def test_of_a_broken_fixture(clevora, broken):
    pass
"""


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_whatever_fails_is_counted_and_listed_with_its_reason(suite: Suite, workers: str) -> None:
    suite.write("test_bad.py", "import none_such\n")
    flags = ("--continue-on-collection-errors", "--clevora-spend-baseline", "spend.json")
    suite.run(FAILURES, workers, "--clevora-report", "run.html", *flags)
    data = data_in((suite.folder / "run.html").read_bytes())
    assert data["run"]["verdict"] == {"tone": "bad", "word": "Fail", "reasons": ["4 tests failed"]}
    reasons = {test["name"]: test["failure"] for test in data["tests"] if test["outcome"] == "failed"}
    assert "No module named 'none_such'" in reasons.pop("test_bad.py")
    assert "flakey" in reasons.pop("test_it.py::test_of_a_wrong_mark")
    assert "assert 1 == 2" in reasons.pop("test_it.py::test_without_a_sandbox")
    assert "OSError: broken" in reasons.pop("test_it.py::test_of_a_broken_fixture")
    assert not reasons
    written = (suite.folder / "spend.json").read_text(encoding="utf-8")
    assert re.findall(r"test_\w+\.py::\w+", written) == ["test_it.py::test_answered"]


def test_a_crashed_worker_fails_the_test_that_it_ran(suite: Suite) -> None:
    suite.run("def test_crashes(clevora):\n    import os\n    os._exit(3)\n", "-n1", "--clevora-report", "run.html")
    data = data_in((suite.folder / "run.html").read_bytes())
    assert data["run"]["verdict"]["reasons"] == ["1 test failed"]
    (test,) = data["tests"]
    assert (test["name"], test["sandbox"]) == ("test_it.py::test_crashes", "")
    assert "crashed while running" in test["failure"]


def test_a_run_that_is_interrupted_or_empty_has_not_passed(suite: Suite) -> None:
    passes = "def test_passes(clevora):\n    ask(clevora)\n"
    verdicts = {}
    for name, source in (
        ("interrupted", f"{passes}\ndef test_stops(clevora):\n    raise KeyboardInterrupt\n"),
        ("empty", ""),
    ):
        suite.run(source, "-n0", "--clevora-report", "run.html")
        verdict = data_in((suite.folder / "run.html").read_bytes())["run"]["verdict"]
        verdicts[name] = verdict["word"], verdict["reasons"]
    assert verdicts == {
        "interrupted": ("Fail", ["pytest ended with status 2"]),
        "empty": ("Fail", ["pytest ended with status 5"]),
    }


def test_the_exit_status_that_another_plugin_sets_is_the_verdict(suite: Suite) -> None:
    suite.write("conftest.py", "def pytest_sessionfinish(session):\n    session.exitstatus = 1\n")
    suite.run("def test_passes(clevora):\n    ask(clevora)\n", "-n0", "--clevora-report", "run.html")
    verdict = data_in((suite.folder / "run.html").read_bytes())["run"]["verdict"]
    assert (verdict["word"], verdict["reasons"]) == ("Fail", ["pytest ended with status 1"])


@pytest.mark.parametrize("other", ["--clevora-spend-baseline", "--junit-xml"])
def test_two_outputs_to_one_file_end_the_run_before_the_first_test(suite: Suite, other: str) -> None:
    ended = suite.run(TESTS, "-n0", "--clevora-report", "one", other, "one")
    assert ended.status == pytest.ExitCode.USAGE_ERROR
    assert "expected another file than that of --clevora-" in ended.output
