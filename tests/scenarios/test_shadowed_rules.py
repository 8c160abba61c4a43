"""Rules that never apply, since an earlier one, or their own `not`, takes all their requests."""

import json
from pathlib import Path
from typing import Any

import pytest

from clevora_mock.scenarios.scenario_file import warn

Conditions = dict[str, Any]


def warnings(folder: Path, *conditions: Conditions) -> list[str]:
    file = folder / "rules.json"
    rules = [{"name": f"rule {place}", "when": when, "then": {"error": 500}} for place, when in enumerate(conditions)]
    file.write_text(json.dumps({"rules": rules}))
    return [line.removeprefix(str(file)) for line in warn([file])]


CHAT = {"endpoint": "chat.completions"}
STREAM = CHAT | {"body": {"stream": True}}

SHADOWED: list[tuple[Conditions, Conditions]] = [
    ({}, {}),
    ({}, STREAM | {"calls": 1, "chance": 0.5}),
    ({"endpoint": "*"}, {"endpoint": "search"}),
    ({"endpoint": ["search", "chat.completions"]}, CHAT),
    (CHAT, STREAM),
    (STREAM, STREAM | {"body": {"stream": True, "n": 1}}),
    (CHAT | {"message": "refund"}, CHAT | {"message": "my refund"}),
    (CHAT | {"message": "/a+/"}, CHAT | {"message": "/a+/", "turn": 2}),
    ({"header": {"x-a": None}}, {"header": {"X-A": None, "x-b": "1"}}),
    ({"key": "ci"}, {"key": "ci", "account": "demo"}),
    ({"calls": "1-"}, {"calls": 3}),
    ({"calls": "every 1"}, {"calls": 3}),
    ({"calls": [1, "3-", "2-5"]}, {"calls": 3}),
    ({"chance": 1}, {"chance": 0.1}),
    ({"between": ["0s", "1m"]}, {"between": ["10s", "20s"]}),
    ({"not": {"message": "a"}}, {"not": {"message": "a"}, "key": "ci"}),
]
OPEN: list[tuple[Conditions, Conditions]] = [
    (CHAT, {"endpoint": "search"}),
    (CHAT, {}),
    ({"endpoint": "search"}, {"endpoint": ["search", "chat.completions"]}),
    (STREAM, CHAT),
    ({"calls": 1}, {}),
    ({"calls": "2-"}, {}),
    ({"calls": "every 2"}, {}),
    ({"calls": [1, "3-"]}, {}),
    ({"calls": [1, 2]}, {}),
    (CHAT | {"not": STREAM}, CHAT),
    ({"not": CHAT}, {}),
    (CHAT | {"not": {"endpoint": "search"}}, CHAT | {"body": {"n": 1}, "turn": 1, "not": {"turn": 2}}),
    ({"chance": 0.5}, {}),
    ({"message": "my refund"}, {"message": "refund"}),
    ({"message": "a"}, {"message": "/a/"}),
    ({"header": {"x-a": "1"}}, {"header": {"x-a": "2"}}),
    ({"between": ["10s", "20s"]}, {"between": ["0s", "1m"]}),
    ({"not": {"message": "a"}}, {}),
    ({"turn": 1}, {"turn": 2}),
]


@pytest.mark.parametrize(("earlier", "later"), SHADOWED)
def test_a_shadowed_rule_is_warned_of(tmp_path: Path, earlier: Conditions, later: Conditions) -> None:
    found = warnings(tmp_path, {"endpoint": "scripts.generate", "key": "other"}, earlier, later)
    assert len(found) == 1
    assert found[0].startswith(":1:")
    assert found[0].endswith(': warning: rules[2]: never applies: rules[1], "rule 1", applies to all its requests')


@pytest.mark.parametrize(("earlier", "later"), OPEN)
def test_a_rule_that_can_apply_is_not_warned_of(tmp_path: Path, earlier: Conditions, later: Conditions) -> None:
    assert warnings(tmp_path, earlier, later) == []


@pytest.mark.parametrize(
    "conditions",
    [
        {"not": {"endpoint": "*"}},
        CHAT | {"not": {"endpoint": "*"}},
        CHAT | {"not": {"endpoint": ["search", "chat.completions"]}},
        STREAM | {"not": CHAT},
        {"key": "ci", "turn": 2, "not": {"turn": 2}},
    ],
)
def test_a_rule_whose_not_excludes_all_its_requests_is_warned_of(tmp_path: Path, conditions: Conditions) -> None:
    found = warnings(tmp_path, conditions, {"endpoint": "search"})
    assert len(found) == 1
    assert found[0].endswith(': warning: rules[0]: never applies: "not" excludes all its requests')
