"""``clevora-mock verify`` on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from clevora_mock.cli.verify_command import Options, write_files
from clevora_mock.settings import Settings
from clevora_mock.verify.client import read_origin
from clevora_mock.verify.run import ClauseResult, Ran
from tests.support.program import run_in_process
from tests.support.server import RunningServer, serve_settings


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with serve_settings(Settings()) as started:
        yield started


def test_it_says_what_it_asks_then_each_clause_then_a_summary(server: RunningServer) -> None:
    ended = run_in_process(
        "verify", "--url", server.base_url, "--yes", "--clauses", "E,S4", CLEVORA_API_KEY=server.api_key
    )
    lines = ended.stdout.splitlines()
    assert lines[0] == f"{server.url} is asked for 5 clauses in 25 checks:"
    assert "at most $0.0" in lines[2]
    assert [line.split()[:2] for line in lines if line.startswith(("E", "S"))] == [
        ["E1", "confirmed"],
        ["E2", "confirmed"],
        ["E3", "confirmed"],
        ["E4", "confirmed"],
        ["S4", "confirmed"],
        ["Embeddings", "4"],
        ["Streaming", "1"],
    ]
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_refuted_clause_is_shown_side_by_side_and_settled(server: RunningServer, tmp_path: Path) -> None:
    contract, evidence, xml = tmp_path / "contract.yaml", tmp_path / "evidence.json", tmp_path / "junit.xml"
    contract.write_text("embeddings: {dimensions: 768}", encoding="utf-8")
    written = tmp_path / "written.json"
    with serve_settings(Settings(contract=contract)) as other:
        files = ("--evidence", str(evidence), "--junit", str(xml), "--write-contract", str(written))
        ended = run_in_process(
            "verify", "--url", other.base_url, "--yes", "--clauses", "E3,H1", "--api-key", other.api_key, *files
        )
    assert ended.returncode == 2
    assert "          expected  1536                                got  768\n" in ended.stdout
    assert "the mock answers so by embeddings.dimensions: 768 in a --contract file" in ended.stdout
    assert "refuted: E3 (inferred)" in ended.stdout
    assert json.loads(written.read_text()) == {"embeddings": {"dimensions": 768}}
    assert ended.stdout.endswith(f"\n{written} sets embeddings otherwise than the contract\n")
    assert json.loads(evidence.read_text())["clauses"]["E3"]["verdict"] == "refuted"
    suite = ET.parse(xml).getroot()
    assert [suite.get(name) for name in ("tests", "failures", "skipped")] == ["2", "1", "0"]
    assert "dimensions: expected 1536, got 768" in (suite.findtext("testcase/failure") or "")


def test_a_contract_file_without_entries_is_said_to_be_empty(server: RunningServer, tmp_path: Path) -> None:
    written = tmp_path / "written.json"
    command = ("verify", "--url", server.base_url, "--yes", "--clauses", "W8", "--write-contract", str(written))
    ended = run_in_process(*command, CLEVORA_API_KEY=server.api_key)
    assert ended.stdout.endswith(f"\n{written} is empty: it has nothing to set\n")
    assert json.loads(written.read_text()) == {}


UNREACHABLE = ("verify", "--url", "http://127.0.0.1:1/v1", "--clauses", "H1,W8", "--yes")


@pytest.mark.parametrize("flag", ["--write-contract", "--evidence"])
def test_a_run_without_a_verdict_leaves_a_file_as_it_is(tmp_path: Path, flag: str) -> None:
    good = tmp_path / "good.json"
    good.write_text("good", encoding="utf-8")
    ended = run_in_process(*UNREACHABLE, flag, str(good))
    assert ended.stdout.endswith(f"\n{good} is left as it is: no clause was confirmed or refuted\n")
    assert (ended.returncode, good.read_text()) == (1, "good")


def test_a_run_without_a_verdict_begins_no_file(tmp_path: Path) -> None:
    new = tmp_path / "new.json"
    ended = run_in_process(*UNREACHABLE, "--write-contract", str(new))
    assert ended.stdout.endswith(f"\n{new} is not written: no clause was confirmed or refuted\n")
    assert not new.exists()


def test_a_run_that_was_stopped_writes_its_evidence_and_no_contract_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract, evidence = tmp_path / "contract.json", tmp_path / "evidence.json"
    contract.write_text("good", encoding="utf-8")
    ran = Ran((ClauseResult("W1", "General", "confirmed", "", ()),), stopped="interrupted", is_interrupted=True)
    options = Options(None, None, "", "1", "1s", False, True, str(evidence), None, str(contract))
    write_files(ran, read_origin("https://api.example/v1"), options, 1, 0)
    assert capsys.readouterr().out == f"{contract} is left as it is: the run was stopped\n"
    assert contract.read_text() == "good"
    assert json.loads(evidence.read_text())["clauses"]["W1"]["verdict"] == "confirmed"


def test_a_run_that_failed_is_an_error_in_junits_xml(tmp_path: Path) -> None:
    xml = tmp_path / "junit.xml"
    run_in_process(*UNREACHABLE, "--junit", str(xml))
    suite = ET.parse(xml).getroot()
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "0", "1", "2"]
    error = suite.find("testcase/error")
    assert error is not None
    assert error.get("message") == "stopped: no connection to 127.0.0.1:1: Connection refused"


def test_without_a_key_the_variable_of_one_is_named() -> None:
    ended = run_in_process("verify", "--url", "http://127.0.0.1:1/v1", "--clauses", "C1,C2")
    assert ended.stdout == "  not asked, or in part: C1, C2: needs --api-key (CLEVORA_API_KEY)\n"
    assert ended.stderr == "clevora-mock: nothing can be asked without what is named above\n"


def test_the_key_is_never_printed(server: RunningServer, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence.json"
    ended = run_in_process(
        "verify", "--url", server.base_url, "--yes", "--clauses", "K,W1", "--evidence", str(evidence),
        CLEVORA_API_KEY=server.api_key,
    )  # fmt: skip
    assert server.api_key not in ended.stdout + ended.stderr + evidence.read_text()


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, "expected --url URL, or --llms URL."),
        (("--url", "http://127.0.0.1:1/v1", "--llms", "http://127.0.0.1:1"), 2, "--llms: expected no --url beside it"),
        *(
            (("--llms", "http://127.0.0.1:1", *flags), 2, f"--llms: expected no {names} beside it")
            for names, flags in (
                ("--junit", ("--junit", "junit.xml")),
                ("--evidence", ("--evidence", "evidence.json")),
                ("--write-contract", ("--write-contract", "contract.json")),
                ("--clauses", ("--clauses", "")),
                ("--destructive", ("--destructive",)),
                ("--yes", ("--yes",)),
                ("--api-key or --max-spend", ("--max-spend", "1.00", "--api-key", "sk_live_1")),
            )
        ),
        (("--url", "http://api.example/v1"), 2, "--url: expected https://HOST/v1, or http:// for this machine alone"),
        (("--url", "http://127.0.0.1:1/v1", "--clauses", "Z9"), 2, "--clauses: expected clauses such as C,S4"),
        (("--url", "http://127.0.0.1:1/v1", "--max-spend", "lots"), 2, "--max-spend: expected dollars from 0 to"),
        (("--url", "http://127.0.0.1:1/v1", "--evidence", "/nowhere/e.json"), 2, "--evidence: cannot write"),
        (("--url", "http://127.0.0.1:1/v1", "--clauses", "K8"), 1, "nothing can be asked without what is named above"),
        (("--url", "http://127.0.0.1:1/v1"), 2, "--yes is needed where nobody can be asked"),
        (("--llms", "http://127.0.0.1:1"), 1, "no connection to 127.0.0.1:1: Connection refused"),
        (("--llms", "http://no.invalid"), 2, "--llms: expected https://HOST, or http:// for this machine alone"),
        (("--llms", "https://no.invalid", "--timeout", "5s"), 1, "no connection to no.invalid: "),
        (("--url", "http://127.0.0.1:1/v1/embeddings/"), 2, "; leave out /embeddings, since the base URL ends in /v1"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line_or_two(arguments: tuple[str, ...], status: int, message: str) -> None:
    ended = run_in_process("verify", *arguments)
    assert (ended.returncode, message in ended.stderr) == (status, True), ended.stderr
    assert ended.stderr.count("\n") <= 2


def test_an_unknown_clause_is_answered_by_all_areas() -> None:
    ended = run_in_process("verify", "--url", "http://127.0.0.1:1/v1", "--clauses", "help")
    areas = "W1 to W9 (General), K1 to K9 (Credentials and keys), B1 to B12 (Money), L1 to L4 (Limits), "
    assert areas in ended.stderr
    assert ended.stderr.endswith("U1 to U8 (Usage), got 'HELP'\n")


def test_a_server_that_is_not_there_is_status_1() -> None:
    ended = run_in_process("verify", "--url", "http://127.0.0.1:1/v1", "--yes")
    assert ended.returncode == 1
    assert "stopped: no connection to 127.0.0.1:1: Connection refused" in ended.stdout


def test_variables_may_be_set_beside_llms(server: RunningServer) -> None:
    ended = run_in_process("verify", "--llms", server.url, "--timeout", "10s", CLEVORA_API_KEY=server.api_key)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("path", ["", "/v1", "/llms.json", "/llms.txt", "/docs/llms"])
def test_the_document_for_agents_is_compared_without_a_key(server: RunningServer, path: str) -> None:
    ended = run_in_process("verify", "--llms", f"{server.url}{path}")
    assert ended.stdout.endswith(": models, endpoints, prices, limits and errors are as in the contract\n")
    assert ended.returncode == 0


def test_the_address_of_the_document_that_was_asked_is_printed(server: RunningServer) -> None:
    ended = run_in_process("verify", "--llms", f"{server.base_url}/llms.json")
    assert ended.stdout.startswith(f"{server.url}/llms.json: ")
