"""The run report's file: what is in it, its policy and its size; what browsers show is in `tests/external/console`."""

import os
import re
import sys
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from clevora_mock.cli.run_record import SandboxRecord
from clevora_mock.cli.run_report.bundle import Bundle
from clevora_mock.cli.run_report.file import ReportFile
from clevora_mock.cli.run_report.render import MAX_BYTES, RunFacts, render_report
from clevora_mock.core.journal import MAX_BODY_BYTES
from clevora_mock.core.spend import SpendGroup
from clevora_mock.core.waste import Waste
from clevora_mock.settings import DEMO_KEY
from tests.support.program import run_program
from tests.support.run_records import data_in, finding, journal_entry, record

FACTS = RunFacts("pytest tests")


def only_test(report: bytes) -> Any:
    (test,) = data_in(report)["tests"]
    return test


def test_the_same_records_give_the_same_bytes() -> None:
    assert render_report([record(chats=3)], FACTS) == render_report([record(chats=3)], FACTS)


def test_money_is_in_dollars_and_requests_are_the_oldest_first() -> None:
    group = SpendGroup("chat.completions", requests=2, tokens=40, spent=20_000)
    waste = Waste("asked_twice", ["req_1"], 10_000)
    test = only_test(render_report([record(chats=2, budget=50_000, by_endpoint=[group], waste=[waste])], FACTS))
    assert (test["spent"], test["budget"]) == (0.02, 0.05)
    chats = {"name": "chat.completions", "requests": 2, "tokens": 40, "dollars": 0.02}
    assert test["spendBy"] == {"endpoint": [chats], "rule": [], "key": []}
    assert test["waste"] == [{"kind": "asked_twice", "requests": ["req_1"], "dollars": 0.01}]
    assert [entry["id"] for entry in test["requests"]] == ["req_0", "req_1"]


def test_a_baseline_is_beside_each_test_and_names_those_that_are_gone() -> None:
    facts = RunFacts("pytest", baseline={"old": 5_000, "kept": 4_000}, baseline_name="spend.json")
    data = data_in(render_report([record("kept"), record("new")], facts))
    assert [(test["name"], test["before"]) for test in data["tests"]] == [("kept", 0.004), ("new", None)]
    assert [test["change"] for test in data["tests"]] == ["+$0.006 (+150 %)", "new"]
    gone = [{"name": "old", "spent": 0.005}]
    expected = {"name": "spend.json", "spent": 0.004, "change": "+$0.016 (+400 %)", "gone": gone}
    assert data["run"]["baseline"] == expected


@pytest.mark.parametrize(
    ("records", "problems", "tone", "reasons"),
    [
        ([record()], (), "good", []),
        ([record(findings=[finding(), finding()])], (), "warn", ["2 findings about the client"]),
        ([record(outcome="failed", failure="E")], (), "bad", ["1 test failed"]),
        (
            [record(findings=[finding()])],
            ("over the tolerance of 5 %",),
            "bad",
            ["over the tolerance of 5 %", "1 finding about the client"],
        ),
    ],
)
def test_the_verdict_is_that_of_the_run(
    records: list[SandboxRecord], problems: tuple[str, ...], tone: str, reasons: list[str]
) -> None:
    words = {"good": "Pass", "warn": "Warnings", "bad": "Fail"}
    verdict = data_in(render_report(records, RunFacts("pytest", problems=problems)))["run"]["verdict"]
    assert verdict == {"tone": tone, "word": words[tone], "reasons": reasons}


LOST = {"status": 500, "code": "internal_error"}
HALF = {"body": "x" * MAX_BODY_BYTES, "bodyBytes": MAX_BODY_BYTES + 1}


@pytest.mark.parametrize(
    ("first", "second", "is_recovered"),
    [
        (LOST, {}, True),
        (LOST, {"body": {"model": "other"}}, False),
        (LOST, LOST, False),
        ({}, {}, False),
        # The journal has the same start of two bodies.
        (LOST | HALF, HALF, False),
        # The second one was sent before the first one had failed.
        (LOST | {"latencyMs": 1_500}, {}, False),
    ],
)
def test_a_request_is_recovered_if_the_same_was_answered_later(
    first: dict[str, Any], second: dict[str, Any], is_recovered: bool
) -> None:
    requests = [journal_entry(1, **second), journal_entry(0, **first)]
    shown = only_test(render_report([record(requests=requests)], FACTS))["requests"]
    assert [entry["isRecovered"] for entry in shown] == [is_recovered, False]


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "a\u2028b"])
def test_nothing_from_a_request_ends_the_script(text: str) -> None:
    entry = journal_entry(0, body=text, response=text, path=text, client=text, rule=text)
    report = render_report([record(text, requests=[entry], failure=text, outcome="failed")], RunFacts(text))
    page, data = report.decode(), data_in(report)
    assert (page.count("<script"), page.count("</script>"), page.count("<!--")) == (3, 3, 0)
    assert data["run"]["command"] == data["tests"][0]["failure"] == data["tests"][0]["requests"][0]["body"] == text


def test_text_that_is_no_unicode_has_question_marks() -> None:
    failed = record(outcome="failed", failure="\udcff", requests=[])
    assert only_test(render_report([failed], FACTS))["failure"] == "?"


def test_secrets_in_failures_and_in_the_command_are_masked() -> None:
    secret = "sk_live_" + "7" * 32
    failed = record(outcome="failed", failure=f"E   assert '{secret}' == ''")
    page = render_report([failed], RunFacts(f"pytest --key {secret}")).decode()
    assert secret not in page
    assert DEMO_KEY in page


def test_secrets_in_names_are_masked() -> None:
    secret = "sk_live_" + "7" * 32
    sandbox = "sk-live-" + "7" * 32
    report = render_report([record(f"test[{secret}]", sandbox=sandbox)], FACTS)
    test = only_test(report)
    assert (test["name"], test["sandbox"]) == ("test[sk_live_777777777777...77]", "sk-live-777777777777...77")
    assert secret not in report.decode()
    assert sandbox not in report.decode()


def test_a_failure_without_a_sandbox_is_not_compared_with_the_baseline() -> None:
    facts = RunFacts("pytest", baseline={"broken": 5_000, "kept": 10_000}, baseline_name="spend.json")
    broken = record("broken", 0, sandbox="", outcome="failed", failure="E")
    data = data_in(render_report([broken, record("kept")], facts))
    assert [(test["before"], test["change"]) for test in data["tests"]] == [(None, ""), (0.01, "unchanged")]
    assert data["run"]["baseline"]["gone"] == [{"name": "broken", "spent": 0.005}]


def test_the_policy_admits_the_files_own_script_and_style_alone() -> None:
    page = render_report([record()], FACTS).decode()
    found = re.search(r'http-equiv="content-security-policy" content="([^"]+)"', page)
    script = re.search(r'<script type="module">(.*?)</script>', page, re.DOTALL)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert found
    assert script
    assert style
    digests = [b64encode(sha256(one[1].encode()).digest()).decode() for one in (script, style)]
    assert dict(part.split(" ", 1) for part in found[1].split("; ")) == {
        "default-src": "'none'",
        "script-src": f"'sha256-{digests[0]}'",
        "style-src": f"'sha256-{digests[1]}'",
        "img-src": "data:",
        "form-action": "'none'",
        "base-uri": "'none'",
        "require-trusted-types-for": "'script'",
    }


def test_the_file_names_no_other_file() -> None:
    page = render_report([record()], FACTS).decode()
    head = page.partition('<script type="application/json"')[0]
    assert re.findall(r'(?:src|href)="([^"]*)"|url\(', head) == ["data:,"]
    assert not re.search(r'^\s*(?:import|export)\b|(?:import|from)\s*"\.', page, re.MULTILINE)


def test_the_licenses_of_the_libraries_are_in_the_file() -> None:
    page = render_report([], FACTS).decode()
    assert "Copyright (c) 2015-present Jason Miller" in page
    assert "Apache License" in page


def test_a_large_run_is_cut_and_the_report_says_what_is_missing() -> None:
    body = {"messages": [{"role": "user", "content": "long " * 3_000}]}
    tests = [
        record(f"test_{number}", requests=[journal_entry(n, body=body) for n in range(40)]) for number in range(60)
    ]
    report = render_report(tests, FACTS)
    assert len(report) < MAX_BYTES + 1_000_000
    data = data_in(report)
    assert data["run"]["notes"] == ["2,400 bodies, answers and failures are cut to 4,000 characters."]
    entry = data["tests"][0]["requests"][0]
    assert (entry["isCut"], len(entry["body"])) == (True, 4_001)


@pytest.mark.slow
def test_the_requests_of_failed_tests_and_then_of_those_with_findings_are_kept_first() -> None:
    tests = [
        record("a passes", chats=6_000),
        record("b is found fault with", chats=6_000, findings=[finding()]),
        record("c fails", chats=3_000, outcome="failed", failure="E"),
    ]
    data = data_in(render_report(tests, FACTS))
    kept = {test["name"]: (len(test["requests"]), test["omitted"]) for test in data["tests"]}
    assert kept == {"a passes": (1_000, 5_000), "b is found fault with": (6_000, 0), "c fails": (3_000, 0)}
    assert data["tests"][0]["requests"][-1]["id"] == "req_5999"
    assert data["run"]["notes"][0].startswith("5,000 requests are not in this report")


def test_the_end_of_a_long_failure_is_kept() -> None:
    failed = record(outcome="failed", failure="start " + "x" * 30_000 + " end")
    failure = only_test(render_report([failed], FACTS))["failure"]
    assert (len(failure), failure[0], failure[-4:]) == (20_001, "…", " end")


def test_modules_are_put_in_the_order_of_their_imports() -> None:
    modules = {
        "main.js": 'import { b, c as d } from "./lib/b.js";\nimport e from "./lib/e.js";\nd(b, e);\n',
        "lib/b.js": 'import{f as g}from"../f.js";var b=g;export{b,b as c};export{f as h}from"../f.js";',
        "lib/e.js": "export default function(x) { return x; }\n",
        "f.js": "export const f = 1;\nexport function i() {}\n",
    }
    bundle = Bundle(modules.__getitem__)
    bundle.add("main.js")
    assert bundle.text() == (
        "// f.js\nconst $module1 = (() => {\nconst f = 1;\nfunction i() {}\nreturn { f: f, i: i };\n})();\n\n"
        "// lib/b.js\nconst $module2 = (() => {\nconst { f: g } = $module1;var b=g;\n"
        "return { h: $module1.f, b: b, c: b };\n})();\n\n"
        "// lib/e.js\nconst $module3 = (() => {\nconst $default = function(x) { return x; }\n"
        "return { default: $default };\n})();\n\n"
        "// main.js\nconst $module4 = (() => {\nconst { b: b, c: d } = $module2;\n"
        "const { default: e } = $module3;\nd(b, e);\nreturn {  };\n})();\n"
    )


def test_modules_that_import_each_other_are_refused() -> None:
    modules = {"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'}
    with pytest.raises(ValueError, match=r"a\.js imports itself"):
        Bundle(modules.__getitem__).add("a.js")


def test_the_file_is_replaced_as_a_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "run.html"
    path.write_text("before", encoding="utf-8")
    file = ReportFile(path)
    assert path.read_text(encoding="utf-8") == "before"
    assert file.write([record()], FACTS).startswith(f"clevora-mock: run report in {path}")
    assert path.read_bytes() == render_report([record()], FACTS)
    assert list(tmp_path.iterdir()) == [path]


CHAT = """
import json, os, urllib.request
for sandbox in ("", "/sandbox/two"):
    urllib.request.urlopen(urllib.request.Request(os.environ["CLEVORA_MOCK_URL"] + sandbox + "/v1/chat/completions",
        json.dumps({"messages": [{"role": "user", "content": "Hello!"}]}).encode(),
        {"Authorization": "Bearer " + os.environ["CLEVORA_API_KEY"]}))
"""


@pytest.mark.slow
def test_exec_writes_a_report_of_the_sandboxes_and_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.html"
    ended = run_program("exec", "--report", str(path), "--", sys.executable, "-c", CHAT)
    assert (ended.returncode, ended.stderr.splitlines()[-1]) == (0, f"clevora-mock: run report in {path}")
    data = data_in(path.read_bytes())
    assert [(test["name"], len(test["requests"]), test["outcome"]) for test in data["tests"]] == [
        ("default", 1, None),
        ("two", 1, None),
    ]
    assert data["run"]["command"].startswith(sys.executable)


PAYS_TWICE_AROUND_A_RESET = """
import json, os, urllib.request
def send(path, body=b""):
    urllib.request.urlopen(urllib.request.Request(os.environ["CLEVORA_MOCK_URL"] + path, body,
        {"Authorization": "Bearer " + os.environ["CLEVORA_API_KEY"]})).close()
chat = json.dumps({"messages": [{"role": "user", "content": "Hello!"}]}).encode()
for path in ("/sandbox/two", ""):
    send(path + "/v1/chat/completions", chat)
    send(path + "/v1/chat/completions", chat)
    send(path + "/__mock/reset")
"""


@pytest.mark.slow
def test_the_report_has_the_findings_that_fail_the_run_whatever_is_reset(tmp_path: Path) -> None:
    path = tmp_path / "run.html"
    command = ("--", sys.executable, "-c", PAYS_TWICE_AROUND_A_RESET)
    ended = run_program("exec", "--quiet", "--fail-on", "warning", "--report", str(path), *command)
    assert (ended.returncode, ended.stderr.splitlines()[0]) == (5, "clevora-mock: --fail-on warning: 2 failures")
    data = data_in(path.read_bytes())
    found = {test["name"]: [one["kind"] for one in test["findings"]] for test in data["tests"]}
    assert found == {"default": ["asked_twice"], "two": ["asked_twice"]}
    reasons = ["--fail-on warning: 2 failures", "2 findings about the client"]
    assert data["run"]["verdict"] == {"tone": "bad", "word": "Fail", "reasons": reasons}


@pytest.mark.slow
def test_the_report_of_a_command_that_failed_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.html"
    ended = run_program("exec", "--report", str(path), "--", sys.executable, "-c", "raise SystemExit(3)")
    reasons = data_in(path.read_bytes())["run"]["verdict"]["reasons"]
    assert (ended.returncode, reasons) == (3, ["the command ended with status 3"])


@pytest.mark.slow
def test_github_gets_a_notice_with_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "100%.html"
    ended = run_program("exec", "--quiet", "--", "true", CLEVORA_MOCK_REPORT=str(path), GITHUB_ACTIONS="true")
    named = str(path).replace("%", "%25")
    assert ended.stderr == f"clevora-mock: run report in {path}\n::notice title=clevora-mock::run report in {named}\n"


@pytest.mark.slow
def test_exec_refuses_a_report_in_no_directory_before_the_command_starts(tmp_path: Path) -> None:
    path = tmp_path / "none" / "run.html"
    ended = run_program("exec", "--report", str(path), "--", "touch", str(tmp_path / "started"))
    assert ended.returncode == 2
    assert ended.stderr == f"clevora-mock: --report: cannot write {str(path)!r}: No such file or directory\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_exec_refuses_two_outputs_to_one_file(tmp_path: Path) -> None:
    path, link = tmp_path / "one", tmp_path / "link"
    link.symlink_to(path)
    flags = ("--report", "--junit", "--spend-baseline", "--export-on-exit")
    refused = []
    for first, second in pairwise(flags):
        ended = run_program("exec", "--quiet", first, str(path), second, str(link), "--", "touch", str(path))
        refused.append((ended.returncode, ended.stderr.count("expected another file than that of")))
    assert refused == [(2, 1)] * 3
    assert not path.exists()


@pytest.mark.slow
def test_two_outputs_may_share_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    ended = run_program("exec", "--quiet", "--report", str(path), "--junit", str(path), "--", "true")
    assert ended.returncode == 1
    assert ended.stderr.count("No such device or address") == 2
