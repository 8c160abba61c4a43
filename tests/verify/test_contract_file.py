"""Contract files: rows of the contract that a server has otherwise."""

import json
from pathlib import Path
from typing import Any

import pytest

from clevora_mock.contract.errors import ERRORS
from clevora_mock.contract_file import ContractError, ContractFile, read_contract
from clevora_mock.verify import results
from clevora_mock.verify.client import Request
from tests.support.program import run_in_process
from tests.support.verifying import Asked, in_process, refuted
from tests.verify.alterations import ALTERATIONS


def written(folder: Path, text: str) -> Path:
    file = folder / "contract.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("text", ["", "{}", "limits: {}\n", '{"limits": {"window": "sliding"}}'])
def test_a_file_without_changes_changes_nothing(tmp_path: Path, text: str) -> None:
    read = read_contract(written(tmp_path, text))
    assert read == ContractFile()
    assert read.overrides() == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("limits: {window: rolling}", 'limits.window: expected one of "aligned", "fixed", "sliding", got \'rolling\''),
        (
            "limits: {per_hour: 5}",
            "limits: expected one of requests_per_minute, tokens_per_day, window, count_failed, count_refused, got",
        ),
        ("embeddings: {dimensions: many}", "embeddings.dimensions: expected a whole number from 1 to 8192, got 'many'"),
        ("embeddings: {dimensions: 0}", "embeddings.dimensions: expected a whole number from 1 to 8192, got 0"),
        (
            "errors: {invalid_field: {status: 200}}",
            "errors.invalid_field.status: expected a whole number from 400 to 599, got 200",
        ),
        ("errors: {bad_field: {status: 422}}", "errors: expected one of invalid_json, missing_field"),
        ("errors: {invalid_feild: {status: 422}}", "got 'invalid_feild'; did you mean \"invalid_field\"?"),
        ("- limits", "the file: expected an object, got ['limits']"),
        ("limits: [", "expected YAML or JSON"),
        ("limits: {count_failed: maybe}", "limits.count_failed: expected true or false, got 'maybe'"),
        (
            "embeddings: {dimension: 8}",
            "embeddings: expected dimensions, got 'dimension'; did you mean \"dimensions\"?",
        ),
        ("garbage{", "the file: expected an object, got 'garbage{'"),
        ("limits: {window: 2026-01-01}", ", got datetime.date(2026, 1, 1)"),
    ],
)
def test_a_mistake_is_told_with_field_expectation_and_value(tmp_path: Path, text: str, message: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ContractError) as raised:
        read_contract(file)
    assert str(raised.value).startswith(f"{file}: ")
    assert message in str(raised.value)


def test_every_mistake_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, "limits: {window: 1, per_hour: 5}\nerrors: {not_found: {status: 200}}\ntoken: {}\n")
    with pytest.raises(ContractError) as raised:
        read_contract(file)
    told = [line.removeprefix(f"{file}: ").partition(":")[0] for line in str(raised.value).splitlines()]
    assert told == ["limits.window", "limits", "errors.not_found.status", "the file"]


def test_a_file_that_cannot_be_used_ends_serve_with_status_4(tmp_path: Path) -> None:
    ended = run_in_process("serve", "--port", "0", "--contract", str(written(tmp_path, "limits: {window: rolling}")))
    assert ended.returncode == 4
    assert "limits.window" in ended.stderr
    assert "Traceback" not in ended.stderr


# Each file, and the clauses that a server with it refutes.
FILES: dict[str, tuple[str, set[str]]] = {
    "requests a minute": ("limits: {requests_per_minute: 30}", {"L1"}),
    "no limit": ("limits: {requests_per_minute: null}", {"L1"}),
    "a fixed window": ("limits: {window: fixed}", {"L2"}),
    "an aligned window": ("limits: {window: aligned}", {"L2"}),
    "failures do not count": ("limits: {count_failed: false}", {"L2"}),
    "refusals count": ("limits: {count_refused: true}", {"L2"}),
    "tokens": ("tokens: {word_characters: 4}", {"C7"}),
    "prompts": ("tokens: {per_message: 4}", {"C7", "C8"}),
    "dimensions": ("embeddings: {dimensions: 768}", {"E3"}),
    "a status": ("errors: {invalid_field: {status: 422}}", {"W1"}),
    "a code and a type": ("errors: {not_found: {code: no_route, type: routing_error}}", {"W3"}),
    "two errors": ("errors: {model_not_found: {status: 400}, invalid_json: {code: bad_json}}", {"C2", "W4"}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_server_with_it_answers_otherwise(tmp_path: Path, name: str) -> None:
    """And what verify would write of that server is the file."""
    text, clauses = FILES[name]
    with in_process(contract=written(tmp_path, text)) as asked:
        ran = asked.verify(clauses=tuple(sorted(clauses | {"L1", "W1", "C1", "E1", "U7"})))
    assert refuted(ran) == clauses
    wanted = read_contract(tmp_path / "contract.yaml").overrides()
    assert results.overrides(ran) == wanted or name in {"refusals count", "tokens", "prompts"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "title", ["422 for 400 in fields", "vectors of 768", "50 requests a minute", "not_found with status 400"]
)
def test_a_server_with_what_verify_wrote_answers_as_the_one_that_was_asked(tmp_path: Path, title: str) -> None:
    alteration = next(one for one in ALTERATIONS if one.title == title)
    with in_process() as asked, alteration.patch(asked, "asked"):
        document = results.overrides(asked.verify(alteration.wrap, sandbox="asked"))
    file = written(tmp_path, json.dumps(document))
    with in_process(contract=file) as other:
        assert refuted(other.verify()) == alteration.clauses


def test_scenarios_and_the_journal_keep_the_contracts_names(tmp_path: Path) -> None:
    file = written(tmp_path, "errors: {rate_limit_exceeded: {status: 503, code: slow_down}}")
    with in_process(contract=file) as asked:
        answer = ask(asked, {"x-clevora-mock-error": "rate_limit_exceeded"})
        (entry,) = asked.app.state.sandboxes.default.journal.entries
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (503, "slow_down")
    assert (entry.status, entry.code) == (503, "rate_limit_exceeded")


def test_the_overrides_are_shown(tmp_path: Path) -> None:
    with in_process(contract=written(tmp_path, "embeddings: {dimensions: 8}")) as asked:
        shown = json.loads(get(asked, "/__mock/fidelity").body)
    assert shown["overrides"] == {"embeddings": {"dimensions": 8}}


def test_every_error_can_be_set_otherwise(tmp_path: Path) -> None:
    text = "errors:\n" + "".join(f"  {error.code}: {{code: x_{error.code}}}\n" for error in ERRORS)
    read = read_contract(written(tmp_path, text))
    assert {spec.code for spec in read.error_specs.values()} == {f"x_{error.code}" for error in ERRORS}


def ask(asked: Asked, headers: dict[str, str]) -> Any:
    given = (("Authorization", f"Bearer {asked.credentials.api_key}"), *headers.items())
    body = b'{"messages":[{"role":"user","content":"Hi"}]}'
    return asked.transport()(Request("POST", "/v1/chat/completions", given, body))


def get(asked: Asked, path: str) -> Any:
    return asked.transport()(Request("GET", path))
