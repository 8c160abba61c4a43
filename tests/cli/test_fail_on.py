"""``clevora-mock exec --fail-on`` and ``--junit``: a verdict on the command's conduct."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.program import run_program

# Each test starts processes.
pytestmark = pytest.mark.slow

ASK = """
import json, os, sys, urllib.error, urllib.request
def send(path, body, method="POST", root=os.environ["CLEVORA_MOCK_URL"]):
    request = urllib.request.Request(root + path, json.dumps(body).encode(), method=method,
        headers={"Authorization": "Bearer " + os.environ["CLEVORA_API_KEY"]})
    try:
        urllib.request.urlopen(request).read()
    except urllib.error.HTTPError:
        pass
def ask(text, where="", **more):
    body = {"messages": [{"role": "user", "content": text}], **more}
    send(where + "/v1/chat/completions", body)
"""
PAYS_TWICE = ASK + "ask('a'); ask('a')\n"
REPEATS_A_400 = ASK + "ask('a', temperature='hot'); ask('a', temperature='hot')\n"


def run(source: str, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run_program("exec", *flags, "--", sys.executable, "-c", source, **variables)


@pytest.mark.parametrize(
    ("source", "level", "status"),
    [
        (ASK + "ask('a')", "warning", 0),
        (PAYS_TWICE, None, 0),
        (PAYS_TWICE, "never", 0),
        (PAYS_TWICE, "error", 0),
        (PAYS_TWICE, "warning", 5),
        (REPEATS_A_400, None, 0),
        (REPEATS_A_400, "error", 5),
        (REPEATS_A_400, "warning", 5),
        (REPEATS_A_400 + "sys.exit(7)", "warning", 7),
    ],
)
def test_findings_decide_on_the_status_if_asked_to(source: str, level: str | None, status: int) -> None:
    assert run(source, *([] if level is None else ["--fail-on", level])).returncode == status


def test_a_failure_is_printed_with_advice_cost_and_requests() -> None:
    ended = run(PAYS_TWICE, "--fail-on", "warning")
    *_, head, finding, advice, requests = ended.stderr.splitlines()
    assert head == "clevora-mock: --fail-on warning: 1 failure"
    assert finding.startswith("  warning asked_twice in sandbox default: ")
    assert finding.endswith("(1 request, $0.02)")
    assert advice == "    Keep the answer, by the request's body, and use it again."
    assert requests.startswith("    Requests, as --report FILE has them: req_")


def test_a_variable_sets_the_severity() -> None:
    ended = run(PAYS_TWICE, CLEVORA_MOCK_FAIL_ON="warning")
    assert (ended.returncode, "sets nothing" in ended.stderr) == (5, False)


def test_removed_sandboxes_count_also_with_quiet() -> None:
    where = "'/sandbox/s1'"
    source = REPEATS_A_400.replace("'hot')", f"'hot', where={where})") + f"send({where} + '/', None, 'DELETE')"
    ended = run(source, "--quiet", "--fail-on", "error")
    assert ended.returncode == 5
    assert "error retried_final in sandbox s1: " in ended.stderr


def test_the_file_has_a_case_for_each_finding(tmp_path: Path) -> None:
    file = tmp_path / "conduct.xml"
    assert run(REPEATS_A_400 + "ask('b'); ask('b')", "--junit", str(file)).returncode == 0
    suite = ET.parse(file).getroot()
    assert (suite.tag, suite.attrib["tests"], suite.attrib["failures"]) == ("testsuite", "2", "1")
    cases = [(case.attrib["classname"], case.attrib["name"], [inner.tag for inner in case]) for case in suite]
    assert cases == [("default", "retried_final", ["failure"]), ("default", "asked_twice", ["system-out"])]


def test_a_file_that_cannot_be_written_is_an_error_before_the_command_runs(tmp_path: Path) -> None:
    ended = run("print('ran')", "--junit", str(tmp_path / "nowhere" / "conduct.xml"))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("clevora-mock: --junit: cannot write ")


def test_a_file_that_cannot_be_written_at_the_end_is_status_1_unless_the_run_failed_otherwise(tmp_path: Path) -> None:
    folder = tmp_path / "build"
    source = ASK + f"import shutil\nask('a'); shutil.rmtree({str(folder)!r})"
    statuses = []
    for flags in ((), ("--budget", "0.001")):
        folder.mkdir()
        ended = run(source, "--junit", str(folder / "conduct.xml"), *flags)
        assert "clevora-mock: --junit: cannot write " in ended.stderr
        statuses.append(ended.returncode)
    assert statuses == [1, 6]


def test_github_gets_annotations() -> None:
    ended = run(PAYS_TWICE, "--quiet", GITHUB_ACTIONS="true")
    assert ended.returncode == 0
    assert ended.stderr.startswith("::warning title=clevora-mock%3A asked_twice in default::")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("then", ["send('/__mock/state', before, 'PUT')", "send('/__mock/requests', None, 'DELETE')"])
def test_findings_count_whatever_becomes_of_the_journal(then: str) -> None:
    state = "before = json.load(urllib.request.urlopen(os.environ['CLEVORA_MOCK_URL'] + '/__mock/state'))\n"
    before, asks = REPEATS_A_400[: len(ASK)], REPEATS_A_400[len(ASK) :]
    ended = run(f"{before}{state}{asks}{then}", "--fail-on", "error")
    assert (ended.returncode, ended.stderr.count("error retried_final in sandbox default")) == (5, 1)
