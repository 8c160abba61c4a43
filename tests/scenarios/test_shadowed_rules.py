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
    ({"not": {"message": "ab"}}, {"not": {"message": "a"}}),
    ({"not": CHAT}, {"not": {"endpoint": ["chat.completions", "search"]}}),
    (CHAT | {"not": {"endpoint": "search"}}, CHAT | {"body": {"n": 1}, "turn": 1, "not": {"turn": 2}}),
    ({"not": CHAT}, {"endpoint": ["embeddings", "search"]}),
    ({"header": {"x-a": "/^b+$/i"}}, {"header": {"X-A": "BB", "x-b": "1"}}),
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
    ({"chance": 0.5}, {}),
    ({"message": "my refund"}, {"message": "refund"}),
    ({"message": "a"}, {"message": "/a/"}),
    ({"header": {"x-a": "1"}}, {"header": {"x-a": "2"}}),
    ({"between": ["10s", "20s"]}, {"between": ["0s", "1m"]}),
    ({"not": {"message": "a"}}, {}),
    ({"turn": 1}, {"turn": 2}),
    ({"not": {"message": "a"}}, {"not": {"message": "ab"}}),
    ({"not": {"endpoint": ["chat.completions", "search"]}}, {"endpoint": ["embeddings", "search"]}),
    ({"not": STREAM}, {"not": {"endpoint": "search"}}),
    ({"header": {"x-a": "/^b+$/"}}, {"header": {"x-a": "/^bb$/"}}),
    ({"header": {"x-a": "/^b+$/"}}, {"header": {"x-a": "bab"}}),
    ({"header": {"x-a": "/^b+$/"}}, {"header": {"x-b": "b"}}),
    ({"header": {"x-a": "/^b*$/"}}, {"header": {"x-a": None}}),
    ({"message": "/^a/"}, {"message": "a"}),
]


@pytest.mark.parametrize(("earlier", "later"), SHADOWED)
def test_a_shadowed_rule_is_warned_of(tmp_path: Path, earlier: Conditions, later: Conditions) -> None:
    found = warnings(tmp_path, {"endpoint": "scripts.generate", "key": "other"}, earlier, later)
    assert len(found) == 1
    assert found[0].startswith(":1:")
    assert found[0].endswith(': warning: rules[2]: never applies: rules[1], "rule 1", applies to all its requests')


def test_a_rule_whose_endpoints_are_all_taken_is_warned_of(tmp_path: Path) -> None:
    later = STREAM | {"endpoint": ["search", "chat.completions"]}
    (found,) = warnings(tmp_path, CHAT, {"endpoint": ["search", "embeddings"]}, later)
    rules = 'rules[0], "rule 0", and rules[1], "rule 1",'
    assert found.endswith(f": warning: rules[2]: never applies: {rules} apply to all its requests")
    assert warnings(tmp_path, CHAT, {"endpoint": "search", "turn": 1}, later) == []


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
