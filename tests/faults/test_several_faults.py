"""Several faults of one answer: a list in a rule, and vectors that ignore the encoding that was asked for."""

import json
from typing import Any

import pytest

from tests.support import records
from tests.support.raw_client import RawResponse
from tests.support.scenarios import EMBEDDINGS, STREAM, RequestExample, send, start_rules
from tests.support.world import World

COMMENT = b": keep-alive\n\n"


def faulty(world: World, *faults: Any, example: RequestExample = STREAM) -> RawResponse:
    start_rules(world, {"then": {"fault": list(faults)}})
    return send(world, example)


def test_the_faults_of_a_list_are_applied_in_order(world: World) -> None:
    plain = send(world, STREAM)
    seen = faulty(world, "comments", {"kind": "early_end", "after_tokens": 5})
    assert (seen.ending, seen.events) == ("whole", [one for event in plain.events[:6] for one in (event, COMMENT)])
    assert records.entry_json(world)["fault"] == "comments, early_end"
    first, second = records.charges(world)
    assert second.tokens == records.journal(world)[0].prompt_tokens + 5 < first.tokens
    seen = faulty(world, {"kind": "early_end", "after_tokens": 5}, "comments")
    assert seen.events == [one for event in plain.events[:5] for one in (event, COMMENT)] + plain.events[5:6]
    records.check_totals(world)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_faults_that_cut_the_bytes_anew_come_last_wherever_they_stand(world: World, place: int) -> None:
    plain = send(world, STREAM)
    faults: list[Any] = ["no_done", {"kind": "missing_fields", "fields": ["usage"]}]
    faults.insert(place, "line_endings")
    seen = faulty(world, *faults, "split_utf8")
    events = [json.loads(line.removeprefix("data: ")) for line in seen.plain.decode().split("\r\n\r\n") if line]
    assert len(events) == len(plain.events) - 1
    assert "usage" not in events[-1]
    assert len(seen.segments) > 1


def test_a_stall_within_a_slow_body_lasts(world: World) -> None:
    """Pieces of a slow body wait for the later of the two times."""
    plain = send(world, STREAM)
    faulty(world, {"kind": "stall", "after_tokens": 3, "for": "1h"}, {"kind": "slow_body", "bytes_per_second": 10_000})
    entry = records.entry_json(world)
    assert (entry["fault"], entry["latencyMs"]) == ("stall, slow_body", 3_600_000)
    assert entry["completionTokens"] == records.journal(world)[0].completion_tokens
    assert plain.ending == "whole"


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        (["no_usage", "usage_chunk"], "usage_chunk and no_usage exclude each other"),
        (
            [{"kind": "line_endings", "style": "crlf"}, {"kind": "line_endings", "style": "cr"}],
            "line_endings and line_endings exclude each other",
        ),
        (["garbage", "no_done"], "garbage and no_done exclude each other: garbage has an answer of its own"),
        (
            ["html_error", "empty_body"],
            "html_error and empty_body exclude each other: html_error has an answer of its own",
        ),
        ([], "expected a list of faults, got an empty list"),
        (["comments", "nothing"], 'unknown fault "nothing"'),
    ],
)
def test_a_list_that_cannot_be_is_refused(world: World, faults: list[str], message: str) -> None:
    refused = world.http.put("/__mock/scenario", json={"rules": [{"then": {"fault": faults}}]})
    assert refused.status_code == 400
    assert message in refused.json()["error"]["message"]


def test_each_fault_of_a_list_is_checked_against_the_rule(world: World) -> None:
    rule = {"when": {"endpoint": "search"}, "then": {"fault": ["truncate", "comments", "float_embeddings"]}}
    refused = world.http.put("/__mock/scenario", json={"rules": [rule]}).json()["error"]["message"]
    assert "comments needs a chat's stream, but the rule is for search" in refused
    assert "float_embeddings needs embeddings in base64, but the rule is for search" in refused


def test_vectors_in_base64_come_as_numbers(world: World) -> None:
    asked = RequestExample(
        "base64", EMBEDDINGS.endpoint, EMBEDDINGS.path, EMBEDDINGS.body | {"encoding_format": "base64"}, 100
    )
    plain = send(world, EMBEDDINGS)
    start_rules(world, {"then": {"fault": "float_embeddings"}})
    assert send(world, asked).json == plain.json
    assert records.entry_json(world)["fault"] == "float_embeddings"
    assert send(world, EMBEDDINGS).json == plain.json
    assert records.entry_json(world)["fault"] is None
    assert len({charge.tokens for charge in records.charges(world)}) == 1
