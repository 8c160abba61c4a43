"""Warnings of `check` about rules that are valid, but probably not meant."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields

from clevora_mock.api.routes import load_operations
from clevora_mock.resources import scenarios
from clevora_mock.scenarios.likely_mistakes import BODY_FIELDS
from clevora_mock.scenarios.scenario_file import check, warn

Rule = dict[str, Any]
FAILS = {"error": 500}
MASKED = "masked in the journal and its near misses; key: selects by a key's name, id or preview"


def write(folder: Path, *rules: Rule) -> Path:
    file = folder / "rules.json"
    file.write_text(json.dumps({"rules": rules}))
    return file


MISTAKEN: list[tuple[Rule, str]] = [
    (
        {"when": {"header": {"Autorization": "x"}}, "then": FAILS},
        'rules[0].when.header.Autorization: did you mean "authorization"?',
    ),
    (
        {"when": {"header": {"authorization": "Bearer x"}}, "then": FAILS},
        f"rules[0].when.header.authorization: {MASKED}",
    ),
    ({"when": {"body": {"strem": True}}, "then": FAILS}, 'rules[0].when.body.strem: did you mean "stream"?'),
    (
        {"when": {"not": {"body": {"max_token": 1}}}, "then": FAILS},
        'rules[0].when.not.body.max_token: did you mean "max_tokens"?',
    ),
    (
        {"then": {"error": {"status": 429, "retry_after": "30s"}}},
        'rules[0].then.error.retry_after: "30s" is sent as it is; for a number write 30',
    ),
    (
        {"then": {"error": {"status": 429, "retry_after_ms": "1.5s"}}},
        'rules[0].then.error.retry_after_ms: "1.5s" is sent as it is; for a number write 1500',
    ),
    (
        {"then": {"error": {"status": 429, "retry_after": "30"}}},
        'rules[0].then.error.retry_after: "30" is sent as it is; for a number write 30',
    ),
]
MEANT: list[Rule] = [
    {"when": {"header": {"authorization": None}}, "then": FAILS},
    {"when": {"header": {"x-mine": "1", "User-Agent": "/openai/i"}}, "then": FAILS},
    {"when": {"body": {"stream": True, "tools": [], "stream_options": {}, "n": 2}}, "then": FAILS},
    {"then": {"error": {"status": 429, "retry_after": "soon", "retry_after_ms": "Wed, 21 Oct 2026 07:28:00 GMT"}}},
    {"then": {"error": {"status": 429, "retry_after": 30}}},
    {"then": FAILS},
]


@pytest.mark.parametrize(("rule", "message"), MISTAKEN)
def test_a_likely_mistake_is_warned_of(tmp_path: Path, rule: Rule, message: str) -> None:
    file = write(tmp_path, rule)
    assert check([file]) == []
    (line,) = warn([file])
    assert line.endswith(f": warning: {message}")


@pytest.mark.parametrize("rule", MEANT)
def test_what_may_well_be_meant_is_not(tmp_path: Path, rule: Rule) -> None:
    assert warn([write(tmp_path, rule)]) == []


def test_the_name_of_a_shipped_scenario_is_warned_of(tmp_path: Path) -> None:
    (file := tmp_path / "mine.yaml").write_text("description: Mine.\nname: flaky\n")
    said = 'in the folder of --scenarios, it replaces the shipped scenario "flaky"'
    assert warn([file]) == [f"{file}:2:7: warning: {said}"]
    assert warn([scenarios() / "flaky.yaml"]) == []


def test_warnings_stand_beside_errors(tmp_path: Path) -> None:
    file = write(tmp_path, {"when": {"body": {"strem": True}}, "then": FAILS}, {"then": {"error": 999}})
    (error,), (warning,) = check([file]), warn([file])
    assert "rules[1].then.error" in error
    assert warning.endswith('warning: rules[0].when.body.strem: did you mean "stream"?')


def test_all_fields_of_bodies_are_known() -> None:
    requests = [row.request for row in load_operations() if row.request is not None]
    assert set(BODY_FIELDS) == {field.encode_name for request in requests for field in fields(request)}
