"""Evidence of a run, and where a server shows it."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec import structs

from clevora_mock.cli.verify_command import junit
from clevora_mock.evidence import EvidenceError, read_evidence, write_evidence
from clevora_mock.verify import report, results, wording
from clevora_mock.verify.client import Request
from clevora_mock.verify.expectation import MISSING, Difference
from tests.support.program import run_in_process
from tests.support.verifying import KEY, Asked, in_process
from tests.verify.alterations import ALTERATIONS
from tests.verify.altering import Alteration, Seen


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide the evidence of a server that has vectors of 768, asked for a few clauses without a token."""
    alteration = next(one for one in ALTERATIONS if one.title == "vectors of 768")
    with in_process() as asked:
        ran = asked.verify(alteration.wrap, ("E2", "E3", "K3", "B3"), api_key=asked.credentials.api_key)
    evidence = results.make_evidence(ran, "api.example", 1_767_268_800_000_000, 20, 1_500)
    path = tmp_path_factory.mktemp("evidence") / "evidence.json"
    path.write_bytes(write_evidence(evidence))
    return path


def get(asked: Asked, path: str) -> Any:
    return json.loads(asked.transport()(Request("GET", path)).body)


def test_evidence_has_what_was_found(file: Path) -> None:
    shown = json.loads(file.read_bytes())
    assert (shown["date"], shown["host"], shown["spent"]) == ("2026-01-01T12:00:00.000Z", "api.example", 0.0015)
    verdicts = {name: clause["verdict"] for name, clause in shown["clauses"].items()}
    assert verdicts == {"E2": "confirmed", "E3": "refuted", "K3": "could not check", "B3": "could not check"}
    (wrong,) = [check for check in shown["clauses"]["E3"]["checks"] if check["title"] == "the dimensions"]
    assert wrong["differences"] == [
        {
            "place": "dimensions",
            "expected": "1536",
            "got": "768",
            "settle": "embeddings.dimensions: 768 in a --contract file",
        }
    ]


def _echo(seen: Seen) -> None:
    """Repeat the request's head, its credential in some other way, and control characters, where the API has words."""
    head = "".join(f"{name}: {value}\n" for name, value in seen.sent.items())
    word = seen.sent.get("authorization", "").rpartition(" ")[2] or "none"
    if seen.status >= 400:
        seen.json = {"error": {"message": head, "type": f"{head}\x1b[31m", "code": word, head: 1, f"x{word}": 2}}
        seen.header("content-type", f"application/json; {head!r}\x1b[31m")


@pytest.mark.parametrize("key", [KEY, "ck-live.Zm9vYmFyYmF6cXV4"])
def test_no_credential_that_a_server_repeats_is_told(key: str) -> None:
    """Also where the server's keys have a form of their own."""

    def before(seen: Seen) -> None:
        if seen.sent.get("authorization") == f"Bearer {key}":
            seen.sent["authorization"] = f"Bearer {KEY}"

    alteration = Alteration("echo", frozenset(), before=lambda seen: None, after=_echo)
    with in_process() as asked:
        given = structs.asdict(asked.credentials) | {"api_key": key}
        inner = Alteration("its own keys", frozenset(), before=before).wrap
        ran = asked.verify(lambda app: alteration.wrap(inner(app)), **given)
    assert "refuted" in {clause.verdict for clause in ran.clauses}
    evidence = write_evidence(results.make_evidence(ran, "api.example", 0, 20, 1_500)).decode()
    told = "\n".join(line for clause in ran.clauses for line in report.clause_lines(clause))
    ET.fromstring(junit(ran).encode())
    for text in (evidence, told, junit(ran), json.dumps(results.overrides(ran)), ran.stopped):
        assert not [name for name, secret in given.items() if secret and secret[8:] in text]
        assert "\x1b" not in text


def test_an_expected_value_that_a_server_made_up_is_printable() -> None:
    shown = wording.shown(Difference("data", {"id": "key_\x9b31m\ud800"}, MISSING))
    assert (shown.expected, shown.got) == ('{"id": "key_\\x9b31m\\ud800"}', "nothing")


def test_it_is_read_as_it_was_written(file: Path) -> None:
    assert write_evidence(read_evidence(file)) == file.read_bytes()


def test_a_server_shows_it_beside_the_clauses(file: Path) -> None:
    with in_process(evidence=file) as asked:
        shown = get(asked, "/__mock/fidelity")
    clauses = {clause["id"]: clause["verified"] for clause in shown["clauses"]}
    assert shown["status"] == "checked against api.example on 2026-01-01"
    assert (shown["evidence"]["confirmed"], shown["evidence"]["refuted"], shown["evidence"]["couldNotCheck"]) == (
        1,
        1,
        2,
    )
    assert clauses["E2"]["verdict"] == "confirmed"
    assert clauses["W1"] is None


def test_evidence_without_a_verdict_is_none(file: Path, tmp_path: Path) -> None:
    whole = read_evidence(file)
    unchecked = {"B3": whole.clauses["B3"]}
    other = tmp_path / "unchecked.json"
    other.write_bytes(write_evidence(structs.replace(whole, clauses=unchecked)))
    with in_process(evidence=other) as asked:
        shown = get(asked, "/__mock/fidelity")
    assert shown["status"] == "never checked against the live API"


def test_openapi_shows_it_at_operations(file: Path) -> None:
    with in_process(evidence=file) as asked:
        document = get(asked, "/openapi.json")
    assert document["info"]["x-verified"] == "checked against api.example on 2026-01-01"
    assert document["paths"]["/v1/embeddings"]["post"]["x-verified"] == {"confirmed": ["E2"], "refuted": ["E3"]}


def test_what_ships_says_that_nobody_has_asked_the_live_api() -> None:
    with in_process() as asked:
        shown, document = get(asked, "/__mock/fidelity"), get(asked, "/openapi.json")
    assert shown["status"] == document["info"]["x-verified"] == "never checked against the live API"
    assert shown["evidence"] is None
    assert {clause["verified"] for clause in shown["clauses"]} == {None}
    assert "x-verified" not in document["paths"]["/v1/embeddings"]["post"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected evidence of clevora-mock verify"),
        ("{}", "expected evidence of clevora-mock verify"),
        (
            '{"format":2,"when":"2026"}',
            "format: expected 1, got 2",
        ),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "evidence.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match=message):
        read_evidence(path)
    ended = run_in_process("serve", "--port", "0", "--evidence", str(path))
    assert (ended.returncode, ended.stderr.count("\n")) == (4, 1)


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(EvidenceError, match=r"cannot be read: No such file"):
        read_evidence(Path("/nowhere/evidence.json"))
