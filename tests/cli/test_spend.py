"""The flags of ``exec`` about money: a budget, a baseline, and a tolerance."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.cli.test_run_command import CHAT
from tests.support.program import run_in_process, run_program

ASK = CHAT + "import sys\nfor _ in range(int(sys.argv[1])): ask()\nraise SystemExit(int(sys.argv[2]))\n"


def ask(times: int, *flags: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command that asks so often, at $0.02 each, and ends with `status`."""
    return run_program("exec", *flags, "--", sys.executable, "-c", ASK, str(times), str(status))


@pytest.mark.slow
def test_a_command_over_its_budget_is_status_6_with_what_cost_it() -> None:
    ended = ask(3, "--budget", "0.05")
    assert ended.returncode == 6
    assert ended.stderr.endswith("spent $0.06, and the budget is $0.05: chat.completions $0.06 (3 requests)\n")


@pytest.mark.slow
@pytest.mark.parametrize(("times", "status", "expected"), [(3, 0, 0), (3, 7, 7), (4, 7, 7)])
def test_within_the_budget_or_failed_the_status_is_the_commands(times: int, status: int, expected: int) -> None:
    assert ask(times, "--budget", "0.06", "--quiet", status=status).returncode == expected


@pytest.mark.slow
def test_what_costs_too_much_is_in_junit_and_among_the_annotations(tmp_path: Path) -> None:
    file, baseline = tmp_path / "junit.xml", tmp_path / "spend.json"
    baseline.write_text('{"format": 1, "dollars": {"default": 0.01}}', encoding="utf-8")
    flags = ("--budget", "0.01", "--spend-baseline", str(baseline), "--spend-tolerance", "5", "--junit", str(file))
    command = (sys.executable, "-c", ASK, "1", "0")
    ended = run_program("exec", *flags, "--", *command, GITHUB_ACTIONS="true")
    assert ended.returncode == 6
    cases = {case.get("name"): case for case in ET.parse(file).iter("testcase")}
    failures = {name: case.find("failure") for name, case in cases.items()}
    assert {name: failure is not None for name, failure in failures.items()} == {"spend": True, "budget": True}
    assert "::error title=clevora-mock%3A budget in exec::spent $0.02, and the budget is $0.01" in ended.stderr


@pytest.mark.slow
def test_a_budget_counts_what_was_reset() -> None:
    reset = CHAT + (
        "ask()\nrequest = urllib.request.Request(os.environ['CLEVORA_MOCK_URL'] + '/__mock/reset', b'')\n"
        "urllib.request.urlopen(request).close()\nask()\n"
    )
    ended = run_program("exec", "--budget", "0.03", "--", sys.executable, "-c", reset)
    assert (ended.returncode, "spent $0.04" in ended.stderr) == (6, True)


@pytest.mark.slow
def test_a_baseline_is_written_compared_and_updated(tmp_path: Path) -> None:
    file = tmp_path / "spend.json"
    flags = ("--spend-baseline", str(file))
    assert f"{file} written" in ask(2, *flags).stderr
    assert json.loads(file.read_text(encoding="utf-8")) == {"format": 1, "dollars": {"default": 0.04}}
    compared = ask(3, *flags)
    assert compared.returncode == 0
    assert compared.stderr.endswith(
        f"clevora-mock: spend $0.06, +$0.02 (+50 %) against {file}\n  +$0.02 (+50 %)  default: $0.04 to $0.06\n"
    )
    dearer = ask(3, *flags, "--spend-tolerance", "49%")
    assert dearer.returncode == 6
    assert dearer.stderr.endswith("clevora-mock: over the tolerance of 49 %: +$0.02 (+50 %)  default\n")
    assert ask(3, *flags, "--spend-tolerance", "50").returncode == 0
    ask(3, *flags, "--spend-update")
    assert json.loads(file.read_text(encoding="utf-8"))["dollars"] == {"default": 0.06}


@pytest.mark.slow
def test_a_command_that_failed_writes_no_baseline(tmp_path: Path) -> None:
    file = tmp_path / "spend.json"
    assert ask(1, "--spend-baseline", str(file), status=1).returncode == 1
    assert not file.exists()


@pytest.mark.parametrize(
    ("flags", "status", "message"),
    [
        (("--budget", "lots"), 2, "--budget: expected dollars from 0 to 1000000000 with at most 6 decimals"),
        (("--budget", "-1"), 2, "--budget: expected dollars from 0"),
        (("--budget", "0.0000001"), 2, "--budget: expected dollars from 0"),
        (("--spend-update",), 2, "--spend-update needs --spend-baseline FILE"),
        (("--spend-tolerance", "5"), 2, "--spend-tolerance needs --spend-baseline FILE"),
        (
            ("--spend-baseline", "/nowhere/a"),
            2,
            "--spend-baseline: cannot write '/nowhere/a': No such file or directory",
        ),
        (("--report", "/nowhere/a"), 2, "--report: cannot write '/nowhere/a': No such file or directory"),
        (("--junit", "/nowhere/a"), 2, "--junit: cannot write '/nowhere/a': No such file or directory"),
        (("--spend-baseline", __file__), 4, f"--spend-baseline: {__file__}: expected a baseline of what tests spend"),
    ],
)
def test_a_wrong_flag_is_named_before_the_command_runs(flags: tuple[str, ...], status: int, message: str) -> None:
    ended = run_in_process("exec", *flags, "--", "echo", "ran")
    assert (ended.returncode, ended.stdout) == (status, "")
    assert ended.stderr.startswith(f"clevora-mock: {message}")


def test_a_wrong_tolerance_is_named(tmp_path: Path) -> None:
    flags = ("--spend-baseline", str(tmp_path / "spend.json"), "--spend-tolerance", "much")
    ended = run_in_process("exec", *flags, "--", "echo", "ran")
    expected = "clevora-mock: --spend-tolerance: expected a percentage from 0, such as 10 or 10%, got 'much'\n"
    assert (ended.returncode, ended.stderr) == (2, expected)
