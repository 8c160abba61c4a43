"""``pytest --clevora-report``: one report of a run, whatever the number of workers."""

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
        "elsewhere": ["pytest ended with status 1"],
        "passed": [],
    }
